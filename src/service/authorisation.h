/* service/authorisation.h - which permissions let a caller do what, derived from the model.
 *
 * The model lists permission names per operation; here they become one mask each, so that the check
 * on a request is an AND. Permissions are checked before anything is looked up, so that a caller
 * without them learns nothing about what exists.
 *
 * Threads: constant once initialised.
 */
#ifndef SERVICE_AUTHORISATION_H
#define SERVICE_AUTHORISATION_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/permission.h"
#include "auth/principal.h"
#include "base/compiler.h"
#include "base/error.h"
#include "edm/model.h"

#define AUTHORISATION_TYPES_MAX   64
#define AUTHORISATION_ACTIONS_MAX 8

struct authorisation {
    const struct edm_model *model;
    struct permission_table permissions;
    uint64_t read_write; /* what a caller gets who may do everything */
    uint64_t singleton;
    struct {
        uint64_t operations[EDM_OPERATION_COUNT];
        uint64_t actions[AUTHORISATION_ACTIONS_MAX];
    } types[AUTHORISATION_TYPES_MAX];
};

/* Error: ERROR_INTERNAL when the model has more names, types or actions than there is room for. */
bool authorisation_init(struct authorisation *authorisation, const struct edm_model *model,
                        struct error *err) MUST_CHECK;

/* The names of `read_write`, for a token that may do everything; how many there are. */
size_t authorisation_read_write_names(const struct authorisation *authorisation,
                                      struct slice ret_names[PERMISSIONS_MAX]);

/* Each fails with ERROR_FORBIDDEN naming the permissions that would do. */
bool authorise_singleton(const struct authorisation *authorisation, const struct principal *who,
                         struct error *err) MUST_CHECK;
bool authorise_operation(const struct authorisation *authorisation, const struct principal *who,
                         const struct edm_entity_type *type, enum edm_operation operation,
                         struct error *err) MUST_CHECK;
bool authorise_action(const struct authorisation *authorisation, const struct principal *who,
                      const struct edm_entity_type *type, const struct edm_action *action,
                      struct error *err) MUST_CHECK;

#endif
