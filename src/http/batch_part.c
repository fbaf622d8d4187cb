/* http/batch_part.c - makes the request of a part: its URL, its fields.
 *
 * A URL is relative to the version's root, with a slash before it or without. OData has absolute
 * ones as well, which Graph does not take; here they are beyond Graph, when they name this server
 * and the version of the batch. So every part's path begins with the batch's own version, and
 * nothing but Graph's resources can be reached by one.
 *
 * In JSON a URL may hold what no request line can (blanks, "#" excepted, and letters beyond ASCII):
 * scripts write filters as they are read. Such bytes are percent-encoded here, once, so that what
 * stands in a nextLink later is a URL.
 *
 * In a multipart batch absolute URLs are nothing special, and a path from the root may come with a
 * Host. What begins with a $ and an id is put together in batch_reference.c.
 *
 * Fields that speak of a connection, of the sender, or of the body's length have no meaning in a
 * part and are left out; the token is that of the batch.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/batch_run.h"

#include "base/arena.h"
#include "base/text.h"
#include "http/chars.h"
#include "http/parser.h"

/* --- the URL --------------------------------------------------------------------------------- */

static bool refuse_url(const struct batch_part *part, const char *why, struct error *err)
{
    return error_set(err, ERROR_BAD_REQUEST, SLICE("url"), "Invalid URL '%.*s' in a batch: %s",
                     SLICE_ARG(slice_utf8_prefix(part->url, 100)), why);
}

/* Cuts "http://host" or "https://host" off; false when there is none. */
static bool cut_origin(struct slice *url, struct slice *ret_origin)
{
    size_t scheme, end;

    if (slice_starts_with_nocase(*url, SLICE("https://")))
        scheme = 8;
    else if (slice_starts_with_nocase(*url, SLICE("http://")))
        scheme = 7;
    else
        return false;
    for (end = scheme; end < url->len; end++) {
        if (url->ptr[end] == '/' || url->ptr[end] == '?' || url->ptr[end] == '#')
            break;
    }
    *ret_origin = slice_sub(*url, 0, end);
    *url = slice_sub(*url, end, url->len);
    return true;
}

static bool is_own_origin(const struct call *batch, struct slice origin)
{
    const struct token_rules *rules = batch->loop->api->rules;

    if (slice_eq_nocase(origin, batch->origin))
        return true;
    for (size_t i = 0; i < rules->origin_count; i++) {
        if (slice_eq_nocase(origin, rules->origins[i]))
            return true;
    }
    return false;
}

/* Of a Host field: that of the batch, or of an origin of this server. */
static bool is_own_authority(const struct call *batch, struct slice authority)
{
    const struct token_rules *rules = batch->loop->api->rules;

    if (slice_eq_nocase(authority, batch->exchange->request.authority))
        return true;
    for (size_t i = 0; i < rules->origin_count; i++) {
        struct slice origin = rules->origins[i];
        size_t scheme = slice_starts_with(origin, SLICE("https://")) ? 8 : 7;

        if (slice_eq_nocase(authority, slice_sub(origin, scheme, origin.len)))
            return true;
    }
    return false;
}

/* OData 4.01 part 1, 11.7.7.1: a path from the root comes with the host that it is of. */
static bool check_host(const struct call *batch, const struct batch_part *part, struct error *err)
{
    for (size_t i = 0; i < part->field_count; i++) {
        if (slice_eq_nocase(part->fields[i].name, SLICE("Host")) &&
            !is_own_authority(batch, part->fields[i].value))
            return refuse_url(part, "its Host is not this server.", err);
    }
    return true;
}

/* What stands behind the version; `url` begins with a slash. */
static bool cut_version(struct slice url, unsigned *ret_version, struct slice *ret_rest)
{
    struct slice path = slice_sub(url, 0, slice_index(url, '?')), rest;

    if (!odata_path_version(path, ret_version, &rest, NULL))
        return false;
    *ret_rest = slice_sub(url, path.len - rest.len, url.len);
    return true;
}

/* Of `part`'s URL what stands behind the version, with or without a slash before it. */
static bool find_rest(struct call *batch, const struct batch_part *part, struct slice *ret,
                      enum batch_place *ret_place, struct error *err)
{
    struct slice url = part->url, origin;
    bool has_origin = cut_origin(&url, &origin);
    unsigned version;

    if (slice_index(part->url, '#') < part->url.len)
        return refuse_url(part, "it has a fragment.", err);
    if (has_origin && !is_own_origin(batch, origin))
        return refuse_url(part, "it is not of this server.", err);
    *ret_place = BATCH_PLACE_ABSOLUTE;
    if (slice_starts_with(url, SLICE("/")) && cut_version(url, &version, ret))
        return version == batch->path.version ||
               refuse_url(part, "it is not of the version of the batch.", err);
    if (has_origin)
        return refuse_url(part, "it has no version of the API.", err);
    *ret_place = BATCH_PLACE_RELATIVE;
    *ret = url;
    return true;
}

/* "/v1.0" and `rest`, as a request line has it. */
static bool set_target(const struct call *batch, struct slice rest, struct arena *arena,
                       struct http_request *request, struct error *err)
{
    struct slice own = batch->exchange->request.path;
    struct slice version = slice_sub(own, 0, 1 + slice_index(slice_sub(own, 1, own.len), '/'));
    bool plain = http_chars_are(rest, HTTP_CHAR_TARGET);
    size_t most = version.len + 1 + (plain ? rest.len : 3 * rest.len);
    struct text target;

    text_init(&target, arena, most, most);
    text_append(&target, version);
    if (rest.len && rest.ptr[0] != '/' && rest.ptr[0] != '?')
        text_append_char(&target, '/');
    if (plain)
        text_append(&target, rest);
    else
        http_chars_append_target(&target, rest);
    if (target.failed)
        return error_no_memory(err);
    request->path = text_slice(&target);
    slice_cut(request->path, '?', &request->path, &request->query);
    return true;
}

/* --- fields ---------------------------------------------------------------------------------- */

bool batch_part_check_fields(const struct batch_part *part, struct error *err)
{
    for (size_t i = 0; i < part->field_count; i++) {
        const struct batch_field *field = &part->fields[i];
        if (field->name.len == 0 || !http_chars_are(field->name, HTTP_CHAR_TOKEN) ||
            !http_is_value(field->value))
            return error_set(err, ERROR_BAD_REQUEST, SLICE("headers"),
                             "Invalid batch payload format. The header '%.*s' of request '%.*s' "
                             "cannot be that of a request.",
                             SLICE_ARG(slice_utf8_prefix(field->name, 100)),
                             SLICE_ARG(slice_utf8_prefix(part->id, 100)));
    }
    return true;
}

/* What says nothing in a part, or what only the batch's own head may say. */
static bool is_left_out(struct slice name)
{
    static const struct slice names[] = {
        SLICE_INIT("Authorization"),
        SLICE_INIT("Host"),
        SLICE_INIT("Connection"),
        SLICE_INIT("Keep-Alive"),
        SLICE_INIT("TE"),
        SLICE_INIT("Trailer"),
        SLICE_INIT("Upgrade"),
        SLICE_INIT("Transfer-Encoding"),
        SLICE_INIT("Content-Length"),
        SLICE_INIT("Expect"),
        SLICE_INIT("Origin"),
        SLICE_INIT("Accept-Encoding"),
    };

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (slice_eq_nocase(name, names[i]))
            return true;
    }
    return false;
}

static bool set_fields(const struct batch_part *part, struct arena *arena,
                       struct http_request *request, struct error *err)
{
    request->fields = arena_new_array(arena, part->field_count, struct http_field);
    if (!request->fields)
        return error_no_memory(err);
    for (size_t i = 0; i < part->field_count; i++) {
        const struct batch_field *field = &part->fields[i];
        if (!is_left_out(field->name))
            request->fields[request->field_count++] =
                (struct http_field){ field->name, slice_trim(field->value) };
    }
    return true;
}

/* --- the request ----------------------------------------------------------------------------- */

bool batch_part_request(struct call *batch, const struct batch_part *part,
                        struct http_exchange *exchange, enum batch_place *ret_place,
                        struct error *err)
{
    const struct http_request *own = &batch->exchange->request;
    bool is_multipart = CONTAINER_OF(exchange, struct part, exchange)->run->boundary.len > 0;
    struct slice rest = SLICE_EMPTY;

    exchange->request = (struct http_request){
        .method = http_method_of(part->method),
        .method_text = part->method,
        .path = own->path,
        .authority = own->authority,
        .secure = own->secure,
        .from_loopback = own->from_loopback,
        .body = part->body,
        .has_body = part->has_body,
    };
    return set_fields(part, exchange->arena, &exchange->request, err) &&
           (!is_multipart || !slice_starts_with(part->url, SLICE("/")) ||
            check_host(batch, part, err)) &&
           find_rest(batch, part, &rest, ret_place, err) &&
           batch_refer(CONTAINER_OF(exchange, struct part, exchange), &rest, err) &&
           set_target(batch, rest, exchange->arena, &exchange->request, err);
}
