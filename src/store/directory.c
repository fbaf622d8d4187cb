/* store/directory.c - makes the store's folder, and keeps a second server out of it.
 *
 * The lock is flock() on DIR/lock and not the file's existence: it ends with the process, however
 * that ended, so no stale lock is ever to be removed by hand. The pid inside is for people; it is
 * written after the lock was taken and believed only while the lock is held by somebody. The file
 * is never removed: that would let two processes lock two files of one name.
 *
 * A new folder is not there after a power cut until the one above it was synced, however well its
 * own files were: so making one syncs its parent.
 *
 * A private folder is made under TMPDIR or /tmp and not in /dev/shm, which containers give 64 MiB.
 * Its files are never synced, so on a disk they live in the page cache just the same, and unlike
 * those of /dev/shm they can leave it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/slice.h"
#include "store/store.h"

/* Makes the entry of `path` in the folder above it durable; an errno, 0 when it is. */
static int sync_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    char parent[PATH_MAX] = ".";
    int fd, why = 0;

    if (slash) {
        memcpy(parent, path, len);
        snprintf(parent + len, sizeof parent - len, "%s", len ? "" : "/");
    }
    fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == EACCES ? 0 : errno; /* may be entered but not read: nothing to be done */
    if (fsync(fd) != 0 && errno != EINVAL)  /* file systems that sync no folders say EINVAL */
        why = errno;
    close(fd);
    return why;
}

static bool make_one(const char *path, struct error *err)
{
    struct stat st;
    int why = mkdir(path, 0700) == 0 ? 0 : errno;

    if (why == 0)
        why = sync_parent(path);
    /* A file system that is read-only says so even of a folder that is there. */
    else if (stat(path, &st) == 0)
        why = S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
    if (why == 0)
        return true;
    if (why == ENOTDIR)
        return error_set(err, ERROR_CONFIGURATION, SLICE("data-dir"),
                         "Expected a folder, but '%s' is none or stands under a file.", path);
    if (why == EACCES) /* also of one that is there, under one that may not be entered */
        return error_set(err, ERROR_CONFIGURATION, SLICE("data-dir"),
                         "Cannot make or enter the folder '%s': %s.", path, strerror(why));
    return error_set(err, ERROR_CONFIGURATION, SLICE("data-dir"),
                     "Cannot make the folder '%s': %s.", path, strerror(why));
}

bool directory_make(const char *path, struct error *err)
{
    char partial[PATH_MAX];
    size_t len = strlen(path);

    if (len == 0 || len >= sizeof partial)
        return error_set(err, ERROR_CONFIGURATION, SLICE("data-dir"),
                         "The folder's name is empty or too long.");
    memcpy(partial, path, len + 1);
    for (size_t i = 1; i < len; i++) {
        if (partial[i] != '/')
            continue;
        partial[i] = '\0';
        if (!make_one(partial, err))
            return false;
        partial[i] = '/';
    }
    return make_one(partial, err);
}

bool directory_make_private(char *ret_path, size_t path_bytes, struct error *err)
{
    const char *parent = getenv("TMPDIR");
    int len;

    if (!parent || !*parent)
        parent = "/tmp";
    len = snprintf(ret_path, path_bytes, "%s/connectord-XXXXXX", parent);
    if (len < 0 || (size_t)len >= path_bytes)
        return error_set(err, ERROR_CONFIGURATION, SLICE("TMPDIR"),
                         "The folder's name is too long.");
    if (!mkdtemp(ret_path))
        return error_set(err, ERROR_CONFIGURATION, SLICE("TMPDIR"),
                         "Cannot make a temporary folder in '%s': %s.", parent, strerror(errno));
    return true;
}

/* Somebody else has the lock: names him as well as it can. */
static bool refuse_locked(const char *directory, int fd, struct error *err)
{
    char pid[24];
    ssize_t len = pread(fd, pid, sizeof pid, 0);
    struct slice text = { pid, len > 0 ? (size_t)len : 0 };

    text = slice_sub(text, 0, slice_index(text, '\n'));
    if (text.len == 0) /* locked this instant, its pid not yet written */
        text = SLICE("not yet known");
    return error_set(err, ERROR_CONFIGURATION, SLICE("data-dir"),
                     "Another server (pid %.*s) uses the folder '%s'.", SLICE_ARG(text), directory);
}

bool store_lock(const char *directory, int *ret_fd, struct error *err)
{
    char path[PATH_MAX];
    bool ok = false;
    int fd, len;

    if (!directory_make(directory, err))
        return false;
    len = snprintf(path, sizeof path, "%s/lock", directory);
    if (len < 0 || (size_t)len >= sizeof path)
        return error_set(err, ERROR_CONFIGURATION, SLICE("data-dir"),
                         "The folder's name is too long.");
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set(err, ERROR_CONFIGURATION, SLICE("data-dir"), "Cannot open '%s': %s.", path,
                         strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            refuse_locked(directory, fd, err);
        else
            error_set(err, ERROR_CONFIGURATION, SLICE("data-dir"), "Cannot lock '%s': %s.", path,
                      strerror(errno));
        goto out;
    }
    /* A full disk must not keep a server from starting: the pid is a courtesy. */
    if (ftruncate(fd, 0) == 0 && dprintf(fd, "%ld\n", (long)getpid()) < 0)
        errno = 0;
    *ret_fd = fd;
    ok = true;
out:
    if (!ok)
        close(fd);
    return ok;
}
