/* base/log.c - building lines, holding them, and letting go of them without ever waiting.
 *
 * A line is built in place (at most 4 KiB), then moved behind the lines held (16 KiB). log_flush()
 * hands these to the descriptor in pieces of whole lines, each at most PIPE_BUF bytes: a pipe and a
 * Unix socket take such a piece whole or not at all, so that loggers of several threads can share
 * one descriptor and no line is ever torn by another's.
 *
 * Never waiting is harder than it looks, because stderr is usually blocking and is not ours alone:
 * setting O_NONBLOCK on it would set it for the shell and for every other process that holds it.
 *   socket        send() has a flag for it (the journal's stderr is a socket)
 *   regular file  never waits for a reader
 *   the rest      pipes and terminals are opened a second time through /proc/self/fd, which makes a
 *                 description of our own that may be non-blocking. Where that is refused (no /proc,
 *                 somebody else's pipe) poll() is asked first. It can be wrong only when another
 *                 writer fills the pipe between poll() and write().
 *
 * What cannot be written stays held and is tried again at the next flush, the oldest first, so that
 * the beginning of a trouble is what survives it. A line that finds no room is dropped and counted;
 * the first one that is held afterwards carries the total so far as "dropped_lines". When the
 * descriptor is broken (reader gone, disk full) what is held is dropped as well.
 *
 * A member that does not fit its line is left out, and the line says "truncated":true. Values are
 * escaped so that a line is always valid JSON of well-formed UTF-8 and harmless on a terminal:
 * bytes that are not UTF-8 become U+FFFD; C0, DEL and C1 controls become \u00xx.
 *
 * Limits: a terminal may take part of a piece. The rest of that line is the first thing that this
 * logger writes later, but a line of another logger may come between.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

#define LINE_BYTES  ((size_t)PIPE_BUF)
#define TAIL_BYTES  ((size_t)64) /* of a line, kept for what log_end() adds */
#define HELD_BYTES  ((size_t)16384)
#define VALUE_BYTES ((size_t)1024) /* of one value, escaped */

static_assert(HELD_BYTES >= 2 * LINE_BYTES, "a line must fit beside one that cannot leave");

struct sink;
typedef ssize_t write_fn(const struct sink *sink, struct slice piece);

struct sink {
    int fd;
    int reopened_fd; /* the same file under a description of our own, or -1 */
    write_fn *write; /* never waits; -1 and errno, EAGAIN when it would have */
};

struct log {
    struct sink sink;
    const struct clock *clock;
    enum log_level least;
    bool building;  /* between begin and end, of a line that will be kept */
    bool begun;     /* between begin and end */
    bool truncated; /* a member was left out */
    uint64_t dropped_lines;
    uint64_t reported_dropped_lines;
    struct text line; /* in line_memory */
    size_t held_len;
    char line_memory[LINE_BYTES];
    char held[HELD_BYTES];
};

/* ---- writing without waiting ---- */

static ssize_t write_to_socket(const struct sink *sink, struct slice piece)
{
    return send(sink->fd, piece.ptr, piece.len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static ssize_t write_to_file(const struct sink *sink, struct slice piece)
{
    return write(sink->fd, piece.ptr, piece.len);
}

static ssize_t write_to_reopened(const struct sink *sink, struct slice piece)
{
    return write(sink->reopened_fd, piece.ptr, piece.len);
}

static ssize_t write_after_poll(const struct sink *sink, struct slice piece)
{
    struct pollfd ready = { .fd = sink->fd, .events = POLLOUT };
    int count = poll(&ready, 1, 0);

    if (count < 0)
        return -1;
    if (ready.revents & (POLLERR | POLLHUP | POLLNVAL)) {
        errno = EPIPE;
        return -1;
    }
    if (count == 0) {
        errno = EAGAIN;
        return -1;
    }
    return write(sink->fd, piece.ptr, piece.len);
}

static int reopen(int fd)
{
    char path[32];

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static struct sink sink_of(int fd)
{
    struct sink sink = { .fd = fd, .reopened_fd = -1, .write = write_after_poll };
    struct stat status;

    if (fstat(fd, &status) != 0) {
        sink.write = write_to_file; /* closed, which each write will say again */
    } else if (S_ISSOCK(status.st_mode)) {
        sink.write = write_to_socket;
    } else if (S_ISREG(status.st_mode)) {
        sink.write = write_to_file;
    } else {
        sink.reopened_fd = reopen(fd);
        if (sink.reopened_fd >= 0)
            sink.write = write_to_reopened;
    }
    return sink;
}

/* ---- what is held ---- */

static uint64_t count_lines(struct slice s)
{
    uint64_t lines = 0;

    for (size_t at = 0; at < s.len; at++)
        lines += s.ptr[at] == '\n';
    return lines;
}

/* The longest run of whole lines that is written at once. No line is longer than a piece. */
static struct slice next_piece(struct slice held)
{
    struct slice piece = slice_sub(held, 0, LINE_BYTES);
    const char *end = memrchr(piece.ptr, '\n', piece.len);

    assert(end);
    return slice_sub(piece, 0, (size_t)(end - piece.ptr) + 1);
}

void log_flush(struct log *log)
{
    struct slice left = { log->held, log->held_len };

    while (left.len > 0) {
        ssize_t written = log->sink.write(&log->sink, next_piece(left));
        if (written > 0) {
            left = slice_sub(left, (size_t)written, left.len);
        } else if (written == 0 || errno == EAGAIN) {
            break;
        } else if (errno != EINTR) {
            log->dropped_lines += count_lines(left);
            left.len = 0;
        }
    }
    if (left.len > 0)
        memmove(log->held, left.ptr, left.len);
    log->held_len = left.len;
}

/* ---- building a line ---- */

static void append_digits(struct text *text, int64_t value, size_t width)
{
    char *to = text_reserve(text, width);

    if (!to)
        return;
    for (size_t i = width; i-- > 0; value /= 10)
        to[i] = (char)('0' + value % 10);
    text->len += width;
}

struct date {
    int64_t year, month, day;
};

/* The date of a day counted from 0001-01-01. Years are taken to begin in March, which puts the leap
 * day at their end and makes the months a straight line of 153 days to five; 400 years have 146097
 * days. */
static struct date date_of_day(int64_t day)
{
    int64_t since_march_0 = day + 306; /* 0000-03-01 */
    int64_t era = since_march_0 / 146097;
    int64_t of_era = since_march_0 % 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * of_year + 2) / 153; /* 0 is March */

    return (struct date){
        .year = era * 400 + year_of_era + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = of_year - (153 * month + 2) / 5 + 1,
    };
}

/* RFC 3339, UTC, milliseconds: 2026-02-28T23:59:59.999Z */
static void append_timestamp(struct text *text, int64_t ticks)
{
    int64_t ms = ticks / (CLOCK_TICKS_PER_SECOND / 1000);
    struct date date = date_of_day(ms / 86400000);
    const struct {
        int64_t value;
        size_t width;
        char after;
    } parts[] = {
        { date.year, 4, '-' },         { date.month, 2, '-' },      { date.day, 2, 'T' },
        { ms / 3600000 % 24, 2, ':' }, { ms / 60000 % 60, 2, ':' }, { ms / 1000 % 60, 2, '.' },
        { ms % 1000, 3, 'Z' },
    };

    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        append_digits(text, parts[i].value, parts[i].width);
        text_append_char(text, parts[i].after);
    }
}

static bool is_control(uint8_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

struct escape {
    char memory[8];
    struct slice text;
};

static void escape_control(struct escape *escape, uint8_t c)
{
    int len = snprintf(escape->memory, sizeof escape->memory, "\\u%04x", (unsigned)c);

    escape->text = (struct slice){ escape->memory, (size_t)len };
}

/* How the first character of `rest` is spelt in a JSON string; returns how many bytes it took. */
static size_t escape_first(struct slice rest, struct escape *escape)
{
    size_t step = slice_utf8_step(rest);
    char first = rest.ptr[0];

    if (step == 0) {
        escape->text = SLICE("\xef\xbf\xbd"); /* U+FFFD */
        return 1;
    }
    escape->text = slice_sub(rest, 0, step);
    if (first == '"')
        escape->text = SLICE("\\\"");
    else if (first == '\\')
        escape->text = SLICE("\\\\");
    else if (first == '\n')
        escape->text = SLICE("\\n");
    else if (first == '\t')
        escape->text = SLICE("\\t");
    else if (step == 1 && is_control((uint8_t)first))
        escape_control(escape, (uint8_t)first);
    else if (first == '\xc2' && is_control((uint8_t)rest.ptr[1]))
        escape_control(escape, (uint8_t)rest.ptr[1]); /* U+0080 to U+009F, its own last byte */
    return step;
}

static void append_string(struct text *text, struct slice value)
{
    size_t start;

    text_append_char(text, '"');
    start = text->len;
    while (value.len > 0) {
        struct escape escape;
        size_t taken = escape_first(value, &escape);
        if (text->failed || text->len - start + escape.text.len > VALUE_BYTES)
            break;
        text_append(text, escape.text);
        value = slice_sub(value, taken, value.len);
    }
    text_append_char(text, '"');
}

/* Starts a member and remembers in *ret_mark where, for end_member() to take it back. */
static bool begin_member(struct log *log, const char *key, size_t *ret_mark)
{
    assert(log->begun);
    if (!log->building)
        return false;
    *ret_mark = log->line.len;
    text_append(&log->line, SLICE(",\""));
    text_append(&log->line, slice_of(key));
    text_append(&log->line, SLICE("\":"));
    return true;
}

static void end_member(struct log *log, size_t mark)
{
    if (!log->line.failed)
        return;
    log->line.failed = false;
    log->line.len = mark;
    log->truncated = true;
}

static const struct slice level_names[] = {
    [LOG_DEBUG] = SLICE_INIT("debug"),
    [LOG_INFO] = SLICE_INIT("info"),
    [LOG_WARNING] = SLICE_INIT("warning"),
    [LOG_ERROR] = SLICE_INIT("error"),
};

/* ---- what log.h promises ---- */

struct log *log_create(int fd, const struct clock *clock, enum log_level least)
{
    struct log *log = calloc(1, sizeof *log);

    if (!log)
        return NULL;
    log->sink = sink_of(fd);
    log->clock = clock;
    log->least = least;
    return log;
}

void log_destroy(struct log *log)
{
    if (!log)
        return;
    log_flush(log);
    if (log->sink.reopened_fd >= 0)
        close(log->sink.reopened_fd);
    free(log);
}

void log_begin(struct log *log, enum log_level level, const char *event)
{
    assert(!log->begun);
    log->begun = true;
    log->building = level >= log->least;
    if (!log->building)
        return;

    log->truncated = false;
    text_init_fixed(&log->line, log->line_memory, LINE_BYTES - TAIL_BYTES);
    text_append(&log->line, SLICE("{\"ts\":\""));
    append_timestamp(&log->line, clock_now_ticks(log->clock));
    text_append(&log->line, SLICE("\",\"level\":\""));
    text_append(&log->line, level_names[level]);
    text_append(&log->line, SLICE("\",\"event\":"));
    append_string(&log->line, slice_of(event));
}

void log_text(struct log *log, const char *key, struct slice value)
{
    size_t mark;

    if (!begin_member(log, key, &mark))
        return;
    append_string(&log->line, value);
    end_member(log, mark);
}

void log_int(struct log *log, const char *key, int64_t value)
{
    size_t mark;

    if (!begin_member(log, key, &mark))
        return;
    text_append_int(&log->line, value);
    end_member(log, mark);
}

void log_bool(struct log *log, const char *key, bool value)
{
    size_t mark;

    if (!begin_member(log, key, &mark))
        return;
    text_append(&log->line, value ? SLICE("true") : SLICE("false"));
    end_member(log, mark);
}

void log_text_array(struct log *log, const char *key, const struct slice *values, size_t count)
{
    size_t mark;

    if (!begin_member(log, key, &mark))
        return;
    text_append_char(&log->line, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            text_append_char(&log->line, ',');
        append_string(&log->line, values[i]);
    }
    text_append_char(&log->line, ']');
    end_member(log, mark);
}

/* The room that log_begin() kept back holds both marks with the longest number. */
static void append_tail(struct log *log)
{
    struct text tail;

    text_init_fixed(&tail, log->line_memory + log->line.len, LINE_BYTES - log->line.len);
    if (log->truncated)
        text_append(&tail, SLICE(",\"truncated\":true"));
    if (log->dropped_lines != log->reported_dropped_lines) {
        text_append(&tail, SLICE(",\"dropped_lines\":"));
        text_append_uint(&tail, log->dropped_lines);
        log->reported_dropped_lines = log->dropped_lines;
    }
    text_append(&tail, SLICE("}\n"));
    assert(!tail.failed);
    log->line.len += tail.len;
}

void log_end(struct log *log)
{
    assert(log->begun);
    log->begun = false;
    if (!log->building)
        return;

    size_t needed = log->line.len + TAIL_BYTES;
    if (needed > HELD_BYTES - log->held_len)
        log_flush(log);
    if (needed > HELD_BYTES - log->held_len) {
        log->dropped_lines++;
        return;
    }
    append_tail(log);
    memcpy(log->held + log->held_len, log->line_memory, log->line.len);
    log->held_len += log->line.len;
}

uint64_t log_dropped_lines(const struct log *log)
{
    return log->dropped_lines;
}
