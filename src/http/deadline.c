/* http/deadline.c - a list for each kind of deadline, and one timer over all of them.
 *
 * The timer is set to the earliest front of any list when it fires, and set earlier when a list
 * that was empty gets an entry. It is not set later when a front goes away: on a busy connection
 * that would be an operation for every request, where firing in vain is one in two minutes.
 *
 * A wheel would do as well; but wheels are for durations that differ, and ours do not.
 */
#include "http/deadline.h"

static void on_timer(uv_timer_t *timer);

static void arm(struct deadlines *deadlines, uint64_t due_ms)
{
    uint64_t now_ms = uv_now(deadlines->timer.loop);

    deadlines->armed_ms = due_ms;
    uv_timer_start(&deadlines->timer, on_timer, due_ms > now_ms ? due_ms - now_ms : 0, 0);
}

static void unlink_deadline(struct deadlines *deadlines, struct deadline *deadline)
{
    struct deadline **from_front =
        deadline->prev ? &deadline->prev->next : &deadlines->lists[deadline->kind].first;
    struct deadline **from_back =
        deadline->next ? &deadline->next->prev : &deadlines->lists[deadline->kind].last;

    *from_front = deadline->next;
    *from_back = deadline->prev;
    deadline->kind = DEADLINE_NONE;
}

static void append(struct deadlines *deadlines, struct deadline *deadline)
{
    struct deadline *last = deadlines->lists[deadline->kind].last;

    deadline->next = NULL;
    deadline->prev = last;
    deadlines->lists[deadline->kind].last = deadline;
    if (last)
        last->next = deadline;
    else
        deadlines->lists[deadline->kind].first = deadline;
}

void deadline_set(struct deadlines *deadlines, struct deadline *deadline, enum deadline_kind kind)
{
    if (deadline->kind != DEADLINE_NONE)
        unlink_deadline(deadlines, deadline);
    if (kind == DEADLINE_NONE)
        return;
    deadline->kind = kind;
    deadline->due_ms = uv_now(deadlines->timer.loop) + deadlines->lists[kind].after_ms;
    append(deadlines, deadline);
    if (deadline->due_ms < deadlines->armed_ms)
        arm(deadlines, deadline->due_ms);
}

static void on_timer(uv_timer_t *timer)
{
    struct deadlines *deadlines = timer->data;
    uint64_t now_ms = uv_now(timer->loop);
    uint64_t earliest_ms = UINT64_MAX;

    deadlines->armed_ms = UINT64_MAX;
    for (int kind = DEADLINE_NONE + 1; kind < DEADLINE_KINDS; kind++) {
        struct deadline *first;
        while ((first = deadlines->lists[kind].first) != NULL && first->due_ms <= now_ms) {
            unlink_deadline(deadlines, first);
            deadlines->expired(first, (enum deadline_kind)kind);
        }
    }
    /* In a second round: what has expired may have set others, of any kind. */
    for (int kind = DEADLINE_NONE + 1; kind < DEADLINE_KINDS; kind++) {
        const struct deadline *first = deadlines->lists[kind].first;
        if (first && first->due_ms < earliest_ms)
            earliest_ms = first->due_ms;
    }
    if (earliest_ms != UINT64_MAX)
        arm(deadlines, earliest_ms);
}

void deadlines_init(struct deadlines *deadlines, uv_loop_t *loop,
                    const uint64_t after_ms[DEADLINE_KINDS],
                    void (*expired)(struct deadline *, enum deadline_kind))
{
    *deadlines = (struct deadlines){ .armed_ms = UINT64_MAX, .expired = expired };
    for (int kind = 0; kind < DEADLINE_KINDS; kind++) /* none is 0: expiring would never end */
        deadlines->lists[kind].after_ms = after_ms[kind] ? after_ms[kind] : 1;
    uv_timer_init(loop, &deadlines->timer);
    deadlines->timer.data = deadlines;
}
