/* cli/requests.c - connectord requests: what a tenant was asked, and the proof of it.
 *
 * list and verify choose by the same filters, which travel in the query there and in the body here:
 * one table knows them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/control.h"
#include "cli/requests_shown.h"
#include "json/reader.h"
#include "json/writer.h"

#define QUERY_BYTES 8192

/* --- filters --------------------------------------------------------------------------------- */

enum filter_kind {
    FILTER_TEXT,
    FILTER_PATH,
    FILTER_NUMBER,
    FILTER_STATUS,
    FILTER_SWITCH,
    FILTER_BOOLEAN,
    FILTER_GUID
};

static const struct filter {
    const char *option;
    const char *member; /* of a body, and in a query */
    enum filter_kind kind;
} filters[] = {
    { "method", "method", FILTER_TEXT },
    { "path", "path", FILTER_PATH },
    { "status", "status", FILTER_STATUS },
    { "executed-status", "executedStatus", FILTER_STATUS },
    { "executed", "executed", FILTER_BOOLEAN },
    { "outcome", "outcome", FILTER_TEXT },
    { "faulted", "faulted", FILTER_SWITCH },
    { "fault", "fault", FILTER_TEXT },
    { "app", "app", FILTER_GUID },
    { "request-id", "requestId", FILTER_TEXT },
    { "client-request-id", "clientRequestId", FILTER_TEXT },
    { "since", "since", FILTER_NUMBER },
    { "top", "top", FILTER_NUMBER },
};

#define FILTER_OPTIONS                                                                             \
    { "method", "METHOD", "Of this method." },                                                     \
        { "path", "PATTERN", "Of a path that fits; * stands for any text, also /." },              \
        { "status", "N|Nxx", "Sent this status, or one of this class: 429, 4xx; 0: none." },       \
        { "executed-status", "N|Nxx",                                                              \
          "Executed with this result, also where the answer was lost: 201, 2xx." },                \
        { "executed", "true|false", "Not kept from being executed by a rule, or kept." },          \
        { "outcome", "NAME", "What became of the answer: answered, reset or truncated." },         \
        { "faulted", NULL, "Met a rule that fired." },                                             \
        { "fault", "NAME", "Met this rule, which fired." },                                        \
        { "app", "GUID", "Of this application." },                                                 \
        { "request-id", "ID", "Answered under this id." },                                         \
        { "client-request-id", "ID", "Sent under this id." },                                      \
    {                                                                                              \
        "since", "N", "Later than the one with this sequence number."                              \
    }

/* 0 to 999, or "4xx". */
static bool is_status(struct slice value)
{
    uint64_t number;

    return slice_to_uint64(value, 999, &number) ||
           (value.len == 3 && value.ptr[0] >= '1' && value.ptr[0] <= '5' &&
            slice_eq_nocase(slice_sub(value, 1, 2), SLICE("xx")));
}

static bool is_good(const struct filter *filter, struct slice value)
{
    struct uuid guid;
    uint64_t number;

    switch (filter->kind) {
    case FILTER_TEXT:
        return value.len > 0 && slice_is_utf8(value);
    case FILTER_PATH:
        return slice_is_utf8(value) &&
               (slice_starts_with(value, SLICE("/")) || slice_starts_with(value, SLICE("*")));
    case FILTER_BOOLEAN:
        return slice_eq(value, SLICE("true")) || slice_eq(value, SLICE("false"));
    case FILTER_NUMBER:
        return slice_to_uint64(value, INT64_MAX, &number);
    case FILTER_STATUS:
        return is_status(value);
    case FILTER_GUID:
        return uuid_parse(value, &guid);
    case FILTER_SWITCH:
        break;
    }
    return true;
}

static const char *expected(const struct filter *filter)
{
    static const char *const words[] = {
        [FILTER_TEXT] = "a text",     [FILTER_PATH] = "a pattern that begins with / or *",
        [FILTER_NUMBER] = "a number", [FILTER_STATUS] = "a status such as 429 or 4xx",
        [FILTER_SWITCH] = "nothing",  [FILTER_BOOLEAN] = "true or false",
        [FILTER_GUID] = "a GUID"
    };

    return words[filter->kind];
}

/* Of an option that is given twice one would be asked for and the other forgotten. */
static bool is_given_once(const struct cli *cli, const struct cli_option *option)
{
    size_t count = 0;

    for (size_t i = 0; i < cli->arguments.option_count; i++)
        count += cli->arguments.options[i].option == option;
    return count <= 1;
}

/* False when one is wrong, and that was said. */
static bool check_filters(const struct cli *cli)
{
    struct slice value;

    for (size_t i = 0; i < cli->arguments.option_count; i++) {
        const struct cli_option *option = cli->arguments.options[i].option;
        if (!is_given_once(cli, option)) {
            cli_usage(cli, "--%s was given more than once", option->name);
            return false;
        }
    }
    for (size_t i = 0; i < COUNT_OF(filters); i++) {
        if (cli_option(cli, filters[i].option, &value) && !is_good(&filters[i], value)) {
            cli_usage(cli, "--%s: expected %s, found '%.100s'", filters[i].option,
                      expected(&filters[i]), value.ptr);
            return false;
        }
    }
    return true;
}

/* --- list ------------------------------------------------------------------------------------ */

/* RFC 3986 2.3, and what patterns are made of. */
static bool stands_for_itself(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~/*", c));
}

static void append_encoded(struct text *out, struct slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (stands_for_itself(value.ptr[i]))
            text_append_char(out, value.ptr[i]);
        else
            text_printf(out, "%%%02X", (unsigned char)value.ptr[i]);
    }
}

static enum cli_exit run_list(struct cli *cli)
{
    char separator = '?';
    struct slice value;
    struct text path;

    if (!check_filters(cli))
        return CLI_USAGE;
    text_init(&path, cli->arena, 256, QUERY_BYTES);
    text_append(&path, SLICE("/requests"));
    for (size_t i = 0; i < COUNT_OF(filters); i++) {
        if (!cli_option(cli, filters[i].option, &value))
            continue;
        text_printf(&path, "%c%s=", separator, filters[i].member);
        append_encoded(&path, filters[i].kind == FILTER_SWITCH ? SLICE("true") : value);
        separator = '&';
    }
    if (path.failed)
        return cli_usage(cli, "the filters are too long");
    return control_print(cli, "GET", text_slice(&path), SLICE_EMPTY);
}

/* --- verify ---------------------------------------------------------------------------------- */

static const struct bound {
    const char *option, *member, *words;
} bounds[] = {
    { "exactly", "exactly", "exactly" },
    { "at-least", "atLeast", "at least" },
    { "at-most", "atMost", "at most" },
};

/* NULL unless one alone was given, with a number; then that was said. */
static const struct bound *find_bound(const struct cli *cli, struct slice *ret_number)
{
    const struct bound *found = NULL;
    size_t count = 0;
    uint64_t number;

    for (size_t i = 0; i < COUNT_OF(bounds); i++) {
        if (cli_option(cli, bounds[i].option, ret_number)) {
            found = &bounds[i];
            count++;
        }
    }
    if (count != 1)
        cli_usage(cli, "expected one of --exactly N, --at-least N, --at-most N");
    else if (!slice_to_uint64(*ret_number, INT64_MAX, &number))
        cli_usage(cli, "--%s: expected a number, found '%.100s'", found->option, ret_number->ptr);
    else
        return found;
    return NULL;
}

static void write_filter(struct json_writer *writer, const struct filter *filter,
                         struct slice value)
{
    int64_t number;

    json_writer_plain_name(writer, slice_of(filter->member));
    if (filter->kind == FILTER_SWITCH || filter->kind == FILTER_BOOLEAN)
        json_writer_bool(writer, !slice_eq(value, SLICE("false")));
    else if ((filter->kind == FILTER_NUMBER || filter->kind == FILTER_STATUS) &&
             slice_to_int64(value, &number))
        json_writer_int(writer, number);
    else
        json_writer_string(writer, value);
}

static void write_question(const struct cli *cli, const struct bound *bound, struct slice number,
                           struct text *out)
{
    struct json_writer writer;
    struct slice value;
    int64_t wanted = 0;

    json_writer_init(&writer, out);
    json_writer_object_begin(&writer);
    for (size_t i = 0; i < COUNT_OF(filters); i++) {
        if (cli_option(cli, filters[i].option, &value))
            write_filter(&writer, &filters[i], value);
    }
    json_writer_plain_name(&writer, slice_of(bound->member));
    if (slice_to_int64(number, &wanted))
        json_writer_int(&writer, wanted);
    json_writer_object_end(&writer);
}

struct verdict {
    bool verified;
    int64_t count;
    int64_t lost; /* why it is not verified; 0: for what was found */
};

/* False when the answer holds none. */
static bool read_verdict(struct slice answer, struct arena *arena, struct verdict *ret)
{
    bool has_verdict = false, has_count = false;
    struct json_reader reader;
    struct json_token name, value;

    json_reader_init(&reader, answer, arena, JSON_DEPTH_DEFAULT);
    if (!json_reader_next(&reader, &name, NULL) || name.kind != JSON_OBJECT_BEGIN)
        return false;
    while (json_reader_next(&reader, &name, NULL) && name.kind == JSON_NAME) {
        struct slice literal;

        if (!json_reader_skip(&reader, &literal, NULL))
            return false;
        value = (struct json_token){ .literal = literal };
        if (slice_eq(name.text, SLICE("verified"))) {
            has_verdict = true;
            ret->verified = slice_eq(value.literal, SLICE("true"));
        } else if (slice_eq(name.text, SLICE("count"))) {
            has_count = json_number_to_int64(value.literal, &ret->count);
        } else if (slice_eq(name.text, SLICE("lost"))) {
            if (!json_number_to_int64(value.literal, &ret->lost))
                return false;
        }
    }
    return has_verdict && has_count;
}

static void say_why(const struct bound *bound, struct slice number, const struct verdict *verdict)
{
    fprintf(stderr, "connectord: expected %s %.*s such request%s, found %" PRId64, bound->words,
            SLICE_ARG(number), slice_eq(number, SLICE("1")) ? "" : "s", verdict->count);
    if (verdict->lost > 0)
        fprintf(stderr, "; %" PRId64 " more were lost and may have been such", verdict->lost);
    fprintf(stderr, "\n");
}

static enum cli_exit run_verify(struct cli *cli)
{
    const struct bound *bound;
    struct slice number, answer, fault;
    struct verdict verdict = { 0 };
    enum cli_exit code;
    struct text body;

    if (!check_filters(cli) || !(bound = find_bound(cli, &number)))
        return CLI_USAGE;
    text_init(&body, cli->arena, 256, QUERY_BYTES);
    write_question(cli, bound, number, &body);
    if (body.failed)
        return cli_usage(cli, "the filters are too long");
    code = control_ask(cli, "POST", SLICE("/requests/verify"), text_slice(&body), &answer);
    if (code != CLI_OK)
        return code;
    control_print_line(answer);
    if (!read_verdict(answer, cli->arena, &verdict)) {
        fprintf(stderr, "connectord: the answer holds no verdict\n");
        return CLI_FAILURE;
    }
    if (verdict.verified)
        return CLI_OK;
    say_why(bound, number, &verdict);
    if (cli_option(cli, "fault", &fault))
        requests_explain_fault(cli, fault);
    requests_show_last(cli);
    return CLI_FAILURE;
}

static enum cli_exit run_clear(struct cli *cli)
{
    return control_print(cli, "DELETE", SLICE("/requests"), SLICE_EMPTY);
}

static const char *const list_examples[] = {
    "connectord requests list --status 429 --top 10",
    "connectord requests list --method POST --path '/beta/*' --faulted",
    NULL,
};
static const char *const verify_examples[] = {
    "connectord requests verify --method POST --executed-status 201 --exactly 1",
    "connectord requests verify --method POST --status 429 --at-least 1",
    "connectord requests verify --path '*/ndesConnectors' --at-least 2",
    "connectord requests verify --status 5xx --exactly 0",
    NULL,
};
static const char *const clear_examples[] = { "connectord requests clear", NULL };

static const struct cli_option list_options[] = {
    FILTER_OPTIONS,
    { "top", "N", "The newest N of them." },
    CONTROL_OPTIONS,
};
static const struct cli_option verify_options[] = {
    { "exactly", "N", "So many fit, no more and no fewer." },
    { "at-least", "N", "So many fit, or more." },
    { "at-most", "N", "So many fit, or fewer." },
    FILTER_OPTIONS,
    CONTROL_OPTIONS,
};
static const struct cli_option options[] = { CONTROL_OPTIONS };

const struct cli_command command_requests_list = {
    .name = "requests list",
    .stands_for_group = true,
    .summary = "Print what a tenant was asked last, as JSON.",
    .examples = list_examples,
    .options = list_options,
    .option_count = COUNT_OF(list_options),
    .settings = control_settings,
    .notes = "Oldest first. A request fits when it fits every option that is given.",
    .run = run_list,
};

const struct cli_command command_requests_verify = {
    .name = "requests verify",
    .summary = "Check how many requests fit: exit 0, or 1 when the number is another.",
    .examples = verify_examples,
    .options = verify_options,
    .option_count = COUNT_OF(verify_options),
    .settings = control_settings,
    .notes =
        "A request fits when it fits every option that is given. When the number is another, the "
        "last requests are told on stderr. The first example proves that one entity was made, "
        "whatever became of the answers: of an answer that was lost --status knows nothing.",
    .run = run_verify,
};

const struct cli_command command_requests_clear = {
    .name = "requests clear",
    .summary = "Forget what a tenant was asked.",
    .examples = clear_examples,
    .options = options,
    .option_count = COUNT_OF(options),
    .settings = control_settings,
    .run = run_clear,
};
