/* http/gzip.h - the gzip format, both ways, each in one piece.
 *
 * Spec: RFC 1952. One member is written, and exactly one is read: a file may hold several, but no
 * client that compresses a body makes such.
 *
 * What comes out of strangers' bytes is bounded before it is made: a member says at its end how
 * long it is, so more than the limit is refused unseen, and what lies about it does not fit.
 *
 * Memory: what is made lives in the arena. A struct gzip keeps 200 KiB to compress with and 12 KiB
 * to inflate with, each from its first use on, outside of any arena.
 * Threads: one owner at a time.
 * Must not know: HTTP.
 */
#ifndef HTTP_GZIP_H
#define HTTP_GZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

struct arena;
struct libdeflate_compressor;
struct libdeflate_decompressor;

struct gzip { /* zeroed: not used yet */
    struct libdeflate_compressor *compressor;
    struct libdeflate_decompressor *decompressor;
};

void gzip_release(struct gzip *gzip);

/* False, and nothing is in *ret, when that does not save a quarter of it, or memory is short. */
bool gzip_compress(struct gzip *gzip, struct slice plain, struct arena *arena,
                   struct slice *ret) MUST_CHECK;

/* Errors: ERROR_TOO_LARGE past `limit_bytes`, naming it; ERROR_BAD_REQUEST for what is not one
 * whole member; no memory. */
bool gzip_decompress(struct gzip *gzip, struct slice coded, size_t limit_bytes, struct arena *arena,
                     struct slice *ret, struct error *err) MUST_CHECK;

#endif
