/* http/intake_test.c - where a request's bytes go, and how much memory is taken for them. */
#include "http/intake.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/test.h"

static const struct http_limits limits = {
    .head_bytes = 32768,
    .fields = 64,
    .body_bytes = 4 << 20,
    .request_arena_bytes = 65536,
};

#define H "Host: a\r\n"

struct taken {
    enum intake_phase phase;
    struct http_request request;
    struct intake intake;
    struct error err;
    size_t fed;
};

static struct arena *new_arena(void)
{
    return arena_create(NULL, limits.request_arena_bytes + intake_budget_bytes(&limits));
}

/* Feeds `input` behind `carried` in pieces of `step` until the request is there, or the end. */
static void feed(struct arena *arena, struct slice carried, struct slice input, size_t step,
                 struct taken *ret)
{
    *ret = (struct taken){ .phase = INTAKE_HEAD };
    assert_true(intake_init(&ret->intake, arena, &limits, carried));
    ret->phase = intake_took(&ret->intake, 0, &ret->request, &ret->err);
    while ((ret->phase == INTAKE_HEAD || ret->phase == INTAKE_BODY) && ret->fed < input.len) {
        char *to;
        size_t room, piece = step < input.len - ret->fed ? step : input.len - ret->fed;

        assert_true(intake_room(&ret->intake, &to, &room, &ret->err));
        assert_true(room > 0);
        if (piece > room)
            piece = room;
        memcpy(to, input.ptr + ret->fed, piece);
        ret->fed += piece;
        ret->phase = intake_took(&ret->intake, piece, &ret->request, &ret->err);
    }
}

static const struct {
    struct slice input, body, rest;
} cases[] = {
    { SLICE_INIT("GET / HTTP/1.1\r\n" H "\r\n"), SLICE_INIT(""), SLICE_INIT("") },
    { SLICE_INIT("\r\n\r\nGET / HTTP/1.1\r\n" H "\r\nnext"), SLICE_INIT(""), SLICE_INIT("next") },
    { SLICE_INIT("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhellonext"), SLICE_INIT("hello"),
      SLICE_INIT("next") },
    { SLICE_INIT("POST / HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\nnext"), SLICE_INIT(""),
      SLICE_INIT("next") },
    { SLICE_INIT("POST / HTTP/1.1\r\n" H
                 "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\nnext"),
      SLICE_INIT("hello"), SLICE_INIT("next") },
};

/* What was not fed yet and what was read too far are together what comes next. */
static void test_requests(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (size_t cut = 0; cut <= cases[i].input.len; cut++) {
            for (size_t step = 1; step < 9; step += 3) {
                struct arena *arena = new_arena();
                struct taken taken;
                struct slice carried = slice_sub(cases[i].input, 0, cut);
                struct slice later = slice_sub(cases[i].input, cut, cases[i].input.len);

                feed(arena, carried, later, step, &taken);
                CHECK(taken.phase == INTAKE_DONE, i);
                CHECK(slice_eq(taken.request.body, cases[i].body), i);
                CHECK(taken.intake.rest.len + later.len - taken.fed == cases[i].rest.len, i);
                CHECK(slice_starts_with(cases[i].rest, taken.intake.rest), i);
                arena_destroy(arena);
            }
        }
    }
}

/* Announced is not arrived: memory follows the bytes. */
static void test_memory_follows_arrival(void **state UNUSED)
{
    static const struct slice heads[] = {
        SLICE_INIT("POST / HTTP/1.1\r\n" H "Content-Length: 4194304\r\n\r\n"),
        SLICE_INIT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n400000\r\n"),
    };
    size_t len = 4 << 20;
    char *body = malloc(len);
    assert_non_null(body);
    memset(body, 'b', len);

    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        struct arena *arena = new_arena();
        struct taken taken;
        size_t arrived = 0;

        feed(arena, SLICE_EMPTY, heads[i], 10000, &taken);
        CHECK(taken.phase == INTAKE_BODY, i);
        CHECK(arena_used_bytes(arena) < 32768, i);
        while (arrived < len && taken.phase == INTAKE_BODY) {
            char *to;
            size_t room;
            CHECK(intake_room(&taken.intake, &to, &room, &taken.err), arrived);
            if (room > 10000)
                room = 10000;
            if (room > len - arrived)
                room = len - arrived;
            memcpy(to, body + arrived, room);
            arrived += room;
            taken.phase = intake_took(&taken.intake, room, &taken.request, &taken.err);
            CHECK(arena_used_bytes(arena) < 40000 + arrived + arrived / 4, arrived);
            CHECK(intake_body_bytes(&taken.intake) == arrived, arrived);
        }
        CHECK(arrived == len, i);
        CHECK(taken.phase == (i == 0 ? INTAKE_DONE : INTAKE_BODY), i);
        arena_destroy(arena);
    }
    free(body);
}

static const struct {
    struct slice input;
    enum error_code code;
} refused[] = {
    { SLICE_INIT("POST / HTTP/1.1\r\n" H "Content-Length: 4194305\r\n\r\n"), ERROR_TOO_LARGE },
    { SLICE_INIT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n400001\r\n"),
      ERROR_TOO_LARGE },
    { SLICE_INIT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\nx"),
      ERROR_BAD_REQUEST },
    { SLICE_INIT("GET / HTTP/1.1\r\n\r\n"), ERROR_BAD_REQUEST },
};

static void test_refused(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct arena *arena = new_arena();
        struct taken taken;

        feed(arena, SLICE_EMPTY, refused[i].input, 7, &taken);
        CHECK(taken.phase == INTAKE_FAILED && taken.err.code == refused[i].code, i);
        arena_destroy(arena);
    }
}

/* Nothing but empty lines: dropped, but not without end. */
static void test_empty_lines_are_bounded(void **state UNUSED)
{
    static char lines[40000];
    struct arena *arena = new_arena();
    struct taken taken;

    for (size_t i = 0; i < sizeof lines; i++)
        lines[i] = i % 2 ? '\n' : '\r';
    feed(arena, SLICE_EMPTY, (struct slice){ lines, sizeof lines }, 1000, &taken);
    assert_int_equal(taken.phase, INTAKE_FAILED);
    assert_true(taken.fed <= limits.head_bytes);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_memory_follows_arrival),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_empty_lines_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
