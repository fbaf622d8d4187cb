/* auth/principal_cache_test.c - order of use, bounds, and the same as a list that is searched. */
#include "base/test.h"

#include <stdlib.h>
#include <string.h>

#include "auth/principal_cache.h"

#define TOKEN_LEN 32

/* Tokens that end alike share a bucket: the hash is of the last eight characters. */
static struct slice make_token(unsigned n, char memory[TOKEN_LEN + 1])
{
    snprintf(memory, TOKEN_LEN + 1, "eyJhbGciOiJI.%010u.%08u", n, n % 7);
    return (struct slice){ memory, TOKEN_LEN };
}

static void put(struct principal_cache *cache, unsigned n, const char *subject)
{
    const struct principal who = { .subject = slice_of(subject), .expires_unix_s = n };
    char memory[TOKEN_LEN + 1];

    principal_cache_put(cache, make_token(n, memory), &who);
}

/* The subject kept for `n`; empty when there is none. */
static struct slice get(struct principal_cache *cache, unsigned n)
{
    char memory[TOKEN_LEN + 1];
    const struct principal *who = principal_cache_find(cache, make_token(n, memory));

    assert_true(!who || who->expires_unix_s == (int64_t)n);
    return who ? who->subject : SLICE_EMPTY;
}

static void test_copies_everything(void **state UNUSED)
{
    struct principal_cache *cache = principal_cache_create(4);
    char subject[] = "subject", app[] = "app", name[] = "name", user[] = "user";
    struct principal who = { .tenant = { { 1, 2, 3 } },
                             .subject = slice_of(subject),
                             .app_id = slice_of(app),
                             .app_name = slice_of(name),
                             .user = slice_of(user),
                             .permissions = 5,
                             .delegated = true,
                             .builtin = true,
                             .not_before_unix_s = 6,
                             .expires_unix_s = 7 };
    char token[] = "header.claims.signature";
    const struct principal *kept;

    principal_cache_put(cache, slice_of(token), &who);
    memset(token, 'x', 6);
    assert_null(principal_cache_find(cache, slice_of(token)));
    memcpy(token, "header", 6);
    memset(subject, 'x', 7);
    memset(app, 'x', 3);
    memset(name, 'x', 4);
    memset(user, 'x', 4);
    kept = principal_cache_find(cache, slice_of(token));
    assert_non_null(kept);
    assert_true(uuid_eq(kept->tenant, who.tenant));
    assert_true(slice_eq(kept->subject, SLICE("subject")));
    assert_true(slice_eq(kept->app_id, SLICE("app")));
    assert_true(slice_eq(kept->app_name, SLICE("name")));
    assert_true(slice_eq(kept->user, SLICE("user")));
    assert_true(kept->permissions == 5 && kept->delegated && kept->builtin);
    assert_true(kept->not_before_unix_s == 6 && kept->expires_unix_s == 7);
    /* What the cache itself holds may be put again. */
    principal_cache_put(cache, slice_of(token), kept);
    assert_true(slice_eq(principal_cache_find(cache, slice_of(token))->user, SLICE("user")));
    principal_cache_destroy(cache);
}

static void test_least_recently_used_leaves(void **state UNUSED)
{
    struct principal_cache *cache = principal_cache_create(3);

    put(cache, 1, "a");
    put(cache, 2, "b");
    put(cache, 3, "c");
    assert_true(slice_eq(get(cache, 1), SLICE("a"))); /* now 2 is the oldest */
    put(cache, 4, "d");
    assert_int_equal(get(cache, 2).len, 0);
    assert_true(slice_eq(get(cache, 1), SLICE("a")));
    put(cache, 3, "c2"); /* a put is a use too */
    put(cache, 5, "e");
    assert_int_equal(get(cache, 4).len, 0);
    assert_true(slice_eq(get(cache, 3), SLICE("c2")));
    principal_cache_destroy(cache);
    principal_cache_destroy(NULL);
}

static void test_bounds(void **state UNUSED)
{
    struct principal_cache *none = principal_cache_create(0), *one = principal_cache_create(1);
    static char big[PRINCIPAL_CACHE_TEXT_BYTES_MAX - TOKEN_LEN + 2];

    put(none, 1, "a");
    assert_int_equal(get(none, 1).len, 0);
    put(one, 1, "a");
    put(one, 2, "b");
    assert_int_equal(get(one, 1).len, 0);
    assert_int_equal(get(one, 2).len, 1);

    memset(big, 'x', sizeof big - 1);
    put(one, 3, big);
    assert_int_equal(get(one, 3).len, 0);
    assert_int_equal(get(one, 2).len, 1); /* what did not get in pushed nothing out */
    big[PRINCIPAL_CACHE_TEXT_BYTES_MAX - TOKEN_LEN] = '\0';
    put(one, 3, big);
    assert_int_equal(get(one, 3).len, PRINCIPAL_CACHE_TEXT_BYTES_MAX - TOKEN_LEN);
    assert_int_equal(get(one, 2).len, 0);
    principal_cache_destroy(none);
    principal_cache_destroy(one);
}

/* The same thing without a hash: newest first. */
struct model {
    unsigned keys[64], values[64];
    size_t count, limit;
};

static size_t model_find(const struct model *model, unsigned key)
{
    size_t at = 0;

    while (at < model->count && model->keys[at] != key)
        at++;
    return at;
}

static void model_to_front(struct model *model, size_t at, unsigned key, unsigned value)
{
    for (; at > 0; at--) {
        model->keys[at] = model->keys[at - 1];
        model->values[at] = model->values[at - 1];
    }
    model->keys[0] = key;
    model->values[0] = value;
}

static void model_put(struct model *model, unsigned key, unsigned value)
{
    size_t at = model_find(model, key);

    if (at == model->count && model->count < model->limit)
        model->count++;
    else if (at == model->count)
        at = model->count - 1;
    model_to_front(model, at, key, value);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * UINT32_C(1664525) + UINT32_C(1013904223);
    return *seed >> 8;
}

static void step(struct principal_cache *cache, struct model *model, uint32_t *seed, size_t i)
{
    unsigned key = next_random(seed) % (unsigned)(model->limit * 2);
    char text[16];

    if (next_random(seed) % 3 == 0) {
        unsigned value = next_random(seed) % 100000;

        snprintf(text, sizeof text, "%u", value);
        put(cache, key, text);
        model_put(model, key, value);
    } else {
        struct slice found = get(cache, key);
        size_t at = model_find(model, key);

        CHECK((found.len > 0) == (at < model->count), i);
        if (found.len == 0)
            return;
        snprintf(text, sizeof text, "%u", model->values[at]);
        CHECK(slice_eq(found, slice_of(text)), i);
        model_to_front(model, at, key, model->values[at]);
    }
}

static void test_against_model(void **state UNUSED)
{
    static const size_t limits[] = { 1, 2, 3, 8, 31, 64 };

    for (size_t l = 0; l < COUNT_OF(limits); l++) {
        struct principal_cache *cache = principal_cache_create(limits[l]);
        struct model model = { .limit = limits[l] };
        uint32_t seed = 1 + (uint32_t)l;

        for (size_t i = 0; i < 50000; i++)
            step(cache, &model, &seed, i);
        principal_cache_destroy(cache);
    }
}

/* A token is itself and no other, whichever of its characters another one differs in. */
static void test_whole_token_counts(void **state UNUSED)
{
    static const size_t lengths[] = { 0, 1, 7, 8, 9, 15, 16, 40, 43 };
    char token[] = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbg";

    for (size_t l = 0; l < COUNT_OF(lengths); l++) {
        struct principal_cache *cache = principal_cache_create(4);
        const struct principal who = { .expires_unix_s = 1 };
        struct slice given = { token, lengths[l] };

        principal_cache_put(cache, given, &who);
        CHECK(principal_cache_find(cache, given), l);
        CHECK(!principal_cache_find(cache, (struct slice){ token, given.len + 1 }), l);
        for (size_t i = 0; i < given.len; i++) {
            token[i] ^= 1;
            CHECK(!principal_cache_find(cache, given), l);
            token[i] ^= 1;
        }
        principal_cache_destroy(cache);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies_everything),
        cmocka_unit_test(test_least_recently_used_leaves),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_against_model),
        cmocka_unit_test(test_whole_token_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
