/* odata/beyond_test.c - the rows are whole and apart, and the page for people has them and no
 * others. */
#include "odata/beyond.h"

#include <string.h>

#include "base/compiler.h"
#include "base/test.h"
#include "odata/profiles_page_test.h"

static void test_rows(void **state UNUSED)
{
    _Static_assert(BEYOND_COUNT <= 32, "a set of rows is a uint32_t");
    for (size_t i = 0; i < BEYOND_COUNT; i++) {
        const struct beyond_row *row = &beyond_rows[i];

        CHECK(row->id && row->what && row->graph && row->source && row->target && row->message, i);
        CHECK(row->id[strspn(row->id, "abcdefghijklmnopqrstuvwxyz0123456789-")] == 0, i);
        CHECK((row->refusal == ERROR_NONE) == (row->message[0] == 0), i);
        for (size_t j = 0; j < i; j++)
            CHECK(strcmp(beyond_rows[j].id, row->id) != 0, i);
    }
}

static void test_page(void **state UNUSED)
{
    char memory[PAGE_BYTES_MAX];
    struct slice page = profiles_page(memory);

    for (size_t i = 0; i < BEYOND_COUNT; i++) {
        const struct beyond_row *row = &beyond_rows[i];
        const char *const cells[] = { row->id, row->what, row->graph, row->source };

        if (!profiles_page_has_row(page, cells))
            fail_msg("docs/profiles.md has no row for %s as odata/beyond.c has it", row->id);
    }
    assert_int_equal(profiles_page_rows(page, SLICE("<!-- rows of src/odata/beyond.c -->")),
                     BEYOND_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
