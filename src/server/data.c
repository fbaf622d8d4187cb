/* server/data.c - opens the data folder and runs single operations in it.
 *
 * An operation is run by the same rule as a request's (service/dispatch.h), as a group of one, on
 * the calling thread: so the command line is as durable as the server, and waits its turn when a
 * server is writing.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "server/data.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "edm/model.h"
#include "model/graph_model.h"
#include "server/settings.h"
#include "service/dispatch.h"
#include "service/provision.h"
#include "store/directory.h"
#include "store/registry.h"
#include "store/store.h"

/* --- folders --------------------------------------------------------------------------------- */

bool data_paths_find(const struct settings *settings, struct arena *arena, struct data_paths *ret,
                     struct error *err)
{
    bool memory = settings->memory == SETTING_ON;
    bool given =
        settings_source(settings, setting_find(SLICE("data-dir")), NULL) != SETTING_FROM_DEFAULT;
    struct slice keys;

    *ret = (struct data_paths){ 0 };
    if (memory && !given)
        return true;
    if (settings->data_dir.len == 0)
        return error_set(err, ERROR_CONFIGURATION, SLICE("data-dir"),
                         "data-dir: expected a folder; there is no default without HOME");
    if (!arena_printf(arena, &keys, "%.*s/keys", SLICE_ARG(settings->data_dir)))
        return error_no_memory(err);
    ret->folder = memory ? NULL : settings->data_dir.ptr;
    ret->keys = keys.ptr;
    return true;
}

bool data_make_folders(const struct data_paths *paths, struct error *err)
{
    return !paths->keys || directory_make(paths->keys, err);
}

static bool is_held(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool held = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;

    if (fd >= 0)
        close(fd); /* lets go as well */
    return held;
}

void data_hold_keys(const struct data_paths *paths, int *ret_fd)
{
    *ret_fd = -1;
    if (paths->folder || !paths->keys)
        return;
    *ret_fd = open(paths->keys, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*ret_fd >= 0 && flock(*ret_fd, LOCK_SH) != 0) {
        close(*ret_fd);
        *ret_fd = -1;
    }
}

/* A server on the folder itself may run beside one that has its keys alone: then it is meant. */
bool data_check_reach(const struct data_paths *paths, struct error *err)
{
    char lock[PATH_MAX];

    if (!paths->folder || !is_held(paths->keys))
        return true;
    snprintf(lock, sizeof lock, "%s/lock", paths->folder);
    if (is_held(lock))
        return true;
    return error_set(err, ERROR_CONFLICT, SLICE("data-dir"),
                     "the server on '%.200s' runs with --memory: its data is out of reach of this "
                     "command; ask the server itself, or start it without --memory",
                     paths->folder);
}

/* --- operations ------------------------------------------------------------------------------ */

struct data_job {
    struct dispatch_job job;
    data_operation *run;
    void *context;
};

static bool run_job(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct data_job *data_job = CONTAINER_OF(job, struct data_job, job);

    return data_job->run(data_job->context, session, err);
}

bool data_write(struct store *store, data_operation *run, void *context, struct error *err)
{
    struct data_job data_job = { .job = { .run = run_job }, .run = run, .context = context };
    struct store_session *session;

    if (!store_session_open(store, STORE_WRITES, &session, err))
        return false;
    dispatch_run_group(store, session, &data_job.job.item);
    store_session_close(session);
    if (!data_job.job.ok && err)
        *err = data_job.job.error;
    return data_job.job.ok;
}

bool data_read(struct store *store, data_operation *run, void *context, struct error *err)
{
    struct store_session *session;

    if (!store_session_open(store, STORE_READS, &session, err))
        return false;
    bool ok = store_read_begin(session, err) && run(context, session, err);
    store_read_end(session);
    store_session_close(session);
    return ok;
}

/* --- opening --------------------------------------------------------------------------------- */

static bool provision(void *context, struct store_session *session, struct error *err)
{
    const int64_t *now_ticks = context;

    return service_provision(session, *now_ticks, err);
}

bool data_open(const struct data_paths *paths, const struct edm_model *model, int64_t now_ticks,
               const struct store_options *wishes, struct store **ret, struct error *err)
{
    struct store_options options = wishes ? *wishes : (struct store_options){ 0 };
    struct store *store;

    options.directory = paths->folder;
    options.in_memory = !paths->folder;
    if (!store_open(model, &options, &store, err))
        return false;
    if (!data_write(store, provision, &now_ticks, err)) {
        store_close(store);
        return false;
    }
    *ret = store;
    return true;
}

/* --- seeds ----------------------------------------------------------------------------------- */

static bool read_all(int fd, size_t size, char *out, size_t *ret_len)
{
    *ret_len = 0;
    while (*ret_len < size) {
        ssize_t got = read(fd, out + *ret_len, size - *ret_len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if (got == 0)
            break;
        *ret_len += (size_t)got;
    }
    return true;
}

bool data_read_file(struct slice path, size_t bytes_max, struct arena *arena, struct slice *ret,
                    struct error *err)
{
    const char *name = slice_to_cstr(arena, path);
    struct stat status;
    size_t len;
    bool ok = false;

    if (!name)
        return error_no_memory(err);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) {
        error_set(err, ERROR_CONFIGURATION, path, "cannot read '%s': %s", name, strerror(errno));
        goto out;
    }
    if (!S_ISREG(status.st_mode)) {
        error_set(err, ERROR_CONFIGURATION, path, "cannot read '%s': %s", name,
                  S_ISDIR(status.st_mode) ? strerror(EISDIR) : "not a plain file");
        goto out;
    }
    if ((uint64_t)status.st_size > bytes_max) {
        error_set(err, ERROR_CONFIGURATION, path, "expected at most %zu bytes in '%s'", bytes_max,
                  name);
        goto out;
    }
    char *content = arena_alloc(arena, (size_t)status.st_size + 1);
    if (!content) {
        error_no_memory(err);
        goto out;
    }
    if (!read_all(fd, (size_t)status.st_size, content, &len)) {
        error_set(err, ERROR_CONFIGURATION, path, "cannot read '%s': %s", name, strerror(errno));
        goto out;
    }
    content[len] = 0;
    *ret = (struct slice){ content, len };
    ok = true;
out:
    if (fd >= 0)
        close(fd);
    return ok;
}

/* A seed's text is mapped and not read: it may be an export of gigabytes, and is passed once from
 * its beginning to its end. Whoever cuts the file short meanwhile ends the process (SIGBUS), and
 * with it the transaction. */
struct seed_file {
    int fd;
    void *address; /* NULL: nothing is mapped */
    size_t bytes;
};

/* What comes through a pipe is put into a file without a name first. */
static bool spool(int from, int *ret_fd)
{
    char buffer[65536];
    FILE *file = tmpfile();
    ssize_t got = -1;

    if (!file)
        return false;
    while ((got = read(from, buffer, sizeof buffer)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 || fwrite(buffer, 1, (size_t)got, file) != (size_t)got)
            break;
    }
    bool ok = got == 0 && fflush(file) == 0;
    *ret_fd = ok ? fcntl(fileno(file), F_DUPFD_CLOEXEC, 0) : -1;
    int why = errno;
    fclose(file);
    errno = why;
    return *ret_fd >= 0;
}

static bool make_regular(struct seed_file *file, struct stat *status)
{
    int pipe = file->fd;

    if (fstat(pipe, status) != 0)
        return false;
    if (S_ISREG(status->st_mode))
        return true;
    if (S_ISDIR(status->st_mode) || S_ISBLK(status->st_mode)) {
        errno = S_ISDIR(status->st_mode) ? EISDIR : EINVAL;
        return false;
    }
    bool ok = spool(pipe, &file->fd);
    int why = errno;
    close(pipe);
    errno = why;
    return ok && fstat(file->fd, status) == 0;
}

static bool map_seed(const char *name, struct seed_file *file, struct slice *ret)
{
    struct stat status;

    file->fd = strcmp(name, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                      : open(name, O_RDONLY | O_CLOEXEC);
    if (file->fd < 0 || !make_regular(file, &status))
        return false;
    *ret = SLICE_EMPTY;
    if (status.st_size == 0) /* nothing to map */
        return true;
    file->bytes = (size_t)status.st_size;
    file->address = mmap(NULL, file->bytes, PROT_READ, MAP_PRIVATE, file->fd, 0);
    if (file->address == MAP_FAILED) {
        file->address = NULL;
        return false;
    }
    *ret = (struct slice){ file->address, file->bytes };
    return true;
}

static void unmap_seed(struct seed_file *file)
{
    if (file->address)
        munmap(file->address, file->bytes);
    if (file->fd >= 0)
        close(file->fd);
}

struct seed_job {
    const struct edm_model *model;
    struct uuid tenant;
    struct slice seed;
    int64_t now_ticks;
    bool only_if_empty;
    size_t count;
};

static bool seed(void *context, struct store_session *session, struct error *err)
{
    struct seed_job *job = context;
    bool empty = true;

    job->count = 0;
    if (job->only_if_empty && !store_is_empty(session, &empty, err))
        return false;
    return !empty || service_seed(session, job->model, job->tenant, job->seed, job->now_ticks,
                                  &job->count, err);
}

/* A mistake in the file is its writer's to mend: it becomes one of configuration, with its name. */
static COLD bool seed_error(struct slice name, const struct error *why, struct error *err)
{
    if (why->code != ERROR_BAD_REQUEST && why->code != ERROR_MODEL_VALIDATION) {
        *err = *why;
        return false;
    }
    return error_set(err, ERROR_CONFIGURATION, SLICE("seed"), "%.*s: %s", SLICE_ARG(name),
                     why->message);
}

static bool run_seed(struct store *store, struct slice name, struct seed_job *job,
                     size_t *ret_count, struct error *err)
{
    struct error why = { 0 };

    if (!data_write(store, seed, job, &why))
        return seed_error(name, &why, err);
    *ret_count = job->count;
    return true;
}

static bool run_seed_file(struct store *store, struct slice path, struct seed_job *job,
                          size_t *ret_count, struct error *err)
{
    struct arena *arena = arena_create(NULL, 65536);
    const char *name = arena ? slice_to_cstr(arena, path) : NULL;
    struct seed_file file = { .fd = -1 };
    bool ok = false;

    if (!name)
        error_no_memory(err);
    else if (!map_seed(name, &file, &job->seed))
        error_set(err, ERROR_CONFIGURATION, SLICE("seed"), "cannot read '%s': %s", name,
                  strerror(errno));
    else
        ok = run_seed(store, path, job, ret_count, err);
    unmap_seed(&file);
    arena_destroy(arena);
    return ok;
}

bool data_seed(struct store *store, const struct edm_model *model, struct slice name,
               struct uuid tenant, int64_t now_ticks, bool only_if_empty, size_t *ret_count,
               struct error *err)
{
    struct seed_job job = { .model = model,
                            .tenant = tenant,
                            .seed = graph_model_demo_seed(),
                            .now_ticks = now_ticks,
                            .only_if_empty = only_if_empty };

    return slice_eq(name, SLICE("demo")) ? run_seed(store, name, &job, ret_count, err)
                                         : run_seed_file(store, name, &job, ret_count, err);
}

bool data_copy_seed(struct slice name, struct slice *ret, struct error *err)
{
    struct slice text = graph_model_demo_seed();
    struct seed_file file = { .fd = -1 };
    bool ok = slice_eq(name, SLICE("demo")) || map_seed(name.ptr, &file, &text);
    char *copy = ok ? malloc(text.len + 1) : NULL;

    if (!ok)
        error_set(err, ERROR_CONFIGURATION, SLICE("seed"), "cannot read '%.*s': %s",
                  SLICE_ARG(name), strerror(errno));
    else if (!copy)
        error_no_memory(err);
    else
        *ret = (struct slice){ memcpy(copy, text.ptr, text.len), text.len };
    unmap_seed(&file);
    return copy;
}

bool data_import(struct store *store, const struct edm_model *model, struct slice path,
                 struct uuid tenant, int64_t now_ticks, size_t *ret_count, struct error *err)
{
    struct seed_job job = { .model = model, .tenant = tenant, .now_ticks = now_ticks };

    return run_seed_file(store, path, &job, ret_count, err);
}
