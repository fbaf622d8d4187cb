/* auth/test_directory.h - a folder of its own for a test that writes keys.
 *
 * Not part of the product. Anything that fails here ends the program.
 */
#ifndef AUTH_TEST_DIRECTORY_H
#define AUTH_TEST_DIRECTORY_H

#include <stddef.h>
#include <sys/types.h>

/* A new folder; its path belongs to test_directory_remove(), which removes what is in it too. */
char *test_directory_make(void);
void test_directory_remove(char *path);

size_t test_directory_count(const char *path); /* entries, hidden ones too */
mode_t test_directory_mode(const char *path, const char *name);
void test_directory_chmod(const char *path, const char *name, mode_t mode);
/* Replaces or makes a file, mode 0600. */
void test_directory_write(const char *path, const char *name, const char *content);

#endif
