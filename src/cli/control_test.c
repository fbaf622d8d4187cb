/* cli/control_test.c - addresses of the control API, and what an error's body says.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "base/arena.h"
#include "base/text.h"
#include "cli/control.h"
#include "json/reader.h"
#include "json/writer.h"

#define TENANT "6b1f3c52-0000-4000-8000-000000000001"

static const struct {
    const char *path, *tenant;
    const char *base; /* NULL: refused */
    const char *why;
} bases[] = {
    { "", "", "/_connectord", NULL },
    { "/", "", "/_connectord", NULL },
    { "", TENANT, "/_connectord/tenants/" TENANT, NULL },
    { "/_connectord", "", "/_connectord", NULL },
    { "/_connectord/", TENANT, "/_connectord/tenants/" TENANT, NULL },
    { "/_connectord/tenants/" TENANT, "", "/_connectord/tenants/" TENANT, NULL },
    { "/_connectord/tenants/" TENANT "/", "", "/_connectord/tenants/" TENANT, NULL },
    { "/_connectord/tenants/" TENANT, TENANT, NULL, "names a tenant already" },
    { "/health", "", NULL, "found one with '/health'" },
    { "/_connectordx", "", NULL, "without a path" },
    { "/_connectord/clock", "", NULL, "without a path" },
    { "/?x", "", NULL, "without a path" },
};

static void test_base(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 65536);

    for (size_t i = 0; i < COUNT_OF(bases); i++) {
        struct error error = { 0 };
        struct slice base;
        bool ok =
            control_base(slice_of(bases[i].path), slice_of(bases[i].tenant), arena, &base, &error);

        CHECK(ok == (bases[i].base != NULL), i);
        CHECK(!ok || slice_eq(base, slice_of(bases[i].base)), i);
        CHECK(ok || (error.code == ERROR_BAD_REQUEST && strstr(error.message, bases[i].why)), i);
    }
    arena_destroy(arena);
}

static const struct {
    const char *body;
    const char *message; /* NULL: none */
} envelopes[] = {
    { "{\"error\":{\"code\":\"BadRequest\",\"message\":\"No such persona.\"}}",
      "No such persona." },
    { "{\"x\":[1,{}],\"error\":{\"innerError\":{\"message\":\"in\"},\"message\":\"out\"}}", "out" },
    { "{\"error\":{\"message\":\"a\\u001b[1mb\\nc\\u007f\"}}", "a [1mb c " },
    { "{\"error\":{\"message\":\"Stra\\u00dfe\"}}", "Stra\xc3\x9f"
                                                    "e" },
    { "{\"error\":{\"message\":\"\"}}", NULL },
    { "{\"error\":{\"message\":3}}", NULL },
    { "{\"error\":{\"code\":\"BadRequest\"}}", NULL },
    { "{\"error\":\"invalid_client\"}", NULL },
    { "{\"message\":\"x\"}", NULL },
    { "{\"error\":{\"message\":\"cut", NULL },
    { "[]", NULL },
    { "", NULL },
    { "<html>", NULL },
};

static void test_error_message(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(envelopes); i++) {
        struct arena *arena = arena_create(NULL, 65536);
        struct slice message = SLICE("?");
        bool found = control_error_message(slice_of(envelopes[i].body), arena, &message);

        CHECK(found == (envelopes[i].message != NULL), i);
        CHECK(slice_eq(message, slice_of(found ? envelopes[i].message : "?")), i);
        arena_destroy(arena);
    }
}

static const struct {
    const char *json;
    const char *text; /* of the member "a"; NULL: there is none */
} members[] = {
    { "{\"a\":\"x\\u0041\"}", "xA" },
    { "{\"b\":{\"a\":1},\"a\":2}", "2" },
    { "{\"b\":{\"a\":1}}", NULL },
    { "{}", NULL },
    { "[\"a\",1]", NULL },
    { "{\"a\":", NULL },
    { "", NULL },
};

static void test_member(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        struct arena *arena = arena_create(NULL, 65536);
        struct json_token token = { .text = SLICE("?") };
        bool found = control_member(slice_of(members[i].json), SLICE("a"), arena, &token);

        CHECK(found == (members[i].text != NULL), i);
        CHECK(!found || slice_eq(token.text, slice_of(members[i].text)), i);
        arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base),
        cmocka_unit_test(test_error_message),
        cmocka_unit_test(test_member),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
