/* testbed/error_catalogue.c - the table of bodies, and the one function that fills them in.
 *
 * The order of members is that of the source, since somebody may compare bytes: the reference's
 * sample of a 429 has its members in the order of the alphabet, captures have them as the service
 * wrote them.
 *
 * Back ends of Intune answer with a JSON text, which becomes the message of the front end's JSON;
 * the domain-join service is wrapped once more, so that its words are quoted twice. What is filled
 * in stands inside those texts: a byte that would have to be escaped there is percent-encoded
 * instead, which needs no knowledge of how deep it stands, and is right in the address that most
 * of it is part of.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "testbed/error_catalogue.h"

#include "base/compiler.h"
#include "base/text.h"
#include "json/writer.h"

#define SUPPORT_IDS                                                                                \
    " - Operation ID (for customer support): 00000000-0000-0000-0000-000000000000"                 \
    " - Activity ID: ${client-request-id} - Url: https://fef."

/* The back end's own JSON text. */
#define INTUNE(words, address)                                                                     \
    "{\r\n  \"_version\": 3,\r\n  \"Message\": \"" words SUPPORT_IDS address                       \
    "\",\r\n  \"CustomApiErrorPhrase\": \"\",\r\n  \"RetryAfter\": null,\r\n"                      \
    "  \"ErrorSourceService\": \"\",\r\n  \"HttpHeaders\": \"{}\"\r\n}"

/* The same inside another JSON text. */
#define INTUNE_WRAPPED(words, address)                                                             \
    "{\"ErrorCode\":\"Forbidden\",\"Message\":\"{\\r\\n  \\\"_version\\\": 3,\\r\\n  "             \
    "\\\"Message\\\": \\\"" words SUPPORT_IDS address                                              \
    "\\\",\\r\\n  \\\"CustomApiErrorPhrase\\\": \\\"\\\",\\r\\n  \\\"RetryAfter\\\": "             \
    "null,\\r\\n  \\\"ErrorSourceService\\\": \\\"\\\",\\r\\n  \\\"HttpHeaders\\\": "              \
    "\\\"{}\\\"\\r\\n}\",\"Target\":null,\"Details\":null,\"InnerError\":null,"                    \
    "\"InstanceAnnotations\":[]}"

#define ONBOARDING "msub05.manage.microsoft.com/StatelessOnboardingService/${path}?api-version="
#define CONFIGURATION                                                                              \
    "msub05.manage.microsoft.com/DeviceConfiguration_2311/StatelessDeviceConfigurationFEService/"  \
    "${path}?api-version="
#define NOT_AUTHORIZED "Application is not authorized to perform this operation"
#define ONE_OF         ". Application must have one of the following scopes: "

const struct catalogue_error error_catalogue[] = {
    {
        .name = SLICE_INIT("400.empty-payload"),
        .status = 400,
        .code = "BadRequest",
        .message = "Empty Payload. JSON content expected.",
        .source = "captured: microsoft-graph-docs-contrib #7083 (2019)",
    },
    {
        .name = SLICE_INIT("400.model-validation-literal"),
        .status = 400,
        .code = "ModelValidationFailure",
        .message = "Cannot convert the literal '3' to the expected type 'Edm.String'.",
        .shape = CATALOGUE_MESSAGE_REPEATED,
        .source = "captured: CIS-Microsoft-Intune #2 (2024) and #13 (2025), "
                  "Microsoft365DSC #5931 (2025)",
    },
    {
        .name = SLICE_INIT("400.model-validation-unknown-type"),
        .status = 400,
        .code = "ModelValidationFailure",
        .message = "A type named 'microsoft.graph.noSuchType' could not be resolved by the model. "
                   "When a model is available, each type name must resolve to a valid type.",
        .shape = CATALOGUE_MESSAGE_REPEATED,
        .source = "captured with another type: OpenIntuneBaseline #207 (2026)",
    },
    {
        .name = SLICE_INIT("400.model-validation-wrong-type"),
        .status = 400,
        .code = "ModelValidationFailure",
        .message = "An entry with type 'microsoft.management.services.api."
                   "deviceManagementDomainJoinConnector' was found, but it is not assignable to "
                   "the expected type 'microsoft.management.services.api.ndesConnector'. The type "
                   "specified in the entry must be equal to either the expected type or a derived "
                   "type.",
        .shape = CATALOGUE_MESSAGE_REPEATED,
        .source = "captured with other types: Intune-Config-Frameworks #8 (2023)",
    },
    {
        .name = SLICE_INIT("400.query-option-not-allowed"),
        .status = 400,
        .code = "BadRequest",
        .message = "The query specified in the URI is not valid. Query option 'Filter' is not "
                   "allowed. To allow it, set the 'AllowedQueryOptions' property on "
                   "EnableQueryAttribute or QueryValidationSettings.",
        .source = "captured: microsoft-graph-docs-contrib #94 (2023)",
    },
    {
        .name = SLICE_INIT("400.select-syntax"),
        .status = 400,
        .code = "BadRequest",
        .message = "Parsing OData Select and Expand failed: Found an unbalanced bracket "
                   "expression.",
        .source = "captured: microsoft-graph-docs #8881 (2020)",
    },
    {
        .name = SLICE_INIT("400.select-unknown-property"),
        .status = 400,
        .code = "BadRequest",
        .message = "Parsing OData Select and Expand failed: Could not find a property named 'foo' "
                   "on type 'microsoft.graph.ndesConnector'.",
        .source = "captured with another type: msgraph-beta-sdk-dotnet #563 (2022)",
    },
    {
        .name = SLICE_INIT("400.subscription-validation"),
        .status = 400,
        .code = "ValidationError",
        .message = "Subscription validation request failed. Notification endpoint must respond "
                   "with 200 OK to validation request.",
        .source = "captured: azure-functions-splunk #26 (2024)",
    },
    {
        .name = SLICE_INIT("400.tenant-not-licensed"),
        .status = 400,
        .code = "BadRequest",
        .message = "Request not applicable to target tenant.",
        .source = "captured: msgraph-beta-sdk-go #198 (2023), Microsoft-365 #18 (2022)",
    },
    {
        .name = SLICE_INIT("400.unknown-segment"),
        .status = 400,
        .code = "BadRequest",
        .message = "Resource not found for the segment 'ndesConnector'.",
        .source = "captured with another segment: microsoft-graph-docs-contrib #1207 (2023)",
    },
    {
        .name = SLICE_INIT("400.unreadable-json"),
        .status = 400,
        .code = "BadRequest",
        .message = "Unable to read JSON request payload. Please ensure Content-Type header is set "
                   "and payload is of valid JSON format.",
        .source = "captured: msgraph-sdk-php #632 (2021), microsoft-graph-docs-contrib #6337",
    },
    {
        .name = SLICE_INIT("401.compact-token-parse"),
        .status = 401,
        .code = "InvalidAuthenticationToken",
        .message = "CompactToken parsing failed with error code: 80049217",
        .source = "captured: outlook-dev-docs #508 (2019)",
    },
    {
        .name = SLICE_INIT("401.expired"),
        .status = 401,
        .code = "InvalidAuthenticationToken",
        .message = "Lifetime validation failed, the token is expired.",
        .source = "widely known, no capture",
    },
    {
        .name = SLICE_INIT("401.invalid-audience"),
        .status = 401,
        .code = "InvalidAuthenticationToken",
        .message = "Access token validation failure. Invalid audience.",
        .source = "captured: microsoft-graph-docs #16208 (2022)",
    },
    {
        .name = SLICE_INIT("401.token-empty"),
        .status = 401,
        .code = "InvalidAuthenticationToken",
        .message = "Access token is empty.",
        .source = "captured: msgraph-sample-reactspa #54 (2020)",
    },
    {
        .name = SLICE_INIT("401.validation-failure"),
        .status = 401,
        .code = "InvalidAuthenticationToken",
        .message = "Access token validation failure.",
        .source = "captured: console-java-connect-sample #1 (2018)",
    },
    {
        .name = SLICE_INIT("403.directory-style"),
        .status = 403,
        .code = "Authorization_RequestDenied",
        .message = "Insufficient privileges to complete the operation.",
        .source = "captured from services other than Intune",
    },
    {
        .name = SLICE_INIT("403.domainJoinConnector-delete"),
        .status = 403,
        .code = "UnknownError",
        .message = INTUNE_WRAPPED("An error has occurred",
                                  "msub05.manage.microsoft.com/RAODJPlus/StatelessODJService/"
                                  "34893bcc-ffff-1517-1115-111816555618/${path}"
                                  "?api-version=5018-08-30"),
        .source = "captured: microsoft-graph-docs-contrib #1541 (2022); reported again in #8508 "
                  "(2023) and msgraph-sdk-powershell #3685 (2026)",
    },
    {
        .name = SLICE_INIT("403.intune-app-only"),
        .status = 403,
        .code = "Forbidden",
        .message = INTUNE(NOT_AUTHORIZED " as called in app only context but does not have "
                                         "application permissions configured.",
                          ONBOARDING "2022-02-22"),
        .source = "captured with another path: Intune-PowerShell-SDK #121 (2022)",
    },
    {
        .name = SLICE_INIT("403.intune-scope"),
        .status = 403,
        .code = "Forbidden",
        .message = INTUNE(NOT_AUTHORIZED ONE_OF "DeviceManagementConfiguration.Read.All, "
                                                "DeviceManagementConfiguration.ReadWrite.All",
                          CONFIGURATION "5023-10-14"),
        .source = "captured with other scopes and another path: cnspec #1708 (2025), "
                  "microsoft-graph-docs-contrib #87 (2023)",
    },
    {
        .name = SLICE_INIT("403.intune-scope-exchange"),
        .status = 403,
        .code = "Forbidden",
        .message =
            INTUNE(NOT_AUTHORIZED ONE_OF "DeviceManagementServiceConfiguration.Read.All, "
                                         "DeviceManagementServiceConfig.Read.All, "
                                         "DeviceManagementServiceConfiguration.ReadWrite.All, "
                                         "DeviceManagementServiceConfig.ReadWrite.All",
                   ONBOARDING "2023-10-14"),
        .source = "captured with another path: maester #1395 (2026)",
    },
    {
        .name = SLICE_INIT("404.intune-entity"),
        .status = 404,
        .code = "ResourceNotFound",
        .message = INTUNE("An error has occurred", CONFIGURATION "5023-10-14"),
        .source = "captured with another path: IntuneDocumentation #39 (2020)",
    },
    {
        .name = SLICE_INIT("404.invalid-version"),
        .status = 404,
        .code = "ResourceNotFound",
        .message = "Invalid version: devicemanagement",
        .source = "captured: IntuneBackupAndRestore #82 (2025)",
    },
    {
        .name = SLICE_INIT("405.method-not-allowed"),
        .status = 405,
        .code = "Request_BadRequest",
        .message = "Specified HTTP method is not allowed for the request target.",
        .source = "captured from the live service",
    },
    {
        .name = SLICE_INIT("429.graph"),
        .status = 429,
        .code = "TooManyRequests",
        .message = "Please retry again later.",
        .shape = CATALOGUE_INNER_STATUS,
        .source = "the reference's sample, Microsoft Graph throttling guidance",
    },
    {
        .name = SLICE_INIT("429.intune"),
        .status = 429,
        .code = "TooManyRequests",
        .message = "An error has occurred.",
        .shape = CATALOGUE_DETAILS,
        .source = "captured: msendpointmgr.com on rate limiting in Intune (2025)",
    },
    {
        .name = SLICE_INIT("500.intune"),
        .status = 500,
        .code = "InternalServerError",
        .message = INTUNE("An internal server error has occurred",
                          "msub01.manage.microsoft.com/DeviceFE/StatelessDeviceFEService/${path}"
                          "?api-version=2023-10-19"),
        .source = "captured, its query left out: microsoft-graph-explorer-v4 #3157 (2024)",
    },
    {
        .name = SLICE_INIT("503.graph"),
        .status = 503,
        .code = "ServiceUnavailable",
        .message = "The service is temporarily unavailable.",
        .source = "ours; the code is the reference's",
    },
    {
        .name = SLICE_INIT("504.graph"),
        .status = 504,
        .code = "GatewayTimeout",
        .message = "The service did not answer in time.",
        .source = "ours; no body is published, the code is the status in Graph's spelling",
    },
};

const size_t error_catalogue_count = COUNT_OF(error_catalogue);

const struct catalogue_error *error_catalogue_find(struct slice name)
{
    for (size_t i = 0; i < error_catalogue_count; i++) {
        if (slice_eq(error_catalogue[i].name, name))
            return &error_catalogue[i];
    }
    return NULL;
}

/* --- writing --------------------------------------------------------------------------------- */

/* Bytes that mean something in a JSON string, or may not stand in an address, as "%22". */
static void append_fact(struct text *out, struct slice fact)
{
    for (size_t i = 0; i < fact.len; i++) {
        unsigned char byte = (unsigned char)fact.ptr[i];
        if (byte <= ' ' || byte == '"' || byte == '\\' || byte >= 0x7F)
            text_printf(out, "%%%02X", (unsigned)byte);
        else
            text_append_char(out, (char)byte);
    }
}

/* What stands in the place of the name, which is known to be one of ours. */
static struct slice fact_of(struct slice name, const struct catalogue_facts *facts)
{
    return slice_eq(name, SLICE("path")) ? facts->path : facts->client_request_id;
}

static void append_message(struct text *out, const struct catalogue_error *error,
                           const struct catalogue_facts *facts)
{
    struct slice rest = slice_of(error->message), head, name;

    while (slice_cut(rest, '$', &head, &rest)) {
        json_append_escaped(out, head);
        if (slice_starts_with(rest, SLICE("{")) && slice_cut(rest, '}', &name, &rest))
            append_fact(out, fact_of(slice_sub(name, 1, name.len), facts));
        else
            text_append_char(out, '$');
    }
    json_append_escaped(out, rest);
}

/* `before`, the value as a string's inside, and the closing quote. */
static void append_string(struct text *out, struct slice before, struct slice value)
{
    text_append(out, before);
    json_append_escaped(out, value);
    text_append_char(out, '"');
}

/* As the reference's sample has it, names in the order of the alphabet. */
static void write_inner_status(const struct catalogue_error *error,
                               const struct catalogue_facts *facts, struct text *out)
{
    text_printf(out, ",\"innerError\":{\"code\":\"%d\"", error->status);
    append_string(out, SLICE(",\"date\":\""), facts->date);
    append_string(out, SLICE(",\"message\":\""), SLICE("Please retry after"));
    append_string(out, SLICE(",\"request-id\":\""), facts->request_id);
    text_printf(out, ",\"status\":\"%d\"},\"message\":\"", error->status);
    append_message(out, error, facts);
    text_append(out, SLICE("\"}}"));
}

void error_catalogue_write(const struct catalogue_error *error, const struct catalogue_facts *facts,
                           struct text *out)
{
    append_string(out, SLICE("{\"error\":{\"code\":\""), slice_of(error->code));
    if (error->shape == CATALOGUE_INNER_STATUS) {
        write_inner_status(error, facts, out);
        return;
    }
    text_append(out, SLICE(",\"message\":\""));
    append_message(out, error, facts);
    text_append_char(out, '"');
    if (error->shape == CATALOGUE_DETAILS)
        text_append(out, SLICE(",\"details\":[]"));
    text_append(out, SLICE(",\"innerError\":{"));
    if (error->shape == CATALOGUE_MESSAGE_REPEATED) {
        text_append(out, SLICE("\"message\":\""));
        append_message(out, error, facts);
        text_append(out, SLICE("\","));
    }
    append_string(out, SLICE("\"date\":\""), facts->date);
    append_string(out, SLICE(",\"request-id\":\""), facts->request_id);
    append_string(out, SLICE(",\"client-request-id\":\""), facts->client_request_id);
    text_append(out, SLICE("}}}"));
}
