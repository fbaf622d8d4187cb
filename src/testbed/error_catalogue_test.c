/* testbed/error_catalogue_test.c - whole bodies byte for byte, and what holds of every row. */
#include "testbed/error_catalogue.h"

#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"
#include "json/reader.h"

#define PLENTY ((size_t)1 << 20)

static const struct catalogue_facts some_facts = {
    .date = SLICE_INIT("2024-01-21T15:57:55"),
    .request_id = SLICE_INIT("00000000-0000-4000-8000-000000000001"),
    .client_request_id = SLICE_INIT("00000000-0000-4000-8000-000000000002"),
};

/* What rules may be written with: a name that goes breaks somebody's tests. */
static const char *const names[] = {
    "400.empty-payload",
    "400.model-validation-literal",
    "400.model-validation-unknown-type",
    "400.model-validation-wrong-type",
    "400.query-option-not-allowed",
    "400.select-syntax",
    "400.select-unknown-property",
    "400.subscription-validation",
    "400.tenant-not-licensed",
    "400.unknown-segment",
    "400.unreadable-json",
    "401.compact-token-parse",
    "401.expired",
    "401.invalid-audience",
    "401.token-empty",
    "401.validation-failure",
    "403.directory-style",
    "403.domainJoinConnector-delete",
    "403.intune-app-only",
    "403.intune-scope",
    "403.intune-scope-exchange",
    "404.intune-entity",
    "404.invalid-version",
    "405.method-not-allowed",
    "429.graph",
    "429.intune",
    "500.intune",
    "503.graph",
    "504.graph",
};

static const struct {
    const char *name, *path, *body;
} bodies[] = {
    { "400.model-validation-literal", "-",
      "{\"error\":{\"code\":\"ModelValidationFailure\",\"message\":\"Cannot convert the liter"
      "al '3' to the expected type 'Edm.String'.\",\"innerError\":{\"message\":\"Cannot conve"
      "rt the literal '3' to the expected type 'Edm.String'.\",\"date\":\"2024-01-21T15:57:55"
      "\",\"request-id\":\"00000000-0000-4000-8000-000000000001\",\"client-request-id\":\"000"
      "00000-0000-4000-8000-000000000002\"}}}" },
    { "403.domainJoinConnector-delete",
      "deviceManagement/domainJoinConnectors('ba72003d-9bda-4000-8bff-9986a14062d0')",
      "{\"error\":{\"code\":\"UnknownError\",\"message\":\"{\\\"ErrorCode\\\":\\\"Forbidden\\"
      "\",\\\"Message\\\":\\\"{\\\\r\\\\n  \\\\\\\"_version\\\\\\\": 3,\\\\r\\\\n  \\\\\\\"Me"
      "ssage\\\\\\\": \\\\\\\"An error has occurred - Operation ID (for customer support): 00"
      "000000-0000-0000-0000-000000000000 - Activity ID: 00000000-0000-4000-8000-000000000002"
      " - Url: https://fef.msub05.manage.microsoft.com/RAODJPlus/StatelessODJService/34893bcc"
      "-ffff-1517-1115-111816555618/deviceManagement/domainJoinConnectors('ba72003d-9bda-4000"
      "-8bff-9986a14062d0')?api-version=5018-08-30\\\\\\\",\\\\r\\\\n  \\\\\\\"CustomApiError"
      "Phrase\\\\\\\": \\\\\\\"\\\\\\\",\\\\r\\\\n  \\\\\\\"RetryAfter\\\\\\\": null,\\\\r\\"
      "\\n  \\\\\\\"ErrorSourceService\\\\\\\": \\\\\\\"\\\\\\\",\\\\r\\\\n  \\\\\\\"HttpHead"
      "ers\\\\\\\": \\\\\\\"{}\\\\\\\"\\\\r\\\\n}\\\",\\\"Target\\\":null,\\\"Details\\\":nul"
      "l,\\\"InnerError\\\":null,\\\"InstanceAnnotations\\\":[]}\",\"innerError\":{\"date\":"
      "\"2024-01-21T15:57:55\",\"request-id\":\"00000000-0000-4000-8000-000000000001\",\"clie"
      "nt-request-id\":\"00000000-0000-4000-8000-000000000002\"}}}" },
    { "403.intune-scope", "deviceManagement/ndesConnectors",
      "{\"error\":{\"code\":\"Forbidden\",\"message\":\"{\\r\\n  \\\"_version\\\": 3,\\r\\n  "
      "\\\"Message\\\": \\\"Application is not authorized to perform this operation. Applicat"
      "ion must have one of the following scopes: DeviceManagementConfiguration.Read.All, Dev"
      "iceManagementConfiguration.ReadWrite.All - Operation ID (for customer support): 000000"
      "00-0000-0000-0000-000000000000 - Activity ID: 00000000-0000-4000-8000-000000000002 - U"
      "rl: https://fef.msub05.manage.microsoft.com/DeviceConfiguration_2311/StatelessDeviceCo"
      "nfigurationFEService/deviceManagement/ndesConnectors?api-version=5023-10-14\\\",\\r\\n"
      "  \\\"CustomApiErrorPhrase\\\": \\\"\\\",\\r\\n  \\\"RetryAfter\\\": null,\\r\\n  \\\""
      "ErrorSourceService\\\": \\\"\\\",\\r\\n  \\\"HttpHeaders\\\": \\\"{}\\\"\\r\\n}\",\"in"
      "nerError\":{\"date\":\"2024-01-21T15:57:55\",\"request-id\":\"00000000-0000-4000-8000-"
      "000000000001\",\"client-request-id\":\"00000000-0000-4000-8000-000000000002\"}}}" },
    { "405.method-not-allowed", "-",
      "{\"error\":{\"code\":\"Request_BadRequest\",\"message\":\"Specified HTTP method is not"
      " allowed for the request target.\",\"innerError\":{\"date\":\"2024-01-21T15:57:55\",\""
      "request-id\":\"00000000-0000-4000-8000-000000000001\",\"client-request-id\":\"00000000"
      "-0000-4000-8000-000000000002\"}}}" },
    { "429.graph", "-",
      "{\"error\":{\"code\":\"TooManyRequests\",\"innerError\":{\"code\":\"429\",\"date\":\"2"
      "024-01-21T15:57:55\",\"message\":\"Please retry after\",\"request-id\":\"00000000-0000"
      "-4000-8000-000000000001\",\"status\":\"429\"},\"message\":\"Please retry again later."
      "\"}}" },
    { "429.intune", "-",
      "{\"error\":{\"code\":\"TooManyRequests\",\"message\":\"An error has occurred.\",\"deta"
      "ils\":[],\"innerError\":{\"date\":\"2024-01-21T15:57:55\",\"request-id\":\"00000000-00"
      "00-4000-8000-000000000001\",\"client-request-id\":\"00000000-0000-4000-8000-0000000000"
      "02\"}}}" },
    { "500.intune", "deviceManagement/managedDevices",
      "{\"error\":{\"code\":\"InternalServerError\",\"message\":\"{\\r\\n  \\\"_version\\\": "
      "3,\\r\\n  \\\"Message\\\": \\\"An internal server error has occurred - Operation ID (f"
      "or customer support): 00000000-0000-0000-0000-000000000000 - Activity ID: 00000000-000"
      "0-4000-8000-000000000002 - Url: https://fef.msub01.manage.microsoft.com/DeviceFE/State"
      "lessDeviceFEService/deviceManagement/managedDevices?api-version=2023-10-19\\\",\\r\\n "
      " \\\"CustomApiErrorPhrase\\\": \\\"\\\",\\r\\n  \\\"RetryAfter\\\": null,\\r\\n  \\\"E"
      "rrorSourceService\\\": \\\"\\\",\\r\\n  \\\"HttpHeaders\\\": \\\"{}\\\"\\r\\n}\",\"inn"
      "erError\":{\"date\":\"2024-01-21T15:57:55\",\"request-id\":\"00000000-0000-4000-8000-0"
      "00000000001\",\"client-request-id\":\"00000000-0000-4000-8000-000000000002\"}}}" },
    { "503.graph", "-",
      "{\"error\":{\"code\":\"ServiceUnavailable\",\"message\":\"The service is temporarily u"
      "navailable.\",\"innerError\":{\"date\":\"2024-01-21T15:57:55\",\"request-id\":\"000000"
      "00-0000-4000-8000-000000000001\",\"client-request-id\":\"00000000-0000-4000-8000-00000"
      "0000002\"}}}" },
};

static struct slice body_of(struct slice name, const struct catalogue_facts *facts,
                            struct arena *arena)
{
    const struct catalogue_error *error = error_catalogue_find(name);
    struct text text;

    assert_non_null(error);
    text_init(&text, arena, 0, PLENTY);
    error_catalogue_write(error, facts, &text);
    assert_false(text.failed);
    return text_slice(&text);
}

static void test_catalogue_names(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(names); i++)
        CHECK(error_catalogue_find(slice_of(names[i])), i);
    assert_int_equal(error_catalogue_count, COUNT_OF(names));
    assert_null(error_catalogue_find(SLICE("429.Intune")));
    assert_null(error_catalogue_find(SLICE("429")));
    assert_null(error_catalogue_find(SLICE_EMPTY));
}

static void test_catalogue_bodies(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        struct arena *arena = arena_create(NULL, PLENTY);
        struct catalogue_facts facts = some_facts;

        facts.path = slice_of(bodies[i].path);
        struct slice body = body_of(slice_of(bodies[i].name), &facts, arena);
        if (!slice_eq(body, slice_of(bodies[i].body)))
            fail_msg("%s:\n%.*s", bodies[i].name, SLICE_ARG(body));
        arena_destroy(arena);
    }
}

/* The name begins with the status, every row has all its words, and all placeholders are known. */
static void test_catalogue_rows(void **state UNUSED)
{
    for (size_t i = 0; i < error_catalogue_count; i++) {
        const struct catalogue_error *error = &error_catalogue[i];
        struct arena *arena = arena_create(NULL, PLENTY);
        struct slice head, tail;
        uint64_t status;

        CHECK(slice_cut(error->name, '.', &head, &tail), i);
        CHECK(slice_to_uint64(head, 599, &status) && (int)status == error->status, i);
        CHECK(error->code[0] && error->message[0] && error->source && error->source[0], i);
        CHECK(error_catalogue_find(error->name) == error, i);
        struct slice body = body_of(error->name, &some_facts, arena);
        CHECK(json_is_valid(body, arena, JSON_DEPTH_DEFAULT), i);
        CHECK(slice_index(body, '$') == body.len, i);
        arena_destroy(arena);
    }
}

/* error.message of `body`, read as often as it is a JSON text with such a member. */
static struct slice innermost_message(struct slice body, struct arena *arena)
{
    struct slice found = SLICE_EMPTY;

    for (;;) {
        struct json_reader reader;
        struct json_token token;
        bool is_message = false, any = false;

        json_reader_init(&reader, body, arena, JSON_DEPTH_DEFAULT);
        while (json_reader_next(&reader, &token, NULL) && token.kind != JSON_END) {
            if (is_message && token.kind == JSON_STRING) {
                found = token.text;
                any = true;
            }
            is_message = token.kind == JSON_NAME && slice_eq_nocase(token.text, SLICE("message"));
        }
        if (!any)
            return found;
        body = found;
    }
}

/* Whatever a client sends as its id or in its path, the texts inside texts stay JSON. */
static void test_catalogue_hostile_facts(void **state UNUSED)
{
    struct catalogue_facts facts = some_facts;

    facts.client_request_id = SLICE("a\"b\\c");
    facts.path = SLICE("x('\"}\\\n\x01\xFF ${path}')");
    for (size_t i = 0; i < error_catalogue_count; i++) {
        struct arena *arena = arena_create(NULL, PLENTY);
        struct slice body = body_of(error_catalogue[i].name, &facts, arena);
        CHECK(json_is_valid(body, arena, JSON_DEPTH_DEFAULT), i);
        arena_destroy(arena);
    }
    struct arena *arena = arena_create(NULL, PLENTY);
    struct slice message =
        innermost_message(body_of(SLICE("403.domainJoinConnector-delete"), &facts, arena), arena);
    assert_true(slice_ends_with(message, SLICE("/x('%22}%5C%0A%01%FF%20${path}')?api-version="
                                               "5018-08-30")));
    assert_true(slice_starts_with(message, SLICE("An error has occurred - Operation ID")));
    arena_destroy(arena);
}

static void test_catalogue_no_room(void **state UNUSED)
{
    char memory[64];
    struct text text;

    text_init_fixed(&text, memory, sizeof memory);
    error_catalogue_write(error_catalogue_find(SLICE("500.intune")), &some_facts, &text);
    assert_true(text.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_catalogue_names),   cmocka_unit_test(test_catalogue_bodies),
        cmocka_unit_test(test_catalogue_rows),    cmocka_unit_test(test_catalogue_hostile_facts),
        cmocka_unit_test(test_catalogue_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
