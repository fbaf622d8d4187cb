/* odata/search.c - turns the text of $search into a condition.
 *
 *     or     := and ("OR" and)*
 *     and    := term (["AND"] term)*
 *     term   := "NOT" term | "(" or ")" | phrase | word
 *     phrase := '"' (any character, '\' in front of '"' and '\')+ '"'
 *     word   := any characters but blanks, '"', "(" and ")"
 *
 * AND, OR and NOT are operators in capitals alone, as the ABNF has it: "and" is a word to look for.
 *
 * A word is true of an entity when one of its texts contains it. Contains is null where the text
 * is, and NOT of null is null: then "NOT x" would leave out who has no name. So each is compared
 * with true, which gives false for a null.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/search.h"

#include "base/arena.h"
#include "odata/quote.h"

struct search {
    const struct edm_entity_type *type;
    struct arena *arena;
    struct slice text;
    size_t at;
    unsigned depth, words;
    struct error *err;
};

static const struct edm_filter *read_or(struct search *search);

/* --- nodes ----------------------------------------------------------------------------------- */

static const struct edm_filter *node(struct search *search, enum edm_filter_kind kind,
                                     const struct edm_filter *a, const struct edm_filter *b)
{
    struct edm_filter *made = arena_new(search->arena, struct edm_filter);
    const struct edm_filter **arguments =
        arena_new_array(search->arena, 2, const struct edm_filter *);

    if (!made || !arguments) {
        error_no_memory(search->err);
        return NULL;
    }
    arguments[0] = a;
    arguments[1] = b;
    *made = (struct edm_filter){
        .kind = kind, .type = EDM_FILTER_BOOLEAN, .arguments = arguments, .count = b ? 2 : 1
    };
    return made;
}

static const struct edm_filter *leaf(struct search *search, struct edm_filter of)
{
    struct edm_filter *made = arena_new(search->arena, struct edm_filter);

    if (!made) {
        error_no_memory(search->err);
        return NULL;
    }
    *made = of;
    return made;
}

static const struct edm_filter *truth(struct search *search, bool value)
{
    return leaf(search, (struct edm_filter){ .kind = EDM_FILTER_LITERAL,
                                             .type = EDM_FILTER_BOOLEAN,
                                             .integer = value });
}

/* Whether the property contains `word`; never null. */
static const struct edm_filter *contains(struct search *search, size_t property,
                                         const struct edm_filter *word)
{
    const struct edm_filter *of = leaf(search, (struct edm_filter){ .kind = EDM_FILTER_PROPERTY,
                                                                    .type = EDM_FILTER_STRING,
                                                                    .property = property });
    const struct edm_filter *found = of ? node(search, EDM_FILTER_CONTAINS, of, word) : NULL;
    const struct edm_filter *yes = found ? truth(search, true) : NULL;

    return yes ? node(search, EDM_FILTER_EQ, found, yes) : NULL;
}

static bool is_searched(const struct edm_property *property)
{
    return property->kind == EDM_STRING && !(property->flags & (EDM_KEY | EDM_COLLECTION));
}

/* Whether one of the texts contains `text`. */
static const struct edm_filter *find(struct search *search, struct slice text)
{
    const struct edm_filter *word = leaf(
        search,
        (struct edm_filter){ .kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_STRING, .text = text });
    const struct edm_filter *any = NULL;

    for (size_t i = 0; word && i < search->type->property_count; i++) {
        const struct edm_filter *one;

        if (!is_searched(&search->type->properties[i]))
            continue;
        one = contains(search, i, word);
        any = any && one ? node(search, EDM_FILTER_OR, any, one) : one;
        if (!any)
            return NULL;
    }
    return any || !word ? any : truth(search, false);
}

/* --- words ----------------------------------------------------------------------------------- */

static const struct edm_filter *refuse(struct search *search, size_t position)
{
    error_set(search->err, ERROR_BAD_REQUEST, SLICE("$search"),
              "Invalid search clause: Syntax error at position %zu in '%.*s'.", position,
              SLICE_ARG(odata_quote(search->text)));
    return NULL;
}

static const struct edm_filter *refuse_size(struct search *search, const char *what, unsigned max)
{
    error_set(search->err, ERROR_BAD_REQUEST, SLICE("$search"),
              "Invalid search clause: A search may have %u %s. (at position %zu)", max, what,
              search->at);
    return NULL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The byte that stands next, behind blanks; 0 at the end. */
static char peek(struct search *search)
{
    while (search->at < search->text.len && is_blank(search->text.ptr[search->at]))
        search->at++;
    return search->at < search->text.len ? search->text.ptr[search->at] : '\0';
}

/* The word that stands next, not taken; empty when it is something else. */
static struct slice peek_word(struct search *search)
{
    char c = peek(search);
    size_t end = search->at;

    while (end < search->text.len && !is_blank(c) && c != '"' && c != '(' && c != ')')
        c = ++end < search->text.len ? search->text.ptr[end] : ' ';
    return slice_sub(search->text, search->at, end - search->at);
}

/* Whether what stands next begins there, and not right behind something else. */
static bool is_apart(struct search *search)
{
    peek(search);
    return search->at == 0 || is_blank(search->text.ptr[search->at - 1]) ||
           search->text.ptr[search->at - 1] == '(';
}

static bool take_operator(struct search *search, struct slice operator)
{
    bool there = slice_eq(peek_word(search), operator) && is_apart(search);

    if (there)
        search->at += operator.len;
    return there;
}

/* The inside of the phrase that stands here, into *ret; false: it has no end, or nothing in it. */
static bool take_phrase(struct search *search, char *memory, struct slice *ret)
{
    const struct slice text = search->text;
    size_t at = search->at + 1, len = 0;

    for (; at < text.len && text.ptr[at] != '"'; at++) {
        if (text.ptr[at] == '\\' && at + 1 < text.len)
            at++;
        memory[len++] = text.ptr[at];
    }
    if (at >= text.len || len == 0)
        return false;
    search->at = at + 1;
    *ret = (struct slice){ memory, len };
    return true;
}

static const struct edm_filter *read_phrase(struct search *search)
{
    size_t position = search->at;
    char *memory = arena_alloc(search->arena, search->text.len - position);
    struct slice phrase;

    if (!memory) {
        error_no_memory(search->err);
        return NULL;
    }
    return take_phrase(search, memory, &phrase) ? find(search, phrase) : refuse(search, position);
}

/* --- grammar --------------------------------------------------------------------------------- */

static bool is_operator(struct slice word)
{
    return slice_eq(word, SLICE("AND")) || slice_eq(word, SLICE("OR")) ||
           slice_eq(word, SLICE("NOT"));
}

static const struct edm_filter *read_words(struct search *search)
{
    struct slice word = peek_word(search);

    if (search->words == ODATA_SEARCH_WORDS_MAX)
        return refuse_size(search, "words and phrases", ODATA_SEARCH_WORDS_MAX);
    search->words++;
    if (word.len == 0 && peek(search) == '"')
        return read_phrase(search);
    if (word.len == 0 || is_operator(word))
        return refuse(search, search->at);
    search->at += word.len;
    return find(search, word);
}

/* "(" or ")" */
static const struct edm_filter *read_group(struct search *search)
{
    const struct edm_filter *inside;

    search->at++;
    inside = read_or(search);
    if (!inside)
        return NULL;
    if (peek(search) != ')')
        return refuse(search, search->at);
    search->at++;
    return inside;
}

/* term := "NOT" term | "(" or ")" | phrase | word */
static const struct edm_filter *read_term(struct search *search)
{
    const struct edm_filter *term;
    bool negates;

    if (!is_apart(search))
        return refuse(search, search->at);
    negates = take_operator(search, SLICE("NOT"));
    if (!negates && peek(search) != '(')
        return read_words(search);
    if (++search->depth > ODATA_SEARCH_DEPTH_MAX)
        return refuse_size(search, "groups inside each other", ODATA_SEARCH_DEPTH_MAX);
    term = negates ? read_term(search) : read_group(search);
    search->depth--;
    return term && negates ? node(search, EDM_FILTER_NOT, term, NULL) : term;
}

/* Whether another term follows without an OR, its AND taken if it has one. */
static bool goes_on(struct search *search)
{
    char next = peek(search);

    return next != '\0' && next != ')' && !slice_eq(peek_word(search), SLICE("OR")) &&
           (take_operator(search, SLICE("AND")) || true);
}

/* and := term (["AND"] term)* */
static const struct edm_filter *read_and(struct search *search)
{
    const struct edm_filter *left = read_term(search);

    while (left && goes_on(search)) {
        const struct edm_filter *right = read_term(search);

        left = right ? node(search, EDM_FILTER_AND, left, right) : NULL;
    }
    return left;
}

/* or := and ("OR" and)* */
static const struct edm_filter *read_or(struct search *search)
{
    const struct edm_filter *left = read_and(search);

    while (left && take_operator(search, SLICE("OR"))) {
        const struct edm_filter *right = read_and(search);

        left = right ? node(search, EDM_FILTER_OR, left, right) : NULL;
    }
    return left;
}

bool odata_search_parse(const struct edm_entity_type *type, struct slice text, struct arena *arena,
                        const struct edm_filter **ret, struct error *err)
{
    struct search search = { .type = type, .arena = arena, .text = text, .err = err };
    const struct edm_filter *all = read_or(&search);

    if (!all)
        return false;
    peek(&search);
    if (search.at < text.len)
        return refuse(&search, search.at) != NULL;
    *ret = all;
    return true;
}

bool odata_search_join(const struct edm_filter *a, const struct edm_filter *b, struct arena *arena,
                       const struct edm_filter **ret, struct error *err)
{
    struct search search = { .arena = arena, .err = err };
    const struct edm_filter *both = a && b ? node(&search, EDM_FILTER_AND, a, b) : a ? a : b;

    if (a && b && !both)
        return false;
    *ret = both;
    return true;
}
