/* odata/etag.c - a tag is made of what the store numbers, and lists are searched for it.
 *
 *     list := [tag] ("," [tag])*        tag := ["W/"] '"' byte* '"'
 *
 * The number of the row's creation stands in it beside the version, since an id may be deleted and
 * made again, and versions begin at 1 each time. Where a health policy makes the state, time
 * changes what is shown and no version: so the state stands in it as well.
 *
 * Tags are weak: the same state is shown in several forms (levels of control information, $select),
 * which are as good as each other and not the same bytes. So OData compares them weakly in
 * If-Match, too. A backslash in a tag is a byte like any other: it is no quoted string.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/etag.h"

#include "base/text.h"
#include "edm/health.h"

#define WEAK SLICE("W/")

struct slice odata_etag(const struct edm_entity *entity, const struct edm_health_view *health,
                        char memory[ODATA_ETAG_MAX])
{
    struct text text;

    if (entity->created == 0)
        return SLICE_EMPTY;
    text_init_fixed(&text, memory, ODATA_ETAG_MAX);
    text_append(&text, SLICE("W/\""));
    text_append_int(&text, entity->created);
    text_append_char(&text, '.');
    text_append_int(&text, entity->version);
    if (health && entity->type == health->type) { /* a view of the type shows no state */
        text_append_char(&text, '.');
        text_append_int(&text, entity->values[health->state].integer);
    }
    text_append_char(&text, '"');
    return text_slice(&text);
}

static struct slice without_weakness(struct slice tag)
{
    return slice_starts_with_nocase(tag, WEAK) ? slice_sub(tag, WEAK.len, tag.len) : tag;
}

/* Takes the next member off `rest`, its weakness cut off; empty where there is none. False: it is
 * no tag. */
static bool take_tag(struct slice *rest, struct slice *ret)
{
    struct slice tag = without_weakness(slice_trim(*rest));
    size_t len;

    *ret = SLICE_EMPTY;
    if (slice_starts_with(tag, SLICE("\""))) {
        len = 1 + slice_index(slice_sub(tag, 1, tag.len), '"') + 1;
        *rest = slice_sub(tag, len, tag.len);
        *ret = slice_sub(tag, 0, len);
    }
    len = slice_index(*rest, ',');
    /* What stands between a tag and the comma makes it none. */
    bool ok = slice_trim(slice_sub(*rest, 0, len)).len == 0 && ret->len != 1 &&
              (ret->len == 0 || ret->ptr[ret->len - 1] == '"');
    if (!ok)
        *ret = SLICE_EMPTY;
    *rest = slice_sub(*rest, len + 1, rest->len);
    return ok;
}

bool odata_etag_is_list(struct slice field)
{
    struct slice ignored;

    while (field.len > 0) {
        if (!take_tag(&field, &ignored))
            return false;
    }
    return true;
}

bool odata_etag_is_listed(struct slice etag, struct slice field)
{
    struct slice wanted = without_weakness(etag);

    while (field.len > 0) {
        struct slice tag;

        if (take_tag(&field, &tag) && tag.len > 0 && slice_eq(tag, wanted))
            return true;
    }
    return false;
}
