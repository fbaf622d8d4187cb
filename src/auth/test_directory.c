/* auth/test_directory.c - mkdtemp() and a walk that removes. */
#include "auth/test_directory.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *test_directory_make(void)
{
    const char *temporary = getenv("TMPDIR");
    char *path = NULL;
    int len = asprintf(&path, "%s/connectord-auth-XXXXXX", temporary ? temporary : "/tmp");

    assert(len > 0);
    path = mkdtemp(path);
    assert(path);
    return path;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

void test_directory_remove(char *path)
{
    int result = nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);

    assert(result == 0);
    free(path);
}

static int open_path(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    assert(fd >= 0);
    return fd;
}

size_t test_directory_count(const char *path)
{
    DIR *entries = opendir(path);
    size_t count = 0;

    assert(entries);
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(entries);
    return count;
}

mode_t test_directory_mode(const char *path, const char *name)
{
    int fd = open_path(path);
    struct stat status;
    int result = fstatat(fd, name, &status, 0);

    assert(result == 0);
    close(fd);
    return status.st_mode & 07777;
}

void test_directory_chmod(const char *path, const char *name, mode_t mode)
{
    int fd = open_path(path);
    int result = fchmodat(fd, name, mode, 0);

    assert(result == 0);
    close(fd);
}

void test_directory_write(const char *path, const char *name, const char *content)
{
    int directory = open_path(path);
    int fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ssize_t put = fd >= 0 ? write(fd, content, strlen(content)) : -1;

    assert(put == (ssize_t)strlen(content));
    close(fd);
    close(directory);
}
