/* http/h2_patience_test.c - who is cut off, and who is not.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/h2_patience.h"

#include <nghttp2/nghttp2.h>

#include "base/test.h"

/* So many frames of a type in a row, as fast as they come. */
static const struct {
    uint8_t type, flags;
    size_t len, lasts_least, lasts_most;
} floods[] = {
    { NGHTTP2_RST_STREAM, 0, 4, 400, 600 },
    { NGHTTP2_SETTINGS, 0, 0, 200, 300 },
    { NGHTTP2_PING, 0, 8, 900, 1100 },
    { NGHTTP2_PRIORITY, 0, 5, 2000, 2100 },
    { NGHTTP2_WINDOW_UPDATE, 0, 4, 2000, 2100 },
    { NGHTTP2_CONTINUATION, 0, 0, 400, 600 },
    { NGHTTP2_DATA, 0, 0, 400, 600 },
    { NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 9, 1000, 1100 },
    { 0x77, 0, 0, 2000, 2100 },
    { NGHTTP2_DATA, 0, 1000, SIZE_MAX, SIZE_MAX },
    { NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 0, SIZE_MAX, SIZE_MAX },
};

static void test_floods(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(floods); i++) {
        struct h2_patience patience;
        size_t lasted = 0;

        h2_patience_init(&patience, 1000);
        while (lasted < 100000 &&
               h2_patience_takes(&patience, 1000, floods[i].type, floods[i].flags, floods[i].len))
            lasted++;
        CHECK((lasted == 100000) == (floods[i].lasts_least == SIZE_MAX), i);
        CHECK(lasted == 100000 ||
                  (lasted >= floods[i].lasts_least && lasted <= floods[i].lasts_most),
              i);
    }
}

/* Two windows for each full frame, and a head for each answer: for ever. */
static void test_a_client_that_reads(void **state UNUSED)
{
    struct h2_patience patience;

    h2_patience_init(&patience, 0);
    for (int i = 0; i < 100000; i++) {
        assert_true(h2_patience_takes(&patience, 0, NGHTTP2_HEADERS, 0, 100));
        for (int frame = 0; frame < 4; frame++) {
            h2_patience_thanks(&patience, frame == 3, 16000);
            assert_true(h2_patience_takes(&patience, 0, NGHTTP2_WINDOW_UPDATE, 0, 4));
            assert_true(h2_patience_takes(&patience, 0, NGHTTP2_WINDOW_UPDATE, 0, 4));
        }
    }
}

/* A window for each byte. */
static void test_crumbs(void **state UNUSED)
{
    struct h2_patience patience;
    int lasted = 0;

    h2_patience_init(&patience, 0);
    while (lasted < 10000 && h2_patience_takes(&patience, 0, NGHTTP2_WINDOW_UPDATE, 0, 4)) {
        h2_patience_thanks(&patience, false, 1);
        lasted++;
    }
    assert_true(lasted < 2100);
}

static void test_time_fills_up(void **state UNUSED)
{
    struct h2_patience patience;
    uint64_t now_ms = 5;

    h2_patience_init(&patience, now_ms);
    for (int s = 0; s < 1000; s++) { /* a hundred pings a second */
        for (int i = 0; i < 100; i++)
            assert_true(h2_patience_takes(&patience, now_ms += 10, NGHTTP2_PING, 0, 8));
    }
    while (h2_patience_takes(&patience, now_ms, NGHTTP2_PING, 0, 8))
        ;
    now_ms += UINT64_C(1) << 60; /* no number overflows */
    assert_true(h2_patience_takes(&patience, now_ms, NGHTTP2_SETTINGS, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_floods),
        cmocka_unit_test(test_a_client_that_reads),
        cmocka_unit_test(test_crumbs),
        cmocka_unit_test(test_time_fills_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
