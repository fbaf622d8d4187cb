/* http/control_sweep.h - what has to be done when its time comes, whoever asks or not: sandboxes
 * end, and entities that a policy removes are removed.
 *
 * One for a server, on one of its loops. It sleeps until the next sandbox ends, and looks for
 * removals, and what is too old or too much in the logs of deltas, once a minute, with or without
 * the control API. What it does is done by the dispatch's threads and logged, a line each:
 * "sandbox_ended", "entity_removed"; "sweep_failed" when it could not, and then it tries again.
 *
 * Here and not in service/, which knows no timers, although nothing of it is HTTP's.
 *
 * Threads: the loop's, but for control_sweep_note().
 */
#ifndef HTTP_CONTROL_SWEEP_H
#define HTTP_CONTROL_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"

struct api;
struct control_sweep;
struct log;
struct loop;

/* Begins with the loop's first turn. Takes model, dispatch, clock and testbeds (which may be NULL)
 * from `api`; all of them, `loop` and `log` outlive it. It does not keep the loop from ending. */
bool control_sweep_create(const struct api *api, struct loop *loop, struct log *log,
                          struct control_sweep **ret, struct error *err) MUST_CHECK;

/* A sandbox was made that ends then. Any thread, until the loop is destroyed; NULL does nothing. */
void control_sweep_note(struct control_sweep *sweep, int64_t expires_unix_ms);

/* Begins nothing any more; what is under way comes home and is dropped. Before the dispatch is
 * stopped and the loop destroyed, on the loop's thread or while it does not run; the loop then has
 * one more turn to make (loop_destroy() makes it). Once is enough; NULL does nothing. */
void control_sweep_stop(struct control_sweep *sweep);

/* After the loop and the dispatch's threads have ended. NULL does nothing. */
void control_sweep_destroy(struct control_sweep *sweep);

#endif
