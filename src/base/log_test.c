/* base/log_test.c - what a line looks like, and that nothing a reader does can hold a logger up.
 *
 * The loggers under test write to pipes, sockets, terminals and files that the test owns. A logger
 * that waits would hang the test, so an alarm ends it.
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/test.h"

#define S(lit) SLICE_INIT(lit)

/* Where a logger writes to, and where the test reads it. */
struct wire {
    int to, from;
};

static struct wire open_pipe(void)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    return (struct wire){ .to = ends[1], .from = ends[0] };
}

static struct wire open_socket(void)
{
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    return (struct wire){ .to = ends[1], .from = ends[0] };
}

static struct wire open_terminal(void)
{
    struct termios raw;
    char name[64];
    int master = posix_openpt(O_RDWR | O_NOCTTY);

    assert_int_equal(grantpt(master) | unlockpt(master), 0);
    assert_int_equal(ptsname_r(master, name, sizeof name), 0);
    int slave = open(name, O_RDWR | O_NOCTTY);
    assert_int_equal(tcgetattr(slave, &raw), 0);
    cfmakeraw(&raw);
    assert_int_equal(tcsetattr(slave, TCSANOW, &raw), 0);
    return (struct wire){ .to = slave, .from = master };
}

static void close_wire(struct wire wire)
{
    close(wire.to);
    close(wire.from);
}

/* Reads what is there, and what comes within 20 ms of it, behind the `len` bytes in `buffer`. */
static size_t drain(int from, char *buffer, size_t len, size_t capacity)
{
    struct pollfd ready = { .fd = from, .events = POLLIN };

    while (len < capacity && poll(&ready, 1, 20) > 0) {
        ssize_t got = read(from, buffer + len, capacity - len);
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    return len;
}

/* Everything that `log` wrote, the logger being done with. */
static struct slice finish(struct log *log, struct wire wire, char *buffer, size_t capacity)
{
    log_destroy(log);
    size_t len = drain(wire.from, buffer, 0, capacity);
    close_wire(wire);
    return (struct slice){ buffer, len };
}

/* ---- lines ---- */

static const struct {
    int64_t ticks;
    const char *want;
} time_cases[] = {
    { 0, "0001-01-01T00:00:00.000Z" },
    { CLOCK_UNIX_EPOCH_TICKS, "1970-01-01T00:00:00.000Z" },
    { CLOCK_UNIX_EPOCH_TICKS - 1, "1969-12-31T23:59:59.999Z" },
    { CLOCK_UNIX_EPOCH_TICKS + INT64_C(951782399) * 10000000 + 9999999,
      "2000-02-28T23:59:59.999Z" },
    { CLOCK_UNIX_EPOCH_TICKS + INT64_C(951782400) * 10000000, "2000-02-29T00:00:00.000Z" },
    { CLOCK_UNIX_EPOCH_TICKS + INT64_C(951868800) * 10000000, "2000-03-01T00:00:00.000Z" },
    { CLOCK_UNIX_EPOCH_TICKS + INT64_C(4107542399) * 10000000, "2100-02-28T23:59:59.000Z" },
    { CLOCK_UNIX_EPOCH_TICKS + INT64_C(4107542400) * 10000000, "2100-03-01T00:00:00.000Z" },
    { CLOCK_UNIX_EPOCH_TICKS + INT64_C(1767225599) * 10000000, "2025-12-31T23:59:59.000Z" },
    { INT64_C(3155378975999999999), "9999-12-31T23:59:59.999Z" },
};

static void test_log_time(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(time_cases); i++) {
        struct clock *clock = clock_create();
        struct wire wire = open_pipe();
        char buffer[256];

        clock_freeze_at(clock, time_cases[i].ticks);
        struct log *log = log_create(wire.to, clock, LOG_DEBUG);
        log_begin(log, LOG_INFO, "tick");
        log_end(log);
        struct slice line = finish(log, wire, buffer, sizeof buffer);
        CHECK(slice_starts_with(line, SLICE("{\"ts\":\"")), i);
        CHECK(slice_eq(slice_sub(line, 7, 24), slice_of(time_cases[i].want)), i);
        CHECK(
            slice_eq(slice_sub(line, 31, 99), SLICE("\",\"level\":\"info\",\"event\":\"tick\"}\n")),
            i);
        clock_destroy(clock);
    }
}

static const struct {
    struct slice value, want;
} escape_cases[] = {
    { S(""), S("") },
    { { NULL, 0 }, S("") },
    { S("plain"), S("plain") },
    { S("\"\\/"), S("\\\"\\\\/") },
    { S("a\nb\tc\r"), S("a\\nb\\tc\\u000d") },
    { S("\0\x1f\x7f"), S("\\u0000\\u001f\\u007f") },
    { S("\x1b[2J"), S("\\u001b[2J") },                /* clears a terminal */
    { S("\xc2\x9b\x32J"), S("\\u009b2J") },           /* so does this one */
    { S("\xc2\xa0\xc3\xa4"), S("\xc2\xa0\xc3\xa4") }, /* what follows the C1 controls stays */
    { S("\xff\xc3"), S("\xef\xbf\xbd\xef\xbf\xbd") }, /* not UTF-8 */
    { S("\xc3\"x"), S("\xef\xbf\xbd\\\"x") },         /* half a character swallows no quote */
    { S("\xf0\x9f\x98\x80"), S("\xf0\x9f\x98\x80") },
};

static void test_log_escapes(void **state UNUSED)
{
    struct clock *clock = clock_create();

    for (size_t i = 0; i < COUNT_OF(escape_cases); i++) {
        struct slice want = escape_cases[i].want;
        struct wire wire = open_pipe();
        char buffer[512];

        struct log *log = log_create(wire.to, clock, LOG_DEBUG);
        log_begin(log, LOG_INFO, "e");
        log_text(log, "v", escape_cases[i].value);
        log_text_array(log, "a", &escape_cases[i].value, 1);
        log_end(log);
        struct slice line = finish(log, wire, buffer, sizeof buffer);

        struct slice text_member = slice_sub(
            line,
            sizeof "{\"ts\":\"" - 1 + 24 + sizeof "\",\"level\":\"info\",\"event\":\"e\"," - 1,
            line.len);
        CHECK(slice_starts_with(text_member, SLICE("\"v\":\"")), i);
        CHECK(slice_eq(slice_sub(text_member, 5, want.len), want), i);
        CHECK(slice_starts_with(slice_sub(text_member, 5 + want.len, line.len),
                                SLICE("\",\"a\":[\"")),
              i);
        CHECK(slice_ends_with(line, SLICE("\"]}\n")), i);
        CHECK(slice_ends_with(slice_sub(line, 0, line.len - 4), want), i);
    }
    clock_destroy(clock);
}

static void test_log_members_and_levels(void **state UNUSED)
{
    static const struct slice urls[] = { S("http://a"), S("http://b") };
    struct clock *clock = clock_create();
    struct wire wire = open_pipe();
    char buffer[2048];

    clock_freeze_at(clock, CLOCK_UNIX_EPOCH_TICKS);
    struct log *log = log_create(wire.to, clock, LOG_INFO);
    log_begin(log, LOG_DEBUG, "unseen");
    log_int(log, "n", 1);
    log_end(log);
    log_begin(log, LOG_WARNING, "ready");
    log_int(log, "least", INT64_MIN);
    log_bool(log, "yes", true);
    log_bool(log, "no", false);
    log_text_array(log, "urls", urls, COUNT_OF(urls));
    log_text_array(log, "none", NULL, 0);
    log_end(log);
    log_begin(log, LOG_ERROR, "end");
    log_end(log);
    assert_true(slice_eq(finish(log, wire, buffer, sizeof buffer),
                         SLICE("{\"ts\":\"1970-01-01T00:00:00.000Z\",\"level\":\"warning\","
                               "\"event\":\"ready\",\"least\":-9223372036854775808,\"yes\":true,"
                               "\"no\":false,\"urls\":[\"http://a\",\"http://b\"],\"none\":[]}\n"
                               "{\"ts\":\"1970-01-01T00:00:00.000Z\",\"level\":\"error\","
                               "\"event\":\"end\"}\n")));
    log_destroy(NULL);
    clock_destroy(clock);
}

/* One long value is cut; many of them leave the last ones out; both leave valid JSON behind. */
static void test_log_long_values(void **state UNUSED)
{
    static char value[3000];
    struct clock *clock = clock_create();

    for (size_t shift = 0; shift < 3; shift++) {
        struct wire wire = open_pipe();
        char buffer[8192];
        memset(value, 'x', sizeof value);
        for (size_t at = shift; at + 3 <= sizeof value; at += 3)
            memcpy(value + at, "\xe2\x82\xac", 3);

        struct log *log = log_create(wire.to, clock, LOG_DEBUG);
        for (size_t values = 1; values <= 5; values += 4) {
            log_begin(log, LOG_INFO, "long");
            for (size_t i = 0; i < values; i++)
                log_text(log, "v", (struct slice){ value, sizeof value });
            log_int(log, "last", 1);
            log_end(log);
        }
        struct slice all = finish(log, wire, buffer, sizeof buffer), first, second;

        CHECK(slice_cut(all, '\n', &first, &second), shift);
        CHECK(slice_is_utf8(all), shift);
        CHECK(first.len > 1024 && first.len < 1024 + 100, shift);
        CHECK(slice_ends_with(first, SLICE("\",\"last\":1}")), shift);
        CHECK(second.len > 3 * 1020 && second.len <= 4096, shift);
        CHECK(slice_ends_with(second, SLICE("\",\"last\":1,\"truncated\":true}\n")), shift);
    }
    clock_destroy(clock);
}

/* ---- readers that do not read ---- */

enum { LINES = 20000 };

static char everything[8u << 20];

static size_t count_lines(struct slice s)
{
    size_t lines = 0;
    struct slice line;

    while (slice_cut(s, '\n', &line, &s)) {
        bool whole = slice_starts_with(line, SLICE("{\"ts\":\"")) &&
                     slice_ends_with(line, SLICE("}")) &&
                     slice_index(slice_sub(line, 1, line.len), '{') == line.len - 1;
        CHECK(whole, lines);
        lines++;
    }
    CHECK(s.len == 0, lines); /* nothing after the last line end */
    return lines;
}

static const struct {
    struct wire (*open)(void);
    bool may_reopen; /* false: as where /proc is missing */
} stalled_cases[] = {
    { open_pipe, true },
    { open_pipe, false },
    { open_socket, true },
    { open_terminal, true },
};

/* With no descriptor to spare the pipe cannot be opened again. */
static struct log *create_log(const struct wire *wire, const struct clock *clock, bool may_reopen)
{
    struct rlimit usual, none;

    getrlimit(RLIMIT_NOFILE, &usual);
    none = (struct rlimit){ .rlim_cur = 0, .rlim_max = usual.rlim_max };
    if (!may_reopen)
        setrlimit(RLIMIT_NOFILE, &none);
    struct log *log = log_create(wire->to, clock, LOG_DEBUG);
    setrlimit(RLIMIT_NOFILE, &usual);
    return log;
}

static void write_lines(struct log *log, size_t count)
{
    char filler[500];

    memset(filler, 'f', sizeof filler);
    for (size_t i = 0; i < count; i++) {
        log_begin(log, LOG_INFO, "line");
        log_text(log, "filler", (struct slice){ filler, i * 37 % sizeof filler });
        log_end(log);
        if (i % 7 == 0)
            log_flush(log);
    }
}

/* Reads on into `everything` until it holds `lines` of them: a terminal takes its time. When one
 * was lost, the alarm ends the wait. */
static size_t read_lines(struct log *log, int from, size_t len, uint64_t lines)
{
    uint64_t seen;

    do {
        log_flush(log);
        len = drain(from, everything, len, sizeof everything);
        seen = 0;
        for (size_t at = 0; at < len; at++)
            seen += everything[at] == '\n';
    } while (seen < lines);
    return len;
}

static void test_log_never_waits(void **state UNUSED)
{
    struct clock *clock = clock_create();

    for (size_t i = 0; i < COUNT_OF(stalled_cases); i++) {
        struct wire wire = stalled_cases[i].open();
        int flags = fcntl(wire.to, F_GETFL);
        struct log *log = create_log(&wire, clock, stalled_cases[i].may_reopen);

        write_lines(log, LINES);
        uint64_t dropped = log_dropped_lines(log);
        CHECK(dropped > 0, i);
        CHECK(fcntl(wire.to, F_GETFL) == flags && !(flags & O_NONBLOCK), i);

        /* The reader wakes up: the lines held come first, the next one names the loss. */
        size_t len = read_lines(log, wire.from, 0, LINES - dropped);
        write_lines(log, 1);
        len = read_lines(log, wire.from, len, LINES - dropped + 1);
        log_destroy(log);
        struct slice all = { everything, len };

        char mark[64];
        snprintf(mark, sizeof mark, ",\"dropped_lines\":%llu}\n", (unsigned long long)dropped);
        CHECK(slice_ends_with(all, slice_of(mark)), i);
        CHECK(count_lines(all) + dropped == LINES + 1, i);
        close_wire(wire);
    }
    clock_destroy(clock);
}

static void test_log_reader_is_gone(void **state UNUSED)
{
    struct clock *clock = clock_create();

    for (size_t i = 0; i < COUNT_OF(stalled_cases); i++) {
        struct wire wire = stalled_cases[i].open();
        struct log *log = create_log(&wire, clock, stalled_cases[i].may_reopen);
        close(wire.from);
        write_lines(log, 100);
        log_flush(log);
        CHECK(log_dropped_lines(log) == 100, i);
        log_destroy(log);
        close(wire.to);
    }
    struct log *log = log_create(-1, clock, LOG_DEBUG);
    write_lines(log, 10);
    log_flush(log);
    assert_int_equal(log_dropped_lines(log), 10);
    log_destroy(log);
    clock_destroy(clock);
}

static void test_log_to_a_file(void **state UNUSED)
{
    struct clock *clock = clock_create();
    FILE *file = tmpfile();

    assert_non_null(file);
    struct log *log = log_create(fileno(file), clock, LOG_DEBUG);
    write_lines(log, 1000);
    log_destroy(log);
    rewind(file);
    size_t len = fread(everything, 1, sizeof everything, file);
    assert_int_equal(count_lines((struct slice){ everything, len }), 1000);
    fclose(file);
    clock_destroy(clock);
}

/* ---- several loggers on one descriptor ---- */

enum { WRITERS = 4, LINES_EACH = 3000 };

struct writer {
    pthread_t thread;
    int fd;
    const struct clock *clock;
    atomic_bool done;
    uint64_t dropped;
};

static void *run_writer(void *arg)
{
    struct writer *writer = arg;
    struct log *log = log_create(writer->fd, writer->clock, LOG_DEBUG);

    write_lines(log, LINES_EACH);
    for (size_t tries = 0; tries < 200; tries++) { /* the reader is slower than we are */
        log_flush(log);
        poll(NULL, 0, 1);
    }
    writer->dropped = log_dropped_lines(log);
    log_destroy(log);
    atomic_store(&writer->done, true);
    return NULL;
}

static void test_log_shares_a_descriptor(void **state UNUSED)
{
    struct clock *clock = clock_create();

    for (size_t i = 0; i < 3; i += 2) { /* a pipe and a socket */
        struct writer writers[WRITERS];
        struct wire wire = stalled_cases[i].open();
        uint64_t dropped = 0;

        for (size_t j = 0; j < WRITERS; j++) {
            writers[j] = (struct writer){ .fd = wire.to, .clock = clock };
            assert_int_equal(pthread_create(&writers[j].thread, NULL, run_writer, &writers[j]), 0);
        }
        clock_freeze_at(clock, 0); /* while they read it */
        clock_reset(clock);
        size_t len = 0;
        for (size_t j = 0; j < WRITERS; j++) {
            while (!atomic_load(&writers[j].done))
                len = drain(wire.from, everything, len, sizeof everything);
            pthread_join(writers[j].thread, NULL);
            dropped += writers[j].dropped;
        }
        len = drain(wire.from, everything, len, sizeof everything);
        CHECK(count_lines((struct slice){ everything, len }) + dropped == WRITERS * LINES_EACH, i);
        close_wire(wire);
    }
    clock_destroy(clock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_time),
        cmocka_unit_test(test_log_escapes),
        cmocka_unit_test(test_log_members_and_levels),
        cmocka_unit_test(test_log_long_values),
        cmocka_unit_test(test_log_never_waits),
        cmocka_unit_test(test_log_reader_is_gone),
        cmocka_unit_test(test_log_to_a_file),
        cmocka_unit_test(test_log_shares_a_descriptor),
    };
    signal(SIGPIPE, SIG_IGN);
    alarm(50);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
