/* testbed/faults_reading.h - how the parts of a rule are read. Private to faults_read*.c.
 *
 * Each object of the format is a table of members; a member's function is handed the value's first
 * token and writes into the rule being read. What is in no table is refused.
 */
#ifndef TESTBED_FAULTS_READING_H
#define TESTBED_FAULTS_READING_H

#include "testbed/faults_rules.h"
#include "json/reader.h"

struct fault_persona_named {
    struct fault_persona_named *next;
    const struct fault_persona *persona;
    size_t position;
};

struct fault_reading {
    struct json_reader reader;
    struct slice text;               /* what it reads */
    struct arena *scratch, *keep;    /* until the end of reading; as long as the rules */
    struct fault_rule *rule;         /* the one being read */
    unsigned delay_ends;             /* of its delay: which were given */
    struct slice member;             /* the name of the member being read */
    size_t body_at;                  /* where the body of its answer stands in its text */
    size_t name_position;            /* of its name; of the rule when it has none */
    struct fault_rule *const *first; /* the list of those that were read ... */
    struct fault_rule **end;         /* ... and where the next one is to be linked */
    size_t count, rules_max;

    struct fault_persona_named *personas; /* those that were named, in that order */
    struct fault_persona_named **personas_end;
    bool overrides;              /* "retryAfter" beside "persona" ... */
    struct slice override;       /* ... its literal */
    size_t override_position;    /* ... and where it stands */
    struct fault_reading *outer; /* of a persona's rules: what named the persona ... */
    const struct fault_persona_named *persona; /* ... and where */

    struct error *err;
};

struct fault_member {
    struct slice name;
    bool (*read)(struct fault_reading *reading, const struct json_token *value);
};

/* Fails with the line and column of `position`, and with `member` as target. */
bool fault_wrong(struct fault_reading *reading, size_t position, struct slice member,
                 const char *format, ...) PRINTF_LIKE(4, 5) COLD;
/* The value in words, for a message: as it was written, long ones in part, or "an object". */
#define FAULT_FOUND_MAX 80
const char *fault_found(const struct json_token *value, char to[FAULT_FOUND_MAX]);
/* The same for a value: "rate" must be `what`, found "often". */
bool fault_wrong_value(struct fault_reading *reading, const struct json_token *value,
                       const char *what) COLD;

/* json_reader_next(), its errors with line and column. */
bool fault_next(struct fault_reading *reading, struct json_token *ret) MUST_CHECK;
/* The next member of the object that is open, and the first token of its value; NULL: its end. */
bool fault_next_member(struct fault_reading *reading, const struct fault_member *members,
                       size_t count, const struct fault_member **ret,
                       struct json_token *ret_value) MUST_CHECK;
/* All members of the object that `begin` must begin. */
bool fault_read_object(struct fault_reading *reading, const struct json_token *begin,
                       const struct fault_member *members, size_t count) MUST_CHECK;
/* Passes over the rest of the value that `first` begins; *ret is all of it, as written. */
bool fault_pass_value(struct fault_reading *reading, const struct json_token *first,
                      struct slice *ret) MUST_CHECK;

bool fault_read_count(struct fault_reading *reading, const struct json_token *value, uint64_t min,
                      uint64_t *ret) MUST_CHECK;
/* In milliseconds. */
bool fault_read_duration(struct fault_reading *reading, const struct json_token *value,
                         uint32_t min_ms, uint32_t max_ms, uint32_t *ret) MUST_CHECK;
/* A copy that lives as long as the rules. */
bool fault_keep(struct fault_reading *reading, struct slice text, struct slice *ret) MUST_CHECK;

/* The rule that `begin` begins, linked behind those that were read. */
bool fault_read_rule(struct fault_reading *reading, const struct json_token *begin) MUST_CHECK;

/* The members of a rule that have parts. */
bool fault_read_when(struct fault_reading *reading, const struct json_token *value);
bool fault_read_answer(struct fault_reading *reading, const struct json_token *value);
bool fault_read_delay(struct fault_reading *reading, const struct json_token *value);
bool fault_read_connection(struct fault_reading *reading, const struct json_token *value);
bool fault_read_read(struct fault_reading *reading, const struct json_token *value);
bool fault_read_stale_for(struct fault_reading *reading, const struct json_token *value);
bool fault_read_executes(struct fault_reading *reading, const struct json_token *value);

/* Digits, with decimals or without: what "retryAfter" may be as a number. */
bool fault_is_seconds(const struct json_token *value);

#endif
