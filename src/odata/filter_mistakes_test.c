/* odata/filter_mistakes_test.c - what is wrong in $filter, and where it is seen. */
#include "odata/filter_rig_test.h"

#include "base/arena.h"
#include "base/test.h"

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
    { "colour eq 7", NO_MEMBER("7", "10") },
    { "colour eq '7'", NO_MEMBER("7", "10") },
    { "colour eq shop.colour'7'", NO_MEMBER("7", "10") },
    { "colour in (1,7)", NO_MEMBER("7", "13") },
    { "7 lt colour", NO_MEMBER("7", "0") },
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
    { "hassubset(labels,[1])", "An array may have no items but texts." PLACE("18") },
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
    { "labels eq [1]", "An array may have no items but texts." PLACE("11") },
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
        struct arena *arena = filter_new_arena();
        struct error err = { 0 };

        if (filter_parse_with_aliases(mistake_cases[i].text, arena, &filter, &err))
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
    struct arena *arena = filter_new_arena();
    struct error err = { 0 };

    assert_false(filter_parse_with_aliases("title eq @bad", arena, &filter, &err));
    assert_int_equal(err.code, ERROR_BAD_REQUEST);
    assert_true(slice_starts_with(slice_of(err.message), SLICE("The request URI is not valid")));
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_alias_encoding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
