/* auth/jwt_test.c - tokens that are good, and everything that may be wrong with one.
 *
 * Unless a case is about the signature, its token is signed by the real key: what refuses it is
 * then the rule under test and not the signature. A claim case names one claim of good_claims and
 * its value as JSON (NULL takes it out), and members to put after the others.
 */
#include "base/test.h"

#include <pthread.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "auth/issuer.h"
#include "auth/jwt.h"
#include "auth/jwt_claims.h"
#include "auth/test_allocations.h"
#include "auth/token_forge.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/text.h"

#define READ       UINT64_C(1) /* the bits of forge_init()'s permissions */
#define READ_WRITE UINT64_C(2)
#define CONFIG     UINT64_C(4)

#define SKEW JWT_CLOCK_SKEW_S

static struct issuer *issuer, *other_issuer;
static struct forge forge;

static const struct claim {
    const char *name, *json;
} good_claims[] = {
    { "aud", "\"https://graph.microsoft.com\"" },
    { "iss", "\"" FORGE_ORIGIN "/" FORGE_TENANT "/v2.0\"" },
    { "iat", "1800000000" },
    { "nbf", "1800000000" },
    { "exp", "1800003600" },
    { "tid", "\"" FORGE_TENANT "\"" },
    { "oid", "\"11111111-2222-4333-8444-555555555555\"" },
    { "sub", "\"the-subject\"" },
    { "appid", "\"app-1\"" },
    { "azp", "\"app-2\"" },
    { "app_displayname", "\"My app\"" },
    { "idtyp", NULL },
    { "upn", NULL },
    { "preferred_username", NULL },
    { "scp", NULL },
    { "roles", "[\"Device.Read.All\",\"Unknown.All\"]" },
};

/* The good claims with one replaced, and `extra` behind them. */
static struct slice build_claims(const char *name, const char *json, const char *extra,
                                 struct arena *arena)
{
    struct text text;
    bool first = true, found = name == NULL;

    text_init(&text, arena, 1024, 1 << 20);
    text_append_char(&text, '{');
    for (size_t i = 0; i < COUNT_OF(good_claims); i++) {
        const char *value = good_claims[i].json;

        if (name && strcmp(name, good_claims[i].name) == 0) {
            value = json;
            found = true;
        }
        if (!value)
            continue;
        text_printf(&text, "%s\"%s\":%s", first ? "" : ",", good_claims[i].name, value);
        first = false;
    }
    if (extra)
        text_printf(&text, ",%s", extra);
    text_append_char(&text, '}');
    assert_true(found && !text.failed);
    return text_slice(&text);
}

static struct slice good_token(struct arena *arena)
{
    return forge_token(issuer, forge_header(issuer, arena), build_claims(NULL, NULL, NULL, arena),
                       arena);
}

/* What jwt_verify() makes of a token: its cause, or "" when it was accepted. */
struct verdict {
    const char *cause;
    struct principal who;
    struct error err;
};

static struct verdict verify_at(struct slice token, int64_t now_unix_s, struct arena *arena)
{
    struct verdict verdict = { .cause = NULL };
    bool ok = jwt_verify(&forge.rules, token, now_unix_s, arena, &verdict.who, &verdict.cause,
                         &verdict.err);

    assert_true(ok == (verdict.cause == NULL));
    assert_true(ok == (verdict.err.code == ERROR_NONE));
    if (ok)
        verdict.cause = "";
    return verdict;
}

static struct verdict verify(struct slice token, struct arena *arena)
{
    return verify_at(token, FORGE_NOW, arena);
}

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
        struct slice claims = build_claims(accepted_cases[i].name, accepted_cases[i].json,
                                           accepted_cases[i].extra, arena);
        struct slice token = forge_token(issuer, forge_header(issuer, arena), claims, arena);
        struct verdict verdict = verify(token, arena);

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
    struct principal good = verify(good_token(arena), arena).who;

    for (size_t i = 0; i < COUNT_OF(caller_cases); i++) {
        struct slice claims = build_claims(caller_cases[i].name, caller_cases[i].json, NULL, arena);
        struct verdict verdict =
            verify(forge_token(issuer, forge_header(issuer, arena), claims, arena), arena);

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
        struct slice claims = build_claims(refused_claims[i].name, refused_claims[i].json,
                                           refused_claims[i].extra, arena);
        struct slice token = forge_token(issuer, forge_header(issuer, arena), claims, arena);
        struct verdict verdict = verify(token, arena);

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
    struct slice token = forge_token(issuer, forge_header(issuer, arena), slice_of(claims), arena);

    assert_string_equal(verify(token, arena).cause, "oid_and_sub_missing");
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
        struct slice token =
            forge_token(issuer, forge_header(issuer, arena), slice_of(odd_payloads[i].json), arena);

        CHECK(strcmp(verify(token, arena).cause, odd_payloads[i].cause) == 0, i);
        arena_destroy(arena);
    }
}

static void test_nul_after_claims(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 20);
    struct slice claims = build_claims(NULL, NULL, NULL, arena);
    struct slice token = forge_token(issuer, forge_header(issuer, arena),
                                     (struct slice){ claims.ptr, claims.len }, arena);
    struct slice longer;

    assert_string_equal(verify(token, arena).cause, "");
    assert_true(arena_printf(arena, &longer, "%.*s%c", SLICE_ARG(claims), 0));
    assert_int_equal(longer.len, claims.len + 1);
    token = forge_token(issuer, forge_header(issuer, arena), longer, arena);
    assert_string_equal(verify(token, arena).cause, "claims_not_json");
    arena_destroy(arena);
}

/* -- headers ----------------------------------------------------------------------------------- */

/* %s is the right key id. */
static const struct {
    const char *header, *cause;
} header_cases[] = {
    { "{\"alg\":\"RS256\",\"kid\":\"%s\",\"typ\":\"JWT\"}", "" },
    { "{\"alg\":\"RS256\"}", "" },
    { "{\"alg\":\"RS256\",\"typ\":\"jwt\"}", "" },
    { "{\"alg\":\"RS256\",\"typ\":\"at+jwt\"}", "" },
    { "{\"alg\":\"RS256\",\"typ\":\"at+JWT\",\"nonce\":\"x\",\"x5t\":\"y\"}", "" },
    /* keys that come with the token count for nothing */
    { "{\"alg\":\"RS256\",\"jku\":\"https://evil.example/keys\",\"jwk\":{\"kty\":\"RSA\"}}", "" },
    { " {\"alg\" : \"RS256\"} ", "" },
    { "{\"alg\":\"none\",\"kid\":\"%s\"}", "alg_not_rs256" },
    { "{\"alg\":\"None\"}", "alg_not_rs256" },
    { "{\"alg\":\"\"}", "alg_not_rs256" },
    { "{\"alg\":\"rs256\"}", "alg_not_rs256" },
    { "{\"alg\":\"RS256 \"}", "alg_not_rs256" },
    { "{\"alg\":\"RS256\\u0000\"}", "alg_not_rs256" },
    { "{\"alg\":\"HS256\",\"kid\":\"%s\"}", "alg_not_rs256" },
    { "{\"alg\":\"RS384\"}", "alg_not_rs256" },
    { "{\"alg\":\"RS512\"}", "alg_not_rs256" },
    { "{\"alg\":\"PS256\"}", "alg_not_rs256" },
    { "{\"alg\":\"ES256\"}", "alg_not_rs256" },
    { "{\"alg\":\"EdDSA\"}", "alg_not_rs256" },
    { "{\"alg\":\"RSA-OAEP\",\"enc\":\"A256GCM\"}", "alg_not_rs256" },
    { "{\"kid\":\"%s\",\"typ\":\"JWT\"}", "alg_not_rs256" },
    { "{}", "alg_not_rs256" },
    { "{\"ALG\":\"RS256\"}", "alg_not_rs256" },
    { "{\"alg\":null}", "header_member_type" },
    { "{\"alg\":256}", "header_member_type" },
    { "{\"alg\":[\"RS256\"]}", "header_member_type" },
    { "{\"alg\":\"RS256\",\"alg\":\"RS256\"}", "header_not_json" },
    { "{\"alg\":\"RS256\",\"alg\":\"none\"}", "header_not_json" },
    { "{\"alg\":\"RS256\",\"\\u0061lg\":\"none\"}", "header_not_json" },
    { "{\"alg\":\"RS256\",\"crit\":[\"exp\"]}", "crit_present" },
    { "{\"alg\":\"RS256\",\"crit\":[]}", "crit_present" },
    { "{\"alg\":\"RS256\",\"crit\":null}", "crit_present" },
    { "{\"alg\":\"RS256\",\"b64\":false,\"crit\":[\"b64\"]}", "crit_present" },
    { "{\"alg\":\"RS256\",\"kid\":\"\"}", "kid_foreign" },
    { "{\"alg\":\"RS256\",\"kid\":\"other\"}", "kid_foreign" },
    { "{\"alg\":\"RS256\",\"kid\":\"%s \"}", "kid_foreign" },
    { "{\"alg\":\"RS256\",\"kid\":\"../../../dev/null\"}", "kid_foreign" },
    { "{\"alg\":\"RS256\",\"kid\":null}", "header_member_type" },
    { "{\"alg\":\"RS256\",\"kid\":1}", "header_member_type" },
    { "{\"alg\":\"RS256\",\"typ\":\"\"}", "typ_foreign" },
    { "{\"alg\":\"RS256\",\"typ\":\"JOSE\"}", "typ_foreign" },
    { "{\"alg\":\"RS256\",\"typ\":\"id+jwt\"}", "typ_foreign" },
    { "{\"alg\":\"RS256\",\"typ\":\"secevent+jwt\"}", "typ_foreign" },
    { "{\"alg\":\"RS256\",\"typ\":null}", "header_member_type" },
    { "{\"alg\":\"RS256\"", "header_not_json" },
    { "{\"alg\":\"RS256\"}}", "header_not_json" },
    { "{\"alg\":\"RS256\"}x", "header_not_json" },
    { "[\"RS256\"]", "header_not_json" },
    { "\"RS256\"", "header_not_json" },
    { "", "header_not_json" },
    { "\xff", "header_not_json" },
    { "{\"alg\":\"RS256\",\"x\":[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]}", "header_not_json" },
};

static struct slice fill_in_key_id(const char *header, struct arena *arena)
{
    struct slice before, after, filled;
    struct slice whole = slice_of(header);

    if (!slice_cut(whole, '%', &before, &after))
        return whole;
    after = slice_sub(after, 1, after.len);
    assert_true(arena_printf(arena, &filled, "%.*s%.*s%.*s", SLICE_ARG(before),
                             SLICE_ARG(issuer_key_id(issuer)), SLICE_ARG(after)));
    return filled;
}

static void test_headers(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(header_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct slice token = forge_token(issuer, fill_in_key_id(header_cases[i].header, arena),
                                         build_claims(NULL, NULL, NULL, arena), arena);
        struct verdict verdict = verify(token, arena);

        if (strcmp(verdict.cause, header_cases[i].cause) != 0)
            fail_msg("case %zu: expected '%s', found '%s'", i, header_cases[i].cause,
                     verdict.cause);
        arena_destroy(arena);
    }
}

/* -- the compact form -------------------------------------------------------------------------- */

static struct slice edit(struct arena *arena, struct slice token, const char *format)
{
    struct slice edited;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    assert_true(arena_printf(arena, &edited, format, SLICE_ARG(token)));
#pragma GCC diagnostic pop
    return edited;
}

/* A literal stands for itself; one with %.*s is filled with a good token. */
static const struct {
    const char *token, *cause, *message;
} form_cases[] = {
    { "", "empty", "Access token is empty." },
    { "x", "not_three_parts", "CompactToken parsing failed with error code: 80049217" },
    { ".", "not_three_parts", NULL },
    { "a.b", "not_three_parts", NULL },
    { "..", "header_not_json", NULL },
    { "...", "not_three_parts", NULL },
    { "....", "not_three_parts", NULL }, /* the shape of a JWE */
    { "a.b.c.d.e", "not_three_parts", NULL },
    { "%.*s.", "not_three_parts", NULL },
    { ".%.*s", "not_three_parts", NULL },
    { "%.*s=", "not_base64url", NULL },
    { "%.*s==", "not_base64url", NULL },
    { "%.*s ", "not_base64url", NULL },
    { " %.*s", "not_base64url", NULL },
    { "%.*s\n", "not_base64url", NULL },
    { "%.*s,", "not_base64url", NULL },
    { "Bearer %.*s", "not_base64url", NULL },
    { "\"%.*s\"", "not_base64url", NULL },
    { "e30=.e30=.", "not_base64url", NULL },
    { "e3+.e30.e30", "not_base64url", NULL },
    { "e3/.e30.e30", "not_base64url", NULL },
    { "a.e30.e30", "not_base64url", NULL },   /* one character is no byte */
    { "e31.e30.e30", "not_base64url", NULL }, /* left-over bits */
    { "e30.e31.e30", "not_base64url", NULL },
    { "e30.e30.e31", "not_base64url", NULL },
    { "e30.e30.e30", "alg_not_rs256", "Access token validation failure." },
    { "\xc3\xa9.e30.e30", "not_base64url", NULL },
    { "%.*sAAAA", "signature", "Access token validation failure." },
};

static void test_form(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(form_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct slice token =
            slice_index(slice_of(form_cases[i].token), '%') == strlen(form_cases[i].token)
                ? slice_of(form_cases[i].token)
                : edit(arena, good_token(arena), form_cases[i].token);
        struct verdict verdict = verify(token, arena);

        if (strcmp(verdict.cause, form_cases[i].cause) != 0)
            fail_msg("case %zu: expected '%s', found '%s'", i, form_cases[i].cause, verdict.cause);
        CHECK(verdict.err.code == ERROR_UNAUTHORIZED, i);
        if (form_cases[i].message)
            CHECK(strcmp(verdict.err.message, form_cases[i].message) == 0, i);
        arena_destroy(arena);
    }
}

/* Each character of a good token replaced by each of a few others: one spelling, one token. */
static void test_every_character_counts(void **state UNUSED)
{
    static const char others[] = { 'A', 'B', '_', '=', '.', '\0', ' ', '\xff' };
    struct arena *fixture = arena_create(NULL, 1 << 20);
    struct slice good = good_token(fixture);
    char *token = arena_alloc(fixture, good.len);

    memcpy(token, good.ptr, good.len);
    for (size_t at = 0; at < good.len; at++) {
        for (size_t i = 0; i < sizeof others; i++) {
            struct arena *arena = arena_create(NULL, 1 << 18);
            struct verdict verdict;

            token[at] = others[i];
            verdict = verify((struct slice){ token, good.len }, arena);
            CHECK((verdict.cause[0] == '\0') == (others[i] == good.ptr[at]), at);
            arena_destroy(arena);
        }
        token[at] = good.ptr[at];
    }
    for (size_t len = 0; len < good.len; len++) {
        struct arena *arena = arena_create(NULL, 1 << 18);

        CHECK(verify(slice_sub(good, 0, len), arena).cause[0] != '\0', len);
        arena_destroy(arena);
    }
    arena_destroy(fixture);
}

static void test_size_limit(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 20);
    struct slice token = good_token(arena);
    struct forge tight = forge;
    struct principal who;
    const char *cause = NULL;
    struct error err = { 0 };

    tight.rules.token_bytes_max = token.len;
    assert_true(jwt_verify(&tight.rules, token, FORGE_NOW, arena, &who, &cause, &err));
    tight.rules.token_bytes_max = token.len - 1;
    assert_false(jwt_verify(&tight.rules, token, FORGE_NOW, arena, &who, &cause, &err));
    assert_string_equal(cause, "oversize");
    arena_destroy(arena);
}

/* -- signatures -------------------------------------------------------------------------------- */

static void test_other_key(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 20);
    struct slice claims = build_claims(NULL, NULL, NULL, arena);
    struct slice token = forge_token(other_issuer, forge_header(issuer, arena), claims, arena);

    assert_string_equal(verify(token, arena).cause, "signature");
    token = forge_token(other_issuer, forge_header(other_issuer, arena), claims, arena);
    assert_string_equal(verify(token, arena).cause, "kid_foreign");
    token = forge_token(other_issuer, SLICE("{\"alg\":\"RS256\"}"), claims, arena);
    assert_string_equal(verify(token, arena).cause, "signature");
    arena_destroy(arena);
}

static void test_no_signature(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 20);
    struct slice claims = build_claims(NULL, NULL, NULL, arena);
    struct slice message = forge_message(SLICE("{\"alg\":\"none\"}"), claims, arena);
    char zeros[256] = { 0 };

    assert_string_equal(verify(forge_join(message, SLICE_EMPTY, arena), arena).cause,
                        "alg_not_rs256");
    message = forge_message(forge_header(issuer, arena), claims, arena);
    assert_string_equal(verify(forge_join(message, SLICE_EMPTY, arena), arena).cause, "signature");
    assert_string_equal(
        verify(forge_join(message, (struct slice){ zeros, sizeof zeros }, arena), arena).cause,
        "signature");
    memset(zeros, 0xff, sizeof zeros); /* a number above the modulus */
    assert_string_equal(
        verify(forge_join(message, (struct slice){ zeros, sizeof zeros }, arena), arena).cause,
        "signature");
    arena_destroy(arena);
}

/* The classic: the public key, which anybody has, as the secret of an HMAC. */
static void test_hmac_with_public_key(void **state UNUSED)
{
    static const char *const headers[] = { "{\"alg\":\"HS256\"}", "{\"alg\":\"RS256\"}" };
    static const char *const causes[] = { "alg_not_rs256", "signature" };

    for (size_t i = 0; i < COUNT_OF(headers); i++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct slice message =
            forge_message(slice_of(headers[i]), build_claims(NULL, NULL, NULL, arena), arena);
        BIO *bio = BIO_new(BIO_s_mem());
        unsigned char mac[EVP_MAX_MD_SIZE];
        unsigned mac_len = 0;
        char *pem = NULL;
        long pem_len;

        assert_int_equal(PEM_write_bio_PUBKEY(bio, issuer_key(issuer)), 1);
        pem_len = BIO_get_mem_data(bio, &pem);
        assert_non_null(HMAC(EVP_sha256(), pem, (int)pem_len, (const unsigned char *)message.ptr,
                             message.len, mac, &mac_len));
        CHECK(
            strcmp(verify(forge_join(message, (struct slice){ (char *)mac, mac_len }, arena), arena)
                       .cause,
                   causes[i]) == 0,
            i);
        BIO_free(bio);
        arena_destroy(arena);
    }
}

/* The right key under the wrong scheme: PSS, or another digest. */
static void test_other_schemes(void **state UNUSED)
{
    static const struct {
        const char *digest;
        int padding;
    } schemes[] = { { "SHA256", RSA_PKCS1_PSS_PADDING },
                    { "SHA1", RSA_PKCS1_PADDING },
                    { "SHA384", RSA_PKCS1_PADDING },
                    { "SHA512", RSA_PKCS1_PADDING } };

    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct slice message = forge_message(forge_header(issuer, arena),
                                             build_claims(NULL, NULL, NULL, arena), arena);
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        EVP_PKEY_CTX *pkey_context = NULL;
        unsigned char signature[256];
        size_t len = sizeof signature;

        assert_int_equal(EVP_DigestSignInit_ex(context, &pkey_context, schemes[i].digest, NULL,
                                               NULL, issuer_key(issuer), NULL),
                         1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(pkey_context, schemes[i].padding), 1);
        assert_int_equal(EVP_DigestSign(context, signature, &len,
                                        (const unsigned char *)message.ptr, message.len),
                         1);
        CHECK(strcmp(verify(forge_join(message, (struct slice){ (char *)signature, len }, arena),
                            arena)
                         .cause,
                     "signature") == 0,
              i);
        EVP_MD_CTX_free(context);
        arena_destroy(arena);
    }
}

static void test_no_issuer(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 20);
    struct token_rules rules = forge.rules;
    struct principal who;
    const char *cause = NULL;

    rules.builtin = NULL;
    assert_false(jwt_verify(&rules, good_token(arena), FORGE_NOW, arena, &who, &cause, NULL));
    assert_string_equal(cause, "no_issuer_configured");
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
    struct slice token = good_token(fixture);
    struct principal cached = verify(token, fixture).who;

    for (size_t i = 0; i < COUNT_OF(time_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 18);
        struct verdict verdict = verify_at(token, time_cases[i].now_unix_s, arena);
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
        struct slice claims = build_claims(cases[i].name, cases[i].json, NULL, arena);
        struct verdict verdict =
            verify(forge_token(issuer, forge_header(issuer, arena), claims, arena), arena);

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
        struct verdict verdict;

        assert_true(slice_cut(slice_of(claims), '%', &before, &after));
        assert_true(arena_printf(arena, &json, "%.*s%s%.*s", SLICE_ARG(before), cases[i].exp,
                                 SLICE_ARG(slice_sub(after, 1, after.len))));
        verdict = verify(forge_token(issuer, forge_header(issuer, arena), json, arena), arena);
        CHECK(strcmp(verdict.cause, cases[i].cause) == 0, i);
        CHECK(verdict.err.code == cases[i].code, i);
        arena_destroy(arena);
    }
}

/* Every budget from nothing to enough: refused for want of memory, never for another reason, and
 * never accepted with half of its claims. */
static void test_budgets(void **state UNUSED)
{
    struct arena *fixture = arena_create(NULL, 1 << 20);
    struct slice token = good_token(fixture);
    struct principal whole = verify(token, fixture).who;
    bool accepted = false;

    for (size_t budget = 0; budget < 65536 && !accepted; budget += 16) {
        struct arena *arena = arena_create(NULL, budget);
        struct principal who = { 0 };
        struct error err = { 0 };

        accepted = jwt_verify(&forge.rules, token, FORGE_NOW, arena, &who, NULL, &err);
        if (accepted)
            CHECK(who.permissions == whole.permissions && slice_eq(who.subject, whole.subject),
                  budget);
        else
            CHECK(err.code == ERROR_TOO_LARGE, budget);
        arena_destroy(arena);
    }
    assert_true(accepted);
    arena_destroy(fixture);
}

/* What issuer_sign() makes, jwt_verify() takes. */
static void test_round_trip(void **state UNUSED)
{
    static const struct slice permissions[] = { SLICE_INIT("Device.ReadWrite.All"),
                                                SLICE_INIT("Config.ReadWrite.All") };
    static const struct {
        const char *user;
        int64_t lifetime_s;
        const char *cause;
    } cases[] = {
        { "", 3600, "" },          { "u@example.org", 3600, "" }, { "", 0, "expired" },
        { "", -1, "expired" },     { "", -3600, "expired" },      { "", 1, "" },
        { "\xc3\xa9\"\\", 5, "" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct token_request request = {
            .origin = SLICE(FORGE_ORIGIN),
            .audience = SLICE("https://graph.microsoft.com"),
            .app_id = SLICE("00000000-0000-0000-0000-0000000000c1"),
            .app_name = SLICE("Test"),
            .user = slice_of(cases[i].user),
            .permissions = permissions,
            .permission_count = COUNT_OF(permissions),
            .now_unix_s = FORGE_NOW,
            .lifetime_s = cases[i].lifetime_s,
        };
        struct slice token;
        struct verdict verdict;

        assert_true(uuid_parse(SLICE(FORGE_TENANT), &request.tenant));
        CHECK(issuer_sign(issuer, &request, arena, &token, NULL), i);
        verdict = verify(token, arena);
        CHECK(strcmp(verdict.cause, cases[i].cause) == 0, i);
        if (!cases[i].cause[0]) {
            CHECK(verdict.who.permissions == (READ_WRITE | CONFIG), i);
            CHECK(verdict.who.delegated == (cases[i].user[0] != '\0'), i);
            CHECK(text_is(verdict.who.user, cases[i].user), i);
            CHECK(text_is(verdict.who.app_name, "Test"), i);
            CHECK(verdict.who.expires_unix_s == FORGE_NOW + cases[i].lifetime_s, i);
        }
        arena_destroy(arena);
    }
}

/* Whichever allocation of the library fails, a token is never taken for more than it is, and the
 * next TLS connection finds the error queue empty. */
static void test_out_of_memory(void **state UNUSED)
{
    struct arena *fixture = arena_create(NULL, 1 << 20);
    struct slice token = good_token(fixture), bad = slice_sub(token, 0, token.len - 4);
    size_t failures = 0;
    bool ok = false;

    for (size_t n = 1; !ok; n++) {
        struct arena *arena = arena_create(NULL, 1 << 18);

        test_allocations_fail_at(n);
        CHECK(verify(bad, arena).cause[0] != '\0', n);
        test_allocations_fail_at(n);
        ok = verify(token, arena).cause[0] == '\0';
        failures += !ok;
        CHECK(ERR_peek_error() == 0, n);
        arena_destroy(arena);
    }
    test_allocations_fail_at(0);
    assert_true(failures > 0);
    arena_destroy(fixture);
}

/* Loops share one issuer: each checks good and bad tokens with an arena of its own. */
#define THREADS 4

static void *verify_for_a_while(void *failures)
{
    for (size_t i = 0; i < 200; i++) {
        struct arena *arena = arena_create(NULL, 1 << 18);
        struct slice token = good_token(arena);
        struct principal who;
        bool bad = i % 2;

        if (bad)
            token.len -= 4;
        if (jwt_verify(&forge.rules, token, FORGE_NOW, arena, &who, NULL, NULL) == bad)
            ++*(int *)failures;
        arena_destroy(arena);
    }
    return NULL;
}

static void test_threads(void **state UNUSED)
{
    pthread_t threads[THREADS];
    int failures[THREADS] = { 0 };

    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, verify_for_a_while, &failures[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < THREADS; i++)
        CHECK(failures[i] == 0, i);
}

static int set_up(void **state UNUSED)
{
    struct error err = { 0 };

    if (!issuer_open(NULL, &issuer, &err) || !issuer_open(NULL, &other_issuer, &err))
        return -1;
    forge_init(&forge, issuer);
    return 0;
}

static int tear_down(void **state UNUSED)
{
    issuer_close(issuer);
    issuer_close(other_issuer);
    return 0;
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
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_every_character_counts),
        cmocka_unit_test(test_size_limit),
        cmocka_unit_test(test_other_key),
        cmocka_unit_test(test_no_signature),
        cmocka_unit_test(test_hmac_with_public_key),
        cmocka_unit_test(test_other_schemes),
        cmocka_unit_test(test_no_issuer),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_messages_of_claims),
        cmocka_unit_test(test_personal_account),
        cmocka_unit_test(test_budgets),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_threads),
    };
    test_allocations_install();
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
