/* http/connection_home.c - the date, the log line and the count that connections have in common. */
#include "http/connection_home.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"

#define LOG_AGAIN_MS  1000
#define LOG_MEMORY_MS 10000

const char *connection_home_date_line(struct connection_home *home)
{
    uint64_t now_ms = uv_now(home->uv);

    if (home->handler->date) {
        http_date_line(clock_now_unix_s(home->handler->date), home->date_line);
    } else if (now_ms >= home->date_until_ms) {
        uint64_t unix_ms = clock_machine_unix_ms();
        http_date_line((int64_t)(unix_ms / 1000), home->date_line);
        home->date_until_ms = now_ms + 1000 - unix_ms % 1000;
    }
    return home->date_line;
}

void connection_home_log_handshake(struct connection_home *home, struct slice reason)
{
    if (!home->log || reason.len == 0 || uv_now(home->uv) < home->log_again_ms)
        return;
    home->log_again_ms = uv_now(home->uv) + LOG_AGAIN_MS;
    log_begin(home->log, LOG_INFO, "tls_handshake_failed");
    log_text(home->log, "reason", reason);
    log_end(home->log);
}

void connection_home_log_memory(struct connection_home *home)
{
    const struct arena_ledger *memory = home->limits->memory;

    if (!home->log || uv_now(home->uv) < home->log_memory_ms)
        return;
    home->log_memory_ms = uv_now(home->uv) + LOG_MEMORY_MS;
    log_begin(home->log, LOG_WARNING, "memory_short");
    if (memory) {
        log_int(home->log, "taken_bytes", (int64_t)arena_ledger_taken_bytes(memory));
        log_int(home->log, "limit_bytes", (int64_t)memory->limit_bytes);
    }
    log_end(home->log);
}

bool connection_home_is_empty(const struct connection_home *home)
{
    return atomic_load_explicit(&home->count, memory_order_relaxed) == 0 &&
           atomic_load_explicit(&home->coming, memory_order_relaxed) == 0 && home->ghosts == 0;
}
