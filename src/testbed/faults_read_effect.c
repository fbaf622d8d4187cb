/* testbed/faults_read_effect.c - what a rule does: answer, delay, connection, read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"
#include "testbed/error_catalogue.h"
#include "testbed/faults_reading.h"

#define SECONDS_BYTES_MAX 20
#define QUOTE_BYTES_MAX   100

/* --- answer ---------------------------------------------------------------------------------- */

bool fault_is_seconds(const struct json_token *value)
{
    if (value->kind != JSON_NUMBER || value->literal.len > SECONDS_BYTES_MAX)
        return false;
    for (size_t i = 0; i < value->literal.len; i++) {
        char c = value->literal.ptr[i];
        if ((c < '0' || c > '9') && c != '.')
            return false; /* a sign, an exponent: JSON has them, the field has not */
    }
    return true;
}

static bool read_error(struct fault_reading *reading, const struct json_token *value)
{
    struct fault_rule *rule = reading->rule;

    if (value->kind != JSON_STRING)
        return fault_wrong_value(reading, value, "an error's name");
    rule->error = error_catalogue_find(value->text);
    if (!rule->error)
        return fault_wrong(
            reading, value->position, reading->member,
            "there is no error \"%.*s\"; GET faults/personas (connectord faults personas) "
            "lists them",
            SLICE_ARG(slice_utf8_prefix(value->text, QUOTE_BYTES_MAX)));
    return true;
}

static bool read_status(struct fault_reading *reading, const struct json_token *value)
{
    int64_t status;

    if (value->kind != JSON_NUMBER || !json_number_to_int64(value->literal, &status) ||
        status < 200 || status > 599)
        return fault_wrong_value(reading, value, "a status from 200 to 599");
    reading->rule->status = (int)status;
    return true;
}

static bool read_body(struct fault_reading *reading, const struct json_token *value)
{
    struct slice literal;

    if (!fault_pass_value(reading, value, &literal))
        return false;
    if (literal.len > FAULT_ANSWER_BYTES_MAX)
        return fault_wrong(reading, value->position, reading->member,
                           "\"body\" may be %zu bytes of text, this one is %zu",
                           FAULT_ANSWER_BYTES_MAX, literal.len);
    reading->rule->body = literal; /* read_rule() finds it in the text that is kept */
    return true;
}

static bool read_retry_after(struct fault_reading *reading, const struct json_token *value)
{
    struct fault_rule *rule = reading->rule;

    if (value->kind == JSON_NULL) {
        rule->retry = FAULT_RETRY_NONE;
        return true;
    }
    if (value->kind == JSON_STRING && slice_eq(value->text, SLICE("window"))) {
        rule->retry = FAULT_RETRY_WINDOW;
        return true;
    }
    if (!fault_is_seconds(value))
        return fault_wrong_value(reading, value,
                                 "seconds, with decimals or without, \"window\" or null");
    rule->retry = FAULT_RETRY_WRITTEN;
    return fault_keep(reading, value->literal, &rule->retry_after);
}

static const struct fault_member answer_members[] = {
    { SLICE_INIT("error"), read_error },
    { SLICE_INIT("status"), read_status },
    { SLICE_INIT("body"), read_body },
    { SLICE_INIT("retryAfter"), read_retry_after },
};

static bool check_answer(struct fault_reading *reading, size_t position)
{
    const struct fault_rule *rule = reading->rule;

    if ((rule->error == NULL) == (rule->status == 0))
        return fault_wrong(reading, position, SLICE("answer"),
                           "\"answer\" needs either \"error\" or \"status\"");
    if (rule->error && rule->body.len > 0)
        return fault_wrong(reading, position, SLICE("body"),
                           "\"body\" stands beside \"status\", \"error\" has a body of its own");
    if (rule->body.len > 0 && (rule->status == 204 || rule->status == 304))
        return fault_wrong(reading, position, SLICE("body"), "an answer of %d has no body",
                           rule->status);
    return true;
}

bool fault_read_answer(struct fault_reading *reading, const struct json_token *value)
{
    struct fault_rule *rule = reading->rule;

    if (!fault_read_object(reading, value, answer_members, COUNT_OF(answer_members)) ||
        !check_answer(reading, value->position))
        return false;
    rule->answer = rule->error ? FAULT_ANSWER_CATALOGUE : FAULT_ANSWER_BODY;
    if (rule->error)
        rule->status = rule->error->status;
    return true;
}

/* --- delay ----------------------------------------------------------------------------------- */

enum { HAS_MIN = 1, HAS_MAX = 2, HAS_MEDIAN = 4, HAS_P99 = 8 };

static bool read_end(struct fault_reading *reading, const struct json_token *value, unsigned which,
                     uint32_t *ret_ms)
{
    reading->delay_ends |= which;
    return fault_read_duration(reading, value, which == HAS_MIN ? 0 : 1, FAULT_DELAY_MS_MAX,
                               ret_ms);
}

static bool read_min(struct fault_reading *reading, const struct json_token *value)
{
    return read_end(reading, value, HAS_MIN, &reading->rule->delay.low_ms);
}

static bool read_max(struct fault_reading *reading, const struct json_token *value)
{
    return read_end(reading, value, HAS_MAX, &reading->rule->delay.high_ms);
}

static bool read_median(struct fault_reading *reading, const struct json_token *value)
{
    return read_end(reading, value, HAS_MEDIAN, &reading->rule->delay.low_ms);
}

static bool read_p99(struct fault_reading *reading, const struct json_token *value)
{
    return read_end(reading, value, HAS_P99, &reading->rule->delay.high_ms);
}

static const struct fault_member delay_members[] = {
    { SLICE_INIT("min"), read_min },
    { SLICE_INIT("max"), read_max },
    { SLICE_INIT("median"), read_median },
    { SLICE_INIT("p99"), read_p99 },
};

bool fault_read_delay(struct fault_reading *reading, const struct json_token *value)
{
    struct fault_delay *delay = &reading->rule->delay;

    if (value->kind == JSON_STRING) {
        if (!fault_read_duration(reading, value, 1, FAULT_DELAY_MS_MAX, &delay->high_ms))
            return false;
        delay->low_ms = delay->high_ms;
        return true;
    }
    if (value->kind != JSON_OBJECT_BEGIN)
        return fault_wrong_value(
            reading, value,
            "a duration, or an object of \"min\" and \"max\" or of \"median\" and "
            "\"p99\"");
    reading->delay_ends = 0;
    if (!fault_read_object(reading, value, delay_members, COUNT_OF(delay_members)))
        return false;
    if (reading->delay_ends != (HAS_MIN | HAS_MAX) && reading->delay_ends != (HAS_MEDIAN | HAS_P99))
        return fault_wrong(reading, value->position, SLICE("delay"),
                           "\"delay\" needs \"min\" and \"max\", or \"median\" and \"p99\"");
    if (delay->low_ms > delay->high_ms)
        return fault_wrong(reading, value->position, SLICE("delay"),
                           "\"delay\": the first duration must not be above the second");
    delay->log_normal = reading->delay_ends & HAS_P99;
    return true;
}

/* --- the rest -------------------------------------------------------------------------------- */

/* The place of the value among the words; false when it is none of them. */
static bool read_word(const struct json_token *value, const struct slice *words, size_t count,
                      size_t *ret)
{
    for (size_t i = 0; value->kind == JSON_STRING && i < count; i++) {
        if (slice_eq(words[i], value->text)) {
            *ret = i;
            return true;
        }
    }
    return false;
}

bool fault_read_connection(struct fault_reading *reading, const struct json_token *value)
{
    static const struct slice words[] = { SLICE_INIT("reset"), SLICE_INIT("truncate") };
    static const enum fault_connection means[] = { FAULT_CONNECTION_RESET,
                                                   FAULT_CONNECTION_TRUNCATED };
    size_t which;

    if (!read_word(value, words, COUNT_OF(words), &which))
        return fault_wrong_value(reading, value, "\"reset\" or \"truncate\"");
    reading->rule->connection = means[which];
    return true;
}

bool fault_read_read(struct fault_reading *reading, const struct json_token *value)
{
    static const struct slice words[] = { SLICE_INIT("stale"), SLICE_INIT("duplicatePage"),
                                          SLICE_INIT("brokenNextLink") };
    static const enum fault_read means[] = { FAULT_READ_STALE, FAULT_READ_DUPLICATE_PAGE,
                                             FAULT_READ_BROKEN_LINK };
    size_t which;

    if (!read_word(value, words, COUNT_OF(words), &which))
        return fault_wrong_value(reading, value,
                                 "\"stale\", \"duplicatePage\" or \"brokenNextLink\"");
    reading->rule->read = means[which];
    return true;
}

bool fault_read_stale_for(struct fault_reading *reading, const struct json_token *value)
{
    return fault_read_duration(reading, value, 1, FAULT_STALE_MS_MAX, &reading->rule->stale_ms);
}

bool fault_read_executes(struct fault_reading *reading, const struct json_token *value)
{
    if (value->kind != JSON_TRUE && value->kind != JSON_FALSE)
        return fault_wrong_value(reading, value, "true or false");
    reading->rule->executes = value->kind == JSON_TRUE;
    return true;
}
