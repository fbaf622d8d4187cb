/* testbed/personas.c - ready-made rules, and the resource that lists them.
 *
 * A persona is a JSON text, read as a tester's own rules are: what it does can be seen, copied and
 * changed.
 *
 * The order of rules is part of them. Windows stand first, since a rule counts only what no rule
 * before it took, and a throttled service counts what it refuses. The rates of "flaky" are those of
 * what is left: of 59 requests that got no 500, one gets a 503.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "testbed/error_catalogue.h"
#include "testbed/faults_rules.h"
#include "json/writer.h"

#define WRITES "[\"POST\",\"PUT\",\"PATCH\",\"DELETE\"]"

const struct fault_persona fault_personas[] = {
    {
        .name = SLICE_INIT("intune-throttled"),
        .doc = "Of each three writes the first two get 429; past 100 writes of an application, or "
               "200 of the tenant, in 20 s all do.",
        .source = "the limits: the reference's service-specific throttling limits, Intune device "
                  "configuration; the body: msendpointmgr.com on rate limiting in Intune (2025); "
                  "two of three: ours, so that a client is throttled at once, and twice",
        .rules = SLICE_INIT("[{\"name\":\"tenant-window\",\"when\":{\"method\":" WRITES
                            ",\"limit\":{\"requests\":200,\"per\":\"20s\",\"each\":\"tenant\"}},"
                            "\"answer\":{\"error\":\"429.intune\",\"retryAfter\":\"window\"}},"
                            "{\"name\":\"app-window\",\"when\":{\"method\":" WRITES
                            ",\"limit\":{\"requests\":100,\"per\":\"20s\",\"each\":\"app\"}},"
                            "\"answer\":{\"error\":\"429.intune\",\"retryAfter\":\"window\"}},"
                            "{\"name\":\"two-of-three\",\"when\":{\"method\":" WRITES
                            ",\"pattern\":\"xx.\"},"
                            "\"answer\":{\"error\":\"429.intune\"}}]"),
    },
    {
        .name = SLICE_INIT("delete-403"),
        .doc = "DELETE of a domain-join connector is refused, in the doubly quoted words of the "
               "live service.",
        .source = "captured: microsoft-graph-docs-contrib #1541 (2022) and #8508 (2023), "
                  "msgraph-sdk-powershell #3685 (2026)",
        .rules = SLICE_INIT(
            "[{\"name\":\"delete-403\",\"when\":{\"method\":\"DELETE\","
            "\"path\":\"*/deviceManagement/domainJoinConnectors/*\"},"
            "\"answer\":{\"error\":\"403.domainJoinConnector-delete\"}},"
            "{\"name\":\"delete-403-key-in-parentheses\",\"when\":{\"method\":\"DELETE\","
            "\"path\":\"*/deviceManagement/domainJoinConnectors(*\"},"
            "\"answer\":{\"error\":\"403.domainJoinConnector-delete\"}}]"),
    },
    {
        .name = SLICE_INIT("eventual"),
        .doc = "What was written is not seen by reads for 2 s.",
        .source = "ours: a service of many replicas does this, nobody published for how long",
        .rules = SLICE_INIT("[{\"name\":\"eventual\",\"when\":{\"method\":[\"GET\",\"HEAD\"]},"
                            "\"read\":\"stale\",\"staleFor\":\"2s\"}]"),
    },
    {
        .name = SLICE_INIT("flaky"),
        .doc = "One request in ten is slow, one in twenty gets a 500, 503 or 504, one in fifty is "
               "cut off, one write in fifty loses its answer.",
        .source = "ours: rates far above any real service's, so that a short test meets each",
        .rules = SLICE_INIT("[{\"name\":\"flaky-500\",\"when\":{\"rate\":0.016667},"
                            "\"answer\":{\"error\":\"500.intune\"}},"
                            "{\"name\":\"flaky-503\",\"when\":{\"rate\":0.016949},"
                            "\"answer\":{\"error\":\"503.graph\"}},"
                            "{\"name\":\"flaky-504\",\"when\":{\"rate\":0.017241},"
                            "\"answer\":{\"error\":\"504.graph\"}},"
                            "{\"name\":\"flaky-cut-off\",\"when\":{\"rate\":0.021053},"
                            "\"connection\":\"truncate\"},"
                            "{\"name\":\"flaky-lost-answer\",\"when\":{\"method\":" WRITES
                            ",\"rate\":0.021505},"
                            "\"connection\":\"reset\",\"executes\":true},"
                            "{\"name\":\"flaky-slow\",\"when\":{\"rate\":0.108},"
                            "\"delay\":{\"median\":\"400ms\",\"p99\":\"3s\"}}]"),
    },
};

const size_t fault_persona_count = COUNT_OF(fault_personas);

static void write_string(struct json_writer *writer, struct slice name, struct slice value)
{
    json_writer_plain_name(writer, name);
    json_writer_string(writer, value);
}

static void write_persona(struct json_writer *writer, const struct fault_persona *persona)
{
    json_writer_object_begin(writer);
    write_string(writer, SLICE("name"), persona->name);
    write_string(writer, SLICE("doc"), slice_of(persona->doc));
    write_string(writer, SLICE("source"), slice_of(persona->source));
    json_writer_plain_name(writer, SLICE("rules"));
    json_writer_raw(writer, persona->rules);
    json_writer_object_end(writer);
}

static void write_error(struct json_writer *writer, const struct catalogue_error *error)
{
    json_writer_object_begin(writer);
    write_string(writer, SLICE("name"), error->name);
    json_writer_plain_name(writer, SLICE("status"));
    json_writer_int(writer, error->status);
    write_string(writer, SLICE("code"), slice_of(error->code));
    write_string(writer, SLICE("source"), slice_of(error->source));
    json_writer_object_end(writer);
}

void fault_personas_write(struct json_writer *writer)
{
    json_writer_object_begin(writer);
    json_writer_plain_name(writer, SLICE("personas"));
    json_writer_array_begin(writer);
    for (size_t i = 0; i < fault_persona_count; i++)
        write_persona(writer, &fault_personas[i]);
    json_writer_array_end(writer);
    json_writer_plain_name(writer, SLICE("errors"));
    json_writer_array_begin(writer);
    for (size_t i = 0; i < error_catalogue_count; i++)
        write_error(writer, &error_catalogue[i]);
    json_writer_array_end(writer);
    json_writer_object_end(writer);
}
