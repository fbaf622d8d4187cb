/* testbed/past.c - the last writes in their order, each with what was there before it.
 *
 * A ring of notes, each one block with its three texts. Reads walk it from the oldest write: the
 * first note of a key that is young enough is the state before all the writes of the window. Nobody
 * needs an index: the past is only kept while a tester wants stale reads, it spans some seconds,
 * and its numbers are small.
 *
 * Limits let notes go, always the oldest first: too many, too many bytes (an entity may be as large
 * as a body), too old for any window, no room in the ledger of all testbeds. A write that could not
 * be noted, for want of memory, is simply seen at once.
 *
 * Limits: the ring is an array of its full size, made with the first note, and a read costs a look
 * at each note. Texts are copied for the range of keys that was asked for alone.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "testbed/past.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"

struct note {
    uint64_t at_ms;
    size_t set_len, key_len, before_len;
    char *block; /* the three texts, in this order */
};

struct past {
    struct arena_ledger *ledger; /* may be NULL */
    size_t notes_max;
    pthread_mutex_t lock; /* guards all below */
    struct note *notes;
    size_t first, count;
    size_t bytes; /* of all blocks */
};

struct past *past_create(size_t entries_max)
{
    struct past *past = calloc(1, sizeof *past);

    if (!past)
        return NULL;
    past->notes_max = entries_max;
    pthread_mutex_init(&past->lock, NULL); /* cannot fail on Linux with default attributes */
    return past;
}

void past_charge_to(struct past *past, struct arena_ledger *ledger)
{
    past->ledger = ledger;
}

static bool charge(const struct past *past, size_t bytes)
{
    return !past->ledger || arena_ledger_take(past->ledger, bytes, past->ledger->limit_bytes);
}

/* --- notes ----------------------------------------------------------------------------------- */

/* The n-th oldest. */
static struct note *note_at(const struct past *past, size_t n)
{
    return &past->notes[(past->first + n) % past->notes_max];
}

static size_t note_bytes(const struct note *note)
{
    return note->set_len + note->key_len + note->before_len;
}

static struct slice note_set(const struct note *note)
{
    return (struct slice){ note->block, note->set_len };
}

static struct slice note_key(const struct note *note)
{
    return (struct slice){ note->block + note->set_len, note->key_len };
}

static struct slice note_before(const struct note *note)
{
    return (struct slice){ note->block + note->set_len + note->key_len, note->before_len };
}

/* A thread may have looked at the time before another one that noted first. */
static uint64_t age_ms(const struct note *note, uint64_t now_ms)
{
    return now_ms > note->at_ms ? now_ms - note->at_ms : 0;
}

static void drop_oldest(struct past *past)
{
    struct note *note = note_at(past, 0);

    past->bytes -= note_bytes(note);
    arena_ledger_give_back(past->ledger, note_bytes(note));
    free(note->block);
    past->first = (past->first + 1) % past->notes_max;
    past->count--;
}

static void forget_all(struct past *past)
{
    while (past->count > 0)
        drop_oldest(past);
    if (past->notes)
        arena_ledger_give_back(past->ledger, past->notes_max * sizeof *past->notes);
    free(past->notes);
    past->notes = NULL;
    past->first = 0;
}

void past_clear(struct past *past)
{
    pthread_mutex_lock(&past->lock);
    forget_all(past);
    pthread_mutex_unlock(&past->lock);
}

void past_destroy(struct past *past)
{
    if (!past)
        return;
    forget_all(past);
    pthread_mutex_destroy(&past->lock);
    free(past);
}

/* --- remembering ----------------------------------------------------------------------------- */

static char *append(char *to, struct slice text)
{
    if (text.len > 0)
        memcpy(to, text.ptr, text.len);
    return to + text.len;
}

/* NULL: no memory, or more than may be kept at all. */
static char *make_block(struct slice set, struct slice key, struct slice before)
{
    if (before.len > PAST_BYTES_MAX || set.len + key.len > PAST_BYTES_MAX - before.len)
        return NULL;

    size_t bytes = set.len + key.len + before.len;
    char *block = malloc(bytes > 0 ? bytes : 1);
    if (block)
        append(append(append(block, set), key), before);
    return block;
}

static bool is_due(const struct past *past, size_t bytes, uint64_t now_ms)
{
    return past->count > 0 &&
           (past->count == past->notes_max || past->bytes > PAST_BYTES_MAX - bytes ||
            age_ms(note_at(past, 0), now_ms) >= PAST_WINDOW_MS_MAX);
}

static bool has_ring(struct past *past)
{
    size_t bytes = past->notes_max * sizeof *past->notes;

    if (past->notes)
        return true;
    if (!charge(past, bytes))
        return false;
    past->notes = calloc(past->notes_max, sizeof *past->notes);
    if (!past->notes)
        arena_ledger_give_back(past->ledger, bytes);
    return past->notes != NULL;
}

/* Room for so many bytes more, at the cost of the oldest notes if need be. */
static bool make_room(struct past *past, size_t bytes, uint64_t now_ms)
{
    while (is_due(past, bytes, now_ms))
        drop_oldest(past);
    while (!charge(past, bytes)) {
        if (past->count == 0)
            return false;
        drop_oldest(past);
    }
    return true;
}

/* The lock is held; takes the block over. */
static void add_note(struct past *past, const struct note *note)
{
    if (!has_ring(past) || !make_room(past, note_bytes(note), note->at_ms)) {
        free(note->block);
        return;
    }
    *note_at(past, past->count++) = *note;
    past->bytes += note_bytes(note);
}

void past_add(struct past *past, struct slice set, struct slice key, struct slice before,
              uint64_t now_ms)
{
    struct note note = { .at_ms = now_ms,
                         .set_len = set.len,
                         .key_len = key.len,
                         .before_len = before.len,
                         .block = past->notes_max > 0 ? make_block(set, key, before) : NULL };

    if (!note.block)
        return;
    pthread_mutex_lock(&past->lock);
    add_note(past, &note);
    pthread_mutex_unlock(&past->lock);
}

/* --- reading --------------------------------------------------------------------------------- */

struct window {
    struct slice set;
    uint64_t now_ms, window_ms;
    struct past_range range;
};

static bool is_in(const struct window *window, const struct note *note)
{
    const struct past_range *range = &window->range;

    return age_ms(note, window->now_ms) < window->window_ms &&
           slice_eq(note_set(note), window->set) &&
           (range->after.len == 0 || slice_compare(note_key(note), range->after) > 0) &&
           (range->last.len == 0 || slice_compare(note_key(note), range->last) <= 0);
}

/* By key; of one key the oldest write first. */
struct finding {
    const struct note *note;
    size_t n;
};

static int compare_findings(const void *a, const void *b)
{
    const struct finding *left = a, *right = b;
    int order = slice_compare(note_key(left->note), note_key(right->note));

    return order ? order : (left->n > right->n) - (left->n < right->n);
}

static size_t find_all(const struct past *past, const struct window *window,
                       struct finding *findings)
{
    size_t count = 0;

    for (size_t n = 0; n < past->count; n++) {
        const struct note *note = note_at(past, n);
        if (is_in(window, note))
            findings[count++] = (struct finding){ note, n };
    }
    qsort(findings, count, sizeof *findings, compare_findings);
    return count;
}

static bool is_first_of_key(const struct finding *findings, size_t i)
{
    return i == 0 || !slice_eq(note_key(findings[i].note), note_key(findings[i - 1].note));
}

/* The lock is held. */
static bool copy_list(const struct past *past, const struct window *window, struct arena *arena,
                      struct past_entry **ret, size_t *ret_count, bool *ret_more)
{
    struct finding *findings = arena_new_array(arena, past->count, struct finding);
    size_t bytes_max = window->range.bytes_max, bytes = 0, count = 0;

    if (!findings)
        return false;
    size_t found = find_all(past, window, findings);
    struct past_entry *entries = arena_new_array(arena, found, struct past_entry);
    if (!entries)
        return false;
    *ret_more = false;
    for (size_t i = 0; i < found && !*ret_more; i++) {
        const struct note *note = findings[i].note;
        if (!is_first_of_key(findings, i) || (window->range.created && note->before_len > 0))
            continue;
        if (bytes_max > 0 && bytes > bytes_max) {
            *ret_more = true;
            continue;
        }
        if (!arena_copy(arena, note_key(note), &entries[count].key) ||
            !arena_copy(arena, note_before(note), &entries[count].before))
            return false;
        bytes += note->before_len;
        count++;
    }
    *ret = entries;
    *ret_count = count;
    return true;
}

bool past_list(struct past *past, struct slice set, uint64_t now_ms, uint64_t window_ms,
               const struct past_range *range, struct arena *arena, struct past_entry **ret,
               size_t *ret_count, bool *ret_more)
{
    const struct window window = { set, now_ms, window_ms, *range };

    pthread_mutex_lock(&past->lock);
    bool ok = copy_list(past, &window, arena, ret, ret_count, ret_more);
    pthread_mutex_unlock(&past->lock);
    return ok;
}

/* The lock is held. */
static bool copy_one(const struct past *past, const struct window *window, struct slice key,
                     struct arena *arena, struct slice *ret_before)
{
    for (size_t n = 0; n < past->count; n++) {
        const struct note *note = note_at(past, n);
        if (is_in(window, note) && slice_eq(note_key(note), key))
            return arena_copy(arena, note_before(note), ret_before);
    }
    return false;
}

bool past_find(struct past *past, struct slice set, struct slice key, uint64_t now_ms,
               uint64_t window_ms, struct arena *arena, struct slice *ret_before)
{
    const struct window window = { .set = set, .now_ms = now_ms, .window_ms = window_ms };

    pthread_mutex_lock(&past->lock);
    bool found = copy_one(past, &window, key, arena, ret_before);
    pthread_mutex_unlock(&past->lock);
    return found;
}
