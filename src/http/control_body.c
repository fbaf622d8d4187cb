/* http/control_body.c - the control API's bodies: objects with known members and no others.
 *
 * A slip of the pen in a test's set-up must not pass for a default, so that every name that is not
 * known is refused by name, and every value of another kind says what was expected.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"
#include "base/duration.h"
#include "http/control.h"
#include "json/reader.h"

static const char *const expected[] = {
    [CONTROL_TEXT] = "a string",
    [CONTROL_TRUTH] = "true or false",
    [CONTROL_DURATION] = "a duration, such as \"90s\" or \"1d12h\"",
    [CONTROL_TEXTS] = "a list of strings",
    [CONTROL_OBJECT] = "an object",
    [CONTROL_OBJECT_OR_TEXT] = "an object or a string",
};

static bool refuse_value(const struct control_member *member, struct slice found, struct error *err)
{
    return error_set(err, ERROR_BAD_REQUEST, member->name, "'%.*s': expected %s, found %.*s.",
                     SLICE_ARG(member->name), expected[member->kind],
                     SLICE_ARG(slice_utf8_prefix(found, 60)));
}

static bool read_texts(struct json_reader *reader, const struct control_member *member,
                       struct arena *arena, struct error *err)
{
    struct control_value *to = member->to;
    struct json_token token;

    to->texts = arena_new_array(arena, CONTROL_TEXTS_MAX, struct slice);
    if (!to->texts)
        return error_no_memory(err);
    for (;;) {
        if (!json_reader_next(reader, &token, err))
            return false;
        if (token.kind == JSON_ARRAY_END)
            return true;
        if (token.kind != JSON_STRING)
            return refuse_value(member, token.literal, err);
        if (to->text_count == CONTROL_TEXTS_MAX)
            return error_set(err, ERROR_BAD_REQUEST, member->name,
                             "'%.*s': expected at most %d strings.", SLICE_ARG(member->name),
                             CONTROL_TEXTS_MAX);
        to->texts[to->text_count++] = token.text;
    }
}

/* The object that begins with `begin`, unread, as it was written. */
static bool read_object(struct json_reader *reader, const struct json_token *begin,
                        struct control_value *to, struct error *err)
{
    struct json_token token;
    unsigned depth = 1;

    while (depth > 0) {
        if (!json_reader_next(reader, &token, err))
            return false;
        depth += token.kind == JSON_OBJECT_BEGIN || token.kind == JSON_ARRAY_BEGIN;
        depth -= token.kind == JSON_OBJECT_END || token.kind == JSON_ARRAY_END;
    }
    to->is_object = true;
    to->text =
        (struct slice){ begin->literal.ptr, token.position + token.literal.len - begin->position };
    return true;
}

/* False for a value of another kind. */
static bool take(const struct control_member *member, const struct json_token *token)
{
    struct control_value *to = member->to;

    switch (member->kind) {
    case CONTROL_TEXT:
    case CONTROL_OBJECT_OR_TEXT:
        to->text = token->text;
        return token->kind == JSON_STRING;
    case CONTROL_TRUTH:
        to->truth = token->kind == JSON_TRUE;
        return token->kind == JSON_TRUE || token->kind == JSON_FALSE;
    case CONTROL_DURATION:
        to->text = token->text;
        return token->kind == JSON_STRING && duration_parse(token->text, &to->ticks);
    case CONTROL_TEXTS:
    case CONTROL_OBJECT:
        break;
    }
    return false;
}

static bool read_value(struct json_reader *reader, const struct control_member *member,
                       struct arena *arena, struct error *err)
{
    struct json_token token;

    if (!json_reader_next(reader, &token, err))
        return false;
    member->to->given = true;
    if (token.kind == JSON_ARRAY_BEGIN && member->kind == CONTROL_TEXTS)
        return read_texts(reader, member, arena, err);
    if (token.kind == JSON_OBJECT_BEGIN &&
        (member->kind == CONTROL_OBJECT || member->kind == CONTROL_OBJECT_OR_TEXT))
        return read_object(reader, &token, member->to, err);
    return take(member, &token) || refuse_value(member, token.literal, err);
}

static bool refuse_name(struct slice name, const struct control_member *members, size_t count,
                        struct error *err)
{
    char memory[256];
    struct text known;

    text_init_fixed(&known, memory, sizeof memory);
    for (size_t i = 0; i < count; i++) {
        text_append(&known, i ? SLICE(", ") : SLICE_EMPTY);
        text_append(&known, members[i].name);
    }
    return error_set(err, ERROR_BAD_REQUEST, name, "'%.*s' is no member of this; known are: %.*s.",
                     SLICE_ARG(slice_utf8_prefix(name, 60)), SLICE_ARG(text_slice(&known)));
}

static const struct control_member *find(const struct control_member *members, size_t count,
                                         struct slice name)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq(members[i].name, name))
            return &members[i];
    return NULL;
}

bool control_read(struct call *call, struct slice json, const struct control_member *members,
                  size_t count, struct error *err)
{
    struct json_reader reader;
    struct json_token token;

    json_reader_init(&reader, json, call->arena, call->loop->api->json_depth);
    if (!json_reader_next(&reader, &token, err))
        return false;
    if (token.kind != JSON_OBJECT_BEGIN)
        return error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY, "Expected a JSON object.");
    for (;;) {
        const struct control_member *member;

        if (!json_reader_next(&reader, &token, err))
            return false;
        if (token.kind == JSON_OBJECT_END)
            return json_reader_finish(&reader, err);
        member = find(members, count, token.text);
        if (!member)
            return refuse_name(token.text, members, count, err);
        if (!read_value(&reader, member, call->arena, err))
            return false;
    }
}
