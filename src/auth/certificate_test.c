/* auth/certificate_test.c - what clients will ask of the chain, asked of it by OpenSSL's verifier.
 *
 * Times are arguments: NOW is when a folder is made, and the cases move on from there.
 */
#include "base/test.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "auth/certificate.h"
#include "auth/key_file.h"
#include "auth/test_allocations.h"
#include "auth/test_directory.h"
#include "base/arena.h"
#include "base/text.h"

#define NOW INT64_C(1800000000)
#define DAY INT64_C(86400)

static char *directory;
static struct arena *arena;

static int set_up(void **state UNUSED)
{
    directory = test_directory_make();
    arena = arena_create(NULL, 4 << 20);
    return 0;
}

static int tear_down(void **state UNUSED)
{
    test_directory_remove(directory);
    arena_destroy(arena);
    return 0;
}

static struct certificate ensure(const char *in, const struct slice *names, size_t count,
                                 int64_t now_unix_s)
{
    struct certificate certificate = { .ca_pem = SLICE_EMPTY };
    struct error err = { 0 };

    if (!certificate_ensure_at(in, names, count, now_unix_s, arena, &certificate, &err))
        fail_msg("%s", err.message);
    return certificate;
}

/* The n-th certificate in `pem`; NULL when there are fewer. */
static X509 *read_certificate(struct slice pem, int n)
{
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    X509 *found = NULL;

    for (int i = 0; i <= n; i++) {
        X509_free(found);
        found = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    }
    BIO_free(bio);
    ERR_clear_error();
    return found;
}

/* What a TLS client does: X509_V_OK, or why not. */
static int check_chain(const struct certificate *certificate, const char *name, bool address,
                       int64_t now_unix_s)
{
    X509 *trusted = read_certificate(certificate->ca_pem, 0);
    X509 *leaf = read_certificate(certificate->certificate_pem, 0);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    X509_VERIFY_PARAM *param;
    int result;

    assert_true(trusted && leaf && X509_STORE_add_cert(store, trusted));
    assert_int_equal(X509_STORE_CTX_init(context, store, leaf, NULL), 1);
    assert_int_equal(X509_STORE_CTX_set_default(context, "ssl_server"), 1);
    param = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(param, (time_t)now_unix_s);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
    assert_int_equal(address ? X509_VERIFY_PARAM_set1_ip_asc(param, name)
                             : X509_VERIFY_PARAM_set1_host(param, name, 0),
                     1);
    result = X509_verify_cert(context) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    X509_free(leaf);
    X509_free(trusted);
    ERR_clear_error();
    return result;
}

static const struct slice test_names[] = { SLICE_INIT("graph.test"), SLICE_INIT("10.1.2.3"),
                                           SLICE_INIT("fd00::7"), SLICE_INIT("*.lab.test"),
                                           SLICE_INIT("my_service") };

static const struct {
    const char *name;
    bool address;
    int64_t now_unix_s;
    int want;
} chain_cases[] = {
    { "localhost", false, NOW, X509_V_OK },
    { "LOCALHOST", false, NOW, X509_V_OK },
    { "127.0.0.1", true, NOW, X509_V_OK },
    { "::1", true, NOW, X509_V_OK },
    { "graph.test", false, NOW, X509_V_OK },
    { "10.1.2.3", true, NOW, X509_V_OK },
    { "fd00::7", true, NOW, X509_V_OK },
    { "a.lab.test", false, NOW, X509_V_OK },
    { "my_service", false, NOW, X509_V_OK },
    { "connectord", false, NOW, X509_V_ERR_HOSTNAME_MISMATCH }, /* the subject's name is no name */
    { "other.test", false, NOW, X509_V_ERR_HOSTNAME_MISMATCH },
    { "a.graph.test", false, NOW, X509_V_ERR_HOSTNAME_MISMATCH },
    { "a.b.lab.test", false, NOW, X509_V_ERR_HOSTNAME_MISMATCH },
    { "127.0.0.1", false, NOW, X509_V_ERR_HOSTNAME_MISMATCH }, /* an address is not a host name */
    { "127.0.0.2", true, NOW, X509_V_ERR_IP_ADDRESS_MISMATCH },
    { "localhost", false, NOW - DAY + 5, X509_V_OK }, /* a client whose clock is behind */
    { "localhost", false, NOW - DAY - 5, X509_V_ERR_CERT_NOT_YET_VALID },
    { "localhost", false, NOW + 820 * DAY - 5, X509_V_OK },
    { "localhost", false, NOW + 820 * DAY + 5, X509_V_ERR_CERT_HAS_EXPIRED },
};

static void test_chain(void **state UNUSED)
{
    struct certificate stored = ensure(directory, test_names, COUNT_OF(test_names), NOW);
    struct certificate in_memory = ensure(NULL, test_names, COUNT_OF(test_names), NOW);

    for (size_t i = 0; i < COUNT_OF(chain_cases); i++) {
        CHECK(check_chain(&stored, chain_cases[i].name, chain_cases[i].address,
                          chain_cases[i].now_unix_s) == chain_cases[i].want,
              i);
        CHECK(check_chain(&in_memory, chain_cases[i].name, chain_cases[i].address,
                          chain_cases[i].now_unix_s) == chain_cases[i].want,
              i);
    }
}

static void test_extensions(void **state UNUSED)
{
    struct certificate certificate = ensure(NULL, NULL, 0, NOW);
    X509 *leaf = read_certificate(certificate.certificate_pem, 0);
    X509 *ca = read_certificate(certificate.certificate_pem, 1);
    X509 *exported = read_certificate(certificate.ca_pem, 0);
    int days = 0, seconds = 0;

    assert_non_null(ca);
    assert_int_equal(X509_cmp(ca, exported), 0);
    assert_null(read_certificate(certificate.ca_pem, 1));
    assert_null(read_certificate(certificate.certificate_pem, 2));
    assert_int_equal(X509_get_version(leaf), X509_VERSION_3);
    assert_int_equal(X509_check_ca(ca), 1);
    assert_int_equal(X509_get_pathlen(ca), 0);
    assert_int_equal(X509_get_key_usage(ca), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
    assert_int_equal(X509_check_ca(leaf), 0);
    assert_int_equal(X509_get_key_usage(leaf), KU_DIGITAL_SIGNATURE);
    assert_int_equal(X509_get_extended_key_usage(leaf), XKU_SSL_SERVER);
    assert_int_equal(
        ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(leaf), X509_get0_subject_key_id(ca)), 0);
    assert_non_null(X509_get0_subject_key_id(leaf));
    assert_int_not_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(leaf), X509_get0_serialNumber(ca)),
                         0);
    assert_int_equal(ASN1_STRING_length(X509_get0_serialNumber(leaf)), 16);
    assert_int_equal(EVP_PKEY_get_bits(X509_get0_pubkey(leaf)), 256);
    assert_true(
        ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(leaf), X509_get0_notAfter(leaf)));
    assert_true(days <= 825);
    assert_true(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(ca), X509_get0_notAfter(ca)));
    assert_int_equal(days, 3651);
    X509_free(leaf);
    X509_free(ca);
    X509_free(exported);
}

static void test_keys(void **state UNUSED)
{
    struct certificate certificate = ensure(directory, NULL, 0, NOW);
    X509 *leaf = read_certificate(certificate.certificate_pem, 0);
    BIO *bio = BIO_new_mem_buf(certificate.key_pem.ptr, (int)certificate.key_pem.len);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    struct slice exported;

    assert_int_equal(X509_check_private_key(leaf, key), 1);
    assert_null(memmem(certificate.ca_pem.ptr, certificate.ca_pem.len, "PRIVATE", 7));
    assert_null(
        memmem(certificate.certificate_pem.ptr, certificate.certificate_pem.len, "PRIVATE", 7));
    assert_int_equal(test_directory_mode(directory, "ca.pem"), 0600);
    assert_int_equal(test_directory_mode(directory, "server.pem"), 0600);
    assert_int_equal(test_directory_count(directory), 2);
    assert_true(certificate_ensure_ca(directory, arena, &exported, NULL));
    assert_true(slice_eq(exported, certificate.ca_pem));
    BIO_free(bio);
    EVP_PKEY_free(key);
    X509_free(leaf);
}

static void test_ca_alone(void **state UNUSED)
{
    struct slice one, two;
    struct certificate certificate;

    assert_true(certificate_ensure_ca(directory, arena, &one, NULL));
    assert_int_equal(test_directory_count(directory), 1);
    assert_true(certificate_ensure(directory, NULL, 0, arena, &certificate, NULL));
    assert_true(slice_eq(certificate.ca_pem, one));
    assert_true(certificate_ensure_ca(NULL, arena, &two, NULL));
    assert_false(slice_eq(one, two));
}

/* Opened a second time: what is made again, and what stays. */
static const struct {
    size_t names_before, names_after; /* of test_names */
    int64_t later_s;
    bool same_ca, same_server;
} again_cases[] = {
    { 0, 0, 0, true, true },
    { 3, 3, 0, true, true },
    { 3, 1, 0, true, true }, /* a name too many does no harm */
    { 0, 1, 0, true, false },
    { 1, 5, 0, true, false },
    { 0, 0, 789 * DAY, true, true },
    { 0, 0, 791 * DAY, true, false },
    { 0, 0, 3619 * DAY, true, false },
    { 0, 0, 3621 * DAY, false, false },
    { 0, 0, 4000 * DAY, false, false },
    { 0, 0, -DAY / 2, true, true },
    { 0, 0, -1000 * DAY, true, false }, /* started with a clock in the past */
};

static void test_again(void **state)
{
    for (size_t i = 0; i < COUNT_OF(again_cases); i++) {
        int64_t later = NOW + again_cases[i].later_s;
        struct certificate first, second, third;

        set_up(state);
        first = ensure(directory, test_names, again_cases[i].names_before, NOW);
        second = ensure(directory, test_names, again_cases[i].names_after, later);
        third = ensure(directory, test_names, again_cases[i].names_after, later);
        CHECK(slice_eq(first.ca_pem, second.ca_pem) == again_cases[i].same_ca, i);
        CHECK(slice_eq(first.key_pem, second.key_pem) == again_cases[i].same_server, i);
        CHECK(slice_eq(second.certificate_pem, third.certificate_pem), i); /* settled */
        if (again_cases[i].later_s >= 0) {
            CHECK(check_chain(&second, "localhost", false, later) == X509_V_OK, i);
            for (size_t n = 0; n < again_cases[i].names_after && n < 1; n++)
                CHECK(check_chain(&second, "graph.test", false, later) == X509_V_OK, i);
        }
        CHECK(test_directory_count(directory) == 2, i);
        tear_down(state);
    }
}

/* A server certificate never outlives the CA that signed it. */
static void test_ends_with_ca(void **state UNUSED)
{
    struct certificate first = ensure(directory, NULL, 0, NOW), late;
    X509 *leaf, *ca;

    late = ensure(directory, NULL, 0, NOW + 3000 * DAY);
    assert_true(slice_eq(first.ca_pem, late.ca_pem));
    leaf = read_certificate(late.certificate_pem, 0);
    ca = read_certificate(late.ca_pem, 0);
    assert_int_equal(ASN1_TIME_compare(X509_get0_notAfter(leaf), X509_get0_notAfter(ca)), 0);
    X509_free(leaf);
    X509_free(ca);
}

static void assert_refused(const char *why)
{
    struct certificate certificate;
    struct error err = { 0 };

    assert_false(certificate_ensure_at(directory, NULL, 0, NOW, arena, &certificate, &err));
    assert_int_equal(err.code, ERROR_CONFIGURATION);
    if (!strstr(err.message, why))
        fail_msg("expected '%s', found '%s'", why, err.message);
}

static void test_damaged_files(void **state UNUSED)
{
    struct certificate first = ensure(directory, NULL, 0, NOW), second;
    struct slice own;

    /* server.pem is ours to replace, whatever is in it */
    test_directory_write(directory, "server.pem", "garbage");
    second = ensure(directory, NULL, 0, NOW);
    assert_true(slice_eq(first.ca_pem, second.ca_pem));
    assert_false(slice_eq(first.key_pem, second.key_pem));
    /* a certificate with another's key */
    assert_true(arena_printf(arena, &own, "%.*s%.*s", SLICE_ARG(second.certificate_pem),
                             SLICE_ARG(first.key_pem)));
    assert_true(key_file_replace(directory, "server.pem", own, NULL));
    assert_int_equal(check_chain(&second, "localhost", false, NOW), X509_V_OK);
    assert_false(slice_eq(ensure(directory, NULL, 0, NOW).key_pem, first.key_pem));

    /* a CA that is missing is made, and signs anew; one that is damaged stops us */
    test_directory_write(directory, "ca.pem", "garbage");
    assert_refused("ca.pem': expected a CA certificate");
    test_directory_write(directory, "ca.pem", "");
    assert_refused("ca.pem': expected a CA certificate");
    assert_true(key_file_replace(directory, "ca.pem", first.ca_pem, NULL)); /* without its key */
    assert_refused("ca.pem': expected a CA certificate");
    assert_true(arena_printf(arena, &own, "%.*s%.*s", SLICE_ARG(first.certificate_pem),
                             SLICE_ARG(first.key_pem))); /* not a CA */
    assert_true(key_file_replace(directory, "ca.pem", own, NULL));
    assert_refused("ca.pem': expected a CA certificate");
    test_directory_chmod(directory, "ca.pem", 0644);
    assert_refused("0600");
}

static void test_foreign_server(void **state UNUSED)
{
    struct certificate ours = ensure(directory, NULL, 0, NOW), other = ensure(NULL, NULL, 0, NOW);
    struct slice foreign;

    assert_true(arena_printf(arena, &foreign, "%.*s%.*s", SLICE_ARG(other.certificate_pem),
                             SLICE_ARG(other.key_pem)));
    assert_true(key_file_replace(directory, "server.pem", foreign, NULL));
    other = ensure(directory, NULL, 0, NOW);
    assert_true(slice_eq(ours.ca_pem, other.ca_pem));
    assert_int_equal(check_chain(&other, "localhost", false, NOW), X509_V_OK);
}

static const struct {
    const char *name;
    bool ok;
} name_cases[] = {
    { "example.org", true },
    { "EXAMPLE.org", true },
    { "a", true },
    { "a-b.c_d", true },
    { "xn--bcher-kva.example", true },
    { "*.example.org", true },
    { "1.example", true },
    { "192.0.2.1", true },
    { "2001:db8::1", true },
    { "::ffff:192.0.2.1", true },
    { "", false },
    { ".", false },
    { "a.", false },
    { ".a", false },
    { "a..b", false },
    { "-a", false },
    { "a-.b", false },
    { "a b", false },
    { "a,DNS:b", false },
    { "a/b", false },
    { "https://a", false },
    { "a:443", false },
    { "[::1]", false },
    { "*", false },
    { "*.", false },
    { "a.*.b", false },
    { "b\xc3\xbc"
      "cher.example",
      false },
    { "192.0.2", false }, /* an address that lost a part */
    { "192.0.2.256", false },
    { "1.2.3.4.5", false },
    { "2001:db8::1::2", false },
    { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true }, /* 63 */
    { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
};

static void test_names_checked(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(name_cases); i++) {
        struct slice name = slice_of(name_cases[i].name);
        struct certificate certificate;
        struct error err = { 0 };

        CHECK(certificate_ensure_at(NULL, &name, 1, NOW, arena, &certificate, &err) ==
                  name_cases[i].ok,
              i);
        CHECK(err.code == (name_cases[i].ok ? ERROR_NONE : ERROR_CONFIGURATION), i);
        CHECK(strcmp(err.target, name_cases[i].ok ? "" : "tls-name") == 0, i);
    }
}

/* As many names as allowed, as long as allowed, still fit their file. */
static void test_many_long_names(void **state UNUSED)
{
    struct slice names[33];
    struct certificate certificate;
    struct error err = { 0 };

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char *name = arena_alloc(arena, 253);

        memset(name, 'a', 253);
        for (size_t at = 62; at < 253; at += 63)
            name[at] = '.';
        name[0] = (char)('a' + i % 26);
        name[1] = (char)('a' + i / 26);
        names[i] = (struct slice){ name, 253 };
    }
    ensure(directory, names, 32, NOW);
    assert_false(certificate_ensure_at(directory, names, 33, NOW, arena, &certificate, &err));
    assert_string_equal(err.target, "tls-name");
}

/* Servers that start together: one CA, and each holds a chain that is good under it. */
#define RACERS 8

static void race(int result_fd)
{
    struct certificate certificate = ensure(directory, NULL, 0, NOW);
    char answer = check_chain(&certificate, "localhost", false, NOW) == X509_V_OK &&
                          certificate.ca_pem.len > 100
                      ? 'y'
                      : 'n';
    char tail[64];

    memcpy(tail, certificate.ca_pem.ptr + 100, sizeof tail);
    tail[0] = answer;
    _exit(write(result_fd, tail, sizeof tail) == sizeof tail ? 0 : 1);
}

static void test_race(void **state UNUSED)
{
    char first[64], tail[64];
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
    while (read(fds[0], count ? tail : first, sizeof tail) == sizeof tail) {
        if (count++)
            assert_memory_equal(tail, first, sizeof tail);
    }
    close(fds[0]);
    while (wait(NULL) > 0)
        ;
    assert_int_equal(count, RACERS);
    assert_int_equal(first[0], 'y');
    assert_int_equal(test_directory_count(directory), 2);
}

static void test_budgets(void **state UNUSED)
{
    bool ok = false;

    for (size_t budget = 0; budget < 65536 && !ok; budget += 128) {
        struct arena *small = arena_create(NULL, budget);
        struct certificate certificate;
        struct error err = { 0 };

        ok = certificate_ensure_at(NULL, test_names, 2, NOW, small, &certificate, &err);
        CHECK(ok || err.code == ERROR_TOO_LARGE, budget);
        arena_destroy(small);
    }
    assert_true(ok);
}

/* Thousands of allocations, so only some of them: each fails once, and what comes out is an error
 * or a chain that is good. */
static void test_out_of_memory(void **state UNUSED)
{
    size_t failures = 0, n = 1;

    for (;; n += n < 20 ? 1 : 41) {
        struct arena *own = arena_create(NULL, 65536);
        struct certificate certificate;
        struct error err = { 0 };
        size_t count;
        bool ok;

        test_allocations_fail_at(n);
        ok = certificate_ensure_at(NULL, test_names, 2, NOW, own, &certificate, &err);
        count = test_allocations_count();
        test_allocations_fail_at(0);
        CHECK(ok == (err.code == ERROR_NONE), n);
        CHECK(ERR_peek_error() == 0, n);
        if (ok)
            CHECK(check_chain(&certificate, "graph.test", false, NOW) == X509_V_OK, n);
        failures += !ok;
        arena_destroy(own);
        if (count < n)
            break;
    }
    assert_true(failures > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_chain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_extensions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ca_alone, set_up, tear_down),
        cmocka_unit_test(test_again),
        cmocka_unit_test_setup_teardown(test_ends_with_ca, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damaged_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_foreign_server, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_long_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_race, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_budgets, set_up, tear_down),
        cmocka_unit_test(test_out_of_memory),
    };
    test_allocations_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
