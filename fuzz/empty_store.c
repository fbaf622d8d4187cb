/* fuzz/empty_store.c - see empty_store.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "empty_store.h"

#include <stdlib.h>

#include "model/graph_model.h"
#include "store/store.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);

struct store_session *empty_store;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const struct store_options options = { .in_memory = true, .indexes = STORE_INDEXES_ON };
    struct store *store;

    (void)argc;
    (void)argv;
    if (!store_open(&graph_model, &options, &store, NULL) ||
        !store_session_open(store, STORE_READS, &empty_store, NULL))
        abort();
    store_seal(store);
    return 0;
}

const struct edm_health_view *first_view(const struct edm_entity_type *type,
                                         struct edm_health_view *memory)
{
    const struct edm_entity_type *stored = edm_stored_type(type);
    struct edm_health_view view = { .type = stored, .point_count = 2, .gone_since_ticks = -1 };

    while (view.contact < stored->property_count &&
           stored->properties[view.contact].kind != EDM_DATE_TIME_OFFSET)
        view.contact++;
    while (view.state < stored->property_count && stored->properties[view.state].kind != EDM_ENUM)
        view.state++;
    *memory = view;
    return view.contact < stored->property_count && view.state < stored->property_count ? memory
                                                                                        : NULL;
}

const struct edm_health_view *default_view(const struct edm_entity_type *type,
                                           struct edm_health_view *memory)
{
    const struct edm_entity_type *stored = edm_stored_type(type);
    struct edm_health_policy policy;

    if (!stored->health)
        return NULL;
    policy = edm_health_default(stored);
    policy.on = true;
    edm_health_view_at(stored, &policy, INT64_C(638400000000000000), memory);
    return memory;
}

size_t filter_depth(const struct edm_filter *node)
{
    size_t deepest = 0;

    for (size_t i = 0; i < node->count; i++) {
        size_t depth = filter_depth(node->arguments[i]);

        deepest = depth > deepest ? depth : deepest;
    }
    return 1 + deepest;
}
