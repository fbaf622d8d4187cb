/* model/graph_model.c - puts the entity types under the singleton deviceManagement.
 *
 * types.def is the one list: it declares the types (model/types.h), collects them here, and names
 * the files that the build compiles, so that a type cannot be in one of these and not in the
 * others.
 *
 * The singleton is read-only and shows what live tenants were seen to show, which is less than its
 * reference page lists: its id, null settings, and the account, for which the tenant stands in. In
 * beta it has the status of the connectors besides, for who asks for it by name.
 *
 * Reading the singleton is open to whoever may read anything of device management, so its
 * permissions are those of all its parts and not only of the ones served here.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "model/graph_model.h"

#include "model/connector_status.h"
#include "model/embedded_demo_seed.h"
#include "model/types.h"

static const struct edm_entity_type *const types[] = {
#define MODEL_TYPE(name) &model_##name,
#include "model/types.def"
#undef MODEL_TYPE
};

static const struct edm_singleton_property properties[] = {
    { .name = SLICE_INIT("id"), .value = EDM_SINGLETON_NAME },
    { .name = SLICE_INIT("settings"), .value = EDM_SINGLETON_NULL },
    { .name = SLICE_INIT("intuneAccountId"), .value = EDM_SINGLETON_TENANT },
    { .name = SLICE_INIT("connectorStatus"),
      .value = EDM_SINGLETON_AGEING,
      .versions = EDM_VERSION_BETA,
      .ageing = &model_connector_status,
      .doc = "How the tenant's connectors are doing, by the age of their last sign of life." },
};

static const struct slice read_names[] = {
    SLICE_INIT("DeviceManagementApps.Read.All"),
    SLICE_INIT("DeviceManagementApps.ReadWrite.All"),
    SLICE_INIT("DeviceManagementConfiguration.Read.All"),
    SLICE_INIT("DeviceManagementConfiguration.ReadWrite.All"),
    SLICE_INIT("DeviceManagementManagedDevices.Read.All"),
    SLICE_INIT("DeviceManagementManagedDevices.ReadWrite.All"),
    SLICE_INIT("DeviceManagementRBAC.Read.All"),
    SLICE_INIT("DeviceManagementRBAC.ReadWrite.All"),
    SLICE_INIT("DeviceManagementServiceConfig.Read.All"),
    SLICE_INIT("DeviceManagementServiceConfig.ReadWrite.All"),
};

static const struct edm_singleton device_management = {
    .name = SLICE_INIT("deviceManagement"),
    .versions = EDM_VERSIONS_ALL,
    .properties = properties,
    .property_count = COUNT_OF(properties),
    .read_permissions = { read_names, COUNT_OF(read_names) },
    /* Captured for managed devices, microsoft-graph-explorer-v4 #3157. */
    .back_end = { SLICE_INIT("https://fef.msub01.manage.microsoft.com/DeviceFE/"
                             "StatelessDeviceFEService"),
                  SLICE_INIT("2023-10-19") },
    .types = types,
    .type_count = COUNT_OF(types),
    .doc = "Where the tenant's device management begins.",
};

const struct edm_model graph_model = {
    .namespace_name = SLICE_INIT("microsoft.graph"),
    .alias = SLICE_INIT("graph"),
    .error_namespace = SLICE_INIT("microsoft.management.services.api"),
    .singleton = &device_management,
};

struct slice graph_model_demo_seed(void)
{
    return embedded_demo_seed;
}
