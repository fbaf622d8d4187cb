/* odata/select_items.h - the options in parentheses behind a collection in $select.
 *
 * Spec: OData URL Conventions 4.01 section 5.1.3. $filter, $orderby, $top, $skip and $count, with
 * semicolons between them; an item is "$this".
 * Errors: ERROR_BAD_REQUEST, target "$select".
 * Must not know: SQL, the rest of the query.
 */
#ifndef ODATA_SELECT_ITEMS_H
#define ODATA_SELECT_ITEMS_H

#include "edm/items.h"
#include "odata/filter.h"
#include "odata/select.h"

/* `text` is what stands between the parentheses, decoded; `property` is a collection of the type's.
 * The rows of odata/beyond.h that are used are added to *beyond. */
bool odata_select_items_parse(const struct edm_model *model, const struct edm_entity_type *type,
                              size_t property, struct slice text, const struct odata_alias *aliases,
                              const struct odata_filter_rules *rules, struct arena *arena,
                              struct edm_items **ret, uint32_t *beyond,
                              struct error *err) MUST_CHECK;

/* All that `selection` has of them, into query->items in its order. Refuses them where no entities
 * are read. Under rules->refuses_beyond they are not looked at but for their row in *beyond. */
bool odata_select_items_read(const struct edm_model *model, const struct odata_path *path,
                             bool is_read, const struct odata_selection *selection,
                             const struct odata_alias *aliases,
                             const struct odata_filter_rules *rules, struct arena *arena,
                             struct edm_query *query, uint32_t *beyond,
                             struct error *err) MUST_CHECK;

#endif
