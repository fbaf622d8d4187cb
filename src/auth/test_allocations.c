/* auth/test_allocations.c - the library's malloc and realloc with a counter before them. */
#include "auth/test_allocations.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "base/compiler.h"

static atomic_size_t count, fail_at;

static void *counting_malloc(size_t bytes, const char *file UNUSED, int line UNUSED)
{
    return atomic_fetch_add(&count, 1) + 1 == fail_at ? NULL : malloc(bytes);
}

static void *counting_realloc(void *old, size_t bytes, const char *file UNUSED, int line UNUSED)
{
    return atomic_fetch_add(&count, 1) + 1 == fail_at ? NULL : realloc(old, bytes);
}

static void plain_free(void *memory, const char *file UNUSED, int line UNUSED)
{
    free(memory);
}

void test_allocations_install(void)
{
    int ok = CRYPTO_set_mem_functions(counting_malloc, counting_realloc, plain_free);

    assert(ok == 1);
}

void test_allocations_fail_at(size_t n)
{
    count = 0;
    fail_at = n;
}

size_t test_allocations_count(void)
{
    return count;
}
