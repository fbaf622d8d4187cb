/* http/method_override_test.c - what a POST turns into. */
#include "http/method_override.h"

#include "base/test.h"

static const struct {
    enum http_method sent;
    const char *fields[4]; /* name, value, name, value */
    enum http_method want;
    const char *text;
} cases[] = {
    { HTTP_POST, { NULL }, HTTP_POST, "POST" },
    { HTTP_POST, { "X-HTTP-Method", "PATCH" }, HTTP_PATCH, "PATCH" },
    { HTTP_POST, { "x-http-method-override", "patch" }, HTTP_PATCH, "PATCH" },
    { HTTP_POST, { "X-HTTP-Method", "MERGE" }, HTTP_PATCH, "PATCH" },
    { HTTP_POST, { "X-HTTP-Method-Override", "DELETE" }, HTTP_DELETE, "DELETE" },
    { HTTP_POST, { "X-HTTP-Method", "PUT" }, HTTP_PUT, "PUT" },
    { HTTP_POST, { "X-HTTP-Method", "POST" }, HTTP_POST, "POST" },
    { HTTP_POST,
      { "X-HTTP-Method", "PATCH", "X-HTTP-Method-Override", "merge" },
      HTTP_PATCH,
      "PATCH" },
    { HTTP_POST,
      { "X-HTTP-Method", "PATCH", "X-HTTP-Method-Override", "DELETE" },
      HTTP_OTHER,
      "DELETE" },
    { HTTP_POST, { "X-HTTP-Method", "POST", "X-HTTP-Method", "DELETE" }, HTTP_OTHER, "DELETE" },
    { HTTP_POST, { "X-HTTP-Method", "GET" }, HTTP_OTHER, "POST" },
    { HTTP_POST, { "X-HTTP-Method", "" }, HTTP_OTHER, "POST" },
    { HTTP_POST, { "X-HTTP-Method", "PATCH, DELETE" }, HTTP_OTHER, "POST" },
    { HTTP_POST, { "X-Method", "DELETE" }, HTTP_POST, "POST" },
    { HTTP_GET, { "X-HTTP-Method", "DELETE" }, HTTP_GET, "GET" },
    { HTTP_PATCH, { "X-HTTP-Method-Override", "DELETE" }, HTTP_PATCH, "PATCH" },
    { HTTP_DELETE, { "X-HTTP-Method-Override", "?" }, HTTP_DELETE, "DELETE" },
};

static struct slice text_of(enum http_method method)
{
    switch (method) {
    case HTTP_GET:
        return SLICE("GET");
    case HTTP_PATCH:
        return SLICE("PATCH");
    case HTTP_DELETE:
        return SLICE("DELETE");
    default:
        return SLICE("POST");
    }
}

static void test_override(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http_field fields[3] = { { SLICE("Host"), SLICE("DELETE") } };
        struct http_request request = { .method = cases[i].sent,
                                        .method_text = text_of(cases[i].sent),
                                        .fields = fields,
                                        .field_count = 1 };

        for (size_t j = 0; j + 1 < COUNT_OF(cases[i].fields) && cases[i].fields[j]; j += 2)
            fields[request.field_count++] = (struct http_field){ slice_of(cases[i].fields[j]),
                                                                 slice_of(cases[i].fields[j + 1]) };
        method_override(&request);
        CHECK(request.method == cases[i].want, i);
        CHECK(slice_eq(request.method_text, slice_of(cases[i].text)), i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_override) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
