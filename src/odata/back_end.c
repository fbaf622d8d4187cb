/* odata/back_end.c - messages that are JSON, once or twice over, byte for byte as captured.
 *
 * Lines end in CR LF and are indented by two, which is how the back ends print. The operation's id
 * has been zeros in every capture; the activity's is the client-request-id.
 *
 * The address is that of the model's back end and the path as OData spells it: names in the model's
 * case, the key in parentheses, actions under the back end's namespace. What is not the model's is
 * percent-encoded, so that nothing in an address has to be escaped, however deep it stands. Of a
 * key longer than any id only the beginning is shown: messages have a limit, paths a larger one.
 *
 * Sources: microsoft-graph-docs-contrib #87 and #1541, cnspec #1708, IntuneDocumentation #39.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/back_end.h"

#include "base/text.h"
#include "json/writer.h"

#define KEY_SHOWN_MAX 128
/* Words of struct error, an address, a key and an id percent-encoded, and what is always there. */
#define MESSAGE_MAX 4096

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

/* RFC 3986 2.1; quotes doubled, as in a key. */
static void append_encoded(struct slice s, struct text *out)
{
    for (size_t i = 0; i < s.len; i++) {
        if (is_unreserved(s.ptr[i]))
            text_append_char(out, s.ptr[i]);
        else if (s.ptr[i] == '\'')
            text_append(out, SLICE("''"));
        else
            text_printf(out, "%%%02X", (unsigned)(unsigned char)s.ptr[i]);
    }
}

static void append_key(struct slice key, struct text *out)
{
    text_append(out, SLICE("('"));
    append_encoded(slice_sub(key, 0, key.len < KEY_SHOWN_MAX ? key.len : KEY_SHOWN_MAX), out);
    text_append(out, SLICE("')"));
}

static void append_path(const struct odata_back_end_error *error, struct text *out)
{
    const struct odata_path *path = error->path;

    text_append(out, error->model->singleton->name);
    if (!path->type)
        return;
    text_append_char(out, '/');
    text_append(out, path->type->set_name);
    if (path->resource == ODATA_COUNT)
        text_append(out, SLICE("/$count"));
    if (path->key.len)
        append_key(path->key, out);
    if (path->action)
        text_printf(out, "/%.*s.%.*s", SLICE_ARG(error->model->error_namespace),
                    SLICE_ARG(path->action->name));
}

static void append_address(const struct odata_back_end_error *error, struct text *out)
{
    const struct edm_entity_type *type = error->path->type;
    const struct edm_back_end *back_end =
        type && type->back_end ? type->back_end : &error->model->singleton->back_end;

    text_append(out, back_end->address);
    text_append_char(out, '/');
    append_path(error, out);
    text_append(out, SLICE("?api-version="));
    text_append(out, back_end->api_version);
}

void odata_write_back_end_message(const struct odata_back_end_error *error, struct text *out)
{
    text_append(out, SLICE("{\r\n  \"_version\": 3,\r\n  \"Message\": \""));
    json_append_escaped(out, error->words);
    text_append(out, SLICE(" - Operation ID (for customer support): "
                           "00000000-0000-0000-0000-000000000000 - Activity ID: "));
    append_encoded(error->client_request_id, out);
    text_append(out, SLICE(" - Url: "));
    append_address(error, out);
    text_append(out, SLICE("\",\r\n  \"CustomApiErrorPhrase\": \"\",\r\n  \"RetryAfter\": null,\r\n"
                           "  \"ErrorSourceService\": \"\",\r\n  \"HttpHeaders\": \"{}\"\r\n}"));
}

void odata_write_wrapped_message(const struct odata_back_end_error *error, struct slice code,
                                 struct text *out)
{
    char memory[MESSAGE_MAX];
    struct text inner;

    text_init_fixed(&inner, memory, sizeof memory);
    odata_write_back_end_message(error, &inner);
    out->failed |= inner.failed;
    text_append(out, SLICE("{\"ErrorCode\":\""));
    json_append_escaped(out, code);
    text_append(out, SLICE("\",\"Message\":\""));
    json_append_escaped(out, text_slice(&inner));
    text_append(out, SLICE("\",\"Target\":null,\"Details\":null,\"InnerError\":null,"
                           "\"InstanceAnnotations\":[]}"));
}
