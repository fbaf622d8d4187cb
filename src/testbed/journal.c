/* testbed/journal.c - a ring of entries, each with its texts in one block.
 *
 * An entry is a small slot of numbers and one block that holds its seven texts, one behind the
 * other. A slot that comes round again keeps its block: once the ring is full and its blocks have
 * met the usual lengths, an entry costs a lock and a copy, and no malloc. The array of slots
 * doubles until it has its full size, so that a tenant of ten requests does not pay for a thousand.
 * What a block may grow to is bounded by the limits of the texts: with its slot an entry is at most
 * 2.4 KiB, and some 300 bytes as requests usually are.
 *
 *     slots   [ 9 ][ 10 ][ 11 ][ 4 ][ 5 ][ 6 ][ 7 ][ 8 ]      full: the next one overwrites 4
 *                               ^ first, the oldest
 *
 * Slots and blocks are charged to the ledger of all testbeds. A journal that is refused memory
 * makes do with what it has: it drops its own oldest entries until the new one fits.
 *
 * Nothing counts what was lost. Sequence numbers have no gaps, so whatever was given since the
 * journal began (or was cleared) and is not there has been lost, and how many of those behind some
 * number were is known as well: a question about the last ten need not care for the first thousand.
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
/* Blocks are multiples of it, less what malloc keeps: the next text may be a bit longer. */
#define BLOCK_STEP  ((size_t)64)
#define MALLOC_KEEP ((size_t)16)

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
    struct arena_ledger *ledger; /* may be NULL */
    size_t entries_max;
    pthread_mutex_t lock; /* guards all below */
    struct slot *slots;
    size_t capacity; /* of slots */
    size_t first;    /* the oldest */
    size_t count;
    size_t charged_bytes; /* to the ledger, for slots and blocks */
    uint64_t began;       /* the highest sequence that was given before the first it could hold */
    uint64_t last;        /* the highest that was given */
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

void journal_charge_to(struct journal *journal, struct arena_ledger *ledger)
{
    journal->ledger = ledger;
}

/* --- memory; the lock is held ---------------------------------------------------------------- */

static bool charge(struct journal *journal, size_t bytes)
{
    if (journal->ledger && !arena_ledger_take(journal->ledger, bytes, journal->ledger->limit_bytes))
        return false;
    journal->charged_bytes += bytes;
    return true;
}

static void give_back(struct journal *journal, size_t bytes)
{
    journal->charged_bytes -= bytes;
    arena_ledger_give_back(journal->ledger, bytes);
}

static void free_block(struct journal *journal, struct slot *slot)
{
    if (!slot->block)
        return;
    free(slot->block);
    give_back(journal, slot->block_bytes + MALLOC_KEEP);
    slot->block = NULL;
    slot->block_bytes = 0;
}

/* All that the entries hold. */
static void free_slots(struct journal *journal)
{
    for (size_t i = 0; i < journal->capacity; i++)
        free_block(journal, &journal->slots[i]);
    free(journal->slots);
    journal->slots = NULL;
    journal->capacity = journal->first = journal->count = 0;
    give_back(journal, journal->charged_bytes);
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
    journal->began = journal->last;
    pthread_mutex_unlock(&journal->lock);
}

void journal_shed(struct journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    free_slots(journal);
    pthread_mutex_unlock(&journal->lock);
}

struct journal_standing journal_standing(struct journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    const struct journal_standing standing = { .began = journal->began,
                                               .last = journal->last,
                                               .count = journal->count,
                                               .bytes = journal->charged_bytes };
    pthread_mutex_unlock(&journal->lock);
    return standing;
}

void journal_go_on(struct journal *journal, uint64_t began, uint64_t last)
{
    journal->began = began;
    journal->last = last;
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

/* The n-th oldest; n may be the count: the first free one. */
static struct slot *slot_at(const struct journal *journal, size_t n)
{
    size_t to_end = journal->capacity - journal->first;

    return &journal->slots[n < to_end ? journal->first + n : n - to_end];
}

/* The entries move to the front of a larger array. */
static bool grow_slots(struct journal *journal)
{
    size_t doubled = journal->capacity ? journal->capacity * 2 : FIRST_SLOTS;
    size_t capacity = doubled < journal->entries_max ? doubled : journal->entries_max;
    size_t growth_bytes = (capacity - journal->capacity) * sizeof(struct slot);
    struct slot *slots;

    if (!charge(journal, growth_bytes))
        return false;
    slots = calloc(capacity, sizeof *slots);
    if (!slots) {
        give_back(journal, growth_bytes);
        return false;
    }
    for (size_t n = 0; n < journal->capacity; n++)
        slots[n] = *slot_at(journal, n);
    free(journal->slots);
    journal->slots = slots;
    journal->capacity = capacity;
    journal->first = 0;
    return true;
}

/* Its block stays with its slot. */
static void drop_oldest(struct journal *journal)
{
    if (++journal->first == journal->capacity)
        journal->first = 0;
    journal->count--;
}

/* Where the next entry goes; NULL: no memory for any. */
static struct slot *next_slot(struct journal *journal)
{
    bool is_full = journal->count == journal->capacity &&
                   (journal->capacity == journal->entries_max || !grow_slots(journal));

    if (journal->capacity == 0)
        return NULL;
    if (is_full)
        drop_oldest(journal);
    return slot_at(journal, journal->count);
}

static bool make_block(struct journal *journal, struct slot *slot, size_t bytes)
{
    size_t rounded = (bytes + MALLOC_KEEP + BLOCK_STEP - 1) / BLOCK_STEP * BLOCK_STEP;

    free_block(journal, slot); /* not realloc: the old texts are not wanted */
    if (!charge(journal, rounded))
        return false;
    slot->block = malloc(rounded - MALLOC_KEEP);
    if (!slot->block) {
        give_back(journal, rounded);
        return false;
    }
    slot->block_bytes = (uint32_t)(rounded - MALLOC_KEEP);
    return true;
}

/* A block of so many bytes for the slot, at the cost of the oldest entries if need be. */
static bool make_room(struct journal *journal, struct slot *slot, size_t bytes)
{
    if (bytes <= slot->block_bytes)
        return true;
    while (!make_block(journal, slot, bytes)) {
        if (journal->count == 0)
            return false;
        free_block(journal, slot_at(journal, 0));
        drop_oldest(journal);
    }
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

void journal_add(struct journal *journal, const struct journal_entry *entry)
{
    struct journal_entry cut;
    size_t bytes = cut_texts(entry, &cut);

    pthread_mutex_lock(&journal->lock);
    cut.sequence = ++journal->last;
    struct slot *slot = next_slot(journal);
    if (slot && make_room(journal, slot, bytes)) {
        fill_slot(slot, &cut);
        journal->count++;
    }
    pthread_mutex_unlock(&journal->lock);
}

/* --- asking ---------------------------------------------------------------------------------- */

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

/* How many entries of a higher sequence than `since` are not there any more, or never were. */
static uint64_t lost_behind(const struct journal *journal, uint64_t since)
{
    uint64_t from = since > journal->began ? since : journal->began;
    uint64_t given = journal->last > from ? journal->last - from : 0;
    size_t n = journal->count;

    while (n > 0 && slot_at(journal, n - 1)->sequence > from)
        n--;
    return given - (journal->count - n);
}

size_t journal_count(struct journal *journal, const struct journal_filter *filter)
{
    uint64_t ignored;

    return journal_count_and_lost(journal, filter, &ignored);
}

size_t journal_count_and_lost(struct journal *journal, const struct journal_filter *filter,
                              uint64_t *ret_lost)
{
    pthread_mutex_lock(&journal->lock);
    size_t count = find(journal, filter, NULL);
    *ret_lost = lost_behind(journal, filter->since);
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
    ret->lost = lost_behind(journal, 0);
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
