/* http/h2_memory.h - what libnghttp2 allocates for one connection: counted, bounded, charged.
 *
 * The library keeps streams, queues of frames and the tables of header compression in memory of its
 * own. It gets it from here, so that no trick of a peer makes it keep more than the bound, and so
 * that the connections of all peers share the ledger with the requests (base/arena.h).
 *
 * Must not know: frames, streams.
 * Threads: one owner, as the session that it belongs to.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HTTP_H2_MEMORY_H
#define HTTP_H2_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include <nghttp2/nghttp2.h>

struct arena_ledger;

struct h2_memory {
    struct arena_ledger *ledger; /* may be NULL */
    size_t limit_bytes;
    bool established;  /* the session has been made: it may take from the ledger's last half too */
    size_t used_bytes; /* what is allocated */
    size_t charged_bytes; /* what the ledger was charged with: not less */
};

/* The functions that the library is given; they keep `memory`. Past the bound, or when the ledger
 * is full (half full, before the session is established), they return NULL, upon which the library
 * gives the session up. */
nghttp2_mem h2_memory_functions(struct h2_memory *memory);

/* When all of it was freed: gives the ledger back what it was charged. */
void h2_memory_release(struct h2_memory *memory);

#endif
