/* odata/filter_test.c - $filter over the toy shop's articles: the tree of each rule, and where each
 * mistake is seen.
 *
 * A tree is compared as text, (operator argument ...), with the type of a value in front of it.
 */
#include "odata/filter.h"

#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"
#include "edm/toy_model.h"

static const char *const kind_names[EDM_FILTER_KIND_COUNT] = {
    [EDM_FILTER_OR] = "or",
    [EDM_FILTER_AND] = "and",
    [EDM_FILTER_NOT] = "not",
    [EDM_FILTER_EQ] = "eq",
    [EDM_FILTER_NE] = "ne",
    [EDM_FILTER_GT] = "gt",
    [EDM_FILTER_GE] = "ge",
    [EDM_FILTER_LT] = "lt",
    [EDM_FILTER_LE] = "le",
    [EDM_FILTER_IN] = "in",
    [EDM_FILTER_HAS] = "has",
    [EDM_FILTER_ADD] = "add",
    [EDM_FILTER_SUB] = "sub",
    [EDM_FILTER_MUL] = "mul",
    [EDM_FILTER_DIV] = "div",
    [EDM_FILTER_DIVBY] = "divby",
    [EDM_FILTER_MOD] = "mod",
    [EDM_FILTER_NEGATE] = "negate",
    [EDM_FILTER_CONTAINS] = "contains",
    [EDM_FILTER_STARTSWITH] = "startswith",
    [EDM_FILTER_ENDSWITH] = "endswith",
    [EDM_FILTER_TOLOWER] = "tolower",
    [EDM_FILTER_TOUPPER] = "toupper",
    [EDM_FILTER_TRIM] = "trim",
    [EDM_FILTER_CONCAT] = "concat",
    [EDM_FILTER_LENGTH] = "length",
    [EDM_FILTER_INDEXOF] = "indexof",
    [EDM_FILTER_SUBSTRING] = "substring",
    [EDM_FILTER_YEAR] = "year",
    [EDM_FILTER_MONTH] = "month",
    [EDM_FILTER_DAY] = "day",
    [EDM_FILTER_HOUR] = "hour",
    [EDM_FILTER_MINUTE] = "minute",
    [EDM_FILTER_SECOND] = "second",
    [EDM_FILTER_FRACTIONALSECONDS] = "fractionalseconds",
    [EDM_FILTER_DATE_OF] = "date",
    [EDM_FILTER_TIME_OF] = "time",
    [EDM_FILTER_TOTALOFFSETMINUTES] = "totaloffsetminutes",
    [EDM_FILTER_TOTALSECONDS] = "totalseconds",
    [EDM_FILTER_ANY] = "any",
    [EDM_FILTER_ALL] = "all",
    [EDM_FILTER_COUNT] = "count",
    [EDM_FILTER_ROUND] = "round",
    [EDM_FILTER_FLOOR] = "floor",
    [EDM_FILTER_CEILING] = "ceiling",
    [EDM_FILTER_CAST] = "cast",
    [EDM_FILTER_MATCHES] = "matches",
    [EDM_FILTER_SUBSET] = "subset",
};

static void print_literal(struct text *out, const struct edm_filter *filter)
{
    switch (filter->type) {
    case EDM_FILTER_NULL:
        text_printf(out, "null");
        break;
    case EDM_FILTER_BOOLEAN:
        text_printf(out, "%s", filter->integer ? "true" : "false");
        break;
    case EDM_FILTER_STRING:
        text_printf(out, "'%.*s'", SLICE_ARG(filter->text));
        break;
    case EDM_FILTER_BINARY:
        text_printf(out, "binary:%.*s", SLICE_ARG(filter->text));
        break;
    case EDM_FILTER_GUID:
        text_printf(out, "guid:%.*s", SLICE_ARG(filter->text));
        break;
    case EDM_FILTER_REAL:
        text_printf(out, "real:%g", filter->real);
        break;
    case EDM_FILTER_DATE_TIME:
        text_printf(out, "at:%lld/%d", (long long)filter->at.ticks, filter->at.offset_minutes);
        break;
    default:
        text_printf(out, "%s%lld",
                    filter->type == EDM_FILTER_ENUM       ? "enum:"
                    : filter->type == EDM_FILTER_DATE     ? "date:"
                    : filter->type == EDM_FILTER_TIME     ? "time:"
                    : filter->type == EDM_FILTER_DURATION ? "duration:"
                                                          : "",
                    (long long)filter->integer);
    }
}

static void print(struct text *out, const struct edm_filter *filter)
{
    switch (filter->kind) {
    case EDM_FILTER_LITERAL:
        if (filter->type != EDM_FILTER_STRINGS) {
            print_literal(out, filter);
            return;
        }
        text_printf(out, "[");
        for (size_t i = 0; i < filter->count; i++) {
            text_printf(out, i ? " " : "");
            print_literal(out, filter->arguments[i]);
        }
        text_printf(out, "]");
        return;
    case EDM_FILTER_NOW:
        text_printf(out, "now");
        return;
    case EDM_FILTER_PROPERTY:
        text_append(out, toy_article.properties[filter->property].name);
        return;
    case EDM_FILTER_ITEM:
        text_printf(out, "$%zu", filter->variable);
        return;
    default:
        break;
    }
    text_printf(out, "(%s", kind_names[filter->kind]);
    if (filter->variable && (filter->kind == EDM_FILTER_EQ || filter->kind == EDM_FILTER_NE))
        text_printf(out, "$%zu", filter->variable);
    if (filter->kind >= EDM_FILTER_ANY && filter->kind <= EDM_FILTER_COUNT && filter->count == 2)
        text_printf(out, "$%zu", filter->variable);
    for (size_t i = 0; i < filter->count; i++) {
        text_append_char(out, ' ');
        print(out, filter->arguments[i]);
    }
    text_append_char(out, ')');
}

/* In the order in which they were given. */
static const struct odata_alias aliases[] = {
    { SLICE_INIT("@name"), SLICE_INIT("'it''s'"), &aliases[1] },
    { SLICE_INIT("@sum"), SLICE_INIT("stock%20add+1"), &aliases[2] },
    { SLICE_INIT("@list"), SLICE_INIT("('a','b')"), &aliases[3] },
    { SLICE_INIT("@other"), SLICE_INIT("@list"), &aliases[4] },
    { SLICE_INIT("@circle"), SLICE_INIT("@circle"), &aliases[5] },
    { SLICE_INIT("@wrong"), SLICE_INIT("a%20b"), &aliases[6] },
    { SLICE_INIT("@empty"), SLICE_INIT(""), &aliases[7] },
    { SLICE_INIT("@twice"), SLICE_INIT("1"), &aliases[8] },
    { SLICE_INIT("@twice"), SLICE_INIT("2"), &aliases[9] },
    { SLICE_INIT("@bad"), SLICE_INIT("%4"), &aliases[10] },
    { SLICE_INIT("@member"), SLICE_INIT("'Large'"), &aliases[11] },
    { SLICE_INIT("@json"), SLICE_INIT("[%22a%22,%22b%22]"), NULL },
};

static const struct odata_filter_rules rules;

static bool parse(const char *text, struct arena *arena, const struct edm_filter **ret,
                  struct error *err)
{
    return odata_filter_parse(&toy_model, &toy_article, slice_of(text), aliases, &rules, arena, ret,
                              NULL, err);
}

static struct arena *new_arena(void)
{
    struct arena *arena = arena_create(NULL, 4u << 20);

    assert_non_null(arena);
    return arena;
}

/* --- trees ----------------------------------------------------------------------------------- */

static const struct {
    const char *text, *tree;
} tree_cases[] = {
    /* leaves */
    { "true", "true" },
    { "False", "false" },
    { "null", "null" },
    { "soldOut", "soldOut" },
    { " soldOut ", "soldOut" },
    { "\tSOLDOUT\t", "soldOut" },
    { "$it/soldOut", "soldOut" },
    { "(soldOut)", "soldOut" },
    { "((( soldOut )))", "soldOut" },

    /* comparing */
    { "title eq 'a'", "(eq title 'a')" },
    { "TITLE Eq 'a'", "(eq title 'a')" },
    { "title ne null", "(ne title null)" },
    { "title gt 'a'", "(gt title 'a')" },
    { "title ge 'a'", "(ge title 'a')" },
    { "title lt 'a'", "(lt title 'a')" },
    { "'a' le title", "(le 'a' title)" },
    { "null eq null", "(eq null null)" },
    { "soldOut eq true", "(eq soldOut true)" },
    { "stock eq 7 eq soldOut", "(eq (eq stock 7) soldOut)" },
    { "stock lt 1.5", "(lt stock real:1.5)" },
    { "id eq title", "(eq id title)" },

    /* texts */
    { "title eq ''", "(eq title '')" },
    { "title eq ''''", "(eq title ''')" },
    { "title eq 'it''s (a) test, and $it @x'", "(eq title 'it's (a) test, and $it @x')" },
    { "title eq 'caf\xC3\xA9'", "(eq title 'caf\xC3\xA9')" },

    /* numbers */
    { "stock eq 0", "(eq stock 0)" },
    { "stock eq -5", "(eq stock -5)" },
    { "stock eq +5", "(eq stock 5)" },
    { "stock eq +0.5e+1", "(eq stock real:5)" },
    { "stock eq - 5", "(eq stock (negate 5))" },
    { "stock eq --5", "(eq stock (negate -5))" },
    { "-stock eq -5", "(eq (negate stock) -5)" },
    { "grams eq 9223372036854775807", "(eq grams 9223372036854775807)" },
    { "grams eq -9223372036854775808", "(eq grams -9223372036854775808)" },
    { "grams eq 9223372036854775808", "(eq grams real:9.22337e+18)" },
    { "stock gt 1e3", "(gt stock real:1000)" },
    { "stock gt -1.5E-2", "(gt stock real:-0.015)" },
    { "stock lt INF", "(lt stock real:inf)" },
    { "stock gt -INF", "(gt stock (negate real:inf))" },
    { "stock ne NaN", "(ne stock real:nan)" },

    /* dates, times, durations */
    { "madeAt lt 0001-01-01T00:00:01Z", "(lt madeAt at:10000000/0)" },
    { "madeAt lt 0001-01-01T01:00:00.5+01:00", "(lt madeAt at:5000000/60)" },
    { "madeAt lt 0001-01-02", "(lt madeAt at:864000000000/0)" },
    { "date(madeAt) eq 0001-01-02", "(eq (date madeAt) date:1)" },
    { "time(madeAt) lt 00:00:00.5", "(lt (time madeAt) time:5000000)" },
    { "time(madeAt) lt 13:30", "(lt (time madeAt) time:486000000000)" },
    { "now() sub madeAt gt duration'P1D'", "(gt (sub now madeAt) duration:864000000000)" },
    { "now() sub madeAt gt 'PT0.0000001S'", "(gt (sub now madeAt) duration:1)" },
    { "madeAt add duration'-P1DT1H1M1.5S' lt now()",
      "(lt (add madeAt duration:-900615000000) now)" },
    { "madeAt sub 'PT5M' lt now()", "(lt (sub madeAt duration:3000000000) now)" },
    { "duration'PT1S' add duration'P0D' gt -duration'PT1S'",
      "(gt (add duration:10000000 duration:0) (negate duration:10000000))" },
    { "totalseconds(now() sub madeAt) gt 0.5", "(gt (totalseconds (sub now madeAt)) real:0.5)" },
    { "madeAt gt mindatetime()", "(gt madeAt at:0/0)" },
    { "madeAt lt maxdatetime( )", "(lt madeAt at:3155378975999999999/0)" },

    /* enumerations */
    { "size eq 'large'", "(eq size enum:2)" },
    { "size eq 'LARGE'", "(eq size enum:2)" },
    { "'large' eq size", "(eq enum:2 size)" },
    { "size eq toy.shop.size'large'", "(eq size enum:2)" },
    { "size eq shop.size'large'", "(eq size enum:2)" },
    { "size eq Toy.Shop.Size'2'", "(eq size enum:2)" },
    { "size eq '2'", "(eq size enum:2)" },
    { "size eq 2", "(eq size enum:2)" },
    { "size ge 'medium'", "(ge size enum:1)" },
    { "size in ('large',1,null)", "(in size enum:2 enum:1 null)" },
    { "colour eq finish", "(eq colour finish)" },
    { "colour has shop.colour'blue'", "(has colour enum:-5)" },
    { "colour has 'red'", "(has colour enum:1)" },

    /* logic and precedence */
    { "soldOut and fragile or true", "(or (and soldOut fragile) true)" },
    { "soldOut or fragile and true", "(or soldOut (and fragile true))" },
    { "(soldOut or fragile) and true", "(and (or soldOut fragile) true)" },
    { "soldOut OR fragile AND NOT true", "(or soldOut (and fragile (not true)))" },
    { "not soldOut eq fragile", "(eq (not soldOut) fragile)" },
    { "not (stock eq 7)", "(not (eq stock 7))" },
    { "not(stock eq 7)", "(not (eq stock 7))" },
    { "not not soldOut", "(not (not soldOut))" },
    { "not title in ('a')", "(not (in title 'a'))" },
    { "stock eq 1 add 2 mul 3", "(eq stock (add 1 (mul 2 3)))" },
    { "stock sub 1 sub 2 eq 3", "(eq (sub (sub stock 1) 2) 3)" },
    { "stock div 2 mul 3 mod 4 eq 0", "(eq (mod (mul (div stock 2) 3) 4) 0)" },
    { "stock divby 2 gt 1 eq true", "(eq (gt (divby stock 2) 1) true)" },
    { "-stock mul 2 eq 1", "(eq (mul (negate stock) 2) 1)" },
    { "null add 1 eq 2", "(eq (add null 1) 2)" },
    { "not null", "(not null)" },

    /* lists */
    { "title in ('a','b')", "(in title 'a' 'b')" },
    { "title in ( 'a' , null )", "(in title 'a' null)" },
    { "title in ()", "(in title)" },
    { "title in []", "(in title)" },
    { "title in [\"a\",'b', null]", "(in title 'a' 'b' null)" },
    { "title in [\"it's\\u0041\\n\"]", "(in title 'it'sA\n')" },
    { "size in [\"large\"]", "(in size enum:2)" },
    { "title in @json", "(in title 'a' 'b')" },
    { "stock in (1,2.5)", "(in stock 1 real:2.5)" },
    { "'plain' in labels", "(any$0 labels (eq 'plain' $0))" },

    /* functions */
    { "contains(title,'a')", "(contains title 'a')" },
    { "Contains ( title , 'a' )", "(contains title 'a')" },
    { "startswith(title,'a') eq false", "(eq (startswith title 'a') false)" },
    { "endswith(title,null)", "(endswith title null)" },
    { "tolower(title) eq 'a'", "(eq (tolower title) 'a')" },
    { "toupper(title) eq trim(code)", "(eq (toupper title) (trim code))" },
    { "concat(concat(title,', '),code) eq 'a, b'",
      "(eq (concat (concat title ', ') code) 'a, b')" },
    { "length(title) gt indexof(title,'a')", "(gt (length title) (indexof title 'a'))" },
    { "substring(title,1) eq 'a'", "(eq (substring title 1) 'a')" },
    { "substring(title,-2,stock) eq 'a'", "(eq (substring title -2 stock) 'a')" },
    { "year(madeAt) eq 2024", "(eq (year madeAt) 2024)" },
    { "month(date(madeAt)) eq day(2024-01-31)", "(eq (month (date madeAt)) (day date:738915))" },
    { "hour(madeAt) eq minute(madeAt) ", "(eq (hour madeAt) (minute madeAt))" },
    { "second(time(madeAt)) eq 1", "(eq (second (time madeAt)) 1)" },
    { "fractionalseconds(madeAt) lt 0.1", "(lt (fractionalseconds madeAt) real:0.1)" },
    { "totaloffsetminutes(madeAt) eq 60", "(eq (totaloffsetminutes madeAt) 60)" },

    /* collections */
    { "labels/any()", "(any labels)" },
    { "labels/any( )", "(any labels)" },
    { "labels/any(l:l eq 'a')", "(any$0 labels (eq $0 'a'))" },
    { "labels/ANY(l : startswith(l,title))", "(any$0 labels (startswith $0 title))" },
    { "$it/labels/all(title:title eq $it/title)", "(all$0 labels (eq $0 title))" },
    { "labels/all(l:notes/any(n:n eq l))", "(all$0 labels (any$1 notes (eq $1 $0)))" },
    { "labels/any(l:l eq 'a') and notes/any(l:l eq 'b')",
      "(and (any$0 labels (eq $0 'a')) (any$1 notes (eq $1 'b')))" },
    { "labels/any(l:notes/any(l:l eq 'a') or l eq 'b')",
      "(any$0 labels (or (any$1 notes (eq $1 'a')) (eq $0 'b')))" },
    { "labels/$count gt 1", "(gt (count labels) 1)" },
    { "labels/any(l:true)", "(any$0 labels true)" },
    { "labels/$count($filter=$this eq 'a') gt 1", "(gt (count$0 labels (eq $0 'a')) 1)" },
    { "labels/$count(filter=$this eq $it/title) gt 1", "(gt (count$0 labels (eq $0 title)) 1)" },
    { "labels/$filter(contains($this,'a'))/$count eq 0",
      "(eq (count$0 labels (contains $0 'a')) 0)" },
    { "labels/any(l:notes/$count($filter=$this eq l) gt 1)",
      "(any$0 labels (gt (count$1 notes (eq $1 $0)) 1))" },
    { "hassubset(labels,[\"a\",'b'])", "(subset labels 'a' 'b')" },
    { "hassubset(labels,@json)", "(subset labels 'a' 'b')" },
    { "HasSubset( labels , [] )", "(subset labels)" },
    { "'a' in (labels)", "(any$0 labels (eq 'a' $0))" },
    { "labels eq [\"a\",'b']", "(eq labels ['a' 'b'])" },
    { "labels ne @json", "(ne labels ['a' 'b'])" },
    { "[ ] eq labels", "(eq [] labels)" },
    { "labels eq [null]", "(eq labels [null])" },
    { "labels eq notes", "(eq labels notes)" },
    { "null ne labels", "(ne null labels)" },
    { "['a'] eq ['b']", "(eq ['a'] ['b'])" },
    { "labels eq @nowhere", "(eq labels null)" },
    { "labels/any(l:labels eq notes and l eq 'a')",
      "(any$0 labels (and (eq$1 labels notes) (eq $0 'a')))" },

    /* numbers, and types by their names */
    { "round(stock divby 2) eq floor(1.5)", "(eq (round (divby stock 2)) (floor real:1.5))" },
    { "ceiling(stock) eq 1", "(eq (ceiling stock) 1)" },
    { "stock mod 1.5 eq 1", "(eq (mod stock real:1.5) 1)" },
    { "cast(stock,Edm.String) eq '1'", "(eq (cast stock) '1')" },
    { "cast(stock,Edm.Byte) eq 1", "(eq (cast stock 0 255) 1)" },
    { "cast(stock divby 2,edm.int16) eq 1", "(eq (cast (divby stock 2) -32768 32767) 1)" },
    { "cast(stock,Edm.Double) eq 1", "(eq (cast stock) 1)" },
    { "cast(date(madeAt),Edm.DateTimeOffset) eq madeAt", "(eq (cast (date madeAt)) madeAt)" },
    { "cast(title,Edm.String) eq 'a'", "(eq title 'a')" },
    { "cast('5',Edm.Int32) eq stock", "(eq 5 stock)" },
    { "cast('500',Edm.Byte) eq stock", "(eq null stock)" },
    { "cast('x',Edm.Int32) eq stock", "(eq null stock)" },
    { "cast('5',Edm.Double) eq stock", "(eq real:5 stock)" },
    { "cast('INF',Edm.Double) eq stock", "(eq real:inf stock)" },
    { "cast('-INF',Edm.Double) eq stock", "(eq real:-inf stock)" },
    { "cast('-NaN',Edm.Double) eq stock", "(eq null stock)" },
    { "cast('true',Edm.Boolean)", "true" },
    { "cast('P1D',Edm.Duration) eq duration'P1D'",
      "(eq duration:864000000000 duration:864000000000)" },
    { "cast('large',toy.shop.size) eq size", "(eq enum:2 size)" },
    { "cast('huge',shop.size) eq size", "(eq null size)" },
    { "cast(null,Edm.Int32) eq stock", "(eq null stock)" },
    { "cast('AAAA',Edm.Binary) eq binary'AAAA'", "(eq binary:AAAA binary:AAAA)" },
    { "cast(toy.shop.article)/soldOut", "soldOut" },
    { "toy.shop.article/soldOut", "soldOut" },
    { "$it/shop.article/soldOut", "soldOut" },
    { "$this/soldOut", "soldOut" },
    { "isof(toy.shop.article)", "true" },
    { "isof(shop.crate)", "false" },
    { "isof(title,Edm.String)", "(ne title null)" },
    { "isof(title,Edm.Date)", "false" },
    { "isof(stock,Edm.SByte)", "(and (ge stock -128) (le stock 127))" },
    { "isof(size,toy.shop.size)", "(ne size null)" },
    { "isof(size,toy.shop.colour)", "false" },
    { "isof(null,Edm.String)", "false" },
    { "matchesPattern(title,'^a')", "(matches title '^a')" },

    /* texts that are read as what they stand beside */
    { "madeAt lt '0001-01-01T00:00:01Z'", "(lt madeAt at:10000000/0)" },
    { "madeAt lt '0001-01-02'", "(lt madeAt at:864000000000/0)" },
    { "date(madeAt) eq '0001-01-02'", "(eq (date madeAt) date:1)" },
    { "time(madeAt) eq '00:00:01'", "(eq (time madeAt) time:10000000)" },
    { "stock eq '5'", "(eq stock 5)" },
    { "stock in ('5','1.5')", "(in stock 5 real:1.5)" },
    { "soldOut eq 'true'", "(eq soldOut true)" },
    { "'c0665abc-0000-4000-8000-00000000abcd' eq c0665abc-0000-4000-8000-00000000abcd",
      "(eq guid:c0665abc-0000-4000-8000-00000000abcd guid:c0665abc-0000-4000-8000-00000000abcd)" },

    /* members past the sentinel, by their number */
    { "colour eq 'unknownFutureValue'", "(eq colour enum:6)" },
    { "colour eq 7", "(eq colour enum:7)" },

    /* aliases */
    { "title eq @name", "(eq title 'it's')" },
    { "@sum eq 2", "(eq (add stock 1) 2)" },
    { "@sum mul 2 eq 2", "(eq (mul (add stock 1) 2) 2)" }, /* as if in parentheses */
    { "title in @list", "(in title 'a' 'b')" },
    { "title in @other", "(in title 'a' 'b')" },
    { "size eq @member", "(eq size enum:2)" },
    { "title eq @nobody", "(eq title null)" },
    { "stock eq @twice", "(eq stock 1)" },
};

static void test_trees(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(tree_cases); i++) {
        const struct edm_filter *filter;
        struct arena *arena = new_arena();
        struct error err = { 0 };
        char memory[1000];
        struct text tree;

        if (!parse(tree_cases[i].text, arena, &filter, &err))
            fail_msg("%s: %s", tree_cases[i].text, err.message);
        text_init_fixed(&tree, memory, sizeof memory);
        print(&tree, filter);
        if (!slice_eq(text_slice(&tree), slice_of(tree_cases[i].tree)))
            fail_msg("%s: %.*s", tree_cases[i].text, SLICE_ARG(text_slice(&tree)));
        arena_destroy(arena);
    }
}

/* --- mistakes -------------------------------------------------------------------------------- */

#define SYNTAX(position, text) "Syntax error at position " position " in '" text "'."
#define PLACE(position)        " (at position " position ")"
#define OPERANDS(left, right, kind, position)                                                      \
    "A binary operator with incompatible types was detected. Found operand types '" left           \
    "' and '" right "' for operator kind '" kind "'." PLACE(position)
#define OPERAND(type, kind, position)                                                              \
    "A unary operator with an incompatible type was detected. Found operand type '" type           \
    "' for operator kind '" kind "'." PLACE(position)
#define NO_PROPERTY(name, position)                                                                \
    "Could not find a property named '" name "' on type 'toy.shop.article'." PLACE(position)
#define NO_FUNCTION(name, position)                                                                \
    "An unknown function with name '" name "' was found." PLACE(position)
#define NO_SIGNATURE(name, list, position)                                                         \
    "No function signature for the function with name '" name                                      \
    "' matches the specified arguments. The function signatures considered are: " list             \
    "." PLACE(position)
#define NO_MEMBER(name, position)                                                                  \
    "The string '" name "' is not a valid enumeration type constant." PLACE(position)
#define ENTITY(position)                                                                           \
    "The entity itself is not supported as an operand; name a property of it." PLACE(position)
#define RANGE(value, position) "The value '" value "' is out of range." PLACE(position)
#define ANNOTATION(position)   "Annotations are not supported in $filter." PLACE(position)
#define CAST_PATH(type, from, position)                                                            \
    "Encountered invalid type cast. '" type "' is not assignable from '" from "'." PLACE(position)
#define NOT_COLLECTION(position)                                                                   \
    "The right operand of the operator 'in' must be a collection." PLACE(position)
#define NO_CONDITION "The $filter expression must evaluate to a single boolean value." PLACE("0")

static const struct {
    const char *text, *message; /* behind "Invalid filter clause: " */
} mistake_cases[] = {
    /* syntax */
    { "", SYNTAX("0", "") },
    { "   ", SYNTAX("3", "   ") },
    { "foo bar", NO_PROPERTY("foo", "0") },
    { "soldOut bar", SYNTAX("8", "soldOut bar") },
    { "soldOut and", SYNTAX("11", "soldOut and") },
    { "and soldOut", NO_PROPERTY("and", "0") },
    { "soldOut and and fragile", NO_PROPERTY("and", "12") },
    { "title eq", SYNTAX("8", "title eq") },
    { "title = 'a'", SYNTAX("6", "title = 'a'") },
    { "title eq 'a", SYNTAX("9", "title eq 'a") },
    { "title eq 'a''", SYNTAX("9", "title eq 'a''") },
    { "title eq \"a\"", SYNTAX("9", "title eq \"a\"") },
    { "title eq 'a'b", SYNTAX("12", "title eq 'a'b") },
    { "(soldOut", SYNTAX("8", "(soldOut") },
    { "soldOut)", SYNTAX("7", "soldOut)") },
    { "()", SYNTAX("1", "()") },
    { "title eq ('a','b')", SYNTAX("13", "title eq ('a','b')") },
    { "soldOut!", SYNTAX("7", "soldOut!") },
    { "soldOut;", SYNTAX("7", "soldOut;") },
    { "\xC3\xA4", NO_PROPERTY("\xC3\xA4", "0") },
    { "$", SYNTAX("0", "$") },
    { "@", SYNTAX("0", "@") },
    { "$it", ENTITY("0") },
    { "$it eq null", ENTITY("0") },
    { "$root/articles eq null", "'$root' is not supported in $filter." PLACE("0") },
    { "$root", SYNTAX("5", "$root") },
    { "$it/", SYNTAX("4", "$it/") },
    { "$it/'a'", SYNTAX("4", "$it/'a'") },
    { "- ", SYNTAX("2", "- ") },
    { "not", SYNTAX("3", "not") },

    /* values */
    { "stock eq 1a", SYNTAX("9", "stock eq 1a") },
    { "stock eq 1.", SYNTAX("9", "stock eq 1.") },
    { "stock eq .5", SYNTAX("9", "stock eq .5") },
    { "stock eq 1e", SYNTAX("9", "stock eq 1e") },
    { "stock eq 1e999", RANGE("1e999", "9") },
    { "stock eq 1+1", SYNTAX("9", "stock eq 1+1") },
    { "stock eq 0x10", SYNTAX("9", "stock eq 0x10") },
    { "madeAt eq 2024-02-30", RANGE("2024-02-30", "10") },
    { "madeAt eq 2024-01-01T00:00:00", SYNTAX("10", "madeAt eq 2024-01-01T00:00:00") },
    { "madeAt eq 2024-01-01T24:00:00Z", SYNTAX("10", "madeAt eq 2024-01-01T24:00:00Z") },
    { "madeAt eq 2024-01-01T00:00:00 01:00", SYNTAX("10", "madeAt eq 2024-01-01T00:00:00 01:00") },
    { "time(madeAt) eq 25:00", SYNTAX("16", "time(madeAt) eq 25:00") },
    { "time(madeAt) eq 12:00Z", SYNTAX("16", "time(madeAt) eq 12:00Z") },
    { "time(madeAt) eq 12:00+01:00", SYNTAX("16", "time(madeAt) eq 12:00+01:00") },
    { "now() gt duration'P'", "The text 'P' is not a duration such as 'P1DT2H'." PLACE("9") },
    { "now() gt duration'P1Y'", "The text 'P1Y' is not a duration such as 'P1DT2H'." PLACE("9") },
    { "now() gt duration'PT'", "The text 'PT' is not a duration such as 'P1DT2H'." PLACE("9") },
    { "now() gt duration'P1DT'", "The text 'P1DT' is not a duration such as 'P1DT2H'." PLACE("9") },
    { "now() gt duration'PT1S '",
      "The text 'PT1S ' is not a duration such as 'P1DT2H'." PLACE("9") },
    { "now() gt duration'P9999999D'",
      "The text 'P9999999D' is not a duration such as 'P1DT2H'." PLACE("9") },
    { "now() gt duration'P99999999999999999999D'",
      "The text 'P99999999999999999999D' is not a duration such as 'P1DT2H'." PLACE("9") },
    { "madeAt eq 2016-12-31T23:59:60Z", RANGE("2016-12-31T23:59:60Z", "10") },
    { "madeAt eq 0000-01-01", RANGE("0000-01-01", "10") },
    { "madeAt eq -10000-04-01T00:00Z", RANGE("-10000-04-01T00:00Z", "10") },
    { "madeAt eq 02024-01-01", SYNTAX("10", "madeAt eq 02024-01-01") },
    { "madeAt eq 2024-13-01", SYNTAX("10", "madeAt eq 2024-13-01") },
    { "binary'0' eq null", "The text '0' is not base64url." PLACE("0") },
    { "binary'0*' eq null", "The text '0*' is not base64url." PLACE("0") },
    { "binary'A===' eq null", "The text 'A===' is not base64url." PLACE("0") },
    { "now() gt duration'+PT1S'",
      "The text '+PT1S' is not a duration such as 'P1DT2H'." PLACE("9") },
    { "geography'SRID=0;Point(1 2)' eq null",
      "The type 'geography' of the literal is not known here." PLACE("0") },
    { "size eq size'large'", "The type 'size' of the literal is not known here." PLACE("8") },
    { "size eq toy.shop.weight'large'",
      "The type 'toy.shop.weight' of the literal is not known here." PLACE("8") },

    /* names */
    { "foo eq 1", NO_PROPERTY("foo", "0") },
    { "stock eq foo", NO_PROPERTY("foo", "9") },
    { "toy.shop.crate/title eq 'a'", CAST_PATH("toy.shop.crate", "article", "0") },
    { "title/toy.shop.article", CAST_PATH("toy.shop.article", "Edm.String", "6") },
    { "toy.shop.article eq null", NO_PROPERTY("toy.shop.article", "0") },
    { "title/foo eq 'a'",
      "Could not find a property named 'foo' on type 'Edm.String'." PLACE("6") },
    { "labels/foo",
      "The parent value for a property access of a property 'foo' is not a single value. Property "
      "access can only be applied to a single value." PLACE("7") },
    { "toy.shop.bestArticle()", NO_FUNCTION("toy.shop.bestArticle", "0") },
    { "title/toy.shop.upper()", NO_FUNCTION("toy.shop.upper", "6") },
    { "labels(1) eq 'a'", NO_FUNCTION("labels", "0") },
    { "@toy.shop.note eq 'a'", ANNOTATION("0") },
    { "@note/text eq 'a'", ANNOTATION("0") },
    { "@note#one eq 'a'", ANNOTATION("0") },
    { "title/@toy.shop.note eq 'a'", ANNOTATION("6") },
    { "labels/", SYNTAX("7", "labels/") },
    { "labels/$value", SYNTAX("7", "labels/$value") },

    /* types */
    { "title", NO_CONDITION },
    { "1", NO_CONDITION },
    { "stock add 1", NO_CONDITION },
    { "labels", NO_CONDITION },
    { "title eq 1", OPERANDS("Edm.String", "Edm.Int64", "Equal", "6") },
    { "stock ne 'a'", OPERANDS("Edm.Int64", "Edm.String", "NotEqual", "6") },
    { "soldOut gt 1", OPERANDS("Edm.Boolean", "Edm.Int64", "GreaterThan", "8") },
    { "stock ge true", OPERANDS("Edm.Int64", "Edm.Boolean", "GreaterThanOrEqual", "6") },
    { "madeAt lt '2024-01-01T00:00:00'",
      OPERANDS("Edm.DateTimeOffset", "Edm.String", "LessThan", "7") },
    { "madeAt lt '12:00'", OPERANDS("Edm.DateTimeOffset", "Edm.String", "LessThan", "7") },
    { "soldOut eq 'yes'", OPERANDS("Edm.Boolean", "Edm.String", "Equal", "8") },
    { "colour eq 'green'", NO_MEMBER("green", "10") },
    { "colour eq shop.colour'green'", NO_MEMBER("green", "10") },
    { "colour has 'red,blue'", NO_MEMBER("red,blue", "11") },
    { "madeAt le 12:00", OPERANDS("Edm.DateTimeOffset", "Edm.TimeOfDay", "LessThanOrEqual", "7") },
    { "date(madeAt) eq madeAt", OPERANDS("Edm.Date", "Edm.DateTimeOffset", "Equal", "13") },
    { "id eq c0665abc-0000-4000-8000-00000000abcd",
      OPERANDS("Edm.String", "Edm.Guid", "Equal", "3") },
    { "id eq 10665abc-0000-4000-8000-00000000abcd",
      OPERANDS("Edm.String", "Edm.Guid", "Equal", "3") },
    { "labels eq 'a'", OPERANDS("Collection(Edm.String)", "Edm.String", "Equal", "7") },
    { "size eq colour", OPERANDS("toy.shop.size", "toy.shop.colour", "Equal", "5") },
    { "size eq shop.colour'red'", OPERANDS("toy.shop.size", "toy.shop.colour", "Equal", "5") },
    { "title eq shop.size'large'", OPERANDS("Edm.String", "toy.shop.size", "Equal", "6") },
    { "size eq 'huge'", NO_MEMBER("huge", "8") },
    { "'huge' ne size", NO_MEMBER("huge", "0") },
    { "size eq shop.size'huge'", NO_MEMBER("huge", "8") },
    { "size in ('large','huge')", NO_MEMBER("huge", "17") },
    { "colour has 5.5", OPERANDS("toy.shop.colour", "Edm.Double", "Has", "7") },
    { "colour has finish", OPERANDS("toy.shop.colour", "toy.shop.colour", "Has", "7") },
    { "stock has 1", OPERANDS("Edm.Int64", "Edm.Int64", "Has", "6") },
    { "title and soldOut", OPERANDS("Edm.String", "Edm.Boolean", "And", "6") },
    { "soldOut or 1", OPERANDS("Edm.Boolean", "Edm.Int64", "Or", "8") },
    { "not title", OPERAND("Edm.String", "Not", "0") },
    { "not title eq 'a'", OPERAND("Edm.String", "Not", "0") },
    { "-title eq 'a'", OPERAND("Edm.String", "Negate", "0") },
    { "-madeAt lt now()", OPERAND("Edm.DateTimeOffset", "Negate", "0") },
    { "title add 1 eq 1", OPERANDS("Edm.String", "Edm.Int64", "Add", "6") },
    { "madeAt add 1 lt now()", OPERANDS("Edm.DateTimeOffset", "Edm.Int64", "Add", "7") },
    { "madeAt add madeAt lt now()",
      OPERANDS("Edm.DateTimeOffset", "Edm.DateTimeOffset", "Add", "7") },
    { "duration'PT1S' sub madeAt lt now()",
      OPERANDS("Edm.Duration", "Edm.DateTimeOffset", "Subtract", "15") },
    { "madeAt mul 2 lt now()", OPERANDS("Edm.DateTimeOffset", "Edm.Int64", "Multiply", "7") },
    { "title div 2 eq 1", OPERANDS("Edm.String", "Edm.Int64", "Divide", "6") },
    { "title divby 2 eq 1", OPERANDS("Edm.String", "Edm.Int64", "DivideBy", "6") },
    { "null mul title eq null", OPERANDS("<null>", "Edm.String", "Multiply", "5") },

    /* functions */
    { "foo(title)", NO_FUNCTION("foo", "0") },
    { "soldOut and substringof('a',title)", NO_FUNCTION("substringof", "12") },
    { "cast(title,Edm.Int32) eq 1",
      "A cast from 'Edm.String' to 'Edm.Int32' is not supported." PLACE("5") },
    { "cast(stock,toy.shop.size) eq 'large'",
      "A cast from 'Edm.Int64' to 'toy.shop.size' is not supported." PLACE("5") },
    { "cast(stock,toy.shop.article) eq 1",
      "A cast from 'Edm.Int64' to 'toy.shop.article' is not supported." PLACE("5") },
    { "cast(labels,Edm.String) eq 'a'",
      "A cast from 'Collection(Edm.String)' to 'Edm.String' is not supported." PLACE("5") },
    { "cast(labels,Collection(Edm.String)) eq 'a'",
      "Collections are not supported as types to cast to." PLACE("12") },
    { "cast(title,Edm.Foo) eq 'a'", "The type 'Edm.Foo' is not known here." PLACE("11") },
    { "cast(toy.shop.crate)/place eq 'a'", CAST_PATH("toy.shop.crate", "toy.shop.article", "5") },
    { "cast(toy.shop.article) eq null", ENTITY("23") },
    { "cast(title) eq 'a'", SYNTAX("10", "cast(title) eq 'a'") },
    { "cast(title,String) eq 'a'", SYNTAX("11", "cast(title,String) eq 'a'") },
    { "cast(title,Edm.String", SYNTAX("21", "cast(title,Edm.String") },
    { "cast() eq 'a'", SYNTAX("5", "cast() eq 'a'") },
    { "isof(Edm.Foo)", "The type 'Edm.Foo' is not known here." PLACE("5") },
    { "isof(toy.shop.article", NO_PROPERTY("toy.shop.article", "5") },
    { "round(title) eq 1", NO_SIGNATURE("round", "round(Edm.Double); round(Edm.Int64)", "0") },
    { "hassubset(title,[\"a\"])",
      "The first argument of 'hassubset' must be a collection." PLACE("10") },
    { "hassubset(labels,notes)",
      "The second argument of 'hassubset' must be an array of values." PLACE("17") },
    { "hassubset(labels,[1])", OPERANDS("Edm.String", "Edm.Int64", "In", "18") },
    { "hassubset(labels)", SYNTAX("16", "hassubset(labels)") },
    { "hassubsequence(labels,[\"a\"])", NO_FUNCTION("hassubsequence", "0") },
    { "case(soldOut:1,true:2) eq 1", NO_FUNCTION("case", "0") },
    { "geo.distance(title,title) lt 1", NO_FUNCTION("geo.distance", "0") },
    { "not foo()", NO_FUNCTION("foo", "4") },
    { "contains(title)", NO_SIGNATURE("contains", "contains(Edm.String, Edm.String)", "0") },
    { "contains(title,1)", NO_SIGNATURE("contains", "contains(Edm.String, Edm.String)", "0") },
    { "contains(size,'large')", NO_SIGNATURE("contains", "contains(Edm.String, Edm.String)", "0") },
    { "stock eq LENGTH(1)", NO_SIGNATURE("LENGTH", "length(Edm.String)", "9") },
    { "substring(title) eq ''",
      NO_SIGNATURE("substring",
                   "substring(Edm.String, Edm.Int64); substring(Edm.String, Edm.Int64, Edm.Int64)",
                   "0") },
    { "year(title) eq 1", NO_SIGNATURE("year", "year(Edm.DateTimeOffset); year(Edm.Date)", "0") },
    { "now(1) gt madeAt", NO_SIGNATURE("now", "now()", "0") },
    { "contains(title,'a'", SYNTAX("18", "contains(title,'a'") },
    { "contains(title 'a')", SYNTAX("15", "contains(title 'a')") },
    { "contains(title,)", SYNTAX("15", "contains(title,)") },
    { "contains(,title)", SYNTAX("9", "contains(,title)") },
    { "contains(title,'a','b','c')", SYNTAX("22", "contains(title,'a','b','c')") },

    /* lists */
    { "title in 'a'", SYNTAX("9", "title in 'a'") },
    { "title in ('a'", SYNTAX("13", "title in ('a'") },
    { "title in ('a',)", SYNTAX("14", "title in ('a',)") },
    { "title in [\"a\",]", SYNTAX("14", "title in [\"a\",]") },
    { "title in ('a']", SYNTAX("13", "title in ('a']") },
    { "title in [\"a\")", SYNTAX("13", "title in [\"a\")") },
    { "title in [\"\\x\"]", SYNTAX("10", "title in [\"\\x\"]") },
    { "title in [\"a]", SYNTAX("10", "title in [\"a]") },
    { "stock in [\"a\"]", OPERANDS("Edm.Int64", "Edm.String", "In", "10") },
    { "[\"a\"] eq title", OPERANDS("Collection(Edm.String)", "Edm.String", "Equal", "6") },
    { "labels eq 'a'", OPERANDS("Collection(Edm.String)", "Edm.String", "Equal", "7") },
    { "labels gt [\"a\"]",
      OPERANDS("Collection(Edm.String)", "Collection(Edm.String)", "GreaterThan", "7") },
    { "labels eq [1]", OPERANDS("Edm.String", "Edm.Int64", "In", "11") },
    { "labels eq [[]]", "An array is not supported here as an operand." PLACE("11") },
    { "labels eq [title]", SYNTAX("11", "labels eq [title]") },
    { "labels eq [\"a\"", SYNTAX("14", "labels eq [\"a\"") },
    { "labels eq [\"a\",]", SYNTAX("15", "labels eq [\"a\",]") },
    { "[\"a\"] in ([\"a\"])", "An array is not supported here as an operand." PLACE("10") },
    { "hassubset([\"a\"],[\"a\"])",
      "The first argument of 'hassubset' must be a collection." PLACE("10") },
    { "[\"a\"]", "The $filter expression must evaluate to a single boolean value." PLACE("0") },
    { "title eq {}", "An object is not supported as an operand." PLACE("9") },
    { "title eq {\"a\":1}", "An object is not supported as an operand." PLACE("9") },
    { "contains(labels,[\"a\"])",
      NO_SIGNATURE("contains", "contains(Edm.String, Edm.String)", "0") },
    { "title in [[\"a\"]]", "An array is not supported here as an operand." PLACE("10") },
    { "stock eq +", SYNTAX("9", "stock eq +") },
    { "stock eq +stock", SYNTAX("9", "stock eq +stock") },
    { "stock eq +-5", SYNTAX("9", "stock eq +-5") },
    { "title in ('a' 'b')", SYNTAX("14", "title in ('a' 'b')") },
    { "title in (code)", NOT_COLLECTION("10") },
    { "title in (labels,notes)", SYNTAX("16", "title in (labels,notes)") },
    { "title in code", NOT_COLLECTION("9") },
    { "title in foo", NO_PROPERTY("foo", "9") },
    { "title in ('a',1)", OPERANDS("Edm.String", "Edm.Int64", "In", "14") },
    { "stock in labels", OPERANDS("Edm.Int64", "Edm.String", "Equal", "6") },
    { "labels in ('a')", OPERANDS("Collection(Edm.String)", "Edm.String", "In", "11") },

    /* collections */
    { "any(l:true)", SYNTAX("4", "any(l:true)") },
    { "any()", SYNTAX("4", "any()") },
    { "labels/all()", SYNTAX("11", "labels/all()") },
    { "labels/any", SYNTAX("10", "labels/any") },
    { "labels/any(l)", SYNTAX("12", "labels/any(l)") },
    { "labels/any(l:)", SYNTAX("13", "labels/any(l:)") },
    { "labels/any('l':true)", SYNTAX("11", "labels/any('l':true)") },
    { "labels/any(l:l)",
      "The expression of 'l' does not evaluate to a single boolean value." PLACE("13") },
    { "labels/any(l:l eq 1)", OPERANDS("Edm.String", "Edm.Int64", "Equal", "15") },
    { "labels/any(l:l/length eq 1)",
      "Could not find a property named 'length' on type 'Edm.String'." PLACE("15") },
    { "labels/any(l:l eq 'a') and l eq 'a'", NO_PROPERTY("l", "27") },
    { "labels/$count", NO_CONDITION },
    { "title/any(l:true)", "Any/All may only be used following a collection." PLACE("6") },
    { "title/$count eq 1", "'$count' may only be used following a collection." PLACE("6") },
    { "title/$filter(true) eq 1", "'$filter' may only be used following a collection." PLACE("6") },
    { "labels/$count($search=a) eq 1",
      "Query option '$search' is not supported behind '$count'." PLACE("14") },
    { "labels/$count($filter=title eq 'a') eq 1",
      "Could not find a property named 'title' on type 'Edm.String'." PLACE("22") },
    { "labels/$count($filter=$this) eq 1",
      "The expression of '$this' does not evaluate to a single boolean value." PLACE("22") },
    { "labels/$count(a) eq 1", SYNTAX("14", "labels/$count(a) eq 1") },
    { "labels/$count($filter=true eq 1", OPERANDS("Edm.Boolean", "Edm.Int64", "Equal", "27") },
    { "labels/$count($filter=true", SYNTAX("26", "labels/$count($filter=true") },
    { "labels/$filter(true)",
      "A collection behind '$filter' is supported only with '/$count'." PLACE("7") },
    { "labels/$filter(true)/any()", "Any/All is not supported behind '$filter'." PLACE("21") },
    { "labels/$filter(true)/$filter(true)/$count eq 1",
      "A second condition on a collection is not supported." PLACE("21") },
    { "labels/$filter(true)/$count($filter=true) eq 1",
      "A second condition on a collection is not supported." PLACE("28") },

    /* aliases: positions and text are the alias's own */
    { "title eq @wrong", NO_PROPERTY("a", "0") },
    { "title eq @empty", SYNTAX("0", "") },
    { "title in @name", SYNTAX("0", "'it''s'") },
    { "title eq @list", SYNTAX("4", "('a','b')") },
    { "title eq @name x", SYNTAX("15", "title eq @name x") },
    { "stock eq @name", OPERANDS("Edm.Int64", "Edm.String", "Equal", "6") },
    { "title eq @circle", "Recursion depth exceeded allowed limit." PLACE("0") },
    { "title in @circle", "Recursion depth exceeded allowed limit." PLACE("0") },
};

static void test_mistakes(void **state UNUSED)
{
    const struct slice prefix = SLICE("Invalid filter clause: ");

    for (size_t i = 0; i < COUNT_OF(mistake_cases); i++) {
        const struct edm_filter *filter = NULL;
        struct arena *arena = new_arena();
        struct error err = { 0 };

        if (parse(mistake_cases[i].text, arena, &filter, &err))
            fail_msg("%s: accepted", mistake_cases[i].text);
        CHECK(!filter && err.code == ERROR_BAD_REQUEST, i);
        CHECK(slice_eq(slice_of(err.target), SLICE("$filter")), i);
        CHECK(slice_starts_with(slice_of(err.message), prefix), i);
        if (!slice_eq(slice_sub(slice_of(err.message), prefix.len, SIZE_MAX),
                      slice_of(mistake_cases[i].message)))
            fail_msg("%s: %s", mistake_cases[i].text, err.message);
        arena_destroy(arena);
    }
}

/* An alias that is not UTF-8 is the query's mistake; one that nobody uses is none. */
static void test_alias_encoding(void **state UNUSED)
{
    const struct edm_filter *filter;
    struct arena *arena = new_arena();
    struct error err = { 0 };

    assert_false(parse("title eq @bad", arena, &filter, &err));
    assert_int_equal(err.code, ERROR_BAD_REQUEST);
    assert_true(slice_starts_with(slice_of(err.message), SLICE("The request URI is not valid")));
    arena_destroy(arena);
}

/* --- limits ---------------------------------------------------------------------------------- */

/* `count` times `open`, `inside`, `count` times `close`, with `between` between the openings. */
static struct slice repeat(struct arena *arena, const char *open, const char *inside,
                           const char *close, size_t count)
{
    struct text text;

    text_init(&text, arena, 4096, 1 << 20);
    for (size_t i = 0; i < count; i++)
        text_append(&text, slice_of(open));
    text_append(&text, slice_of(inside));
    for (size_t i = 0; i < count; i++)
        text_append(&text, slice_of(close));
    assert_false(text.failed);
    return text_slice(&text);
}

#define DEEP  "Invalid filter clause: Recursion depth exceeded allowed limit."
#define MANY  "Invalid filter clause: The node count limit of '200' has been exceeded."
#define ITEMS "Invalid filter clause: A list behind 'in' may have 200 items."

static const struct {
    const char *open, *inside, *close;
    size_t count;
    const char *message; /* how it begins; NULL: accepted */
} limit_cases[] = {
    { "(", "soldOut", ")", 32, NULL },
    { "(", "soldOut", ")", 33, DEEP },
    { "(", "soldOut", ")", 100000, DEEP },
    { "(", "", "", 100000, DEEP },
    { "not ", "soldOut", "", 32, NULL },
    { "not ", "soldOut", "", 33, DEEP },
    { "- ", "stock eq 1", "", 32, NULL },
    { "- ", "stock eq 1", "", 33, DEEP },
    { "- ", "stock eq 1", "", 100000, DEEP },
    { "trim(", "title", ")", 32, "Invalid filter clause: The $filter expression must" },
    { "trim(", "title", ")", 33, DEEP },
    { "labels/any(l:", "true", ")", 32, NULL },
    { "labels/any(l:", "true", ")", 33, DEEP },
    { "soldOut or ", "true", "", 99, NULL }, /* a node for each name, value and operator */
    { "soldOut or ", "true", "", 100, MANY },
    { "soldOut or ", "true", "", 10000, MANY },
    { "", "title in ('a'", ",'b'", 199, "Invalid filter clause: Syntax error at position 809" },
    { "", "title in ('a'", ",'b'", 200, ITEMS },
};

static void test_limits(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(limit_cases); i++) {
        const struct edm_filter *filter;
        struct arena *arena = new_arena();
        struct error err = { 0 };
        struct slice text = repeat(arena, limit_cases[i].open, limit_cases[i].inside,
                                   limit_cases[i].close, limit_cases[i].count);
        bool ok = odata_filter_parse(&toy_model, &toy_article, text, NULL, &rules, arena, &filter,
                                     NULL, &err);

        CHECK(ok == !limit_cases[i].message, i);
        CHECK(ok || slice_starts_with(slice_of(err.message), slice_of(limit_cases[i].message)), i);
        arena_destroy(arena);
    }
}

/* Aliases multiply: forty of them would make a billion nodes. */
static void test_aliases_multiply(void **state UNUSED)
{
    static struct odata_alias chain[40];
    static char names[COUNT_OF(chain)][4], values[COUNT_OF(chain)][16];
    const struct edm_filter *filter;
    struct arena *arena = new_arena();
    struct error err = { 0 };

    for (size_t i = 0; i < COUNT_OF(chain); i++) {
        snprintf(names[i], sizeof names[i], "@%c", (int)('0' + i));
        snprintf(values[i], sizeof values[i], "@%c or @%c", (int)('1' + i), (int)('1' + i));
        chain[i] = (struct odata_alias){ slice_of(names[i]), slice_of(values[i]),
                                         i + 1 < COUNT_OF(chain) ? &chain[i + 1] : NULL };
    }
    assert_false(odata_filter_parse(&toy_model, &toy_article, SLICE("@0"), chain, &rules, arena,
                                    &filter, NULL, &err));
    assert_int_equal(err.code, ERROR_BAD_REQUEST);
    arena_destroy(arena);
}

#ifdef CONNECTORD_FAULTS
static void test_no_memory(void **state UNUSED)
{
    const char *text =
        "labels/any(l:l in ('it''s',null)) and contains(title,@name) or size eq 'large'";

    for (uint64_t n = 0;; n++) {
        struct arena *arena = new_arena();
        const struct edm_filter *filter;
        struct error err = { 0 };
        bool ok;

        arena_fail_after(n);
        ok = parse(text, arena, &filter, &err);
        CHECK(ok == !arena_fault_fired(), n);
        CHECK(ok || err.code == ERROR_TOO_LARGE, n);
        arena_destroy(arena);
        if (ok)
            break;
    }
    arena_fail_after(UINT64_MAX);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trees),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_alias_encoding),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_aliases_multiply),
#ifdef CONNECTORD_FAULTS
        cmocka_unit_test(test_no_memory),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
