/* store/sqlite_items.c - a collection read from left to right: as a table, and for one item.
 *
 * SQLite's json_each() does the same with a tree of the whole text, which it makes anew for every
 * row and every condition that looks at items. A collection is a short list of short texts; here
 * each item is found when it is asked for. Most hold no escape and are handed on as they stand.
 *
 * The table copies the text, into the cursor itself where it fits, because an argument lasts no
 * longer than the call that brings it. It has the lower-case form of an item beside it, which
 * conditions compare: made on the way it is no call and no text of its own. To look for one item
 * no table is made at all.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite_items.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "base/slice.h"
#include "json/string_literal.h"

#define SHORT_BYTES 400 /* of a collection that the cursor has room for */

enum column { COLUMN_VALUE, COLUMN_LOWER, COLUMN_KEY, COLUMN_COLLECTION };

struct reader {
    const char *at, *limit; /* behind the item at hand */
    const char *item;
    size_t item_len;
    char *decoded; /* sqlite3_malloc() */
    bool is_null, ended;
};

struct cursor {
    sqlite3_vtab_cursor base;
    struct reader reader;
    int64_t place;
    char *copy; /* sqlite3_malloc() */
    char memory[SHORT_BYTES];
};

static struct cursor *cursor_of(sqlite3_vtab_cursor *cursor)
{
    return (struct cursor *)(void *)cursor;
}

/* --- items ----------------------------------------------------------------------------------- */

static void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->limit && (*reader->at == ' ' || *reader->at == '\t' ||
                                          *reader->at == '\n' || *reader->at == '\r'))
        reader->at++;
}

static bool take(struct reader *reader, char c)
{
    skip_blanks(reader);
    if (reader->at == reader->limit || *reader->at != c)
        return false;
    reader->at++;
    return true;
}

static int read_text(struct reader *reader)
{
    const char *from = reader->at;
    size_t len = 0;
    struct json_scan scan = json_string_scan(from, reader->limit, &len);

    if (scan.problem)
        return SQLITE_CORRUPT;
    reader->at = scan.at;
    reader->item = from + 1;
    reader->item_len = len;
    if (len == (size_t)(scan.at - from) - 2)
        return SQLITE_OK;
    sqlite3_free(reader->decoded);
    reader->decoded = sqlite3_malloc64(len + 1); /* of 0 bytes there would be none */
    if (!reader->decoded)
        return SQLITE_NOMEM;
    json_string_decode(from, scan.at, reader->decoded);
    reader->item = reader->decoded;
    return SQLITE_OK;
}

static int read_item(struct reader *reader)
{
    static const char null[] = { 'n', 'u', 'l', 'l' };

    skip_blanks(reader);
    reader->is_null = false;
    if (reader->at < reader->limit && *reader->at == '"')
        return read_text(reader);
    if ((size_t)(reader->limit - reader->at) < sizeof null ||
        memcmp(reader->at, null, sizeof null) != 0)
        return SQLITE_CORRUPT;
    reader->at += sizeof null;
    reader->is_null = true;
    return SQLITE_OK;
}

static int end(struct reader *reader)
{
    skip_blanks(reader);
    reader->ended = true;
    return reader->at == reader->limit ? SQLITE_OK : SQLITE_CORRUPT;
}

static int begin(struct reader *reader)
{
    if (!take(reader, '['))
        return SQLITE_CORRUPT;
    return take(reader, ']') ? end(reader) : read_item(reader);
}

static int next(struct reader *reader)
{
    if (take(reader, ','))
        return read_item(reader);
    return take(reader, ']') ? end(reader) : SQLITE_CORRUPT;
}

/* --- the table ------------------------------------------------------------------------------- */

static int items_connect(sqlite3 *handle, void *context UNUSED, int count UNUSED,
                         const char *const *arguments UNUSED, sqlite3_vtab **ret,
                         char **message UNUSED)
{
    int rc =
        sqlite3_declare_vtab(handle, "CREATE TABLE items (value, lower, key, collection HIDDEN)");

    if (rc != SQLITE_OK)
        return rc;
    sqlite3_vtab_config(handle, SQLITE_VTAB_DIRECTONLY);
    *ret = sqlite3_malloc64(sizeof **ret);
    if (!*ret)
        return SQLITE_NOMEM;
    memset(*ret, 0, sizeof **ret);
    return SQLITE_OK;
}

static int items_disconnect(sqlite3_vtab *table)
{
    sqlite3_free(table);
    return SQLITE_OK;
}

/* The argument has to be known; there is no other way to read. */
static int items_best_index(sqlite3_vtab *table UNUSED, sqlite3_index_info *info)
{
    for (int i = 0; i < info->nConstraint; i++) {
        if (info->aConstraint[i].iColumn != COLUMN_COLLECTION ||
            info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ || !info->aConstraint[i].usable)
            continue;
        info->aConstraintUsage[i].argvIndex = 1;
        info->aConstraintUsage[i].omit = 1;
        info->estimatedCost = 1;
        info->estimatedRows = 4;
        return SQLITE_OK;
    }
    return SQLITE_CONSTRAINT;
}

static int items_open(sqlite3_vtab *table UNUSED, sqlite3_vtab_cursor **ret)
{
    struct cursor *cursor = sqlite3_malloc64(sizeof *cursor);

    if (!cursor)
        return SQLITE_NOMEM;
    memset(cursor, 0, offsetof(struct cursor, memory));
    *ret = &cursor->base;
    return SQLITE_OK;
}

static void forget(struct cursor *cursor)
{
    sqlite3_free(cursor->copy);
    sqlite3_free(cursor->reader.decoded);
    cursor->copy = cursor->reader.decoded = NULL;
}

static int items_close(sqlite3_vtab_cursor *base)
{
    forget(cursor_of(base));
    sqlite3_free(base);
    return SQLITE_OK;
}

static int items_filter(sqlite3_vtab_cursor *base, int plan UNUSED, const char *words UNUSED,
                        int count, sqlite3_value **values)
{
    struct cursor *cursor = cursor_of(base);
    const char *text;
    char *copy = cursor->memory;
    size_t len;

    forget(cursor);
    cursor->place = 0;
    cursor->reader.ended = count != 1 || sqlite3_value_type(values[0]) == SQLITE_NULL;
    if (cursor->reader.ended)
        return SQLITE_OK;
    text = (const char *)sqlite3_value_text(values[0]);
    if (!text)
        return SQLITE_NOMEM;
    len = (size_t)sqlite3_value_bytes(values[0]);
    if (len > sizeof cursor->memory) {
        copy = cursor->copy = sqlite3_malloc64(len);
        if (!copy)
            return SQLITE_NOMEM;
    }
    memcpy(copy, text, len);
    cursor->reader.at = copy;
    cursor->reader.limit = copy + len;
    return begin(&cursor->reader);
}

static int items_next(sqlite3_vtab_cursor *base)
{
    cursor_of(base)->place++;
    return next(&cursor_of(base)->reader);
}

static int items_eof(sqlite3_vtab_cursor *base)
{
    return cursor_of(base)->reader.ended;
}

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static int put_lower(sqlite3_context *context, const struct reader *reader)
{
    char memory[SHORT_BYTES];
    bool is_short = reader->item_len <= sizeof memory;
    char *lower = is_short ? memory : sqlite3_malloc64(reader->item_len);

    if (!lower)
        return SQLITE_NOMEM;
    for (size_t i = 0; i < reader->item_len; i++)
        lower[i] = fold(reader->item[i]);
    sqlite3_result_text64(context, lower, reader->item_len,
                          is_short ? SQLITE_TRANSIENT : sqlite3_free, SQLITE_UTF8);
    return SQLITE_OK;
}

/* Null is what a column is that nothing is said of. */
static int items_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct cursor *cursor = cursor_of(base);
    const struct reader *reader = &cursor->reader;

    if (column == COLUMN_KEY)
        sqlite3_result_int64(context, cursor->place);
    else if (column == COLUMN_LOWER && !reader->is_null)
        return put_lower(context, reader);
    else if (column == COLUMN_VALUE && !reader->is_null)
        sqlite3_result_text64(context, reader->item, reader->item_len, SQLITE_TRANSIENT,
                              SQLITE_UTF8);
    return SQLITE_OK;
}

static int items_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *ret)
{
    *ret = cursor_of(base)->place;
    return SQLITE_OK;
}

/* --- one item -------------------------------------------------------------------------------- */

static bool is_same(const struct reader *reader, struct slice item, bool exact)
{
    if (reader->is_null || reader->item_len != item.len)
        return false;
    if (exact)
        return memcmp(reader->item, item.ptr, item.len) == 0;
    for (size_t i = 0; i < item.len; i++) {
        if (fold(reader->item[i]) != fold(item.ptr[i]))
            return false;
    }
    return true;
}

/* Of a null, as of a table without rows, it is false. */
static void has_item(sqlite3_context *context, int count UNUSED, sqlite3_value **values)
{
    const char *text = (const char *)sqlite3_value_text(values[0]);
    const char *wanted = (const char *)sqlite3_value_text(values[1]);
    bool exact = sqlite3_value_int(values[2]), found = false;
    struct reader reader = { .at = text };
    struct slice item;
    int rc = SQLITE_OK;

    if (text && wanted) {
        item = (struct slice){ wanted, (size_t)sqlite3_value_bytes(values[1]) };
        reader.limit = text + sqlite3_value_bytes(values[0]);
        rc = begin(&reader);
        while (rc == SQLITE_OK && !reader.ended && !found) {
            found = is_same(&reader, item, exact);
            rc = found ? SQLITE_OK : next(&reader);
        }
        sqlite3_free(reader.decoded);
    }
    if (rc == SQLITE_OK)
        sqlite3_result_int(context, found);
    else
        sqlite3_result_error_code(context, rc);
}

/* --- all ------------------------------------------------------------------------------------- */

int sqlite_items_add(sqlite3 *handle)
{
    static const sqlite3_module module = {
        .xConnect =
            items_connect, /* and no xCreate: there is the one table, of the module's name */
        .xBestIndex = items_best_index,
        .xDisconnect = items_disconnect,
        .xDestroy = items_disconnect,
        .xOpen = items_open,
        .xClose = items_close,
        .xFilter = items_filter,
        .xNext = items_next,
        .xEof = items_eof,
        .xColumn = items_column,
        .xRowid = items_rowid,
    };

    int rc = sqlite3_create_module_v2(handle, "edm_items", &module, NULL, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_create_function_v2(handle, "edm_has_item", 3,
                                        SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
                                        NULL, has_item, NULL, NULL, NULL);
    return rc;
}
