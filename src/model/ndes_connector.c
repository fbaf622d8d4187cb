/* model/ndes_connector.c - ndesConnector: a certificate connector of Intune on a customer's server.
 *
 * Source: the Graph reference, Intune device configuration, beta only; names, types and nullability
 * from the public metadata. Properties stand in the order of the reference's examples.
 *
 * The metadata has no default for anything. An object that supports scope tags and was given none
 * has the built-in tag "0"; a list that was sent is kept as it was sent, an empty one too.
 *
 * No page says how long a silence makes one inactive, nor that one is ever removed: the day that a
 * health policy begins with is our choice, and is labelled so.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "model/types.h"

static const struct edm_enum_member state_members[] = {
    { SLICE_INIT("none"), 0, "Nothing is known about the connector yet." },
    { SLICE_INIT("active"), 1, "The connector has been in touch lately." },
    { SLICE_INIT("inactive"), 2, "The connector has not been in touch lately." },
};

static const struct edm_enum state = {
    .name = SLICE_INIT("ndesConnectorState"),
    .members = state_members,
    .member_count = COUNT_OF(state_members),
    .doc = "How an NDES connector is doing.",
};

static const struct edm_property properties[] = {
    { .name = SLICE_INIT("id"),
      .kind = EDM_STRING,
      .flags = EDM_KEY | EDM_READ_ONLY,
      .doc = "Key of the NDES connector; given by the service." },
    { .name = SLICE_INIT("lastConnectionDateTime"),
      .kind = EDM_DATE_TIME_OFFSET,
      .queried_often = true,
      .doc = "When the connector last reached the service." },
    { .name = SLICE_INIT("state"),
      .kind = EDM_ENUM,
      .enumeration = &state,
      .queried_often = true,
      .doc = "Whether the connector still checks in." },
    { .name = SLICE_INIT("displayName"),
      .kind = EDM_STRING,
      .flags = EDM_NULLABLE,
      .queried_often = true,
      .doc = "Name for people to read." },
    { .name = SLICE_INIT("machineName"),
      .kind = EDM_STRING,
      .flags = EDM_NULLABLE,
      .doc = "Host on which the certificate connector runs." },
    { .name = SLICE_INIT("enrolledDateTime"),
      .kind = EDM_DATE_TIME_OFFSET,
      .doc = "When the connector was enrolled." },
    { .name = SLICE_INIT("roleScopeTagIds"),
      .kind = EDM_STRING,
      .flags = EDM_COLLECTION,
      .default_json = "[\"0\"]",
      .doc = "Ids of the scope tags that limit who sees the connector." },
    { .name = SLICE_INIT("connectorVersion"),
      .kind = EDM_STRING,
      .flags = EDM_NULLABLE,
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
    { SLICE_INIT("inactive"), 86400 },
};

static const struct edm_health health = {
    .contact = SLICE_INIT("lastConnectionDateTime"),
    .state = SLICE_INIT("state"),
    .healthy = SLICE_INIT("active"),
    .stages = stages,
    .stage_count = COUNT_OF(stages),
    .source = "Chosen by connectord: no duration is published for NDES connectors.",
};

/* Captured for other sets; that this one is behind it, too, is a guess. */
static const struct edm_back_end back_end = {
    .address = SLICE_INIT("https://fef.msub05.manage.microsoft.com/DeviceConfiguration_2311/"
                          "StatelessDeviceConfigurationFEService"),
    .api_version = SLICE_INIT("5023-10-14"),
};

const struct edm_entity_type model_ndes_connector = {
    .name = SLICE_INIT("ndesConnector"),
    .set_name = SLICE_INIT("ndesConnectors"),
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
    .health = &health,
    .back_end = &back_end,
    .doc = "A certificate connector that fetches certificates from an on-premises authority through "
           "NDES or PKCS.",
    .set_doc = "The NDES connectors of the tenant.",
};
