/* http/accept_encoding_test.c - what clients write, and what that means for gzip. */
#include "http/accept_encoding.h"

#include "base/test.h"

static const struct {
    const char *fields[2];
    bool want;
} cases[] = {
    { { NULL }, false },
    { { "gzip" }, true },
    { { "GZIP" }, true },
    { { "x-gzip" }, true },
    { { "gzip, deflate, br" }, true },
    { { "deflate, gzip;q=0.5, br;q=1" }, true }, /* of those that there are, gzip is the best */
    { { "deflate", "gzip" }, true },
    { { "*" }, true },
    { { "br, *;q=0.1" }, true },
    { { "gzip ; q=0.001" }, true },
    { { ",,gzip,," }, true },
    { { "gzip;Q=1.000" }, true },
    { { "gzip;q=0, gzip" }, true },
    { { "" }, false },
    { { "identity" }, false },
    { { "br, deflate" }, false },
    { { "gzip;q=0" }, false },
    { { "gzip;q=0.000" }, false },
    { { "*;q=0" }, false },
    { { "gzip;q=0, *" }, false }, /* the name counts, not the star */
    { { "*, gzip;q=0" }, false },
    { { "identity, gzip" }, false }, /* not above identity's */
    { { "identity;q=0.5, gzip;q=0.4" }, false },
    { { "identity;q=0.5", "gzip;q=0.4" }, false },
    { { "identity;q=0.5, gzip;q=0.501" }, true },
    { { "identity;q=0, gzip;q=0.1" }, true },
    { { "identity;q=0" }, false },
    { { "gzipped" }, false },
    { { "gzip;q=2" }, false },
    { { "gzip;q=1.001" }, false },
    { { "gzip;q=0.1234" }, false },
    { { "gzip;q=" }, false },
    { { "gzip;q=-1" }, false },
    { { "gzip;q=.5" }, false },
    { { "gzip;q=1x" }, false },
    { { "gzip;level=9" }, false },
};

static void test_prefers_gzip(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http_field fields[3] = { { SLICE("Host"), SLICE("gzip") } };
        struct http_request request = { .fields = fields, .field_count = 1 };

        for (size_t j = 0; j < COUNT_OF(cases[i].fields) && cases[i].fields[j]; j++)
            fields[request.field_count++] =
                (struct http_field){ SLICE("accept-Encoding"), slice_of(cases[i].fields[j]) };
        CHECK(accept_encoding_prefers_gzip(&request) == cases[i].want, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_prefers_gzip) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
