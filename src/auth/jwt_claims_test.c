/* auth/jwt_claims_test.c - what a token says, and everything that may be wrong with it.
 *
 * Every token is signed by the real key: what refuses it is the rule under test. A case names one
 * of the good claims and its value as JSON (NULL takes it out), and members to put after the
 * others.
 */
#include "base/test.h"

#include <string.h>

#include "auth/issuer.h"
#include "auth/jwt_claims.h"
#include "auth/jwt_rig_test.h"
#include "base/arena.h"

static bool text_is(struct slice s, const char *text)
{
    return slice_eq(s, slice_of(text));
}

/* -- accepted ---------------------------------------------------------------------------------- */

static const struct {
    const char *name, *json, *extra;
    const char *subject, *app, *user;
    uint64_t permissions;
    bool delegated;
} accepted_cases[] = {
    { NULL, NULL, NULL, "11111111-2222-4333-8444-555555555555", "app-1", "", READ, false },
    { "oid", NULL, NULL, "the-subject", "app-1", "", READ, false },
    { "oid", "\"\"", NULL, "the-subject", "app-1", "", READ, false },
    { "sub", NULL, NULL, "11111111-2222-4333-8444-555555555555", "app-1", "", READ, false },
    { "appid", NULL, NULL, "11111111-2222-4333-8444-555555555555", "app-2", "", READ, false },
    /* audiences */
    { "aud", "\"https://graph.microsoft.com/\"", NULL, NULL, "app-1", "", READ, false },
    { "aud", "\"00000003-0000-0000-c000-000000000000\"", NULL, NULL, "app-1", "", READ, false },
    { "aud", "\"https://graph.microsoft.us\"", NULL, NULL, "app-1", "", READ, false },
    { "aud", "\"https://dod-graph.microsoft.us/\"", NULL, NULL, "app-1", "", READ, false },
    { "aud", "\"https://microsoftgraph.chinacloudapi.cn\"", NULL, NULL, "app-1", "", READ, false },
    { "aud", "\"" FORGE_ORIGIN2 "\"", NULL, NULL, "app-1", "", READ, false },
    { "aud", "\"" FORGE_ORIGIN2 "/\"", NULL, NULL, "app-1", "", READ, false },
    { "aud", "[\"urn:else\",\"" FORGE_ORIGIN "\"]", NULL, NULL, "app-1", "", READ, false },
    { "aud", "[\"https:\\/\\/graph.microsoft.com\"]", NULL, NULL, "app-1", "", READ, false },
    /* the other origin may have issued it */
    { "iss", "\"" FORGE_ORIGIN2 "/" FORGE_TENANT "/v2.0\"", NULL, NULL, "app-1", "", READ, false },
    /* times: no nbf; whole numbers in another spelling; an end within the skew */
    { "nbf", NULL, NULL, NULL, "app-1", "", READ, false },
    { "nbf", "0", NULL, NULL, "app-1", "", READ, false },
    { "iat", NULL, NULL, NULL, "app-1", "", READ, false },
    { "exp", "1800003600.0", NULL, NULL, "app-1", "", READ, false },
    { "exp", "1.8000036e9", NULL, NULL, "app-1", "", READ, false },
    { "exp", "253402300799", NULL, NULL, "app-1", "", READ, false },
    { "nbf", "1800000300", NULL, NULL, "app-1", "", READ, false },
    /* what may do what */
    { "roles", NULL, NULL, NULL, "app-1", "", 0, false },
    { "roles", "[]", NULL, NULL, "app-1", "", 0, false },
    { "roles", "[\"device.read.all\",\"Device.Read.All \",\"\"]", NULL, NULL, "app-1", "", 0,
      false },
    { "roles", "[\"Device.ReadWrite.All\",\"Config.ReadWrite.All\",\"Device.ReadWrite.All\"]", NULL,
      NULL, "app-1", "", READ_WRITE | CONFIG, false },
    { "idtyp", "\"app\"", NULL, NULL, "app-1", "", READ, false },
    { "idtyp", "\"user\"", NULL, NULL, "app-1", "", 0, true }, /* roles stand in for no scope */
    { "scp", "\"Device.ReadWrite.All\"", NULL, NULL, "app-1", "", READ_WRITE, true },
    { "scp", "\"\"", NULL, NULL, "app-1", "", 0, true },
    { "scp", "\" Config.ReadWrite.All  openid Device.ReadWrite.All \"", "\"idtyp2\":null", NULL,
      "app-1", "", READ_WRITE | CONFIG, true },
    { "scp", "\"Device.ReadWrite.AllX,Device.ReadWrite.All\"", NULL, NULL, "app-1", "", 0, true },
    { "scp", "\"Config.ReadWrite.All\"", "\"upn\":\"a@b.c\"", NULL, "app-1", "a@b.c", CONFIG,
      true },
    { "scp", "\"x\"", "\"preferred_username\":\"p@b.c\"", NULL, "app-1", "p@b.c", 0, true },
    { "scp", "\"x\"", "\"upn\":\"a@b.c\",\"preferred_username\":\"p@b.c\"", NULL, "app-1", "a@b.c",
      0, true },
    { "upn", "\"a@b.c\"", NULL, NULL, "app-1", "", READ, false }, /* an app has no user */
    /* what is not known does not count, whatever it looks like */
    { NULL, NULL, "\"TID\":1,\"Exp\":\"x\",\"wids\":[{\"a\":[1,null]}],\"xms_cc\":{\"a\":{}}", NULL,
      "app-1", "", READ, false },
    /* 16 levels, the object counted */
    { NULL, NULL, "\"x\":[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]", NULL, "app-1", "", READ, false },
    { "app_displayname", "\"\\u00e9\\ud83d\\ude00\"", NULL, NULL, "app-1", "", READ, false },
};

static void test_accepted(void **state UNUSED)
{
    struct uuid tenant;

    assert_true(uuid_parse(SLICE(FORGE_TENANT), &tenant));
    for (size_t i = 0; i < COUNT_OF(accepted_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct slice claims = jwt_build_claims(accepted_cases[i].name, accepted_cases[i].json,
                                               accepted_cases[i].extra, arena);
        struct slice token =
            forge_token(jwt_issuer, forge_header(jwt_issuer, arena), claims, arena);
        struct jwt_verdict verdict = jwt_verdict_of(token, arena);

        CHECK(strcmp(verdict.cause, "") == 0, i);
        CHECK(uuid_eq(verdict.who.tenant, tenant), i);
        CHECK(verdict.who.builtin, i);
        CHECK(verdict.who.permissions == accepted_cases[i].permissions, i);
        CHECK(verdict.who.delegated == accepted_cases[i].delegated, i);
        CHECK(text_is(verdict.who.app_id, accepted_cases[i].app), i);
        CHECK(text_is(verdict.who.user, accepted_cases[i].user), i);
        if (accepted_cases[i].subject)
            CHECK(text_is(verdict.who.subject, accepted_cases[i].subject), i);
        arena_destroy(arena);
    }
}

/* Whether a token with that claim is of the caller of the good one. */
static const struct {
    const char *name, *json;
    bool same;
} caller_cases[] = {
    { NULL, NULL, true },
    { "exp", "1800003500", true },
    { "roles", "[]", true },
    { "sub", "\"another\"", true }, /* oid comes first */
    { "azp", "\"another\"", true },
    { "oid", "\"11111111-2222-4333-8444-555555555556\"", false },
    { "oid", NULL, false },
    { "appid", "\"app-2\"", false },
    { "appid", "\"app-11\"", false },
    { "appid", "\"\"", false },
};

static void test_callers(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 20);
    struct principal good = jwt_verdict_of(jwt_good_token(arena), arena).who;

    for (size_t i = 0; i < COUNT_OF(caller_cases); i++) {
        struct slice claims =
            jwt_build_claims(caller_cases[i].name, caller_cases[i].json, NULL, arena);
        struct jwt_verdict verdict = jwt_verdict_of(
            forge_token(jwt_issuer, forge_header(jwt_issuer, arena), claims, arena), arena);

        CHECK(strcmp(verdict.cause, "") == 0, i);
        CHECK((memcmp(verdict.who.caller, good.caller, sizeof good.caller) == 0) ==
                  caller_cases[i].same,
              i);
    }
    arena_destroy(arena);
}

/* -- claims that refuse ------------------------------------------------------------------------ */

#define ISS(origin, tenant, tail) "\"" origin "/" tenant tail "\""
#define PERSONAL                  "9188040d-6c67-4c5b-b112-36a304b66dad"

static const struct {
    const char *name, *json, *extra;
    const char *cause;
} refused_claims[] = {
    /* issuer */
    { "iss", NULL, NULL, "iss_missing" },
    { "iss", "null", NULL, "claim_type" },
    { "iss", "7", NULL, "claim_type" },
    { "iss", "[" ISS(FORGE_ORIGIN, FORGE_TENANT, "/v2.0") "]", NULL, "claim_type" },
    { "iss", "\"\"", NULL, "iss_foreign" },
    { "iss", "\"https://sts.windows.net/" FORGE_TENANT "/\"", NULL, "iss_foreign" },
    { "iss", ISS("https://login.microsoftonline.com", FORGE_TENANT, "/v2.0"), NULL, "iss_foreign" },
    { "iss", ISS("https://evil.example", FORGE_TENANT, "/v2.0"), NULL, "iss_foreign" },
    { "iss", ISS(FORGE_ORIGIN "/x", FORGE_TENANT, "/v2.0"), NULL, "iss_foreign" },
    { "iss", ISS("https://localhost:84430", FORGE_TENANT, "/v2.0"), NULL, "iss_foreign" },
    { "iss", ISS("http://localhost:8443", FORGE_TENANT, "/v2.0"), NULL, "iss_foreign" },
    { "iss", ISS("HTTPS://localhost:8443", FORGE_TENANT, "/v2.0"), NULL, "iss_foreign" },
    { "iss", ISS("https://LOCALHOST:8443", FORGE_TENANT, "/v2.0"), NULL, "iss_foreign" },
    { "iss", ISS(FORGE_ORIGIN, FORGE_TENANT, "/V2.0"), NULL, "iss_foreign" },
    { "iss", ISS(FORGE_ORIGIN, FORGE_TENANT, "/v2.0/"), NULL, "iss_foreign" },
    { "iss", ISS(FORGE_ORIGIN, FORGE_TENANT, "/v2.0\\u0000"), NULL, "claim_control_character" },
    { "iss", ISS(FORGE_ORIGIN, FORGE_TENANT, ""), NULL, "iss_foreign" },
    { "iss", ISS(FORGE_ORIGIN, FORGE_TENANT, "/v1.0"), NULL, "iss_foreign" },
    { "iss", ISS(FORGE_ORIGIN, "00000000-0000-4000-8000-000000000002", "/v2.0"), NULL,
      "iss_foreign" },
    { "iss", ISS(FORGE_ORIGIN, "common", "/v2.0"), NULL, "iss_foreign" },
    /* tenant */
    { "tid", NULL, NULL, "tid_missing" },
    { "tid", "null", NULL, "claim_type" },
    { "tid", "1", NULL, "claim_type" },
    { "tid", "\"\"", NULL, "tid_not_guid" },
    { "tid", "\"contoso.onmicrosoft.com\"", NULL, "tid_not_guid" },
    { "tid", "\"{" FORGE_TENANT "}\"", NULL, "tid_not_guid" },
    { "tid", "\"" FORGE_TENANT " \"", NULL, "tid_not_guid" },
    { "tid", "\"00000000-0000-4000-8000-000000000002\"", NULL, "iss_foreign" },
    { "tid", "\"" PERSONAL "\"", NULL, "iss_foreign" }, /* of our issuer's tokens only: 401 first */
    /* audience */
    { "aud", NULL, NULL, "aud_missing" },
    { "aud", "null", NULL, "claim_type" },
    { "aud", "0", NULL, "claim_type" },
    { "aud", "{}", NULL, "claim_type" },
    { "aud", "[1]", NULL, "claim_type" },
    { "aud", "[\"https://graph.microsoft.com\",null]", NULL, "claim_type" },
    { "aud", "[[\"https://graph.microsoft.com\"]]", NULL, "claim_type" },
    { "aud", "[]", NULL, "aud_foreign" },
    { "aud", "\"\"", NULL, "aud_foreign" },
    { "aud", "\"/\"", NULL, "aud_foreign" },
    { "aud", "\"https://management.azure.com\"", NULL, "aud_foreign" },
    { "aud", "\"https://graph.windows.net\"", NULL, "aud_foreign" },
    { "aud", "\"https://graph.microsoft.com//\"", NULL, "aud_foreign" },
    { "aud", "\"https://graph.microsoft.com/.default\"", NULL, "aud_foreign" },
    { "aud", "\"https://GRAPH.microsoft.com\"", NULL, "aud_foreign" },
    { "aud", "\"https://graph.microsoft.com.evil.example\"", NULL, "aud_foreign" },
    { "aud", "\"https://graph.microsoft.co\"", NULL, "aud_foreign" },
    { "aud", "\"https://graph.microsoft.com\\u0000\"", NULL, "claim_control_character" },
    { "aud", "\"00000003-0000-0000-c000-000000000000/\"", NULL, "aud_foreign" },
    { "aud", "\"https://graph.microsoft.com https://x\"", NULL, "aud_foreign" },
    { "aud", "[\"a\",\"b\"]", NULL, "aud_foreign" },
    /* times */
    { "exp", NULL, NULL, "exp_missing" },
    { "exp", "null", NULL, "claim_type" },
    { "exp", "\"1800003600\"", NULL, "claim_type" },
    { "exp", "true", NULL, "claim_type" },
    { "exp", "[1800003600]", NULL, "claim_type" },
    { "exp", "1800003600.5", NULL, "claim_type" },
    { "exp", "-1", NULL, "claim_type" },
    { "exp", "253402300800", NULL, "claim_type" },
    { "exp", "9223372036854775807", NULL, "claim_type" },
    { "exp", "9223372036854775808", NULL, "claim_type" },
    { "exp", "18446744073709551616", NULL, "claim_type" },
    { "exp", "1e400", NULL, "claim_type" },
    { "exp", "01800003600", NULL, "claims_not_json" },
    { "exp", "0x7fffffff", NULL, "claims_not_json" },
    { "exp", "NaN", NULL, "claims_not_json" },
    { "exp", "0", NULL, "expired" },
    { "exp", "1700000000", NULL, "expired" },
    { "exp", "1800000000", NULL, "expired" }, /* ends as it begins: never valid, skew or not */
    { "exp", "1799999999", NULL, "expired" },
    { "nbf", "1800000301", NULL, "not_yet_valid" },
    { "nbf", "1800003600", NULL, "expired" },
    { "nbf", "253402300799", NULL, "expired" },
    { "nbf", "\"0\"", NULL, "claim_type" },
    { "nbf", "null", NULL, "claim_type" },
    { "nbf", "0.5", NULL, "claim_type" },
    { "nbf", "-9223372036854775808", NULL, "claim_type" },
    { "iat", "\"now\"", NULL, "claim_type" },
    { "iat", "{}", NULL, "claim_type" },
    /* who */
    { "oid", "null", NULL, "claim_type" },
    { "oid", "12", NULL, "claim_type" },
    { "oid", "\"a\\u0000b\"", NULL, "claim_control_character" },
    { "oid", "\"a\\nb\"", NULL, "claim_control_character" },
    { "oid", "\"a\\u007fb\"", NULL, "claim_control_character" },
    { "sub", "[]", NULL, "claim_type" },
    { "sub", "{\"a\":1}", NULL, "claim_type" },
    { "appid", "null", NULL, "claim_type" },
    { "azp", "5", NULL, "claim_type" },
    { "app_displayname", "false", NULL, "claim_type" },
    { "app_displayname", "\"\\ud800\"", NULL, "claims_not_json" },
    { "app_displayname", "\"\xff\"", NULL, "claims_not_json" },
    { "app_displayname", "\"a\tb\"", NULL, "claims_not_json" },
    { "upn", "{}", NULL, "claim_type" },
    { "preferred_username", "1", NULL, "claim_type" },
    /* permissions */
    { "scp", "null", NULL, "claim_type" },
    { "scp", "[\"Device.Read.All\"]", NULL, "claim_type" },
    { "scp", "{}", NULL, "claim_type" },
    { "scp", "1", NULL, "claim_type" },
    { "scp", "\"Device.Read.All\\tConfig.ReadWrite.All\"", NULL, "claim_control_character" },
    { "scp", "\"Device.Read.All\"", "\"idtyp\":\"app\"", "idtyp_app_with_scp" },
    { "scp", "\"\"", "\"idtyp\":\"app\"", "idtyp_app_with_scp" },
    { "roles", "null", NULL, "claim_type" },
    { "roles", "\"Device.Read.All\"", NULL, "claim_type" },
    { "roles", "\"Device.Read.All Config.ReadWrite.All\"", NULL, "claim_type" },
    { "roles", "{\"0\":\"Device.Read.All\"}", NULL, "claim_type" },
    { "roles", "[1]", NULL, "claim_type" },
    { "roles", "[\"Device.Read.All\",null]", NULL, "claim_type" },
    { "roles", "[[\"Device.Read.All\"]]", NULL, "claim_type" },
    { "roles", "[\"a\\u0000\"]", NULL, "claim_control_character" },
    { "idtyp", "\"device\"", NULL, "idtyp_unknown" },
    { "idtyp", "\"User\"", NULL, "idtyp_unknown" },
    { "idtyp", "\"\"", NULL, "idtyp_unknown" },
    { "idtyp", "null", NULL, "claim_type" },
    /* a claim that occurs twice, also in another spelling, also one that nobody reads */
    { NULL, NULL, "\"exp\":1800003600", "claims_not_json" },
    { NULL, NULL, "\"tid\":\"00000000-0000-4000-8000-000000000002\"", "claims_not_json" },
    { NULL, NULL, "\"roles\":[\"Device.ReadWrite.All\"]", "claims_not_json" },
    { NULL, NULL, "\"ro\\u006ces\":[\"Device.ReadWrite.All\"]", "claims_not_json" },
    { NULL, NULL, "\"x\":1,\"x\":1", "claims_not_json" },
    { NULL, NULL, "\"x\":{\"y\":1,\"y\":2}", "claims_not_json" },
    /* no JSON */
    { NULL, NULL, "\"x\":[", "claims_not_json" },
    { NULL, NULL, "\"x\":1}x{\"y\":1", "claims_not_json" },
    { NULL, NULL, "\"x\":1} {\"y\":1", "claims_not_json" },
    { NULL, NULL, "\"x\":1,", "claims_not_json" },
    { NULL, NULL, "'x':1", "claims_not_json" },
    { NULL, NULL, "/**/\"x\":1", "claims_not_json" },
    /* 17 levels */
    { NULL, NULL, "\"x\":[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]", "claims_not_json" },
};

static void test_refused_claims(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(refused_claims); i++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct slice claims = jwt_build_claims(refused_claims[i].name, refused_claims[i].json,
                                               refused_claims[i].extra, arena);
        struct slice token =
            forge_token(jwt_issuer, forge_header(jwt_issuer, arena), claims, arena);
        struct jwt_verdict verdict = jwt_verdict_of(token, arena);

        if (strcmp(verdict.cause, refused_claims[i].cause) != 0)
            fail_msg("case %zu: expected %s, found '%s'", i, refused_claims[i].cause,
                     verdict.cause);
        CHECK(verdict.err.code == ERROR_UNAUTHORIZED, i);
        CHECK(verdict.who.subject.ptr == NULL && verdict.who.permissions == 0, i); /* untouched */
        arena_destroy(arena);
    }
}

/* Both claims missing: nobody to write into the audit. */
static void test_nobody(void **state UNUSED)
{
    static const char claims[] =
        "{\"aud\":\"" FORGE_ORIGIN "\",\"iss\":\"" FORGE_ORIGIN "/" FORGE_TENANT
        "/v2.0\",\"tid\":\"" FORGE_TENANT "\",\"exp\":1800003600}";
    struct arena *arena = arena_create(NULL, 1 << 20);
    struct slice token =
        forge_token(jwt_issuer, forge_header(jwt_issuer, arena), slice_of(claims), arena);

    assert_string_equal(jwt_verdict_of(token, arena).cause, "oid_and_sub_missing");
    arena_destroy(arena);
}

static const struct {
    const char *json, *cause;
} odd_payloads[] = {
    { "", "claims_not_json" },
    { "{}", "tid_missing" },
    { "[]", "claims_not_json" },
    { "null", "claims_not_json" },
    { "\"text\"", "claims_not_json" },
    { "{", "claims_not_json" },
    { "\xef\xbb\xbf{}", "claims_not_json" }, /* a byte order mark */
    { "{} ", "tid_missing" },
};

static void test_odd_payloads(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(odd_payloads); i++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct slice token = forge_token(jwt_issuer, forge_header(jwt_issuer, arena),
                                         slice_of(odd_payloads[i].json), arena);

        CHECK(strcmp(jwt_verdict_of(token, arena).cause, odd_payloads[i].cause) == 0, i);
        arena_destroy(arena);
    }
}

static void test_nul_after_claims(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 20);
    struct slice claims = jwt_build_claims(NULL, NULL, NULL, arena);
    struct slice token = forge_token(jwt_issuer, forge_header(jwt_issuer, arena),
                                     (struct slice){ claims.ptr, claims.len }, arena);
    struct slice longer;

    assert_string_equal(jwt_verdict_of(token, arena).cause, "");
    assert_true(arena_printf(arena, &longer, "%.*s%c", SLICE_ARG(claims), 0));
    assert_int_equal(longer.len, claims.len + 1);
    token = forge_token(jwt_issuer, forge_header(jwt_issuer, arena), longer, arena);
    assert_string_equal(jwt_verdict_of(token, arena).cause, "claims_not_json");
    arena_destroy(arena);
}

/* -- times and the rest ------------------------------------------------------------------------ */

static const struct {
    int64_t now_unix_s;
    const char *cause, *message;
} time_cases[] = {
    { FORGE_NOW - SKEW - 1, "not_yet_valid", "Access token has expired or is not yet valid." },
    { FORGE_NOW - SKEW, "", NULL },
    { FORGE_NOW, "", NULL },
    { FORGE_NOW + 3600, "", NULL },
    { FORGE_NOW + 3600 + SKEW - 1, "", NULL },
    { FORGE_NOW + 3600 + SKEW, "expired", "Lifetime validation failed, the token is expired." },
    { INT64_MAX, "expired", NULL },
    { INT64_MIN, "not_yet_valid", NULL },
    { 0, "not_yet_valid", NULL },
};

static void test_times(void **state UNUSED)
{
    struct arena *fixture = arena_create(NULL, 1 << 20);
    struct slice token = jwt_good_token(fixture);
    struct principal cached = jwt_verdict_of(token, fixture).who;

    for (size_t i = 0; i < COUNT_OF(time_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 18);
        struct jwt_verdict verdict = jwt_verdict_at(token, time_cases[i].now_unix_s, arena);
        struct error err = { 0 };

        CHECK(strcmp(verdict.cause, time_cases[i].cause) == 0, i);
        CHECK(jwt_check_times(&cached, time_cases[i].now_unix_s, &err) ==
                  (verdict.cause[0] == '\0'),
              i);
        CHECK(strcmp(err.message, verdict.err.message) == 0, i);
        if (time_cases[i].message)
            CHECK(strcmp(verdict.err.message, time_cases[i].message) == 0, i);
        arena_destroy(arena);
    }
    arena_destroy(fixture);
}

static void test_messages_of_claims(void **state UNUSED)
{
    static const struct {
        const char *name, *json, *message;
        enum error_code code;
    } cases[] = {
        { "aud", "\"https://x\"", "Access token validation failure. Invalid audience.",
          ERROR_UNAUTHORIZED },
        { "iss", "\"https://x\"", "Access token validation failure.", ERROR_UNAUTHORIZED },
        { "exp", "5", "Lifetime validation failed, the token is expired.", ERROR_UNAUTHORIZED },
        { "roles", "[", "CompactToken parsing failed with error code: 80049217",
          ERROR_UNAUTHORIZED },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct slice claims = jwt_build_claims(cases[i].name, cases[i].json, NULL, arena);
        struct jwt_verdict verdict = jwt_verdict_of(
            forge_token(jwt_issuer, forge_header(jwt_issuer, arena), claims, arena), arena);

        CHECK(verdict.err.code == cases[i].code, i);
        CHECK(strcmp(verdict.err.message, cases[i].message) == 0, i);
        arena_destroy(arena);
    }
}

static void test_personal_account(void **state UNUSED)
{
    static const char claims[] = "{\"aud\":\"" FORGE_ORIGIN "\",\"iss\":\"" FORGE_ORIGIN
                                 "/" PERSONAL "/v2.0\",\"tid\":\"9188040D-6C67-4C5B-B112-"
                                 "36A304B66DAD\",\"exp\":%s,\"oid\":\"x\"}";
    static const struct {
        const char *exp, *cause;
        enum error_code code;
    } cases[] = { { "1800003600", "personal_account", ERROR_FORBIDDEN },
                  { "5", "expired", ERROR_UNAUTHORIZED } };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct slice before, after, json;
        struct jwt_verdict verdict;

        assert_true(slice_cut(slice_of(claims), '%', &before, &after));
        assert_true(arena_printf(arena, &json, "%.*s%s%.*s", SLICE_ARG(before), cases[i].exp,
                                 SLICE_ARG(slice_sub(after, 1, after.len))));
        verdict = jwt_verdict_of(
            forge_token(jwt_issuer, forge_header(jwt_issuer, arena), json, arena), arena);
        CHECK(strcmp(verdict.cause, cases[i].cause) == 0, i);
        CHECK(verdict.err.code == cases[i].code, i);
        arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_callers),
        cmocka_unit_test(test_refused_claims),
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_odd_payloads),
        cmocka_unit_test(test_nul_after_claims),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_messages_of_claims),
        cmocka_unit_test(test_personal_account),
    };
    return cmocka_run_group_tests(tests, jwt_set_up, jwt_tear_down);
}
