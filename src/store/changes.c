/* store/changes.c - the rows that are written while somebody watches a set, read and trimmed.
 *
 * Table `change`, by (tenant, type, seq, id). Ids are in the key because a reset deletes a whole
 * set under one number, in one statement. A second index leads from an id to its rows: it answers
 * whether a later row tells of the same entity, and which properties all of them touched. So a
 * round costs what changed in it, whatever the log holds besides. Who watches is watches.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/changes.h"

#include "base/arena.h"
#include "base/text.h"
#include "edm/model.h"
#include "store/hand_rows.h"
#include "store/session.h"
#include "store/watches.h"

#define ALL_PROPERTIES  UINT64_MAX
#define SEQUENCE_BITS   12    /* below the milliseconds: entity_ids.h */
#define TRIMMED_AT_ONCE 5000  /* rows of one operation */
#define SUMMED_AT_ONCE  4096  /* rows of one call, but for the last entity's */
#define SUMMED_MOST     65536 /* rows of one entity */

static int64_t now_unix_ms(const struct store_session *session)
{
    return (int64_t)session->store->unix_ms();
}

/* --- the rows --------------------------------------------------------------------------------- */

static bool next_sequence(struct store_session *session, int64_t *ret, struct error *err)
{
    struct uuid unused;

    return session_make_id(session, &unused, ret, err);
}

static bool add_row(struct store_session *session, const struct uuid *tenant,
                    const struct edm_entity_type *type, struct slice id, uint64_t changed,
                    struct error *err)
{
    static const char sql[] = "INSERT INTO change (tenant, type, seq, id, changed)"
                              " VALUES (?1, ?2, ?3, ?4, ?5)";
    struct db_params params;
    int64_t sequence;

    if (!next_sequence(session, &sequence, err) ||
        !watches_prepare(session, true, sql, tenant, type->name, &params, err))
        return false;
    db_params_int(&params, sequence);
    db_params_text(&params, id);
    db_params_int(&params, (int64_t)changed);
    return hand_rows_run(session, &params, err);
}

bool changes_note(struct store_session *session, struct uuid tenant,
                  const struct edm_entity_type *type, struct slice id, uint64_t changed,
                  struct error *err)
{
    bool watched;

    if (session->watched.none_at == session->registry_version + 1 && !session->registry_changed)
        return true;
    return watches_have(session, &tenant, type, &watched, err) &&
           (!watched || add_row(session, &tenant, type, id, changed, err));
}

/* One for each type that is reset, and seldom: not kept. */
static bool copy_ids(struct store_session *session, const struct uuid *tenant,
                     const struct edm_entity_type *type, int64_t sequence, struct error *err)
{
    char memory[512];
    struct db_statement *statement;
    struct db_params params;
    enum db_status status;
    struct text sql;

    text_init_fixed(&sql, memory, sizeof memory);
    text_append(&sql, SLICE("INSERT INTO change (tenant, type, seq, id, changed)"
                            " SELECT tenant, ?2, ?3, id, ?4 FROM \""));
    sql_table_name(&sql, type);
    text_append(&sql, SLICE("\" WHERE tenant = ?1"));
    status = sql.failed ? DB_NO_MEMORY
                        : session->db->driver->prepare(session->db, text_slice(&sql), &statement);
    if (status != DB_OK)
        return session_error(session, status, err);
    params = DB_PARAMS(statement);
    db_params_bytes(&params, tenant->bytes, sizeof tenant->bytes);
    db_params_text(&params, type->name);
    db_params_int(&params, sequence);
    db_params_int(&params, (int64_t)ALL_PROPERTIES);
    status = db_params_step(&params);
    session->db->driver->finalize(statement);
    return status == DB_DONE || session_error(session, status, err);
}

bool changes_note_all(struct store_session *session, struct uuid tenant,
                      const struct edm_entity_type *type, struct error *err)
{
    int64_t sequence;
    bool watched;

    if (!watches_have(session, &tenant, type, &watched, err))
        return false;
    return !watched || (next_sequence(session, &sequence, err) &&
                        copy_ids(session, &tenant, type, sequence, err));
}

/* --- reading ---------------------------------------------------------------------------------- */

bool changes_extent(struct store_session *session, struct uuid tenant,
                    const struct edm_entity_type *type, struct changes_extent *ret, bool *ret_found,
                    struct error *err)
{
    static const char sql[] = "SELECT coalesce(max(seq), 0) FROM change"
                              " WHERE tenant = ?1 AND type = ?2";
    struct db_params params;
    struct watch watch;
    bool found;
    int64_t last;

    type = edm_stored_type(type);
    if (!watches_get(session, &tenant, type->name, &watch, &found, err))
        return false;
    *ret_found = found && watch.layout == watches_layout(type);
    if (!*ret_found)
        return true;
    if (!watches_prepare(session, false, sql, &tenant, type->name, &params, err) ||
        !hand_rows_number(session, &params, &last, err))
        return false;
    *ret = (struct changes_extent){ .since = watch.since,
                                    .last = last > watch.since ? last : watch.since,
                                    .used_unix_ms = watch.used_unix_ms,
                                    .now_unix_ms = now_unix_ms(session) };
    return true;
}

int64_t changes_sequence_at(int64_t unix_ms)
{
    return unix_ms << SEQUENCE_BITS;
}

static bool read_change(struct store_session *session UNUSED, struct db_statement *statement,
                        struct arena *arena, void *ret, struct error *err)
{
    struct change change = { .sequence = db_int(statement, 0),
                             .changed = db_int(statement, 2) ? ALL_PROPERTIES : 0 };

    if (!db_text_copy(statement, 1, arena, &change.id, err))
        return false;
    *(struct change *)ret = change;
    return true;
}

/* By all rows of the range. */
static bool sum_up(struct store_session *session, const struct uuid *tenant, struct slice type,
                   const struct changes_range *range, struct change *change, size_t *ret_rows,
                   struct error *err)
{
    static const char sql[] = "SELECT changed FROM change WHERE tenant = ?1 AND type = ?2"
                              " AND id = ?3 AND seq > ?4 AND seq <= ?5 LIMIT ?6";
    struct db_params params;
    enum db_status status;
    uint64_t changed = 0;
    size_t rows = 0;

    if (!watches_prepare(session, false, sql, tenant, type, &params, err))
        return false;
    db_params_text(&params, change->id);
    db_params_int(&params, range->since);
    db_params_int(&params, range->until);
    db_params_int(&params, SUMMED_MOST);
    for (status = db_params_step(&params); status == DB_ROW; status = db_step(params.statement)) {
        changed |= (uint64_t)db_int(params.statement, 0);
        rows++;
    }
    db_reset(params.statement);
    if (status != DB_DONE)
        return session_error(session, status, err);
    change->changed = rows < SUMMED_MOST ? changed : ALL_PROPERTIES;
    *ret_rows = rows;
    return true;
}

/* Up to the row by which much was read. */
static bool sum_up_all(struct store_session *session, const struct uuid *tenant, struct slice type,
                       const struct changes_range *range, struct changes_stretch *stretch,
                       struct error *err)
{
    for (size_t i = 0; i < stretch->count; i++) {
        struct change *change = &stretch->rows[i];
        size_t rows = 0;

        if (!change->changed)
            continue;
        if (!sum_up(session, tenant, type, range, change, &rows, err))
            return false;
        stretch->looked += rows;
        if (stretch->looked >= SUMMED_AT_ONCE && i + 1 < stretch->count) {
            stretch->count = i + 1;
            stretch->ends = false;
        }
    }
    return true;
}

bool changes_list(struct store_session *session, struct uuid tenant,
                  const struct edm_entity_type *type, const struct changes_range *range, size_t max,
                  struct arena *arena, struct changes_stretch *ret, struct error *err)
{
    static const char sql[] =
        "SELECT seq, id, NOT EXISTS (SELECT 1 FROM change AS later WHERE later.tenant = ?1"
        " AND later.type = ?2 AND later.id = c.id AND later.seq > c.seq AND later.seq <= ?6)"
        " FROM change AS c WHERE tenant = ?1 AND type = ?2 AND seq >= ?3"
        " AND (seq > ?3 OR id > ?4) AND seq > ?5 AND seq <= ?6 ORDER BY seq, id LIMIT ?7";
    struct slice name = edm_stored_type(type)->name;
    struct changes_stretch stretch;
    struct db_params params;
    size_t count;
    void *list;

    if (!watches_prepare(session, false, sql, &tenant, name, &params, err))
        return false;
    db_params_int(&params, range->after_sequence);
    db_params_text(&params, range->after_id);
    db_params_int(&params, range->since);
    db_params_int(&params, range->until);
    db_params_int(&params, (int64_t)max);
    if (!hand_rows_all(session, &params, sizeof *stretch.rows, read_change, arena, &list, &count,
                       err))
        return false;
    stretch = (struct changes_stretch){
        .rows = list, .count = count, .ends = count < max, .looked = count
    };
    if (!sum_up_all(session, &tenant, name, range, &stretch, err))
        return false;
    *ret = stretch;
    return true;
}

bool changes_delete(struct store_session *session, const struct uuid *tenant, struct slice type,
                    int64_t until, struct error *err)
{
    static const char sql[] = "DELETE FROM change WHERE tenant = ?1 AND type = ?2 AND seq <= ?3";
    struct db_params params;

    if (!watches_prepare(session, true, sql, tenant, type, &params, err))
        return false;
    db_params_int(&params, until);
    return hand_rows_run(session, &params, err);
}

/* --- upkeep ----------------------------------------------------------------------------------- */

/* The row that `offset` rows stand in front of, newest or oldest first; 0 when there are fewer. */
static bool sequence_at(struct store_session *session, const struct uuid *tenant, struct slice type,
                        bool newest_first, size_t offset, int64_t *ret, struct error *err)
{
    static const char newest_sql[] = "SELECT coalesce((SELECT seq FROM change WHERE tenant = ?1"
                                     " AND type = ?2 ORDER BY seq DESC LIMIT 1 OFFSET ?3), 0)";
    static const char oldest_sql[] = "SELECT coalesce((SELECT seq FROM change WHERE tenant = ?1"
                                     " AND type = ?2 ORDER BY seq LIMIT 1 OFFSET ?3), 0)";
    struct db_params params;

    if (!watches_prepare(session, false, newest_first ? newest_sql : oldest_sql, tenant, type,
                         &params, err))
        return false;
    db_params_int(&params, (int64_t)offset);
    return hand_rows_number(session, &params, ret, err);
}

static bool read_excess(struct store_session *session, struct db_statement *statement,
                        struct arena *arena, void *ret, struct error *err)
{
    struct changes_excess excess = { .used_unix_ms = db_int(statement, 2) };

    if (!hand_rows_uuid(session, statement, 0, &excess.tenant, err) ||
        !db_text_copy(statement, 1, arena, &excess.type, err))
        return false;
    *(struct changes_excess *)ret = excess;
    return true;
}

/* Fills in what there is to do about the watch; nothing: `until` stays 0. */
static bool measure(struct store_session *session, const struct changes_bounds *bounds,
                    struct changes_excess *excess, struct error *err)
{
    int64_t oldest_ms = now_unix_ms(session) - bounds->keep_ms, oldest, surplus;

    if (excess->used_unix_ms < oldest_ms) {
        excess->ends = true;
        excess->until = INT64_MAX;
        return true;
    }
    if (!sequence_at(session, &excess->tenant, excess->type, false, 0, &oldest, err) ||
        !sequence_at(session, &excess->tenant, excess->type, true, bounds->rows_max, &surplus, err))
        return false;
    excess->until = surplus;
    if (oldest_ms > 0 && oldest != 0 && oldest >> SEQUENCE_BITS < oldest_ms &&
        surplus < changes_sequence_at(oldest_ms))
        excess->until = changes_sequence_at(oldest_ms);
    return true;
}

bool changes_find_excess(struct store_session *session, const struct changes_bounds *bounds,
                         struct arena *arena, struct changes_excess **ret, size_t *ret_count,
                         struct error *err)
{
    static const char sql[] = "SELECT tenant, type, used_unix_ms FROM watch";
    struct changes_excess *found;
    struct db_params params;
    size_t count, kept = 0;
    void *list;

    if (!hand_rows_prepare(session, false, sql, NULL, &params, err) ||
        !hand_rows_all(session, &params, sizeof *found, read_excess, arena, &list, &count, err))
        return false;
    found = list;
    for (size_t i = 0; i < count; i++) {
        if (!measure(session, bounds, &found[i], err))
            return false;
        if (found[i].until)
            found[kept++] = found[i];
    }
    *ret = found;
    *ret_count = kept;
    return true;
}

/* Rows up to `until` may be missing from now on. */
static bool raise_since(struct store_session *session, const struct uuid *tenant, struct slice type,
                        int64_t until, struct error *err)
{
    static const char sql[] = "UPDATE watch SET since_seq = ?3 WHERE tenant = ?1 AND type = ?2"
                              " AND since_seq < ?3";
    struct db_params params;

    if (!watches_prepare(session, true, sql, tenant, type, &params, err))
        return false;
    db_params_int(&params, until);
    return hand_rows_run(session, &params, err);
}

bool changes_trim(struct store_session *session, const struct changes_excess *excess,
                  bool *ret_more, struct error *err)
{
    struct watch watch;
    int64_t edge;
    bool found;

    *ret_more = false;
    if (!watches_get(session, &excess->tenant, excess->type, &watch, &found, err))
        return false;
    if (!found || (excess->ends && watch.used_unix_ms != excess->used_unix_ms))
        return true;
    if (!sequence_at(session, &excess->tenant, excess->type, false, TRIMMED_AT_ONCE - 1, &edge,
                     err))
        return false;
    *ret_more = edge != 0 && edge < excess->until;
    if (!*ret_more)
        edge = excess->until;
    if (!changes_delete(session, &excess->tenant, excess->type, edge, err))
        return false;
    if (excess->ends && !*ret_more)
        return watches_end(session, &excess->tenant, excess->type, err);
    return raise_since(session, &excess->tenant, excess->type, edge, err);
}
