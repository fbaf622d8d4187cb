/* testbed/faults_rules.h - a rule as faults.c and its neighbours see it. Private to them.
 *
 *   faults.c              the list, its lock, what faults.h promises
 *   faults_read.c         JSON into rules: the outermost object
 *   faults_read_rule.c    ... a rule
 *   faults_read_when.c    ... "when"
 *   faults_read_effect.c  ... what happens
 *   faults_draw.c         whether a rule fires, and what then happens
 *   personas.c            ready-made rules, as JSON
 *
 * Threads: whoever changes a rule holds the lock of its list.
 */
#ifndef TESTBED_FAULTS_RULES_H
#define TESTBED_FAULTS_RULES_H

#include "testbed/faults.h"

#define FAULT_DELAY_MS_MAX     60000
#define FAULT_STALE_MS_DEFAULT 5000
#define FAULT_STALE_MS_MAX     3600000
/* Of each rule that counts applications; past so many at once those quiet longest begin anew. */
#define FAULT_WINDOWS_MAX 64

struct fault_window {
    uint64_t who; /* a hash of the application's id */
    uint64_t began_ms, last_ms;
    uint64_t count; /* 0: not in use */
};

struct fault_limit {
    uint64_t requests;
    uint64_t per_ms; /* 0: the rule has no limit */
    bool each_app;
    struct fault_window *windows; /* one, or FAULT_WINDOWS_MAX */
};

/* Counts that are 0, texts that are empty: not given. */
struct fault_when {
    uint32_t methods; /* bits of fault_method_bit() */
    struct slice path, app;
    uint64_t skip, nth, next;
    struct slice pattern;
    double rate;
    bool has_rate;
    struct fault_limit limit;
};

enum fault_retry {
    FAULT_RETRY_DEFAULT, /* what the status says */
    FAULT_RETRY_NONE,
    FAULT_RETRY_WRITTEN,
    FAULT_RETRY_WINDOW
};

/* Evenly from low to high, or by median and 99th percentile. Zeroed: none. */
struct fault_delay {
    bool log_normal;
    uint32_t low_ms, high_ms; /* the median and the percentile */
};

struct fault_rule {
    struct fault_rule *next;
    struct slice name;
    struct slice text; /* its members as they were put, for GET faults: {"name":...,"when":... */
    struct fault_when when;

    enum fault_answer answer;
    int status;
    const struct catalogue_error *error;
    struct slice body;
    enum fault_retry retry;
    struct slice retry_after; /* FAULT_RETRY_WRITTEN */
    struct fault_delay delay;
    enum fault_connection connection;
    enum fault_read read;
    uint32_t stale_ms;
    bool executes;

    uint64_t seed; /* of its draws */
    uint64_t matched, fired;
};

/* The bit of a method, by its name in any case; 0 when it is none of HTTP's. */
uint32_t fault_method_bit(struct slice name);

/* Whether an answer of `status` says by itself when to come back. */
static inline bool fault_status_retries(int status)
{
    return status == 429 || status == 503;
}

/* Reads the object of PUT faults into a list that lives in `keep`, as all its texts. Errors: those
 * of faults_put(). */
bool fault_rules_read(struct slice json, size_t rules_max, struct arena *keep,
                      struct fault_rule **ret, struct error *err) MUST_CHECK;

/* Counts the request when the rule matches it. True: it fires, which the caller counts.
 * *ret_window_left_ms is what is left of the limit's window (0: no limit). */
bool fault_rule_fires(struct fault_rule *rule, const struct fault_request *request,
                      uint64_t *ret_window_left_ms);
/* What the rule that just fired does. False: no memory for its texts. */
bool fault_rule_effect(const struct fault_rule *rule, uint64_t window_left_ms, struct arena *arena,
                       struct fault_effect *ret) MUST_CHECK;

struct fault_persona {
    struct slice name;
    const char *doc, *source;
    struct slice rules; /* a JSON array */
};

extern const struct fault_persona fault_personas[];
extern const size_t fault_persona_count;

#endif
