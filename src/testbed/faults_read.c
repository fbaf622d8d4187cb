/* testbed/faults_read.c - JSON into rules: the outermost object, the rule, and the reading of
 * members that its neighbours share.
 *
 * Rules are written by hand, so a mistake is told with line and column, and what no table names is
 * a mistake: a rule that silently does less than it says wastes somebody's afternoon.
 *
 * Two memories: what the reader needs dies at the end, what the rules need is copied into `keep`.
 * A persona is a text of ours that goes the same way. It is read when the whole body was, since
 * "retryAfter" may stand before or behind its name.
 *
 * What GET faults gives back may be put again: the counts in it are passed over.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdarg.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/text.h"
#include "testbed/error_catalogue.h"
#include "testbed/faults_reading.h"
#include "json/writer.h"

#define SCRATCH_BYTES ((size_t)1 << 20)
/* What a reader may take at most for a byte of its text: the names of an object that has nothing
 * but names. */
#define READER_GROWTH   16
#define DEPTH_LIMIT     32
#define NAME_BYTES_MAX  64
#define QUOTE_BYTES_MAX 100
#define COUNT_MAX       UINT64_C(1000000000000000) /* counting there takes a lifetime */

#define TICKS_PER_MS (CLOCK_TICKS_PER_SECOND / 1000)

/* --- mistakes -------------------------------------------------------------------------------- */

/* Puts "faults, line 3, column 14: " before the message. */
static COLD bool at_position(struct fault_reading *reading, size_t position, struct error *why)
{
    unsigned line = 1;
    size_t start = 0;

    while (reading->outer) {
        position = reading->outer->persona_position;
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

bool fault_wrong_value(struct fault_reading *reading, const struct json_token *value,
                       const char *what)
{
    return fault_wrong(reading, value->position, reading->member, "\"%.*s\" must be %s",
                       SLICE_ARG(reading->member), what);
}

static COLD bool reader_failed(struct fault_reading *reading, struct error *why)
{
    return at_position(reading, json_reader_position(&reading->reader), why);
}

/* --- reading, for all ------------------------------------------------------------------------ */

bool fault_next(struct fault_reading *reading, struct json_token *ret)
{
    struct error why = { 0 };

    return json_reader_next(&reading->reader, ret, &why) || reader_failed(reading, &why);
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
    return fault_wrong(reading, name.position, name.text, "there is no member \"%.*s\" here",
                       SLICE_ARG(slice_utf8_prefix(name.text, QUOTE_BYTES_MAX)));
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
                           "\"%.*s\" must be between %u ms and %u s", SLICE_ARG(reading->member),
                           min_ms, max_ms / 1000);
    *ret = (uint32_t)(ticks / TICKS_PER_MS);
    return true;
}

bool fault_keep(struct fault_reading *reading, struct slice text, struct slice *ret)
{
    return arena_copy(reading->keep, text, ret) || error_no_memory(reading->err);
}

/* --- a rule ---------------------------------------------------------------------------------- */

/* It may be sent in a field, so it must be what a field can hold. */
static bool read_name(struct fault_reading *reading, const struct json_token *value)
{
    bool ok =
        value->kind == JSON_STRING && value->text.len > 0 && value->text.len <= NAME_BYTES_MAX;

    for (size_t i = 0; ok && i < value->text.len; i++)
        ok = value->text.ptr[i] >= ' ' && value->text.ptr[i] <= '~';
    if (!ok || value->text.ptr[0] == ' ' || value->text.ptr[value->text.len - 1] == ' ')
        return fault_wrong_value(reading, value,
                                 "1 to 64 characters of ASCII, no blank first or last");
    return fault_keep(reading, value->text, &reading->rule->name);
}

/* What GET faults said of the rule; its counts begin anew. */
static bool pass_count(struct fault_reading *reading, const struct json_token *value)
{
    uint64_t ignored;

    return fault_read_count(reading, value, 0, &ignored);
}

static const struct fault_member rule_members[] = {
    { SLICE_INIT("name"), read_name },
    { SLICE_INIT("when"), fault_read_when },
    { SLICE_INIT("answer"), fault_read_answer },
    { SLICE_INIT("delay"), fault_read_delay },
    { SLICE_INIT("connection"), fault_read_connection },
    { SLICE_INIT("read"), fault_read_read },
    { SLICE_INIT("staleFor"), fault_read_stale_for },
    { SLICE_INIT("executes"), fault_read_executes },
    { SLICE_INIT("matched"), pass_count },
    { SLICE_INIT("fired"), pass_count },
};

/* What no member can see alone. `position` is the rule's. */
static bool check_rule(struct fault_reading *reading, size_t position)
{
    const struct fault_rule *rule = reading->rule;
    bool delays = rule->delay.high_ms > 0;

    if (!rule->answer && !delays && !rule->connection && !rule->read)
        return fault_wrong(reading, position, SLICE("answer"),
                           "the rule does nothing: it needs \"answer\", \"delay\", \"connection\" "
                           "or \"read\"");
    if (rule->answer && rule->connection == FAULT_CONNECTION_RESET)
        return fault_wrong(reading, position, SLICE("connection"),
                           "\"answer\" is not sent when the connection is reset");
    if (rule->executes && !rule->answer && !rule->connection)
        return fault_wrong(reading, position, SLICE("executes"),
                           "\"executes\" needs \"answer\" or \"connection\"");
    if (rule->stale_ms > 0 && rule->read != FAULT_READ_STALE)
        return fault_wrong(reading, position, SLICE("staleFor"),
                           "\"staleFor\" needs \"read\":\"stale\"");
    if (rule->retry == FAULT_RETRY_WINDOW && rule->when.limit.per_ms == 0)
        return fault_wrong(reading, position, SLICE("retryAfter"),
                           "\"retryAfter\":\"window\" needs a \"limit\" in \"when\"");
    return true;
}

/* True of a persona's rule whose answer says when to come back, when the body says so itself. */
static bool is_overridden(const struct fault_reading *reading)
{
    return reading->outer && reading->overrides && reading->rule->error &&
           fault_status_retries(reading->rule->status);
}

/* "retryAfter" beside "persona": in place of what the rule itself says. */
static bool override_retry(struct fault_reading *reading, struct slice *literal)
{
    struct fault_rule *rule = reading->rule;

    if (!arena_printf(reading->scratch, literal, "{\"error\":\"%.*s\",\"retryAfter\":%.*s}",
                      SLICE_ARG(rule->error->name), SLICE_ARG(reading->override)))
        return error_no_memory(reading->err);
    rule->retry =
        slice_eq(reading->override, SLICE("null")) ? FAULT_RETRY_NONE : FAULT_RETRY_WRITTEN;
    rule->retry_after = reading->override;
    return true;
}

/* One member of the rule, and its text for GET faults. */
static bool read_rule_member(struct fault_reading *reading, const struct fault_member *member,
                             const struct json_token *value, struct text *text)
{
    if (!member->read(reading, value))
        return false;
    if (member->read == pass_count)
        return true;

    struct slice literal = slice_sub(reading->text, value->position,
                                     json_reader_position(&reading->reader) - value->position);
    if (member->read == fault_read_answer && is_overridden(reading) &&
        !override_retry(reading, &literal))
        return false;
    text_append_char(text, text->len ? ',' : '{');
    text_printf(text, "\"%.*s\":", SLICE_ARG(member->name));
    text_append(text, literal);
    return true;
}

static bool read_members(struct fault_reading *reading, struct text *text)
{
    const struct fault_member *member;
    struct json_token value;

    do {
        if (!fault_next_member(reading, rule_members, COUNT_OF(rule_members), &member, &value) ||
            (member && !read_rule_member(reading, member, &value, text)))
            return false;
    } while (member);
    return true;
}

/* A rule without a name gets its place as one. */
static bool name_rule(struct fault_reading *reading, struct text *text)
{
    struct fault_rule *rule = reading->rule;

    if (rule->name.len > 0)
        return true;
    if (!arena_printf(reading->keep, &rule->name, "rule-%zu", reading->count))
        return error_no_memory(reading->err);
    text_printf(text, "%s\"name\":\"%.*s\"", text->len ? "," : "{", SLICE_ARG(rule->name));
    return true;
}

static bool read_rule(struct fault_reading *reading, const struct json_token *begin)
{
    struct text text;

    if (begin->kind != JSON_OBJECT_BEGIN)
        return fault_wrong(reading, begin->position, SLICE("rules"), "a rule must be an object");
    if (reading->count == reading->rules_max)
        return fault_wrong(reading, begin->position, SLICE("rules"),
                           "there may be %zu rules at most", reading->rules_max);
    reading->rule = arena_new(reading->keep, struct fault_rule);
    if (!reading->rule)
        return error_no_memory(reading->err);
    reading->count++;
    text_init(&text, reading->scratch, 0, 2 * reading->text.len + 2048);
    if (!read_members(reading, &text) || !check_rule(reading, begin->position) ||
        !name_rule(reading, &text))
        return false;
    if (reading->rule->read == FAULT_READ_STALE && reading->rule->stale_ms == 0)
        reading->rule->stale_ms = FAULT_STALE_MS_DEFAULT;
    if (text.failed)
        return error_no_memory(reading->err);
    if (!fault_keep(reading, text_slice(&text), &reading->rule->text))
        return false;
    *reading->end = reading->rule;
    reading->end = &reading->rule->next;
    return true;
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
        if (!read_rule(reading, &token))
            return false;
    }
}

static bool read_persona_name(struct fault_reading *reading, const struct json_token *value)
{
    if (value->kind != JSON_STRING)
        return fault_wrong_value(reading, value, "a persona's name");
    for (size_t i = 0; i < fault_persona_count; i++) {
        if (slice_eq(fault_personas[i].name, value->text)) {
            reading->persona = &fault_personas[i];
            reading->persona_position = value->position;
            return true;
        }
    }
    return fault_wrong(reading, value->position, reading->member,
                       "there is no persona \"%.*s\"; GET faults/personas lists them",
                       SLICE_ARG(slice_utf8_prefix(value->text, QUOTE_BYTES_MAX)));
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
    { SLICE_INIT("persona"), read_persona_name },
    { SLICE_INIT("retryAfter"), read_override },
};

/* The persona's rules, behind those that stand there already. */
static bool read_persona(struct fault_reading *outer)
{
    struct fault_reading reading = *outer;
    struct json_token token;

    reading.outer = outer;
    reading.text = outer->persona->rules;
    json_reader_init(&reading.reader, reading.text, outer->scratch, DEPTH_LIMIT);
    return fault_next(&reading, &token) && read_rules(&reading, &token);
}

static bool read_outermost(struct fault_reading *reading)
{
    struct json_token token;
    struct error why = { 0 };

    if (!fault_next(reading, &token))
        return false;
    if (token.kind != JSON_OBJECT_BEGIN)
        return fault_wrong(reading, token.position, SLICE("rules"),
                           "expected an object with \"rules\" or \"persona\"");
    size_t begin = token.position;
    if (!fault_read_object(reading, &token, outermost_members, COUNT_OF(outermost_members)))
        return false;
    if (!json_reader_finish(&reading->reader, &why))
        return reader_failed(reading, &why);
    if (reading->member.len == 0)
        return fault_wrong(reading, begin, SLICE("rules"),
                           "expected \"rules\", \"persona\", or both");
    if (reading->overrides && !reading->persona)
        return fault_wrong(reading, reading->override_position, SLICE("retryAfter"),
                           "\"retryAfter\" stands beside \"persona\", or in a rule's \"answer\"");
    return !reading->persona || read_persona(reading);
}

bool fault_rules_read(struct slice json, size_t rules_max, struct arena *keep,
                      struct fault_rule **ret, struct error *err)
{
    struct error why = { 0 };
    struct fault_rule *first = NULL;
    struct fault_reading reading = {
        .text = json, .keep = keep, .rules_max = rules_max, .end = &first, .err = &why
    };

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
