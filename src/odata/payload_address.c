/* odata/payload_address.c - the addresses of entities and sets, in replies and in their heads, and
 * the names of types.
 *
 * A URL is put together inside its string, piece by piece, straight into the reply: the writer is
 * given the opening quote as a value, and the rest is appended behind it. No piece but the origin
 * needs escaping (the others are the model's names, and keys that are percent-encoded), and no
 * scratch memory is taken, which would stop the reply from growing in place in its arena.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>

#include "base/text.h"
#include "odata/payload_writing.h"
#include "json/writer.h"

/* --- addresses ------------------------------------------------------------------------------- */

/* "#deviceManagement" is the singleton; its type has the same name. */
struct slice payload_singleton_name(const struct odata_reply *reply)
{
    return reply->model->singleton->name;
}

/* "{origin}/{version}" inside a JSON string. */
static void append_root_escaped(const struct odata_reply *reply, struct text *out)
{
    json_append_escaped(out, reply->origin);
    text_append_char(out, '/');
    text_append(out, edm_version_text(reply->version));
}

/* A name and its value up to what only the caller knows; payload_end_url() closes it. */
void payload_begin_url(const struct odata_reply *reply, struct slice name, const char *end_of_root,
                       struct json_writer *writer)
{
    json_writer_plain_name(writer, name);
    json_writer_raw(writer, SLICE("\""));
    append_root_escaped(reply, writer->out);
    text_append(writer->out, slice_of(end_of_root));
}

void payload_end_url(struct json_writer *writer)
{
    text_append_char(writer->out, '"');
}

/* The context's name and its value up to "#{singleton}". */
void payload_begin_context(const struct odata_reply *reply, struct json_writer *writer)
{
    payload_begin_url(reply, PAYLOAD_CONTROL(reply, "context"), "/$metadata#", writer);
    text_append(writer->out, payload_singleton_name(reply));
}

/* "{singleton}/{set}": the address below the version. */
void payload_append_set_path(const struct odata_reply *reply, const struct edm_entity_type *type,
                             struct text *out)
{
    text_append(out, payload_singleton_name(reply));
    text_append_char(out, '/');
    text_append(out, type->set_name);
}

void odata_write_set_url(const struct odata_reply *reply, const struct edm_entity_type *type,
                         struct text *out)
{
    text_append(out, reply->origin);
    text_append_char(out, '/');
    text_append(out, edm_version_text(reply->version));
    text_append_char(out, '/');
    payload_append_set_path(reply, type, out);
}

/* RFC 3986 2.3 */
static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static size_t unreserved_run(struct slice s)
{
    size_t len = 0;

    while (len < s.len && is_unreserved(s.ptr[len]))
        len++;
    return len;
}

/* The inside of a key's quotes: what is not unreserved percent-encoded, quotes doubled. */
static void append_key(struct slice key, struct text *out)
{
    static const char digits[] = "0123456789ABCDEF";

    for (;;) {
        size_t run = unreserved_run(key);
        text_append(out, slice_sub(key, 0, run));
        if (run == key.len)
            return;
        unsigned char byte = (unsigned char)key.ptr[run];
        const char encoded[] = { '%', digits[byte >> 4], digits[byte & 15] };
        text_append(out, byte == '\'' ? SLICE("''") : (struct slice){ encoded, sizeof encoded });
        key = slice_sub(key, run + 1, key.len);
    }
}

void payload_append_key(struct slice key, struct text *out)
{
    text_append(out, SLICE("('"));
    append_key(key, out);
    text_append(out, SLICE("')"));
}

void odata_write_entity_url(const struct odata_reply *reply, const struct edm_entity_type *type,
                            struct slice key, struct text *out)
{
    odata_write_set_url(reply, type, out);
    payload_append_key(key, out);
}

/* --- names of types -------------------------------------------------------------------------- */

/* "\"#microsoft.graph.ndesConnector\"", or nothing where level or profile leave it out. */
struct slice payload_type_value(const struct odata_reply *reply, struct slice name,
                                char memory[PAYLOAD_NAME_MAX])
{
    struct text text;

    if (reply->level == ODATA_NONE ||
        (reply->level == ODATA_MINIMAL && !reply->profile->type_at_minimal))
        return SLICE_EMPTY;
    text_init_fixed(&text, memory, PAYLOAD_NAME_MAX);
    text_append(&text, SLICE("\"#"));
    text_append(&text, reply->model->namespace_name);
    text_append_char(&text, '.');
    text_append(&text, name);
    text_append_char(&text, '"');
    assert(!text.failed);
    return text_slice(&text);
}

void payload_write_type(const struct odata_reply *reply, struct slice value,
                        struct json_writer *writer)
{
    if (value.len == 0)
        return;
    json_writer_plain_name(writer, PAYLOAD_CONTROL(reply, "type"));
    json_writer_raw(writer, value);
}
