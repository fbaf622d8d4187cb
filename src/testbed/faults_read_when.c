/* testbed/faults_read_when.c - which requests a rule is for: the members of "when".
 *
 * A condition that can never hold (a path without its slash, a pattern without an x) is a mistake
 * and refused as one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "base/arena.h"
#include "testbed/faults_reading.h"

#define PATTERN_BYTES_MAX 1000
#define LIMIT_PER_MS_MIN  1
#define LIMIT_PER_MS_MAX  86400000 /* a day */

static const struct slice methods[] = {
    SLICE_INIT("GET"),   SLICE_INIT("HEAD"),   SLICE_INIT("POST"),    SLICE_INIT("PUT"),
    SLICE_INIT("PATCH"), SLICE_INIT("DELETE"), SLICE_INIT("OPTIONS"),
};

#define METHODS "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" /* those above, for messages */

uint32_t fault_method_bit(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        if (slice_eq_nocase(methods[i], name))
            return UINT32_C(1) << i;
    }
    return 0;
}

static bool add_method(struct fault_reading *reading, const struct json_token *value)
{
    uint32_t bit = value->kind == JSON_STRING ? fault_method_bit(value->text) : 0;

    if (bit == 0)
        return fault_wrong_value(reading, value, "one of " METHODS ", or a list of them");
    reading->rule->when.methods |= bit;
    return true;
}

static bool read_method(struct fault_reading *reading, const struct json_token *value)
{
    struct json_token token;

    if (value->kind != JSON_ARRAY_BEGIN)
        return add_method(reading, value);
    for (;;) {
        if (!fault_next(reading, &token))
            return false;
        if (token.kind == JSON_ARRAY_END)
            break;
        if (!add_method(reading, &token))
            return false;
    }
    return reading->rule->when.methods != 0 ||
           fault_wrong(reading, value->position, reading->member,
                       "\"method\" must name at least one of " METHODS);
}

static bool read_path(struct fault_reading *reading, const struct json_token *value)
{
    if (value->kind != JSON_STRING || value->text.len == 0 ||
        (value->text.ptr[0] != '/' && value->text.ptr[0] != '*'))
        return fault_wrong_value(reading, value, "a pattern that begins with '/' or '*'");
    return fault_keep(reading, value->text, &reading->rule->when.path);
}

static bool read_app(struct fault_reading *reading, const struct json_token *value)
{
    if (value->kind != JSON_STRING || value->text.len == 0)
        return fault_wrong_value(reading, value, "an application's id");
    return fault_keep(reading, value->text, &reading->rule->when.app);
}

static bool read_skip(struct fault_reading *reading, const struct json_token *value)
{
    return fault_read_count(reading, value, 0, &reading->rule->when.skip);
}

static bool read_nth(struct fault_reading *reading, const struct json_token *value)
{
    return fault_read_count(reading, value, 1, &reading->rule->when.nth);
}

static bool read_next(struct fault_reading *reading, const struct json_token *value)
{
    return fault_read_count(reading, value, 1, &reading->rule->when.next);
}

static bool read_pattern(struct fault_reading *reading, const struct json_token *value)
{
    struct slice pattern = value->text;
    bool ok = value->kind == JSON_STRING && pattern.len <= PATTERN_BYTES_MAX;

    for (size_t i = 0; ok && i < pattern.len; i++)
        ok = pattern.ptr[i] == 'x' || pattern.ptr[i] == '.';
    if (!ok || slice_index(pattern, 'x') == pattern.len)
        return fault_wrong_value(reading, value,
                                 "up to 1000 of 'x' (fires) and '.' (passes), with an 'x'");
    return fault_keep(reading, pattern, &reading->rule->when.pattern);
}

static bool read_rate(struct fault_reading *reading, const struct json_token *value)
{
    double rate = -1;

    if (value->kind == JSON_NUMBER) {
        const char *literal = slice_to_cstr(reading->scratch, value->literal);
        if (!literal)
            return error_no_memory(reading->err);
        rate = strtod(literal, NULL);
    }
    if (!(rate >= 0 && rate <= 1))
        return fault_wrong_value(reading, value, "a number from 0 to 1");
    reading->rule->when.rate = rate;
    reading->rule->when.has_rate = true;
    return true;
}

/* --- limit ----------------------------------------------------------------------------------- */

static bool read_requests(struct fault_reading *reading, const struct json_token *value)
{
    return fault_read_count(reading, value, 0, &reading->rule->when.limit.requests);
}

static bool read_per(struct fault_reading *reading, const struct json_token *value)
{
    uint32_t per_ms;

    if (!fault_read_duration(reading, value, LIMIT_PER_MS_MIN, LIMIT_PER_MS_MAX, &per_ms))
        return false;
    reading->rule->when.limit.per_ms = per_ms;
    return true;
}

static bool read_each(struct fault_reading *reading, const struct json_token *value)
{
    bool is_app = value->kind == JSON_STRING && slice_eq(value->text, SLICE("app"));

    if (!is_app && !(value->kind == JSON_STRING && slice_eq(value->text, SLICE("tenant"))))
        return fault_wrong_value(reading, value, "\"app\" or \"tenant\"");
    reading->rule->when.limit.each_app = is_app;
    return true;
}

static const struct fault_member limit_members[] = {
    { SLICE_INIT("requests"), read_requests },
    { SLICE_INIT("per"), read_per },
    { SLICE_INIT("each"), read_each },
};

static bool read_limit(struct fault_reading *reading, const struct json_token *value)
{
    struct fault_limit *limit = &reading->rule->when.limit;

    limit->requests = UINT64_MAX;
    if (!fault_read_object(reading, value, limit_members, COUNT_OF(limit_members)))
        return false;
    if (limit->requests == UINT64_MAX || limit->per_ms == 0)
        return fault_wrong(reading, value->position, SLICE("limit"),
                           "\"limit\" needs \"requests\" and \"per\"");
    limit->windows = arena_new_array(reading->keep, limit->each_app ? FAULT_WINDOWS_MAX : 1,
                                     struct fault_window);
    return limit->windows || error_no_memory(reading->err);
}

/* --- when ------------------------------------------------------------------------------------ */

static const struct fault_member when_members[] = {
    { SLICE_INIT("method"), read_method },   { SLICE_INIT("path"), read_path },
    { SLICE_INIT("app"), read_app },         { SLICE_INIT("skip"), read_skip },
    { SLICE_INIT("nth"), read_nth },         { SLICE_INIT("next"), read_next },
    { SLICE_INIT("pattern"), read_pattern }, { SLICE_INIT("rate"), read_rate },
    { SLICE_INIT("limit"), read_limit },
};

bool fault_read_when(struct fault_reading *reading, const struct json_token *value)
{
    return fault_read_object(reading, value, when_members, COUNT_OF(when_members));
}
