/* http/effects.c - failures on demand, and the journal: before a request is executed, and behind
 * its answer.
 *
 * A request of Graph's passes here three times:
 *
 *     effects_watch()   it came
 *     effects_meet()    its token is good: the tenant's testbed is held, its rules are asked. A
 *                       fault that prevents is answered at once
 *     effects_finish()  its answer is made. Is it one that is to be lost (`executes`), the fault's
 *                       takes its place, which comes through here once more. What becomes of it is
 *                       journalled before it is held back: a client that gives up waiting finds its
 *                       request there
 *
 * Reads that are to be wrong are disturbed where they are made (http/graph_reads.c, http/stale.c).
 *
 * Who has no principal has no tenant: such requests stand in the default tenant's journal and meet
 * no fault. Without memory for it a request goes without its fault, and without its entry.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/effects.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "edm/date_time.h"
#include "http/coding.h"
#include "http/delays.h"
#include "odata/percent.h"
#include "service/provision.h"
#include "testbed/error_catalogue.h"
#include "testbed/testbed.h"

#define FAULT_BODY_BYTES_MAX 16384
#define TICKS_PER_MS         (CLOCK_TICKS_PER_SECOND / 1000)

static uint64_t now_us(void)
{
    return uv_hrtime() / 1000;
}

int64_t call_now_ticks(const struct call *call)
{
    return call->testbed ? testbed_now_ticks(call->testbed)
                         : clock_now_ticks(call->loop->api->clock);
}

uint64_t effects_now_ms(const struct call *call)
{
    if (call->loop->api->repeatable)
        return (uint64_t)call_now_ticks(call) / TICKS_PER_MS;
    return clock_monotonic_ms();
}

void effects_watch(struct call *call)
{
    if (call->loop->api->testbeds)
        call->began_us = now_us();
}

/* --- faults ---------------------------------------------------------------------------------- */

static void draw(struct call *call)
{
    const struct http_request *request = &call->exchange->request;
    struct faults *faults = testbed_faults(call->testbed);
    struct fault_effect *effect;
    struct fault_request asked = { .method = request->method_text,
                                   .path = request->path,
                                   .app_id = call->who->app_id,
                                   .now_ms = effects_now_ms(call) };

    if (faults_are_none(faults))
        return;
    /* What cannot be decoded is matched as it was sent. */
    if (!odata_percent_decode(request->path, false, call->arena, &asked.path, NULL))
        asked.path = request->path;
    effect = arena_new(call->arena, struct fault_effect);
    if (!effect || !faults_draw(faults, &asked, call->arena, effect))
        return;
    call->fault = effect;
    if (effect->delay_ms)
        call->delay = arena_alloc(call->arena, sizeof *call->delay);
}

static struct slice catalogue_body(struct call *call)
{
    char date[EDM_DATE_TIME_TEXT_MAX];
    const struct catalogue_facts facts = {
        .date = call_error_date(call, date),
        .request_id = { call->request_id, UUID_TEXT_LEN },
        .client_request_id = call->client_request_id,
        .path = call->fault_path,
    };
    struct text body;

    text_init(&body, call->arena, 1024, FAULT_BODY_BYTES_MAX);
    error_catalogue_write(call->fault->error, &facts, &body);
    return text_slice(&body);
}

/* What the rule says, in the place of any answer. */
static void answer(struct call *call)
{
    const struct fault_effect *fault = call->fault;
    struct slice body = SLICE_EMPTY;

    switch (fault->answer) {
    case FAULT_ANSWER_NONE: /* a reset: whatever it is, it is not sent */
        call_finish_error_body(call, http_status_of(ERROR_INTERNAL), body);
        return;
    case FAULT_ANSWER_CATALOGUE:
        body = catalogue_body(call);
        break;
    case FAULT_ANSWER_BODY:
        body = fault->body;
        break;
    }
    if (fault->retry_after.len)
        call_add_field(call, SLICE("Retry-After"), fault->retry_after);
    call_finish_error_body(call, fault->status, body);
}

bool effects_meet(struct call *call, struct slice rest)
{
    const struct api *api = call->loop->api;

    call->testbed = testbeds_hold(api->testbeds, call->who->tenant);
    if (!call->testbed)
        return true;
    call->began_ticks = testbed_now_ticks(call->testbed);
    draw(call);
    if (!call->fault)
        return true;
    call->fault_path = slice_starts_with(rest, SLICE("/")) ? slice_sub(rest, 1, rest.len) : rest;
    if (!fault_prevents(call->fault))
        return true;
    call->answered_by_fault = true;
    answer(call);
    return false;
}

/* A read of the past that met no past is a read like any other: nothing says that it failed. */
static void forget_idle_fault(struct call *call)
{
    if (!call->fault || !fault_only_hides(call->fault) || call->hid_a_write)
        return;
    faults_take_back(testbed_faults(call->testbed), call->fault);
    call->fault = NULL;
}

/* --- the end --------------------------------------------------------------------------------- */

/* Everything that was made for the real answer goes. */
static void replace_answer(struct call *call)
{
    call->answered_by_fault = true;
    call->executed_status = call->exchange->response.status;
    call->exchange->response.field_count = 0;
    answer(call);
}

static void disturb_connection(struct call *call)
{
    struct http_response *response = &call->exchange->response;

    switch (call->fault->connection) {
    case FAULT_CONNECTION_KEPT:
        break;
    case FAULT_CONNECTION_RESET:
        response->fate = HTTP_FATE_RESET;
        break;
    case FAULT_CONNECTION_TRUNCATED:
        response->fate = HTTP_FATE_TRUNCATED;
        break;
    }
}

static enum journal_outcome outcome_of(const struct http_response *response)
{
    switch (response->fate) {
    case HTTP_FATE_SENT:
        break;
    case HTTP_FATE_TRUNCATED:
        return JOURNAL_TRUNCATED;
    case HTTP_FATE_RESET:
        return JOURNAL_RESET;
    }
    return JOURNAL_ANSWERED;
}

static uint32_t duration_us(const struct call *call)
{
    uint64_t us = call->loop->api->repeatable ? 0 : now_us() - call->began_us;

    if (call->delay)
        us += (uint64_t)call->fault->delay_ms * 1000;
    return us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

static void write_journal(struct call *call)
{
    struct journal *journal = testbed_journal(call->testbed);
    const struct http_request *request = &call->exchange->request;
    const struct http_response *response = &call->exchange->response;

    if (!journal)
        return;
    const struct journal_entry entry = {
        .at_ticks = call->began_ticks,
        .method = request->method_text,
        .path = request->path,
        .query = request->query,
        .app_id = call->who ? call->who->app_id : SLICE_EMPTY,
        .request_id = { call->request_id, UUID_TEXT_LEN },
        .client_request_id = call->client_request_id,
        .fault = call->fault ? call->fault->rule : SLICE_EMPTY,
        .status = response->fate == HTTP_FATE_RESET ? 0 : response->status,
        .duration_us = duration_us(call),
        .executed = call->executed,
        .executed_status = call->answered_by_fault ? call->executed_status : response->status,
        .outcome = outcome_of(response),
    };
    journal_add(journal, &entry);
}

/* Only who has no principal gets here without a testbed, or who found no memory for one. */
static void hold_default(struct call *call)
{
    if (call->who)
        return;
    call->testbed = testbeds_hold(call->loop->api->testbeds, service_default_tenant());
    if (call->testbed)
        call->began_ticks = testbed_now_ticks(call->testbed);
}

static void leave(struct call *call)
{
    if (call->delay)
        delay_start(&call->loop->delays, call->loop->loop, call->delay, call->exchange,
                    call->fault->delay_ms);
    else
        http_exchange_done(call->exchange);
}

void effects_finish(struct call *call)
{
    const struct fault_effect *fault;

    forget_idle_fault(call);
    fault = call->fault;
    if (fault && fault->executes && !call->answered_by_fault &&
        fault->answer != FAULT_ANSWER_NONE) {
        replace_answer(call);
        return;
    }
    if (fault) {
        call_add_field(call, SLICE("x-connectord-fault"), fault->rule);
        disturb_connection(call);
    }
    if (!call->testbed)
        hold_default(call);
    if (call->testbed) {
        write_journal(call);
        testbed_release(call->testbed);
        call->testbed = NULL;
    }
    coding_then(call, leave);
}
