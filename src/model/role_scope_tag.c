/* model/role_scope_tag.c - roleScopeTag: a label that limits which administrators see an object.
 *
 * Source: the Graph reference, Intune role-based access control, beta only; names, types and
 * nullability from the public metadata. Properties stand in the order of the reference's examples.
 *
 * Every tenant has the tag "0", called Default, which objects carry that were given no other. Its
 * description is not known. The live service numbers the tags that are made; here they get ids
 * like everything else, and a seed may choose them.
 *
 * Left out: assignments and the action about them. What is assigned is a target, one of a family
 * of derived types that name groups of a directory which is not here.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "edm/value.h"
#include "model/types.h"

static const struct edm_property properties[] = {
    { .name = SLICE_INIT("id"),
      .kind = EDM_STRING,
      .flags = EDM_KEY | EDM_READ_ONLY,
      .doc = "Key of the scope tag; given by the service." },
    { .name = SLICE_INIT("displayName"),
      .kind = EDM_STRING,
      .flags = EDM_NULLABLE,
      .doc = "Name for people to read." },
    { .name = SLICE_INIT("description"),
      .kind = EDM_STRING,
      .flags = EDM_NULLABLE,
      .doc = "What the tag is for." },
    { .name = SLICE_INIT("isBuiltIn"),
      .kind = EDM_BOOLEAN,
      .flags = EDM_READ_ONLY,
      .doc = "Whether the tag comes with the service." },
};

static const struct edm_value built_in[][COUNT_OF(properties)] = {
    { { .text = SLICE_INIT("0") },
      { .text = SLICE_INIT("Default") },
      { .is_null = true },
      { .boolean = true } },
};

static const struct slice read_names[] = {
    SLICE_INIT("DeviceManagementConfiguration.Read.All"),
    SLICE_INIT("DeviceManagementConfiguration.ReadWrite.All"),
    SLICE_INIT("DeviceManagementRBAC.Read.All"),
    SLICE_INIT("DeviceManagementRBAC.ReadWrite.All"),
};
static const struct slice write_names[] = {
    SLICE_INIT("DeviceManagementConfiguration.ReadWrite.All"),
    SLICE_INIT("DeviceManagementRBAC.ReadWrite.All"),
};

static const struct edm_property by_id_parameters[] = {
    { .name = SLICE_INIT("roleScopeTagIds"),
      .kind = EDM_STRING,
      .flags = EDM_COLLECTION | EDM_NOT_UNICODE,
      .doc = "Keys of the scope tags that are asked for; what is none is left out." },
};

static const struct edm_action actions[] = {
    { .name = SLICE_INIT("getRoleScopeTagsById"),
      .versions = EDM_VERSION_BETA,
      .of_set = EDM_SET_BY_KEYS,
      .parameters = by_id_parameters,
      .parameter_count = COUNT_OF(by_id_parameters),
      .permissions = { read_names, COUNT_OF(read_names) },
      .doc = "Asks for scope tags by their keys." },
    { .name = SLICE_INIT("hasCustomRoleScopeTag"),
      .versions = EDM_VERSION_BETA,
      .of_set = EDM_SET_HAS_MADE,
      .permissions = { read_names, COUNT_OF(read_names) },
      .doc = "Asks whether there is a scope tag that somebody made." },
};

const struct edm_entity_type model_role_scope_tag = {
    .name = SLICE_INIT("roleScopeTag"),
    .set_name = SLICE_INIT("roleScopeTags"),
    .versions = EDM_VERSION_BETA,
    .properties = properties,
    .property_count = COUNT_OF(properties),
    .built_in = built_in[0],
    .built_in_count = COUNT_OF(built_in),
    .actions = actions,
    .action_count = COUNT_OF(actions),
    .permissions = {
        [EDM_LIST] = { read_names, COUNT_OF(read_names) },
        [EDM_GET] = { read_names, COUNT_OF(read_names) },
        [EDM_CREATE] = { write_names, COUNT_OF(write_names) },
        [EDM_UPDATE] = { write_names, COUNT_OF(write_names) },
        [EDM_DELETE] = { write_names, COUNT_OF(write_names) },
    },
    .doc = "A label that limits which administrators see an object.",
    .set_doc = "The scope tags of the tenant.",
};
