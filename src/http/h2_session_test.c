/* http/h2_session_test.c - sessions in memory: libnghttp2's client on the other side, a toy handler
 * behind, no socket. Floods and frames that no client sends are in tests/test_http2.py.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/h2_session.h"

#include <stdlib.h>
#include <string.h>

#include <nghttp2/nghttp2.h>

#include "base/arena.h"
#include "base/test.h"
#include "http/call.h"

enum { STREAMS = 8, REPLY_MOST = 300000 };

struct answer {
    int status, interim;
    size_t fields, bytes;
    char body[REPLY_MOST];
    char length[24], date[40];
    bool ended, closed;
    uint32_t code;
};

struct rig {
    uv_loop_t loop;
    struct arena_ledger ledger;
    struct http_limits limits;
    struct http_handler handler;
    struct connection_home home;
    struct h2_session *session;
    nghttp2_session *client;
    struct http_exchange *held[STREAMS]; /* "/later": not answered yet */
    size_t held_count, handled, refused, woken;
    struct answer *answers;
    char *big; /* an answer's body */
    bool freed, failed, goaway;
    uint32_t goaway_code;
    int32_t goaway_first, goaway_last; /* what the first and the last one named */
};

/* --- the handler ------------------------------------------------------------------------------ */

static void fill(struct rig *rig, struct http_exchange *exchange)
{
    const struct http_request *request = &exchange->request;
    uint64_t size = 0;

    exchange->response.status = slice_eq(request->path, SLICE("/empty")) ? 204 : 200;
    http_response_add(&exchange->response, SLICE("X-Toy"), SLICE("yes"));
    if (slice_to_uint64(request->query, REPLY_MOST, &size))
        exchange->response.body = (struct slice){ rig->big, (size_t)size };
    else
        exchange->response.body = request->body;
    exchange->response.close = slice_eq(request->path, SLICE("/close"));
    if (slice_eq(request->path, SLICE("/reset")))
        exchange->response.fate = HTTP_FATE_RESET;
    if (slice_eq(request->path, SLICE("/truncate")))
        exchange->response.fate = HTTP_FATE_TRUNCATED;
}

static void handle(void *context, struct http_exchange *exchange)
{
    struct rig *rig = context;

    rig->handled++;
    if (slice_eq(exchange->request.path, SLICE("/slow"))) {
        uint64_t until_ns = uv_hrtime() + 4000000;
        while (uv_hrtime() < until_ns)
            ;
    }
    fill(rig, exchange);
    if (slice_eq(exchange->request.path, SLICE("/later")))
        rig->held[rig->held_count++] = exchange;
    else
        http_exchange_done(exchange);
    if (slice_eq(exchange->request.path, SLICE("/cut"))) {
        h2_session_close(rig->session);
        rig->session = NULL;
    }
}

static void refuse(void *context, struct http_exchange *exchange, const struct error *error)
{
    struct rig *rig = context;

    rig->refused++;
    exchange->response.status = http_status_of(error->code);
    exchange->response.body = SLICE("refused");
    exchange->response.close = true;
    http_exchange_done(exchange);
}
/* --- the client ------------------------------------------------------------------------------- */

static struct answer *answer_of(struct rig *rig, int32_t id)
{
    assert_true(id % 2 == 1 && id / 2 < STREAMS);
    return &rig->answers[id / 2];
}

static int on_header(nghttp2_session *client, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *context)
{
    struct answer *answer = answer_of(context, frame->hd.stream_id);
    struct slice is = { (const char *)name, name_len }, text = { (const char *)value, value_len };
    uint64_t number = 0;

    (void)client, (void)flags;
    answer->fields++;
    if (slice_eq(is, SLICE(":status"))) {
        assert_true(slice_to_uint64(text, 999, &number));
        if (number < 200)
            answer->interim = (int)number;
        else
            answer->status = (int)number;
    } else if (slice_eq(is, SLICE("content-length"))) {
        memcpy(answer->length, text.ptr, text.len);
    } else if (slice_eq(is, SLICE("date"))) {
        memcpy(answer->date, text.ptr, text.len);
    }
    return 0;
}

static int on_data(nghttp2_session *client, uint8_t flags, int32_t id, const uint8_t *data,
                   size_t len, void *context)
{
    struct answer *answer = answer_of(context, id);

    (void)client, (void)flags;
    assert_true(answer->bytes + len <= REPLY_MOST);
    memcpy(answer->body + answer->bytes, data, len);
    answer->bytes += len;
    return 0;
}

static int on_frame(nghttp2_session *client, const nghttp2_frame *frame, void *context)
{
    struct rig *rig = context;

    (void)client;
    if (frame->hd.type == NGHTTP2_GOAWAY) {
        if (!rig->goaway)
            rig->goaway_first = frame->goaway.last_stream_id;
        rig->goaway = true;
        rig->goaway_code = frame->goaway.error_code;
        rig->goaway_last = frame->goaway.last_stream_id;
    }
    if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
        answer_of(rig, frame->hd.stream_id)->ended = true;
    return 0;
}

static int on_close(nghttp2_session *client, int32_t id, uint32_t code, void *context)
{
    struct answer *answer = answer_of(context, id);

    (void)client;
    answer->closed = true;
    answer->code = code;
    return 0;
}

static void open_client(struct rig *rig)
{
    const nghttp2_settings_entry window = { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 20000 };
    nghttp2_session_callbacks *callbacks;

    assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    assert_int_equal(nghttp2_session_client_new(&rig->client, callbacks, rig), 0);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(rig->client, NGHTTP2_FLAG_NONE, &window, 1);
}

/* --- the rig ---------------------------------------------------------------------------------- */

static void on_wake(void *context)
{
    struct rig *rig = context;

    rig->woken++;
}

static void on_freed(void *context)
{
    struct rig *rig = context;

    rig->freed = true;
}

static void on_left(struct connection_home *home)
{
    (void)home;
}

static void rig_open(struct rig *rig, size_t ledger_bytes)
{
    static const uint64_t after_ms[DEADLINE_KINDS] = {
        [DEADLINE_STREAM_BODY] = 20,
        [DEADLINE_STREAM_REPLY] = 20,
        [DEADLINE_STREAM_LINGER] = 20,
    };

    *rig = (struct rig){ .answers = calloc(STREAMS, sizeof *rig->answers) };
    rig->big = malloc(REPLY_MOST);
    assert_true(rig->answers && rig->big);
    memset(rig->big, 'x', REPLY_MOST);
    uv_loop_init(&rig->loop);
    arena_ledger_init(&rig->ledger, ledger_bytes);
    rig->limits = (struct http_limits){
        .head_bytes = 4096,
        .fields = 16,
        .body_bytes = 100000,
        .request_arena_bytes = 1 << 20,
        .memory = &rig->ledger,
        .body_bytes_per_s = 1000,
        .streams = 4,
    };
    rig->handler = (struct http_handler){ .context = rig, .handle = handle, .refuse = refuse };
    rig->home = (struct connection_home){
        .uv = &rig->loop,
        .limits = &rig->limits,
        .handler = &rig->handler,
        .arenas = arena_pool_create(16384, 4),
        .left = on_left,
    };
    arena_pool_charge_to(rig->home.arenas, &rig->ledger);
    deadlines_init(&rig->home.deadlines, &rig->loop, after_ms, h2_session_stream_expired);
    rig->session = h2_session_create(&rig->home, (struct h2_peer){ .secure = true },
                                     (struct h2_owner){ rig, on_wake, on_freed });
    open_client(rig);
}

static void rig_close(struct rig *rig)
{
    if (rig->session)
        h2_session_close(rig->session);
    for (size_t i = 0; i < rig->held_count; i++)
        http_exchange_done(rig->held[i]);
    assert_true(rig->freed);
    nghttp2_session_del(rig->client);
    uv_close((uv_handle_t *)&rig->home.deadlines.timer, NULL);
    uv_run(&rig->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&rig->loop), 0);
    arena_pool_destroy(rig->home.arenas);
    assert_int_equal(arena_ledger_taken_bytes(&rig->ledger), 0);
    free(rig->answers);
    free(rig->big);
}

/* What the client has to say, in pieces of up to `step`. */
static bool to_server(struct rig *rig, size_t step)
{
    const uint8_t *bytes;
    ssize_t len;
    bool any = false;

    while (rig->session && (len = nghttp2_session_mem_send(rig->client, &bytes)) > 0) {
        any = true;
        for (size_t at = 0; at < (size_t)len && rig->session; at += step) {
            struct slice piece =
                slice_sub((struct slice){ (const char *)bytes, (size_t)len }, at, step);
            if (!h2_session_take(rig->session, piece)) {
                rig->failed = true;
                return false;
            }
            while (h2_session_work(rig->session))
                ;
        }
    }
    return any;
}

static bool to_client(struct rig *rig, size_t room)
{
    char buffer[16384];
    size_t len = 0;
    bool any = false;

    while (rig->session) {
        h2_session_work(rig->session);
        if (!h2_session_give(rig->session, buffer, room, &len)) {
            rig->failed = true;
            return false;
        }
        if (len == 0)
            break;
        any = true;
        assert_int_equal(nghttp2_session_mem_recv(rig->client, (const uint8_t *)buffer, len), len);
    }
    return any;
}

/* Until both have nothing more to say. */
static void talk(struct rig *rig, size_t step, size_t room)
{
    bool client = true, server = true;

    while ((client || server) && rig->session && !rig->failed) {
        client = to_server(rig, step);
        server = to_client(rig, room);
    }
}

/* Runs timers for `ms`. */
static void pass(struct rig *rig, unsigned ms)
{
    uint64_t until_ms = uv_now(&rig->loop) + ms;

    while (uv_now(&rig->loop) < until_ms)
        uv_run(&rig->loop, UV_RUN_ONCE);
}

static nghttp2_nv nv(const char *name, const char *value)
{
    return (nghttp2_nv){ (uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name),
                         strlen(value), NGHTTP2_NV_FLAG_NONE };
}

struct body {
    size_t left;
    bool stalls; /* announced, and does not come */
};

static ssize_t read_body(nghttp2_session *client, int32_t id, uint8_t *to, size_t len,
                         uint32_t *flags, nghttp2_data_source *source, void *context)
{
    struct body *body = source->ptr;

    (void)client, (void)id, (void)context;
    if (body->left == 0 && body->stalls)
        return NGHTTP2_ERR_DEFERRED;
    if (len > body->left)
        len = body->left;
    memset(to, 'b', len);
    body->left -= len;
    if (body->left == 0 && !body->stalls)
        *flags = NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)len;
}

/* `extra` is a further field, or NULL. */
static struct answer *ask(struct rig *rig, const char *method, const char *path, const char *extra,
                          const char *value, struct body *body)
{
    nghttp2_nv fields[] = { nv(":method", method), nv(":scheme", "https"),
                            nv(":authority", "Toy:1"), nv(":path", path), nv("x", "y") };
    nghttp2_data_provider provider = { .source.ptr = body, .read_callback = read_body };

    if (extra)
        fields[4] = nv(extra, value);
    int32_t id = nghttp2_submit_request(rig->client, NULL, fields, COUNT_OF(fields),
                                        body ? &provider : NULL, NULL);
    return answer_of(rig, id);
}

/* --- tests ------------------------------------------------------------------------------------ */

#define LEDGER ((size_t)64 << 20)

static const struct {
    const char *method, *path, *extra, *value;
    size_t body; /* SIZE_MAX: none */
    int status;
    size_t bytes;
    uint32_t code; /* with which the stream closes */
    const char *length;
} cases[] = {
    { "GET", "/", NULL, NULL, SIZE_MAX, 200, 0, 0, "0" },
    { "GET", "/?5000", NULL, NULL, SIZE_MAX, 200, 5000, 0, "5000" },
    { "GET", "/?300000", NULL, NULL, SIZE_MAX, 200, 300000, 0, "300000" },
    { "HEAD", "/?5000", NULL, NULL, SIZE_MAX, 200, 0, 0, "5000" },
    { "GET", "/empty", NULL, NULL, SIZE_MAX, 204, 0, 0, "" },
    { "POST", "/", NULL, NULL, 0, 200, 0, 0, "0" },
    { "POST", "/", NULL, NULL, 70000, 200, 70000, 0, "70000" },
    { "POST", "/", "content-length", "70000", 70000, 200, 70000, 0, "70000" },
    { "POST", "/", NULL, NULL, 100000, 200, 100000, 0, "100000" },
    { "POST", "/", NULL, NULL, 100001, 413, 7, 0, "7" },
    { "POST", "/", "content-length", "100001", 100001, 413, 7, 0, "7" },
    { "GET", "/", "expect", "wonders", SIZE_MAX, 417, 7, 0, "7" },
    { "GET", "/", "host", "other", SIZE_MAX, 400, 7, 0, "7" },
    { "GET", "/reset?5000", NULL, NULL, SIZE_MAX, 0, 0, NGHTTP2_INTERNAL_ERROR, "" },
    { "GET", "/truncate?5000", NULL, NULL, SIZE_MAX, 200, 2500, NGHTTP2_INTERNAL_ERROR, "5000" },
    { "GET", "/truncate?1", NULL, NULL, SIZE_MAX, 200, 0, NGHTTP2_INTERNAL_ERROR, "1" },
    { "POST", "/", "content-length", "5", 6, 0, 0, NGHTTP2_PROTOCOL_ERROR, "" },
    { "POST", "/", "content-length", "5", 4, 0, 0, NGHTTP2_PROTOCOL_ERROR, "" },
};

static void run_case(size_t i, size_t step, size_t room)
{
    struct rig rig;
    struct body body = { .left = cases[i].body };

    rig_open(&rig, LEDGER);
    struct answer *answer = ask(&rig, cases[i].method, cases[i].path, cases[i].extra,
                                cases[i].value, cases[i].body == SIZE_MAX ? NULL : &body);
    talk(&rig, step, room);
    CHECK(answer->status == cases[i].status, i);
    CHECK(answer->bytes == cases[i].bytes, i);
    CHECK(answer->closed || cases[i].status == 413, i); /* that one lingers */
    CHECK(answer->code == cases[i].code, i);
    CHECK(strcmp(answer->length, cases[i].length) == 0, i);
    CHECK(cases[i].status == 0 || strlen(answer->date) == 29, i);
    if (cases[i].status == 413)
        pass(&rig, 50), talk(&rig, step, room);
    CHECK(h2_session_is_idle(rig.session), i);
    CHECK(!rig.goaway && !rig.failed, i);
    rig_close(&rig);
}

static void test_cases(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        run_case(i, 16384, 16384);
        run_case(i, 7, H2_GIVE_LEAST);
    }
}

static void test_continue(void **state UNUSED)
{
    struct rig rig;
    struct body body = { .left = 10 };

    rig_open(&rig, LEDGER);
    struct answer *answer = ask(&rig, "POST", "/", "expect", "100-continue", &body);
    talk(&rig, 16384, 16384);
    assert_int_equal(answer->interim, 100);
    assert_int_equal(answer->status, 200);
    assert_int_equal(answer->bytes, 10);
    rig_close(&rig);
}

static void test_one_waits_others_do_not(void **state UNUSED)
{
    struct rig rig;

    rig_open(&rig, LEDGER);
    struct answer *slow = ask(&rig, "GET", "/later?9", NULL, NULL, NULL);
    struct answer *fast = ask(&rig, "GET", "/?9", NULL, NULL, NULL);
    talk(&rig, 16384, 16384);
    assert_true(fast->closed && !slow->closed);
    assert_true(h2_session_is_busy(rig.session));
    http_exchange_done(rig.held[0]);
    rig.held_count = 0;
    assert_int_equal(rig.woken, 1);
    talk(&rig, 16384, 16384);
    assert_int_equal(slow->bytes, 9);
    assert_false(h2_session_is_busy(rig.session));
    rig_close(&rig);
}

/* Closed, reset or cut while the handler has it: freed when it comes home. */
static void test_lent(void **state UNUSED)
{
    for (int how = 0; how < 3; how++) {
        struct rig rig;

        rig_open(&rig, LEDGER);
        ask(&rig, "GET", "/later", NULL, NULL, NULL);
        ask(&rig, "GET", "/?20000", NULL, NULL, NULL);
        talk(&rig, 16384, 16384);
        if (how == 0) {
            nghttp2_submit_rst_stream(rig.client, NGHTTP2_FLAG_NONE, 1, NGHTTP2_CANCEL);
            talk(&rig, 16384, 16384);
            assert_false(h2_session_is_idle(rig.session));
            http_exchange_done(rig.held[0]);
            rig.held_count = 0;
            assert_true(h2_session_is_idle(rig.session));
        } else if (how == 1) {
            h2_session_close(rig.session);
            rig.session = NULL;
            assert_false(rig.freed);
        } else {
            ask(&rig, "GET", "/cut", NULL, NULL, NULL);
            ask(&rig, "GET", "/", NULL, NULL, NULL);
            talk(&rig, 16384, 16384);
            assert_null(rig.session);
        }
        rig_close(&rig);
    }
}

/* Streams that were reset are still at work: no more than `streams` at a time. */
static void test_reset_streams_count(void **state UNUSED)
{
    struct rig rig;

    rig_open(&rig, LEDGER);
    for (int i = 0; i < 6; i++) {
        ask(&rig, "GET", "/later", NULL, NULL, NULL);
        talk(&rig, 16384, 16384);
        nghttp2_submit_rst_stream(rig.client, NGHTTP2_FLAG_NONE, 1 + 2 * i, NGHTTP2_CANCEL);
        talk(&rig, 16384, 16384);
    }
    assert_int_equal(rig.held_count, 4);
    assert_int_equal(rig.answers[4].code, NGHTTP2_REFUSED_STREAM);
    rig_close(&rig);
}

/* What the client sends in one breath. */
struct packet {
    char bytes[1024];
    size_t len;
};

static void pack(struct rig *rig, struct packet *packet)
{
    const uint8_t *bytes;
    ssize_t piece;

    while ((piece = nghttp2_session_mem_send(rig->client, &bytes)) > 0) {
        assert_true(packet->len + (size_t)piece <= sizeof packet->bytes);
        memcpy(packet->bytes + packet->len, bytes, (size_t)piece);
        packet->len += (size_t)piece;
    }
}

static struct slice packed(const struct packet *packet)
{
    return (struct slice){ packet->bytes, packet->len };
}

/* Many at once that take their time: others have theirs in between. */
static void test_work_in_turns(void **state UNUSED)
{
    struct rig rig;
    struct packet packet = { .len = 0 };

    rig_open(&rig, LEDGER);
    talk(&rig, 16384, 16384);
    for (int i = 0; i < 3; i++)
        ask(&rig, "GET", "/slow?3", NULL, NULL, NULL);
    pack(&rig, &packet);
    assert_true(h2_session_take(rig.session, packed(&packet)));
    for (size_t turn = 1; turn <= 3; turn++) {
        assert_true(h2_session_work(rig.session) == (turn < 3));
        assert_int_equal(rig.handled, turn);
    }
    talk(&rig, 16384, 16384);
    assert_true(rig.answers[2].closed && rig.answers[2].bytes == 3);
    rig_close(&rig);

    rig_open(&rig, LEDGER); /* it goes while some wait */
    talk(&rig, 16384, 16384);
    for (int i = 0; i < 3; i++)
        ask(&rig, "GET", "/slow?3", NULL, NULL, NULL);
    packet.len = 0;
    pack(&rig, &packet);
    assert_true(h2_session_take(rig.session, packed(&packet)));
    assert_true(h2_session_work(rig.session));
    rig_close(&rig);
    assert_int_equal(rig.handled, 1);
}

/* Requests that do not come on are not to take the last of the memory: one of a connection may, as
 * with HTTP/1.1, and further ones while half of it is free. */
static void test_streams_leave_half_of_the_memory(void **state UNUSED)
{
    struct rig rig;
    struct body slow[3] = { { .stalls = true }, { .stalls = true }, { .stalls = true } };

    rig_open(&rig, LEDGER);
    talk(&rig, 16384, 16384);
    for (size_t i = 0; i < COUNT_OF(slow); i++) {
        bool full = i == 1;
        if (full)
            assert_true(arena_ledger_take(&rig.ledger, LEDGER / 2, LEDGER));
        ask(&rig, "POST", "/", NULL, NULL, &slow[i]);
        talk(&rig, 16384, 16384);
        assert_int_equal(rig.answers[i].code, full ? NGHTTP2_REFUSED_STREAM : 0);
        if (full)
            arena_ledger_give_back(&rig.ledger, LEDGER / 2);
    }
    rig_close(&rig);

    rig_open(&rig, LEDGER);
    talk(&rig, 16384, 16384);
    assert_true(arena_ledger_take(&rig.ledger, LEDGER / 2, LEDGER));
    struct answer *alone = ask(&rig, "GET", "/?3", NULL, NULL, NULL);
    talk(&rig, 16384, 16384);
    assert_int_equal(alone->bytes, 3);
    arena_ledger_give_back(&rig.ledger, LEDGER / 2);
    rig_close(&rig);
}

/* A request that crosses our goodbye is passed over, and is no head that somebody waits for. */
static void test_head_behind_the_end(void **state UNUSED)
{
    struct rig rig;
    bool anew;

    rig_open(&rig, LEDGER);
    ask(&rig, "GET", "/later", NULL, NULL, NULL);
    talk(&rig, 16384, 16384);
    h2_session_end(rig.session);
    to_client(&rig, 16384);
    static const char head[] = "\0\0\3\1\5\0\0\0\3\x82\x86\x84"; /* it is whole */
    assert_true(h2_session_take(rig.session, (struct slice){ head, sizeof head - 1 }));
    assert_int_equal(h2_session_deadline(rig.session, &anew), DEADLINE_NONE);
    rig_close(&rig);
}

/* Reset in the breath it came in: nobody works on it. */
static void test_reset_at_once(void **state UNUSED)
{
    struct rig rig;
    struct packet packet = { .len = 0 };

    rig_open(&rig, LEDGER);
    talk(&rig, 16384, 16384);
    ask(&rig, "GET", "/", NULL, NULL, NULL);
    pack(&rig, &packet);
    nghttp2_submit_rst_stream(rig.client, NGHTTP2_FLAG_NONE, 1, NGHTTP2_CANCEL);
    pack(&rig, &packet);
    assert_true(h2_session_take(rig.session, packed(&packet)));
    assert_false(h2_session_work(rig.session));
    assert_int_equal(rig.handled, 0);
    assert_true(h2_session_is_idle(rig.session));
    rig_close(&rig);
}

static void test_ends(void **state UNUSED)
{
    struct rig rig;

    rig_open(&rig, LEDGER); /* told to: what runs is finished */
    struct answer *answer = ask(&rig, "GET", "/later?7", NULL, NULL, NULL);
    talk(&rig, 16384, 16384);
    h2_session_end(rig.session);
    struct answer *crossing = ask(&rig, "GET", "/?5", NULL, NULL, NULL);
    talk(&rig, 16384, 16384);
    assert_int_equal(rig.goaway_first, INT32_MAX);
    assert_true(rig.goaway_last == 3 && rig.goaway_code == NGHTTP2_NO_ERROR);
    assert_true(crossing->status == 200 && crossing->bytes == 5); /* it was sent unaware */
    assert_false(h2_session_is_over(rig.session));
    http_exchange_done(rig.held[0]);
    rig.held_count = 0;
    talk(&rig, 16384, 16384);
    assert_int_equal(answer->bytes, 7);
    assert_true(h2_session_is_over(rig.session));
    rig_close(&rig);

    rig_open(&rig, LEDGER); /* told to, where nothing runs */
    talk(&rig, 16384, 16384);
    h2_session_end(rig.session);
    talk(&rig, 16384, 16384);
    assert_true(rig.goaway_first == 0 && rig.goaway_code == NGHTTP2_NO_ERROR);
    assert_true(h2_session_is_over(rig.session));
    rig_close(&rig);

    rig_open(&rig, LEDGER); /* ... and where pings are not confirmed */
    answer = ask(&rig, "GET", "/later?7", NULL, NULL, NULL);
    talk(&rig, 16384, 16384);
    h2_session_end(rig.session);
    http_exchange_done(rig.held[0]);
    rig.held_count = 0;
    while (to_client(&rig, 16384))
        ;
    assert_true(rig.goaway_first == INT32_MAX && rig.goaway_last == 1 && answer->bytes == 7);
    assert_true(h2_session_is_over(rig.session));
    rig_close(&rig);

    rig_open(&rig, LEDGER); /* by an answer */
    answer = ask(&rig, "GET", "/close?7", NULL, NULL, NULL);
    talk(&rig, 16384, 16384);
    assert_true(rig.goaway && answer->bytes == 7 && h2_session_is_over(rig.session));
    rig_close(&rig);

    rig_open(&rig, LEDGER); /* by us */
    talk(&rig, 16384, 16384);
    h2_session_break(rig.session, false);
    talk(&rig, 16384, 16384);
    assert_true(rig.goaway && rig.goaway_code == NGHTTP2_ENHANCE_YOUR_CALM);
    assert_true(h2_session_is_over(rig.session));
    rig_close(&rig);
}

static void test_deadlines(void **state UNUSED)
{
    struct rig rig;
    struct body slow = { .left = 5, .stalls = true };
    bool anew;

    rig_open(&rig, LEDGER);
    assert_int_equal(h2_session_deadline(rig.session, &anew), DEADLINE_HEAD);
    talk(&rig, 16384, 16384);
    assert_int_equal(h2_session_deadline(rig.session, &anew), DEADLINE_IDLE);
    struct answer *late = ask(&rig, "POST", "/", NULL, NULL, &slow);
    talk(&rig, 16384, 16384);
    assert_int_equal(h2_session_deadline(rig.session, &anew), DEADLINE_NONE);
    assert_true(anew);
    pass(&rig, 100);
    talk(&rig, 16384, 16384);
    assert_int_equal(late->status, 408);

    /* a window that never opens */
    nghttp2_submit_settings(rig.client, NGHTTP2_FLAG_NONE,
                            &(nghttp2_settings_entry){ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0 },
                            1);
    struct answer *unread = ask(&rig, "GET", "/?5000", NULL, NULL, NULL);
    talk(&rig, 16384, 16384);
    assert_true(unread->status == 200 && !unread->closed);
    pass(&rig, 100);
    talk(&rig, 16384, 16384);
    assert_true(unread->closed && unread->code == NGHTTP2_CANCEL);
    rig_close(&rig);
}

static void test_surplus(void **state UNUSED)
{
    struct rig rig;

    rig_open(&rig, LEDGER);
    h2_session_close(rig.session);
    rig.freed = false;
    rig.session = h2_session_create(&rig.home, (struct h2_peer){ .surplus = true },
                                    (struct h2_owner){ &rig, on_wake, on_freed });
    struct answer *answer = ask(&rig, "GET", "/", NULL, NULL, NULL);
    talk(&rig, 16384, 16384);
    assert_int_equal(answer->status, 503);
    assert_true(rig.goaway && h2_session_is_over(rig.session));
    rig_close(&rig);
}

/* With little memory for all, streams are refused and sessions end, and nothing is lost. */
static void test_without_memory(void **state UNUSED)
{
    size_t served = 0, refused = 0;

    for (size_t kib = 1; kib < 1000; kib += 7) {
        struct rig rig;
        struct body bodies[4] = {
            { .left = 50000 }, { .left = 50000 }, { .left = 50000 }, { .left = 50000 }
        };

        rig_open(&rig, kib * 1024);
        if (!rig.session) {
            rig.freed = true;
            rig_close(&rig);
            continue;
        }
        for (size_t i = 0; i < COUNT_OF(bodies); i++)
            ask(&rig, "POST", "/", NULL, NULL, &bodies[i]);
        talk(&rig, 16384, 16384);
        for (size_t i = 0; i < COUNT_OF(bodies); i++) {
            served += rig.answers[i].status == 200;
            refused +=
                rig.answers[i].code == NGHTTP2_REFUSED_STREAM || rig.answers[i].status == 503;
        }
        rig_close(&rig);
    }
    assert_true(served > 0 && refused > 0);
}

#ifdef CONNECTORD_FAULTS
static void test_failing_allocations(void **state UNUSED)
{
    for (uint64_t n = 0;; n++) {
        struct rig rig;
        struct body body = { .left = 50000 };

        rig_open(&rig, LEDGER);
        arena_fail_after(n);
        ask(&rig, "POST", "/", "content-length", "50000", &body);
        ask(&rig, "GET", "/?3", NULL, NULL, NULL);
        talk(&rig, 16384, 16384);
        bool fired = arena_fault_fired();
        arena_fail_after(UINT64_MAX);
        assert_true(!rig.failed);
        assert_true(rig.answers[0].status || rig.answers[0].closed);
        assert_true(rig.answers[1].status || rig.answers[1].closed);
        rig_close(&rig);
        if (!fired)
            break;
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_continue),
        cmocka_unit_test(test_one_waits_others_do_not),
        cmocka_unit_test(test_lent),
        cmocka_unit_test(test_reset_streams_count),
        cmocka_unit_test(test_reset_at_once),
        cmocka_unit_test(test_work_in_turns),
        cmocka_unit_test(test_streams_leave_half_of_the_memory),
        cmocka_unit_test(test_head_behind_the_end),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_deadlines),
        cmocka_unit_test(test_surplus),
        cmocka_unit_test(test_without_memory),
#ifdef CONNECTORD_FAULTS
        cmocka_unit_test(test_failing_allocations),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
