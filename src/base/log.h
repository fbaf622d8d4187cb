/* base/log.h - one JSON object a line on stderr, and never in anybody's way.
 *
 * Each thread has a logger of its own, so that no lock stands on the hot path. Lines are kept in
 * the logger's memory (16 KiB) until log_flush(), and stay there while the descriptor would block.
 * One that finds no room is dropped and counted; the next that does carries the total so far as
 * "dropped_lines". Writing never waits, and the descriptor's flags are left as they are.
 * Times are the product clock's. Secrets, tokens and bodies are never given to it.
 *
 *     log_begin(log, LOG_WARNING, "request_refused");
 *     log_text(log, "reason", SLICE("..."));
 *     log_int(log, "status", 401);
 *     log_end(log);
 *
 * A line is at most 4 KiB. A member that does not fit is left out and the line says
 * "truncated":true.
 *
 * Threads: a logger has one owner; the descriptor may be shared, lines are written whole.
 * The process must ignore SIGPIPE.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct clock;
struct log;

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

/* `fd` stays open after log_destroy(), `clock` must outlive the logger. Lines below `least` are not
 * built. NULL: no memory. */
struct log *log_create(int fd, const struct clock *clock, enum log_level least);
void log_destroy(struct log *log); /* flushes; NULL does nothing */

/* Every call between begin and end adds a member; keys are literals that need no escaping. Values
 * may be any bytes: those that are not UTF-8 become U+FFFD, controls are escaped. */
void log_begin(struct log *log, enum log_level level, const char *event);
void log_text(struct log *log, const char *key, struct slice value); /* cut at 1 KiB */
void log_int(struct log *log, const char *key, int64_t value);
void log_bool(struct log *log, const char *key, bool value);
void log_text_array(struct log *log, const char *key, const struct slice *values, size_t count);
void log_end(struct log *log);

/* Writes what is held; called once a turn of the loop and before exit. */
void log_flush(struct log *log);

/* Since the logger was created, for want of room or because the descriptor failed. */
uint64_t log_dropped_lines(const struct log *log);

#endif
