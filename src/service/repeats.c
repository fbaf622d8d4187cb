/* service/repeats.c - whether a request was executed before.
 *
 * An answer's age is told by its tenant's clock, so that a test can let the time go by after which
 * a repeat comes too late. The rows themselves go by the machine's, and later than that. When the
 * client first sent the request is a date of the client's clock, and is asked only of an id that
 * nothing is known of: whether it could be one of those that were let go.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "service/repeats.h"

#include <string.h>

#include "base/clock.h"
#include "store/answers.h"

#define TICKS_PER_MS (CLOCK_TICKS_PER_SECOND / 1000)

static struct slice digest(const uint8_t bytes[SERVICE_REPEAT_DIGEST_BYTES])
{
    return (struct slice){ (const char *)bytes, SERVICE_REPEAT_DIGEST_BYTES };
}

static enum service_repeat_state judge(const struct service_repeat *repeat,
                                       const struct answer *answer)
{
    if (!slice_eq(answer->request, digest(repeat->request)))
        return REPEAT_OTHER;
    /* A tenant's clock may be anywhere from year 1 to 9999: no difference of two overflows. */
    return repeat->now_ticks - answer->made_ticks > repeat->keep_ms * TICKS_PER_MS
               ? REPEAT_FORGOTTEN
               : REPEAT_SAME;
}

bool service_repeat_find(struct store_session *session, const struct service_repeat *repeat,
                         struct arena *arena, enum service_repeat_state *ret,
                         struct service_answer *ret_answer, struct error *err)
{
    struct answer answer;
    int64_t forgotten;
    bool found;

    if (!answer_get(session, repeat->tenant, digest(repeat->key), arena, &answer, &found, err))
        return false;
    if (found) {
        *ret = judge(repeat, &answer);
        *ret_answer = (struct service_answer){
            .status = answer.status, .id = answer.id, .fields = answer.fields, .body = answer.body
        };
        return true;
    }
    if (!answers_forgotten(session, repeat->tenant, &forgotten, err))
        return false;
    *ret = repeat->sent_unix_s <= forgotten ? REPEAT_FORGOTTEN : REPEAT_NEW;
    return true;
}

bool service_repeat_keep(struct store_session *session, const struct service_repeat *repeat,
                         const struct service_answer *answer, struct error *err)
{
    const struct answer row = { .request = digest(repeat->request),
                                .sent_unix_s = repeat->sent_unix_s,
                                .made_ticks = repeat->now_ticks,
                                .status = answer->status,
                                .id = answer->id,
                                .fields = answer->fields,
                                .body = answer->body };

    return answer_add(session, repeat->tenant, digest(repeat->key), &row, err);
}

/* --- upkeep ------------------------------------------------------------------------------------
 */

bool service_repeats_find_excess(struct store_session *session, int64_t keep_ms, size_t most,
                                 struct arena *arena, struct answers_excess **ret,
                                 size_t *ret_count, struct error *err)
{
    return answers_find_excess(session, keep_ms + SERVICE_REPEAT_AHEAD_S * 1000, most, arena, ret,
                               ret_count, err);
}

bool service_repeats_trim(struct store_session *session, const struct answers_excess *excess,
                          size_t at, bool *ret_more, struct error *err)
{
    return answers_trim(session, &excess[at], ret_more, err);
}
