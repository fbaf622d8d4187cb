/* odata/csdl_value.c - annotations and their values, as XML or as JSON.
 *
 *     value            XML in an annotation or a record's property     XML in a list        JSON
 *     true             Bool="true"                                     <Bool>true</Bool>    true
 *     "x"              String="x"                                      <String>x</String>   "x"
 *     a property                                                       <PropertyPath>...    "x"
 *     a member         EnumMember="T/x"                                                     "x"
 *     a record         <Record><PropertyValue Property="p" .../>...    the same             {"p":
 * ...} a list           <Collection>...</Collection>                    the same             [...]
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/csdl_writing.h"

#include "base/text.h"
#include "json/writer.h"

#define NAME_BYTES_MAX 320 /* an "@" and a term; a namespace, an owner, a part */

static void add(struct csdl *csdl, const char *markup)
{
    text_append(csdl->out, slice_of(markup));
}

/* A line of XML begins. */
static void indent(struct csdl *csdl)
{
    add(csdl, "      ");
    for (unsigned i = 0; i < csdl->depth; i++)
        add(csdl, "  ");
}

static void name_json(struct csdl *csdl, enum csdl_slot slot, const char *name)
{
    char memory[NAME_BYTES_MAX];
    struct text text;

    if (slot == CSDL_ITEM)
        return;
    text_init_fixed(&text, memory, sizeof memory);
    text_append(&text, slot == CSDL_TERM ? SLICE("@") : SLICE_EMPTY);
    text_append(&text, slice_of(name));
    json_writer_plain_name(csdl->json, text_slice(&text));
}

static const char *element_of(enum csdl_slot slot)
{
    return slot == CSDL_TERM ? "Annotation" : "PropertyValue";
}

/* `<Annotation Term="name"`, for what has a name. */
static void begin_named(struct csdl *csdl, enum csdl_slot slot, const char *name)
{
    indent(csdl);
    add(csdl, "<");
    add(csdl, element_of(slot));
    add(csdl, slot == CSDL_TERM ? " Term=\"" : " Property=\"");
    add(csdl, name);
    add(csdl, "\"");
}

/* A value that XML writes as the attribute or the element `kind`. */
static void put_xml(struct csdl *csdl, enum csdl_slot slot, const char *name, const char *kind,
                    struct slice value)
{
    if (slot == CSDL_ITEM) {
        indent(csdl);
        add(csdl, "<");
        add(csdl, kind);
        add(csdl, ">");
        csdl_append_escaped(csdl->out, value);
        add(csdl, "</");
        add(csdl, kind);
        add(csdl, ">\n");
        return;
    }
    begin_named(csdl, slot, name);
    add(csdl, " ");
    add(csdl, kind);
    add(csdl, "=\"");
    csdl_append_escaped(csdl->out, value);
    add(csdl, "\" />\n");
}

void csdl_put_bool(struct csdl *csdl, enum csdl_slot slot, const char *name, bool value)
{
    if (!csdl->json) {
        put_xml(csdl, slot, name, "Bool", value ? SLICE("true") : SLICE("false"));
        return;
    }
    name_json(csdl, slot, name);
    json_writer_bool(csdl->json, value);
}

void csdl_put_string(struct csdl *csdl, enum csdl_slot slot, const char *name, struct slice value)
{
    if (!csdl->json) {
        put_xml(csdl, slot, name, "String", value);
        return;
    }
    name_json(csdl, slot, name);
    json_writer_string(csdl->json, value);
}

void csdl_put_path(struct csdl *csdl, struct slice value)
{
    if (csdl->json)
        json_writer_plain_string(csdl->json, value);
    else
        put_xml(csdl, CSDL_ITEM, NULL, "PropertyPath", value);
}

void csdl_put_member(struct csdl *csdl, enum csdl_slot slot, const char *name, const char *type,
                     const char *member)
{
    if (!csdl->json) {
        begin_named(csdl, slot, name);
        add(csdl, " EnumMember=\"");
        add(csdl, type);
        add(csdl, "/");
        add(csdl, member);
        add(csdl, "\" />\n");
        return;
    }
    name_json(csdl, slot, name);
    json_writer_plain_string(csdl->json, slice_of(member));
}

/* --- records and lists -------------------------------------------------------------------------
 */

static void open_xml(struct csdl *csdl, enum csdl_slot slot, const char *name, const char *element)
{
    if (slot != CSDL_ITEM) {
        begin_named(csdl, slot, name);
        add(csdl, ">\n");
        csdl->depth++;
    }
    indent(csdl);
    add(csdl, element);
    csdl->depth++;
}

static void close_xml(struct csdl *csdl, enum csdl_slot slot, const char *element)
{
    csdl->depth--;
    indent(csdl);
    add(csdl, element);
    if (slot == CSDL_ITEM)
        return;
    csdl->depth--;
    indent(csdl);
    add(csdl, "</");
    add(csdl, element_of(slot));
    add(csdl, ">\n");
}

void csdl_begin_record(struct csdl *csdl, enum csdl_slot slot, const char *name)
{
    if (!csdl->json) {
        open_xml(csdl, slot, name, "<Record>\n");
        return;
    }
    name_json(csdl, slot, name);
    json_writer_object_begin(csdl->json);
}

void csdl_end_record(struct csdl *csdl, enum csdl_slot slot)
{
    if (csdl->json)
        json_writer_object_end(csdl->json);
    else
        close_xml(csdl, slot, "</Record>\n");
}

void csdl_begin_list(struct csdl *csdl, enum csdl_slot slot, const char *name)
{
    if (!csdl->json) {
        open_xml(csdl, slot, name, "<Collection>\n");
        return;
    }
    name_json(csdl, slot, name);
    json_writer_array_begin(csdl->json);
}

void csdl_end_list(struct csdl *csdl, enum csdl_slot slot)
{
    if (csdl->json)
        json_writer_array_end(csdl->json);
    else
        close_xml(csdl, slot, "</Collection>\n");
}

/* --- targets -----------------------------------------------------------------------------------
 */

void csdl_begin_target(struct csdl *csdl, struct slice owner, struct slice part)
{
    char memory[NAME_BYTES_MAX];
    struct text target;

    text_init_fixed(&target, memory, sizeof memory);
    text_append(&target, csdl->surface->model->namespace_name);
    text_append(&target, SLICE("."));
    text_append(&target, owner);
    text_append(&target, part.len ? SLICE("/") : SLICE_EMPTY);
    text_append(&target, part);
    if (csdl->json) {
        json_writer_plain_name(csdl->json, text_slice(&target));
        json_writer_object_begin(csdl->json);
        return;
    }
    add(csdl, "      <Annotations Target=\"");
    text_append(csdl->out, text_slice(&target));
    add(csdl, "\">\n");
    csdl->depth++;
}

void csdl_end_target(struct csdl *csdl)
{
    if (csdl->json) {
        json_writer_object_end(csdl->json);
        return;
    }
    csdl->depth--;
    add(csdl, "      </Annotations>\n");
}
