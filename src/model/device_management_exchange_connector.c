/* model/device_management_exchange_connector.c - deviceManagementExchangeConnector: the connector
 * to an Exchange server, on premises or hosted.
 *
 * Source: the Graph reference, Intune onboarding, v1.0 and beta alike; names, types and nullability
 * from the public metadata. Properties stand in the order of the reference's examples.
 *
 * The only one of the three with an action. What sync does to the entity is not documented; here
 * the sync counts as done at once: lastSyncDateTime becomes now and the status stays.
 *
 * No page says after how long without a sync one counts as disconnected: the day that a health
 * policy begins with is our choice, and is labelled so.
 *
 * Two of its enumerations are evolvable: they end in the sentinel that stands for members to come.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "model/types.h"

static const struct edm_enum_member status_members[] = {
    { SLICE_INIT("none"), 0, "There is no connector." },
    { SLICE_INIT("connectionPending"), 1, "The connector has yet to connect." },
    { SLICE_INIT("connected"), 2, "The connector is connected." },
    { SLICE_INIT("disconnected"), 3, "The connector has lost its connection." },
    { SLICE_INIT("unknownFutureValue"), 4, "Stands for members that came later." },
};

static const struct edm_enum status = {
    .name = SLICE_INIT("deviceManagementExchangeConnectorStatus"),
    .members = status_members,
    .member_count = COUNT_OF(status_members),
    .sentinel = &status_members[4],
    .doc = "How an Exchange connector is doing.",
};

static const struct edm_enum_member type_members[] = {
    { SLICE_INIT("onPremises"), 0, "Connects to an Exchange server on premises." },
    { SLICE_INIT("hosted"), 1, "Connects to a multi-tenant environment of Office 365." },
    { SLICE_INIT("serviceToService"), 2,
      "The service talks to Office 365 itself, without an agent." },
    { SLICE_INIT("dedicated"), 3, "Connects to a dedicated environment of Office 365." },
    { SLICE_INIT("unknownFutureValue"), 4, "Stands for members that came later." },
};

static const struct edm_enum type = {
    .name = SLICE_INIT("deviceManagementExchangeConnectorType"),
    .members = type_members,
    .member_count = COUNT_OF(type_members),
    .sentinel = &type_members[4],
    .doc = "What kind of Exchange a connector connects to.",
};

static const struct edm_enum_member sync_type_members[] = {
    { SLICE_INIT("fullSync"), 0, "Every device is looked at." },
    { SLICE_INIT("deltaSync"), 1, "Only devices that changed of late are looked at." },
};

static const struct edm_enum sync_type = {
    .name = SLICE_INIT("deviceManagementExchangeConnectorSyncType"),
    .members = sync_type_members,
    .member_count = COUNT_OF(sync_type_members),
    .doc = "How much a sync looks at.",
};

static const struct edm_property properties[] = {
    { .name = SLICE_INIT("id"),
      .kind = EDM_STRING,
      .flags = EDM_KEY | EDM_READ_ONLY,
      .doc = "Key of the Exchange connector; given by the service." },
    { .name = SLICE_INIT("lastSyncDateTime"),
      .kind = EDM_DATE_TIME_OFFSET,
      .queried_often = true,
      .doc = "When the connector last synced." },
    { .name = SLICE_INIT("status"),
      .kind = EDM_ENUM,
      .enumeration = &status,
      .queried_often = true,
      .doc = "Whether the connector is connected." },
    { .name = SLICE_INIT("primarySmtpAddress"),
      .kind = EDM_STRING,
      .flags = EDM_NULLABLE,
      .doc = "Mail address with which a service-to-service connector was set up." },
    { .name = SLICE_INIT("serverName"),
      .kind = EDM_STRING,
      .flags = EDM_NULLABLE,
      .queried_often = true,
      .doc = "The Exchange server." },
    { .name = SLICE_INIT("connectorServerName"),
      .kind = EDM_STRING,
      .flags = EDM_NULLABLE,
      .doc = "Host on which the connector runs." },
    { .name = SLICE_INIT("exchangeConnectorType"),
      .kind = EDM_ENUM,
      .enumeration = &type,
      .doc = "What kind of Exchange it connects to." },
    { .name = SLICE_INIT("version"),
      .kind = EDM_STRING,
      .flags = EDM_NULLABLE,
      .doc = "Build of the connector's agent." },
    { .name = SLICE_INIT("exchangeAlias"),
      .kind = EDM_STRING,
      .flags = EDM_NULLABLE,
      .doc = "Another name of the Exchange server." },
    { .name = SLICE_INIT("exchangeOrganization"),
      .kind = EDM_STRING,
      .flags = EDM_NULLABLE,
      .doc = "The organization that the Exchange server belongs to." },
};

static const struct slice read_names[] = {
    SLICE_INIT("DeviceManagementServiceConfig.Read.All"),
    SLICE_INIT("DeviceManagementServiceConfig.ReadWrite.All"),
    SLICE_INIT("DeviceManagementConfiguration.Read.All"),
    SLICE_INIT("DeviceManagementConfiguration.ReadWrite.All"),
};
static const struct slice write_names[] = {
    SLICE_INIT("DeviceManagementServiceConfig.ReadWrite.All"),
    SLICE_INIT("DeviceManagementConfiguration.ReadWrite.All"),
};

static const struct edm_property sync_parameters[] = {
    { .name = SLICE_INIT("syncType"),
      .kind = EDM_ENUM,
      .enumeration = &sync_type,
      .doc = "How much to look at." },
};

static const struct edm_effect sync_effects[] = {
    { SLICE_INIT("lastSyncDateTime"), EDM_EFFECT_SET_NOW },
};

static const struct edm_action actions[] = {
    { .name = SLICE_INIT("sync"),
      .versions = EDM_VERSIONS_ALL,
      .parameters = sync_parameters,
      .parameter_count = COUNT_OF(sync_parameters),
      .effects = sync_effects,
      .effect_count = COUNT_OF(sync_effects),
      .permissions = { write_names, COUNT_OF(write_names) },
      .doc = "Asks the connector to sync now." },
};

static const struct edm_health_stage stages[] = {
    { SLICE_INIT("disconnected"), 86400 },
};

static const struct edm_health health = {
    .contact = SLICE_INIT("lastSyncDateTime"),
    .state = SLICE_INIT("status"),
    .healthy = SLICE_INIT("connected"),
    .stages = stages,
    .stage_count = COUNT_OF(stages),
    .source = "Chosen by connectord: no duration is published for Exchange connectors.",
};

/* Captured for another set; that this one is behind it, too, is a guess. */
static const struct edm_back_end back_end = {
    .address = SLICE_INIT("https://fef.msub05.manage.microsoft.com/"
                          "StatelessOnboardingService"),
    .api_version = SLICE_INIT("2023-10-14"),
};

const struct edm_entity_type model_device_management_exchange_connector = {
    .name = SLICE_INIT("deviceManagementExchangeConnector"),
    .set_name = SLICE_INIT("exchangeConnectors"),
    .versions = EDM_VERSIONS_ALL,
    .properties = properties,
    .property_count = COUNT_OF(properties),
    .actions = actions,
    .action_count = COUNT_OF(actions),
    .permissions = {
        [EDM_LIST] = { read_names, COUNT_OF(read_names) },
        [EDM_GET] = { read_names, COUNT_OF(read_names) },
        [EDM_CREATE] = { write_names, COUNT_OF(write_names) },
        [EDM_UPDATE] = { write_names, COUNT_OF(write_names) },
        [EDM_DELETE] = { write_names, COUNT_OF(write_names) },
    },
    .health = &health,
    .back_end = &back_end,
    .doc = "A connector to an Exchange server, which tells Intune about the devices that read mail "
           "there.",
    .set_doc = "The Exchange connectors of the tenant.",
};
