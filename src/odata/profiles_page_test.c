/* odata/profiles_page_test.c - reads docs/profiles.md. */
#include "odata/profiles_page_test.h"

#include <stdio.h>

#include "base/test.h"
#include "base/text.h"

struct slice profiles_page(char memory[PAGE_BYTES_MAX])
{
    FILE *file = fopen("docs/profiles.md", "re");
    size_t len;

    assert_non_null(file);
    len = fread(memory, 1, PAGE_BYTES_MAX, file);
    fclose(file);
    assert_in_range(len, 1, PAGE_BYTES_MAX - 1);
    return (struct slice){ memory, len };
}

size_t profiles_page_rows(struct slice page, struct slice heading)
{
    struct slice line;
    bool inside = false;
    size_t count = 0;

    while (slice_cut(page, '\n', &line, &page)) {
        if (slice_starts_with(line, SLICE("#")) || slice_starts_with(line, SLICE("<!--")))
            inside = slice_eq(line, heading);
        count += inside && slice_starts_with(line, SLICE("| `"));
        inside = inside && !(count > 0 && line.len == 0);
    }
    return count;
}

bool profiles_page_has_row(struct slice page, const char *const cells[4])
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
