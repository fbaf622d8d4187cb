/* odata/deltatoken.h - what the tokens of a delta say, before they are sealed.
 *
 * A $skiptoken leads on in a round, a $deltatoken to the next round. Both say the same and are
 * sealed for different purposes (auth/secret.h), so that neither is taken for the other, nor for
 * the $skiptoken of a list. Unlike that one they remember the options of the first request, as they
 * were sent: clients follow the links and repeat nothing.
 *
 * A token of another tenant or set, or another format, is refused like a forged one. Whether it is
 * too old is not asked here.
 */
#ifndef ODATA_DELTATOKEN_H
#define ODATA_DELTATOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"
#include "edm/model.h"

struct arena;

#define DELTATOKEN_FORMAT    1
#define DELTATOKEN_QUERY_MAX 2048 /* bytes of options to remember: links have to fit a head */
#define DELTATOKEN_ID_MAX    1024

struct deltatoken {
    bool follows; /* the round is of changes, not of what there is */
    bool lists;   /* of one that does not follow: it began as a list of the set */
    int64_t since, until, sequence;
    int64_t made_ticks;     /* when the round began, or ended for a $deltatoken: tenant's clock */
    uint16_t max_page_size; /* Prefer: odata.maxpagesize of the first request; 0: none was sent */
    struct slice id;        /* behind which the page starts; may be empty */
    struct slice query;     /* the options, encoded as in a URL; may be empty */
};

/* What a token is for. */
struct deltatoken_scope {
    const struct edm_entity_type *type;
    struct uuid tenant;
};

/* Error: ERROR_BAD_REQUEST when the options are longer than DELTATOKEN_QUERY_MAX, or the id than
 * DELTATOKEN_ID_MAX. */
bool deltatoken_encode(const struct deltatoken *token, const struct deltatoken_scope *scope,
                       struct arena *arena, struct slice *ret_payload,
                       struct error *err) MUST_CHECK;

/* The one refusal of every token that is not ours: ERROR_BAD_REQUEST with the option as target.
 * Returns false. */
bool deltatoken_refuse(struct slice option, struct error *err) COLD;

/* Slices are those of `payload`. False: it is not for this, or broken. */
bool deltatoken_decode(struct slice payload, const struct deltatoken_scope *scope,
                       struct deltatoken *ret) MUST_CHECK;

#endif
