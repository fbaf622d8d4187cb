/* odata/profiles_page_test.h - docs/profiles.md, for the tests that hold it to the tables. */
#ifndef ODATA_PROFILES_PAGE_TEST_H
#define ODATA_PROFILES_PAGE_TEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

#define PAGE_BYTES_MAX 65536

/* The page; tests run at the top of the repository. */
struct slice profiles_page(char memory[PAGE_BYTES_MAX]);

/* The lines that begin with "| `", of the first table behind the line `heading`, a heading or
 * a comment. */
size_t profiles_page_rows(struct slice page, struct slice heading);

/* The page quotes what is code; the table is plain, since a terminal shows it, too. */
bool profiles_page_has_row(struct slice page, const char *const cells[4]);

#endif
