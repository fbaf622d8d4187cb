/* server/settings.h - every setting of the product: one table, four places a value may come from.
 *
 * A setting named "tls-cert" is the flag --tls-cert, the environment's CONNECTORD_TLS_CERT and the
 * file's "tls-cert = ..."; the three spellings are derived from the name, so that none can be
 * missing. A flag outranks the environment, which outranks the file; the values of a
 * repeatable setting replace those of the weaker place as a whole. An empty value in the
 * environment counts as not set.
 *
 * Help, manual page, `config show` and the checks are made from the same table.
 * Must not know: what the settings do.
 * Threads: constant once loaded.
 */
#ifndef SERVER_SETTINGS_H
#define SERVER_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

struct arena;
struct text;

/* --- the table ------------------------------------------------------------------------------- */

enum setting_kind {
    SETTING_TEXT,
    SETTING_NUMBER,  /* decimal, between min and max */
    SETTING_CHOICE,  /* one of `choices`; also true, yes, 1 for "on" and false, no, 0 for "off" */
    SETTING_ADDRESS, /* HOST:PORT to listen on */
    SETTING_ORIGIN,  /* http(s)://host[:port] */
};

enum setting_group {
    SETTINGS_FOR_DATA,
    SETTINGS_FOR_LISTENING,
    SETTINGS_FOR_TOKENS,
    SETTINGS_FOR_BEHAVIOUR,
    SETTINGS_FOR_LIMITS,
    SETTING_GROUP_COUNT
};

struct setting {
    const char *name;
    enum setting_group group;
    enum setting_kind kind;
    bool repeatable;
    size_t offset;              /* in struct settings: of a slice, uint64_t, unsigned or list */
    const char *value_name;     /* for help; NULL for a choice, whose values are shown */
    const char *unit;           /* of a number; NULL: it is a count */
    uint64_t min, max;          /* of a number */
    const char *const *choices; /* NULL-terminated; the field holds the index */
    const char *bare; /* the value that the flag without one stands for; NULL: it needs one */
    const char *default_text; /* NULL: unset, or computed as default_doc says */
    const char *default_doc;
    const char *doc;
};

extern const struct setting settings_table[];
extern const size_t settings_table_count;

/* A heading for help, e.g. "Limits". */
const char *setting_group_text(enum setting_group group);

/* NULL when there is none. */
const struct setting *setting_find(struct slice name);

#define SETTING_ENVIRONMENT_PREFIX "CONNECTORD_"
#define SETTING_SPELLING_MAX       64

/* What connectord run tells its command, in variables of the same prefix. They are no settings: a
 * connectord that the command starts meets them and says nothing of it. */
enum run_variable {
    RUN_URL,
    RUN_URL_TLS,
    RUN_TOKEN,
    RUN_TENANT_ID,
    RUN_CLIENT_ID,
    RUN_CLIENT_SECRET,
    RUN_CA_FILE,
    RUN_VARIABLE_COUNT
};

extern const char *const run_variable_names[RUN_VARIABLE_COUNT];
bool run_variable_is_name(struct slice name);

/* "CONNECTORD_TLS_CERT", NUL-terminated. */
void setting_environment_name(const struct setting *setting, char out[SETTING_SPELLING_MAX]);

/* --- what was set ---------------------------------------------------------------------------- */

/* Who may use the control API: the choices of "control". */
enum setting_control { CONTROL_OFF, CONTROL_LOOPBACK, CONTROL_ANY, CONTROL_AUTO };

/* string-comparison */
enum setting_string_comparison { SETTING_STRINGS_IGNORE_CASE, SETTING_STRINGS_EXACT };

enum setting_switch { SETTING_OFF, SETTING_ON, SETTING_AUTO, SETTING_ANY = SETTING_AUTO };

struct setting_list {
    struct slice *items;
    size_t count;
};

/* Texts are NUL-terminated behind their end. */
struct settings {
    struct slice data_dir;
    unsigned memory; /* switches: enum setting_switch */
    struct slice seed;
    struct slice config;

    struct setting_list listen;
    struct setting_list listen_tls;
    struct slice tls_cert;
    struct slice tls_key;
    struct setting_list tls_names;
    struct setting_list public_urls;
    struct setting_list trusted_proxies;
    unsigned http2;
    unsigned hsts;
    unsigned gzip;

    unsigned builtin_issuer;
    unsigned no_auth; /* SETTING_ANY: also where others can reach it */
    unsigned allow_default_client;
    unsigned control;
    uint64_t token_lifetime_s;

    unsigned profile;
    unsigned strict;
    unsigned string_comparison; /* enum setting_string_comparison */
    unsigned query_indexes;
    unsigned etags;
    unsigned odata_401;
    struct slice deterministic;
    uint64_t threads;
    uint64_t reader_threads;
    unsigned log_level; /* enum log_level */
    unsigned hello;

    struct {
        uint64_t head_bytes, fields, body_bytes, request_bytes, token_bytes, json_depth, batch;
        uint64_t reply_bytes, page_bytes, entity_bytes, gzip_from_bytes, unindexed_rows;
        uint64_t write_queue, write_group, token_cache;
        uint64_t journal, fault_rules, testbed_bytes, sandboxes;
        uint64_t delta_days, delta_changes;
        uint64_t repeatability_hours, repeatable_requests;
        uint64_t connections, connections_per_address, streams, memory_bytes;
        uint64_t idle_s, head_s, body_grace_s, body_bytes_per_s, reply_s, read_s, drain_s;
    } limits;

    /* Derived. */
    bool loopback_only;     /* every listener can be reached from this machine alone */
    bool exposed;           /* a listener is not, or a public URL names more than this machine */
    bool issuer_on;         /* the built-in one */
    unsigned control_reach; /* enum setting_control without CONTROL_AUTO */
    struct setting_list unknown_environment; /* CONNECTORD_* that name no setting, for a warning */

    struct setting_state *states; /* private: one for each row of the table */
};

enum setting_source {
    SETTING_FROM_DEFAULT,
    SETTING_FROM_FILE,
    SETTING_FROM_ENVIRONMENT,
    SETTING_FROM_FLAG
};

/* A flag as it was typed; several of one name for a repeatable one, else the last one counts. */
struct setting_flag {
    const struct setting *setting;
    struct slice value;
};

/* A default that one command has and the table has not. */
struct setting_default {
    const char *name;
    const char *text;
    const char *doc; /* for help; NULL: the text */
};

struct settings_input {
    const struct setting_default *defaults; /* in place of the table's; none of data-dir, threads */
    size_t default_count;
    const struct setting_flag *flags;
    size_t flag_count;
    char *const
        *environment; /* "NAME=value", NULL-terminated; also gives HOME and XDG_STATE_HOME */
};

/* Reads everything into *ret, which lives in `arena`, and checks each value and how they go
 * together.
 * Errors: target is the setting's name. ERROR_BAD_REQUEST when a flag's value is at fault, else
 * ERROR_CONFIGURATION; the message says where the value stands and what was expected. */
bool settings_load(const struct settings_input *input, struct arena *arena, struct settings **ret,
                   struct error *err) MUST_CHECK;

/* Where the value of `setting` comes from; *ret_place (may be NULL) gets it in words: "default",
 * "/etc/c.conf, line 3", "CONNECTORD_THREADS", "--threads". */
enum setting_source settings_source(const struct settings *settings, const struct setting *setting,
                                    struct slice *ret_place);
/* The texts of its value; none when it is unset. */
struct setting_list settings_values(const struct settings *settings, const struct setting *setting);

#endif
