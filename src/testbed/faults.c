/* testbed/faults.c - the list of rules, and its lock.
 *
 * Rules and all their texts live in one arena, which a PUT replaces as a whole: the new list is
 * read without the lock, then exchanged. What a rule counts is written in place, under the lock,
 * which is held for a walk over the list and a few copies.
 *
 * A server without faults asks for each request whether there are any. That is one atomic load; a
 * request that overlaps a PUT meets the old rules or the new ones.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "testbed/faults.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/repeatable.h"
#include "base/text.h"
#include "testbed/faults_rules.h"
#include "json/writer.h"

/* What an arena takes of malloc besides what is in it: its first block, the rest of its last. */
#define ARENA_KEEPS_BYTES ((size_t)4096)

struct faults {
    struct arena_ledger *ledger; /* may be NULL */
    size_t rules_max;
    uint64_t seed;
    atomic_bool any, any_stale;
    pthread_mutex_t lock; /* of what follows */
    struct arena *arena;  /* NULL: there are no rules */
    size_t charged_bytes; /* to the ledger, for it */
    struct fault_rule *first;
    uint64_t generation; /* rises with each exchange */
};

struct faults *faults_create(size_t rules_max, uint64_t seed)
{
    struct faults *faults = calloc(1, sizeof *faults);

    if (!faults)
        return NULL;
    faults->rules_max = rules_max;
    faults->seed = seed;
    pthread_mutex_init(&faults->lock, NULL);
    return faults;
}

void faults_destroy(struct faults *faults)
{
    if (!faults)
        return;
    arena_destroy(faults->arena);
    arena_ledger_give_back(faults->ledger, faults->charged_bytes);
    pthread_mutex_destroy(&faults->lock);
    free(faults);
}

void faults_charge_to(struct faults *faults, struct arena_ledger *ledger)
{
    faults->ledger = ledger;
}

/* --- the list -------------------------------------------------------------------------------- */

static bool reads_stale(const struct fault_rule *first)
{
    for (const struct fault_rule *rule = first; rule; rule = rule->next) {
        if (rule->read == FAULT_READ_STALE)
            return true;
    }
    return false;
}

/* Charges what new rules take more than those that go, or gives back what they take less. */
static bool recharge(struct faults *faults, size_t bytes)
{
    struct arena_ledger *ledger = faults->ledger;
    size_t charged = faults->charged_bytes;

    if (ledger && bytes > charged &&
        !arena_ledger_take(ledger, bytes - charged, ledger->limit_bytes))
        return false;
    if (bytes < charged)
        arena_ledger_give_back(ledger, charged - bytes);
    faults->charged_bytes = bytes;
    return true;
}

/* Takes the arena over. False: no room for it in the ledger, and all is as it was. */
static bool exchange(struct faults *faults, struct arena *arena, struct fault_rule *first)
{
    size_t bytes = arena ? arena_used_bytes(arena) + ARENA_KEEPS_BYTES : 0;

    pthread_mutex_lock(&faults->lock);
    bool ok = recharge(faults, bytes);
    struct arena *gone = ok ? faults->arena : arena;
    if (ok) {
        faults->arena = arena;
        faults->first = first;
        faults->generation++;
        atomic_store(&faults->any, first != NULL);
        atomic_store(&faults->any_stale, reads_stale(first));
    }
    pthread_mutex_unlock(&faults->lock);
    arena_destroy(gone);
    return ok;
}

/* More than the texts of rules can need: each is kept as a whole, and some parts once more. */
static size_t budget_bytes(const struct faults *faults, struct slice json)
{
    size_t one = sizeof(struct fault_rule) + FAULT_WINDOWS_MAX * sizeof(struct fault_window) + 1024;

    return 4 * json.len + (faults->rules_max + 1) * one;
}

bool faults_put(struct faults *faults, struct slice json, struct error *err)
{
    struct fault_rule *first;
    struct arena *arena;
    uint64_t place = 0;

    if (json.len > FAULTS_TEXT_BYTES_MAX)
        return error_set(err, ERROR_TOO_LARGE, SLICE("rules"),
                         "the rules of a tenant may be %zu bytes of text, these are %zu",
                         FAULTS_TEXT_BYTES_MAX, json.len);
    arena = arena_create(NULL, budget_bytes(faults, json));
    if (!arena)
        return error_no_memory(err);
    if (!fault_rules_read(json, faults->rules_max, arena, &first, err)) {
        arena_destroy(arena);
        return false;
    }
    for (struct fault_rule *rule = first; rule; rule = rule->next)
        rule->seed = repeatable_draw(faults->seed, place++);
    return exchange(faults, arena, first) ||
           error_set(err, ERROR_STORAGE_FULL, SLICE("rules"),
                     "The testbeds of this server's tenants have no room left for these rules "
                     "(limit-testbed-bytes).");
}

void faults_clear(struct faults *faults)
{
    exchange(faults, NULL, NULL);
}

bool faults_are_none(const struct faults *faults)
{
    return !atomic_load(&faults->any);
}

bool faults_read_stale(const struct faults *faults)
{
    return atomic_load(&faults->any_stale);
}

/* --- a request ------------------------------------------------------------------------------- */

bool faults_draw(struct faults *faults, const struct fault_request *request, struct arena *arena,
                 struct fault_effect *ret)
{
    bool fired = false;
    uint64_t window_left_ms;

    if (faults_are_none(faults))
        return false;
    pthread_mutex_lock(&faults->lock);
    for (struct fault_rule *rule = faults->first; rule; rule = rule->next) {
        if (!fault_rule_fires(rule, request, &window_left_ms))
            continue;
        fired = fault_rule_effect(rule, window_left_ms, arena, ret);
        rule->fired += fired;
        if (fired)
            ret->generation = faults->generation;
        break;
    }
    pthread_mutex_unlock(&faults->lock);
    return fired;
}

void faults_take_back(struct faults *faults, const struct fault_effect *effect)
{
    pthread_mutex_lock(&faults->lock);
    struct fault_rule *rule = faults->generation == effect->generation ? faults->first : NULL;
    while (rule && !slice_eq(rule->name, effect->rule))
        rule = rule->next;
    if (rule)
        rule->fired--;
    pthread_mutex_unlock(&faults->lock);
}

/* --- GET faults ------------------------------------------------------------------------------ */

/* {"rules":[...]}, each rule as it was put and its counts behind. */
static void append_rules(const struct fault_rule *first, struct text *out)
{
    text_append(out, SLICE("{\"rules\":["));
    for (const struct fault_rule *rule = first; rule; rule = rule->next) {
        if (rule != first)
            text_append_char(out, ',');
        text_append(out, rule->text);
        text_append(out, SLICE(",\"matched\":"));
        text_append_uint(out, rule->matched);
        text_append(out, SLICE(",\"fired\":"));
        text_append_uint(out, rule->fired);
        text_append_char(out, '}');
    }
    text_append(out, SLICE("]}"));
}

bool faults_write(struct faults *faults, struct arena *arena, struct json_writer *writer)
{
    struct text text;

    text_init(&text, arena, 1024, SIZE_MAX);
    pthread_mutex_lock(&faults->lock);
    append_rules(faults->first, &text);
    pthread_mutex_unlock(&faults->lock);
    if (text.failed)
        return false;
    json_writer_raw(writer, text_slice(&text));
    return true;
}
