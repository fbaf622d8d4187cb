/* store/sql_filter_items.c - collections and their items, as SQL.
 *
 * A collection is a text of JSON in its column, which the engine makes a table of when a condition
 * asks for items: a row each, of one column "value". The table is called "i" and the number of the
 * condition's variable, so that of two inside each other both can be named.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sql_filter_writer.h"
#include "json/writer.h"

static void put_item_name(struct sql_writer *writer, const struct edm_filter *node)
{
    sql_put(writer, "i");
    text_append_uint(&writer->out, node->variable);
}

void sql_put_item(struct sql_writer *writer, const struct edm_filter *node)
{
    put_item_name(writer, node);
    sql_put(writer, ".value");
}

void sql_put_lower_item(struct sql_writer *writer, const struct edm_filter *node)
{
    put_item_name(writer, node);
    sql_put(writer, ".");
    sql_put(writer, writer->dialect->item_lower);
}

static void put_length_of_collection(struct sql_writer *writer, const struct edm_filter *node)
{
    sql_put(writer, writer->dialect->items_count[0]);
    sql_put_node(writer, node->arguments[0]);
    sql_put(writer, writer->dialect->items_count[1]);
}

/* The items of the collection as a table; what is asked of each follows. */
static void put_items(struct sql_writer *writer, const char *select, const struct edm_filter *node)
{
    sql_put(writer, select);
    sql_put(writer, writer->dialect->items[0]);
    sql_put_node(writer, node->arguments[0]);
    sql_put(writer, writer->dialect->items[1]);
    put_item_name(writer, node);
    sql_put(writer, writer->dialect->items[2]);
    sql_put(writer, " WHERE ");
}

void sql_put_count(struct sql_writer *writer, const struct edm_filter *node)
{
    if (node->count == 1) {
        put_length_of_collection(writer, node);
        return;
    }
    put_items(writer, "(SELECT count(*) FROM ", node);
    sql_put_condition(writer, node->arguments[1]);
    sql_put(writer, ")");
}

static bool are_alike(const struct sql_writer *writer, const struct edm_filter *a,
                      const struct edm_filter *b)
{
    if (a->type != b->type || a->type == EDM_FILTER_NULL)
        return a->type == b->type;
    return writer->query->exact_strings ? slice_eq(a->text, b->text)
                                        : slice_eq_nocase(a->text, b->text);
}

/* How often an item of the list stands there; 0 unless this is its first place. */
static size_t times_wanted(const struct sql_writer *writer, const struct edm_filter *node,
                           size_t index)
{
    size_t times = 0;

    for (size_t i = 1; i < node->count; i++) {
        bool alike = are_alike(writer, node->arguments[i], node->arguments[index]);

        if (alike && i < index)
            return 0;
        times += alike;
    }
    return times;
}

void sql_put_subset(struct sql_writer *writer, const struct edm_filter *node)
{
    const struct edm_filter item = { .kind = EDM_FILTER_ITEM,
                                     .type = EDM_FILTER_STRING,
                                     .variable = node->variable };
    const char *before = "(";

    for (size_t i = 1; i < node->count; i++) {
        size_t times = times_wanted(writer, node, i);

        if (times == 0)
            continue;
        sql_put(writer, before);
        put_items(writer, "(SELECT count(*) FROM ", node);
        sql_put_comparable(writer, &item);
        sql_put(writer, " = ");
        sql_put_comparable(writer, node->arguments[i]);
        sql_put(writer, ") >= ");
        text_append_uint(&writer->out, times);
        before = " AND ";
    }
    sql_put(writer, node->count == 1 ? "TRUE" : ")");
}

/* As the text of JSON that a column would hold. */
void sql_put_items_literal(struct sql_writer *writer, const struct edm_filter *node)
{
    struct json_writer json;
    struct text text;

    text_init(&text, writer->arena, 256, SIZE_MAX);
    json_writer_init(&json, &text);
    json_writer_array_begin(&json);
    for (size_t i = 0; i < node->count; i++) {
        if (node->arguments[i]->type == EDM_FILTER_NULL)
            json_writer_null(&json);
        else
            json_writer_string(&json, node->arguments[i]->text);
    }
    json_writer_array_end(&json);
    writer->no_memory |= text.failed;
    sql_put_text(writer, text_slice(&text));
}

/* The items once more as one text, each as it is compared, written by the engine's own hand: so
 * that two collections are the same when their texts are. */
static void put_comparable_items(struct sql_writer *writer, const struct edm_filter *collection,
                                 size_t variable)
{
    const struct edm_filter item = { .kind = EDM_FILTER_ITEM,
                                     .type = EDM_FILTER_STRING,
                                     .variable = variable };

    if (collection->type == EDM_FILTER_NULL) {
        sql_put_node(writer, collection);
        return;
    }
    sql_put(writer, writer->dialect->items_joined[0]);
    sql_put_comparable(writer, &item);
    sql_put(writer, writer->dialect->items_joined[1]);
    sql_put(writer, writer->dialect->items[0]);
    sql_put_node(writer, collection);
    sql_put(writer, writer->dialect->items[1]);
    put_item_name(writer, &item);
    sql_put(writer, writer->dialect->items[2]);
    sql_put(writer, writer->dialect->items_joined[2]);
}

void sql_put_same_items(struct sql_writer *writer, const struct edm_filter *node)
{
    sql_put(writer, "(");
    put_comparable_items(writer, node->arguments[0], node->variable);
    sql_put(writer, node->kind == EDM_FILTER_EQ ? " IS NOT DISTINCT FROM " : " IS DISTINCT FROM ");
    put_comparable_items(writer, node->arguments[1], node->variable);
    sql_put(writer, ")");
}

/* The text that one item has to be; NULL: more is asked of it, or something else. */
static const struct edm_filter *wanted_item(const struct edm_filter *node)
{
    const struct edm_filter *equals = node->count == 2 ? node->arguments[1] : node;

    if (node->kind != EDM_FILTER_ANY || equals->kind != EDM_FILTER_EQ)
        return NULL;
    for (size_t i = 0; i < 2; i++) {
        const struct edm_filter *item = equals->arguments[i], *text = equals->arguments[1 - i];

        if (item->kind == EDM_FILTER_ITEM && item->variable == node->variable &&
            text->kind == EDM_FILTER_LITERAL && text->type == EDM_FILTER_STRING)
            return text;
    }
    return NULL;
}

static void put_has_item(struct sql_writer *writer, const struct edm_filter *collection,
                         const struct edm_filter *text)
{
    sql_put(writer, "(");
    sql_put(writer, writer->dialect->has_item);
    sql_put(writer, "(");
    sql_put_node(writer, collection);
    sql_put(writer, ", ");
    sql_put_comparable(writer, text);
    sql_put(writer, writer->query->exact_strings ? ", 1) = 1)" : ", 0) = 1)");
}

void sql_put_any_or_all(struct sql_writer *writer, const struct edm_filter *node)
{
    const struct edm_filter *wanted = wanted_item(node);
    bool all = node->kind == EDM_FILTER_ALL;

    if (wanted) {
        put_has_item(writer, node->arguments[0], wanted);
        return;
    }
    if (node->count == 1) {
        sql_put(writer, "(");
        put_length_of_collection(writer, node);
        sql_put(writer, " > 0)");
        return;
    }
    put_items(writer, all ? "(NOT EXISTS (SELECT 1 FROM " : "(EXISTS (SELECT 1 FROM ", node);
    sql_put_condition(writer, node->arguments[1]);
    sql_put(writer, all ? " IS NOT TRUE))" : "))");
}
