/* model/connector_status.c - connectorStatus: how old the last sign of life of each connector is.
 *
 * Source: the Graph reference, Intune troubleshooting, beta only; names, types and nullability from
 * the public metadata. Properties stand in the order of the reference's example.
 *
 * The thresholds are those that Microsoft's documentation of the portal's tenant status page gave
 * for connectors that synchronise (2019): less than a day is healthy, three days are unhealthy.
 * That this property goes by them, and that it has an item for each connector and none for kinds
 * that nobody set up, is our reading. A domain-join connector has no name in the enumeration and so
 * never appears.
 *
 * Most kinds in the enumeration are no connectors of ours, and are here because $metadata has them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "model/connector_status.h"

#include "model/types.h"

#define DAY_S 86400

static const struct edm_enum_member state_members[] = {
    { SLICE_INIT("healthy"), 0, "Nothing is to be done." },
    { SLICE_INIT("warning"), 1, "Somebody should look at it." },
    { SLICE_INIT("unhealthy"), 2, "Somebody has to look at it for it to go on working." },
    { SLICE_INIT("unknown"), 3, "Nothing is known of it yet." },
};

static const struct edm_enum state = {
    .name = SLICE_INIT("connectorHealthState"),
    .members = state_members,
    .member_count = COUNT_OF(state_members),
    .doc = "How a connector is doing.",
};

static const struct edm_enum_member name_members[] = {
    { SLICE_INIT("applePushNotificationServiceExpirationDateTime"), 0,
      "When the certificate for Apple's push notifications runs out." },
    { SLICE_INIT("vppTokenExpirationDateTime"), 1,
      "When a token of Apple's volume purchase program runs out." },
    { SLICE_INIT("vppTokenLastSyncDateTime"), 2,
      "When Apple's volume purchase program last synced." },
    { SLICE_INIT("windowsAutopilotLastSyncDateTime"), 3, "When Windows Autopilot last synced." },
    { SLICE_INIT("windowsStoreForBusinessLastSyncDateTime"), 4,
      "When the Windows store for business last synced." },
    { SLICE_INIT("jamfLastSyncDateTime"), 5, "When Jamf last synced." },
    { SLICE_INIT("ndesConnectorLastConnectionDateTime"), 6,
      "When an NDES connector last reached the service." },
    { SLICE_INIT("appleDepExpirationDateTime"), 7,
      "When a token of Apple's device enrolment program runs out." },
    { SLICE_INIT("appleDepLastSyncDateTime"), 8,
      "When Apple's device enrolment program last synced." },
    { SLICE_INIT("onPremConnectorLastSyncDateTime"), 9, "When an Exchange connector last synced." },
    { SLICE_INIT("googlePlayAppLastSyncDateTime"), 10,
      "When the apps of Google Play last synced." },
    { SLICE_INIT("googlePlayConnectorLastModifiedDateTime"), 11,
      "When the connection to Google Play was last changed." },
    { SLICE_INIT("windowsDefenderATPConnectorLastHeartbeatDateTime"), 12,
      "When the connection to Windows Defender ATP last gave a sign of life." },
    { SLICE_INIT("mobileThreatDefenceConnectorLastHeartbeatDateTime"), 13,
      "When a connection to a mobile threat defence last gave a sign of life." },
    { SLICE_INIT("chromebookLastDirectorySyncDateTime"), 14,
      "When the directory of Chromebooks last synced." },
    { SLICE_INIT("futureValue"), 15, "A kind that came later." },
};

static const struct edm_enum name = {
    .name = SLICE_INIT("connectorName"),
    .members = name_members,
    .member_count = COUNT_OF(name_members),
    .doc = "A kind of connector, and which of its dates.",
};

static const struct edm_property properties[] = {
    { .name = SLICE_INIT("connectorName"),
      .kind = EDM_ENUM,
      .enumeration = &name,
      .doc = "Which kind of connector, and which of its dates." },
    { .name = SLICE_INIT("connectorInstanceId"),
      .kind = EDM_STRING,
      .flags = EDM_NULLABLE,
      .doc = "Key of the connector." },
    { .name = SLICE_INIT("status"),
      .kind = EDM_ENUM,
      .enumeration = &state,
      .doc = "What the age of the date says." },
    { .name = SLICE_INIT("eventDateTime"), .kind = EDM_DATE_TIME_OFFSET, .doc = "The date." },
};

static const struct edm_complex item = {
    .name = SLICE_INIT("connectorStatusDetails"),
    .properties = properties,
    .property_count = COUNT_OF(properties),
    .doc = "How a connector is doing, by a date of it.",
};

static const struct edm_ageing_source sources[] = {
    { &model_ndes_connector, SLICE_INIT("lastConnectionDateTime"),
      SLICE_INIT("ndesConnectorLastConnectionDateTime") },
    { &model_device_management_exchange_connector, SLICE_INIT("lastSyncDateTime"),
      SLICE_INIT("onPremConnectorLastSyncDateTime") },
};

static const struct edm_ageing_stage stages[] = {
    { SLICE_INIT("healthy"), 0 },
    { SLICE_INIT("warning"), DAY_S },
    { SLICE_INIT("unhealthy"), 3 * DAY_S },
};

const struct edm_ageing model_connector_status = {
    .item = &item,
    .source_name = SLICE_INIT("connectorName"),
    .key = SLICE_INIT("connectorInstanceId"),
    .state = SLICE_INIT("status"),
    .date = SLICE_INIT("eventDateTime"),
    .sources = sources,
    .source_count = COUNT_OF(sources),
    .stages = stages,
    .stage_count = COUNT_OF(stages),
    .ageless = SLICE_INIT("unknown"),
    .source = "Microsoft's documentation of the tenant status page (2019), for connectors that "
              "synchronise.",
};
