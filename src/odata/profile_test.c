/* odata/profile_test.c - the records are found, each difference between them has its row, and the
 * page for people has these rows and no others. */
#include "odata/profile.h"

#include "base/compiler.h"
#include "base/test.h"
#include "odata/profiles_page_test.h"

static void test_find(void **state UNUSED)
{
    assert_ptr_equal(profile_find(SLICE("documented")), &profile_documented);
    assert_ptr_equal(profile_find(SLICE("live")), &profile_live);
    assert_null(profile_find(SLICE("Live")));
    assert_null(profile_find(SLICE("liv")));
    assert_null(profile_find(SLICE_EMPTY));
}

static void test_rows(void **state UNUSED)
{
    int differences =
        (profile_documented.dates_in_utc != profile_live.dates_in_utc) +
        (profile_documented.type_at_minimal != profile_live.type_at_minimal) +
        (profile_documented.back_end_messages != profile_live.back_end_messages) +
        (profile_documented.refuses_beyond_graph != profile_live.refuses_beyond_graph) +
        (profile_documented.tips != profile_live.tips) +
        (profile_documented.page_size_default != profile_live.page_size_default);

    assert_int_equal(profile_row_count, differences);
    for (size_t i = 0; i < profile_row_count; i++) {
        CHECK(profile_rows[i].id[0] && profile_rows[i].source[0], i);
        CHECK(profile_rows[i].documented[0] && profile_rows[i].live[0], i);
        for (size_t j = 0; j < i; j++)
            CHECK(strcmp(profile_rows[i].id, profile_rows[j].id) != 0, i);
    }
}

static void test_page(void **state UNUSED)
{
    char memory[PAGE_BYTES_MAX];
    struct slice page = profiles_page(memory);

    for (size_t i = 0; i < profile_row_count; i++) {
        const struct profile_row *row = &profile_rows[i];
        const char *const cells[] = { row->id, row->documented, row->live, row->source };
        if (!profiles_page_has_row(page, cells))
            fail_msg("docs/profiles.md has no row for %s as odata/profile.c has it", row->id);
    }
    for (size_t i = 0; i < profile_agreement_count; i++) {
        const struct profile_agreement *row = &profile_agreements[i];
        const char *const cells[] = { row->id, row->seen, row->here, row->source };
        if (!profiles_page_has_row(page, cells))
            fail_msg("docs/profiles.md has no row for %s as odata/profile.c has it", row->id);
    }
    assert_int_equal(profiles_page_rows(page, SLICE("# Two reply profiles")), profile_row_count);
    assert_int_equal(profiles_page_rows(page, SLICE("## The same in both")),
                     profile_agreement_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
