/* auth/key_file_test.c - whole files, private modes, one winner. */
#include "base/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/key_file.h"
#include "auth/test_directory.h"
#include "base/text.h"

static char *directory;

static int set_up(void **state UNUSED)
{
    directory = test_directory_make();
    return 0;
}

static int tear_down(void **state UNUSED)
{
    test_directory_remove(directory);
    return 0;
}

/* The file's content; "(none)" when there is none, "(refused)" when it was not read. */
static const char *content_of(const char *name)
{
    static char memory[KEY_FILE_ROOM_BYTES + 1];
    struct text text;
    struct error err = { 0 };
    bool found = false;

    text_init_fixed(&text, memory, sizeof memory - 1);
    if (!key_file_read(directory, name, &text, &found, &err)) {
        assert_int_equal(err.code, ERROR_CONFIGURATION);
        assert_non_null(strstr(err.message, name));
        return "(refused)";
    }
    memory[text.len] = '\0';
    return found ? memory : "(none)";
}

static void test_create_and_replace(void **state UNUSED)
{
    bool made = false;

    assert_string_equal(content_of("a.pem"), "(none)");
    assert_true(key_file_create(directory, "a.pem", SLICE("one"), &made, NULL));
    assert_true(made);
    assert_true(key_file_create(directory, "a.pem", SLICE("two"), &made, NULL));
    assert_false(made);
    assert_string_equal(content_of("a.pem"), "one");
    assert_true(key_file_replace(directory, "a.pem", SLICE("three"), NULL));
    assert_string_equal(content_of("a.pem"), "three");
    assert_true(key_file_replace(directory, "b.pem", SLICE(""), NULL));
    assert_string_equal(content_of("b.pem"), "");
    assert_int_equal(test_directory_count(directory), 2); /* nothing is left beside them */
    assert_int_equal(test_directory_mode(directory, "a.pem"), 0600);
}

static const struct {
    mode_t mode;
    const char *content;
} mode_cases[] = {
    { 0600, "x" },         { 0400, "x" },         { 0700, "x" },
    { 0640, "(refused)" }, { 0604, "(refused)" }, { 0660, "(refused)" },
    { 0602, "(refused)" }, { 0610, "(refused)" }, { 0666, "(refused)" },
};

static void test_modes(void **state UNUSED)
{
    assert_true(key_file_replace(directory, "a.pem", SLICE("x"), NULL));
    for (size_t i = 0; i < COUNT_OF(mode_cases); i++) {
        test_directory_chmod(directory, "a.pem", mode_cases[i].mode);
        CHECK(strcmp(content_of("a.pem"), mode_cases[i].content) == 0, i);
    }
}

static void test_not_a_file(void **state UNUSED)
{
    char path[256];

    snprintf(path, sizeof path, "%s/folder", directory);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_string_equal(content_of("folder"), "(refused)");
    snprintf(path, sizeof path, "%s/pipe", directory);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_string_equal(content_of("pipe"), "(refused)"); /* and does not wait for a writer */
}

static void test_size(void **state UNUSED)
{
    static char big[KEY_FILE_BYTES_MAX + 1];

    memset(big, 'x', sizeof big);
    assert_true(
        key_file_replace(directory, "a.pem", (struct slice){ big, KEY_FILE_BYTES_MAX }, NULL));
    assert_int_equal(strlen(content_of("a.pem")), KEY_FILE_BYTES_MAX);
    assert_true(key_file_replace(directory, "a.pem", (struct slice){ big, sizeof big }, NULL));
    assert_string_equal(content_of("a.pem"), "(refused)");
}

static void test_directory_is_made(void **state UNUSED)
{
    char deeper[256], too_deep[512];
    struct error err = { 0 };
    bool made = false;
    struct stat status;

    snprintf(deeper, sizeof deeper, "%s/keys", directory);
    snprintf(too_deep, sizeof too_deep, "%s/no/keys", directory);
    assert_true(key_file_prepare_directory(deeper, NULL));
    assert_true(key_file_prepare_directory(deeper, NULL));
    assert_int_equal(stat(deeper, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);

    assert_false(key_file_prepare_directory(too_deep, &err));
    assert_int_equal(err.code, ERROR_CONFIGURATION);
    assert_false(key_file_create(too_deep, "a.pem", SLICE("x"), &made, &err));
    assert_false(key_file_replace(too_deep, "a.pem", SLICE("x"), &err));
}

/* Processes that race: one of them makes it, and what is there is whole at any moment. */
#define RACERS 16

static void race(int result_fd, size_t racer)
{
    char content[5000];
    bool made = false;
    char answer;

    memset(content, (int)('a' + racer), sizeof content);
    answer = key_file_create(directory, "race.pem", (struct slice){ content, sizeof content },
                             &made, NULL)
                 ? (made ? 'w' : 'l')
                 : 'f';
    if (answer != 'f' && strlen(content_of("race.pem")) != sizeof content)
        answer = 'f';
    _exit(write(result_fd, &answer, 1) == 1 ? 0 : 1);
}

static void test_race(void **state UNUSED)
{
    int fds[2];
    size_t winners = 0, losers = 0;
    char answer;

    assert_int_equal(pipe(fds), 0);
    for (size_t i = 0; i < RACERS; i++) {
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0)
            race(fds[1], i);
    }
    close(fds[1]);
    while (read(fds[0], &answer, 1) == 1) {
        winners += answer == 'w';
        losers += answer == 'l';
    }
    close(fds[0]);
    while (wait(NULL) > 0)
        ;
    assert_int_equal(winners, 1);
    assert_int_equal(losers, RACERS - 1);
    assert_int_equal(test_directory_count(directory), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_create_and_replace, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_modes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_not_a_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_directory_is_made, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_race, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
