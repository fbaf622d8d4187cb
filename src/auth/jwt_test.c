/* auth/jwt_test.c - tokens: headers, the compact form, signatures, and what runs short. Their
 * claims are in jwt_claims_test.c.
 */
#include "base/test.h"

#include <pthread.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "auth/issuer.h"
#include "auth/jwt_rig_test.h"
#include "auth/test_allocations.h"
#include "base/arena.h"
#include "base/base64.h"

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
                             SLICE_ARG(issuer_key_id(jwt_issuer)), SLICE_ARG(after)));
    return filled;
}

static void test_headers(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(header_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct slice token = forge_token(jwt_issuer, fill_in_key_id(header_cases[i].header, arena),
                                         jwt_build_claims(NULL, NULL, NULL, arena), arena);
        struct jwt_verdict verdict = jwt_verdict_of(token, arena);

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
                : edit(arena, jwt_good_token(arena), form_cases[i].token);
        struct jwt_verdict verdict = jwt_verdict_of(token, arena);

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
    struct slice good = jwt_good_token(fixture);
    char *token = arena_alloc(fixture, good.len);

    memcpy(token, good.ptr, good.len);
    for (size_t at = 0; at < good.len; at++) {
        for (size_t i = 0; i < sizeof others; i++) {
            struct arena *arena = arena_create(NULL, 1 << 18);
            struct jwt_verdict verdict;

            token[at] = others[i];
            verdict = jwt_verdict_of((struct slice){ token, good.len }, arena);
            CHECK((verdict.cause[0] == '\0') == (others[i] == good.ptr[at]), at);
            arena_destroy(arena);
        }
        token[at] = good.ptr[at];
    }
    for (size_t len = 0; len < good.len; len++) {
        struct arena *arena = arena_create(NULL, 1 << 18);

        CHECK(jwt_verdict_of(slice_sub(good, 0, len), arena).cause[0] != '\0', len);
        arena_destroy(arena);
    }
    arena_destroy(fixture);
}

static void test_size_limit(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 20);
    struct slice token = jwt_good_token(arena);
    struct forge tight = jwt_forge;
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
    struct slice claims = jwt_build_claims(NULL, NULL, NULL, arena);
    struct slice token =
        forge_token(jwt_other_issuer, forge_header(jwt_issuer, arena), claims, arena);

    assert_string_equal(jwt_verdict_of(token, arena).cause, "signature");
    token = forge_token(jwt_other_issuer, forge_header(jwt_other_issuer, arena), claims, arena);
    assert_string_equal(jwt_verdict_of(token, arena).cause, "kid_foreign");
    token = forge_token(jwt_other_issuer, SLICE("{\"alg\":\"RS256\"}"), claims, arena);
    assert_string_equal(jwt_verdict_of(token, arena).cause, "signature");
    arena_destroy(arena);
}

static void test_no_signature(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 20);
    struct slice claims = jwt_build_claims(NULL, NULL, NULL, arena);
    struct slice message = forge_message(SLICE("{\"alg\":\"none\"}"), claims, arena);
    char zeros[256] = { 0 };

    assert_string_equal(jwt_verdict_of(forge_join(message, SLICE_EMPTY, arena), arena).cause,
                        "alg_not_rs256");
    message = forge_message(forge_header(jwt_issuer, arena), claims, arena);
    assert_string_equal(jwt_verdict_of(forge_join(message, SLICE_EMPTY, arena), arena).cause,
                        "signature");
    assert_string_equal(
        jwt_verdict_of(forge_join(message, (struct slice){ zeros, sizeof zeros }, arena), arena)
            .cause,
        "signature");
    memset(zeros, 0xff, sizeof zeros); /* a number above the modulus */
    assert_string_equal(
        jwt_verdict_of(forge_join(message, (struct slice){ zeros, sizeof zeros }, arena), arena)
            .cause,
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
            forge_message(slice_of(headers[i]), jwt_build_claims(NULL, NULL, NULL, arena), arena);
        BIO *bio = BIO_new(BIO_s_mem());
        unsigned char mac[EVP_MAX_MD_SIZE];
        unsigned mac_len = 0;
        char *pem = NULL;
        long pem_len;

        assert_int_equal(PEM_write_bio_PUBKEY(bio, issuer_key(jwt_issuer)), 1);
        pem_len = BIO_get_mem_data(bio, &pem);
        assert_non_null(HMAC(EVP_sha256(), pem, (int)pem_len, (const unsigned char *)message.ptr,
                             message.len, mac, &mac_len));
        CHECK(strcmp(jwt_verdict_of(
                         forge_join(message, (struct slice){ (char *)mac, mac_len }, arena), arena)
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
        struct slice message = forge_message(forge_header(jwt_issuer, arena),
                                             jwt_build_claims(NULL, NULL, NULL, arena), arena);
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        EVP_PKEY_CTX *pkey_context = NULL;
        unsigned char signature[256];
        size_t len = sizeof signature;

        assert_int_equal(EVP_DigestSignInit_ex(context, &pkey_context, schemes[i].digest, NULL,
                                               NULL, issuer_key(jwt_issuer), NULL),
                         1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(pkey_context, schemes[i].padding), 1);
        assert_int_equal(EVP_DigestSign(context, signature, &len,
                                        (const unsigned char *)message.ptr, message.len),
                         1);
        CHECK(
            strcmp(jwt_verdict_of(
                       forge_join(message, (struct slice){ (char *)signature, len }, arena), arena)
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
    struct token_rules rules = jwt_forge.rules;
    struct principal who;
    const char *cause = NULL;

    rules.builtin = NULL;
    assert_false(jwt_verify(&rules, jwt_good_token(arena), FORGE_NOW, arena, &who, &cause, NULL));
    assert_string_equal(cause, "no_issuer_configured");
    arena_destroy(arena);
}

/* -- the whole ----------------------------------------------------------------------------------
 */

/* Every budget from nothing to enough: refused for want of memory, never for another reason, and
 * never accepted with half of its claims. */
static void test_budgets(void **state UNUSED)
{
    struct arena *fixture = arena_create(NULL, 1 << 20);
    struct slice token = jwt_good_token(fixture);
    struct principal whole = jwt_verdict_of(token, fixture).who;
    bool accepted = false;

    for (size_t budget = 0; budget < 65536 && !accepted; budget += 16) {
        struct arena *arena = arena_create(NULL, budget);
        struct principal who = { 0 };
        struct error err = { 0 };

        accepted = jwt_verify(&jwt_forge.rules, token, FORGE_NOW, arena, &who, NULL, &err);
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
        struct jwt_verdict verdict;

        assert_true(uuid_parse(SLICE(FORGE_TENANT), &request.tenant));
        CHECK(issuer_sign(jwt_issuer, &request, arena, &token, NULL), i);
        verdict = jwt_verdict_of(token, arena);
        CHECK(strcmp(verdict.cause, cases[i].cause) == 0, i);
        if (!cases[i].cause[0]) {
            CHECK(verdict.who.permissions == (READ_WRITE | CONFIG), i);
            CHECK(verdict.who.delegated == (cases[i].user[0] != '\0'), i);
            CHECK(slice_eq(verdict.who.user, slice_of(cases[i].user)), i);
            CHECK(slice_eq(verdict.who.app_name, SLICE("Test")), i);
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
    struct slice token = jwt_good_token(fixture), bad = slice_sub(token, 0, token.len - 4);
    size_t failures = 0;
    bool ok = false;

    for (size_t n = 1; !ok; n++) {
        struct arena *arena = arena_create(NULL, 1 << 18);

        test_allocations_fail_at(n);
        CHECK(jwt_verdict_of(bad, arena).cause[0] != '\0', n);
        test_allocations_fail_at(n);
        ok = jwt_verdict_of(token, arena).cause[0] == '\0';
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
        struct slice token = jwt_good_token(arena);
        struct principal who;
        bool bad = i % 2;

        if (bad)
            token.len -= 4;
        if (jwt_verify(&jwt_forge.rules, token, FORGE_NOW, arena, &who, NULL, NULL) == bad)
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_every_character_counts),
        cmocka_unit_test(test_size_limit),
        cmocka_unit_test(test_other_key),
        cmocka_unit_test(test_no_signature),
        cmocka_unit_test(test_hmac_with_public_key),
        cmocka_unit_test(test_other_schemes),
        cmocka_unit_test(test_no_issuer),
        cmocka_unit_test(test_budgets),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_threads),
    };
    test_allocations_install();
    return cmocka_run_group_tests(tests, jwt_set_up, jwt_tear_down);
}
