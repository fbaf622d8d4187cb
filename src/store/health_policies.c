/* store/health_policies.c - one row a tenant and type; the stages are text, "error=3600
 * inactive=432000".
 *
 * Stages are kept by name, so that a type may gain or lose one: what the model no longer has is
 * passed over, what it has gained has its default. As rows of a table of their own they would be
 * read and written together all the same.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/health_policies.h"

#include "base/arena.h"
#include "base/text.h"
#include "store/hand_rows.h"
#include "store/session.h"

/* A stage: a name of 63 bytes at most, '=', a number, a blank. */
#define STAGES_BYTES (EDM_HEALTH_STAGES_MAX * (63 + 22))

static void write_stages(struct text *out, const struct edm_health *health,
                         const struct edm_health_policy *policy)
{
    for (size_t i = 0; i < health->stage_count; i++) {
        text_append(out, i ? SLICE(" ") : SLICE_EMPTY);
        text_append(out, health->stages[i].member);
        text_append_char(out, '=');
        text_append_int(out, policy->after_s[i]);
    }
}

static bool read_stage(struct slice stage, const struct edm_health *health,
                       struct edm_health_policy *policy)
{
    struct slice member, seconds;
    int64_t after_s;

    if (!slice_cut(stage, '=', &member, &seconds) || !slice_to_int64(seconds, &after_s) ||
        after_s < 0)
        return false;
    for (size_t i = 0; i < health->stage_count; i++) {
        if (slice_eq(health->stages[i].member, member))
            policy->after_s[i] = after_s;
    }
    return true;
}

static bool read_stages(struct slice stages, const struct edm_health *health,
                        struct edm_health_policy *policy)
{
    struct slice stage;

    while (slice_cut(stages, ' ', &stage, &stages)) {
        if (!read_stage(stage, health, policy))
            return false;
    }
    return stages.len == 0 || read_stage(stages, health, policy);
}

struct reading {
    const struct edm_entity_type *type;
    struct edm_health_policy policy;
};

static bool read_policy(struct store_session *session, struct db_statement *statement,
                        struct arena *arena UNUSED, void *ret, struct error *err)
{
    struct reading *reading = ret;
    struct edm_health_policy policy = edm_health_default(reading->type);

    policy.on = db_int(statement, 0) != 0;
    policy.remove_after_s = db_int(statement, 2);
    policy.since_ticks = db_int(statement, 3);
    if (policy.remove_after_s < 0 || policy.since_ticks < 0 ||
        !read_stages(db_text(statement, 1), reading->type->health, &policy))
        return session_error(session, DB_CORRUPT, err);
    reading->policy = policy;
    return true;
}

bool health_policy_get(struct store_session *session, struct uuid tenant,
                       const struct edm_entity_type *type, struct edm_health_policy *ret,
                       bool *ret_found, struct error *err)
{
    static const char sql[] = "SELECT is_on, stages, remove_after_s, since_ticks"
                              " FROM health_policy WHERE tenant = ?1 AND type = ?2";
    struct reading reading = { .type = type };
    struct db_statement *statement;
    struct db_params params;

    if (!session_check(session, false, err) || !session_literal(session, sql, &statement, err))
        return false;
    params = DB_PARAMS(statement);
    db_params_bytes(&params, tenant.bytes, sizeof tenant.bytes);
    db_params_text(&params, type->name);
    if (!hand_rows_one(session, &params, read_policy, NULL, &reading, ret_found, err))
        return false;
    if (*ret_found)
        *ret = reading.policy;
    return true;
}

bool health_policy_put(struct store_session *session, struct uuid tenant,
                       const struct edm_entity_type *type, const struct edm_health_policy *policy,
                       struct error *err)
{
    static const char sql[] =
        "INSERT INTO health_policy (tenant, type, is_on, stages, remove_after_s, since_ticks)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (tenant, type) DO UPDATE SET"
        " is_on = excluded.is_on, stages = excluded.stages,"
        " remove_after_s = excluded.remove_after_s, since_ticks = excluded.since_ticks";
    struct db_statement *statement;
    char memory[STAGES_BYTES];
    struct db_params params;
    enum db_status status;
    struct text stages;
    int64_t changes;

    text_init_fixed(&stages, memory, sizeof memory);
    write_stages(&stages, type->health, policy);
    if (stages.failed)
        return error_no_memory(err);
    if (!session_check(session, true, err) || !session_literal(session, sql, &statement, err))
        return false;
    params = DB_PARAMS(statement);
    db_params_bytes(&params, tenant.bytes, sizeof tenant.bytes);
    db_params_text(&params, type->name);
    db_params_int(&params, policy->on);
    db_params_text(&params, text_slice(&stages));
    db_params_int(&params, policy->remove_after_s);
    db_params_int(&params, policy->since_ticks);
    return hand_rows_change(session, &params, &status, &changes, err) &&
           (status == DB_DONE || session_error(session, status, err));
}

bool health_policies_clear(struct store_session *session, struct uuid tenant, struct error *err)
{
    static const char sql[] = "DELETE FROM health_policy WHERE tenant = ?1";
    struct db_statement *statement;
    struct db_params params;
    enum db_status status;
    int64_t changes;

    if (!session_check(session, true, err) || !session_literal(session, sql, &statement, err))
        return false;
    params = DB_PARAMS(statement);
    db_params_bytes(&params, tenant.bytes, sizeof tenant.bytes);
    return hand_rows_change(session, &params, &status, &changes, err) &&
           (status == DB_DONE || session_error(session, status, err));
}

bool health_policies_any_on(struct store_session *session, struct uuid tenant, bool *ret,
                            struct error *err)
{
    static const char sql[] = "SELECT count(*) FROM health_policy WHERE tenant = ?1 AND is_on <> 0";
    struct db_statement *statement;
    struct db_params params;
    int64_t count;

    if (!session_check(session, false, err) || !session_literal(session, sql, &statement, err))
        return false;
    params = DB_PARAMS(statement);
    db_params_bytes(&params, tenant.bytes, sizeof tenant.bytes);
    if (!hand_rows_number(session, &params, &count, err))
        return false;
    *ret = count > 0;
    return true;
}

bool health_policies_remove_any(struct store_session *session, bool *ret, struct error *err)
{
    static const char sql[] =
        "SELECT count(*) FROM health_policy WHERE is_on <> 0 AND remove_after_s > 0";
    struct db_statement *statement;
    struct db_params params;
    int64_t count;

    if (!session_check(session, false, err) || !session_literal(session, sql, &statement, err))
        return false;
    params = DB_PARAMS(statement);
    if (!hand_rows_number(session, &params, &count, err))
        return false;
    *ret = count > 0;
    return true;
}

static bool read_tenant(struct store_session *session, struct db_statement *statement,
                        struct arena *arena UNUSED, void *ret, struct error *err)
{
    return hand_rows_uuid(session, statement, 0, ret, err);
}

bool health_policies_removing(struct store_session *session, struct arena *arena, struct uuid **ret,
                              size_t *ret_count, struct error *err)
{
    static const char sql[] = "SELECT DISTINCT tenant FROM health_policy"
                              " WHERE is_on <> 0 AND remove_after_s > 0";
    struct db_statement *statement;
    struct db_params params;
    void *list;

    if (!session_check(session, false, err) || !session_literal(session, sql, &statement, err))
        return false;
    params = DB_PARAMS(statement);
    if (!hand_rows_all(session, &params, sizeof **ret, read_tenant, arena, &list, ret_count, err))
        return false;
    *ret = list;
    return true;
}
