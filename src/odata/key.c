/* odata/key.c - texts in quotes, and aliases that stand for one.
 *
 * A key is text. Only one in the form of a GUID is changed, to lower case, since the ids given out
 * here are GUIDs and Graph takes them in any case; every other key is simply not found later on.
 *
 * An alias is looked up among the options as they were sent: its name and its value are decoded
 * once, each, as those of any option are. Its value is a literal and no expression, so that an
 * alias never leads to another one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/key.h"

#include "base/arena.h"
#include "base/uuid.h"
#include "odata/percent.h"
#include "odata/query_pairs.h"
#include "odata/quote.h"

/* --- literals -------------------------------------------------------------------------------- */

/* literal := "'" (any byte but a quote | "''")+ "'" */
bool odata_key_is_literal(struct slice literal)
{
    if (literal.len < 3 || literal.ptr[0] != '\'' || literal.ptr[literal.len - 1] != '\'')
        return false;
    for (size_t at = 1; at < literal.len - 1; at++) {
        /* The other half of a pair may not be the quote at the end. */
        if (literal.ptr[at] == '\'' && (++at == literal.len - 1 || literal.ptr[at] != '\''))
            return false;
    }
    return true;
}

bool odata_key_of_literal(struct slice literal, struct arena *arena, struct slice *ret,
                          struct error *err)
{
    char *memory = arena_alloc(arena, literal.len);
    size_t len = 0;

    if (!memory)
        return error_no_memory(err);
    for (size_t at = 1; at < literal.len - 1; at++) {
        memory[len++] = literal.ptr[at];
        if (literal.ptr[at] == '\'')
            at++;
    }
    *ret = (struct slice){ memory, len };
    return true;
}

bool odata_key_normalise(struct slice key, struct arena *arena, struct slice *ret,
                         struct error *err)
{
    struct uuid id;

    *ret = key;
    if (uuid_parse(key, &id)) {
        char *text = arena_alloc(arena, UUID_TEXT_LEN);
        if (!text)
            return error_no_memory(err);
        uuid_format(id, text);
        *ret = (struct slice){ text, UUID_TEXT_LEN };
    }
    return true;
}

/* --- aliases --------------------------------------------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
}

bool odata_key_is_alias(struct slice name)
{
    if (name.len < 2 || name.ptr[0] != '@' || !is_letter(name.ptr[1]))
        return false;
    for (size_t i = 2; i < name.len; i++) {
        if (!is_letter(name.ptr[i]) && (name.ptr[i] < '0' || name.ptr[i] > '9'))
            return false;
    }
    return true;
}

/* The value, still encoded, of the first option called `alias`; no pointer: there is none. */
static struct slice find_value(struct slice alias, struct slice query, struct arena *arena)
{
    struct slice pair, name, value, decoded;

    while (odata_query_take_pair(&query, &pair, &name, &value)) {
        if (odata_percent_decode(name, true, arena, &decoded, NULL) && slice_eq(decoded, alias))
            return value.ptr ? value : SLICE("");
    }
    return (struct slice){ NULL, 0 };
}

bool odata_key_of_alias(struct slice alias, struct slice query, struct arena *arena,
                        struct slice *ret, struct error *err)
{
    struct slice value = find_value(alias, query, arena), key;

    if (!value.ptr)
        return error_set(err, ERROR_BAD_REQUEST, alias,
                         "Bad Request - Error in query syntax: the key is '%.*s', and there is no "
                         "query option of that name.",
                         SLICE_ARG(odata_quote(alias)));
    if (!odata_percent_decode(value, true, arena, &value, err))
        return false;
    value = slice_trim(value);
    if (!odata_key_is_literal(value))
        return error_set(err, ERROR_BAD_REQUEST, alias,
                         "Bad Request - Error in query syntax: the key is '%.*s', whose value is "
                         "not a string in single quotes.",
                         SLICE_ARG(odata_quote(alias)));
    return odata_key_of_literal(value, arena, &key, err) &&
           odata_key_normalise(key, arena, ret, err);
}
