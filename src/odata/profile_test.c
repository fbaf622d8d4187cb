/* odata/profile_test.c - the records are found, each difference between them has its row, and the
 * page for people has these rows and no others. */
#include "odata/profile.h"

#include <stdio.h>

#include "base/compiler.h"
#include "base/test.h"
#include "base/text.h"

#define PAGE_BYTES_MAX 65536

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

/* --- the page -------------------------------------------------------------------------------- */

/* docs/profiles.md; tests run at the top of the repository. */
static struct slice read_page(char memory[PAGE_BYTES_MAX])
{
    FILE *file = fopen("docs/profiles.md", "re");
    size_t len;

    assert_non_null(file);
    len = fread(memory, 1, PAGE_BYTES_MAX, file);
    fclose(file);
    assert_in_range(len, 1, PAGE_BYTES_MAX - 1);
    return (struct slice){ memory, len };
}

/* The lines that begin with "| `", between the heading and the next one. */
static size_t count_rows(struct slice page, struct slice heading)
{
    struct slice line;
    bool inside = false;
    size_t count = 0;

    while (slice_cut(page, '\n', &line, &page)) {
        if (slice_starts_with(line, SLICE("#")))
            inside = slice_eq(line, heading);
        count += inside && slice_starts_with(line, SLICE("| `"));
    }
    return count;
}

/* The page quotes what is code; the table is plain, since a terminal shows it, too. */
static bool has_row(struct slice page, const char *const cells[4])
{
    char memory[4096], plain[4096];
    struct text row, shown;
    struct slice line;

    text_init_fixed(&row, memory, sizeof memory);
    for (size_t i = 0; i < 4; i++)
        text_printf(&row, "| %s ", cells[i]);
    text_append(&row, SLICE("|"));
    while (slice_cut(page, '\n', &line, &page)) {
        text_init_fixed(&shown, plain, sizeof plain);
        for (size_t i = 0; i < line.len; i++) {
            if (line.ptr[i] != '`')
                text_append_char(&shown, line.ptr[i]);
        }
        if (!row.failed && slice_eq(text_slice(&shown), text_slice(&row)))
            return true;
    }
    return false;
}

static void test_page(void **state UNUSED)
{
    char memory[PAGE_BYTES_MAX];
    struct slice page = read_page(memory);

    for (size_t i = 0; i < profile_row_count; i++) {
        const struct profile_row *row = &profile_rows[i];
        const char *const cells[] = { row->id, row->documented, row->live, row->source };
        if (!has_row(page, cells))
            fail_msg("docs/profiles.md has no row for %s as odata/profile.c has it", row->id);
    }
    for (size_t i = 0; i < profile_agreement_count; i++) {
        const struct profile_agreement *row = &profile_agreements[i];
        const char *const cells[] = { row->id, row->seen, row->here, row->source };
        if (!has_row(page, cells))
            fail_msg("docs/profiles.md has no row for %s as odata/profile.c has it", row->id);
    }
    assert_int_equal(count_rows(page, SLICE("# Two reply profiles")), profile_row_count);
    assert_int_equal(count_rows(page, SLICE("## The same in both")), profile_agreement_count);
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
