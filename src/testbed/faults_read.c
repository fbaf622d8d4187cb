/* testbed/faults_read.c - JSON into rules: the outermost object, and the reading of members that
 * its neighbours share.
 *
 * Rules are written by hand, so a mistake is told with line and column, and what no table names is
 * a mistake: a rule that silently does less than it says wastes somebody's afternoon.
 *
 * Two memories: what the reader needs dies at the end, what the rules need is copied into `keep`.
 * A persona is a text of ours that goes the same way. Personas are read when the whole body was,
 * since "retryAfter" may stand before or behind their names.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdarg.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/text.h"
#include "testbed/faults_reading.h"

#define SCRATCH_BYTES ((size_t)1 << 20)
/* What a reader may take at most for a byte of its text: the names of an object that has nothing
 * but names. */
#define READER_GROWTH   16
#define DEPTH_LIMIT     32
#define QUOTE_BYTES_MAX 100
#define FOUND_BYTES_MAX 60 /* of a wrong value; less than FAULT_FOUND_MAX */
#define LIST_BYTES_MAX  200
#define COUNT_MAX       UINT64_C(1000000000000000) /* counting there takes a lifetime */

#define TICKS_PER_MS (CLOCK_TICKS_PER_SECOND / 1000)

/* --- mistakes -------------------------------------------------------------------------------- */

/* Puts "faults, line 3, column 14: " before the message. */
static COLD bool at_position(struct fault_reading *reading, size_t position, struct error *why)
{
    unsigned line = 1;
    size_t start = 0;

    while (reading->outer) {
        position = reading->persona->position;
        reading = reading->outer;
    }
    for (size_t i = 0; i < position && i < reading->text.len; i++) {
        if (reading->text.ptr[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    return error_set(reading->err, why->code, slice_of(why->target),
                     "faults, line %u, column %zu: %s", line, position - start + 1, why->message);
}

bool fault_wrong(struct fault_reading *reading, size_t position, struct slice member,
                 const char *format, ...)
{
    char message[400];
    struct error why = { 0 };
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    error_set(&why, ERROR_BAD_REQUEST, member, "%s", message);
    return at_position(reading, position, &why);
}

const char *fault_found(const struct json_token *value, char to[FAULT_FOUND_MAX])
{
    struct slice shown = slice_utf8_prefix(value->literal, FOUND_BYTES_MAX);

    if (value->kind == JSON_OBJECT_BEGIN)
        return "an object";
    if (value->kind == JSON_ARRAY_BEGIN)
        return "an array";
    if (value->kind == JSON_ARRAY_END)
        return "the array's end";
    snprintf(to, FAULT_FOUND_MAX, "%.*s%s", SLICE_ARG(shown),
             shown.len < value->literal.len ? "..." : "");
    return to;
}

bool fault_wrong_value(struct fault_reading *reading, const struct json_token *value,
                       const char *what)
{
    char found[FAULT_FOUND_MAX];

    return fault_wrong(reading, value->position, reading->member, "\"%.*s\" must be %s, found %s",
                       SLICE_ARG(reading->member), what, fault_found(value, found));
}

/* The reader counts bytes: "Invalid JSON at byte 7: ...". Here line and column say where. */
static COLD bool reader_failed(struct fault_reading *reading, struct error *why)
{
    static const struct slice start = SLICE_INIT("Invalid JSON at byte ");
    struct slice message = slice_of(why->message);
    struct error placed = *why;
    size_t colon = slice_index(message, ':');

    if (slice_starts_with(message, start) && colon < message.len) {
        error_set(&placed, why->code, slice_of(why->target), "Invalid JSON%s",
                  why->message + colon);
        why = &placed;
    }
    return at_position(reading, json_reader_position(&reading->reader), why);
}

/* --- reading, for all ------------------------------------------------------------------------ */

bool fault_next(struct fault_reading *reading, struct json_token *ret)
{
    struct error why = { 0 };

    return json_reader_next(&reading->reader, ret, &why) || reader_failed(reading, &why);
}

/* Appends a name to a list; what does not fit is left out. */
static void list_name(char *to, size_t bytes, struct slice name)
{
    size_t len = strlen(to);

    snprintf(to + len, bytes - len, "%s%.*s", len ? ", " : "", SLICE_ARG(name));
}

static COLD bool unknown_member(struct fault_reading *reading, const struct json_token *name,
                                const struct fault_member *members, size_t count)
{
    char known[LIST_BYTES_MAX] = "";

    for (size_t i = 0; i < count; i++)
        list_name(known, sizeof known, members[i].name);
    return fault_wrong(reading, name->position, name->text,
                       "there is no member \"%.*s\" here; known are: %s",
                       SLICE_ARG(slice_utf8_prefix(name->text, QUOTE_BYTES_MAX)), known);
}

bool fault_next_member(struct fault_reading *reading, const struct fault_member *members,
                       size_t count, const struct fault_member **ret, struct json_token *ret_value)
{
    struct json_token name;

    if (!fault_next(reading, &name))
        return false;
    if (name.kind == JSON_OBJECT_END) {
        *ret = NULL;
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        if (slice_eq(members[i].name, name.text)) {
            *ret = &members[i];
            reading->member = members[i].name;
            return fault_next(reading, ret_value);
        }
    }
    return unknown_member(reading, &name, members, count);
}

bool fault_read_object(struct fault_reading *reading, const struct json_token *begin,
                       const struct fault_member *members, size_t count)
{
    const struct fault_member *member;
    struct json_token value;

    if (begin->kind != JSON_OBJECT_BEGIN)
        return fault_wrong_value(reading, begin, "an object");
    for (;;) {
        if (!fault_next_member(reading, members, count, &member, &value))
            return false;
        if (!member)
            return true;
        if (!member->read(reading, &value))
            return false;
    }
}

bool fault_pass_value(struct fault_reading *reading, const struct json_token *first,
                      struct slice *ret)
{
    struct json_token token = *first;
    unsigned depth = 0;

    for (;;) {
        depth += token.kind == JSON_OBJECT_BEGIN || token.kind == JSON_ARRAY_BEGIN;
        depth -= token.kind == JSON_OBJECT_END || token.kind == JSON_ARRAY_END;
        if (depth == 0)
            break;
        if (!fault_next(reading, &token))
            return false;
    }
    *ret = slice_sub(reading->text, first->position,
                     token.position + token.literal.len - first->position);
    return true;
}

bool fault_read_count(struct fault_reading *reading, const struct json_token *value, uint64_t min,
                      uint64_t *ret)
{
    int64_t number;

    if (value->kind != JSON_NUMBER || !json_number_to_int64(value->literal, &number) ||
        number < (int64_t)min || number > (int64_t)COUNT_MAX)
        return fault_wrong_value(reading, value, min ? "a whole number above 0" : "a whole number");
    *ret = (uint64_t)number;
    return true;
}

bool fault_read_duration(struct fault_reading *reading, const struct json_token *value,
                         uint32_t min_ms, uint32_t max_ms, uint32_t *ret)
{
    int64_t ticks;

    if (value->kind != JSON_STRING || !duration_parse(value->text, &ticks))
        return fault_wrong_value(reading, value, "a duration as \"250ms\" or \"1m30s\"");
    if (ticks < min_ms * TICKS_PER_MS || ticks > max_ms * TICKS_PER_MS)
        return fault_wrong(reading, value->position, reading->member,
                           "\"%.*s\" must be between %u ms and %u s, found %s",
                           SLICE_ARG(reading->member), min_ms, max_ms / 1000,
                           fault_found(value, (char[FAULT_FOUND_MAX]){ 0 }));
    *ret = (uint32_t)(ticks / TICKS_PER_MS);
    return true;
}

bool fault_keep(struct fault_reading *reading, struct slice text, struct slice *ret)
{
    return arena_copy(reading->keep, text, ret) || error_no_memory(reading->err);
}

/* --- the whole ------------------------------------------------------------------------------- */

static bool read_rules(struct fault_reading *reading, const struct json_token *begin)
{
    struct json_token token;

    if (begin->kind != JSON_ARRAY_BEGIN)
        return fault_wrong_value(reading, begin, "an array of rules");
    for (;;) {
        if (!fault_next(reading, &token))
            return false;
        if (token.kind == JSON_ARRAY_END)
            return true;
        if (!fault_read_rule(reading, &token))
            return false;
    }
}

static COLD bool unknown_persona(struct fault_reading *reading, const struct json_token *value)
{
    char known[LIST_BYTES_MAX] = "";

    for (size_t i = 0; i < fault_persona_count; i++)
        list_name(known, sizeof known, fault_personas[i].name);
    return fault_wrong(reading, value->position, reading->member,
                       "there is no persona \"%.*s\"; known are: %s",
                       SLICE_ARG(slice_utf8_prefix(value->text, QUOTE_BYTES_MAX)), known);
}

static bool add_persona(struct fault_reading *reading, const struct json_token *value)
{
    size_t i = 0;

    if (value->kind != JSON_STRING)
        return fault_wrong_value(reading, value, "a persona's name, or a list of names");
    while (i < fault_persona_count && !slice_eq(fault_personas[i].name, value->text))
        i++;
    if (i == fault_persona_count)
        return unknown_persona(reading, value);
    for (const struct fault_persona_named *each = reading->personas; each; each = each->next) {
        if (each->persona == &fault_personas[i])
            return fault_wrong(reading, value->position, reading->member,
                               "the persona \"%.*s\" was named before", SLICE_ARG(value->text));
    }
    struct fault_persona_named *named = arena_new(reading->scratch, struct fault_persona_named);
    if (!named)
        return error_no_memory(reading->err);
    named->persona = &fault_personas[i];
    named->position = value->position;
    *reading->personas_end = named;
    reading->personas_end = &named->next;
    return true;
}

static bool read_personas(struct fault_reading *reading, const struct json_token *value)
{
    struct json_token token;

    if (value->kind != JSON_ARRAY_BEGIN)
        return add_persona(reading, value);
    for (;;) {
        if (!fault_next(reading, &token))
            return false;
        if (token.kind == JSON_ARRAY_END)
            break;
        if (!add_persona(reading, &token))
            return false;
    }
    return reading->personas || fault_wrong(reading, value->position, reading->member,
                                            "\"persona\" must name at least one");
}

static bool read_override(struct fault_reading *reading, const struct json_token *value)
{
    if (value->kind != JSON_NULL && !fault_is_seconds(value))
        return fault_wrong_value(reading, value, "seconds, with decimals or without, or null");
    reading->overrides = true;
    reading->override_position = value->position;
    return fault_keep(reading, value->literal, &reading->override);
}

static const struct fault_member outermost_members[] = {
    { SLICE_INIT("rules"), read_rules },
    { SLICE_INIT("persona"), read_personas },
    { SLICE_INIT("retryAfter"), read_override },
};

/* The persona's rules, behind those that stand there already. */
static bool read_persona(struct fault_reading *outer, const struct fault_persona_named *named)
{
    struct fault_reading reading = *outer;
    struct json_token token;

    reading.outer = outer;
    reading.persona = named;
    reading.text = named->persona->rules;
    json_reader_init(&reading.reader, reading.text, outer->scratch, DEPTH_LIMIT);
    if (!fault_next(&reading, &token) || !read_rules(&reading, &token))
        return false;
    outer->end = reading.end;
    outer->count = reading.count;
    return true;
}

static bool read_outermost(struct fault_reading *reading)
{
    struct json_token token;
    struct error why = { 0 };

    if (!fault_next(reading, &token))
        return false;
    if (token.kind != JSON_OBJECT_BEGIN)
        return fault_wrong(reading, token.position, SLICE("rules"),
                           "expected an object with \"rules\" or \"persona\", found %s",
                           fault_found(&token, (char[FAULT_FOUND_MAX]){ 0 }));
    size_t begin = token.position;
    if (!fault_read_object(reading, &token, outermost_members, COUNT_OF(outermost_members)))
        return false;
    if (!json_reader_finish(&reading->reader, &why))
        return reader_failed(reading, &why);
    if (reading->member.len == 0)
        return fault_wrong(reading, begin, SLICE("rules"),
                           "expected \"rules\", \"persona\", or both");
    if (reading->overrides && !reading->personas)
        return fault_wrong(reading, reading->override_position, SLICE("retryAfter"),
                           "\"retryAfter\" stands beside \"persona\", or in a rule's \"answer\"");
    for (const struct fault_persona_named *each = reading->personas; each; each = each->next) {
        if (!read_persona(reading, each))
            return false;
    }
    return true;
}

bool fault_rules_read(struct slice json, size_t rules_max, struct arena *keep,
                      struct fault_rule **ret, struct error *err)
{
    struct error why = { 0 };
    struct fault_rule *first = NULL;
    struct fault_reading reading = { .text = json,
                                     .keep = keep,
                                     .rules_max = rules_max,
                                     .first = &first,
                                     .end = &first,
                                     .err = &why };

    reading.personas_end = &reading.personas;

    reading.scratch = arena_create(NULL, SCRATCH_BYTES + READER_GROWTH * json.len);
    if (!reading.scratch)
        return error_no_memory(err);
    json_reader_init(&reading.reader, json, reading.scratch, DEPTH_LIMIT);
    bool ok = read_outermost(&reading);
    arena_destroy(reading.scratch);
    if (ok)
        *ret = first;
    else if (err)
        *err = why;
    return ok;
}
