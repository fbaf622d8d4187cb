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
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "edm/model.h"
#include "model/graph_model.h"
#include "server/settings.h"
#include "service/dispatch.h"
#include "service/provision.h"
#include "store/directory.h"
#include "store/store.h"

#define SEED_BYTES_MAX ((size_t)256 << 20)

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
               struct store **ret, struct error *err)
{
    const struct store_options options = { .directory = paths->folder,
                                           .in_memory = !paths->folder };
    struct store *store;

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
    if (!S_ISREG(status.st_mode) || (uint64_t)status.st_size > bytes_max) {
        error_set(err, ERROR_CONFIGURATION, path, "expected a file of at most %zu bytes in '%s'",
                  bytes_max, name);
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

bool data_seed(struct store *store, const struct edm_model *model, struct slice name,
               struct uuid tenant, int64_t now_ticks, bool only_if_empty, size_t *ret_count,
               struct error *err)
{
    struct seed_job job = { .model = model,
                            .tenant = tenant,
                            .seed = graph_model_demo_seed(),
                            .now_ticks = now_ticks,
                            .only_if_empty = only_if_empty };
    struct arena *arena = arena_create(NULL, SEED_BYTES_MAX + 4096);
    struct error why = { 0 };
    bool ok = false;

    if (!arena)
        return error_no_memory(err);
    if (!slice_eq(name, SLICE("demo")) &&
        !data_read_file(name, SEED_BYTES_MAX, arena, &job.seed, err))
        goto out;
    ok = data_write(store, seed, &job, &why) || seed_error(name, &why, err);
    if (ok)
        *ret_count = job.count;
out:
    arena_destroy(arena);
    return ok;
}
