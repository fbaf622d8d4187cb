/* http/intake.c - where the bytes of a request go.
 *
 * Most requests come in one read: the head, and with it what there is of a body, fit the first
 * block of 4 KiB and nothing is ever moved. Otherwise:
 *
 *     head    the block doubles in place (it is the arena's last allocation) up to the limit
 *     body    stays behind the head if that block has room for all of it, else moves to one of
 *             its own, which grows by a quarter as bytes arrive
 *
 * The body's block never exceeds what has arrived by more than that quarter (16 KiB to start with),
 * whatever was announced, and it grows where it stands or moves without leaving a copy behind: a
 * client costs the memory that it has sent, no more. A quarter and not the whole again, because
 * growing a large block moves page tables, not bytes.
 *
 * A chunked body is decoded where it was read, each piece against the end of the one before. Such a
 * body may be read too far, into the request behind it: what is too much becomes `rest`. With a
 * Content-Length we ask for no more than is missing.
 */
#include "http/intake.h"

#include "base/arena.h"

#define HEAD_BLOCK  ((size_t)4096)
#define BODY_BLOCK  ((size_t)16 * 1024)
#define READ_MOST   ((size_t)16 * 1024) /* of a chunked body: bounds what is carried on */
#define CHUNKED_GAP ((size_t)1024)      /* less room than this is not worth a read */
#define BODY_STEP   ((size_t)16 * 1024) /* the least that a body's block grows by */

size_t intake_budget_bytes(const struct http_limits *limits)
{
    /* The body, the largest head once more, and the room a chunked body is read to. */
    return limits->body_bytes + limits->head_bytes + 2 * READ_MOST;
}

static size_t at_least(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t at_most(size_t a, size_t b)
{
    return a < b ? a : b;
}

bool intake_init(struct intake *intake, struct arena *arena, const struct http_limits *limits,
                 struct slice carried)
{
    size_t capacity = at_least(HEAD_BLOCK, carried.len);
    char *block = arena_alloc(arena, capacity);

    if (!block)
        return false;
    if (carried.len)
        memcpy(block, carried.ptr, carried.len);
    *intake = (struct intake){
        .arena = arena,
        .limits = limits,
        .phase = INTAKE_HEAD,
        .block = block,
        .capacity = capacity,
        .filled = carried.len,
    };
    return true;
}

/* --- room ------------------------------------------------------------------------------------ */

/* Makes the block `capacity` bytes; it is the arena's last allocation. */
static bool grow(struct intake *intake, size_t capacity, struct error *err)
{
    char *grown = arena_grow(intake->arena, intake->block, intake->capacity, capacity);

    if (!grown)
        return error_no_memory(err);
    intake->block = grown;
    intake->capacity = capacity;
    return true;
}

/* The body's block when it has become too small. */
static size_t next_body_capacity(const struct intake *intake)
{
    return intake->capacity + at_least(BODY_STEP, intake->capacity / 4);
}

static size_t body_length(const struct intake *intake)
{
    return (size_t)intake->framing.content_length; /* checked against limits->body_bytes */
}

bool intake_room(struct intake *intake, char **ret_at, size_t *ret_bytes, struct error *err)
{
    size_t free = intake->capacity - intake->filled;
    size_t most = SIZE_MAX;

    if (intake->phase == INTAKE_HEAD) {
        if (free == 0 &&
            !grow(intake, at_most(intake->capacity * 2, intake->limits->head_bytes), err))
            return false;
    } else if (intake->framing.chunked) {
        most = READ_MOST;
        if (free < CHUNKED_GAP &&
            !grow(intake,
                  at_most(next_body_capacity(intake), intake->limits->body_bytes + READ_MOST), err))
            return false;
    } else {
        most = intake->start + body_length(intake) - intake->filled;
        if (free == 0 &&
            !grow(intake, at_most(next_body_capacity(intake), intake->filled + most), err))
            return false;
    }
    *ret_at = intake->block + intake->filled;
    *ret_bytes = at_most(intake->capacity - intake->filled, most);
    return true;
}

/* --- bytes ----------------------------------------------------------------------------------- */

static enum intake_phase move_to(struct intake *intake, enum intake_phase phase)
{
    intake->phase = phase;
    return phase;
}

/* The request ends at `end` in the block, its body at intake->filled. */
static enum intake_phase finish(struct intake *intake, size_t end, size_t read,
                                struct http_request *request)
{
    if (request->has_body)
        request->body =
            (struct slice){ intake->block + intake->start, intake->filled - intake->start };
    intake->rest = (struct slice){ intake->block + end, read - end };
    return move_to(intake, INTAKE_DONE);
}

/* Decodes what was read behind intake->filled, up to `read`. */
static enum intake_phase take_chunks(struct intake *intake, size_t read,
                                     struct http_request *request, struct error *err)
{
    char *from = intake->block + intake->filled;
    struct slice input = { from, read - intake->filled };
    size_t decoded, taken;
    enum http_parse result = http_chunked_decode(
        &intake->chunked, input, intake->limits->body_bytes, from, &decoded, &taken, err);

    if (result == HTTP_PARSE_FAILED)
        return move_to(intake, INTAKE_FAILED);
    size_t end = intake->filled + taken;
    intake->filled += decoded;
    if (result == HTTP_PARSE_DONE)
        return finish(intake, end, read, request);
    return INTAKE_BODY;
}

/* Gives the body a block of `capacity` bytes, which `grows` or is all that it needs. */
static bool move_body(struct intake *intake, size_t capacity, bool grows)
{
    size_t have = intake->filled - intake->start;
    char *block =
        grows ? arena_alloc_alone(intake->arena, capacity) : arena_alloc(intake->arena, capacity);

    if (!block)
        return false;
    memcpy(block, intake->block + intake->start, have);
    intake->block = block;
    intake->capacity = capacity;
    intake->start = 0;
    intake->filled = have;
    return true;
}

/* The body goes on: stays behind the head when all of it has room there. */
static bool settle_body(struct intake *intake)
{
    size_t have = intake->filled - intake->start;
    size_t room = intake->capacity - intake->start;
    size_t block = at_least(BODY_BLOCK, have + BODY_STEP);

    if (intake->framing.chunked) /* its length is not known: no point in staying */
        return move_body(intake, block, true);
    if (room >= body_length(intake))
        return true;
    return body_length(intake) <= block ? move_body(intake, body_length(intake), false)
                                        : move_body(intake, block, true);
}

/* intake->start is where the body starts, `read` the end of what came. */
static enum intake_phase start_body(struct intake *intake, size_t read,
                                    struct http_request *request, struct error *err)
{
    if (!request->has_body)
        return finish(intake, intake->start, read, request);

    if (intake->framing.chunked) {
        http_chunked_init(&intake->chunked);
        intake->filled = intake->start;
        if (take_chunks(intake, read, request, err) != INTAKE_BODY)
            return intake->phase;
    } else {
        if (body_length(intake) > intake->limits->body_bytes) {
            error_set(err, ERROR_TOO_LARGE, SLICE_EMPTY, "The body is longer than %zu bytes.",
                      intake->limits->body_bytes);
            return move_to(intake, INTAKE_FAILED);
        }
        if (read - intake->start >= body_length(intake)) {
            intake->filled = intake->start + body_length(intake);
            return finish(intake, intake->filled, read, request);
        }
    }
    if (!settle_body(intake)) {
        error_no_memory(err);
        return move_to(intake, INTAKE_FAILED);
    }
    return INTAKE_BODY;
}

/* RFC 9112 2.2: empty lines before the request line are dropped; they count towards the limit. */
static void drop_empty_lines(struct intake *intake)
{
    while (intake->filled - intake->start >= 2 &&
           memcmp(intake->block + intake->start, "\r\n", 2) == 0)
        intake->start += 2;
}

static enum intake_phase take_head(struct intake *intake, struct http_request *request,
                                   struct error *err)
{
    if (intake->scanned == 0)
        drop_empty_lines(intake);

    size_t most = intake->limits->head_bytes;
    struct slice input = { intake->block + intake->start, intake->filled - intake->start };
    size_t len;
    enum http_parse found = http_head_find(input, most > intake->start ? most - intake->start : 0,
                                           &intake->scanned, &len, err);
    if (found == HTTP_PARSE_MORE)
        return INTAKE_HEAD;
    if (found == HTTP_PARSE_FAILED ||
        !http_head_parse((struct slice){ input.ptr, len }, intake->limits->fields, intake->arena,
                         request, &intake->framing, err))
        return move_to(intake, INTAKE_FAILED);

    intake->start += len;
    move_to(intake, INTAKE_BODY);
    return start_body(intake, intake->filled, request, err);
}

enum intake_phase intake_took(struct intake *intake, size_t bytes, struct http_request *request,
                              struct error *err)
{
    size_t read = intake->filled + bytes;

    if (intake->phase == INTAKE_BODY && intake->framing.chunked)
        return take_chunks(intake, read, request, err);
    intake->filled = read;
    if (intake->phase == INTAKE_HEAD)
        return take_head(intake, request, err);
    if (intake->filled - intake->start == body_length(intake))
        return finish(intake, read, read, request);
    return INTAKE_BODY;
}

size_t intake_body_bytes(const struct intake *intake)
{
    return intake->filled - intake->start;
}
