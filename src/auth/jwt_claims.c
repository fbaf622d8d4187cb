/* auth/jwt_claims.c - from the payload of a token to a principal, in three steps.
 *
 *  1. Read. Each claim that is relied upon is a row of claim_types: its name and the one type that
 *     it may have. A claim of another type refuses the token, null included: guessing what a
 *     careless issuer meant is how "roles":"A,B" becomes a role. Other claims are passed over, and
 *     the JSON reader refuses a claim that occurs twice (RFC 7519 section 4 leaves a choice; the
 *     other one, the last wins, lets two readers of one token see two callers).
 *  2. Judge: tenant, issuer, audience, times, in the order in which one gives the other meaning.
 *  3. Tell who it is and what they may do. There are two kinds of token:
 *         delegated   "idtyp" is "user", or "scp" is there; only "scp" counts. A user's "roles"
 *                     are roles inside an app, not application permissions.
 *         app-only    "idtyp" is "app", or there is no "scp"; only "roles" counts.
 *     "idtyp":"app" together with "scp" says both, and is refused.
 *
 * Times are missed by at most JWT_CLOCK_SKEW_S in either direction, as Entra's own validators allow
 * it: a token that works here a minute after its end works there too. One exception: a token
 * that ends before it begins was never valid, and no skew makes it so. That is also how a test gets
 * an expired token without waiting five minutes.
 *
 * A comparison of a claim is exact, byte for byte: RFC 7519 section 4.1 wants "iss" and "aud"
 * compared as case-sensitive text, without normalising URLs. The slash at the end of an audience is
 * the one liberty, since both forms are in use.
 */
#include "auth/jwt_claims.h"

#include <string.h>

#include "auth/jwt.h"
#include "auth/jwt_refusal.h"
#include "auth/sha256.h"
#include "base/arena.h"
#include "json/reader.h"

#define UNIX_S_MAX INT64_C(253402300799) /* the end of the year 9999; no sum overflows */

/* The tenant of personal Microsoft accounts, 9188040d-6c67-4c5b-b112-36a304b66dad. */
static const struct uuid personal_tenant = { { 0x91, 0x88, 0x04, 0x0d, 0x6c, 0x67, 0x4c, 0x5b, 0xb1,
                                               0x12, 0x36, 0xa3, 0x04, 0xb6, 0x6d, 0xad } };

const struct slice jwt_graph_audiences[] = {
    SLICE_INIT("https://graph.microsoft.com"),
    SLICE_INIT("00000003-0000-0000-c000-000000000000"),
    SLICE_INIT("https://graph.microsoft.us"),
    SLICE_INIT("https://dod-graph.microsoft.us"),
    SLICE_INIT("https://microsoftgraph.chinacloudapi.cn"),
};
const size_t jwt_graph_audience_count = COUNT_OF(jwt_graph_audiences);

/* One element of a claim that is a list of texts. */
struct text_item {
    struct slice text;
    const struct text_item *next;
};

struct claim_value {
    bool present;
    struct slice text;             /* of a text claim */
    int64_t unix_s;                /* of a time claim */
    const struct text_item *items; /* of a list claim, last first */
};

enum claim_name {
    CLAIM_AUD,
    CLAIM_ISS,
    CLAIM_IAT,
    CLAIM_NBF,
    CLAIM_EXP,
    CLAIM_TID,
    CLAIM_OID,
    CLAIM_SUB,
    CLAIM_APPID,
    CLAIM_AZP,
    CLAIM_APP_DISPLAYNAME,
    CLAIM_IDTYP,
    CLAIM_UPN,
    CLAIM_PREFERRED_USERNAME,
    CLAIM_SCP,
    CLAIM_ROLES,
    CLAIM_COUNT
};

/* All that the steps share: where they read, and where they say why not. */
struct claims {
    const struct token_rules *rules;
    int64_t now_unix_s;
    struct arena *arena;
    struct json_reader reader;
    struct claim_value values[CLAIM_COUNT];
    const char **ret_cause;
    struct error *err;
};

static bool refuse(const struct claims *claims, enum jwt_refusal why)
{
    return jwt_refuse(why, claims->ret_cause, claims->err);
}

/* -- reading ----------------------------------------------------------------------------------- */

/* The next token; a text that is no JSON is a token that is not well formed. */
static bool next_token(struct claims *claims, struct json_token *ret)
{
    struct error wrong = { 0 };

    if (json_reader_next(&claims->reader, ret, &wrong))
        return true;
    if (wrong.code == ERROR_TOO_LARGE)
        return error_no_memory(claims->err);
    return refuse(claims, JWT_REFUSE_CLAIMS_JSON);
}

static bool has_control_character(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 0x7f)
            return true;
    }
    return false;
}

/* Names of people and apps end in logs and audit rows; ours never hold a NUL or a line end. */
static bool take_text(struct claims *claims, const struct json_token *token, struct slice *ret)
{
    if (token->kind != JSON_STRING)
        return refuse(claims, JWT_REFUSE_CLAIM_TYPE);
    if (has_control_character(token->text))
        return refuse(claims, JWT_REFUSE_CLAIM_TEXT);
    *ret = token->text;
    return true;
}

static bool read_text(struct claims *claims, const struct json_token *token,
                      struct claim_value *value)
{
    return take_text(claims, token, &value->text);
}

/* RFC 7519 section 2, NumericDate; whole seconds alone, as every issuer writes them. */
static bool read_time(struct claims *claims, const struct json_token *token,
                      struct claim_value *value)
{
    int64_t unix_s;

    if (token->kind != JSON_NUMBER || !json_number_to_int64(token->literal, &unix_s) ||
        unix_s < 0 || unix_s > UNIX_S_MAX)
        return refuse(claims, JWT_REFUSE_CLAIM_TYPE);
    value->unix_s = unix_s;
    return true;
}

static bool add_item(struct claims *claims, const struct json_token *token,
                     struct claim_value *value)
{
    struct text_item *item = arena_new(claims->arena, struct text_item);

    if (!item)
        return error_no_memory(claims->err);
    if (!take_text(claims, token, &item->text))
        return false;
    item->next = value->items;
    value->items = item;
    return true;
}

static bool read_list(struct claims *claims, const struct json_token *token,
                      struct claim_value *value)
{
    struct json_token item;

    if (token->kind != JSON_ARRAY_BEGIN)
        return refuse(claims, JWT_REFUSE_CLAIM_TYPE);
    while (next_token(claims, &item)) {
        if (item.kind == JSON_ARRAY_END)
            return true;
        if (!add_item(claims, &item, value))
            return false;
    }
    return false;
}

/* RFC 7519 section 4.1.3: one text, or a list of them. */
static bool read_audience(struct claims *claims, const struct json_token *token,
                          struct claim_value *value)
{
    if (token->kind == JSON_STRING)
        return add_item(claims, token, value);
    return read_list(claims, token, value);
}

static const struct claim_type {
    struct slice name;
    bool (*read)(struct claims *claims, const struct json_token *token, struct claim_value *value);
} claim_types[CLAIM_COUNT] = {
    [CLAIM_AUD] = { SLICE_INIT("aud"), read_audience },
    [CLAIM_ISS] = { SLICE_INIT("iss"), read_text },
    [CLAIM_IAT] = { SLICE_INIT("iat"), read_time },
    [CLAIM_NBF] = { SLICE_INIT("nbf"), read_time },
    [CLAIM_EXP] = { SLICE_INIT("exp"), read_time },
    [CLAIM_TID] = { SLICE_INIT("tid"), read_text },
    [CLAIM_OID] = { SLICE_INIT("oid"), read_text },
    [CLAIM_SUB] = { SLICE_INIT("sub"), read_text },
    [CLAIM_APPID] = { SLICE_INIT("appid"), read_text },
    [CLAIM_AZP] = { SLICE_INIT("azp"), read_text },
    [CLAIM_APP_DISPLAYNAME] = { SLICE_INIT("app_displayname"), read_text },
    [CLAIM_IDTYP] = { SLICE_INIT("idtyp"), read_text },
    [CLAIM_UPN] = { SLICE_INIT("upn"), read_text },
    [CLAIM_PREFERRED_USERNAME] = { SLICE_INIT("preferred_username"), read_text },
    [CLAIM_SCP] = { SLICE_INIT("scp"), read_text },
    [CLAIM_ROLES] = { SLICE_INIT("roles"), read_list },
};

static bool skip_value(struct claims *claims)
{
    struct error wrong = { 0 };

    if (json_reader_skip(&claims->reader, NULL, &wrong))
        return true;
    if (wrong.code == ERROR_TOO_LARGE)
        return error_no_memory(claims->err);
    return refuse(claims, JWT_REFUSE_CLAIMS_JSON);
}

static bool read_member(struct claims *claims, struct slice name)
{
    struct json_token token;

    for (size_t i = 0; i < CLAIM_COUNT; i++) {
        if (!slice_eq(claim_types[i].name, name))
            continue;
        claims->values[i].present = true;
        return next_token(claims, &token) &&
               claim_types[i].read(claims, &token, &claims->values[i]);
    }
    return skip_value(claims);
}

static bool read_members(struct claims *claims, struct slice payload)
{
    struct json_token token;

    json_reader_init(&claims->reader, payload, claims->arena, JWT_JSON_DEPTH);
    if (!next_token(claims, &token))
        return false;
    if (token.kind != JSON_OBJECT_BEGIN)
        return refuse(claims, JWT_REFUSE_CLAIMS_JSON);
    for (;;) {
        if (!next_token(claims, &token))
            return false;
        if (token.kind == JSON_OBJECT_END)
            break;
        if (!read_member(claims, token.text))
            return false;
    }
    return next_token(claims, &token); /* JSON_END: nothing may follow */
}

/* -- judging ----------------------------------------------------------------------------------- */

static bool find_tenant(const struct claims *claims, struct uuid *ret)
{
    const struct claim_value *tid = &claims->values[CLAIM_TID];

    if (!tid->present)
        return refuse(claims, JWT_REFUSE_TID_MISSING);
    return uuid_parse(tid->text, ret) || refuse(claims, JWT_REFUSE_TID_FORM);
}

/* "iss" is exactly {origin}/{tenant}/v2.0: the tenant in it cannot differ from "tid". */
static bool check_issuer(const struct claims *claims, struct uuid tenant)
{
    const struct claim_value *iss = &claims->values[CLAIM_ISS];
    char tail[] = "/00000000-0000-0000-0000-000000000000/v2.0";

    if (!iss->present)
        return refuse(claims, JWT_REFUSE_ISS_MISSING);
    uuid_format(tenant, tail + 1);
    for (size_t i = 0; i < claims->rules->origin_count; i++) {
        struct slice origin = claims->rules->origins[i];

        if (slice_starts_with(iss->text, origin) &&
            slice_eq(slice_sub(iss->text, origin.len, iss->text.len), slice_of(tail)))
            return true;
    }
    return refuse(claims, JWT_REFUSE_ISS_FOREIGN);
}

/* Equal, or but for one slash at the end of a URL. */
static bool same_audience(struct slice aud, struct slice accepted)
{
    if (slice_ends_with(aud, SLICE("/")) && slice_starts_with(accepted, SLICE("http")))
        aud.len--;
    if (slice_ends_with(accepted, SLICE("/")))
        accepted.len--;
    return slice_eq(aud, accepted);
}

static bool is_audience_of(struct slice aud, const struct slice *accepted, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (same_audience(aud, accepted[i]))
            return true;
    }
    return false;
}

static bool check_audience(const struct claims *claims)
{
    const struct token_rules *rules = claims->rules;
    const struct claim_value *aud = &claims->values[CLAIM_AUD];

    if (!aud->present)
        return refuse(claims, JWT_REFUSE_AUD_MISSING);
    for (const struct text_item *item = aud->items; item; item = item->next) {
        if (is_audience_of(item->text, rules->audiences, rules->audience_count) ||
            is_audience_of(item->text, rules->origins, rules->origin_count))
            return true;
    }
    return refuse(claims, JWT_REFUSE_AUD_FOREIGN);
}

static bool judge_times(int64_t not_before_unix_s, int64_t expires_unix_s, int64_t now_unix_s,
                        const char **ret_cause, struct error *err)
{
    if (expires_unix_s <= not_before_unix_s || now_unix_s >= expires_unix_s + JWT_CLOCK_SKEW_S)
        return jwt_refuse(JWT_REFUSE_EXPIRED, ret_cause, err);
    if (now_unix_s < not_before_unix_s - JWT_CLOCK_SKEW_S)
        return jwt_refuse(JWT_REFUSE_NOT_YET, ret_cause, err);
    return true;
}

bool jwt_check_times(const struct principal *who, int64_t now_unix_s, struct error *err)
{
    return judge_times(who->not_before_unix_s, who->expires_unix_s, now_unix_s, NULL, err);
}

static bool check_times(const struct claims *claims)
{
    const struct claim_value *values = claims->values;

    if (!values[CLAIM_EXP].present)
        return refuse(claims, JWT_REFUSE_EXP_MISSING);
    return judge_times(values[CLAIM_NBF].unix_s, values[CLAIM_EXP].unix_s, claims->now_unix_s,
                       claims->ret_cause, claims->err);
}

/* -- telling who ------------------------------------------------------------------------------- */

static bool find_kind(const struct claims *claims, bool *ret_delegated)
{
    const struct claim_value *idtyp = &claims->values[CLAIM_IDTYP];
    bool has_scp = claims->values[CLAIM_SCP].present;
    bool user = slice_eq(idtyp->text, SLICE("user")), app = slice_eq(idtyp->text, SLICE("app"));

    if (idtyp->present && !user && !app)
        return refuse(claims, JWT_REFUSE_IDTYP);
    if (app && has_scp)
        return refuse(claims, JWT_REFUSE_APP_WITH_SCP);
    *ret_delegated = user || has_scp;
    return true;
}

/* RFC 6749 section 3.3: names separated by blanks. */
static uint64_t scope_permissions(const struct permission_table *table, struct slice scp)
{
    uint64_t bits = 0;
    struct slice name;

    while (slice_cut(scp, ' ', &name, &scp))
        bits |= permission_table_find(table, name);
    return bits | permission_table_find(table, scp);
}

static uint64_t role_permissions(const struct permission_table *table,
                                 const struct text_item *roles)
{
    uint64_t bits = 0;

    for (; roles; roles = roles->next)
        bits |= permission_table_find(table, roles->text);
    return bits;
}

/* The first of two claims that says something. */
static struct slice first_of(const struct claims *claims, enum claim_name a, enum claim_name b)
{
    return claims->values[claims->values[a].text.len ? a : b].text;
}

_Static_assert(PRINCIPAL_CALLER_BYTES == SHA256_BYTES, "a caller is a SHA-256");

/* Of digests, so that no two pairs are one text. */
static bool find_caller(const struct claims *claims, struct principal *who)
{
    uint8_t pair[2][SHA256_BYTES];

    if (sha256_digest(who->app_id, pair[0]) && sha256_digest(who->subject, pair[1]) &&
        sha256_digest((struct slice){ (const char *)pair, sizeof pair }, who->caller))
        return true;
    if (claims->ret_cause)
        *claims->ret_cause = "library";
    return error_set(claims->err, ERROR_INTERNAL, SLICE_EMPTY, "cannot make a digest");
}

static bool find_principal(const struct claims *claims, struct uuid tenant, struct principal *ret)
{
    const struct claim_value *values = claims->values;
    const struct permission_table *table = claims->rules->permissions;
    struct principal who = { .tenant = tenant, .builtin = true };

    if (!find_kind(claims, &who.delegated))
        return false;
    who.subject = first_of(claims, CLAIM_OID, CLAIM_SUB);
    if (who.subject.len == 0)
        return refuse(claims, JWT_REFUSE_SUBJECT);
    who.app_id = first_of(claims, CLAIM_APPID, CLAIM_AZP);
    who.app_name = values[CLAIM_APP_DISPLAYNAME].text;
    who.not_before_unix_s = values[CLAIM_NBF].unix_s;
    who.expires_unix_s = values[CLAIM_EXP].unix_s;
    if (who.delegated) {
        who.user = first_of(claims, CLAIM_UPN, CLAIM_PREFERRED_USERNAME);
        who.permissions = scope_permissions(table, values[CLAIM_SCP].text);
    } else {
        who.permissions = role_permissions(table, values[CLAIM_ROLES].items);
    }
    if (!find_caller(claims, &who))
        return false;
    *ret = who;
    return true;
}

bool jwt_claims_read(const struct token_rules *rules, struct slice payload, int64_t now_unix_s,
                     struct arena *arena, struct principal *ret_who, const char **ret_cause,
                     struct error *err)
{
    struct claims claims = {
        .rules = rules, .now_unix_s = now_unix_s, .arena = arena, .ret_cause = ret_cause, .err = err
    };
    struct uuid tenant;

    if (!read_members(&claims, payload) || !find_tenant(&claims, &tenant) ||
        !check_issuer(&claims, tenant) || !check_audience(&claims) || !check_times(&claims))
        return false;
    /* Only now: a foreign token is told nothing about what its tenant could do. */
    if (uuid_eq(tenant, personal_tenant))
        return refuse(&claims, JWT_REFUSE_PERSONAL);
    return find_principal(&claims, tenant, ret_who);
}
