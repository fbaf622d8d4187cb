/* odata/multipart_read.c - reads a multipart batch, line by line.
 *
 *     batch      = preamble *( delimiter ( request / change-set ) ) close-delimiter epilogue
 *     request    = *field CRLF method SP url SP version CRLF *field CRLF [ body ]
 *     change-set = *field CRLF preamble 1*( delimiter request ) close-delimiter epilogue
 *
 * A delimiter is a line of its own, "--" and the boundary, and takes the end of the line before it
 * along. The part of a change set is a multipart in a part; a third one inside of that is refused.
 *
 * What clients do is taken as they do it: lines that end in LF, blank lines before a request or
 * behind its fields, a head without the blank line behind it. But an envelope without its closing
 * delimiter is refused: half of a change set must not be taken for the whole.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/multipart_read.h"

#include "base/arena.h"
#include "odata/format.h"

#define BOUNDARY_MOST 128 /* RFC 2046 has 70 */
#define ID_MOST       128

struct reading {
    const struct batch_rules *rules;
    struct arena *arena;
    struct batch batch;
    struct error *err;
};

/* What the fields before a part's own content say. */
struct part_head {
    struct slice content_type;
    struct slice content_id;
    struct slice encoding;
};

static bool wrong(struct reading *reading, const char *what)
{
    return error_set(reading->err, ERROR_BAD_REQUEST, SLICE_EMPTY,
                     "Invalid batch payload format. %s", what);
}

/* --- media types ------------------------------------------------------------------------------ */

bool multipart_is_mixed(struct slice content_type)
{
    return odata_is_media_type(content_type, SLICE("multipart/mixed"));
}

static bool is_http(struct slice content_type)
{
    return odata_is_media_type(content_type, SLICE("application/http"));
}

/* A quoted value may hold a ';', an escape may not. Leaves in *rest what stands behind it. */
static struct slice cut_value(struct slice *rest)
{
    struct slice text = slice_trim(*rest), value;

    if (slice_starts_with(text, SLICE("\""))) {
        text = slice_sub(text, 1, text.len);
        if (!slice_cut(text, '"', &value, rest))
            value = *rest = SLICE_EMPTY;
        *rest = slice_sub(*rest, slice_index(*rest, ';'), rest->len);
        return value;
    }
    value = slice_sub(text, 0, slice_index(text, ';'));
    *rest = slice_sub(text, value.len, text.len);
    return slice_trim(value);
}

/* Of a Content-Type; empty when there is none. */
static struct slice boundary_of(struct slice content_type)
{
    struct slice rest = slice_sub(content_type, slice_index(content_type, ';'), content_type.len);

    while (slice_starts_with(rest, SLICE(";"))) {
        struct slice name;

        if (!slice_cut(slice_sub(rest, 1, rest.len), '=', &name, &rest))
            break;
        struct slice value = cut_value(&rest);
        if (slice_eq_nocase(slice_trim(name), SLICE("boundary")))
            return value;
    }
    return SLICE_EMPTY;
}

/* --- lines ------------------------------------------------------------------------------------ */

/* The first line of *rest, without its end, which is cut off with it. */
static struct slice cut_line(struct slice *rest)
{
    size_t end = slice_index(*rest, '\n');
    struct slice line = slice_sub(*rest, 0, end);

    *rest = slice_sub(*rest, end + 1, rest->len);
    return slice_ends_with(line, SLICE("\r")) ? slice_sub(line, 0, line.len - 1) : line;
}

/* Which delimiter the line is. */
enum delimiter { DELIMITER_NONE, DELIMITER_NEXT, DELIMITER_CLOSE };

static enum delimiter delimiter_of(struct slice line, struct slice boundary)
{
    if (!slice_starts_with(line, SLICE("--")) ||
        !slice_starts_with(slice_sub(line, 2, line.len), boundary))
        return DELIMITER_NONE;
    line = slice_sub(line, 2 + boundary.len, line.len);
    if (slice_trim(line).len == 0)
        return DELIMITER_NEXT;
    return slice_starts_with(line, SLICE("--")) && slice_trim(slice_sub(line, 2, line.len)).len == 0
               ? DELIMITER_CLOSE
               : DELIMITER_NONE;
}

/* Cuts what stands before the next delimiter off *rest, and that. */
static enum delimiter cut_part(struct slice *rest, struct slice boundary, struct slice *ret)
{
    const struct slice all = *rest;

    while (rest->len > 0) {
        size_t before = all.len - rest->len;
        enum delimiter delimiter = delimiter_of(cut_line(rest), boundary);

        if (delimiter == DELIMITER_NONE)
            continue;
        *ret = slice_sub(all, 0, before);
        if (slice_ends_with(*ret, SLICE("\n")))
            ret->len--;
        if (slice_ends_with(*ret, SLICE("\r")))
            ret->len--;
        return delimiter;
    }
    return DELIMITER_NONE;
}

static void drop_blank_lines(struct slice *rest)
{
    struct slice after = *rest;

    while (after.len > 0 && slice_trim(cut_line(&after)).len == 0)
        *rest = after;
}

static bool is_blank(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != ' ' && text.ptr[i] != '\t' && text.ptr[i] != '\r' && text.ptr[i] != '\n')
            return false;
    }
    return true;
}

/* --- fields ----------------------------------------------------------------------------------- */

/* The next field of a head. *ret_end: there was none, and *rest stands behind the blank line. */
static bool cut_field(struct reading *reading, struct slice *rest, struct batch_field *ret,
                      bool *ret_end)
{
    struct slice line = cut_line(rest);

    *ret_end = line.len == 0;
    if (*ret_end)
        return true;
    if (line.ptr[0] == ' ' || line.ptr[0] == '\t' ||
        !slice_cut(line, ':', &ret->name, &ret->value) || !slice_is_utf8(ret->name))
        return wrong(reading, "A line of a part's head is not a header.");
    ret->value = slice_trim(ret->value);
    return true;
}

/* What is said twice would be read otherwise by who is between the client and us. */
static bool keep_once(struct reading *reading, const struct batch_field *field, struct slice *ret)
{
    if (ret->ptr)
        return wrong(reading, "A header of a part's head occurs more than once.");
    *ret = field->value;
    return true;
}

static bool keep_field(struct reading *reading, const struct batch_field *field,
                       struct part_head *head)
{
    if (slice_eq_nocase(field->name, SLICE("Content-Type")))
        return keep_once(reading, field, &head->content_type);
    if (slice_eq_nocase(field->name, SLICE("Content-ID")))
        return keep_once(reading, field, &head->content_id);
    if (slice_eq_nocase(field->name, SLICE("Content-Transfer-Encoding")))
        return keep_once(reading, field, &head->encoding);
    return true;
}

static bool read_part_head(struct reading *reading, struct slice *rest, struct part_head *ret)
{
    struct batch_field field;
    bool end;

    *ret = (struct part_head){ .encoding = { NULL, 0 } };
    for (;;) {
        if (!cut_field(reading, rest, &field, &end))
            return false;
        if (end)
            return true;
        if (!keep_field(reading, &field, ret))
            return false;
    }
}

/* Into part->fields, but for a Content-ID, which some clients write here. */
static bool read_fields(struct reading *reading, struct slice *rest, struct batch_part *part)
{
    size_t most = reading->rules->fields_max;
    struct batch_field *fields = arena_new_array(reading->arena, most, struct batch_field);
    struct batch_field field;
    bool end;

    if (!fields)
        return error_no_memory(reading->err);
    part->fields = fields;
    for (;;) {
        if (!cut_field(reading, rest, &field, &end))
            return false;
        if (end)
            return true;
        if (slice_eq_nocase(field.name, SLICE("Content-ID"))) {
            if (part->id.len == 0)
                part->id = field.value;
            continue;
        }
        if (part->field_count == most)
            return wrong(reading, "A request has too many headers.");
        fields[part->field_count++] = field;
    }
}

/* --- requests --------------------------------------------------------------------------------- */

static bool is_letters(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((s.ptr[i] | ' ') < 'a' || (s.ptr[i] | ' ') > 'z')
            return false;
    }
    return s.len > 0 && s.len <= 16;
}

/* RFC 9112 2.3, of major version 1. */
static bool is_version(struct slice version)
{
    const struct slice start = SLICE("HTTP/1.");

    return slice_starts_with(version, start) && version.len == start.len + 1 &&
           version.ptr[start.len] >= '0' && version.ptr[start.len] <= '9';
}

/* The URL is all between the first blank and the last: not every client encodes its blanks. */
static bool read_request_line(struct reading *reading, struct slice line, struct batch_part *part)
{
    struct slice rest = SLICE_EMPTY;
    size_t end;

    slice_cut(line, ' ', &part->method, &rest);
    for (end = rest.len; end > 0 && rest.ptr[end - 1] != ' ';)
        end--;
    part->url = slice_trim(slice_sub(rest, 0, end));
    if (!is_letters(part->method) || part->url.len == 0 ||
        !is_version(slice_sub(rest, end, rest.len)) || !slice_is_utf8(part->url))
        return wrong(reading, "A part does not begin with a request line.");
    return true;
}

/* It is echoed in a head, and looked for in URLs. */
static bool check_id(struct reading *reading, struct slice id)
{
    for (size_t i = 0; i < id.len; i++) {
        if (id.ptr[i] < ' ' || id.ptr[i] > '~')
            return wrong(reading, "A Content-ID has characters that it cannot have.");
    }
    return id.len <= ID_MOST || wrong(reading, "A Content-ID is too long.");
}

static bool check_method_of_set(struct reading *reading, const struct batch_part *part)
{
    return part->set == 0 ||
           !(slice_eq(part->method, SLICE("GET")) || slice_eq(part->method, SLICE("HEAD"))) ||
           wrong(reading, "A change set cannot hold a request that reads.");
}

static bool read_request(struct reading *reading, const struct part_head *head,
                         struct slice content, unsigned set)
{
    struct batch_part part = { .id = head->content_id, .set = set };

    if (reading->batch.count == reading->rules->parts_max)
        return error_set(reading->err, ERROR_BAD_REQUEST, SLICE_EMPTY,
                         "Number of batch request steps exceeds the maximum value of %zu.",
                         reading->rules->parts_max);
    drop_blank_lines(&content);
    if (!read_request_line(reading, cut_line(&content), &part) ||
        !read_fields(reading, &content, &part) || !check_id(reading, part.id) ||
        !check_method_of_set(reading, &part))
        return false;
    part.has_body = !is_blank(content);
    part.body = part.has_body ? content : SLICE_EMPTY;
    reading->batch.parts[reading->batch.count++] = part;
    return true;
}

/* --- parts ------------------------------------------------------------------------------------ */

static bool check_encoding(struct reading *reading, struct slice encoding)
{
    static const struct slice plain[] = { SLICE_INIT("binary"), SLICE_INIT("8bit"),
                                          SLICE_INIT("7bit"), SLICE_INIT("") };

    for (size_t i = 0; i < COUNT_OF(plain); i++) {
        if (slice_eq_nocase(encoding, plain[i]))
            return true;
    }
    return wrong(reading, "The Content-Transfer-Encoding of a part has to be binary.");
}

static bool refuse_part(struct reading *reading, const struct part_head *head)
{
    return wrong(reading, multipart_is_mixed(head->content_type)
                              ? "A change set cannot hold another one."
                              : "The Content-Type of a part has to be application/http.");
}

static bool check_boundary(struct reading *reading, struct slice boundary)
{
    return (boundary.len > 0 && boundary.len <= BOUNDARY_MOST) ||
           wrong(reading, "A Content-Type of multipart/mixed needs a boundary.");
}

/* One part of a change set, or of a batch that is no change set. */
static bool read_single(struct reading *reading, struct slice content, unsigned set)
{
    struct part_head head;

    return read_part_head(reading, &content, &head) &&
           (is_http(head.content_type) || refuse_part(reading, &head)) &&
           check_encoding(reading, head.encoding) && read_request(reading, &head, content, set);
}

static bool read_set(struct reading *reading, struct slice rest, struct slice content_type)
{
    struct slice boundary = boundary_of(content_type), content;
    unsigned set = (unsigned)++reading->batch.set_count;
    size_t before = reading->batch.count;
    enum delimiter delimiter;

    if (!check_boundary(reading, boundary))
        return false;
    delimiter = cut_part(&rest, boundary, &content); /* the preamble */
    while (delimiter == DELIMITER_NEXT) {
        delimiter = cut_part(&rest, boundary, &content);
        if (delimiter != DELIMITER_NONE && !read_single(reading, content, set))
            return false;
    }
    if (delimiter == DELIMITER_NONE)
        return wrong(reading, "A change set does not end with its boundary.");
    return reading->batch.count > before || wrong(reading, "A change set holds no requests.");
}

static bool read_part(struct reading *reading, struct slice content)
{
    struct slice rest = content;
    struct part_head head;

    if (!read_part_head(reading, &rest, &head) || !check_encoding(reading, head.encoding))
        return false;
    return multipart_is_mixed(head.content_type) ? read_set(reading, rest, head.content_type)
                                                 : read_single(reading, content, 0);
}

bool multipart_read(struct slice body, struct slice content_type, const struct batch_rules *rules,
                    struct arena *arena, struct batch *ret, struct error *err)
{
    struct reading reading = { .rules = rules, .arena = arena, .err = err };
    struct slice boundary = boundary_of(content_type), content;
    enum delimiter delimiter;

    reading.batch.parts = arena_new_array(arena, rules->parts_max, struct batch_part);
    if (!reading.batch.parts)
        return error_no_memory(err);
    if (!check_boundary(&reading, boundary))
        return false;
    delimiter = cut_part(&body, boundary, &content);
    while (delimiter == DELIMITER_NEXT) {
        delimiter = cut_part(&body, boundary, &content);
        if (delimiter != DELIMITER_NONE && !read_part(&reading, content))
            return false;
    }
    if (delimiter == DELIMITER_NONE)
        return wrong(&reading, "The batch does not end with its boundary.");
    if (reading.batch.count == 0)
        return wrong(&reading, "There are no requests.");
    *ret = reading.batch;
    return true;
}
