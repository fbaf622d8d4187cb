/* store/checkpoint.c - store_maintain(): when the log is put in its place, and how hard.
 *
 * SQLite would do it in the middle of somebody's commit and pass over a failed sync; here the
 * writer does it between groups and a failed sync fails the store.
 *
 *   from 4 MiB on     passive: copies what no reader needs any more and waits for nobody. When all
 *                     was copied and no reader is in the log, the next commit starts it anew.
 *   past 64 MiB       readers have kept it from starting anew. They are asked to let go (a loop
 *                     does so at the end of its turn) and the writer waits a quarter of a second at
 *                     most for a restart. If that was not enough it goes on, and tries again 4 MiB
 *                     later.
 *
 * After an attempt the next one is due another 4 MiB later, so that a reader which stays for an
 * hour costs a checkpoint each 4 MiB and not one each commit; a log that began anew is due at 4
 * MiB. A full disk is not noted: the log keeps what could not be moved, and commits will tell.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>

#include "store/session.h"

#define STEP_BYTES    (UINT64_C(4) << 20)
#define RESTART_BYTES (UINT64_C(64) << 20)

static enum db_status checkpoint(struct store_session *session, uint64_t log_bytes)
{
    const struct db_driver *driver = session->db->driver;
    enum db_status status;

    if (log_bytes < RESTART_BYTES)
        return driver->checkpoint(session->db, DB_CHECKPOINT_PASSIVE);
    atomic_store(&session->store->readers_pause, true);
    status = driver->checkpoint(session->db, DB_CHECKPOINT_RESTART);
    atomic_store(&session->store->readers_pause, false);
    return status;
}

void store_maintain(struct store_session *session)
{
    uint64_t log_bytes = session->db->driver->log_bytes(session->db);

    assert(session->state == SESSION_IDLE);
    if (log_bytes < session->log_bytes) /* it began anew */
        session->checkpointed_at = 0;
    session->log_bytes = log_bytes;
    if (log_bytes < session->checkpointed_at + STEP_BYTES || store_has_failed(session->store))
        return;
    if (checkpoint(session, log_bytes) == DB_SYNC)
        atomic_store(&session->store->failed, true);
    session->checkpointed_at = log_bytes;
}
