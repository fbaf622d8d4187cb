/* server/settings_table.c - the table of settings, in the order in which they are shown.
 *
 * Where a default is not obvious its reason stands beside it. Names of limits end in their unit
 * when they have one, so that a file can be read without this table.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/message.h"
#include "odata/batch_read.h"
#include "server/settings.h"

#define FIELD(member) offsetof(struct settings, member)
#define LIMIT(label, member)                                                                       \
    .name = "limit-" label, .group = SETTINGS_FOR_LIMITS, .kind = SETTING_NUMBER,                  \
    .value_name = "N", .offset = FIELD(limits.member)

#define MEBIBYTE UINT64_C(1048576)

static const char *const off_on[] = { "off", "on", NULL };
static const char *const off_on_auto[] = { "off", "on", "auto", NULL };
/* enum setting_control */
static const char *const controls[] = { "off", "loopback", "any", "auto", NULL };
static const char *const off_on_any[] = { "off", "on", "any", NULL };
/* As odata/profile.h finds them. */
static const char *const profiles[] = { "documented", "live", NULL };
/* enum setting_string_comparison */
static const char *const string_comparisons[] = { "ignore-case", "exact", NULL };
static const char *const log_levels[] = { "debug", "info", "warning", "error", NULL };

const struct setting settings_table[] = {
    /* --- data --- */
    { .name = "data-dir",
      .group = SETTINGS_FOR_DATA,
      .kind = SETTING_TEXT,
      .offset = FIELD(data_dir),
      .value_name = "DIR",
      .default_doc = "$XDG_STATE_HOME/connectord, else ~/.local/state/connectord",
      .doc = "Folder of the database and the keys; made when it is missing." },
    { .name = "memory",
      .group = SETTINGS_FOR_DATA,
      .kind = SETTING_CHOICE,
      .offset = FIELD(memory),
      .choices = off_on,
      .bare = "on",
      .default_text = "off",
      .doc = "Keep no data past the end of the process; no keys either unless data-dir is set." },
    { .name = "seed",
      .group = SETTINGS_FOR_DATA,
      .kind = SETTING_TEXT,
      .offset = FIELD(seed),
      .value_name = "FILE|demo",
      .default_doc = "none",
      .doc = "Entities that are loaded at the start into a store without any." },
    { .name = "config",
      .group = SETTINGS_FOR_DATA,
      .kind = SETTING_TEXT,
      .offset = FIELD(config),
      .value_name = "FILE",
      .default_doc = "none",
      .doc = "File of settings, one \"name = value\" a line." },

    /* --- listening --- */
    { .name = "listen",
      .group = SETTINGS_FOR_LISTENING,
      .kind = SETTING_ADDRESS,
      .repeatable = true,
      .offset = FIELD(listen),
      .value_name = "HOST:PORT",
      .default_text = "127.0.0.1:8080",
      .default_doc = "127.0.0.1:8080 when neither listen nor listen-tls is set",
      .doc = "Address for plain HTTP; port 0 picks a free one, host * is every interface." },
    { .name = "listen-tls",
      .group = SETTINGS_FOR_LISTENING,
      .kind = SETTING_ADDRESS,
      .repeatable = true,
      .offset = FIELD(listen_tls),
      .value_name = "HOST:PORT",
      .default_text = "127.0.0.1:8443",
      .default_doc = "127.0.0.1:8443 when neither listen nor listen-tls is set",
      .doc = "Address for HTTPS." },
    { .name = "tls-cert",
      .group = SETTINGS_FOR_LISTENING,
      .kind = SETTING_TEXT,
      .offset = FIELD(tls_cert),
      .value_name = "FILE",
      .default_doc = "a certificate of the development CA",
      .doc = "Certificate chain (PEM) for HTTPS; needs tls-key." },
    { .name = "tls-key",
      .group = SETTINGS_FOR_LISTENING,
      .kind = SETTING_TEXT,
      .offset = FIELD(tls_key),
      .value_name = "FILE",
      .default_doc = "the key of that certificate",
      .doc = "Private key (PEM) of tls-cert." },
    { .name = "tls-name",
      .group = SETTINGS_FOR_LISTENING,
      .kind = SETTING_TEXT,
      .repeatable = true,
      .offset = FIELD(tls_names),
      .value_name = "NAME",
      .default_doc = "localhost, 127.0.0.1 and ::1 alone",
      .doc = "Further name or address in the development certificate, answered for as well." },
    { .name = "public-url",
      .group = SETTINGS_FOR_LISTENING,
      .kind = SETTING_ORIGIN,
      .repeatable = true,
      .offset = FIELD(public_urls),
      .value_name = "URL",
      .default_doc = "none",
      .doc =
          "Further origin that it answers for, such as a proxy's; the first one issues tokens." },
    { .name = "trusted-proxy",
      .group = SETTINGS_FOR_LISTENING,
      .kind = SETTING_TEXT,
      .repeatable = true,
      .offset = FIELD(trusted_proxies),
      .value_name = "ADDRESS[/PREFIX]",
      .default_doc = "none",
      .doc = "Proxy, or block of them, whose Forwarded and X-Forwarded fields count." },
    { .name = "hsts",
      .group = SETTINGS_FOR_LISTENING,
      .kind = SETTING_CHOICE,
      .offset = FIELD(hsts),
      .choices = off_on_auto,
      .default_text = "auto",
      .doc = "Send Strict-Transport-Security; auto: not for names of this machine." },
    { .name = "gzip",
      .group = SETTINGS_FOR_LISTENING,
      .kind = SETTING_CHOICE,
      .offset = FIELD(gzip),
      .choices = off_on,
      .default_text = "on",
      .doc = "Compress answers for clients that accept it, and take compressed bodies." },

    { .name = "http2",
      .group = SETTINGS_FOR_LISTENING,
      .kind = SETTING_CHOICE,
      .offset = FIELD(http2),
      .choices = off_on,
      .default_text = "on",
      .doc = "Speak HTTP/2 with clients that choose it: over TLS by ALPN, plain by its preface." },

    /* --- tokens --- */
    { .name = "builtin-issuer",
      .group = SETTINGS_FOR_TOKENS,
      .kind = SETTING_CHOICE,
      .offset = FIELD(builtin_issuer),
      .choices = off_on_auto,
      .default_text = "auto",
      .doc = "Issue tokens; auto: while every listener is reached from this machine alone." },
    { .name = "no-auth",
      .group = SETTINGS_FOR_TOKENS,
      .kind = SETTING_CHOICE,
      .offset = FIELD(no_auth),
      .choices = off_on_any,
      .bare = "on",
      .default_text = "off",
      .doc =
          "Without a token act as the default tenant, all permissions; any: not only loopback." },
    { .name = "allow-default-client",
      .group = SETTINGS_FOR_TOKENS,
      .kind = SETTING_CHOICE,
      .offset = FIELD(allow_default_client),
      .choices = off_on,
      .bare = "on",
      .default_text = "off",
      .doc =
          "Start although others can reach the issuer and its client has the published secret." },
    { .name = "control",
      .group = SETTINGS_FOR_TOKENS,
      .kind = SETTING_CHOICE,
      .offset = FIELD(control),
      .choices = controls,
      .default_text = "auto",
      .doc = "Who may use the control API (clock, faults, reset...); needs the built-in issuer. "
             "auto: loopback, unless others can reach the server." },
    { .name = "token-lifetime-s",
      .group = SETTINGS_FOR_TOKENS,
      .kind = SETTING_NUMBER,
      .offset = FIELD(token_lifetime_s),
      .value_name = "N",
      .unit = "seconds",
      .min = 1,
      .max = 31536000,
      .default_text = "3600",
      .doc = "How long an issued token is good." },

    /* --- behaviour --- */
    { .name = "profile",
      .group = SETTINGS_FOR_BEHAVIOUR,
      .kind = SETTING_CHOICE,
      .offset = FIELD(profile),
      .choices = profiles,
      .default_text = "documented",
      .doc = "Answer as the reference pages say, or as the live service was seen to do." },
    { .name = "strict",
      .group = SETTINGS_FOR_BEHAVIOUR,
      .kind = SETTING_CHOICE,
      .offset = FIELD(strict),
      .choices = off_on,
      .bare = "on",
      .default_text = "off",
      .doc = "Refuse whatever this server offers and Graph does not." },
    { .name = "string-comparison",
      .group = SETTINGS_FOR_BEHAVIOUR,
      .kind = SETTING_CHOICE,
      .offset = FIELD(string_comparison),
      .choices = string_comparisons,
      .default_text = "ignore-case",
      .doc = "Whether the case of letters A to Z counts where queries compare texts." },
    { .name = "query-indexes",
      .group = SETTINGS_FOR_BEHAVIOUR,
      .kind = SETTING_CHOICE,
      .offset = FIELD(query_indexes),
      .choices = off_on_auto,
      .default_text = "auto",
      .doc = "Keep indexes of states, last contacts and names; auto: past limit-unindexed-rows." },
    { .name = "etags",
      .group = SETTINGS_FOR_BEHAVIOUR,
      .kind = SETTING_CHOICE,
      .offset = FIELD(etags),
      .choices = off_on,
      .bare = "on",
      .default_text = "off",
      .doc = "Entities have tags, and If-Match and If-None-Match may name them." },
    { .name = "odata-401",
      .group = SETTINGS_FOR_BEHAVIOUR,
      .kind = SETTING_CHOICE,
      .offset = FIELD(odata_401),
      .choices = off_on,
      .bare = "on",
      .default_text = "off",
      .doc = "Answer by OData 4.01 whoever admits it with OData-MaxVersion." },
    { .name = "deterministic",
      .group = SETTINGS_FOR_BEHAVIOUR,
      .kind = SETTING_TEXT,
      .offset = FIELD(deterministic),
      .value_name = "SEED",
      .default_doc = "ids are random, time goes on",
      .doc = "Repeat ids, dates and faults: the same for the same SEED and the same requests." },
    { .name = "threads",
      .group = SETTINGS_FOR_BEHAVIOUR,
      .kind = SETTING_NUMBER,
      .offset = FIELD(threads),
      .value_name = "N",
      .min = 1,
      .max = 64,
      .default_doc = "the number of processors, 4 at most",
      .doc = "Threads that answer requests." },
    { .name = "reader-threads",
      .group = SETTINGS_FOR_BEHAVIOUR,
      .kind = SETTING_NUMBER,
      .offset = FIELD(reader_threads),
      .value_name = "N",
      .min = 1,
      .max = 64,
      .default_text = "2", /* so that one long read does not hold up all others */
      .doc = "Threads for reads that may take long." },
    { .name = "log-level",
      .group = SETTINGS_FOR_BEHAVIOUR,
      .kind = SETTING_CHOICE,
      .offset = FIELD(log_level),
      .choices = log_levels,
      .default_text = "info",
      .doc = "The least level of the lines that are logged; the ready event is one of info." },
    { .name = "hello",
      .group = SETTINGS_FOR_BEHAVIOUR,
      .kind = SETTING_CHOICE,
      .offset = FIELD(hello),
      .choices = off_on_auto,
      .bare = "on",
      .default_text = "auto",
      .doc = "Print first commands on stdout when ready; auto: when that is a terminal." },

    /* --- limits --- */
    { LIMIT("head-bytes", head_bytes), .unit = "bytes", .min = 1024, .max = MEBIBYTE,
      .default_text = "32768", /* a token of 16 KiB and everything around it */
      .doc = "Request line and fields of a request; half of it is for the options of one to "
             "/$query." },
    { LIMIT("fields", fields), .min = 8, .max = HTTP_FIELDS_MAX, .default_text = "64",
      .doc = "Fields of a request." },
    { LIMIT("body-bytes", body_bytes), .unit = "bytes", .min = 1024, .max = 64 * MEBIBYTE,
      .default_text = "4194304", .doc = "Body of a request." },
    { LIMIT("request-bytes", request_bytes), .unit = "bytes", .min = MEBIBYTE,
      .max = 1024 * MEBIBYTE,
      .default_text = "50331648", /* a reply that grew by doubling, and its rows */
      .doc = "Memory of a request, its answer included, beside its body." },
    { LIMIT("token-bytes", token_bytes), .unit = "bytes", .min = 1024, .max = MEBIBYTE,
      .default_text = "16384", .doc = "A bearer token." },
    { LIMIT("json-depth", json_depth), .min = 4, .max = 1024, .default_text = "128",
      .doc = "Nesting of objects and arrays in a body." },
    { LIMIT("batch", batch), .min = 1, .max = BATCH_PARTS_MOST, .default_text = "20",
      .doc = "Requests of a batch." },
    { LIMIT("entity-bytes", entity_bytes), .unit = "bytes", .min = 1024, .max = 16 * MEBIBYTE,
      .default_text = "1048576", .doc = "Text of one entity." },
    { LIMIT("page-bytes", page_bytes), .unit = "bytes", .min = 1024, .max = 64 * MEBIBYTE,
      .default_text = "1048576",
      .doc = "A page of a list ends behind the entity that passes this." },
    { LIMIT("reply-bytes", reply_bytes), .unit = "bytes", .min = 65536, .max = 512 * MEBIBYTE,
      .default_text =
          "16777216", /* JSON writes a control character in 6: page and entity, 6 times */
      .doc = "Body of a reply; at least 6 times page-bytes and entity-bytes together." },
    { LIMIT("unindexed-rows", unindexed_rows), .min = 100, .max = 1000000000,
      .default_text = "10000", /* read from end to end in 3 ms */
      .doc = "Entities of a type, of all tenants together, past which a start makes indexes." },
    { LIMIT("gzip-from-bytes", gzip_from_bytes), .unit = "bytes", .min = 256, .max = 512 * MEBIBYTE,
      .default_text = "2048", /* less fits in two packets anyway */
      .doc = "The least body of a reply that is compressed." },
    { LIMIT("write-queue", write_queue), .min = 1, .max = 1000000, .default_text = "4096",
      .doc = "Writes that wait for the disk; past it a request is told 503 and not executed." },
    { LIMIT("write-group", write_group), .min = 1, .max = 10000, .default_text = "128",
      .doc = "Writes that share one commit." },
    { LIMIT("journal", journal), .max = 100000,
      .default_text = "1000", /* some 300 bytes each, 2.4 KiB with the longest texts */
      .doc = "Requests of each tenant that the control API remembers." },
    { LIMIT("fault-rules", fault_rules), .min = 1, .max = 10000, .default_text = "100",
      .doc = "Fault rules of each tenant." },
    { LIMIT("testbed-bytes", testbed_bytes), .unit = "bytes", .min = 16 * MEBIBYTE,
      .max = 1048576 * MEBIBYTE,
      .default_text = "268435456", /* 100 full journals at their longest, 800 as they usually are */
      .doc = "Memory of all tenants' journals, fault rules and stale reads together." },
    { LIMIT("sandboxes", sandboxes), .min = 1, .max = 100000, .default_text = "1000",
      .doc = "Sandboxes at a time." },
    { LIMIT("delta-days", delta_days), .unit = "days", .min = 1, .max = 3650,
      .default_text = "7", /* as Graph has it for directory objects */
      .doc = "How long a token of a delta is good, by its tenant's clock." },
    { LIMIT("delta-changes", delta_changes), .min = 1, .max = 100000000,
      .default_text = "100000", /* some 100 bytes each */
      .doc = "Changes that are kept of each set that somebody follows; older tokens get 410." },
    { LIMIT("repeatability-hours", repeatability_hours), .unit = "hours", .min = 1, .max = 8760,
      .default_text = "24",
      .doc = "How long what a repeatable request was answered is known, by its tenant's clock." },
    { LIMIT("repeatable-requests", repeatable_requests), .min = 1, .max = 100000000,
      .default_text = "10000", /* each as long as its answer */
      .doc = "Repeatable requests of each tenant that are known; repeats of older ones get 412." },
    { LIMIT("token-cache", token_cache), .max = 1000000,
      .default_text = "1024", /* some 2 KiB each, at most 18 */
      .doc = "Verified tokens that each thread remembers." },
    { LIMIT("connections", connections), .min = 16, .max = 1000000,
      .default_text = "16384", /* fewer when the system allows fewer open files */
      .doc = "Open connections; the next one is told 503." },
    { LIMIT("connections-per-address", connections_per_address), .min = 1, .max = 1000000,
      .default_text = "12288", /* a proxy in front is one address: three quarters, and never all */
      .doc = "Open connections of one IPv4 address or IPv6 /64." },
    { LIMIT("streams", streams), .min = 1, .max = 1000, .default_text = "100",
      .doc = "Requests under way at a time on one connection of HTTP/2." },
    { LIMIT("memory-bytes", memory_bytes), .unit = "bytes", .min = 16 * MEBIBYTE,
      .max = 1048576 * MEBIBYTE,
      .default_text = "536870912", /* the first block of 16384 requests is half of it */
      .doc = "Memory of all requests together, half of it for what comes in; past it they are told "
             "503." },
    { LIMIT("idle-s", idle_s), .unit = "seconds", .min = 1, .max = 86400, .default_text = "120",
      .doc = "A connection between two requests." },
    { LIMIT("head-s", head_s), .unit = "seconds", .min = 1, .max = 3600, .default_text = "10",
      .doc = "From a request's first byte to its head's end, TLS handshake included." },
    { LIMIT("body-grace-s", body_grace_s), .unit = "seconds", .min = 1, .max = 3600,
      .default_text = "5", .doc = "Time of a body before its rate counts." },
    { LIMIT("body-bytes-per-s", body_bytes_per_s), .unit = "bytes/s", .max = 1000000000,
      .default_text = "240", .doc = "The least average rate of a body." },
    { LIMIT("reply-s", reply_s), .unit = "seconds", .min = 1, .max = 86400, .default_text = "60",
      .doc = "From an answer's first to its last byte, when the client does not read." },
    { LIMIT("read-s", read_s), .unit = "seconds", .min = 1, .max = 3600,
      .default_text = "10", /* a client that waits longer asks again, and doubles the work */
      .doc = "One read of the store." },
    { LIMIT("drain-s", drain_s), .unit = "seconds", .max = 3600, .default_text = "30",
      .doc = "Time that requests in flight get to finish when the server is told to end." },
};

const size_t settings_table_count = COUNT_OF(settings_table);

const char *setting_group_text(enum setting_group group)
{
    static const char *const texts[SETTING_GROUP_COUNT] = {
        [SETTINGS_FOR_DATA] = "Data",     [SETTINGS_FOR_LISTENING] = "Listening",
        [SETTINGS_FOR_TOKENS] = "Tokens", [SETTINGS_FOR_BEHAVIOUR] = "Behaviour",
        [SETTINGS_FOR_LIMITS] = "Limits",
    };
    return texts[group];
}

const struct setting *setting_find(struct slice name)
{
    for (size_t i = 0; i < settings_table_count; i++) {
        if (slice_eq(slice_of(settings_table[i].name), name))
            return &settings_table[i];
    }
    return NULL;
}

const char *const run_variable_names[RUN_VARIABLE_COUNT] = {
    [RUN_URL] = SETTING_ENVIRONMENT_PREFIX "URL",
    [RUN_URL_TLS] = SETTING_ENVIRONMENT_PREFIX "URL_TLS",
    [RUN_TOKEN] = SETTING_ENVIRONMENT_PREFIX "TOKEN",
    [RUN_TENANT_ID] = SETTING_ENVIRONMENT_PREFIX "TENANT_ID",
    [RUN_CLIENT_ID] = SETTING_ENVIRONMENT_PREFIX "CLIENT_ID",
    [RUN_CLIENT_SECRET] = SETTING_ENVIRONMENT_PREFIX "CLIENT_SECRET",
    [RUN_CA_FILE] = SETTING_ENVIRONMENT_PREFIX "CA_FILE",
};

bool run_variable_is_name(struct slice name)
{
    for (size_t i = 0; i < RUN_VARIABLE_COUNT; i++) {
        if (slice_eq(slice_of(run_variable_names[i]), name))
            return true;
    }
    return false;
}

void setting_environment_name(const struct setting *setting, char out[SETTING_SPELLING_MAX])
{
    size_t at = sizeof SETTING_ENVIRONMENT_PREFIX - 1;

    memcpy(out, SETTING_ENVIRONMENT_PREFIX, at);
    for (const char *c = setting->name; *c && at < SETTING_SPELLING_MAX - 1; c++)
        out[at++] = *c == '-' ? '_' : *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
    out[at] = 0;
}
