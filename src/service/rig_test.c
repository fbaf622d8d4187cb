/* service/rig_test.c - stores, articles and policies for tests; see the header.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "service/rig_test.h"

#include "base/arena.h"
#include "edm/toy_model.h"
#include "service/health.h"
#include "service/tenants.h"
#include "store/registry.h"
#include "store/store.h"

const struct uuid rig_tenant = { { 0x11 } };
const struct uuid rig_other_tenant = { { 0x22 } };
const struct uuid rig_no_tenant = { { 0x33 } };

void rig_begin(struct rig *rig)
{
    assert_true(store_begin(rig->writer, NULL));
    assert_true(store_operation_begin(rig->writer, NULL));
}

void rig_keep(struct rig *rig)
{
    assert_true(store_operation_keep(rig->writer, NULL));
    assert_true(store_commit(rig->writer, NULL));
}

void rig_undo(struct rig *rig)
{
    store_operation_undo(rig->writer);
    assert_true(store_commit(rig->writer, NULL));
}

void rig_open(struct rig *rig, struct db_fault_plan *faults)
{
    const struct store_options options = { .in_memory = true, .faults = faults };
    struct registry_tenant tenant = { .id = rig_tenant, .licensed = true };
    struct error err = { 0 };

    if (!store_open(&toy_model, &options, &rig->store, &err) ||
        !store_session_open(rig->store, STORE_WRITES, &rig->writer, &err) ||
        !service_session_create(rig->store, &rig->loop, &err))
        fail_msg("%s", err.message);
    rig->arena = arena_create(NULL, (size_t)64 << 20);
    assert_non_null(rig->arena);
    rig_begin(rig);
    assert_true(registry_tenant_add(rig->writer, &tenant, NULL));
    tenant.id = rig_other_tenant;
    assert_true(registry_tenant_add(rig->writer, &tenant, NULL));
    rig_keep(rig);
}

void rig_close(struct rig *rig)
{
    arena_destroy(rig->arena);
    service_session_destroy(rig->loop);
    store_session_close(rig->writer);
    store_close(rig->store);
}

void rig_article(struct rig *rig, struct uuid tenant, const char *id, int64_t silent)
{
    struct edm_entity *article = edm_entity_create(&toy_article, rig->arena);
    struct error err = { 0 };

    article->values[TOY_ARTICLE_ID] = (struct edm_value){ .text = slice_of(id) };
    article->values[TOY_ARTICLE_MADE_AT] =
        (struct edm_value){ .at.ticks = silent == INT64_MAX ? 0 : RIG_NOW - silent };
    edm_entity_mark(article, TOY_ARTICLE_ID);
    edm_entity_mark(article, TOY_ARTICLE_MADE_AT);
    rig_begin(rig);
    if (!edm_entity_fill_defaults(&toy_model, article, rig->arena, &err) ||
        !store_entity_insert(rig->writer, tenant, article, rig->arena, &err))
        fail_msg("%s", err.message);
    rig_keep(rig);
}

void rig_policy(struct rig *rig, struct uuid tenant, const char *json)
{
    struct error err = { 0 };

    rig_begin(rig);
    if (!service_health_put(rig->writer, &toy_model, tenant, slice_of(json), RIG_NOW, rig->arena,
                            &err))
        fail_msg("%s", err.message);
    rig_keep(rig);
}

int64_t rig_count(struct rig *rig, struct uuid tenant)
{
    const struct edm_query query = { .type = &toy_article, .count = true };
    struct store_session *session;
    struct edm_page page;

    assert_true(service_session_begin(rig->loop, &session, NULL));
    assert_true(store_entity_list(session, tenant, &query, rig->arena, &page, NULL));
    return page.total_count;
}
