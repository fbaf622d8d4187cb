/* auth/key_file.c - private key files that survive races and power cuts.
 *
 * Both ways of writing begin alike: the content goes to a file of its own beside the target, made
 * with O_EXCL and 0600 (never made first and narrowed later), and is synced. Then
 *   - key_file_create() links it to its name. link() fails when the name exists, so of any number
 *     of processes one wins, and nobody ever reads half a key. rename() would let the last win,
 *     after the first already signed with a key that is gone. The folder is synced by losers
 *     too: the winner may not have come that far.
 *   - key_file_replace() renames it over its name.
 * The name beside is taken away again in either case. A process killed in between leaves it: a
 * key that was never used, as private as the one that is.
 *
 * Everything is relative to the opened folder, so that a folder renamed meanwhile does no harm.
 */
#include "auth/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/uuid.h"

#define NAME_BESIDE_LEN 96
#define READ_STEP_BYTES (KEY_FILE_ROOM_BYTES - KEY_FILE_BYTES_MAX)

bool key_file_error(struct error *err, enum error_code code, const char *directory,
                    const char *name, const char *reason)
{
    return error_set(err, code, SLICE_EMPTY, "'%s/%s': %s", directory, name, reason);
}

static bool system_error(struct error *err, const char *directory, const char *name,
                         const char *doing)
{
    int number = errno;
    bool administrators = number == EACCES || number == EPERM || number == EROFS ||
                          number == ENOENT || number == ENOTDIR || number == ELOOP;

    return error_set(err, administrators ? ERROR_CONFIGURATION : ERROR_IO, SLICE_EMPTY,
                     "'%s/%s': cannot %s: %s", directory, name, doing, strerror(number));
}

bool key_file_prepare_directory(const char *directory, struct error *err)
{
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return system_error(err, directory, "", "make the folder");
    if (access(directory, W_OK | X_OK) != 0)
        return system_error(err, directory, "", "write to the folder");
    return true;
}

static int open_directory(const char *directory)
{
    return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Checks the open file and not its name, which may have moved on. */
static bool check_file(int fd, const char *directory, const char *name, struct error *err)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return system_error(err, directory, name, "look at it");
    if (!S_ISREG(status.st_mode))
        return key_file_error(err, ERROR_CONFIGURATION, directory, name, "not a regular file");
    if (status.st_mode & (S_IRWXG | S_IRWXO))
        return key_file_error(err, ERROR_CONFIGURATION, directory, name,
                              "others may read or write this private key; expected mode 0600");
    if (status.st_size > KEY_FILE_BYTES_MAX)
        return key_file_error(err, ERROR_CONFIGURATION, directory, name,
                              "too large for a private key");
    return true;
}

static bool read_all(int fd, struct text *out)
{
    for (;;) {
        char *to = text_reserve(out, READ_STEP_BYTES);
        ssize_t got;

        if (!to) { /* it grew since it was looked at */
            errno = EFBIG;
            return false;
        }
        got = read(fd, to, READ_STEP_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0;
        out->len += (size_t)got;
    }
}

bool key_file_read(const char *directory, const char *name, struct text *out, bool *ret_found,
                   struct error *err)
{
    int directory_fd = open_directory(directory);
    int fd = -1;
    bool ok = false;

    /* O_NONBLOCK: a FIFO under this name must not hang the start. */
    if (directory_fd >= 0)
        fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        ok = errno == ENOENT || system_error(err, directory, name, "open it");
        if (ok)
            *ret_found = false;
        goto out;
    }
    if (!check_file(fd, directory, name, err))
        goto out;
    if (!read_all(fd, out)) {
        system_error(err, directory, name, "read it");
        goto out;
    }
    *ret_found = true;
    ok = true;
out:
    if (fd >= 0)
        close(fd);
    if (directory_fd >= 0)
        close(directory_fd);
    return ok;
}

static bool write_all(int fd, struct slice content)
{
    while (content.len > 0) {
        ssize_t put = write(fd, content.ptr, content.len);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        content = slice_sub(content, (size_t)put, content.len);
    }
    return true;
}

/* ".issuer.pem.0123456789abcdef"; straight from the kernel, so that a child after fork() differs.
 */
static void name_beside(const char *name, char beside[NAME_BESIDE_LEN])
{
    uint64_t number;

    random_bytes(&number, sizeof number);
    snprintf(beside, NAME_BESIDE_LEN, ".%s.%016" PRIx64, name, number);
}

/* Writes and syncs a new file of a name that nobody else has. */
static bool write_beside(int directory_fd, const char *name, struct slice content,
                         char beside[NAME_BESIDE_LEN])
{
    int fd, failure;
    bool ok;

    name_beside(name, beside);
    fd = openat(directory_fd, beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    ok = write_all(fd, content) && fsync(fd) == 0;
    failure = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        failure = errno;
    }
    if (!ok)
        unlinkat(directory_fd, beside, 0);
    errno = failure;
    return ok;
}

bool key_file_create(const char *directory, const char *name, struct slice content, bool *ret_made,
                     struct error *err)
{
    char beside[NAME_BESIDE_LEN];
    int directory_fd = open_directory(directory);
    bool linked, ok = false;

    if (directory_fd < 0 || !write_beside(directory_fd, name, content, beside)) {
        system_error(err, directory, name, "make it");
        goto out;
    }
    linked = linkat(directory_fd, beside, directory_fd, name, 0) == 0;
    if (!linked && errno != EEXIST)
        system_error(err, directory, name, "give it its name (a hard link)");
    else if (fsync(directory_fd) != 0)
        system_error(err, directory, name, "sync its folder");
    else
        ok = true;
    unlinkat(directory_fd, beside, 0);
    if (ok)
        *ret_made = linked;
out:
    if (directory_fd >= 0)
        close(directory_fd);
    return ok;
}

bool key_file_replace(const char *directory, const char *name, struct slice content,
                      struct error *err)
{
    char beside[NAME_BESIDE_LEN];
    int directory_fd = open_directory(directory);
    bool ok = false;

    if (directory_fd < 0 || !write_beside(directory_fd, name, content, beside)) {
        system_error(err, directory, name, "make it");
        goto out;
    }
    if (renameat(directory_fd, beside, directory_fd, name) != 0) {
        system_error(err, directory, name, "give it its name");
        unlinkat(directory_fd, beside, 0);
    } else if (fsync(directory_fd) != 0) {
        system_error(err, directory, name, "sync its folder");
    } else {
        ok = true;
    }
out:
    if (directory_fd >= 0)
        close(directory_fd);
    return ok;
}
