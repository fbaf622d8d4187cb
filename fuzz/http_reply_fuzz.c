/* fuzz/http_reply_fuzz.c - answers as any server may send them, to connectord's own client.
 *
 * The first byte seeds where the rest is cut. It is taken whole and in pieces, and both must come
 * to the same end; what is found to be an answer keeps what the header promises. The connection
 * ends behind the last byte.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "cli/http_reply.h"

enum { BODY_MAX = 2000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* 0: all that is left. Most pieces are short, some are long. */
static size_t next_piece(uint32_t *seed, size_t left)
{
    if (*seed == 0)
        return left;
    *seed = *seed * 1664525u + 1013904223u;
    size_t piece = 1 + (*seed >> 16) % ((*seed >> 8 & 3) == 0 ? 700 : 5);
    return piece < left ? piece : left;
}

/* Each piece in a block of its exact size, which is gone before the next comes. */
static enum http_parse take(struct http_reply *reply, struct slice piece, struct error *err)
{
    char *copy = malloc(piece.len);

    require(copy);
    memcpy(copy, piece.ptr, piece.len);
    enum http_parse result = http_reply_take(reply, (struct slice){ copy, piece.len }, err);
    free(copy);
    return result;
}

static enum http_parse run(struct slice input, uint32_t seed, struct http_reply *reply,
                           struct arena *arena, struct error *err)
{
    enum http_parse result = HTTP_PARSE_MORE;

    require(http_reply_init(reply, arena, BODY_MAX, err));
    while (input.len && result == HTTP_PARSE_MORE) {
        size_t len = next_piece(&seed, input.len);

        result = take(reply, slice_sub(input, 0, len), err);
        input = slice_sub(input, len, input.len);
    }
    if (result == HTTP_PARSE_MORE)
        result = http_reply_end(reply, err);
    require(result != HTTP_PARSE_MORE);
    require(result == HTTP_PARSE_DONE || err->code == ERROR_IO);
    require(http_reply_end(reply, NULL) == result);
    return result;
}

static void check(const struct http_reply *reply)
{
    require(reply->status >= 200 && reply->status <= 999);
    require(slice_starts_with(reply->line, SLICE("HTTP/1.")));
    require(reply->body.len <= BODY_MAX);
    for (size_t i = 0; i < reply->line.len; i++)
        require((unsigned char)reply->line.ptr[i] >= ' ' || reply->line.ptr[i] == '\t');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_reply whole, cut;
    struct error whole_err = { .code = ERROR_NONE }, cut_err = { .code = ERROR_NONE };

    if (size < 1)
        return 0;
    struct slice input = { (const char *)data + 1, size - 1 };
    struct arena *arena = arena_create(NULL, 1 << 20);
    require(arena);
    enum http_parse result = run(input, 0, &whole, arena, &whole_err);
    require(run(input, 1 + (uint32_t)data[0], &cut, arena, &cut_err) == result);
    if (result == HTTP_PARSE_DONE) {
        check(&whole);
        require(whole.status == cut.status && slice_eq(whole.line, cut.line) &&
                slice_eq(whole.body, cut.body));
    }
    arena_destroy(arena);
    return 0;
}
