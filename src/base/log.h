/* base/log.h - one JSON object a line on stderr, and never in anybody's way.
 *
 * A line is built in a fixed buffer and kept in the logger's own memory until log_flush(); each
 * thread has a logger of its own, so that no lock stands on the hot path. When the descriptor would
 * block the lines are dropped and counted, and the next line that goes out says how many.
 * Times are the product clock's. Secrets, tokens and bodies are never given to it.
 *
 *     log_begin(log, LOG_WARNING, "request_refused");
 *     log_text(log, "reason", SLICE("..."));
 *     log_int(log, "status", 401);
 *     log_end(log);
 *
 * Threads: a logger has one owner; the descriptor may be shared (lines are written whole, in
 * pieces of at most PIPE_BUF where it is a pipe).
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct clock;
struct log;

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

/* `fd` is not closed by log_destroy(). Lines below `least` are not built. NULL: no memory. */
struct log *log_create(int fd, const struct clock *clock, enum log_level least);
void log_destroy(struct log *log); /* flushes; NULL does nothing */

/* Every call between begin and end adds a member; keys are literals that need no escaping. */
void log_begin(struct log *log, enum log_level level, const char *event);
void log_text(struct log *log, const char *key, struct slice value); /* escaped, cut at 1 KiB */
void log_int(struct log *log, const char *key, int64_t value);
void log_bool(struct log *log, const char *key, bool value);
void log_text_array(struct log *log, const char *key, const struct slice *values, size_t count);
void log_end(struct log *log);

/* Writes what is held; called once a turn of the loop and before exit. */
void log_flush(struct log *log);

uint64_t log_dropped_lines(const struct log *log);

#endif
