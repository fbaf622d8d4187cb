/* testbed/faults_draw.c - whether a rule fires, and what then happens.
 *
 * A rule that matches counts the request; what it decides by chance comes from its seed and that
 * count, so that the same requests in the same order meet the same faults. Each count has numbers
 * of its own for each purpose (enum draw): whether a delay is drawn moves nothing else.
 *
 * A window is a fixed one: it begins with the first request it counts and ends `per` later,
 * whatever was refused in it. So "what is left of the window" is a promise that holds: a client
 * that waits that long gets through. A sliding window that counts refused requests too would keep
 * out for ever who asks too often.
 *
 * exp() and ln() are worked out here. The C library's may differ in the last bit from machine to
 * machine, and this needs six digits, not sixteen.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"
#include "base/repeatable.h"
#include "testbed/error_catalogue.h"
#include "testbed/faults_rules.h"
#include "testbed/pattern.h"
#include "json/name_set.h"

#define RETRY_AFTER_DEFAULT SLICE("10")
/* A window that begins so much later than now was left behind by a clock that was put back. */
#define CLOCK_SKEW_MS 1000

enum draw { DRAW_RATE, DRAW_DELAY, DRAW_DELAY_2, DRAW_DELAY_3, DRAWS };

static uint64_t draw(const struct fault_rule *rule, enum draw purpose)
{
    return repeatable_draw(rule->seed, rule->matched * DRAWS + purpose);
}

/* --- whether --------------------------------------------------------------------------------- */

static bool matches(const struct fault_when *when, const struct fault_request *request)
{
    return (when->methods == 0 || (when->methods & fault_method_bit(request->method))) &&
           (when->path.len == 0 || pattern_matches(when->path, request->path)) &&
           (when->app.len == 0 || slice_eq_nocase(when->app, request->app_id));
}

/* The window of the application; past FAULT_WINDOWS_MAX that of the one quiet longest is taken. */
static struct fault_window *window_of(struct fault_limit *limit, struct slice app_id)
{
    static const uint64_t key[2] = { 0, 0 }; /* nobody gains by a collision of his own */
    struct fault_window *quiet = &limit->windows[0];

    if (!limit->each_app)
        return quiet;
    uint64_t who = json_name_hash(key, app_id);
    for (size_t i = 0; i < FAULT_WINDOWS_MAX; i++) {
        struct fault_window *window = &limit->windows[i];
        if (window->count > 0 && window->who == who)
            return window;
        if (quiet->count > 0 && (window->count == 0 || window->last_ms < quiet->last_ms))
            quiet = window;
    }
    *quiet = (struct fault_window){ .who = who };
    return quiet;
}

/* Counts the request in its window. */
static bool is_past_limit(struct fault_limit *limit, const struct fault_request *request,
                          uint64_t *ret_left_ms)
{
    struct fault_window *window = window_of(limit, request->app_id);
    uint64_t now_ms = request->now_ms;

    if (window->count == 0 ||
        (now_ms > window->began_ms && now_ms - window->began_ms >= limit->per_ms) ||
        window->began_ms > now_ms + limit->per_ms + CLOCK_SKEW_MS) {
        window->count = 0;
        window->began_ms = now_ms;
    }
    window->count++;
    window->last_ms = now_ms;
    /* Another thread's request may have taken the time later and come here first. */
    uint64_t passed_ms = now_ms > window->began_ms ? now_ms - window->began_ms : 0;
    *ret_left_ms = limit->per_ms - passed_ms;
    return window->count > limit->requests;
}

/* The top 53 bits: evenly in [0, 1). */
static bool happens(const struct fault_rule *rule)
{
    return (double)(draw(rule, DRAW_RATE) >> 11) * 0x1p-53 < rule->when.rate;
}

static bool pattern_says(struct slice pattern, uint64_t n)
{
    return pattern.ptr[(n - 1) % pattern.len] == 'x';
}

bool fault_rule_fires(struct fault_rule *rule, const struct fault_request *request,
                      uint64_t *ret_window_left_ms)
{
    struct fault_when *when = &rule->when;

    *ret_window_left_ms = 0;
    if (!matches(when, request))
        return false;
    rule->matched++;
    if (rule->matched <= when->skip)
        return false;
    uint64_t n = rule->matched - when->skip;
    /* First: the window counts what the other conditions let pass, too. */
    if (when->limit.per_ms > 0 && !is_past_limit(&when->limit, request, ret_window_left_ms))
        return false;
    return (when->nth == 0 || n == when->nth) && (when->next == 0 || rule->fired < when->next) &&
           (when->pattern.len == 0 || pattern_says(when->pattern, n)) &&
           (!when->has_rate || happens(rule));
}

/* --- how long -------------------------------------------------------------------------------- */

/* x >= 1 */
static double natural_logarithm(double x)
{
    double sum = 0, power, ratio;
    unsigned halved = 0;

    while (x > 1.5) {
        x /= 2;
        halved++;
    }
    ratio = power = (x - 1) / (x + 1);
    for (unsigned i = 1; i < 20; i += 2) {
        sum += power / i;
        power *= ratio * ratio;
    }
    return 2 * sum + halved * 0.69314718055994531;
}

static double exponential(double x)
{
    double sum = 1, term = 1;
    unsigned halved = 0;

    while (x > 0.5 || x < -0.5) {
        x /= 2;
        halved++;
    }
    for (unsigned i = 1; i < 14; i++) {
        term *= x / i;
        sum += term;
    }
    for (; halved > 0; halved--)
        sum *= sum;
    return sum;
}

/* The sum of twelve even draws of 16 bits, less its mean: nearly normal, its deviation is 1. */
static double nearly_normal(const struct fault_rule *rule)
{
    double sum = 0;

    for (unsigned i = 0; i < 3; i++) {
        uint64_t bits = draw(rule, (enum draw)(DRAW_DELAY + i));
        for (unsigned part = 0; part < 4; part++)
            sum += ((double)((bits >> (16 * part)) & 0xFFFF) + 0.5) / 65536;
    }
    return sum - 6;
}

/* Where 99 of 100 of those sums lie below (a normal distribution's is 2.326). */
#define NEARLY_NORMAL_P99 2.30223

/* A delay of median m and percentile p is m * (p/m)^(z / z99). */
static uint32_t log_normal_ms(const struct fault_rule *rule)
{
    double median = rule->delay.low_ms, p99 = rule->delay.high_ms;
    double exponent = natural_logarithm(p99 / median) * nearly_normal(rule) / NEARLY_NORMAL_P99;
    double ms = median * exponential(exponent);

    return ms < FAULT_DELAY_MS_MAX ? (uint32_t)(ms + 0.5) : FAULT_DELAY_MS_MAX;
}

static uint32_t delay_ms(const struct fault_rule *rule)
{
    const struct fault_delay *delay = &rule->delay;

    if (delay->log_normal)
        return log_normal_ms(rule);
    if (delay->low_ms == delay->high_ms)
        return delay->low_ms;
    uint64_t span = (uint64_t)delay->high_ms - delay->low_ms + 1;
    return delay->low_ms + (uint32_t)(draw(rule, DRAW_DELAY) % span);
}

/* --- what ------------------------------------------------------------------------------------ */

static bool retry_after(const struct fault_rule *rule, uint64_t window_left_ms, struct arena *arena,
                        struct slice *ret)
{
    switch (rule->retry) {
    case FAULT_RETRY_WRITTEN:
        return arena_copy(arena, rule->retry_after, ret);
    case FAULT_RETRY_WINDOW:
        /* Rounded up: who waits so long is behind the window's end. */
        return arena_printf(arena, ret, "%llu", (unsigned long long)(window_left_ms + 999) / 1000);
    case FAULT_RETRY_DEFAULT:
        if (fault_status_retries(rule->status))
            *ret = RETRY_AFTER_DEFAULT;
        return true;
    case FAULT_RETRY_NONE:
        break;
    }
    return true;
}

bool fault_rule_effect(const struct fault_rule *rule, uint64_t window_left_ms, struct arena *arena,
                       struct fault_effect *ret)
{
    struct fault_effect effect = {
        .answer = rule->answer,
        .status = rule->status,
        .error = rule->error,
        .delay_ms = delay_ms(rule),
        .connection = rule->connection,
        .read = rule->read,
        .stale_ms = rule->stale_ms,
        .executes = rule->executes,
    };

    if (!arena_copy(arena, rule->name, &effect.rule) ||
        (rule->body.len > 0 && !arena_copy(arena, rule->body, &effect.body)) ||
        !retry_after(rule, window_left_ms, arena, &effect.retry_after))
        return false;
    *ret = effect;
    return true;
}
