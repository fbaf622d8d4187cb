/* tests/failing_disk.c - a disk that fails on demand, preloaded into the server (LD_PRELOAD).
 *
 * FAILING_DISK names a file. While it exists, its content says what fails:
 *
 *     sync SUFFIX     fsync() and fdatasync() of files whose name ends in SUFFIX, with EIO
 *     write SUFFIX    writing to them, with EIO
 *     full SUFFIX     writing to them, with ENOSPC
 *
 * The file is looked at in every call, so a test switches faults on and off by writing and removing
 * it. A failed call does nothing: what was written before stays as it is.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/syscall.h>

#define VISIBLE __attribute__((visibility("default")))

/* Nothing here calls what is replaced below. */
static bool read_order(char order[PATH_MAX])
{
    const char *path = getenv("FAILING_DISK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t len = fd >= 0 ? read(fd, order, PATH_MAX - 1) : -1;

    if (fd >= 0)
        close(fd);
    if (len <= 0)
        return false;
    order[len] = '\0';
    order[strcspn(order, "\n")] = '\0';
    return true;
}

static bool ends_in(int fd, const char *suffix)
{
    char link[64], path[PATH_MAX];
    size_t suffix_len = strlen(suffix);

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path);
    return len >= (ssize_t)suffix_len &&
           memcmp(path + (size_t)len - suffix_len, suffix, suffix_len) == 0;
}

/* Whether `what` ("sync ", "write ", "full ") fails for this file now. */
static bool fails(int fd, const char *what)
{
    char order[PATH_MAX];
    int saved = errno;
    bool failing = read_order(order) && strncmp(order, what, strlen(what)) == 0 &&
                   ends_in(fd, order + strlen(what));

    errno = saved;
    return failing;
}

static bool write_fails(int fd)
{
    if (fails(fd, "write ")) {
        errno = EIO;
        return true;
    }
    if (fails(fd, "full ")) {
        errno = ENOSPC;
        return true;
    }
    return false;
}

VISIBLE int fsync(int fd)
{
    if (fails(fd, "sync ")) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

VISIBLE int fdatasync(int fd)
{
    if (fails(fd, "sync ")) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

VISIBLE ssize_t write(int fd, const void *bytes, size_t len)
{
    return write_fails(fd) ? -1 : syscall(SYS_write, fd, bytes, len);
}

/* Files have 64-bit offsets here, which makes pwrite() another name of pwrite64(); programs built
 * otherwise call the one that is really called so. */
VISIBLE ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t offset)
{
    return write_fails(fd) ? -1 : syscall(SYS_pwrite64, fd, bytes, len, offset);
}

VISIBLE ssize_t plain_pwrite(int fd, const void *bytes, size_t len, off_t offset) __asm__("pwrite");

VISIBLE ssize_t plain_pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    return pwrite64(fd, bytes, len, offset);
}
