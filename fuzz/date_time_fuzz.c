/* fuzz/date_time_fuzz.c - whatever reads as a date must come back unchanged from its printed form.
 *
 * An input is used twice: as a text to read, and, when it is long enough, as the bytes of a value
 * to print. The first way finds texts that are let in and should not be (they print as another
 * instant); the second reaches the corners of the calendar that random texts never spell.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "edm/date_time.h"

#define DAY        INT64_C(864000000000)
#define TICKS_LAST INT64_C(3155378975999999999)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Prints `value`, reads that, prints it again: the same instant, offset and bytes. */
static void check_round_trip(struct edm_date_time value)
{
    char first[EDM_DATE_TIME_TEXT_MAX], second[EDM_DATE_TIME_TEXT_MAX];
    struct edm_date_time read = { -1, -1 };
    size_t len = edm_date_time_format(value, first);

    assert(len >= sizeof "0001-01-01T00:00:00Z" - 1 && len <= sizeof first);
    assert(edm_date_time_parse((struct slice){ first, len }, &read));
    assert(read.ticks == value.ticks && read.offset_minutes == value.offset_minutes);
    assert(edm_date_time_format(read, second) == len && memcmp(first, second, len) == 0);
}

static void check_text(struct slice text)
{
    struct edm_date_time value = { -1, -1 };

    if (!edm_date_time_parse(text, &value)) {
        assert(value.ticks == -1 && value.offset_minutes == -1);
        return;
    }
    assert(value.ticks >= 0 && value.ticks <= TICKS_LAST);
    assert(value.offset_minutes >= -840 && value.offset_minutes <= 840);
    check_round_trip(value);
}

static void check_value(const uint8_t *bytes)
{
    uint64_t ticks;
    uint16_t offset;

    memcpy(&ticks, bytes, sizeof ticks);
    memcpy(&offset, bytes + sizeof ticks, sizeof offset);
    /* A day from either end, so that the wall clock's date can be written at every offset. */
    check_round_trip((struct edm_date_time){
        .ticks = DAY + (int64_t)(ticks % (uint64_t)(TICKS_LAST - 2 * DAY)),
        .offset_minutes = (int16_t)(offset % 1681 - 840),
    });
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A copy of just this size, so that reading past it is seen. */
    char *text = malloc(size ? size : 1);
    assert(text);
    memcpy(text, data, size);
    check_text((struct slice){ text, size });
    free(text);

    if (size >= sizeof(uint64_t) + sizeof(uint16_t))
        check_value(data);
    return 0;
}
