/* testbed/faults_test.h - a request, and whether it meets a fault: for the tests of rules. */
#ifndef TESTBED_FAULTS_TEST_H
#define TESTBED_FAULTS_TEST_H

#include "base/arena.h"
#include "base/test.h"
#include "testbed/faults.h"

#define PLENTY    ((size_t)1 << 20)
#define RULES_MAX 16

static const struct fault_request a_get = {
    .method = SLICE_INIT("GET"),
    .path = SLICE_INIT("/beta/deviceManagement/ndesConnectors"),
    .app_id = SLICE_INIT("00000000-0000-4000-8000-0000000000c1"),
    .now_ms = 1000000,
};

static inline struct faults *faults_of(const char *json)
{
    struct faults *faults = faults_create(RULES_MAX, 42);
    struct error err = { 0 };

    if (!faults_put(faults, slice_of(json), &err))
        fail_msg("%s: %s", json, err.message);
    return faults;
}

/* The effect of one request in memory of its own. */
static inline bool draws(struct faults *faults, const struct fault_request *request,
                         struct fault_effect *ret)
{
    struct arena *arena = arena_create(NULL, PLENTY);
    bool fired = faults_draw(faults, request, arena, ret);

    arena_destroy(arena); /* the texts are gone, the numbers are not */
    return fired;
}

static inline bool fires(struct faults *faults, const struct fault_request *request)
{
    struct fault_effect effect;

    return draws(faults, request, &effect);
}

#endif
