/* http/batch.h - a batch, JSON or multipart: its parts as requests of their own, their answers as
 * one. Private to http/'s handlers.
 *
 * Each part is an exchange (http_exchange.part) with an arena of its own, and runs through the same
 * checks as any request from permission on; its token is that of the batch.
 */
#ifndef HTTP_BATCH_H
#define HTTP_BATCH_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "http/call.h"
#include "odata/batch_read.h"

/* POST /{version}/$batch, behind the checks of graph.c. */
void graph_start_batch(struct call *call);

/* Whether it is one of multipart/mixed, and so is its answer. */
bool batch_is_multipart(const struct call *call);

/* --- for graph_submit() ------------------------------------------------------------------------
 */

/* Dispatches the read of a part; of one batch only one is out at a time, so it may wait for its
 * turn. False: the queue is full. */
bool batch_read_in_turn(struct call *call) MUST_CHECK;
/* Holds the write of a part that is in a change set until it is run with the others. False: it is
 * in none. */
bool batch_hold_write(struct call *call) MUST_CHECK;
/* Such a read came home: the next one goes. */
void batch_read_is_home(struct call *call);

/* --- batch_part.c: what a part asks for --------------------------------------------------------
 */

/* Where it goes. */
enum batch_place {
    BATCH_PLACE_RELATIVE, /* to the version of the batch, with or without a slash before it */
    BATCH_PLACE_ABSOLUTE, /* with this version in it, and maybe this server's origin: beyond Graph
                           */
};

/* Fills `exchange` with the request that `part` of `batch` is: its request's slices live in the
 * batch's arena or in the exchange's. Errors: ERROR_BAD_REQUEST, target "url", for what is not of
 * this server and this version; the rest of the request is filled in then, too.
 * ERROR_TOO_LARGE. */
bool batch_part_request(struct call *batch, const struct batch_part *part,
                        struct http_exchange *exchange, enum batch_place *ret_place,
                        struct error *err) MUST_CHECK;

/* Whether the names and values of its fields can be those of a request. Error: ERROR_BAD_REQUEST,
 * target "headers". */
bool batch_part_check_fields(const struct batch_part *part, struct error *err) MUST_CHECK;

#endif
