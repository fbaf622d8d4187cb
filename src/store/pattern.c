/* store/pattern.c - regular expressions by PCRE2, with bounds.
 *
 * Backtracking can take time that doubles with each letter. PCRE2's own limit of steps does not
 * bound it: the library counts anew at each place of the text where a match may begin. So it calls
 * us before each item of the pattern (a callout), and these calls are the steps that are counted,
 * over the whole text. Some milliseconds of work they are, as long as texts are short; but one step
 * may run over all of a text ("x*" does), so that now and then the deadline of the statement is
 * looked at too, which the engine itself does only between rows.
 *
 * The memory is a few pages. Nothing is compiled to machine code: that costs more than it gains for
 * a filter that runs once, and needs memory that may be both written and run.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/pattern.h"

#include <stdlib.h>

#include "base/clock.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define STEPS_MAX       100000 /* about 5 ms */
#define STEPS_A_LOOK    64     /* at the clock */
#define DEPTH_MAX       1000
#define HEAP_KIBIBYTES  1024
#define PARENTHESES_MAX 50
#define OPTIONS_ALWAYS                                                                             \
    (PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_ALT_BSUX | PCRE2_DOLLAR_ENDONLY |                      \
     PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT)

struct pattern {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *bounds;
};

static pcre2_code *compile(struct slice text, bool exact)
{
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    pcre2_code *code = NULL;
    PCRE2_SIZE position;
    int problem;

    if (context && text.len <= PATTERN_BYTES_MAX) {
        pcre2_set_parens_nest_limit(context, PARENTHESES_MAX);
        code = pcre2_compile((PCRE2_SPTR)(text.len ? text.ptr : ""), text.len,
                             OPTIONS_ALWAYS | (exact ? 0 : PCRE2_CASELESS), &problem, &position,
                             context);
    }
    pcre2_compile_context_free(context);
    return code;
}

bool pattern_is_right(struct slice text)
{
    pcre2_code *code = compile(text, true);

    pcre2_code_free(code);
    return code;
}

struct pattern *pattern_create(struct slice text, bool exact)
{
    struct pattern *pattern = calloc(1, sizeof *pattern);

    if (!pattern)
        return NULL;
    pattern->code = compile(text, exact);
    pattern->bounds = pcre2_match_context_create(NULL);
    pattern->data = pattern->code ? pcre2_match_data_create(1, NULL) : NULL;
    if (!pattern->code || !pattern->data || !pattern->bounds) {
        pattern_destroy(pattern);
        return NULL;
    }
    pcre2_set_match_limit(pattern->bounds, STEPS_MAX);
    pcre2_set_depth_limit(pattern->bounds, DEPTH_MAX);
    pcre2_set_heap_limit(pattern->bounds, HEAP_KIBIBYTES);
    return pattern;
}

void pattern_destroy(struct pattern *pattern)
{
    if (!pattern)
        return;
    pcre2_match_data_free(pattern->data);
    pcre2_match_context_free(pattern->bounds);
    pcre2_code_free(pattern->code);
    free(pattern);
}

struct walk {
    unsigned steps;
    uint64_t deadline_ms;
};

/* Not 0: the match is given up. */
static int count_step(pcre2_callout_block *block UNUSED, void *context)
{
    struct walk *walk = context;

    if (++walk->steps > STEPS_MAX)
        return PCRE2_ERROR_CALLOUT;
    return walk->deadline_ms && walk->steps % STEPS_A_LOOK == 0 &&
                   clock_monotonic_ms() >= walk->deadline_ms
               ? PCRE2_ERROR_CALLOUT
               : 0;
}

enum pattern_match pattern_find(const struct pattern *pattern, struct slice text,
                                uint64_t deadline_ms)
{
    struct walk walk = { .deadline_ms = deadline_ms };
    int found;

    pcre2_set_callout(pattern->bounds, count_step, &walk);
    found = pcre2_match(pattern->code, (PCRE2_SPTR)(text.len ? text.ptr : ""), text.len, 0, 0,
                        pattern->data, pattern->bounds);

    if (found >= 0)
        return PATTERN_MATCH;
    return found == PCRE2_ERROR_NOMATCH ? PATTERN_NO_MATCH : PATTERN_GIVEN_UP;
}
