/* server/control_rig_test.c - see control_rig_test.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "server/control_rig_test.h"

#include "base/arena.h"
#include "base/test.h"
#include "service/provision.h"
#include "json/reader.h"

struct rig control_rig;
struct testbeds *control_beds;

int control_open_rig(void **state UNUSED)
{
    rig_open_control(&control_rig);
    control_beds = control_rig.api.testbeds;
    return 0;
}

int control_close_rig(void **state UNUSED)
{
    rig_close(&control_rig);
    return 0;
}

int control_say(enum http_method method, const char *path, const char *body, struct answer *ret)
{
    const struct ask it = { .method = method, .path = path, .body = body, .host = RIG_LOCAL };

    rig_ask(&control_rig, &it, ROOMY, ret);
    return ret->exchange.response.status;
}

int control_status(enum http_method method, const char *path, const char *body)
{
    struct answer answer;
    int status = control_say(method, path, body, &answer);

    answer_free(&answer);
    return status;
}

bool control_says(enum http_method method, const char *path, const char *body, const char *what)
{
    struct answer answer;
    bool ok = control_say(method, path, body, &answer) / 100 == 2;

    if (!ok)
        print_message("%s: %d %.*s\n", path, answer.exchange.response.status,
                      SLICE_ARG(answer.exchange.response.body));
    ok = ok && answer_count(&answer, what) > 0;
    answer_free(&answer);
    return ok;
}

const char *control_member_of(const struct answer *answer, const char *name)
{
    struct slice body = answer->exchange.response.body, value = SLICE_EMPTY;
    struct json_reader reader;
    struct json_token token;

    json_reader_init(&reader, body, answer->exchange.arena, 16);
    assert_true(json_reader_next(&reader, &token, NULL));
    while (json_reader_next(&reader, &token, NULL) && token.kind == JSON_NAME) {
        bool found = slice_eq(token.text, slice_of(name));

        assert_true(json_reader_skip(&reader, &value, NULL));
        if (found)
            break;
    }
    return slice_to_cstr(answer->exchange.arena, slice_sub(value, 1, value.len - 2));
}

const char *control_make_sandbox(struct arena *arena, const char *body)
{
    struct answer answer;
    struct slice path;

    assert_int_equal(control_say(HTTP_POST, BASE "/sandbox", body, &answer), 201);
    assert_true(
        arena_printf(arena, &path, BASE "/tenants/%s", control_member_of(&answer, "tenant")));
    answer_free(&answer);
    return path.ptr;
}

void control_end_sandbox(const char *path)
{
    assert_int_equal(control_status(HTTP_DELETE, path, NULL), 204);
    assert_int_equal(control_status(HTTP_GET, path, NULL), 404);
}

const char *control_under(struct arena *arena, const char *path, const char *rest)
{
    struct slice all;

    assert_true(arena_printf(arena, &all, "%s%s", path, rest));
    return all.ptr;
}

struct testbed *control_hold_default(void)
{
    return testbeds_hold(control_beds, service_default_tenant());
}

void control_start_anew(void)
{
    assert_int_equal(control_status(HTTP_POST, BASE "/reset", "{}"), 200);
}

void control_add_request(const char *method, const char *path, int status, const char *fault)
{
    struct testbed *testbed = control_hold_default();
    const struct journal_entry entry = { .at_ticks = testbed_now_ticks(testbed),
                                         .method = slice_of(method),
                                         .path = slice_of(path),
                                         .fault = slice_of(fault),
                                         .status = status,
                                         .executed = !fault };

    journal_add(testbed_journal(testbed), &entry);
    testbed_release(testbed);
}
