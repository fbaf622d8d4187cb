/* testbed/journal.c - a ring of entries, each with its texts in one block.
 *
 * An entry is a small slot of numbers and one block that holds its seven texts, one behind the
 * other. A slot that comes round again keeps its block: once the ring is full and its blocks have
 * met the usual lengths, an entry costs a lock and a copy, and no malloc. The array of slots
 * doubles until it has its full size, so that a tenant of ten requests does not pay for a thousand.
 * What a block may grow to is bounded by the limits of the texts, about 2.3 KiB an entry.
 *
 *     slots   [ 9 ][ 10 ][ 11 ][ 4 ][ 5 ][ 6 ][ 7 ][ 8 ]      full: the next one overwrites 4
 *                               ^ first, the oldest
 *
 * Until it is full the ring has not turned: `first` is 0 while the array grows, and growing need
 * not move anything.
 *
 * A question is answered in two steps: under the lock what it selects is copied into the arena of
 * who asks; the JSON is made of the copy, while requests go on.
 *
 * Limits: patterns are matched under the lock, at worst in the product of the lengths of pattern
 * and path; both have their limit. A tester who asks that waits for the answer, and others too.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "testbed/journal.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "edm/date_time.h"
#include "json/writer.h"

#define FIRST_SLOTS ((size_t)16)
#define BLOCK_STEP                                                                                 \
    ((size_t)64) /* blocks are multiples of it: the next text may be a bit longer                  \
                  */

/* The texts of an entry, in the order in which they stand in its block. */
static const struct {
    size_t offset; /* in struct journal_entry */
    size_t max;
} texts[] = {
    { offsetof(struct journal_entry, method), JOURNAL_TEXT_MAX },
    { offsetof(struct journal_entry, path), JOURNAL_PATH_MAX },
    { offsetof(struct journal_entry, query), JOURNAL_PATH_MAX },
    { offsetof(struct journal_entry, app_id), JOURNAL_TEXT_MAX },
    { offsetof(struct journal_entry, request_id), JOURNAL_TEXT_MAX },
    { offsetof(struct journal_entry, client_request_id), JOURNAL_TEXT_MAX },
    { offsetof(struct journal_entry, fault), JOURNAL_TEXT_MAX },
};
#define TEXT_COUNT COUNT_OF(texts)

struct slot {
    uint64_t sequence;
    int64_t at_ticks;
    char *block;
    uint32_t block_bytes;
    uint32_t duration_us;
    int status, executed_status;
    uint16_t lens[TEXT_COUNT];
    bool executed;
    enum journal_outcome outcome;
};

struct journal {
    pthread_mutex_t lock; /* guards all below */
    struct slot *slots;
    size_t capacity; /* of slots */
    size_t entries_max;
    size_t first; /* the oldest; 0 until the ring is full */
    size_t count;
    uint64_t last; /* the highest sequence that was given */
    uint64_t lost;
};

struct journal *journal_create(size_t entries_max)
{
    struct journal *journal = calloc(1, sizeof *journal);

    if (!journal)
        return NULL;
    journal->entries_max = entries_max;
    pthread_mutex_init(&journal->lock, NULL); /* cannot fail on Linux with default attributes */
    return journal;
}

/* All that the entries hold. */
static void free_slots(struct journal *journal)
{
    for (size_t i = 0; i < journal->capacity; i++)
        free(journal->slots[i].block);
    free(journal->slots);
    journal->slots = NULL;
    journal->capacity = journal->first = journal->count = 0;
}

void journal_destroy(struct journal *journal)
{
    if (!journal)
        return;
    free_slots(journal);
    pthread_mutex_destroy(&journal->lock);
    free(journal);
}

void journal_clear(struct journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    free_slots(journal);
    journal->lost = 0;
    pthread_mutex_unlock(&journal->lock);
}

/* --- adding ---------------------------------------------------------------------------------- */

static struct slice *text_of(struct journal_entry *entry, size_t text)
{
    return (struct slice *)(void *)((char *)entry + texts[text].offset);
}

/* The copy of *entry whose texts are cut to their limits; returns what they need together. */
static size_t cut_texts(const struct journal_entry *entry, struct journal_entry *ret)
{
    size_t bytes = 0;

    *ret = *entry;
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        struct slice *text = text_of(ret, i);
        if (text->len > texts[i].max)
            *text = slice_utf8_prefix(*text, texts[i].max);
        bytes += text->len;
    }
    return bytes;
}

static bool grow_slots(struct journal *journal)
{
    size_t doubled = journal->capacity ? journal->capacity * 2 : FIRST_SLOTS;
    size_t capacity = doubled < journal->entries_max ? doubled : journal->entries_max;
    struct slot *slots = reallocarray(journal->slots, capacity, sizeof *slots);

    if (!slots)
        return false;
    memset(slots + journal->capacity, 0, (capacity - journal->capacity) * sizeof *slots);
    journal->slots = slots;
    journal->capacity = capacity;
    return true;
}

/* Where the next entry goes; NULL: no memory. */
static struct slot *next_slot(struct journal *journal)
{
    if (journal->entries_max == 0)
        return NULL;
    if (journal->count == journal->entries_max)
        return &journal->slots[journal->first];
    if (journal->count == journal->capacity && !grow_slots(journal))
        return NULL;
    return &journal->slots[journal->count];
}

static bool make_room(struct slot *slot, size_t bytes)
{
    if (bytes <= slot->block_bytes)
        return true;

    size_t rounded = (bytes + BLOCK_STEP - 1) / BLOCK_STEP * BLOCK_STEP;
    char *block = malloc(rounded); /* not realloc: the old texts are not wanted */
    if (!block)
        return false;
    free(slot->block);
    slot->block = block;
    slot->block_bytes = (uint32_t)rounded;
    return true;
}

static void fill_slot(struct slot *slot, struct journal_entry *entry)
{
    char *at = slot->block;

    slot->sequence = entry->sequence;
    slot->at_ticks = entry->at_ticks;
    slot->duration_us = entry->duration_us;
    slot->status = entry->status;
    slot->executed = entry->executed;
    slot->executed_status = entry->executed_status;
    slot->outcome = entry->outcome;
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        struct slice text = *text_of(entry, i);
        if (text.len > 0) {
            memcpy(at, text.ptr, text.len);
            at += text.len;
        }
        slot->lens[i] = (uint16_t)text.len;
    }
}

/* The slot is the ring's now; it may have been the oldest. */
static void turn(struct journal *journal)
{
    if (journal->count < journal->entries_max) {
        journal->count++;
        return;
    }
    if (++journal->first == journal->entries_max)
        journal->first = 0;
    journal->lost++;
}

void journal_add(struct journal *journal, const struct journal_entry *entry)
{
    struct journal_entry cut;
    size_t bytes = cut_texts(entry, &cut);

    pthread_mutex_lock(&journal->lock);
    cut.sequence = ++journal->last;
    struct slot *slot = next_slot(journal);
    if (slot && make_room(slot, bytes)) {
        fill_slot(slot, &cut);
        turn(journal);
    } else {
        journal->lost++;
    }
    pthread_mutex_unlock(&journal->lock);
}

/* --- asking ---------------------------------------------------------------------------------- */

/* The n-th oldest. */
static const struct slot *slot_at(const struct journal *journal, size_t n)
{
    size_t to_end = journal->capacity - journal->first;

    return &journal->slots[n < to_end ? journal->first + n : n - to_end];
}

/* What the slot holds; `block` is its block, or a copy of it. */
static struct journal_entry entry_of(const struct slot *slot, const char *block)
{
    struct journal_entry entry = { .sequence = slot->sequence,
                                   .at_ticks = slot->at_ticks,
                                   .status = slot->status,
                                   .duration_us = slot->duration_us,
                                   .executed = slot->executed,
                                   .executed_status = slot->executed_status,
                                   .outcome = slot->outcome };

    for (size_t i = 0; i < TEXT_COUNT; i++) {
        if (slot->lens[i] > 0) {
            *text_of(&entry, i) = (struct slice){ block, slot->lens[i] };
            block += slot->lens[i];
        }
    }
    return entry;
}

/* Looks from the newest back for what the filter wants. Writes which they are, the newest first,
 * to `ret_found` (NULL: not asked for); returns how many. */
static size_t find(const struct journal *journal, const struct journal_filter *filter,
                   size_t *ret_found)
{
    size_t found = 0;

    for (size_t n = journal->count; n-- > 0;) {
        const struct slot *slot = slot_at(journal, n);
        struct journal_entry entry = entry_of(slot, slot->block);
        if (entry.sequence <= filter->since || (filter->top > 0 && found == filter->top))
            break;
        if (!journal_filter_fits(filter, &entry))
            continue;
        if (ret_found)
            ret_found[found] = n;
        found++;
    }
    return found;
}

size_t journal_count(struct journal *journal, const struct journal_filter *filter)
{
    pthread_mutex_lock(&journal->lock);
    size_t count = find(journal, filter, NULL);
    pthread_mutex_unlock(&journal->lock);
    return count;
}

/* What a question selects, oldest first, in the arena of who asks. */
struct selection {
    struct journal_entry *entries;
    size_t count;
    uint64_t last, lost;
};

static bool copy_entry(const struct slot *slot, struct arena *arena, struct journal_entry *ret)
{
    struct slice texts_of_slot = { slot->block, 0 }, copy;

    for (size_t i = 0; i < TEXT_COUNT; i++)
        texts_of_slot.len += slot->lens[i];
    if (!arena_copy(arena, texts_of_slot, &copy))
        return false;
    *ret = entry_of(slot, copy.ptr);
    return true;
}

/* The lock is held. */
static bool copy_selection(const struct journal *journal, const struct journal_filter *filter,
                           struct arena *arena, struct selection *ret)
{
    size_t *found = arena_new_array(arena, journal->count, size_t);

    if (!found)
        return false;
    ret->count = find(journal, filter, found);
    ret->entries = arena_new_array(arena, ret->count, struct journal_entry);
    if (!ret->entries)
        return false;
    for (size_t i = 0; i < ret->count; i++) {
        if (!copy_entry(slot_at(journal, found[ret->count - 1 - i]), arena, &ret->entries[i]))
            return false;
    }
    ret->last = journal->last;
    ret->lost = journal->lost;
    return true;
}

static bool select_entries(struct journal *journal, const struct journal_filter *filter,
                           struct arena *arena, struct selection *ret)
{
    pthread_mutex_lock(&journal->lock);
    bool ok = copy_selection(journal, filter, arena, ret);
    pthread_mutex_unlock(&journal->lock);
    return ok;
}

static void write_text(struct json_writer *writer, struct slice name, struct slice value)
{
    json_writer_plain_name(writer, name);
    json_writer_string(writer, value);
}

/* A text that may not be there. */
static void write_text_or_null(struct json_writer *writer, struct slice name, struct slice value)
{
    json_writer_plain_name(writer, name);
    if (value.len > 0)
        json_writer_string(writer, value);
    else
        json_writer_null(writer);
}

static void write_number(struct json_writer *writer, struct slice name, int64_t value)
{
    json_writer_plain_name(writer, name);
    json_writer_int(writer, value);
}

static void write_date(struct json_writer *writer, struct slice name, int64_t ticks)
{
    char text[EDM_DATE_TIME_TEXT_MAX];
    size_t len = edm_date_time_format((struct edm_date_time){ .ticks = ticks }, text);

    json_writer_plain_name(writer, name);
    json_writer_plain_string(writer, (struct slice){ text, len });
}

static void write_entry(struct json_writer *writer, const struct journal_entry *entry)
{
    json_writer_object_begin(writer);
    write_number(writer, SLICE("sequence"), (int64_t)entry->sequence);
    write_date(writer, SLICE("at"), entry->at_ticks);
    write_text(writer, SLICE("method"), entry->method);
    write_text(writer, SLICE("path"), entry->path);
    write_text(writer, SLICE("query"), entry->query);
    write_number(writer, SLICE("status"), entry->status);
    write_number(writer, SLICE("durationMicroseconds"), entry->duration_us);
    write_text_or_null(writer, SLICE("app"), entry->app_id);
    write_text_or_null(writer, SLICE("requestId"), entry->request_id);
    write_text_or_null(writer, SLICE("clientRequestId"), entry->client_request_id);
    write_text_or_null(writer, SLICE("fault"), entry->fault);
    json_writer_plain_name(writer, SLICE("executed"));
    json_writer_bool(writer, entry->executed);
    json_writer_plain_name(writer, SLICE("executedStatus"));
    if (entry->executed)
        json_writer_int(writer, entry->executed_status);
    else
        json_writer_null(writer);
    write_text(writer, SLICE("outcome"), journal_outcome_name(entry->outcome));
    json_writer_object_end(writer);
}

bool journal_write(struct journal *journal, const struct journal_filter *filter,
                   struct arena *arena, struct json_writer *writer)
{
    struct selection selection;

    if (!select_entries(journal, filter, arena, &selection))
        return false;
    json_writer_object_begin(writer);
    json_writer_plain_name(writer, SLICE("requests"));
    json_writer_array_begin(writer);
    for (size_t i = 0; i < selection.count; i++)
        write_entry(writer, &selection.entries[i]);
    json_writer_array_end(writer);
    write_number(writer, SLICE("last"), (int64_t)selection.last);
    write_number(writer, SLICE("lost"), (int64_t)selection.lost);
    json_writer_object_end(writer);
    return true;
}
