/* fuzz/health_policy_fuzz.c - the body of PUT policy, on a store in memory.
 *
 * Whatever it is, it is refused with a reason or carried out. What GET shows then must be JSON,
 * must be taken back as it stands, and must show the same again: nothing that can be set reads
 * differently from what was written. Each input finds the policies as a fresh tenant has them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/text.h"
#include "model/graph_model.h"
#include "service/health.h"
#include "store/registry.h"
#include "store/store.h"
#include "json/reader.h"
#include "json/writer.h"

#define PLENTY    ((size_t)16 << 20)
#define TEXT_MAX  65536
#define NOW_TICKS INT64_C(638000000000000000)

#define MUST(cond)                                                                                 \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "%s:%d: %s\n", __func__, __LINE__, #cond);                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct uuid tenant = { { 1 } };
static struct store *store;
static struct store_session *session;
static struct arena_pool *pool;

int LLVMFuzzerInitialize(int *argc UNUSED, char ***argv UNUSED)
{
    const struct store_options options = { .in_memory = true };
    const struct registry_tenant row = { .id = tenant, .licensed = true };

    MUST(store_open(&graph_model, &options, &store, NULL));
    MUST(store_session_open(store, STORE_WRITES, &session, NULL));
    store_seal(store);
    MUST(store_begin(session, NULL) && store_operation_begin(session, NULL));
    MUST(registry_tenant_add(session, &row, NULL));
    MUST(store_operation_keep(session, NULL) && store_commit(session, NULL));
    pool = arena_pool_create(65536, 1);
    return 0;
}

static bool put(struct slice json, struct arena *arena)
{
    struct error err = { 0 };
    bool ok = service_health_put(session, &graph_model, tenant, json, NOW_TICKS, arena, &err);

    MUST(ok == (err.code == ERROR_NONE));
    MUST(ok || err.code == ERROR_BAD_REQUEST || err.code == ERROR_TOO_LARGE);
    MUST(ok || (err.message[0] != '\0' && slice_is_utf8(slice_of(err.message))));
    return ok;
}

static struct slice shown(struct arena *arena)
{
    struct json_writer writer;
    struct text text;

    text_init(&text, arena, 4096, TEXT_MAX);
    json_writer_init(&writer, &text);
    MUST(service_health_write(session, &graph_model, tenant, arena, &writer, NULL));
    MUST(!text.failed && json_is_valid(text_slice(&text), arena, JSON_DEPTH_DEFAULT));
    return text_slice(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice json = { (const char *)data, size };
    struct arena *arena = arena_create(pool, PLENTY);

    MUST(arena && store_begin(session, NULL) && store_operation_begin(session, NULL));
    if (put(json, arena)) {
        struct slice first = shown(arena);

        MUST(put(first, arena));
        MUST(slice_eq(shown(arena), first));
    }
    store_operation_undo(session);
    store_rollback(session);
    arena_destroy(arena);
    return 0;
}
