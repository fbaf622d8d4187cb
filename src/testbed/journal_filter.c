/* testbed/journal_filter.c - questions about the journal: their members, as text and as JSON.
 *
 * A filter comes as a query ("status=4xx&since=17") or as the members of a JSON object, and one
 * table says for both what there is. A query's values are texts; of a JSON value the literal is
 * taken as the text, once it is of a kind that the row allows: so 201 and "4xx" are read by the
 * same lines, and `"since": "17"` is refused as the slip that it is.
 *
 * What is not known is refused by name, and so is a value that no request can have: a filter that
 * silently does not filter, or lets nothing through, would verify what was never asked. A method
 * may be one that this server does not know, and a rule one that was replaced since: such requests
 * can be in the journal.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/uuid.h"
#include "testbed/journal.h"
#include "testbed/pattern.h"
#include "json/reader.h"

#define FILTER_NAMES                                                                               \
    "method, path, status, app, requestId, clientRequestId, fault, faulted, executed, "            \
    "executedStatus, outcome, since, top"

#define QUOTED_MAX 100 /* bytes of a wrong value */

struct member {
    struct slice name;
    unsigned kinds; /* of JSON, a bit each */
    bool (*set)(struct journal_filter *filter, struct slice value);
    const char *expected;
};

#define KIND(kind) (1u << (kind))
#define TEXT       KIND(JSON_STRING)
#define NUMBER     KIND(JSON_NUMBER)
#define BOOLEAN    (KIND(JSON_TRUE) | KIND(JSON_FALSE))

/* What is longer than the journal keeps would never be found. */
static bool set_text(struct slice *to, struct slice value, size_t max)
{
    if (value.len == 0 || value.len > max)
        return false;
    *to = value;
    return true;
}

/* RFC 9110 5.6.2: a token. "POST,GET" is none, and no request's method. */
static bool is_token(struct slice text)
{
    static const struct slice signs = SLICE_INIT("!#$%&'*+-.^_`|~");

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool is_letter_or_digit =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        if (!is_letter_or_digit && slice_index(signs, c) == signs.len)
            return false;
    }
    return text.len > 0;
}

static bool set_method(struct journal_filter *filter, struct slice value)
{
    return is_token(value) && set_text(&filter->method, value, JOURNAL_TEXT_MAX);
}

static bool set_path(struct journal_filter *filter, struct slice value)
{
    bool can_fit = slice_starts_with(value, SLICE("/")) || slice_starts_with(value, SLICE("*"));

    return can_fit && set_text(&filter->path, value, JOURNAL_PATH_MAX);
}

static bool set_app(struct journal_filter *filter, struct slice value)
{
    struct uuid ignored;

    return uuid_parse(value, &ignored) && set_text(&filter->app_id, value, JOURNAL_TEXT_MAX);
}

static bool set_request_id(struct journal_filter *filter, struct slice value)
{
    return set_text(&filter->request_id, value, JOURNAL_TEXT_MAX);
}

static bool set_client_request_id(struct journal_filter *filter, struct slice value)
{
    return set_text(&filter->client_request_id, value, JOURNAL_TEXT_MAX);
}

static bool set_fault(struct journal_filter *filter, struct slice value)
{
    return set_text(&filter->fault, value, JOURNAL_TEXT_MAX);
}

static bool read_status(struct slice value, int *ret)
{
    bool is_class = value.len == 3 && slice_eq_nocase(slice_sub(value, 1, 2), SLICE("xx"));
    uint64_t status;

    if (!slice_to_uint64(is_class ? slice_sub(value, 0, 1) : value, 599, &status) ||
        status < (is_class ? 1 : 100) || (is_class && status > 5))
        return false;
    *ret = (int)status;
    return true;
}

static bool set_status(struct journal_filter *filter, struct slice value)
{
    if (!slice_eq(value, SLICE("0")))
        return read_status(value, &filter->status);
    filter->status = JOURNAL_STATUS_NONE;
    return true;
}

static bool set_executed_status(struct journal_filter *filter, struct slice value)
{
    return read_status(value, &filter->executed_status);
}

static bool read_wanted(struct slice value, enum journal_wanted *ret)
{
    bool yes = slice_eq(value, SLICE("true"));

    if (!yes && !slice_eq(value, SLICE("false")))
        return false;
    *ret = yes ? JOURNAL_YES : JOURNAL_NO;
    return true;
}

static bool set_faulted(struct journal_filter *filter, struct slice value)
{
    return read_wanted(value, &filter->faulted);
}

static bool set_executed(struct journal_filter *filter, struct slice value)
{
    return read_wanted(value, &filter->executed);
}

static const struct slice outcome_names[] = {
    [JOURNAL_ANSWERED] = SLICE_INIT("answered"),
    [JOURNAL_RESET] = SLICE_INIT("reset"),
    [JOURNAL_TRUNCATED] = SLICE_INIT("truncated"),
};

struct slice journal_outcome_name(enum journal_outcome outcome)
{
    return outcome_names[outcome];
}

static bool set_outcome(struct journal_filter *filter, struct slice value)
{
    for (size_t i = 0; i < COUNT_OF(outcome_names); i++) {
        if (!slice_eq(outcome_names[i], value))
            continue;
        filter->outcome = outcome_names[i];
        return true;
    }
    return false;
}

static bool set_since(struct journal_filter *filter, struct slice value)
{
    return slice_to_uint64(value, INT64_MAX, &filter->since);
}

static bool set_top(struct journal_filter *filter, struct slice value)
{
    uint64_t top;

    if (!slice_to_uint64(value, INT32_MAX, &top) || top == 0)
        return false;
    filter->top = (size_t)top;
    return true;
}

static const struct member members[] = {
    { SLICE_INIT("method"), TEXT, set_method, "the name of one method" },
    { SLICE_INIT("path"), TEXT, set_path,
      "a pattern of up to 512 bytes that begins with '/' or '*'" },
    { SLICE_INIT("status"), TEXT | NUMBER, set_status,
      "a status (100 to 599), a class (4xx), or 0 for none that was sent" },
    { SLICE_INIT("app"), TEXT, set_app, "the id of an application, a GUID" },
    { SLICE_INIT("requestId"), TEXT, set_request_id, "a request's id" },
    { SLICE_INIT("clientRequestId"), TEXT, set_client_request_id, "a request's id" },
    { SLICE_INIT("fault"), TEXT, set_fault, "the name of a rule" },
    { SLICE_INIT("faulted"), BOOLEAN, set_faulted, "true or false" },
    { SLICE_INIT("executed"), BOOLEAN, set_executed, "true or false" },
    { SLICE_INIT("executedStatus"), TEXT | NUMBER, set_executed_status,
      "a status (100 to 599) or a class (4xx)" },
    { SLICE_INIT("outcome"), TEXT, set_outcome, "answered, reset or truncated" },
    { SLICE_INIT("since"), NUMBER, set_since, "a sequence number" },
    { SLICE_INIT("top"), NUMBER, set_top, "a whole number from 1" },
};

static const struct member *find_member(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        if (slice_eq(members[i].name, name))
            return &members[i];
    }
    return NULL;
}

static bool wrong_value(struct slice name, const char *expected, struct error *err)
{
    return error_set(err, ERROR_BAD_REQUEST, name, "\"%.*s\": expected %s", SLICE_ARG(name),
                     expected);
}

/* The same for a value that was `written` so, or for a part of it. */
static bool wrong_literal(struct slice name, const char *expected, struct slice written,
                          struct error *err)
{
    return error_set(err, ERROR_BAD_REQUEST, name, "\"%.*s\": expected %s, found %.*s",
                     SLICE_ARG(name), expected, SLICE_ARG(slice_utf8_prefix(written, QUOTED_MAX)));
}

bool journal_filter_set(struct journal_filter *filter, struct slice name, struct slice value,
                        struct error *err)
{
    const struct member *member = find_member(name);

    if (!member)
        return error_set(err, ERROR_BAD_REQUEST, name,
                         "there is no filter \"%.*s\"; there are " FILTER_NAMES,
                         SLICE_ARG(slice_utf8_prefix(name, 100)));
    if (member->set(filter, value))
        return true;
    return value.len ? wrong_literal(name, member->expected, value, err)
                     : wrong_value(name, member->expected, err);
}

/* --- what fits ------------------------------------------------------------------------------- */

/* Methods and ids are compared without regard to case: GUIDs are written both ways. */
static bool is_wanted(struct slice wanted, struct slice text)
{
    return wanted.len == 0 || slice_eq_nocase(wanted, text);
}

static bool status_fits(int wanted, int status)
{
    if (wanted == JOURNAL_STATUS_NONE)
        return status == 0;
    return wanted == 0 || wanted == status || (wanted <= 5 && wanted == status / 100);
}

static bool is_as_wanted(enum journal_wanted wanted, bool is)
{
    return wanted == JOURNAL_ANY || (wanted == JOURNAL_YES) == is;
}

bool journal_filter_fits(const struct journal_filter *filter, const struct journal_entry *entry)
{
    return entry->sequence > filter->since && status_fits(filter->status, entry->status) &&
           status_fits(filter->executed_status, entry->executed ? entry->executed_status : 0) &&
           is_as_wanted(filter->faulted, entry->fault.len > 0) &&
           is_as_wanted(filter->executed, entry->executed) &&
           is_wanted(filter->outcome, journal_outcome_name(entry->outcome)) &&
           is_wanted(filter->method, entry->method) && is_wanted(filter->app_id, entry->app_id) &&
           is_wanted(filter->request_id, entry->request_id) &&
           is_wanted(filter->client_request_id, entry->client_request_id) &&
           (filter->fault.len == 0 || slice_eq(filter->fault, entry->fault)) &&
           (filter->path.len == 0 || pattern_matches(filter->path, entry->path));
}

/* --- verifying ------------------------------------------------------------------------------- */

static const struct slice bound_names[] = {
    SLICE_INIT("exactly"),
    SLICE_INIT("atLeast"),
    SLICE_INIT("atMost"),
};
enum bound { BOUND_EXACTLY, BOUND_AT_LEAST, BOUND_AT_MOST, BOUND_NONE };

struct question {
    struct journal_filter filter;
    enum bound bound;
    int64_t number; /* of the bound */
};

static enum bound find_bound(struct slice name)
{
    enum bound bound = BOUND_EXACTLY;

    while (bound < BOUND_NONE && !slice_eq(bound_names[bound], name))
        bound++;
    return bound;
}

static bool read_bound(struct question *question, enum bound bound, const struct json_token *value,
                       struct error *err)
{
    int64_t number;

    if (question->bound != BOUND_NONE)
        return error_set(err, ERROR_BAD_REQUEST, bound_names[bound],
                         "give one of exactly, atLeast, atMost, not two");
    if (value->kind != JSON_NUMBER || !json_number_to_int64(value->text, &number) || number < 0)
        return wrong_value(bound_names[bound], "a whole number from 0", err);
    question->bound = bound;
    question->number = number;
    return true;
}

/* `name` has been read; its value is next. */
static bool read_member(struct question *question, struct json_reader *reader, struct slice name,
                        struct error *err)
{
    enum bound bound = find_bound(name);
    const struct member *member = find_member(name);
    struct json_token value;

    if (bound == BOUND_NONE && !member)
        return error_set(err, ERROR_BAD_REQUEST, name,
                         "there is no member \"%.*s\"; there are " FILTER_NAMES
                         ", exactly, atLeast, atMost",
                         SLICE_ARG(slice_utf8_prefix(name, 100)));
    if (!json_reader_next(reader, &value, err))
        return false;
    if (bound != BOUND_NONE)
        return read_bound(question, bound, &value, err);
    return (member->kinds & KIND(value.kind) && member->set(&question->filter, value.text)) ||
           wrong_literal(name, member->expected, value.literal, err);
}

static bool read_question(struct question *question, struct json_reader *reader, struct error *err)
{
    struct json_token token;

    if (!json_reader_next(reader, &token, err))
        return false;
    if (token.kind != JSON_OBJECT_BEGIN)
        return error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY, "expected an object");
    for (;;) {
        if (!json_reader_next(reader, &token, err))
            return false;
        if (token.kind == JSON_OBJECT_END)
            return json_reader_finish(reader, err);
        if (!read_member(question, reader, token.text, err))
            return false;
    }
}

static bool holds(const struct question *question, uint64_t count)
{
    uint64_t number = (uint64_t)question->number;

    switch (question->bound) {
    case BOUND_EXACTLY:
        return count == number;
    case BOUND_AT_LEAST:
        return count >= number;
    default:
        return count <= number;
    }
}

/* Each of the lost entries may have been one that is asked for, or not. What holds of so many
 * matches is sure when it holds of the fewest and of the most there can have been. */
static void judge(const struct question *question, size_t count, uint64_t lost,
                  struct journal_verdict *ret)
{
    size_t top = question->filter.top;
    uint64_t most = count + lost, number = (uint64_t)question->number;

    if (top > 0 && most > top)
        most = top;
    bool might_be = holds(question, count) || holds(question, most) ||
                    (question->bound == BOUND_EXACTLY && count < number && number < most);
    ret->count = count;
    ret->verified = holds(question, count) && holds(question, most);
    ret->lost = might_be && !ret->verified ? lost : 0;
}

bool journal_verify(struct journal *journal, struct slice json, struct arena *arena,
                    struct journal_verdict *ret, struct error *err)
{
    struct question question = { .bound = BOUND_NONE };
    struct json_reader reader;

    json_reader_init(&reader, json, arena, JSON_DEPTH_DEFAULT);
    if (!read_question(&question, &reader, err))
        return false;
    if (question.bound == BOUND_NONE)
        return error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY,
                         "one of exactly, atLeast, atMost is needed");

    uint64_t lost;
    size_t count = journal_count_and_lost(journal, &question.filter, &lost);
    judge(&question, count, lost, ret);
    return true;
}
