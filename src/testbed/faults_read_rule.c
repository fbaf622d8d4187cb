/* testbed/faults_read_rule.c - JSON into one rule: its name, its parts, and what they say together.
 *
 * The text of each member is kept as it was put: GET faults gives it back, and that may be put
 * again; the counts in it are passed over.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"
#include "base/text.h"
#include "testbed/error_catalogue.h"
#include "testbed/faults_reading.h"

#define NAME_BYTES_MAX 64

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
    reading->name_position = value->position;
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
    if (member->read == fault_read_answer && reading->rule->body.len)
        reading->body_at = text->len + (size_t)(reading->rule->body.ptr - literal.ptr);
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

/* The journal tells rules apart by their names. */
static bool check_name(struct fault_reading *reading)
{
    for (const struct fault_rule *rule = *reading->first; rule; rule = rule->next) {
        if (slice_eq(rule->name, reading->rule->name))
            return fault_wrong(reading, reading->name_position, SLICE("name"),
                               "there is a rule \"%.*s\" already; a rule without a name is called "
                               "by its place, \"rule-%zu\"",
                               SLICE_ARG(rule->name), reading->count);
    }
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

bool fault_read_rule(struct fault_reading *reading, const struct json_token *begin)
{
    struct text text;

    if (begin->kind != JSON_OBJECT_BEGIN)
        return fault_wrong(reading, begin->position, SLICE("rules"),
                           "a rule must be an object, found %s",
                           fault_found(begin, (char[FAULT_FOUND_MAX]){ 0 }));
    if (reading->count == reading->rules_max)
        return fault_wrong(reading, begin->position, SLICE("rules"),
                           "there may be %zu rules at most", reading->rules_max);
    reading->rule = arena_new(reading->keep, struct fault_rule);
    if (!reading->rule)
        return error_no_memory(reading->err);
    reading->count++;
    reading->name_position = begin->position;
    text_init(&text, reading->scratch, 0, 2 * reading->text.len + 2048);
    if (!read_members(reading, &text) || !check_rule(reading, begin->position) ||
        !name_rule(reading, &text) || !check_name(reading))
        return false;
    if (reading->rule->read == FAULT_READ_STALE && reading->rule->stale_ms == 0)
        reading->rule->stale_ms = FAULT_STALE_MS_DEFAULT;
    if (text.failed)
        return error_no_memory(reading->err);
    if (!fault_keep(reading, text_slice(&text), &reading->rule->text))
        return false;
    if (reading->rule->body.len)
        reading->rule->body =
            slice_sub(reading->rule->text, reading->body_at, reading->rule->body.len);
    *reading->end = reading->rule;
    reading->end = &reading->rule->next;
    return true;
}
