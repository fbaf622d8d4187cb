/* http/deadline.h - what may last how long on the connections of one loop.
 *
 * Each kind has one fixed duration, so whoever is entered last is due last: a list for each kind,
 * new entries at its end, the earliest at its front. Setting, clearing and expiring cost the same
 * for ten connections and ten thousand, and one timer stands for all of them.
 *
 * Threads: the loop's own.
 */
#ifndef HTTP_DEADLINE_H
#define HTTP_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

enum deadline_kind {
    DEADLINE_NONE,
    DEADLINE_HEAD,
    DEADLINE_BODY,
    DEADLINE_REPLY,
    DEADLINE_IDLE,
    DEADLINE_LINGER,
    DEADLINE_STREAM_BODY, /* from here on: of one stream of HTTP/2 */
    DEADLINE_STREAM_REPLY,
    DEADLINE_STREAM_LINGER,
    DEADLINE_KINDS
};

struct deadline { /* embedded in what it is the deadline of; zeros to start with */
    struct deadline *next, *prev;
    uint64_t due_ms; /* time of the loop */
    enum deadline_kind kind;
};

struct deadlines {
    uv_timer_t timer;
    uint64_t armed_ms; /* when the timer fires; UINT64_MAX: it does not run */
    void (*expired)(struct deadline *deadline, enum deadline_kind kind);
    struct {
        struct deadline *first, *last;
        uint64_t after_ms;
    } lists[DEADLINE_KINDS];
};

/* after_ms[kind] is how long each kind lasts. `expired` is called with the deadline cleared; it may
 * set and clear any. */
void deadlines_init(struct deadlines *deadlines, uv_loop_t *loop,
                    const uint64_t after_ms[DEADLINE_KINDS],
                    void (*expired)(struct deadline *, enum deadline_kind));

/* Starts `deadline` anew as one of `kind`; DEADLINE_NONE clears it. */
void deadline_set(struct deadlines *deadlines, struct deadline *deadline, enum deadline_kind kind);

#endif
