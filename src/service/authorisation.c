/* service/authorisation.c - permission masks from the model's lists.
 *
 * Every name that the model mentions gets a bit (auth/permission.h); a principal carries the bits
 * of the names in its token. An operation's mask is the union of the names that would do, so the
 * check is one AND, and the refusal can name them all, as the live service's does.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "service/authorisation.h"

#include "base/text.h"

static bool add_list(struct authorisation *authorisation, const struct edm_permission_list *list,
                     uint64_t *ret_mask, struct error *err)
{
    uint64_t mask = 0;

    for (size_t i = 0; i < list->count; i++) {
        uint64_t bit = permission_table_add(&authorisation->permissions, list->names[i]);
        if (!bit)
            return error_set(err, ERROR_INTERNAL, list->names[i],
                             "the model names more than %d permissions", PERMISSIONS_MAX);
        mask |= bit;
    }
    *ret_mask = mask;
    return true;
}

static bool add_type(struct authorisation *authorisation, size_t index,
                     const struct edm_entity_type *type, struct error *err)
{
    if (type->action_count > AUTHORISATION_ACTIONS_MAX)
        return error_set(err, ERROR_INTERNAL, type->name, "a type has more than %d actions",
                         AUTHORISATION_ACTIONS_MAX);
    for (size_t i = 0; i < EDM_OPERATION_COUNT; i++) {
        uint64_t *mask = &authorisation->types[index].operations[i];
        if (!add_list(authorisation, &type->permissions[i], mask, err))
            return false;
        if (i == EDM_CREATE || i == EDM_UPDATE || i == EDM_DELETE)
            authorisation->read_write |= *mask;
    }
    for (size_t i = 0; i < type->action_count; i++)
        if (!add_list(authorisation, &type->actions[i].permissions,
                      &authorisation->types[index].actions[i], err))
            return false;
    return true;
}

bool authorisation_init(struct authorisation *authorisation, const struct edm_model *model,
                        struct error *err)
{
    const struct edm_singleton *singleton = model->singleton;

    *authorisation = (struct authorisation){ .model = model };
    if (singleton->type_count > AUTHORISATION_TYPES_MAX)
        return error_set(err, ERROR_INTERNAL, singleton->name, "the model has more than %d types",
                         AUTHORISATION_TYPES_MAX);
    if (!add_list(authorisation, &singleton->read_permissions, &authorisation->singleton, err))
        return false;
    for (size_t i = 0; i < singleton->type_count; i++)
        if (!add_type(authorisation, i, singleton->types[i], err))
            return false;
    return true;
}

static size_t type_index(const struct edm_model *model, const struct edm_entity_type *type)
{
    const struct edm_singleton *singleton = model->singleton;
    size_t index = 0;

    while (index < singleton->type_count && singleton->types[index] != type)
        index++;
    return index;
}

static COLD bool refuse(const struct edm_permission_list *list, struct error *err)
{
    char memory[sizeof err->message];
    struct text names;

    text_init_fixed(&names, memory, sizeof memory);
    for (size_t i = 0; i < list->count; i++)
        text_printf(&names, "%s%.*s", i ? ", " : "", SLICE_ARG(list->names[i]));
    return error_set(err, ERROR_FORBIDDEN, SLICE_EMPTY,
                     "Application is not authorized to perform this operation. Application must "
                     "have one of the following scopes: %.*s",
                     SLICE_ARG(text_slice(&names)));
}

bool authorise_singleton(const struct authorisation *authorisation, const struct principal *who,
                         struct error *err)
{
    if (who->permissions & authorisation->singleton)
        return true;
    return refuse(&authorisation->model->singleton->read_permissions, err);
}

size_t authorisation_read_write_names(const struct authorisation *authorisation,
                                      struct slice ret_names[PERMISSIONS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < authorisation->permissions.count; i++)
        if (authorisation->read_write >> i & 1)
            ret_names[count++] = authorisation->permissions.names[i];
    return count;
}

bool authorise_operation(const struct authorisation *authorisation, const struct principal *who,
                         const struct edm_entity_type *type, enum edm_operation operation,
                         struct error *err)
{
    size_t index = type_index(authorisation->model, type);

    if (index < authorisation->model->singleton->type_count &&
        who->permissions & authorisation->types[index].operations[operation])
        return true;
    return refuse(&type->permissions[operation], err);
}

bool authorise_action(const struct authorisation *authorisation, const struct principal *who,
                      const struct edm_entity_type *type, const struct edm_action *action,
                      struct error *err)
{
    size_t index = type_index(authorisation->model, type);

    if (index < authorisation->model->singleton->type_count &&
        who->permissions & authorisation->types[index].actions[action - type->actions])
        return true;
    return refuse(&action->permissions, err);
}
