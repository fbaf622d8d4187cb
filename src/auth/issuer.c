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
 */
#include "auth/issuer.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "auth/issued_claims.h"
#include "auth/key_file.h"
#include "auth/signing_key.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/text.h"
#include "json/writer.h"

#define ISSUER_FILE "issuer.pem"

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

static void write_text(struct json_writer *writer, struct slice name, struct slice value)
{
    json_writer_plain_name(writer, name);
    json_writer_string(writer, value);
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

    text_init(&token, arena, claims.len * 2 + 1024, ISSUED_TOKEN_BYTES_MAX);
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
    struct slice claims;

    return issued_claims(request, arena, &claims, err) && require_key(issuer, &key, err) &&
           seal_token(key, claims, arena, ret_token, err);
}
