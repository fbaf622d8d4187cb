/* auth/issuer.c - the built-in issuer: waits for its key, signs tokens, publishes the public half.
 *
 * Opening takes one of two ways:
 *   - the key's file exists: it is read at once, and what is wrong with it stops the start;
 *   - it does not: a thread makes the key (RSA takes up to half a second, and a server must answer
 *     long before), writes it, and wakes whoever waits. When another process was first, the thread
 *     throws its own key away and reads the other's: all of them sign with the one on disk.
 * The key is on disk before anybody can sign with it. A token must outlive a power cut.
 *
 * Waiting costs one atomic load once the key is there. The key never changes after, so that
 * nothing else needs a lock.
 *
 * The tokens carry the claims of a Graph token in the v2 form, since "iss" ends in /v2.0. There is
 * no directory of users or service principals to take an object id from, so it is derived: the
 * first 128 bits of SHA-256 over tenant, kind and name, dressed as a version 8 UUID (RFC 9562 5.8).
 */
#include "auth/issuer.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "auth/key_file.h"
#include "auth/sha256.h"
#include "auth/signing_key.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/text.h"
#include "json/writer.h"

#define ISSUER_FILE     "issuer.pem"
#define TOKEN_BYTES_MAX 65536 /* of one that we make; what is accepted has its own limit */
#define UNIX_S_MAX      INT64_C(253402300799) /* the end of the year 9999 */

/* Behind a pointer, because waiting for the key changes it while the issuer is const. */
struct key_maker {
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock; /* guards waiting for `done` */
    pthread_cond_t ready;
    atomic_bool done;        /* the two below are constant from then on */
    struct signing_key *key; /* NULL: making it failed */
    struct error error;      /* why */
};

struct issuer {
    struct key_maker *maker;
    char *directory; /* NULL: in memory */
};

/* -- the key ----------------------------------------------------------------------------------- */

/* Puts the path before what was wrong with the file's content. */
static bool name_file(struct error *err, const char *directory, const struct error *wrong)
{
    return key_file_error(err, wrong->code, directory, ISSUER_FILE, wrong->message);
}

/* *ret_key stays NULL when there is no file. */
static bool read_key(const char *directory, struct signing_key **ret_key, struct error *err)
{
    char memory[KEY_FILE_ROOM_BYTES];
    struct error wrong = { 0 };
    struct text pem;
    bool found = false, ok;

    text_init_fixed(&pem, memory, sizeof memory);
    ok = key_file_read(directory, ISSUER_FILE, &pem, &found, err);
    if (ok && found)
        ok = signing_key_from_pem(text_slice(&pem), ret_key, &wrong) ||
             name_file(err, directory, &wrong);
    OPENSSL_cleanse(memory, sizeof memory);
    return ok;
}

static bool write_key(const char *directory, const struct signing_key *key, bool *ret_made,
                      struct error *err)
{
    char memory[KEY_FILE_BYTES_MAX];
    struct text pem;
    bool ok;

    text_init_fixed(&pem, memory, sizeof memory);
    ok = signing_key_to_pem(key, &pem, err) &&
         key_file_create(directory, ISSUER_FILE, text_slice(&pem), ret_made, err);
    OPENSSL_cleanse(memory, sizeof memory);
    return ok;
}

/* Makes a key and, with a directory, ends with the one that is on disk. */
static bool make_key(const char *directory, struct signing_key **ret, struct error *err)
{
    struct signing_key *key = NULL;
    bool made = true;
    bool ok = signing_key_make(&key, err);

    if (ok && directory)
        ok = write_key(directory, key, &made, err);
    if (ok && !made) {
        signing_key_destroy(key);
        key = NULL;
        ok = read_key(directory, &key, err);
        if (ok && !key)
            ok = key_file_error(err, ERROR_IO, directory, ISSUER_FILE, "it came and went");
    }
    if (ok)
        *ret = key;
    else
        signing_key_destroy(key);
    return ok;
}

static void *make_key_thread(void *context)
{
    const struct issuer *issuer = context;
    struct key_maker *maker = issuer->maker;

    if (!make_key(issuer->directory, &maker->key, &maker->error))
        maker->key = NULL;
    pthread_mutex_lock(&maker->lock);
    atomic_store_explicit(&maker->done, true, memory_order_release);
    pthread_cond_broadcast(&maker->ready);
    pthread_mutex_unlock(&maker->lock);
    return NULL;
}

/* The thread takes no signals: they belong to the one that waits for them. */
static bool start_thread(struct issuer *issuer)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    issuer->maker->has_thread =
        pthread_create(&issuer->maker->thread, NULL, make_key_thread, issuer) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return issuer->maker->has_thread;
}

/* The key once it is there; NULL when making it failed. */
static const struct signing_key *wait_for_key(const struct issuer *issuer)
{
    struct key_maker *maker = issuer->maker;

    if (!atomic_load_explicit(&maker->done, memory_order_acquire)) {
        pthread_mutex_lock(&maker->lock);
        while (!atomic_load_explicit(&maker->done, memory_order_acquire))
            pthread_cond_wait(&maker->ready, &maker->lock);
        pthread_mutex_unlock(&maker->lock);
    }
    return maker->key;
}

static struct key_maker *maker_create(void)
{
    struct key_maker *maker = calloc(1, sizeof *maker);

    if (!maker)
        return NULL;
    atomic_init(&maker->done, false);
    pthread_mutex_init(&maker->lock, NULL); /* neither can fail on Linux with default attributes */
    pthread_cond_init(&maker->ready, NULL);
    return maker;
}

static void maker_destroy(struct key_maker *maker)
{
    if (!maker)
        return;
    if (maker->has_thread)
        pthread_join(maker->thread, NULL);
    pthread_cond_destroy(&maker->ready);
    pthread_mutex_destroy(&maker->lock);
    signing_key_destroy(maker->key);
    free(maker);
}

static bool read_or_start(struct issuer *issuer, struct error *err)
{
    struct key_maker *maker = issuer->maker;

    if (issuer->directory) {
        if (!read_key(issuer->directory, &maker->key, err))
            return false;
        if (maker->key) {
            atomic_store_explicit(&maker->done, true, memory_order_release);
            return true;
        }
        /* Now and not in the thread: what can be known before the start is said before it. */
        if (!key_file_prepare_directory(issuer->directory, err))
            return false;
    }
    return start_thread(issuer) ||
           error_set(err, ERROR_INTERNAL, SLICE_EMPTY, "cannot start a thread");
}

bool issuer_open(const char *directory, struct issuer **ret, struct error *err)
{
    struct issuer *issuer = calloc(1, sizeof *issuer);

    if (!issuer)
        return error_no_memory(err);
    issuer->maker = maker_create();
    issuer->directory = directory ? strdup(directory) : NULL;
    if (!issuer->maker || (directory && !issuer->directory)) {
        issuer_close(issuer);
        return error_no_memory(err);
    }
    if (!read_or_start(issuer, err)) {
        issuer_close(issuer);
        return false;
    }
    *ret = issuer;
    return true;
}

void issuer_close(struct issuer *issuer)
{
    if (!issuer)
        return;
    maker_destroy(issuer->maker);
    free(issuer->directory);
    free(issuer);
}

struct evp_pkey_st *issuer_key(const struct issuer *issuer)
{
    const struct signing_key *key = wait_for_key(issuer);

    return key ? signing_key_pkey(key) : NULL;
}

struct slice issuer_key_id(const struct issuer *issuer)
{
    const struct signing_key *key = wait_for_key(issuer);

    return key ? signing_key_id(key) : SLICE_EMPTY;
}

bool issuer_verify(const struct issuer *issuer, struct slice message, struct slice signature)
{
    const struct signing_key *key = wait_for_key(issuer);

    return key && signing_key_verify(key, message, signature);
}

static bool require_key(const struct issuer *issuer, const struct signing_key **ret,
                        struct error *err)
{
    const struct signing_key *key = wait_for_key(issuer);

    if (!key) {
        if (err)
            *err = issuer->maker->error;
        return false;
    }
    *ret = key;
    return true;
}

bool issuer_write_keys(const struct issuer *issuer, struct text *out, struct error *err)
{
    const struct signing_key *key = NULL;
    struct json_writer writer;

    if (!require_key(issuer, &key, err))
        return false;
    json_writer_init(&writer, out);
    json_writer_object_begin(&writer);
    json_writer_plain_name(&writer, SLICE("keys"));
    json_writer_array_begin(&writer);
    signing_key_write_jwk(key, &writer);
    json_writer_array_end(&writer);
    json_writer_object_end(&writer);
    return !out->failed || error_no_memory(err);
}

/* -- tokens ------------------------------------------------------------------------------------ */

/* The token's times, checked, and its derived names. */
struct token_facts {
    int64_t expires_unix_s;
    struct uuid object; /* of the app, or of the user */
    struct uuid pair;   /* of the user as this app sees them */
};

static bool is_scope_token(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];

        if (c <= ' ' || c == '"' || c == '\\' || c >= 0x7f)
            return false;
    }
    return name.len > 0;
}

/* A name with a blank in it would become two scopes in "scp". */
static bool check_permissions(const struct token_request *request, struct error *err)
{
    for (size_t i = 0; i < request->permission_count; i++) {
        if (!is_scope_token(request->permissions[i]))
            return error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY,
                             "permission %zu is not a name without blanks and quotes", i + 1);
    }
    return true;
}

static bool find_end(const struct token_request *request, int64_t *ret, struct error *err)
{
    int64_t end;

    if (__builtin_add_overflow(request->now_unix_s, request->lifetime_s, &end) || end < 0 ||
        end > UNIX_S_MAX || request->now_unix_s < 0)
        return error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY,
                         "a token's times lie between the years 1970 and 9999");
    *ret = end;
    return true;
}

/* The same id for the same names, everywhere and always. */
static bool derive_id(const struct token_request *request, struct slice kind, struct slice app,
                      struct slice user, struct arena *arena, struct uuid *ret)
{
    uint8_t digest[SHA256_BYTES];
    struct text names;

    text_init(&names, arena, 256, TOKEN_BYTES_MAX);
    text_append(&names, (struct slice){ (const char *)request->tenant.bytes, 16 });
    text_append(&names, kind);
    text_append_char(&names, '\0');
    text_append(&names, app);
    text_append_char(&names, '\0');
    text_append(&names, user);
    if (names.failed || !sha256_digest(text_slice(&names), digest))
        return false;
    memcpy(ret->bytes, digest, sizeof ret->bytes);
    ret->bytes[6] = (uint8_t)((ret->bytes[6] & 0x0f) | 0x80); /* version 8 */
    ret->bytes[8] = (uint8_t)((ret->bytes[8] & 0x3f) | 0x80); /* variant */
    return true;
}

static bool find_facts(const struct token_request *request, struct arena *arena,
                       struct token_facts *ret, struct error *err)
{
    struct token_facts facts = { 0 };
    bool ok;

    if (!check_permissions(request, err) || !find_end(request, &facts.expires_unix_s, err))
        return false;
    if (request->user.len) {
        ok = derive_id(request, SLICE("user"), SLICE_EMPTY, request->user, arena, &facts.object) &&
             derive_id(request, SLICE("pair"), request->app_id, request->user, arena, &facts.pair);
    } else {
        ok = derive_id(request, SLICE("app"), request->app_id, SLICE_EMPTY, arena, &facts.object);
        facts.pair = facts.object; /* app-only: "sub" equals "oid" */
    }
    if (!ok)
        return error_no_memory(err);
    *ret = facts;
    return true;
}

static void write_text(struct json_writer *writer, struct slice name, struct slice value)
{
    json_writer_plain_name(writer, name);
    json_writer_string(writer, value);
}

static void write_text_unless_empty(struct json_writer *writer, struct slice name,
                                    struct slice value)
{
    if (value.len)
        write_text(writer, name, value);
}

static void write_time(struct json_writer *writer, struct slice name, int64_t unix_s)
{
    json_writer_plain_name(writer, name);
    json_writer_int(writer, unix_s);
}

static void write_uuid(struct json_writer *writer, struct slice name, struct uuid id)
{
    char text[UUID_TEXT_LEN];

    uuid_format(id, text);
    write_text(writer, name, (struct slice){ text, sizeof text });
}

static void write_issuer(struct json_writer *writer, const struct token_request *request,
                         struct arena *arena)
{
    char tenant[UUID_TEXT_LEN];
    struct text iss;

    uuid_format(request->tenant, tenant);
    text_init(&iss, arena, request->origin.len + 64, TOKEN_BYTES_MAX);
    text_append(&iss, request->origin);
    text_append_char(&iss, '/');
    text_append(&iss, (struct slice){ tenant, sizeof tenant });
    text_append(&iss, SLICE("/v2.0"));
    if (iss.failed)
        writer->out->failed = true;
    write_text(writer, SLICE("iss"), text_slice(&iss));
}

static void write_roles(struct json_writer *writer, const struct token_request *request)
{
    json_writer_plain_name(writer, SLICE("roles"));
    json_writer_array_begin(writer);
    for (size_t i = 0; i < request->permission_count; i++)
        json_writer_string(writer, request->permissions[i]);
    json_writer_array_end(writer);
}

static void write_scopes(struct json_writer *writer, const struct token_request *request,
                         struct arena *arena)
{
    struct text scp;

    text_init(&scp, arena, 0, TOKEN_BYTES_MAX);
    for (size_t i = 0; i < request->permission_count; i++) {
        if (i)
            text_append_char(&scp, ' ');
        text_append(&scp, request->permissions[i]);
    }
    if (scp.failed)
        writer->out->failed = true;
    write_text(writer, SLICE("scp"), text_slice(&scp));
}

/* "uti" tells one token from another that says the same. */
static void write_token_id(struct json_writer *writer, struct uuid given)
{
    static const struct uuid none = { { 0 } };
    char memory[22];
    struct text id;

    if (uuid_eq(given, none))
        random_bytes(given.bytes, sizeof given.bytes);
    text_init_fixed(&id, memory, sizeof memory);
    base64url_append(&id, given.bytes, sizeof given.bytes);
    write_text(writer, SLICE("uti"), text_slice(&id));
}

static void write_claims(const struct token_request *request, const struct token_facts *facts,
                         struct arena *arena, struct text *out)
{
    struct json_writer writer;

    json_writer_init(&writer, out);
    json_writer_object_begin(&writer);
    write_text(&writer, SLICE("aud"), request->audience);
    write_issuer(&writer, request, arena);
    write_time(&writer, SLICE("iat"), request->now_unix_s);
    write_time(&writer, SLICE("nbf"), request->now_unix_s);
    write_time(&writer, SLICE("exp"), facts->expires_unix_s);
    write_text_unless_empty(&writer, SLICE("app_displayname"), request->app_name);
    write_text_unless_empty(&writer, SLICE("appid"), request->app_id);
    write_text_unless_empty(&writer, SLICE("azp"), request->app_id);
    write_text(&writer, SLICE("idtyp"), request->user.len ? SLICE("user") : SLICE("app"));
    write_uuid(&writer, SLICE("oid"), facts->object);
    if (!request->user.len)
        write_roles(&writer, request);
    else
        write_scopes(&writer, request, arena);
    write_uuid(&writer, SLICE("sub"), facts->pair);
    write_uuid(&writer, SLICE("tid"), request->tenant);
    write_text_unless_empty(&writer, SLICE("upn"), request->user);
    write_token_id(&writer, request->token_id);
    write_text(&writer, SLICE("ver"), SLICE("2.0"));
    json_writer_object_end(&writer);
}

static void write_header(const struct signing_key *key, struct text *out)
{
    struct json_writer writer;

    json_writer_init(&writer, out);
    json_writer_object_begin(&writer);
    write_text(&writer, SLICE("typ"), SLICE("JWT"));
    write_text(&writer, SLICE("alg"), SLICE("RS256"));
    write_text(&writer, SLICE("kid"), signing_key_id(key));
    json_writer_object_end(&writer);
}

/* RFC 7515 section 7.1: header.payload.signature, each as base64url */
static bool seal_token(const struct signing_key *key, struct slice claims, struct arena *arena,
                       struct slice *ret, struct error *err)
{
    char memory[256];
    struct text header, token;
    struct slice signature;

    text_init_fixed(&header, memory, sizeof memory);
    write_header(key, &header);
    assert(!header.failed);

    text_init(&token, arena, claims.len * 2 + 1024, TOKEN_BYTES_MAX);
    base64url_append(&token, header.ptr, header.len);
    text_append_char(&token, '.');
    base64url_append(&token, claims.ptr, claims.len);
    if (token.failed)
        return error_no_memory(err);
    if (!signing_key_sign(key, text_slice(&token), arena, &signature, err))
        return false;
    text_append_char(&token, '.');
    base64url_append(&token, signature.ptr, signature.len);
    if (token.failed)
        return error_no_memory(err);
    *ret = text_slice(&token);
    return true;
}

bool issuer_sign(const struct issuer *issuer, const struct token_request *request,
                 struct arena *arena, struct slice *ret_token, struct error *err)
{
    const struct signing_key *key = NULL;
    struct token_facts facts = { 0 };
    struct text claims;

    if (!find_facts(request, arena, &facts, err) || !require_key(issuer, &key, err))
        return false;
    text_init(&claims, arena, 1024, TOKEN_BYTES_MAX);
    write_claims(request, &facts, arena, &claims);
    if (claims.failed)
        return error_no_memory(err);
    return seal_token(key, text_slice(&claims), arena, ret_token, err);
}
