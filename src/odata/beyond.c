/* odata/beyond.c - the rows of what goes beyond Graph.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/beyond.h"

/* What Intune's controllers answer an option with that they do not allow. */
#define OPTION_REFUSED(title)                                                                      \
    "The query specified in the URI is not valid. Query option '" title                            \
    "' is not allowed. To allow it, set the 'AllowedQueryOptions' property on "                    \
    "EnableQueryAttribute or QueryValidationSettings."

const struct beyond_row beyond_rows[BEYOND_COUNT] = {
    [BEYOND_SEARCH] = {
        .id = "search",
        .what = "$search looks for words in the texts of the set's entities",
        .graph = "400: the option is not allowed",
        .source = "the query-parameter page has $search for directory objects, messages and "
                  "people; the words are those of microsoft-graph-docs-contrib #94",
        .refusal = ERROR_BAD_REQUEST,
        .target = "$search",
        .message = OPTION_REFUSED("Search"),
    },
    [BEYOND_BATCH_ABSOLUTE_URL] = {
        .id = "batch-absolute-url",
        .what = "the URL of a batched request may be absolute, with the batch's own version in it",
        .graph = "400: the URL of a batched request is relative to the version",
        .source = "the page on JSON batching; OData JSON Format 4.01, 19.1, has them",
        .refusal = ERROR_BAD_REQUEST,
        .target = "url",
        .message = "Invalid URL in a batch: it has to be relative to the version of the batch.",
    },
    [BEYOND_BATCH_BYTES] = {
        .id = "batch-base64",
        .what = "a batched write may have its JSON as base64 text, and then no Content-Type",
        .graph = "takes the text as it stands, and refuses what has no Content-Type",
        .source = "the page on JSON batching; msgraph-sdk-core 1.0 preview 17 sends such parts",
        .refusal = ERROR_NONE,
        .target = "",
        .message = "",
    },
    [BEYOND_BATCH_MULTIPART] = {
        .id = "multipart-batch",
        .what = "$batch takes multipart/mixed, with change sets that are executed whole or not at all",
        .graph = "400: a batch is JSON",
        .source = "the page on JSON batching, and no other, tells of batches; OData 4.01 part 1, "
                  "11.7.7, has them",
        .refusal = ERROR_BAD_REQUEST,
        .target = "",
        .message = "Unable to read JSON request payload. Please ensure Content-Type header is set "
                   "and payload is of valid JSON format.",
    },
    [BEYOND_ATOMICITY_GROUP] = {
        .id = "atomicity-group",
        .what = "atomicityGroup in a JSON batch: the requests of a group are executed all or not at "
                "all",
        .graph = "not known: the page has no such member",
        .source = "the page on JSON batching; OData JSON Format 4.01, 19.1, has it",
        .refusal = ERROR_BAD_REQUEST,
        .target = "atomicityGroup",
        .message = "The member 'atomicityGroup' of a batched request is not supported.",
    },
    [BEYOND_BATCH_REFERENCE] = {
        .id = "batch-reference",
        .what = "$1 in the URL of a batched request is what the request with the id 1, of its group "
                "or depended on, made or names",
        .graph = "400: no such segment",
        .source = "the page on JSON batching has none; OData JSON Format 4.01, 19.1, has them",
        .refusal = ERROR_NONE,
        .target = "",
        .message = "",
    },
    [BEYOND_CSDL_JSON] = {
        .id = "csdl-json",
        .what = "$metadata as CSDL JSON, by $format or Accept",
        .graph = "XML whatever is asked for",
        .source = "widely known; Graph answers in OData 4.0, which has no CSDL in JSON",
        .refusal = ERROR_NONE,
        .target = "",
        .message = "",
    },
    /* Not refused by a row's words: it is then not there, like any other segment. */
    [BEYOND_OPENAPI] = {
        .id = "openapi",
        .what = "/openapi.json below a version describes it as OpenAPI",
        .graph = "400: no such segment (401 without a token)",
        .source = "Graph's OpenAPI files lie in the repository msgraph-metadata, and nowhere in the "
                  "service",
        .refusal = ERROR_NONE,
        .target = "",
        .message = "",
    },
    [BEYOND_MATCHES_PATTERN] = {
        .id = "matchespattern",
        .what = "matchesPattern in $filter looks for a regular expression in a text",
        .graph = "400: the function is unknown",
        .source = "OData 4.01 added it, and the query-parameter page does not have it; the words "
                  "are those of the OData library behind Graph",
        .refusal = ERROR_BAD_REQUEST,
        .target = "$filter",
        .message = "Invalid filter clause: An unknown function with name 'matchesPattern' was "
                   "found.",
    },
    [BEYOND_QUOTED_VALUES] = {
        .id = "quoted-values",
        .what = "a date, a number or a truth value in quotes is read as one, as OData 4.01 asks",
        .graph = "400: the types are incompatible",
        .source = "OData 4.01 conformance; the words are those of the OData library behind Graph",
        .refusal = ERROR_BAD_REQUEST,
        .target = "$filter",
        .message = "Invalid filter clause: A binary operator with incompatible types was detected.",
    },
    [BEYOND_COLLECTION_COMPARE] = {
        .id = "collection-compare",
        .what = "eq and ne compare a collection with another one, with a list in brackets, or with "
                "null",
        .graph = "400: the types are incompatible",
        .source = "OData 4.01 conformance; the words are those of the OData library behind Graph",
        .refusal = ERROR_BAD_REQUEST,
        .target = "$filter",
        .message = "Invalid filter clause: A binary operator with incompatible types was detected.",
    },
    [BEYOND_SELECT_OPTIONS] = {
        .id = "select-options",
        .what = "$filter, $orderby, $top, $skip and $count in parentheses behind a collection in "
                "$select",
        .graph = "400: the term is not valid",
        .source = "OData 4.01 conformance; the query-parameter page has no options in $select; the "
                  "words are those of the OData library behind Graph",
        .refusal = ERROR_BAD_REQUEST,
        .target = "$select",
        .message = "Parsing OData Select and Expand failed: A term with options is not valid in a "
                   "$select expression.",
    },
    [BEYOND_RETURN_MINIMAL] = {
        .id = "return-minimal",
        .what = "Prefer: return=minimal answers a POST or PATCH with 204 and no body, and a delta "
                "with what changed of an entity alone",
        .graph = "passes over it: the entity is in the answer",
        .source = "OData 4.01 part 1, 8.2.8.7; no page of these sets mentions it",
        .refusal = ERROR_NONE,
        .target = "",
        .message = "",
    },
    [BEYOND_CONDITIONS] = {
        .id = "conditions",
        .what = "If-Match: * and If-None-Match: * are asked; 412 where they do not hold",
        .graph = "passes over them",
        .source = "RFC 9110, 13.1; OData 4.01 part 1, 8.2.4 and 8.2.5; no page of these sets "
                  "mentions them",
        .refusal = ERROR_NONE,
        .target = "",
        .message = "",
    },
    [BEYOND_ETAGS] = {
        .id = "etags",
        .what = "with --etags entities have tags, which If-Match and If-None-Match may name",
        .graph = "has no tags on these sets, and passes over conditions that name one",
        .source = "OData 4.01 part 1, 8.3.1; no example of these sets shows an @odata.etag",
        .refusal = ERROR_NONE,
        .target = "",
        .message = "",
    },
    [BEYOND_UPSERT] = {
        .id = "upsert",
        .what = "PATCH makes a missing entity with Prefer: create-if-missing or If-None-Match: *",
        .graph = "passes over both: 404",
        .source = "Graph's guidelines have it for keys that clients make; these sets make their own",
        .refusal = ERROR_NONE,
        .target = "",
        .message = "",
    },
    [BEYOND_DELTA] = {
        .id = "delta",
        .what = "/delta behind a set tells what changed in it since the last time, and so does the "
                "deltaLink of a list with Prefer: odata.track-changes",
        .graph = "takes it for a key, which it does not find, and passes over the preference",
        .source = "no page or metadata of these sets has the function",
        .refusal = ERROR_NONE,
        .target = "",
        .message = "",
    },
    [BEYOND_PROPERTY_WRITES] = {
        .id = "property-writes",
        .what = "PUT, PATCH and DELETE write one property at its address, PUT its bare text at $value",
        .graph = "405: these addresses are for reading",
        .source = "OData 4.01 part 1, 11.4.9; no page of these sets has such a write",
        .refusal = ERROR_METHOD_NOT_ALLOWED,
        .target = "",
        .message = "Specified HTTP method is not allowed for the request target.",
    },
    [BEYOND_APPLY] = {
        .id = "apply",
        .what = "$apply filters, groups and aggregates the set's entities",
        .graph = "400: the option is not allowed",
        .source = "OData Data Aggregation 4.0; the query-parameter page does not have it; the words "
                  "are those of microsoft-graph-docs-contrib #94",
        .refusal = ERROR_BAD_REQUEST,
        .target = "$apply",
        .message = OPTION_REFUSED("Apply"),
    },
    [BEYOND_COMPUTE] = {
        .id = "compute",
        .what = "$compute makes properties of others, to be shown, filtered and ordered by",
        .graph = "400: the option is not allowed",
        .source = "OData 4.01 part 2, 5.1.3; the query-parameter page does not have it; the words "
                  "are those of microsoft-graph-docs-contrib #94",
        .refusal = ERROR_BAD_REQUEST,
        .target = "$compute",
        .message = OPTION_REFUSED("Compute"),
    },
    [BEYOND_ODATA_401] = {
        .id = "odata-401",
        .what = "with --odata-401 a client that admits OData 4.01 by OData-MaxVersion gets its names, such as @count",
        .graph = "answers in 4.0 whatever is admitted, with @odata.count",
        .source = "OData JSON Format 4.01, 4.5; every captured reply says OData-Version 4.0",
        .refusal = ERROR_NONE,
        .target = "",
        .message = "",
    },
    [BEYOND_REPEATABILITY] = {
        .id = "repeatability",
        .what = "a write with Repeatability-Request-ID and Repeatability-First-Sent is executed at most "
                "once, and a repeat is answered as the first was",
        .graph = "passes over both: executed again",
        .source = "OASIS Repeatable Requests 1.0; no page of these sets mentions it",
        .refusal = ERROR_NONE,
        .target = "",
        .message = "",
    },
    [BEYOND_KEY_ALIAS] = {
        .id = "key-alias",
        .what = "the key in parentheses may be an alias, whose value is a query option: (@k)?@k='...'",
        .graph = "400: the key is not a string",
        .source = "OData 4.01 part 2, 4.3.1; no page or capture of these sets has it",
        .refusal = ERROR_NONE,
        .target = "",
        .message = "",
    },
    [BEYOND_COLLECTION_COUNT] = {
        .id = "collection-count",
        .what = "/$count behind a property that is a collection tells how many items it has",
        .graph = "not known; taken for 400: no such segment",
        .source = "OData 4.01 part 1, 11.2.10; no page or capture of these sets has it",
        .refusal = ERROR_NONE,
        .target = "",
        .message = "",
    },
    [BEYOND_QUERY_IN_BODY] = {
        .id = "query-in-body",
        .what = "POST to /$query behind an address is a GET of it with the query options in the body",
        .graph = "400: no such segment",
        .source = "OData 4.01 part 2, 4.17; Graph's guidelines ask services for it, no page of these "
                  "sets has it",
        .refusal = ERROR_NONE,
        .target = "",
        .message = "",
    },
    [BEYOND_FILTER_SEGMENT] = {
        .id = "filter-segment",
        .what = "/$filter(...) behind a set lets through what its condition is true of",
        .graph = "400: no such segment",
        .source = "OData 4.01 part 2, 4.12; no page or capture of these sets has it",
        .refusal = ERROR_NONE,
        .target = "",
        .message = "",
    },
};
