/* model/certificate_connector_details.c - certificateConnectorDetails: the certificate connectors
 * once more, under the names of another team.
 *
 * Source: the Graph reference, Intune device configuration, beta only; names, types and nullability
 * from the public metadata. Properties stand in the order of the reference's examples.
 *
 * That both sets show the same connectors was seen in the live service: their ids are equal. That a
 * write to one shows in the other follows if they are the same connectors, and is our reading.
 *
 * Which metrics there are is documented nowhere. Ours are in one table below, and each is something
 * that this server knows of the connector: what it does not know it does not count. Of contacts it
 * keeps the last one, so a series has one point at most, and a failure is never recorded.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"
#include "base/clock.h"
#include "edm/entity.h"
#include "model/types.h"

/* --- the entity ------------------------------------------------------------------------------ */

enum property { ID, CONNECTOR_NAME, MACHINE_NAME, ENROLLMENT, LAST_CHECKIN, CONNECTOR_VERSION };

static const struct edm_property properties[] = {
    [ID] = { .name = SLICE_INIT("id"),
             .kind = EDM_STRING,
             .flags = EDM_KEY | EDM_READ_ONLY,
             .doc = "Key of the certificate connector: that of its ndesConnector." },
    [CONNECTOR_NAME] = { .name = SLICE_INIT("connectorName"),
                         .viewed = SLICE_INIT("displayName"),
                         .kind = EDM_STRING,
                         .flags = EDM_NULLABLE,
                         .doc = "Name given at enrolment." },
    [MACHINE_NAME] = { .name = SLICE_INIT("machineName"),
                       .kind = EDM_STRING,
                       .flags = EDM_NULLABLE,
                       .doc = "Host on which the connector's service runs." },
    [ENROLLMENT] = { .name = SLICE_INIT("enrollmentDateTime"),
                     .viewed = SLICE_INIT("enrolledDateTime"),
                     .kind = EDM_DATE_TIME_OFFSET,
                     .doc = "When the connector was enrolled." },
    [LAST_CHECKIN] = { .name = SLICE_INIT("lastCheckinDateTime"),
                       .viewed = SLICE_INIT("lastConnectionDateTime"),
                       .kind = EDM_DATE_TIME_OFFSET,
                       .doc = "When the connector last reached the service." },
    [CONNECTOR_VERSION] = { .name = SLICE_INIT("connectorVersion"),
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

/* --- metrics --------------------------------------------------------------------------------- */

/* False: nothing is known. */
static bool seconds_since(const struct edm_question *question, enum property property, int64_t *ret)
{
    const struct edm_value *date = &question->entity->values[property];

    *ret = (question->now_ticks - date->at.ticks) / CLOCK_TICKS_PER_SECOND;
    return date->at.ticks != 0;
}

static bool since_checkin(const struct edm_question *question, int64_t *ret)
{
    return seconds_since(question, LAST_CHECKIN, ret);
}

static bool since_enrollment(const struct edm_question *question, int64_t *ret)
{
    return seconds_since(question, ENROLLMENT, ret);
}

static bool checkins_on_record(const struct edm_question *question, int64_t *ret)
{
    *ret = question->entity->values[LAST_CHECKIN].at.ticks != 0;
    return true;
}

/* The create is one. */
static bool writes(const struct edm_question *question, int64_t *ret)
{
    *ret = question->entity->version;
    return true;
}

static const struct metric {
    struct slice name;
    bool (*value)(const struct edm_question *question, int64_t *ret);
    bool has_series;
} metrics[] = {
    { SLICE_INIT("secondsSinceLastCheckin"), since_checkin, false },
    { SLICE_INIT("secondsSinceEnrollment"), since_enrollment, false },
    { SLICE_INIT("checkinsOnRecord"), checkins_on_record, true },
    { SLICE_INIT("writes"), writes, false },
};

static const struct edm_property pair_properties[] = {
    { .name = SLICE_INIT("name"), .kind = EDM_STRING, .doc = "The metric." },
    { .name = SLICE_INIT("value"), .kind = EDM_INT64, .doc = "Its value." },
};

static const struct edm_complex pair = {
    .name = SLICE_INIT("keyLongValuePair"),
    .properties = pair_properties,
    .property_count = COUNT_OF(pair_properties),
    .doc = "A metric and its value.",
};

static const struct edm_property metrics_parameters[] = {
    { .name = SLICE_INIT("metricNames"),
      .kind = EDM_STRING,
      .flags = EDM_COLLECTION | EDM_NULLABLE | EDM_NOT_UNICODE,
      .doc = "The metrics that are asked for; all of them when none is named." },
};

static bool is_among(struct slice name, const struct slice *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_eq(names[i], name))
            return true;
    }
    return count == 0;
}

static bool answer_metrics(const struct edm_question *question, struct arena *arena,
                           struct edm_rows *ret, struct error *err)
{
    const struct edm_value *asked = &question->parameters[0];
    struct slice *names = NULL;
    size_t name_count = 0;
    struct edm_value *values;

    if (!asked->is_null && !edm_value_items(asked, arena, &names, &name_count, err))
        return false;
    values = arena_new_array(arena, COUNT_OF(metrics) * pair.property_count, struct edm_value);
    if (!values)
        return error_no_memory(err);
    *ret = (struct edm_rows){ .type = &pair, .values = values };
    for (size_t i = 0; i < COUNT_OF(metrics); i++) {
        int64_t value;

        if (!is_among(metrics[i].name, names, name_count) || !metrics[i].value(question, &value))
            continue;
        *values++ = (struct edm_value){ .text = metrics[i].name };
        *values++ = (struct edm_value){ .integer = value };
        ret->count++;
    }
    return true;
}

/* --- series ---------------------------------------------------------------------------------- */

enum series_property { METRIC_NAME, START, END };

static const struct edm_property series_properties[] = {
    [METRIC_NAME] = { .name = SLICE_INIT("metricName"),
                      .kind = EDM_STRING,
                      .flags = EDM_NULLABLE,
                      .doc = "The metric." },
    [START] = { .name = SLICE_INIT("startDateTime"),
                .kind = EDM_DATE_TIME_OFFSET,
                .doc = "From when on." },
    [END] = { .name = SLICE_INIT("endDateTime"),
              .kind = EDM_DATE_TIME_OFFSET,
              .flags = EDM_NULLABLE,
              .doc = "Until when, which is not part of it; left out: until now." },
};

static const struct edm_complex series = {
    .name = SLICE_INIT("timeSeriesParameter"),
    .properties = series_properties,
    .property_count = COUNT_OF(series_properties),
    .doc = "A metric and a span of time.",
};

static const struct edm_property point_properties[] = {
    { .name = SLICE_INIT("dateTime"),
      .kind = EDM_DATE_TIME_OFFSET,
      .doc = "The hour that was counted." },
    { .name = SLICE_INIT("successCount"), .kind = EDM_INT64, .doc = "What went well in it." },
    { .name = SLICE_INIT("failureCount"), .kind = EDM_INT64, .doc = "What failed in it." },
};

static const struct edm_complex point = {
    .name = SLICE_INIT("certificateConnectorHealthMetricValue"),
    .properties = point_properties,
    .property_count = COUNT_OF(point_properties),
    .doc = "What a certificate connector did in an hour.",
};

static const struct edm_property series_parameters[] = {
    { .name = SLICE_INIT("timeSeries"),
      .kind = EDM_COMPLEX,
      .flags = EDM_NULLABLE | EDM_REQUIRED,
      .complex = &series,
      .doc = "The metric and the span of time that are asked for." },
};

static bool has_series(const struct edm_value *name)
{
    for (size_t i = 0; i < COUNT_OF(metrics); i++) {
        if (!name->is_null && metrics[i].has_series && slice_eq(metrics[i].name, name->text))
            return true;
    }
    return false;
}

/* The hour in which the last check-in was, if the span has its beginning. */
static bool answer_series(const struct edm_question *question, struct arena *arena,
                          struct edm_rows *ret, struct error *err)
{
    const struct edm_value *asked = question->parameters[0].members;
    int64_t last = question->entity->values[LAST_CHECKIN].at.ticks;
    int64_t hour = last - last % (3600 * CLOCK_TICKS_PER_SECOND);
    int64_t end = asked[END].is_null ? question->now_ticks : asked[END].at.ticks;
    struct edm_value *values;

    *ret = (struct edm_rows){ .type = &point };
    if (!has_series(&asked[METRIC_NAME]) || last == 0 || hour < asked[START].at.ticks ||
        hour >= end)
        return true;
    values = arena_new_array(arena, point.property_count, struct edm_value);
    if (!values)
        return error_no_memory(err);
    values[0] = (struct edm_value){ .at = { .ticks = hour } };
    values[1] = (struct edm_value){ .integer = 1 };
    values[2] = (struct edm_value){ .integer = 0 };
    ret->values = values;
    ret->count = 1;
    return true;
}

/* --- actions --------------------------------------------------------------------------------- */

/* They are sent with POST and change nothing: who may read may send them. */
static const struct edm_action actions[] = {
    { .name = SLICE_INIT("getHealthMetrics"),
      .versions = EDM_VERSION_BETA,
      .parameters = metrics_parameters,
      .parameter_count = COUNT_OF(metrics_parameters),
      .result = &pair,
      .answer = answer_metrics,
      .permissions = { read_names, COUNT_OF(read_names) },
      .doc = "Asks for metrics of the connector." },
    { .name = SLICE_INIT("getHealthMetricTimeSeries"),
      .versions = EDM_VERSION_BETA,
      .parameters = series_parameters,
      .parameter_count = COUNT_OF(series_parameters),
      .result = &point,
      .answer = answer_series,
      .permissions = { read_names, COUNT_OF(read_names) },
      .doc = "Asks how a metric of the connector went, hour by hour." },
};

const struct edm_entity_type model_certificate_connector_details = {
    .name = SLICE_INIT("certificateConnectorDetails"),
    .set_name = SLICE_INIT("certificateConnectorDetails"),
    .versions = EDM_VERSION_BETA,
    .view_of = &model_ndes_connector,
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
    .doc = "A certificate connector as another part of the service sees it.",
    .set_doc = "The certificate connectors of the tenant: its NDES connectors, seen another way.",
};
