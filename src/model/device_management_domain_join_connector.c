/* model/device_management_domain_join_connector.c - deviceManagementDomainJoinConnector: Intune's
 * connector for Active Directory, which makes machine accounts for devices that join a domain
 * offline.
 *
 * Source: the Graph reference, Intune ODJ, beta only; names, types and nullability from the public
 * metadata. Properties stand in the order of the reference's examples.
 *
 * The only one of the three whose reference says when a state is reached: an hour without a
 * heartbeat is an error, five days are inactive. Microsoft's instructions for deploying the
 * connector add that an inactive one is removed after 30 days. They hold once a health policy is
 * on; without one the state is what was written.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "model/types.h"

static const struct edm_enum_member state_members[] = {
    { SLICE_INIT("active"), 0, "The connector sends its heartbeat." },
    { SLICE_INIT("error"), 1, "No heartbeat for an hour." },
    { SLICE_INIT("inactive"), 2, "No heartbeat for five days." },
};

static const struct edm_enum state = {
    .name = SLICE_INIT("deviceManagementDomainJoinConnectorState"),
    .members = state_members,
    .member_count = COUNT_OF(state_members),
    .doc = "How a domain join connector is doing.",
};

static const struct edm_property properties[] = {
    { .name = SLICE_INIT("id"),
      .kind = EDM_STRING,
      .flags = EDM_KEY | EDM_READ_ONLY,
      .doc = "Key of the domain join connector; given by the service." },
    { .name = SLICE_INIT("displayName"),
      .kind = EDM_STRING,
      .flags = EDM_NULLABLE,
      .queried_often = true,
      .doc = "Name for people to read; the connector itself uses its server's." },
    { .name = SLICE_INIT("lastConnectionDateTime"),
      .kind = EDM_DATE_TIME_OFFSET,
      .queried_often = true,
      .doc = "When the connector last reached the service." },
    { .name = SLICE_INIT("state"),
      .kind = EDM_ENUM,
      .enumeration = &state,
      .queried_often = true,
      .doc = "Whether the connector still sends its heartbeat." },
    { .name = SLICE_INIT("version"),
      .kind = EDM_STRING,
      .doc = "Build of the connector's software." },
};

static const struct slice read_names[] = {
    SLICE_INIT("DeviceManagementConfiguration.Read.All"),
    SLICE_INIT("DeviceManagementConfiguration.ReadWrite.All"),
};
static const struct slice write_names[] = {
    SLICE_INIT("DeviceManagementConfiguration.ReadWrite.All"),
};

static const struct edm_health_stage stages[] = {
    { SLICE_INIT("error"), 3600 },
    { SLICE_INIT("inactive"), 5 * 86400 },
};

static const struct edm_health health = {
    .contact = SLICE_INIT("lastConnectionDateTime"),
    .state = SLICE_INIT("state"),
    .healthy = SLICE_INIT("active"),
    .stages = stages,
    .stage_count = COUNT_OF(stages),
    .remove_after_s = 30 * 86400,
    .documented = true,
    .source = "Error and inactive: the Graph reference of deviceManagementDomainJoinConnectorState."
              " Removal: Microsoft's instructions for deploying the connector.",
};

/* Captured: microsoft-graph-docs-contrib #1541. */
static const struct edm_back_end back_end = {
    .address = SLICE_INIT("https://fef.msub05.manage.microsoft.com/RAODJPlus/"
                          "StatelessODJService/34893bcc-ffff-1517-1115-111816555618"),
    .api_version = SLICE_INIT("5018-08-30"),
};

const struct edm_entity_type model_device_management_domain_join_connector = {
    .name = SLICE_INIT("deviceManagementDomainJoinConnector"),
    .set_name = SLICE_INIT("domainJoinConnectors"),
    .versions = EDM_VERSION_BETA,
    .properties = properties,
    .property_count = COUNT_OF(properties),
    .permissions = {
        [EDM_LIST] = { read_names, COUNT_OF(read_names) },
        [EDM_GET] = { read_names, COUNT_OF(read_names) },
        [EDM_CREATE] = { write_names, COUNT_OF(write_names) },
        [EDM_UPDATE] = { write_names, COUNT_OF(write_names) },
        [EDM_DELETE] = { write_names, COUNT_OF(write_names) },
    },
    /* The page documents it; the service has answered 403 for years, whatever the state
     * (microsoft-graph-docs-contrib #1541 and #8508, msgraph-sdk-powershell #3685). */
    .beyond_graph = 1u << EDM_DELETE,
    .health = &health,
    .back_end = &back_end,
    .doc = "A connector that creates and deletes machine accounts in an on-premises domain for "
           "devices that join it offline.",
    .set_doc = "The domain join connectors of the tenant.",
};
