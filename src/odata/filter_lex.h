/* odata/filter_lex.h - the words of a $filter, one at a time.
 *
 * Not for others than filter_*.c: they have filter.h.
 * Must not know: grammar, types, names of anything.
 */
#ifndef ODATA_FILTER_LEX_H
#define ODATA_FILTER_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

enum filter_token_kind {
    FILTER_TOKEN_END,
    FILTER_TOKEN_NAME,     /* letters, digits, '_' and '.', perhaps behind a '$' */
    FILTER_TOKEN_ALIAS,    /* a name behind an '@', which is part of it */
    FILTER_TOKEN_VALUE,    /* a number, a date, a time, a GUID: what begins like one */
    FILTER_TOKEN_STRING,   /* in quotes; `quoted` is the inside, quotes still doubled */
    FILTER_TOKEN_PREFIXED, /* a name and a string behind it: duration'P1D' */
    FILTER_TOKEN_JSON,     /* a string of JSON, its quotes part of it */
    FILTER_TOKEN_SIGN,     /* one of ( ) [ ] { } , / : - = # */
    FILTER_TOKEN_WRONG     /* none of these, or a string without an end */
};

struct filter_token {
    enum filter_token_kind kind;
    struct slice text; /* all of it; of PREFIXED the name alone */
    struct slice quoted;
    size_t position; /* of its first byte, in the whole text */
};

struct filter_lexer {
    struct slice source;
    size_t at;
};

struct filter_token filter_lex(struct filter_lexer *lexer);

static inline bool filter_token_is_sign(const struct filter_token *token, char sign)
{
    return token->kind == FILTER_TOKEN_SIGN && token->text.ptr[0] == sign;
}

static inline bool filter_token_is_word(const struct filter_token *token, struct slice word)
{
    return token->kind == FILTER_TOKEN_NAME && slice_eq_nocase(token->text, word);
}

#endif
