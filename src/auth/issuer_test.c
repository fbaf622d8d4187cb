/* auth/issuer_test.c - one key for a folder whoever opens it, and tokens with Graph's claims. */
#include "base/test.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "auth/issuer.h"
#include "auth/key_file.h"
#include "auth/signing_key.h"
#include "auth/test_allocations.h"
#include "auth/test_directory.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/text.h"
#include "json/reader.h"

#define KEY_ID_LEN 43
#define ORIGIN     "https://localhost:8443"
#define TENANT     "00000000-0000-4000-8000-000000000001"

static char *directory;

static int set_up(void **state UNUSED)
{
    directory = test_directory_make();
    return 0;
}

static int tear_down(void **state UNUSED)
{
    test_directory_remove(directory);
    return 0;
}

static struct issuer *open_issuer(const char *in)
{
    struct issuer *issuer = NULL;
    struct error err = { 0 };

    if (!issuer_open(in, &issuer, &err))
        fail_msg("%s", err.message);
    return issuer;
}

/* Opened by the first test that needs no key of its own: making one takes a while. */
static struct issuer *shared_issuer(void)
{
    static struct issuer *shared;

    if (!shared)
        shared = open_issuer(NULL);
    return shared;
}

/* -- the key ----------------------------------------------------------------------------------- */

/* Before any thread or OpenSSL: children of a process with threads may do very little. */
#define RACERS 8

static void race(int result_fd)
{
    struct issuer *issuer = open_issuer(directory);
    char id[KEY_ID_LEN] = { 0 };

    if (issuer_key_id(issuer).len == sizeof id)
        memcpy(id, issuer_key_id(issuer).ptr, sizeof id);
    issuer_close(issuer);
    _exit(write(result_fd, id, sizeof id) == sizeof id ? 0 : 1);
}

static void test_race(void **state UNUSED)
{
    char first[KEY_ID_LEN], id[KEY_ID_LEN];
    struct issuer *issuer;
    size_t count = 0;
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    for (size_t i = 0; i < RACERS; i++) {
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0)
            race(fds[1]);
    }
    close(fds[1]);
    while (read(fds[0], count ? id : first, KEY_ID_LEN) == KEY_ID_LEN) {
        if (count++)
            assert_memory_equal(id, first, KEY_ID_LEN);
    }
    close(fds[0]);
    while (wait(NULL) > 0)
        ;
    assert_int_equal(count, RACERS);
    assert_true(first[0] != '\0');

    issuer = open_issuer(directory);
    assert_true(slice_eq(issuer_key_id(issuer), (struct slice){ first, KEY_ID_LEN }));
    issuer_close(issuer);
    assert_int_equal(test_directory_count(directory), 1);
    assert_int_equal(test_directory_mode(directory, "issuer.pem"), 0600);
}

/* Many threads wait for one key that is being made. */
#define WAITERS 8

static void *wait_for_id(void *issuer)
{
    char *id = malloc(KEY_ID_LEN);

    if (id && issuer_key_id(issuer).len == KEY_ID_LEN && issuer_key(issuer))
        memcpy(id, issuer_key_id(issuer).ptr, KEY_ID_LEN);
    return id;
}

static void test_waiting_threads(void **state UNUSED)
{
    struct issuer *issuer = open_issuer(NULL);
    pthread_t threads[WAITERS];

    for (size_t i = 0; i < WAITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wait_for_id, issuer), 0);
    for (size_t i = 0; i < WAITERS; i++) {
        void *id = NULL;

        pthread_join(threads[i], &id);
        CHECK(id && memcmp(id, issuer_key_id(issuer).ptr, KEY_ID_LEN) == 0, i);
        free(id);
    }
    issuer_close(issuer);
}

static void test_memory_keys_differ(void **state UNUSED)
{
    struct issuer *other = open_issuer(NULL);

    assert_false(slice_eq(issuer_key_id(shared_issuer()), issuer_key_id(other)));
    issuer_close(other);
    issuer_close(NULL);
    issuer_close(open_issuer(NULL)); /* at once: waits for the thread */
}

static void write_key_file(EVP_PKEY *pkey, const char *passphrase)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem = NULL;
    long len;

    assert_non_null(pkey);
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, pkey, passphrase ? EVP_aes_128_cbc() : NULL,
                                                   passphrase, passphrase ? 4 : 0, NULL, NULL),
                     1);
    len = BIO_get_mem_data(bio, &pem);
    assert_true(
        key_file_replace(directory, "issuer.pem", (struct slice){ pem, (size_t)len }, NULL));
    BIO_free(bio);
}

static void assert_refused(const char *why)
{
    struct issuer *issuer = NULL;
    struct error err = { 0 };

    assert_false(issuer_open(directory, &issuer, &err));
    assert_null(issuer);
    assert_int_equal(err.code, ERROR_CONFIGURATION);
    assert_non_null(strstr(err.message, directory));
    assert_non_null(strstr(err.message, "/issuer.pem"));
    if (!strstr(err.message, why))
        fail_msg("expected '%s', found '%s'", why, err.message);
}

static void test_bad_files(void **state UNUSED)
{
    EVP_PKEY *good = issuer_key(shared_issuer()), *small = EVP_RSA_gen(1024);
    EVP_PKEY *curve = EVP_EC_gen("P-256"), *edwards = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

    test_directory_write(directory, "issuer.pem", "");
    assert_refused("private key in PEM");
    test_directory_write(directory, "issuer.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n");
    assert_refused("private key in PEM");
    write_key_file(good, "pass");
    assert_refused("unencrypted");
    write_key_file(small, NULL);
    assert_refused("2048");
    write_key_file(curve, NULL);
    assert_refused("found EC");
    write_key_file(edwards, NULL);
    assert_refused("found ED25519");
    write_key_file(good, NULL);
    issuer_close(open_issuer(directory));
    test_directory_chmod(directory, "issuer.pem", 0640);
    assert_refused("0600");
    EVP_PKEY_free(small);
    EVP_PKEY_free(curve);
    EVP_PKEY_free(edwards);
}

static void test_folder_that_cannot_be(void **state UNUSED)
{
    struct issuer *issuer = NULL;
    struct error err = { 0 };
    char path[256];

    snprintf(path, sizeof path, "%s/a/b", directory);
    assert_false(issuer_open(path, &issuer, &err));
    assert_int_equal(err.code, ERROR_CONFIGURATION);
    test_directory_write(directory, "file", "x");
    snprintf(path, sizeof path, "%s/file", directory);
    assert_false(issuer_open(path, &issuer, &err));
    assert_int_equal(err.code, ERROR_CONFIGURATION);
}

/* The folder goes away while the key is made: everybody who waits is told. */
static void test_making_fails(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 65536);
    struct token_request request = { .lifetime_s = 1 };
    struct issuer *issuer;
    struct error err = { 0 };
    struct slice token;
    struct text keys;
    char path[256];

    snprintf(path, sizeof path, "%s/keys", directory);
    issuer = open_issuer(path);
    assert_int_equal(rmdir(path), 0);
    text_init(&keys, arena, 0, 4096);
    assert_null(issuer_key(issuer));
    assert_int_equal(issuer_key_id(issuer).len, 0);
    assert_false(issuer_verify(issuer, SLICE("m"), SLICE("s")));
    assert_false(issuer_sign(issuer, &request, arena, &token, &err));
    assert_int_equal(err.code, ERROR_CONFIGURATION);
    assert_false(issuer_write_keys(issuer, &keys, NULL));
    issuer_close(issuer);
    arena_destroy(arena);
}

/* The published members, and the thumbprint made of them again (RFC 7638 section 3). */
static void test_keys(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 65536);
    struct issuer *issuer = shared_issuer();
    struct slice n, canonical, digest;
    unsigned char hash[EVP_MAX_MD_SIZE];
    struct text keys, id;
    struct slice json, rest;

    text_init(&keys, arena, 0, 8192);
    assert_true(issuer_write_keys(issuer, &keys, NULL));
    json = text_slice(&keys);
    assert_true(json_is_valid(json, arena, 8));
    assert_true(
        slice_starts_with(json, SLICE("{\"keys\":[{\"kty\":\"RSA\",\"use\":\"sig\",\"kid\":\"")));
    assert_true(slice_ends_with(json, SLICE("\",\"e\":\"AQAB\"}]}")));
    rest = slice_sub(json, sizeof "{\"keys\":[{\"kty\":\"RSA\",\"use\":\"sig\",\"kid\":\"" - 1,
                     json.len);
    assert_true(slice_starts_with(rest, issuer_key_id(issuer)));
    rest = slice_sub(rest, KEY_ID_LEN, rest.len);
    assert_true(slice_starts_with(rest, SLICE("\",\"alg\":\"RS256\",\"n\":\"")));
    n = slice_sub(rest, sizeof "\",\"alg\":\"RS256\",\"n\":\"" - 1, 342);
    assert_true(base64url_decode(arena, n, &digest));
    assert_int_equal(digest.len, 256); /* no leading zero (RFC 7518 section 6.3.1.1) */

    assert_true(arena_printf(arena, &canonical, "{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"%.*s\"}",
                             SLICE_ARG(n)));
    assert_int_equal(EVP_Digest(canonical.ptr, canonical.len, hash, NULL, EVP_sha256(), NULL), 1);
    text_init(&id, arena, 0, 64);
    base64url_append(&id, hash, 32);
    assert_true(slice_eq(text_slice(&id), issuer_key_id(issuer)));
    arena_destroy(arena);
}

/* -- tokens ------------------------------------------------------------------------------------ */

static const struct slice two_names[] = { SLICE_INIT("A.Read"), SLICE_INIT("B.Write") };

static struct token_request app_request(void)
{
    struct token_request request = { .origin = SLICE(ORIGIN),
                                     .audience = SLICE("https://graph.microsoft.com"),
                                     .app_id = SLICE("the-app"),
                                     .app_name = SLICE("The \"app\""),
                                     .permissions = two_names,
                                     .permission_count = 2,
                                     .now_unix_s = 1800000000,
                                     .lifetime_s = 3600 };

    assert_true(uuid_parse(SLICE(TENANT), &request.tenant));
    return request;
}

/* The literal of one claim of a fresh token; empty when it is not there. */
static struct slice claim_of(struct issuer *issuer, const struct token_request *request,
                             const char *name, struct arena *arena)
{
    struct slice token, header, rest, payload, json, literal = SLICE_EMPTY;
    struct json_reader reader;
    struct json_token json_token;

    assert_true(issuer_sign(issuer, request, arena, &token, NULL));
    assert_true(slice_cut(token, '.', &header, &rest));
    assert_true(slice_cut(rest, '.', &payload, &rest));
    assert_true(base64url_decode(arena, payload, &json));
    json_reader_init(&reader, json, arena, 4);
    assert_true(json_reader_next(&reader, &json_token, NULL));
    while (json_reader_next(&reader, &json_token, NULL) && json_token.kind == JSON_NAME) {
        bool wanted = slice_eq(json_token.text, slice_of(name));

        assert_true(json_reader_skip(&reader, wanted ? &literal : NULL, NULL));
    }
    assert_true(json_reader_finish(&reader, NULL));
    return literal;
}

static const struct {
    const char *user, *name, *literal; /* "": the claim is not there; NULL: anything */
} claim_cases[] = {
    { "", "aud", "\"https://graph.microsoft.com\"" },
    { "", "iss", "\"" ORIGIN "/" TENANT "/v2.0\"" },
    { "", "iat", "1800000000" },
    { "", "nbf", "1800000000" },
    { "", "exp", "1800003600" },
    { "", "tid", "\"" TENANT "\"" },
    { "", "oid", NULL },
    { "", "appid", "\"the-app\"" },
    { "", "azp", "\"the-app\"" },
    { "", "app_displayname", "\"The \\\"app\\\"\"" },
    { "", "idtyp", "\"app\"" },
    { "", "roles", "[\"A.Read\",\"B.Write\"]" },
    { "", "scp", "" },
    { "", "upn", "" },
    { "", "uti", NULL },
    { "", "ver", "\"2.0\"" },
    { "u@x", "idtyp", "\"user\"" },
    { "u@x", "roles", "" },
    { "u@x", "scp", "\"A.Read B.Write\"" },
    { "u@x", "upn", "\"u@x\"" },
};

static void test_claims(void **state UNUSED)
{
    struct issuer *issuer = shared_issuer();

    for (size_t i = 0; i < COUNT_OF(claim_cases); i++) {
        struct arena *arena = arena_create(NULL, 65536);
        struct token_request request = app_request();
        struct slice found;

        request.user = slice_of(claim_cases[i].user);
        found = claim_of(issuer, &request, claim_cases[i].name, arena);
        if (claim_cases[i].literal)
            CHECK(slice_eq(found, slice_of(claim_cases[i].literal)), i);
        else
            CHECK(found.len > 0, i);
        arena_destroy(arena);
    }
}

/* Object ids: of the same app the same, of another tenant, app, user or kind another. */
static void test_ids(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 20);
    struct issuer *issuer = shared_issuer(), *other = open_issuer(NULL);
    struct token_request app = app_request(), user = app_request(), request = app_request();
    struct slice oid = claim_of(issuer, &app, "oid", arena), user_oid;
    struct uuid id;

    assert_true(uuid_parse(slice_sub(oid, 1, 36), &id));
    assert_int_equal(id.bytes[6] >> 4, 8); /* version and variant of RFC 9562 5.8 */
    assert_int_equal(id.bytes[8] >> 6, 2);
    assert_true(slice_eq(oid, claim_of(issuer, &app, "sub", arena)));
    assert_true(slice_eq(oid, claim_of(other, &app, "oid", arena)));
    assert_false(
        slice_eq(claim_of(issuer, &app, "uti", arena), claim_of(issuer, &app, "uti", arena)));

    user.user = SLICE("the-app"); /* the name of the app: a user all the same */
    user_oid = claim_of(issuer, &user, "oid", arena);
    assert_false(slice_eq(oid, user_oid));
    assert_false(slice_eq(user_oid, claim_of(issuer, &user, "sub", arena)));
    request.app_id = SLICE("another");
    assert_false(slice_eq(oid, claim_of(issuer, &request, "oid", arena)));
    request.user = SLICE("the-app");
    assert_true(slice_eq(user_oid, claim_of(issuer, &request, "oid", arena)));
    assert_false(
        slice_eq(claim_of(issuer, &user, "sub", arena), claim_of(issuer, &request, "sub", arena)));
    request.tenant.bytes[15]++;
    assert_false(slice_eq(user_oid, claim_of(issuer, &request, "oid", arena)));
    issuer_close(other);
    arena_destroy(arena);
}

static const struct {
    const char *permission;
    int64_t now_unix_s, lifetime_s;
    bool ok;
} request_cases[] = {
    { "A.Read", 0, 0, true },
    { "A.Read", 1800000000, -1800000000, true },
    { "A.Read", 1800000000, -1800000001, false },
    { "A.Read", -1, 5, false },
    { "A.Read", 0, INT64_C(253402300799), true },
    { "A.Read", 1, INT64_C(253402300799), false },
    { "A.Read", INT64_MAX, INT64_MAX, false },
    { "A.Read", INT64_MIN, INT64_MIN, false },
    { "", 0, 1, false },
    { "A Read", 0, 1, false },
    { "A\"", 0, 1, false },
    { "A\\", 0, 1, false },
    { "A\n", 0, 1, false },
    { "\xc3\xa9", 0, 1, false },
};

static void test_requests(void **state UNUSED)
{
    struct issuer *issuer = shared_issuer();

    for (size_t i = 0; i < COUNT_OF(request_cases); i++) {
        struct arena *arena = arena_create(NULL, 65536);
        struct token_request request = app_request();
        struct slice name = slice_of(request_cases[i].permission), token;
        struct error err = { 0 };

        request.permissions = &name;
        request.permission_count = 1;
        request.now_unix_s = request_cases[i].now_unix_s;
        request.lifetime_s = request_cases[i].lifetime_s;
        CHECK(issuer_sign(issuer, &request, arena, &token, &err) == request_cases[i].ok, i);
        CHECK(err.code == (request_cases[i].ok ? ERROR_NONE : ERROR_BAD_REQUEST), i);
        arena_destroy(arena);
    }
}

static void test_budgets(void **state UNUSED)
{
    struct issuer *issuer = shared_issuer();
    struct token_request request = app_request();
    bool signed_one = false;

    request.user = SLICE("u@x");
    for (size_t budget = 0; budget < 65536 && !signed_one; budget += 64) {
        struct arena *arena = arena_create(NULL, budget);
        struct error err = { 0 };
        struct slice token;

        signed_one = issuer_sign(issuer, &request, arena, &token, &err);
        CHECK(signed_one || err.code == ERROR_TOO_LARGE, budget);
        arena_destroy(arena);
    }
    assert_true(signed_one);
}

/* Whichever allocation of the library fails: a token or an error, and an empty queue. */
static void test_out_of_memory(void **state UNUSED)
{
    struct issuer *issuer = shared_issuer();
    struct token_request request = app_request();
    size_t failures = 0;

    assert_non_null(issuer_key(issuer)); /* its thread's allocations are over */
    for (size_t n = 1;; n++) {
        struct arena *arena = arena_create(NULL, 65536);
        struct error err = { 0 };
        struct slice token;
        bool ok;

        test_allocations_fail_at(n);
        ok = issuer_sign(issuer, &request, arena, &token, &err);
        CHECK(ok == (err.code == ERROR_NONE), n);
        CHECK(ERR_peek_error() == 0, n);
        failures += !ok;
        arena_destroy(arena);
        if (test_allocations_count() < n)
            break;
    }
    test_allocations_fail_at(0);
    assert_true(failures > 0);
}

static int close_shared(void **state UNUSED)
{
    issuer_close(shared_issuer());
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_race, set_up, tear_down), /* first, see there */
        cmocka_unit_test(test_waiting_threads),
        cmocka_unit_test(test_memory_keys_differ),
        cmocka_unit_test_setup_teardown(test_bad_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_folder_that_cannot_be, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_making_fails, set_up, tear_down),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_budgets),
        cmocka_unit_test(test_out_of_memory),
    };
    test_allocations_install();
    return cmocka_run_group_tests(tests, NULL, close_shared);
}
