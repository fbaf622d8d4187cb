/* odata/filter_test.c - $filter over the toy shop's articles: the tree of each rule, and its
 * limits. Mistakes are in filter_mistakes_test.c.
 */
#include "odata/filter_rig_test.h"

#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"
#include "edm/toy_model.h"

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

    /* the sentinel, and numbers that are no member's */
    { "colour eq 'unknownFutureValue'", "(eq colour enum:6)" },
    { "colour eq 6", "(eq colour enum:6)" },
    { "colour eq 8", "(eq colour enum:8)" },
    { "colour eq '8'", "(eq colour enum:8)" },

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
        struct arena *arena = filter_new_arena();
        struct error err = { 0 };
        char memory[1000];
        struct text tree;

        if (!filter_parse_with_aliases(tree_cases[i].text, arena, &filter, &err))
            fail_msg("%s: %s", tree_cases[i].text, err.message);
        text_init_fixed(&tree, memory, sizeof memory);
        filter_print(&tree, filter);
        if (!slice_eq(text_slice(&tree), slice_of(tree_cases[i].tree)))
            fail_msg("%s: %.*s", tree_cases[i].text, SLICE_ARG(text_slice(&tree)));
        arena_destroy(arena);
    }
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
#define ITEMS "Invalid filter clause: A list may have 200 items."

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
    { "", "labels eq ['a'", ",'b'", 200, ITEMS },
    { "", "hassubset(labels,['a'", ",'b'", 200, ITEMS },
};

static void test_limits(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(limit_cases); i++) {
        const struct edm_filter *filter;
        struct arena *arena = filter_new_arena();
        struct error err = { 0 };
        struct slice text = repeat(arena, limit_cases[i].open, limit_cases[i].inside,
                                   limit_cases[i].close, limit_cases[i].count);
        bool ok = odata_filter_parse(&toy_model, &toy_article, text, NULL, &filter_rules, arena,
                                     &filter, NULL, &err);

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
    struct arena *arena = filter_new_arena();
    struct error err = { 0 };

    for (size_t i = 0; i < COUNT_OF(chain); i++) {
        snprintf(names[i], sizeof names[i], "@%c", (int)('0' + i));
        snprintf(values[i], sizeof values[i], "@%c or @%c", (int)('1' + i), (int)('1' + i));
        chain[i] = (struct odata_alias){ slice_of(names[i]), slice_of(values[i]),
                                         i + 1 < COUNT_OF(chain) ? &chain[i + 1] : NULL };
    }
    assert_false(odata_filter_parse(&toy_model, &toy_article, SLICE("@0"), chain, &filter_rules,
                                    arena, &filter, NULL, &err));
    assert_int_equal(err.code, ERROR_BAD_REQUEST);
    arena_destroy(arena);
}

#ifdef CONNECTORD_FAULTS
static void test_no_memory(void **state UNUSED)
{
    const char *text =
        "labels/any(l:l in ('it''s',null)) and contains(title,@name) or size eq 'large'";

    for (uint64_t n = 0;; n++) {
        struct arena *arena = filter_new_arena();
        const struct edm_filter *filter;
        struct error err = { 0 };
        bool ok;

        arena_fail_after(n);
        ok = filter_parse_with_aliases(text, arena, &filter, &err);
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
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_aliases_multiply),
#ifdef CONNECTORD_FAULTS
        cmocka_unit_test(test_no_memory),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
