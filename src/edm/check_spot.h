/* edm/check_spot.h - what the files of edm_check() share. Private to edm/check*.c. */
#ifndef EDM_CHECK_SPOT_H
#define EDM_CHECK_SPOT_H

#include "base/compiler.h"
#include "base/error.h"
#include "edm/model.h"

/* Where we are in the model, for messages: "owner.part", each as far as it is known. */
struct spot {
    const struct edm_model *model;
    struct slice owner;
    struct slice part;
    struct error *err;
};

/* --- check_spot.c ----------------------------------------------------------------------------- */

/* The model is wrong there; returns false. */
bool wrong(const struct spot *spot, const char *what) COLD;

/* --- check.c --------------------------------------------------------------------------------- */

bool check_is_name(struct slice name);
bool check_has_doc(const char *doc);

/* --- check_properties.c ---------------------------------------------------------------------- */

/* What properties and parameters have in common; spot->part is its name. */
bool check_typed(const struct spot *spot, const struct edm_property *property);
bool check_properties(struct spot spot, const struct edm_entity_type *type);
/* Whether none before it has the name of properties[at]. */
bool check_name_is_new(const struct edm_property *properties, size_t at);

/* --- check_names.c --------------------------------------------------------------------------- */

/* Of the type, and of what it uses. */
bool check_schema_names(struct spot spot, const struct edm_entity_type *type);

/* --- check_shapes.c -------------------------------------------------------------------------- */

bool check_complex(struct spot spot, const struct edm_complex *complex);
/* An action that answers; and one that does not. */
bool check_answer(const struct spot *spot, const struct edm_action *action);
bool check_view(struct spot spot, const struct edm_entity_type *type);
bool check_built_in(struct spot spot, const struct edm_entity_type *type);
/* spot->part is the property's name. */
bool check_worked_out(struct spot spot, const struct edm_singleton_property *property);

#endif
