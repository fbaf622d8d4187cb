/* model/graph_model_test.c - the tables against a second writing-down of the same facts.
 *
 * What is below was copied from the reference pages and the public metadata once more, type by
 * type, in another form than the tables have. A slip of the hand in one of the two shows; that both
 * slip in the same way is unlikely. What edm_check() can tell by itself is not repeated.
 */
#include "base/test.h"
#include "edm/value.h"
#include "model/graph_model.h"

static void test_check(void **state UNUSED)
{
    struct error err = { 0 };

    if (!edm_check(&graph_model, &err))
        fail_msg("%s", err.message);
}

static const struct {
    const char *name, *set;
    unsigned versions;
    size_t properties, actions;
} type_facts[] = {
    { "ndesConnector", "ndesConnectors", EDM_VERSION_BETA, 8, 0 },
    { "deviceManagementDomainJoinConnector", "domainJoinConnectors", EDM_VERSION_BETA, 5, 0 },
    { "deviceManagementExchangeConnector", "exchangeConnectors", EDM_VERSIONS_ALL, 10, 1 },
    { "certificateConnectorDetails", "certificateConnectorDetails", EDM_VERSION_BETA, 6, 2 },
    { "roleScopeTag", "roleScopeTags", EDM_VERSION_BETA, 4, 2 },
};

static const struct edm_entity_type *type_named(const char *name)
{
    const struct edm_entity_type *type = edm_find_type(&graph_model, slice_of(name));

    assert_non_null(type);
    return type;
}

static void test_types(void **state UNUSED)
{
    assert_int_equal(graph_model.singleton->type_count, COUNT_OF(type_facts));
    for (size_t i = 0; i < COUNT_OF(type_facts); i++) {
        const struct edm_entity_type *type = type_named(type_facts[i].name);

        CHECK(slice_eq(type->set_name, slice_of(type_facts[i].set)), i);
        CHECK(type->versions == type_facts[i].versions, i);
        CHECK(type->property_count == type_facts[i].properties, i);
        CHECK(type->action_count == type_facts[i].actions, i);
    }
}

enum null_ok { NEVER_NULL, NULL_OK };

/* In the order of the pages' examples. A type without "Edm." is an enumeration. */
static const struct {
    const char *owner, *name, *type;
    enum null_ok null_ok;
    const char *default_json; /* where it is not the kind's own */
    const char *viewed;       /* of a view: what it shows, where that is called otherwise */
} property_facts[] = {
    { "ndesConnector", "id", "Edm.String", NEVER_NULL, NULL, NULL },
    { "ndesConnector", "lastConnectionDateTime", "Edm.DateTimeOffset", NEVER_NULL, NULL, NULL },
    { "ndesConnector", "state", "ndesConnectorState", NEVER_NULL, NULL, NULL },
    { "ndesConnector", "displayName", "Edm.String", NULL_OK, NULL, NULL },
    { "ndesConnector", "machineName", "Edm.String", NULL_OK, NULL, NULL },
    { "ndesConnector", "enrolledDateTime", "Edm.DateTimeOffset", NEVER_NULL, NULL, NULL },
    { "ndesConnector", "roleScopeTagIds", "Collection(Edm.String)", NEVER_NULL, "[\"0\"]", NULL },
    { "ndesConnector", "connectorVersion", "Edm.String", NULL_OK, NULL, NULL },

    { "deviceManagementDomainJoinConnector", "id", "Edm.String", NEVER_NULL, NULL, NULL },
    { "deviceManagementDomainJoinConnector", "displayName", "Edm.String", NULL_OK, NULL, NULL },
    { "deviceManagementDomainJoinConnector", "lastConnectionDateTime", "Edm.DateTimeOffset",
      NEVER_NULL, NULL, NULL },
    { "deviceManagementDomainJoinConnector", "state", "deviceManagementDomainJoinConnectorState",
      NEVER_NULL, NULL, NULL },
    { "deviceManagementDomainJoinConnector", "version", "Edm.String", NEVER_NULL, NULL, NULL },

    { "deviceManagementExchangeConnector", "id", "Edm.String", NEVER_NULL, NULL, NULL },
    { "deviceManagementExchangeConnector", "lastSyncDateTime", "Edm.DateTimeOffset", NEVER_NULL,
      NULL, NULL },
    { "deviceManagementExchangeConnector", "status", "deviceManagementExchangeConnectorStatus",
      NEVER_NULL, NULL, NULL },
    { "deviceManagementExchangeConnector", "primarySmtpAddress", "Edm.String", NULL_OK, NULL,
      NULL },
    { "deviceManagementExchangeConnector", "serverName", "Edm.String", NULL_OK, NULL, NULL },
    { "deviceManagementExchangeConnector", "connectorServerName", "Edm.String", NULL_OK, NULL,
      NULL },
    { "deviceManagementExchangeConnector", "exchangeConnectorType",
      "deviceManagementExchangeConnectorType", NEVER_NULL, NULL, NULL },
    { "deviceManagementExchangeConnector", "version", "Edm.String", NULL_OK, NULL, NULL },
    { "deviceManagementExchangeConnector", "exchangeAlias", "Edm.String", NULL_OK, NULL, NULL },
    { "deviceManagementExchangeConnector", "exchangeOrganization", "Edm.String", NULL_OK, NULL,
      NULL },

    { "certificateConnectorDetails", "id", "Edm.String", NEVER_NULL, NULL, NULL },
    { "certificateConnectorDetails", "connectorName", "Edm.String", NULL_OK, NULL, "displayName" },
    { "certificateConnectorDetails", "machineName", "Edm.String", NULL_OK, NULL, NULL },
    { "certificateConnectorDetails", "enrollmentDateTime", "Edm.DateTimeOffset", NEVER_NULL, NULL,
      "enrolledDateTime" },
    { "certificateConnectorDetails", "lastCheckinDateTime", "Edm.DateTimeOffset", NEVER_NULL, NULL,
      "lastConnectionDateTime" },
    { "certificateConnectorDetails", "connectorVersion", "Edm.String", NULL_OK, NULL, NULL },

    { "roleScopeTag", "id", "Edm.String", NEVER_NULL, NULL, NULL },
    { "roleScopeTag", "displayName", "Edm.String", NULL_OK, NULL, NULL },
    { "roleScopeTag", "description", "Edm.String", NULL_OK, NULL, NULL },
    { "roleScopeTag", "isBuiltIn", "Edm.Boolean", NEVER_NULL, NULL, NULL },
};

static const char *kind_text(const struct edm_property *property)
{
    if (property->flags & EDM_COLLECTION)
        return "Collection(Edm.String)";
    return property->kind == EDM_STRING             ? "Edm.String"
           : property->kind == EDM_DATE_TIME_OFFSET ? "Edm.DateTimeOffset"
           : property->kind == EDM_BOOLEAN          ? "Edm.Boolean"
           : property->kind == EDM_INT64            ? "Edm.Int64"
           : property->kind == EDM_COMPLEX          ? property->complex->name.ptr
           : property->kind == EDM_ENUM             ? property->enumeration->name.ptr
                                                    : "?";
}

static void test_properties(void **state UNUSED)
{
    size_t at = 0, owner_starts = 0;

    for (size_t i = 0; i < COUNT_OF(property_facts); i++, at++) {
        const struct edm_entity_type *type = type_named(property_facts[i].owner);
        if (i > 0 && strcmp(property_facts[i].owner, property_facts[i - 1].owner) != 0) {
            owner_starts++;
            at = 0;
        }
        const struct edm_property *property = &type->properties[at];

        CHECK(slice_eq(property->name, slice_of(property_facts[i].name)), i);
        CHECK(strcmp(kind_text(property), property_facts[i].type) == 0, i);
        CHECK(!(property->flags & EDM_NULLABLE) == (property_facts[i].null_ok == NEVER_NULL), i);
        CHECK(!(property->flags & EDM_KEY) == (at != 0), i);
        CHECK(!(property->flags & EDM_READ_ONLY) ==
                  (at != 0 && strcmp(property_facts[i].name, "isBuiltIn") != 0),
              i);
        CHECK(slice_eq(property->viewed, slice_of(property_facts[i].viewed)), i);
        CHECK(slice_eq(slice_of(property->default_json), slice_of(property_facts[i].default_json)),
              i);
    }
    assert_int_equal(owner_starts + 1, COUNT_OF(type_facts));
}

/* `owner`.`property` has these members with the values 0, 1, 2 and so on. */
static const struct {
    const char *owner, *property;
    const char *members[5];
    const char *sentinel;
} enum_facts[] = {
    { "ndesConnector", "state", { "none", "active", "inactive" }, NULL },
    { "deviceManagementDomainJoinConnector", "state", { "active", "error", "inactive" }, NULL },
    { "deviceManagementExchangeConnector",
      "status",
      { "none", "connectionPending", "connected", "disconnected", "unknownFutureValue" },
      "unknownFutureValue" },
    { "deviceManagementExchangeConnector",
      "exchangeConnectorType",
      { "onPremises", "hosted", "serviceToService", "dedicated", "unknownFutureValue" },
      "unknownFutureValue" },
};

static void check_members(const struct edm_enum *enumeration, const char *const *members,
                          const char *sentinel, size_t index)
{
    size_t count = 0;

    for (; count < 5 && members[count]; count++) {
        CHECK(count < enumeration->member_count, index);
        CHECK(slice_eq(enumeration->members[count].name, slice_of(members[count])), index);
        CHECK(enumeration->members[count].value == (int32_t)count, index);
    }
    CHECK(enumeration->member_count == count, index);
    CHECK(!enumeration->sentinel == !sentinel, index);
    CHECK(!sentinel || slice_eq(enumeration->sentinel->name, slice_of(sentinel)), index);
}

static void test_enums(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(enum_facts); i++) {
        const struct edm_entity_type *type = type_named(enum_facts[i].owner);
        int property = edm_find_property(type, slice_of(enum_facts[i].property));

        CHECK(property >= 0, i);
        check_members(type->properties[property].enumeration, enum_facts[i].members,
                      enum_facts[i].sentinel, i);
    }
}

#define CONFIG_READ   "DeviceManagementConfiguration.Read.All"
#define CONFIG_WRITE  "DeviceManagementConfiguration.ReadWrite.All"
#define RBAC_READ     "DeviceManagementRBAC.Read.All"
#define RBAC_WRITE    "DeviceManagementRBAC.ReadWrite.All"
#define SERVICE_READ  "DeviceManagementServiceConfig.Read.All"
#define SERVICE_WRITE "DeviceManagementServiceConfig.ReadWrite.All"

static const struct {
    const char *owner;
    const char *read[4], *write[4]; /* list and get; create, update and delete */
} permission_facts[] = {
    { "ndesConnector", { CONFIG_READ, CONFIG_WRITE }, { CONFIG_WRITE } },
    { "deviceManagementDomainJoinConnector", { CONFIG_READ, CONFIG_WRITE }, { CONFIG_WRITE } },
    { "deviceManagementExchangeConnector",
      { SERVICE_READ, SERVICE_WRITE, CONFIG_READ, CONFIG_WRITE },
      { SERVICE_WRITE, CONFIG_WRITE } },
    { "certificateConnectorDetails", { CONFIG_READ, CONFIG_WRITE }, { CONFIG_WRITE } },
    { "roleScopeTag",
      { CONFIG_READ, CONFIG_WRITE, RBAC_READ, RBAC_WRITE },
      { CONFIG_WRITE, RBAC_WRITE } },
};

static bool permissions_are(struct edm_permission_list list, const char *const *names)
{
    size_t count = 0;

    for (; count < 4 && names[count]; count++) {
        if (count >= list.count || !slice_eq(list.names[count], slice_of(names[count])))
            return false;
    }
    return list.count == count;
}

static void test_permissions(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(permission_facts); i++) {
        const struct edm_entity_type *type = type_named(permission_facts[i].owner);

        CHECK(permissions_are(type->permissions[EDM_LIST], permission_facts[i].read), i);
        CHECK(permissions_are(type->permissions[EDM_GET], permission_facts[i].read), i);
        CHECK(permissions_are(type->permissions[EDM_CREATE], permission_facts[i].write), i);
        CHECK(permissions_are(type->permissions[EDM_UPDATE], permission_facts[i].write), i);
        CHECK(permissions_are(type->permissions[EDM_DELETE], permission_facts[i].write), i);
    }
}

static void test_sync(void **state UNUSED)
{
    static const char *const names[4] = { SERVICE_WRITE, CONFIG_WRITE };
    static const char *const members[5] = { "fullSync", "deltaSync" };
    const struct edm_entity_type *type = type_named("deviceManagementExchangeConnector");
    const struct edm_action *sync = edm_find_action(type, SLICE("sync"), EDM_VERSION_V1);

    assert_non_null(sync);
    assert_int_equal(sync->versions, EDM_VERSIONS_ALL);
    assert_true(permissions_are(sync->permissions, names));
    assert_int_equal(sync->parameter_count, 1);
    assert_string_equal(sync->parameters[0].name.ptr, "syncType");
    assert_int_equal(sync->parameters[0].flags, 0); /* not nullable: required */
    assert_string_equal(sync->parameters[0].enumeration->name.ptr,
                        "deviceManagementExchangeConnectorSyncType");
    check_members(sync->parameters[0].enumeration, members, NULL, 0);
    assert_int_equal(sync->effect_count, 1);
    assert_string_equal(sync->effects[0].property.ptr, "lastSyncDateTime");
}

/* --- the siblings --------------------------------------------------------------------------- */

/* What the complex types hold, by the action that uses them. */
static const struct {
    const char *action, *complex, *name, *type;
    enum null_ok null_ok;
} complex_facts[] = {
    { "getHealthMetrics", "keyLongValuePair", "name", "Edm.String", NEVER_NULL },
    { "getHealthMetrics", "keyLongValuePair", "value", "Edm.Int64", NEVER_NULL },
    { "getHealthMetricTimeSeries", "timeSeriesParameter", "metricName", "Edm.String", NULL_OK },
    { "getHealthMetricTimeSeries", "timeSeriesParameter", "startDateTime", "Edm.DateTimeOffset",
      NEVER_NULL },
    { "getHealthMetricTimeSeries", "timeSeriesParameter", "endDateTime", "Edm.DateTimeOffset",
      NULL_OK },
    { "getHealthMetricTimeSeries", "certificateConnectorHealthMetricValue", "dateTime",
      "Edm.DateTimeOffset", NEVER_NULL },
    { "getHealthMetricTimeSeries", "certificateConnectorHealthMetricValue", "successCount",
      "Edm.Int64", NEVER_NULL },
    { "getHealthMetricTimeSeries", "certificateConnectorHealthMetricValue", "failureCount",
      "Edm.Int64", NEVER_NULL },
};

static const struct edm_complex *complex_named(const struct edm_action *action, const char *name)
{
    const struct edm_complex *complex;

    for (size_t n = 0; (complex = edm_complex_used(action, n)); n++) {
        if (slice_eq(complex->name, slice_of(name)))
            return complex;
    }
    return NULL;
}

static void test_complex_types(void **state UNUSED)
{
    const struct edm_entity_type *type = type_named("certificateConnectorDetails");
    size_t at = 0;

    for (size_t i = 0; i < COUNT_OF(complex_facts); i++, at++) {
        const struct edm_action *action =
            edm_find_action(type, slice_of(complex_facts[i].action), EDM_VERSION_BETA);
        const struct edm_complex *complex = complex_named(action, complex_facts[i].complex);

        assert_non_null(complex);
        if (i > 0 && strcmp(complex_facts[i].complex, complex_facts[i - 1].complex) != 0)
            at = 0;
        const struct edm_property *property = &complex->properties[at];
        CHECK(slice_eq(property->name, slice_of(complex_facts[i].name)), i);
        CHECK(strcmp(kind_text(property), complex_facts[i].type) == 0, i);
        CHECK(!(property->flags & EDM_NULLABLE) == (complex_facts[i].null_ok == NEVER_NULL), i);
    }
}

/* Both are allowed to who may read, and answer. */
static void test_metrics(void **state UNUSED)
{
    static const char *const names[4] = { CONFIG_READ, CONFIG_WRITE };
    const struct edm_entity_type *type = type_named("certificateConnectorDetails");
    const struct edm_action *metrics = &type->actions[0], *series = &type->actions[1];

    assert_ptr_equal(type->view_of, type_named("ndesConnector"));
    assert_string_equal(metrics->name.ptr, "getHealthMetrics");
    assert_string_equal(metrics->result->name.ptr, "keyLongValuePair");
    assert_int_equal(metrics->parameter_count, 1);
    assert_string_equal(metrics->parameters[0].name.ptr, "metricNames");
    assert_string_equal(kind_text(&metrics->parameters[0]), "Collection(Edm.String)");
    assert_true(permissions_are(metrics->permissions, names));
    assert_string_equal(series->name.ptr, "getHealthMetricTimeSeries");
    assert_string_equal(series->result->name.ptr, "certificateConnectorHealthMetricValue");
    assert_int_equal(series->parameter_count, 1);
    assert_string_equal(series->parameters[0].name.ptr, "timeSeries");
    assert_string_equal(kind_text(&series->parameters[0]), "timeSeriesParameter");
    assert_true(permissions_are(series->permissions, names));
}

static void test_built_in_tag(void **state UNUSED)
{
    const struct edm_entity_type *type = type_named("roleScopeTag");
    const struct edm_value *tag = type->built_in;

    assert_int_equal(type->built_in_count, 1);
    assert_true(edm_is_built_in(type, SLICE("0")));
    assert_false(edm_is_built_in(type, SLICE("1")));
    assert_string_equal(tag[1].text.ptr, "Default");
    assert_true(tag[2].is_null);
    assert_true(tag[3].boolean);
}

/* They read, so whoever may read the tags may ask. */
static void test_asked_of_tags(void **state UNUSED)
{
    const struct edm_entity_type *type = type_named("roleScopeTag");
    const struct edm_action *by_id = &type->actions[0], *custom = &type->actions[1];

    assert_string_equal(by_id->name.ptr, "getRoleScopeTagsById");
    assert_int_equal(by_id->of_set, EDM_SET_BY_KEYS);
    assert_string_equal(by_id->parameters[0].name.ptr, "roleScopeTagIds");
    assert_string_equal(custom->name.ptr, "hasCustomRoleScopeTag");
    assert_int_equal(custom->of_set, EDM_SET_HAS_MADE);
    assert_ptr_equal(by_id->permissions.names, type->permissions[EDM_LIST].names);
    assert_ptr_equal(custom->permissions.names, type->permissions[EDM_LIST].names);
}

/* The pages' order of values is that of the numbers, from 0. */
static const char *const connector_names[] = {
    "applePushNotificationServiceExpirationDateTime",
    "vppTokenExpirationDateTime",
    "vppTokenLastSyncDateTime",
    "windowsAutopilotLastSyncDateTime",
    "windowsStoreForBusinessLastSyncDateTime",
    "jamfLastSyncDateTime",
    "ndesConnectorLastConnectionDateTime",
    "appleDepExpirationDateTime",
    "appleDepLastSyncDateTime",
    "onPremConnectorLastSyncDateTime",
    "googlePlayAppLastSyncDateTime",
    "googlePlayConnectorLastModifiedDateTime",
    "windowsDefenderATPConnectorLastHeartbeatDateTime",
    "mobileThreatDefenceConnectorLastHeartbeatDateTime",
    "chromebookLastDirectorySyncDateTime",
    "futureValue",
};

static void test_connector_status(void **state UNUSED)
{
    static const char *const states[5] = { "healthy", "warning", "unhealthy", "unknown" };
    const struct edm_singleton_property *property = &graph_model.singleton->properties[3];
    const struct edm_ageing *ageing = property->ageing;
    const struct edm_property *of = ageing->item->properties;
    const struct edm_enum *names = of[0].enumeration;

    assert_string_equal(property->name.ptr, "connectorStatus");
    assert_int_equal(property->versions, EDM_VERSION_BETA);
    assert_string_equal(ageing->item->name.ptr, "connectorStatusDetails");
    assert_int_equal(ageing->item->property_count, 4);
    assert_string_equal(of[0].name.ptr, "connectorName");
    assert_string_equal(names->name.ptr, "connectorName");
    assert_int_equal(names->member_count, COUNT_OF(connector_names));
    for (size_t i = 0; i < COUNT_OF(connector_names); i++) {
        CHECK(slice_eq(names->members[i].name, slice_of(connector_names[i])), i);
        CHECK(names->members[i].value == (int32_t)i, i);
    }
    assert_null(names->sentinel);
    assert_string_equal(of[1].name.ptr, "connectorInstanceId");
    assert_int_equal(of[1].flags, EDM_NULLABLE);
    assert_string_equal(of[2].name.ptr, "status");
    assert_string_equal(of[2].enumeration->name.ptr, "connectorHealthState");
    check_members(of[2].enumeration, states, NULL, 0);
    assert_string_equal(of[3].name.ptr, "eventDateTime");
}

/* Less than a day: healthy; three days or more: unhealthy; no date: unknown. */
static void test_connector_thresholds(void **state UNUSED)
{
    const struct edm_ageing *ageing = graph_model.singleton->properties[3].ageing;

    assert_int_equal(ageing->source_count, 2);
    assert_ptr_equal(ageing->sources[0].type, type_named("ndesConnector"));
    assert_string_equal(ageing->sources[0].date.ptr, "lastConnectionDateTime");
    assert_string_equal(ageing->sources[0].member.ptr, "ndesConnectorLastConnectionDateTime");
    assert_ptr_equal(ageing->sources[1].type, type_named("deviceManagementExchangeConnector"));
    assert_string_equal(ageing->sources[1].date.ptr, "lastSyncDateTime");
    assert_string_equal(ageing->sources[1].member.ptr, "onPremConnectorLastSyncDateTime");
    assert_int_equal(ageing->stage_count, 3);
    assert_string_equal(ageing->stages[0].member.ptr, "healthy");
    assert_string_equal(ageing->stages[1].member.ptr, "warning");
    assert_int_equal(ageing->stages[1].after_s, 86400);
    assert_string_equal(ageing->stages[2].member.ptr, "unhealthy");
    assert_int_equal(ageing->stages[2].after_s, 3 * 86400);
    assert_string_equal(ageing->ageless.ptr, "unknown");
}

#define DAY_S 86400

static const struct {
    const char *owner, *contact, *state, *healthy, *stages[2];
    int64_t after_s[2], remove_after_s;
    bool documented;
} health_facts[] = {
    { "ndesConnector",
      "lastConnectionDateTime",
      "state",
      "active",
      { "inactive" },
      { DAY_S },
      0,
      false },
    { "deviceManagementDomainJoinConnector",
      "lastConnectionDateTime",
      "state",
      "active",
      { "error", "inactive" },
      { 3600, 5 * DAY_S },
      30 * DAY_S,
      true },
    { "deviceManagementExchangeConnector",
      "lastSyncDateTime",
      "status",
      "connected",
      { "disconnected" },
      { DAY_S },
      0,
      false },
};

static void test_health(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(health_facts); i++) {
        const struct edm_health *health = type_named(health_facts[i].owner)->health;

        assert_non_null(health);
        CHECK(slice_eq(health->contact, slice_of(health_facts[i].contact)), i);
        CHECK(slice_eq(health->state, slice_of(health_facts[i].state)), i);
        CHECK(slice_eq(health->healthy, slice_of(health_facts[i].healthy)), i);
        CHECK(health->remove_after_s == health_facts[i].remove_after_s, i);
        CHECK(health->documented == health_facts[i].documented, i);
        CHECK(health->stage_count == (health_facts[i].stages[1] ? 2 : 1), i);
        for (size_t j = 0; j < health->stage_count; j++) {
            CHECK(slice_eq(health->stages[j].member, slice_of(health_facts[i].stages[j])), i);
            CHECK(health->stages[j].after_s == health_facts[i].after_s[j], i);
        }
    }
}

static void test_singleton(void **state UNUSED)
{
    const struct edm_singleton *singleton = graph_model.singleton;

    assert_string_equal(graph_model.namespace_name.ptr, "microsoft.graph");
    assert_string_equal(graph_model.alias.ptr, "graph");
    assert_string_equal(graph_model.error_namespace.ptr, "microsoft.management.services.api");
    assert_string_equal(singleton->name.ptr, "deviceManagement");
    assert_int_equal(singleton->versions, EDM_VERSIONS_ALL);
    assert_int_equal(singleton->property_count, 4);
    assert_string_equal(singleton->properties[0].name.ptr, "id");
    assert_int_equal(singleton->properties[0].value, EDM_SINGLETON_NAME);
    assert_string_equal(singleton->properties[1].name.ptr, "settings");
    assert_int_equal(singleton->properties[1].value, EDM_SINGLETON_NULL);
    assert_string_equal(singleton->properties[2].name.ptr, "intuneAccountId");
    assert_int_equal(singleton->properties[2].value, EDM_SINGLETON_TENANT);
    assert_string_equal(singleton->read_permissions.names[0].ptr, "DeviceManagementApps.Read.All");
}

/* Every permission that opens one of the sets also opens the singleton above them. */
static void test_singleton_permissions(void **state UNUSED)
{
    const struct edm_singleton *singleton = graph_model.singleton;

    for (size_t i = 0; i < singleton->type_count; i++) {
        struct edm_permission_list list = singleton->types[i]->permissions[EDM_LIST];
        for (size_t j = 0; j < list.count; j++) {
            bool found = false;
            for (size_t k = 0; k < singleton->read_permissions.count; k++)
                found |= slice_eq(singleton->read_permissions.names[k], list.names[j]);
            CHECK(found, i);
        }
    }
}

/* What the seed says is read by its loader's test; here it is there, and has something of each set.
 */
static void test_demo_seed(void **state UNUSED)
{
    struct slice seed = graph_model_demo_seed();

    assert_true(slice_is_utf8(seed));
    assert_true(slice_starts_with(seed, SLICE("{")));
    for (size_t i = 0; i < graph_model.singleton->type_count; i++) {
        if (graph_model.singleton->types[i]->view_of)
            continue; /* has nothing of its own */
        struct slice set_name = graph_model.singleton->types[i]->set_name;
        struct slice rest = seed, head;
        bool found = false;

        while (!found && slice_cut(rest, '"', &head, &rest))
            found = slice_starts_with(rest, set_name) && rest.ptr[set_name.len] == '"';
        CHECK(found, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_properties),
        cmocka_unit_test(test_enums),
        cmocka_unit_test(test_permissions),
        cmocka_unit_test(test_sync),
        cmocka_unit_test(test_singleton),
        cmocka_unit_test(test_singleton_permissions),
        cmocka_unit_test(test_demo_seed),
        cmocka_unit_test(test_health),
        cmocka_unit_test(test_complex_types),
        cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_asked_of_tags),
        cmocka_unit_test(test_built_in_tag),
        cmocka_unit_test(test_connector_status),
        cmocka_unit_test(test_connector_thresholds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
