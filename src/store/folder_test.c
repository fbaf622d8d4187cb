/* store/folder_test.c - a store's folder and its files: who may read them, what else may stand
 * there, who is in it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "store/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edm/toy_model.h"
#include "store/shop_test.h"

static mode_t mode_of(const struct shop *shop, const char *name)
{
    struct stat st = { 0 };
    char path[128];

    snprintf(path, sizeof path, "%s/%s", shop->directory, name);
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static void test_modes(void **state UNUSED)
{
    mode_t before = umask(0);
    struct shop shop;

    shop_open(&shop, false, NULL);
    assert_int_equal(mode_of(&shop, "connectord.db"), 0600);
    assert_int_equal(mode_of(&shop, "connectord.db-wal"), 0600);
    assert_int_equal(mode_of(&shop, "connectord.db-shm"), 0600);
    shop_close(&shop);
    umask(before);
}

static void test_folder_is_made(void **state UNUSED)
{
    struct store_options options = { 0 };
    struct error err = { 0 };
    struct store *store;
    char path[256];
    struct shop shop;

    shop_open(&shop, false, NULL);
    snprintf(path, sizeof path, "%s/a/b", shop.directory);
    options.directory = path;
    assert_true(store_open(&toy_model, &options, &store, &err));
    store_close(store);
    assert_int_equal(mode_of(&shop, "a"), 0700);
    assert_int_equal(mode_of(&shop, "a/b"), 0700);
    snprintf(path, sizeof path, "%s/a/b/connectord.db", shop.directory);
    assert_false(store_open(&toy_model, &options, &store, &err)); /* a file is in the way */
    assert_int_equal(err.code, ERROR_CONFIGURATION);
    unlink(path);
    *strrchr(path, '/') = 0;
    rmdir(path);
    *strrchr(path, '/') = 0;
    rmdir(path);
    shop_close(&shop);
}

static void test_not_a_database(void **state UNUSED)
{
    struct error err = { 0 };
    struct store *store;
    struct shop shop;
    char path[128];
    int fd;

    shop_open(&shop, false, NULL);
    shop_close_store(&shop);
    snprintf(path, sizeof path, "%s/connectord.db", shop.directory);
    fd = open(path, O_WRONLY | O_TRUNC);
    assert_true(dprintf(fd, "%4096s", "no database") > 0);
    close(fd);
    assert_false(store_open(&toy_model, &shop.options, &store, &err));
    assert_int_equal(err.code, ERROR_CONFIGURATION);
    assert_non_null(strstr(err.message, path));
    shop_close(&shop);
}

/* How many private folders are in TMPDIR. */
static size_t count_private(const char *parent)
{
    DIR *directory = opendir(parent);
    struct dirent *entry;
    size_t count = 0;

    assert_non_null(directory);
    while ((entry = readdir(directory)))
        count += strncmp(entry->d_name, "connectord-", 11) == 0;
    closedir(directory);
    return count;
}

static void test_memory_leaves_nothing(void **state UNUSED)
{
    struct store_session *late;
    struct error err = { 0 };
    struct shop outer, shop;
    const char *before = getenv("TMPDIR");

    shop_open(&outer, false, NULL);
    setenv("TMPDIR", outer.directory, 1);
    shop_open(&shop, true, NULL);
    assert_int_equal(count_private(outer.directory), 1);
    store_seal(shop.store);
    assert_int_equal(count_private(outer.directory), 0);
    assert_false(store_session_open(shop.store, STORE_READS, &late, &err));
    for (size_t i = 0; i < 300; i++) /* it goes on without names, across a checkpoint */
        assert_true(shop_insert(&shop, shop_tenant, shop_article(&shop, SLICE("x")), &err));
    store_read_end(shop.reader);
    store_maintain(shop.writer);
    assert_true(shop_count(&shop, shop_tenant) == 300);
    shop_close(&shop);
    shop_open(&shop, true, NULL); /* without the call they go at the end */
    shop_close(&shop);
    assert_int_equal(count_private(outer.directory), 0);
    if (before)
        setenv("TMPDIR", before, 1);
    else
        unsetenv("TMPDIR");
    shop_close(&outer);
}

static void test_lock(void **state UNUSED)
{
    struct error err = { 0 };
    struct shop shop;
    char pid[32];
    int fd, status;
    pid_t child;

    shop_open(&shop, false, NULL);
    assert_true(store_lock(shop.directory, &fd, &err));
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct error theirs = { 0 };
        int second;
        bool taken = store_lock(shop.directory, &second, &theirs);

        snprintf(pid, sizeof pid, "(pid %ld)", (long)getppid());
        _exit(!taken && theirs.code == ERROR_CONFIGURATION && strstr(theirs.message, pid) ? 0 : 1);
    }
    assert_true(waitpid(child, &status, 0) == child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(fd);
    assert_true(store_lock(shop.directory, &fd, &err)); /* free again */
    close(fd);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modes),          cmocka_unit_test(test_folder_is_made),
        cmocka_unit_test(test_not_a_database), cmocka_unit_test(test_memory_leaves_nothing),
        cmocka_unit_test(test_lock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
