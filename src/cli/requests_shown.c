/* cli/requests_shown.c - what happened, in a few lines, out of the journal's JSON.
 *
 *     connectord: the last requests of the tenant:
 *       POST /beta/deviceManagement/ndesConnectors 0 lost (reset, executed with 201)
 *       POST /beta/deviceManagement/ndesConnectors 201
 *       GET /beta/deviceManagement/ndesConnectors 503 down (not executed)
 *
 * Paths and names come from clients: nothing of them reaches the terminal as a command.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/requests_shown.h"

#include <inttypes.h>

#include "base/arena.h"
#include "cli/control.h"
#include "json/reader.h"

#define LAST_PATH  SLICE("/requests?top=10")
#define PATH_BYTES 200 /* a line of a log */

struct shown {
    struct slice method, path, fault, outcome;
    int64_t status, executed_status;
    bool executed;
};

/* Enters the array that is member `wanted` of the outermost object. */
static bool enter_array(struct json_reader *reader, struct slice wanted)
{
    struct json_token token;

    if (!json_reader_next(reader, &token, NULL) || token.kind != JSON_OBJECT_BEGIN)
        return false;
    while (json_reader_next(reader, &token, NULL) && token.kind == JSON_NAME) {
        if (slice_eq(token.text, wanted))
            return json_reader_next(reader, &token, NULL) && token.kind == JSON_ARRAY_BEGIN;
        if (!json_reader_skip(reader, NULL, NULL))
            return false;
    }
    return false;
}

/* The next member of an object of the array: its name, and the first token of its value. False at
 * the object's end. */
static bool next_member(struct json_reader *reader, struct arena *arena, struct slice *ret_name,
                        struct json_token *ret_value)
{
    struct json_reader value;
    struct json_token name;
    struct slice literal;

    if (!json_reader_next(reader, &name, NULL) || name.kind != JSON_NAME ||
        !json_reader_skip(reader, &literal, NULL))
        return false;
    *ret_name = name.text;
    json_reader_init(&value, literal, arena, JSON_DEPTH_DEFAULT);
    return json_reader_next(&value, ret_value, NULL);
}

static void take(struct shown *shown, struct slice name, const struct json_token *value)
{
    bool is_text = value->kind == JSON_STRING, is_number = value->kind == JSON_NUMBER;

    if (is_text && slice_eq(name, SLICE("method")))
        shown->method = value->text;
    else if (is_text && slice_eq(name, SLICE("path")))
        shown->path = value->text;
    else if (is_text && slice_eq(name, SLICE("fault")))
        shown->fault = value->text;
    else if (is_text && slice_eq(name, SLICE("outcome")))
        shown->outcome = value->text;
    else if (is_number && slice_eq(name, SLICE("status")))
        (void)!json_number_to_int64(value->literal, &shown->status);
    else if (is_number && slice_eq(name, SLICE("executedStatus")))
        (void)!json_number_to_int64(value->literal, &shown->executed_status);
    else if (slice_eq(name, SLICE("executed")))
        shown->executed = value->kind == JSON_TRUE;
}

static void print_text(struct slice text)
{
    struct slice part = slice_utf8_prefix(text, PATH_BYTES);

    for (size_t i = 0; i < part.len; i++) {
        unsigned char c = (unsigned char)part.ptr[i];
        fputc(c < ' ' || c >= 127 ? '?' : c, stderr);
    }
    if (part.len < text.len)
        fputs("...", stderr);
}

static void print_shown(const struct shown *shown)
{
    fputs("  ", stderr);
    print_text(shown->method);
    fputc(' ', stderr);
    print_text(shown->path);
    fprintf(stderr, " %" PRId64, shown->status);
    if (shown->fault.len) {
        bool is_whole = slice_eq(shown->outcome, SLICE("answered"));

        fputc(' ', stderr);
        print_text(shown->fault);
        fprintf(stderr, " (%.*s%s", is_whole ? 0 : (int)shown->outcome.len, shown->outcome.ptr,
                is_whole ? "" : ", ");
        if (shown->executed)
            fprintf(stderr, "executed with %" PRId64 ")", shown->executed_status);
        else
            fputs("not executed)", stderr);
    }
    fputc('\n', stderr);
}

void requests_show_last(const struct cli *cli)
{
    struct json_reader reader;
    struct json_token token;
    struct slice answer, name;
    bool any = false;

    if (control_ask(cli, "GET", LAST_PATH, SLICE_EMPTY, &answer) != CLI_OK)
        return;
    json_reader_init(&reader, answer, cli->arena, JSON_DEPTH_DEFAULT);
    if (!enter_array(&reader, SLICE("requests")))
        return;
    while (json_reader_next(&reader, &token, NULL) && token.kind == JSON_OBJECT_BEGIN) {
        struct shown shown = { .executed = false };

        if (!any)
            fputs("connectord: the last requests of the tenant:\n", stderr);
        any = true;
        while (next_member(&reader, cli->arena, &name, &token))
            take(&shown, name, &token);
        print_shown(&shown);
    }
    if (!any)
        fputs("connectord: the journal of the tenant holds no request\n", stderr);
}

void requests_explain_fault(const struct cli *cli, struct slice wanted)
{
    struct json_reader reader;
    struct json_token token;
    struct slice answer, name;

    if (control_ask(cli, "GET", SLICE("/faults"), SLICE_EMPTY, &answer) != CLI_OK)
        return;
    json_reader_init(&reader, answer, cli->arena, JSON_DEPTH_DEFAULT);
    if (!enter_array(&reader, SLICE("rules")))
        return;
    while (json_reader_next(&reader, &token, NULL) && token.kind == JSON_OBJECT_BEGIN) {
        while (next_member(&reader, cli->arena, &name, &token)) {
            if (slice_eq(name, SLICE("name")) && slice_eq(token.text, wanted))
                return;
        }
    }
    fputs("connectord: no rule of the tenant is called '", stderr);
    print_text(wanted);
    fputs("' now; connectord faults shows those that there are\n", stderr);
}
