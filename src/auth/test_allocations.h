/* auth/test_allocations.h - OpenSSL's allocations, counted, and the n-th of them failed.
 *
 * Not part of the product.
 */
#ifndef AUTH_TEST_ALLOCATIONS_H
#define AUTH_TEST_ALLOCATIONS_H

#include <stddef.h>

/* Before the library's first allocation, so first thing in main(); ends the program if it is not.
 */
void test_allocations_install(void);

/* From now on the n-th allocation fails, once; 0: none. The count starts again. */
void test_allocations_fail_at(size_t n);

/* Allocations since the last call of test_allocations_fail_at(). */
size_t test_allocations_count(void);

#endif
