/* fuzz/http_fuzz.c - HTTP/1.1 as the network sends it: heads, chunked bodies, whole streams.
 *
 * The first byte chooses what the rest is, the second seeds where it is cut. Whatever it is goes
 * through twice, whole and in pieces, and both must come to the same end: a reader whose mind
 * depends on how packets were cut is one that can be smuggled past.
 *
 *     0  a head           http_head_find(), http_head_parse()
 *     1  a chunked body   http_chunked_decode(), in place
 *     2  a stream         requests one behind the other through struct intake, as connections use
 *                         it, with what is read too far carried on to the next
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "http/intake.h"
#include "http/parser.h"

enum { HEAD_MAX = 2048, FIELDS_MAX = 16, BODY_MAX = 8192, REQUESTS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct http_limits limits = {
    .head_bytes = HEAD_MAX,
    .fields = FIELDS_MAX,
    .body_bytes = BODY_MAX,
    .request_arena_bytes = 65536,
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* Where the input is cut; 0: nowhere. Most pieces are short, some are long. */
static size_t next_piece(uint32_t *seed, size_t left)
{
    if (*seed == 0 || left == 0)
        return left;
    *seed = *seed * 1664525u + 1013904223u;
    size_t piece = 1 + (*seed >> 16) % ((*seed >> 8 & 3) == 0 ? 700 : 5);
    return piece < left ? piece : left;
}

/* A digest of all that can be told apart; equal for equal outcomes. */
static uint64_t mix(uint64_t digest, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;

    for (size_t i = 0; i < len; i++)
        digest = (digest ^ at[i]) * UINT64_C(0x100000001b3);
    return (digest ^ len) * UINT64_C(0x100000001b3);
}

static uint64_t mix_number(uint64_t digest, uint64_t number)
{
    return mix(digest, &number, sizeof number);
}

static uint64_t mix_slice(uint64_t digest, struct slice s)
{
    return mix(digest, s.ptr, s.len);
}

static uint64_t mix_request(uint64_t digest, const struct http_request *request,
                            const struct http_framing *framing)
{
    digest = mix_number(digest, (uint64_t)request->method);
    digest = mix_slice(digest, request->method_text);
    digest = mix_slice(digest, request->path);
    digest = mix_slice(digest, request->query);
    digest = mix_slice(digest, request->authority);
    digest = mix_slice(digest, request->body);
    for (size_t i = 0; i < request->field_count; i++) {
        digest = mix_slice(digest, request->fields[i].name);
        digest = mix_slice(digest, request->fields[i].value);
    }
    digest = mix_number(digest, (uint64_t)framing->content_length);
    return mix_number(digest, (uint64_t)(framing->chunked | framing->keep_alive << 1 |
                                         framing->expect_continue << 2 | request->http_1_0 << 3 |
                                         request->has_body << 4));
}

/* What every request that is taken promises to whoever reads it. */
static void check_request(const struct http_request *request, const struct http_framing *framing)
{
    require(request->method_text.len > 0);
    require(request->path.len > 0);
    require(request->path.ptr[0] == '/' || slice_eq(request->path, SLICE("*")));
    require(slice_index(request->path, '?') == request->path.len);
    require(request->field_count <= FIELDS_MAX);
    require(request->http_1_0 || request->authority.len > 0);
    require(!(framing->chunked && framing->content_length >= 0));
    require(request->has_body == (framing->chunked || framing->content_length >= 0));
    for (size_t i = 0; i < request->field_count; i++) {
        struct slice value = request->fields[i].value;
        require(request->fields[i].name.len > 0);
        require(slice_index(value, '\r') == value.len && slice_index(value, '\n') == value.len &&
                slice_index(value, '\0') == value.len);
    }
}

/* --- heads ----------------------------------------------------------------------------------- */

static uint64_t run_head(struct slice input, uint32_t seed)
{
    struct arena *arena = arena_create(NULL, 65536);
    struct error err = { .code = ERROR_NONE };
    struct http_request request = { 0 };
    struct http_framing framing = { 0 };
    size_t seen = 0, scanned = 0, len = 0;
    uint64_t digest = 0;
    enum http_parse found;

    require(arena);
    do {
        seen += next_piece(&seed, input.len - seen);
        found = http_head_find(slice_sub(input, 0, seen), HEAD_MAX, &scanned, &len, &err);
        require(scanned <= seen);
    } while (found == HTTP_PARSE_MORE && seen < input.len);
    if (found == HTTP_PARSE_DONE) {
        require(len <= HEAD_MAX && len <= seen);
        if (http_head_parse(slice_sub(input, 0, len), FIELDS_MAX, arena, &request, &framing,
                            &err)) {
            check_request(&request, &framing);
            digest = mix_request(digest, &request, &framing);
        } else {
            require(err.code != ERROR_NONE);
        }
    }
    digest = mix_number(digest, (uint64_t)found * 100 + (uint64_t)err.code);
    arena_destroy(arena);
    return mix_number(digest, found == HTTP_PARSE_DONE ? len : 0);
}

/* --- chunked bodies -------------------------------------------------------------------------- */

static uint64_t run_chunks(struct slice input, uint32_t seed)
{
    struct http_chunked chunked;
    struct error err = { .code = ERROR_NONE };
    enum http_parse result = HTTP_PARSE_MORE;
    size_t seen = 0, decoded_total = 0, decoded, taken;
    char *block = malloc(input.len + 1); /* its exact size: overruns are found */

    require(block);
    http_chunked_init(&chunked);
    while (result == HTTP_PARSE_MORE && seen < input.len) {
        struct slice piece = slice_sub(input, seen, next_piece(&seed, input.len - seen));
        char *at = block + decoded_total;
        memcpy(at, piece.ptr, piece.len);
        piece.ptr = at;
        result = http_chunked_decode(&chunked, piece, BODY_MAX, at, &decoded, &taken, &err);
        if (result == HTTP_PARSE_FAILED)
            break;
        require(taken <= piece.len && decoded <= taken);
        require(result == HTTP_PARSE_DONE || taken == piece.len);
        seen += taken;
        decoded_total += decoded;
        require(decoded_total == chunked.total && decoded_total <= BODY_MAX);
    }
    uint64_t digest = mix_number(0, (uint64_t)result * 100 + (uint64_t)err.code);
    if (result != HTTP_PARSE_FAILED) {
        digest = mix(digest, block, decoded_total);
        digest = mix_number(digest, seen);
    }
    free(block);
    return digest;
}

/* --- streams --------------------------------------------------------------------------------- */

struct stream {
    struct slice input;
    size_t at;
    uint32_t seed;
    struct slice carried; /* in the arena of the request before */
    struct arena *arena;
    uint64_t digest;
};

/* Feeds one request; true when there may be another behind it. */
static bool run_request(struct stream *stream)
{
    struct arena *arena =
        arena_create(NULL, limits.request_arena_bytes + intake_budget_bytes(&limits));
    struct intake intake;
    struct http_request request = { 0 };
    struct error err = { .code = ERROR_NONE };

    require(arena && intake_init(&intake, arena, &limits, stream->carried));
    arena_destroy(stream->arena);
    stream->arena = arena;
    enum intake_phase phase = intake_took(&intake, 0, &request, &err);
    while (phase == INTAKE_HEAD || phase == INTAKE_BODY) {
        char *to;
        size_t room;
        size_t piece = next_piece(&stream->seed, stream->input.len - stream->at);
        if (piece == 0)
            break;
        require(intake_room(&intake, &to, &room, &err) && room > 0);
        if (piece > room)
            piece = room;
        memcpy(to, stream->input.ptr + stream->at, piece);
        stream->at += piece;
        phase = intake_took(&intake, piece, &request, &err);
        require(phase == INTAKE_FAILED || intake_body_bytes(&intake) <= BODY_MAX ||
                phase == INTAKE_HEAD);
    }
    stream->digest = mix_number(stream->digest, (uint64_t)phase * 100 + (uint64_t)err.code);
    if (phase != INTAKE_DONE)
        return false;
    check_request(&request, &intake.framing);
    require(request.body.len <= BODY_MAX);
    require(intake.framing.content_length < 0 ||
            request.body.len == (size_t)intake.framing.content_length);
    stream->digest = mix_request(stream->digest, &request, &intake.framing);
    stream->carried = intake.rest;
    return stream->carried.len > 0 || stream->at < stream->input.len;
}

static uint64_t run_stream(struct slice input, uint32_t seed)
{
    struct stream stream = { .input = input, .seed = seed };

    for (int i = 0; i < REQUESTS_MAX && run_request(&stream); i++)
        ;
    arena_destroy(stream.arena);
    return stream.digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint64_t (*const runs[])(struct slice, uint32_t) = { run_head, run_chunks, run_stream };

    if (size < 2)
        return 0;
    struct slice input = { (const char *)data + 2, size - 2 };
    uint64_t (*run)(struct slice, uint32_t) = runs[data[0] % 3];
    require(run(input, 0) == run(input, 1 + data[1]));
    return 0;
}
