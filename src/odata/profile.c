/* odata/profile.c - the two records, and the table of what tells them apart.
 *
 * Each difference appears twice, as a member of both records, which the code asks, and as a row,
 * which people read; the test counts them against each other, and holds docs/profiles.md to the
 * rows. A row names where the difference is known from, so that it can be checked again when the
 * service or its pages change.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/profile.h"

#include "base/compiler.h"

const struct profile profile_documented = {
    .name = SLICE_INIT("documented"),
    .dates_in_utc = false,
    .type_at_minimal = true,
    .back_end_messages = false,
    .refuses_beyond_graph = false,
    .tips = false,
    .page_size_default = 100,
};

const struct profile profile_live = {
    .name = SLICE_INIT("live"),
    .dates_in_utc = true,
    .type_at_minimal = false,
    .back_end_messages = true,
    .refuses_beyond_graph = true,
    .tips = true,
    .page_size_default = 1000,
};

const struct profile_row profile_rows[] = {
    {
        .id = "dates-utc",
        .documented = "a date keeps the offset it was written with",
        .live = "every date is written in UTC, ending in Z",
        .source = "the reference pages' examples echo -08:00; replies quoted in the Wazuh "
                  "documentation (auditEvents) and in IntuneCD's test data end in Z",
    },
    {
        .id = "type-at-minimal",
        .documented = "each entity carries @odata.type",
        .live = "@odata.type is left out at odata.metadata=minimal",
        .source = "every example of the reference pages; microsoft-graph-docs #12629, "
                  "microsoft-graph-docs-contrib #3553",
    },
    {
        .id = "tips",
        .documented = "nothing is advised",
        .live = "at odata.metadata=minimal a GET without $select is answered with "
                "@microsoft.graph.tips, which advises one",
        .source = "no reference page shows it; public logs of 2023 to 2025 over many sets do",
    },
    {
        .id = "back-end-messages",
        .documented = "an error's message is a sentence",
        .live = "where permission or the entity is missing, or the server failed (403, 404, 500), "
                "the message is the JSON text of Intune's back end",
        .source = "the reference pages show sentences; cnspec #1708 (403), Intune-PowerShell-SDK "
                  "#121 (403, an application without any permission), IntuneDocumentation #39 "
                  "(404), microsoft-graph-explorer-v4 #3157 (500)",
    },
    {
        .id = "beyond-graph",
        .documented = "DELETE of a domain-join connector works, and the reply says that it is "
                      "beyond Graph",
        .live = "DELETE of a domain-join connector is refused with 403 UnknownError, the message "
                "JSON inside JSON",
        .source = "the reference page of the delete; microsoft-graph-docs-contrib #1541 and #8508, "
                  "msgraph-sdk-powershell #3685",
    },
    {
        .id = "page-size",
        .documented = "a page has 100 entities unless asked otherwise",
        .live = "a page has 1000 entities unless asked otherwise",
        .source = "the reference pages do not say, and 100 keeps a reply small; "
                  "Intune-PowerShell-SDK #78 met a nextLink behind 1000",
    },
};

const size_t profile_row_count = COUNT_OF(profile_rows);

const struct profile_agreement profile_agreements[] = {
    {
        .id = "no-wrapper",
        .seen = "an entity stands in no value, which the pages' examples put it in",
        .here = "so it is",
        .source = "widely known; no capture of these sets",
    },
    {
        .id = "context",
        .seen = "a reply has @odata.context, which the pages leave out",
        .here = "so it has",
        .source = "msgraph-sdk-powershell #1819",
    },
    {
        .id = "unknown-segment",
        .seen = "an unknown segment of a path is a 400, not a 404",
        .here = "so it is",
        .source = "microsoft-graph-docs-contrib #1207, IntuneAssignmentChecker #62",
    },
    {
        .id = "no-licence",
        .seen = "a tenant without a licence is a 400, not a 403",
        .here = "so it is",
        .source = "msgraph-beta-sdk-go #198, Microsoft-365 #18",
    },
    {
        .id = "content-type",
        .seen = "a missing or wrong Content-Type is a 400, not a 415",
        .here = "so it is; a Content-Encoding other than gzip is a 415, which makes clients "
                "send it again plain",
        .source = "microsoft-graph-docs-contrib #6337, msgraph-sdk-php #632",
    },
    {
        .id = "codes",
        .seen = "codes are PascalCase, which the guidelines have in camelCase",
        .here = "so they are",
        .source = "every error captured",
    },
    {
        .id = "count-unasked",
        .seen = "@odata.count stands in some lists unasked, and may be that of the page",
        .here = "not imitated: only with $count=true, and right",
        .source = "msgraph-sdk-powershell #1819 (managed devices), microsoft-graph-docs #18143 "
                  "(auditEvents)",
    },
    {
        .id = "filter-ignored",
        .seen = "$filter may be ignored, or refused for some sets",
        .here = "not imitated: it filters; one that is not understood is a 400",
        .source = "microsoft-graph-docs-contrib #2416 and #94, msgraph-sdk-powershell #694",
    },
    {
        .id = "other-status",
        .seen = "a 401 may have the body of a 403",
        .here = "not imitated: status and body belong together; a rule of the control API answers "
                "with any pair of them",
        .source = "msgraph-sdk-powershell #1257 (Autopilot)",
    },
    {
        .id = "retry-after",
        .seen = "a 429 of Intune may have no Retry-After",
        .here = "nobody is throttled unasked, and a busy server always says when to come back; the "
                "persona intune-throttled shows both kinds",
        .source = "msendpointmgr.com on rate limiting in Intune",
    },
    {
        .id = "scope-aliases",
        .seen = "the 403 of a ServiceConfig set names its permissions by two names each",
        .here = "not imitated: it names what opens the set here",
        .source = "maester #1395",
    },
};

const size_t profile_agreement_count = COUNT_OF(profile_agreements);

const struct profile *profile_find(struct slice name)
{
    static const struct profile *const profiles[] = { &profile_documented, &profile_live };

    for (size_t i = 0; i < COUNT_OF(profiles); i++) {
        if (slice_eq(name, profiles[i]->name))
            return profiles[i];
    }
    return NULL;
}
