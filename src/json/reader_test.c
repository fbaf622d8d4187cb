/* json/reader_test.c - the table of texts, the public JSONTestSuite where there is a copy, tokens
 * and their places, skipping, nesting, repeated names, and memory that runs out. */
#include "json/reader.h"

#include <dirent.h>

#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"
#include "json/reader_cases.h"

#define PLENTY ((size_t)64 << 20)

static bool read_all(struct slice text, struct arena *arena, unsigned depth_limit,
                     struct error *err)
{
    struct json_reader reader;

    json_reader_init(&reader, text, arena, depth_limit);
    return json_reader_finish(&reader, err);
}

/* True when the message begins "Invalid JSON at byte <position>:" and contains `words`. */
static bool says(const struct error *err, size_t position, const char *words)
{
    char start[64];

    snprintf(start, sizeof start, "Invalid JSON at byte %zu: ", position);
    return err->code == ERROR_BAD_REQUEST &&
           slice_starts_with(slice_of(err->message), slice_of(start)) &&
           strstr(err->message, words);
}

static void test_reader_cases(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(reader_cases); i++) {
        const struct reader_case *row = &reader_cases[i];
        struct arena *arena = arena_create(NULL, PLENTY);
        struct error err = { 0 };
        bool ok = read_all(row->text, arena, JSON_DEPTH_DEFAULT, &err);

        if (ok != !row->words || (!ok && !says(&err, row->position, row->words)))
            fail_msg("case %zu, '%.*s': %s", i, SLICE_ARG(row->text), ok ? "ok" : err.message);
        CHECK(json_is_valid(row->text, arena, JSON_DEPTH_DEFAULT) == ok, i);
        arena_destroy(arena);
    }
}

/* A verdict must not depend on what memory follows the text: each text is read once more from a
 * block of exactly its size, where AddressSanitizer sees a byte too many. */
static void test_reader_stays_inside(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(reader_cases); i++) {
        struct slice text = reader_cases[i].text;
        struct arena *arena = arena_create(NULL, PLENTY);
        char *exact = malloc(text.len + (text.len == 0));

        memcpy(exact, text.ptr, text.len);
        bool ok = json_is_valid((struct slice){ exact, text.len }, arena, JSON_DEPTH_DEFAULT);
        CHECK(ok == !reader_cases[i].words, i);
        free(exact);
        arena_destroy(arena);
    }
}

/* Every beginning of a good text that is not one itself must be refused: nothing is assumed to
 * follow. */
static void test_reader_cut_texts(void **state UNUSED)
{
    static const struct slice whole =
        SLICE_INIT(" { \"a\\u00e9\" : [ true , -1.5e+3 , \"\xE2\x82\xAC\" ] , \"b\" : { } }");

    for (size_t len = 0; len <= whole.len; len++) {
        struct arena *arena = arena_create(NULL, PLENTY);
        CHECK(json_is_valid(slice_sub(whole, 0, len), arena, 8) == (len == whole.len), len);
        arena_destroy(arena);
    }
}

/* The outcome of the public suite: y_ must be accepted, n_ refused, i_ is the reader's choice. */

static const char *const suite_places[] = {
    "../shared/JSONTestSuite/test_parsing",    /* from the source folder */
    "../../shared/JSONTestSuite/test_parsing", /* from a build folder inside it */
};

static DIR *open_suite(const char **ret_place)
{
    const char *named = getenv("JSON_TEST_SUITE");
    DIR *suite = named ? opendir(named) : NULL;

    *ret_place = named;
    for (size_t i = 0; !suite && i < COUNT_OF(suite_places); i++) {
        *ret_place = suite_places[i];
        suite = opendir(suite_places[i]);
    }
    return suite;
}

static struct slice read_file(const char *folder, const char *name, struct arena *arena)
{
    struct slice path;
    assert_true(arena_printf(arena, &path, "%s/%s", folder, name));
    FILE *file = fopen(path.ptr, "rb");
    assert_non_null(file);

    struct text text;
    text_init(&text, arena, 0, PLENTY);
    for (;;) {
        char *to = text_reserve(&text, 4096);
        size_t got = to ? fread(to, 1, 4096, file) : 0;
        if (got == 0)
            break;
        text.len += got;
    }
    fclose(file);
    return text_slice(&text);
}

/* Our own choice for what the suite leaves open. */
static bool suite_choice(const char *name)
{
    static const char *const accepted[] = {
        "i_number_double_huge_neg_exp.json", "i_number_huge_exp.json",
        "i_number_neg_int_huge_exp.json",    "i_number_pos_double_huge_exp.json",
        "i_number_real_neg_overflow.json",   "i_number_real_pos_overflow.json",
        "i_number_real_underflow.json",      "i_number_too_big_neg_int.json",
        "i_number_too_big_pos_int.json",     "i_number_very_big_negative_int.json",
    };
    for (size_t i = 0; i < COUNT_OF(accepted); i++) {
        if (strcmp(name, accepted[i]) == 0)
            return true;
    }
    return false;
}

/* Repeated names are refused by policy, see reader.h; the suite would have them accepted. */
static bool repeats_names(const char *name)
{
    return slice_starts_with(slice_of(name), SLICE("y_object_duplicated_key"));
}

static bool suite_verdict(const char *name)
{
    if (name[0] == 'i')
        return suite_choice(name);
    return name[0] == 'y' && !repeats_names(name);
}

static void test_reader_public_suite(void **state UNUSED)
{
    const char *place;
    DIR *suite = open_suite(&place);
    if (!suite) {
        print_message("no JSONTestSuite here (JSON_TEST_SUITE may name its test_parsing folder)\n");
        skip();
    }

    size_t decided = 0, by_policy = 0, open = 0;
    for (struct dirent *entry; (entry = readdir(suite));) {
        const char *name = entry->d_name;
        if (name[0] == '.')
            continue;
        struct arena *arena = arena_create(NULL, PLENTY);
        bool ok = json_is_valid(read_file(place, name, arena), arena, JSON_DEPTH_DEFAULT);
        if (ok != suite_verdict(name))
            fail_msg("%s: %s", name, ok ? "accepted" : "refused");
        ++*(name[0] == 'i' ? &open : repeats_names(name) ? &by_policy : &decided);
        arena_destroy(arena);
    }
    closedir(suite);
    print_message("JSONTestSuite: %zu texts as decided, %zu refused by policy, %zu left open\n",
                  decided, by_policy, open);
    assert_true(decided > 0);
}

/* Tokens, written as kind@position: { } [ ] for containers, N(name) S(string) and #(number) with
 * their text, t f n for words, $ for the end. */
static const struct {
    struct slice text, tokens;
} token_cases[] = {
    { SLICE_INIT("null"), SLICE_INIT("n@0 $@4 ") },
    { SLICE_INIT(" -1.50e+3 "), SLICE_INIT("#(-1.50e+3)@1 $@10 ") },
    { SLICE_INIT("[]"), SLICE_INIT("[@0 ]@1 $@2 ") },
    { SLICE_INIT("{}"), SLICE_INIT("{@0 }@1 $@2 ") },
    { SLICE_INIT("[true,false , null]"), SLICE_INIT("[@0 t@1 f@6 n@14 ]@18 $@19 ") },
    { SLICE_INIT("{\"a\":1,\"b\" : \"c\"}"),
      SLICE_INIT("{@0 N(a)@1 #(1)@5 N(b)@7 S(c)@13 }@16 $@17 ") },
    { SLICE_INIT("{\"a\":{\"b\":[{}]}}"),
      SLICE_INIT("{@0 N(a)@1 {@5 N(b)@6 [@10 {@11 }@12 ]@13 }@14 }@15 $@16 ") },
    { SLICE_INIT("[\"\",\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"),
      SLICE_INIT("[@0 S()@1 S(\"\\/\b\f\n\r\t)@4 ]@22 $@23 ") },
    { SLICE_INIT("\"a\\u0041\\u00e9\\u20aC\\ud83d\\ude00z\""),
      SLICE_INIT("S(aA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z)@0 $@34 ") },
    { SLICE_INIT("{\"\\u0061b\":\"\\u0000\"}"), SLICE_INIT("{@0 N(ab)@1 S(\0)@11 }@19 $@20 ") },
    { SLICE_INIT("\"\xE2\x82\xAC\""), SLICE_INIT("S(\xE2\x82\xAC)@0 $@5 ") },
};

static void append_token(struct text *out, const struct json_token *token)
{
    static const char marks[] = "{}[]NS#tfn$";
    bool has_text =
        token->kind == JSON_NAME || token->kind == JSON_STRING || token->kind == JSON_NUMBER;

    text_append_char(out, marks[token->kind]);
    if (has_text) {
        text_append_char(out, '(');
        text_append(out, token->text);
        text_append_char(out, ')');
    }
    text_printf(out, "@%zu ", token->position);
}

static void test_reader_tokens(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(token_cases); i++) {
        struct arena *arena = arena_create(NULL, PLENTY);
        struct slice input = token_cases[i].text;
        struct json_reader reader;
        struct json_token token;
        struct text dump;

        json_reader_init(&reader, input, arena, 8);
        text_init(&dump, arena, 0, 1000);
        do {
            CHECK(json_reader_next(&reader, &token, NULL), i);
            CHECK(token.literal.ptr == input.ptr + token.position, i);
            append_token(&dump, &token);
        } while (token.kind != JSON_END);
        CHECK(slice_eq(text_slice(&dump), token_cases[i].tokens), i);

        /* The end stays the end. */
        CHECK(json_reader_next(&reader, &token, NULL) && token.kind == JSON_END, i);
        arena_destroy(arena);
    }
}

static void test_reader_literals(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, PLENTY);
    struct json_reader reader;
    struct json_token token;
    struct slice input = SLICE("{\"n\\u0061me\":\"v\"}");

    json_reader_init(&reader, input, arena, 8);
    assert_true(json_reader_next(&reader, &token, NULL));
    assert_true(slice_eq(token.literal, SLICE("{")));
    assert_int_equal(json_reader_position(&reader), 1);
    assert_true(json_reader_next(&reader, &token, NULL));
    assert_true(slice_eq(token.literal, SLICE("\"n\\u0061me\"")));
    assert_true(slice_eq(token.text, SLICE("name")));
    assert_true(json_reader_next(&reader, &token, NULL));
    assert_true(slice_eq(token.literal, SLICE("\"v\"")));
    /* Without an escape the text is the input's own bytes. */
    assert_ptr_equal(token.text.ptr, token.literal.ptr + 1);
    arena_destroy(arena);
}

/* The first failure is the answer to every later call, whichever it is and whatever it is given;
 * tokens are not touched. */
static void test_reader_failure_stays(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, PLENTY);
    struct json_reader reader;
    struct json_token token, before;
    struct error first = { 0 }, next = { 0 }, skip = { 0 }, finish = { 0 };

    json_reader_init(&reader, SLICE("[1,x,2]"), arena, 8);
    assert_true(json_reader_next(&reader, &token, &first));
    assert_true(json_reader_next(&reader, &token, &first));
    assert_int_equal(first.code, ERROR_NONE);
    before = token;
    assert_false(json_reader_next(&reader, &token, &first));
    assert_true(says(&first, 3, "expected a value, found 'x'"));
    assert_int_equal(json_reader_position(&reader), 3);
    assert_memory_equal(&token, &before, sizeof token);

    assert_false(json_reader_next(&reader, &token, &next));
    assert_false(json_reader_skip(&reader, NULL, &skip));
    assert_false(json_reader_finish(&reader, &finish));
    assert_false(json_reader_next(&reader, &token, NULL));
    assert_string_equal(next.message, first.message);
    assert_string_equal(skip.message, first.message);
    assert_string_equal(finish.message, first.message);
    arena_destroy(arena);
}

static const struct {
    struct slice text; /* an array: its first element is skipped */
    struct slice literal;
    const char *words; /* NULL: skipped */
    size_t position;
} skip_cases[] = {
    { SLICE_INIT("[1]"), SLICE_INIT("1"), NULL, 0 },
    { SLICE_INIT("[ -1.0e5 , 2]"), SLICE_INIT("-1.0e5"), NULL, 0 },
    { SLICE_INIT("[\"a\\nb\"]"), SLICE_INIT("\"a\\nb\""), NULL, 0 },
    { SLICE_INIT("[ null ]"), SLICE_INIT("null"), NULL, 0 },
    { SLICE_INIT("[ [ 1 , [ ] ] ]"), SLICE_INIT("[ 1 , [ ] ]"), NULL, 0 },
    { SLICE_INIT("[{\"a\": {\"b\":[]} }]"), SLICE_INIT("{\"a\": {\"b\":[]} }"), NULL, 0 },
    /* As strict as reading. */
    { SLICE_INIT("[{\"a\":1,\"a\":2}]"), SLICE_INIT(""), "occurs twice", 8 },
    { SLICE_INIT("[{\"a\":1,\"\\u0061\":2}]"), SLICE_INIT(""), "occurs twice", 8 },
    { SLICE_INIT("[\"\xFF\"]"), SLICE_INIT(""), "malformed UTF-8", 2 },
    { SLICE_INIT("[[[[[[[[[]]]]]]]]]"), SLICE_INIT(""), "nested deeper than 8 levels", 8 },
    { SLICE_INIT("[{\"a\":]"), SLICE_INIT(""), "expected a value, found ']'", 6 },
    /* There is nothing to skip. */
    { SLICE_INIT("[]"), SLICE_INIT(""), "expected a value, found ']'", 1 },
    { SLICE_INIT("["), SLICE_INIT(""), "expected a value, but the text ends here", 1 },
};

static void test_reader_skip(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(skip_cases); i++) {
        struct arena *arena = arena_create(NULL, PLENTY);
        struct slice literal = SLICE("untouched");
        struct error err = { 0 };
        struct json_reader reader;
        struct json_token token;

        json_reader_init(&reader, skip_cases[i].text, arena, 8);
        CHECK(json_reader_next(&reader, &token, &err), i);
        bool ok = json_reader_skip(&reader, &literal, &err);
        CHECK(ok == !skip_cases[i].words, i);
        if (ok) {
            CHECK(slice_eq(literal, skip_cases[i].literal), i);
            CHECK(json_reader_finish(&reader, &err), i);
        } else {
            CHECK(says(&err, skip_cases[i].position, skip_cases[i].words), i);
            CHECK(slice_eq(literal, SLICE("untouched")), i);
        }
        arena_destroy(arena);
    }
}

/* Skipping the members that nobody asked for, and what stands after them. */
static void test_reader_skip_members(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, PLENTY);
    struct slice text = SLICE("{\"a\":[1,{\"x\":\"\\n\"}],\"wanted\":\"\\u0041\",\"z\":null} ");
    struct json_reader reader;
    struct json_token token;
    size_t skipped = 0;

    json_reader_init(&reader, text, arena, 8);
    assert_true(json_reader_next(&reader, &token, NULL));
    while (json_reader_next(&reader, &token, NULL) && token.kind == JSON_NAME) {
        if (slice_eq(token.text, SLICE("wanted"))) {
            assert_true(json_reader_next(&reader, &token, NULL));
            assert_true(slice_eq(token.text, SLICE("A")));
        } else {
            assert_true(json_reader_skip(&reader, NULL, NULL));
            skipped++;
        }
    }
    assert_int_equal(token.kind, JSON_OBJECT_END);
    assert_int_equal(skipped, 2);
    assert_true(json_reader_finish(&reader, NULL));
    arena_destroy(arena);
}

/* A skipped string is checked and not decoded: it takes no memory. */
static void test_reader_skip_is_free(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, PLENTY);
    struct json_reader reader;

    json_reader_init(&reader, SLICE("\"\\u0041\\u0041\\u0041\\u0041\""), arena, 8);
    size_t before = arena_used_bytes(arena);
    assert_true(json_reader_skip(&reader, NULL, NULL));
    assert_true(json_reader_finish(&reader, NULL));
    assert_int_equal(arena_used_bytes(arena), before);
    arena_destroy(arena);
}

static struct slice repeat(struct arena *arena, const char *open, const char *inner,
                           const char *close, size_t times)
{
    struct text text;

    text_init(&text, arena, 0, PLENTY);
    for (size_t i = 0; i < times; i++)
        text_append(&text, slice_of(open));
    text_append(&text, slice_of(inner));
    for (size_t i = 0; i < times; i++)
        text_append(&text, slice_of(close));
    return text_slice(&text);
}

static const struct {
    const char *open, *inner, *close;
    unsigned depth, limit;
    size_t fault; /* byte that opens the first level too many; 0: accepted */
} depth_cases[] = {
    { "[", "", "]", 1, 1, 0 },
    { "[", "1", "]", 8, 8, 0 },
    { "[", "1", "]", 9, 8, 8 },
    { "[", "", "]", 128, 128, 0 },
    { "[", "", "]", 129, 128, 128 },
    { "[", "", "]", 1024, 1024, 0 },
    { "[", "", "]", 1025, 1024, 1024 },
    { "[", "", "]", 100000, 1024, 1024 },
    { "[", "", "", 100000, 1024, 1024 }, /* never closed */
    { "{\"a\":", "1", "}", 128, 128, 0 },
    { "{\"a\":", "1", "}", 129, 128, 128 * 5 },
    { "{\"a\":", "{}", "}", 127, 128, 0 },
    { "[{\"a\":", "null", "}]", 64, 128, 0 },
    { "[{\"a\":", "[]", "}]", 64, 128, 64 * 6 },
    { " [ ", "1", " ] ", 100, 100, 0 },
};

static void test_reader_depth(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(depth_cases); i++) {
        struct arena *arena = arena_create(NULL, PLENTY);
        struct slice text = repeat(arena, depth_cases[i].open, depth_cases[i].inner,
                                   depth_cases[i].close, depth_cases[i].depth);
        struct error err = { 0 };
        bool ok = read_all(text, arena, depth_cases[i].limit, &err);

        CHECK(ok == (depth_cases[i].fault == 0), i);
        CHECK(ok || says(&err, depth_cases[i].fault, "nested deeper than"), i);
        arena_destroy(arena);
    }
}

static void test_reader_depth_zero(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, PLENTY);
    struct error err = { 0 };

    assert_true(json_is_valid(SLICE("1"), arena, 0));
    assert_false(read_all(SLICE("[]"), arena, 0, &err));
    assert_true(says(&err, 0, "nested deeper than 0 levels"));
    /* The limit counts levels, not containers. */
    assert_true(json_is_valid(SLICE("[[],[],[[],[]]]"), arena, 3));
    arena_destroy(arena);
}

/* An object of `count` names, the last of which is `last`. */
static struct slice object_of(struct arena *arena, size_t count, const char *prefix,
                              const char *last)
{
    struct text text;

    text_init(&text, arena, 0, PLENTY);
    text_append_char(&text, '{');
    for (size_t i = 0; i + 1 < count; i++)
        text_printf(&text, "\"%s%zu\":%zu,", prefix, i, i);
    text_printf(&text, "\"%s\":0}", last);
    return text_slice(&text);
}

static const struct {
    size_t count;
    const char *prefix, *last;
    bool ok;
} many_names_cases[] = {
    { 2, "n", "n0", false },
    { 16, "n", "last", true },
    { 16, "n", "n0", false },
    { 16, "n", "n14", false },
    { 17, "n", "last", true },
    { 17, "n", "n0", false },
    { 17, "n", "n15", false },
    { 18, "n", "last", true },
    { 18, "n", "n0", false },
    { 18, "n", "n16", false },
    { 33, "n", "last", true },
    { 33, "n", "n31", false },
    { 34, "n", "n32", false },
    { 100, "n", "", true },
    { 100, "n", "n98", false },
    { 100, "n", "\\u006E0", false },
    { 50000, "n", "last", true },
    { 50000, "n", "n0", false },
    { 50000, "n", "n49998", false },
    { 1000, "a longer name whose beginning all of them share, number ", "x", true },
    { 1000, "a longer name whose beginning all of them share, number ",
      "a longer name whose beginning all of them share, number 777", false },
};

static void test_reader_many_names(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(many_names_cases); i++) {
        struct arena *arena = arena_create(NULL, PLENTY);
        struct slice text = object_of(arena, many_names_cases[i].count, many_names_cases[i].prefix,
                                      many_names_cases[i].last);
        struct error err = { 0 };
        bool ok = read_all(text, arena, 8, &err);

        CHECK(ok == many_names_cases[i].ok, i);
        CHECK(ok || strstr(err.message, "occurs twice"), i);
        arena_destroy(arena);
    }
}

static void test_reader_repeated_name_target(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, PLENTY);
    struct error err = { 0 };
    struct text text;

    assert_false(read_all(SLICE("{\"state\":1,\"state\":2}"), arena, 8, &err));
    assert_string_equal(err.target, "state");
    assert_string_equal(err.message, "Invalid JSON at byte 11: the name \"state\" occurs twice in "
                                     "its object.");

    /* A long name is cut in the message, between characters. */
    text_init(&text, arena, 0, 10000);
    text_append(&text, SLICE("{\"a"));
    for (int i = 0; i < 100; i++)
        text_append(&text, SLICE("\xC3\xA9"));
    text_append(&text, SLICE("\":1,\"a"));
    for (int i = 0; i < 100; i++)
        text_append(&text, SLICE("\xC3\xA9"));
    text_append(&text, SLICE("\":1}"));
    assert_false(read_all(text_slice(&text), arena, 8, &err));
    assert_non_null(strstr(err.message, "\xC3\xA9...\" occurs twice"));
    assert_true(slice_is_utf8(slice_of(err.message)));
    arena_destroy(arena);
}

/* Frames serve again: memory is that of the deepest and largest, whatever the length. */
static void test_reader_memory_is_bounded(void **state UNUSED)
{
    struct arena *texts = arena_create(NULL, PLENTY);
    struct text text;
    struct error err = { 0 };

    text_init(&text, texts, 0, PLENTY);
    text_append_char(&text, '[');
    for (int i = 0; i < 20000; i++)
        text_printf(&text, "%s{\"id\":%d,\"tags\":[[],{\"x\":{}}],\"state\":\"active\"}",
                    i ? "," : "", i);
    text_append_char(&text, ']');

    struct arena *arena = arena_create(NULL, 4096);
    assert_true(read_all(text_slice(&text), arena, 8, &err));
    arena_destroy(arena);
    arena_destroy(texts);
}

/* A large object must not make the small ones after it dear: each clears only what it uses. Were
 * the whole table cleared every time this would take minutes. */
static void test_reader_large_then_small(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, PLENTY);
    struct slice large = object_of(arena, 100000, "n", "last");
    struct slice small = object_of(arena, 20, "n", "last");
    struct text text;

    text_init(&text, arena, 0, PLENTY);
    text_append_char(&text, '[');
    text_append(&text, large);
    for (int i = 0; i < 20000; i++) {
        text_append_char(&text, ',');
        text_append(&text, small);
    }
    text_append_char(&text, ']');
    assert_true(json_is_valid(text_slice(&text), arena, 8));
    arena_destroy(arena);
}

/* The same text under every budget up to what it needs: the request fails, nothing else does. */
static void test_reader_budget(void **state UNUSED)
{
    struct arena *texts = arena_create(NULL, PLENTY);
    struct text text;

    text_init(&text, texts, 0, 10000);
    text_append(&text, SLICE("[[\"\\u0041 an escape\",{\"\\n\":{\"deep\":[[[\"\\t\"]]]}}],"));
    text_append(&text, object_of(texts, 60, "n", "last"));
    text_append_char(&text, ']');

    size_t refused = 0;
    for (size_t budget = 0;; budget += 8) {
        struct arena *arena = arena_create(NULL, budget);
        struct error err = { 0 };
        bool ok = read_all(text_slice(&text), arena, 32, &err);
        arena_destroy(arena);
        if (ok)
            break;
        CHECK(err.code == ERROR_TOO_LARGE, budget);
        refused++;
    }
    assert_true(refused > 20);
    arena_destroy(texts);
}

static void test_reader_empty_slice(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, PLENTY);
    struct error err = { 0 };

    assert_false(read_all(SLICE_EMPTY, arena, 8, &err));
    assert_true(says(&err, 0, "expected a value, but the text ends here"));
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reader_cases),
        cmocka_unit_test(test_reader_stays_inside),
        cmocka_unit_test(test_reader_cut_texts),
        cmocka_unit_test(test_reader_public_suite),
        cmocka_unit_test(test_reader_tokens),
        cmocka_unit_test(test_reader_literals),
        cmocka_unit_test(test_reader_failure_stays),
        cmocka_unit_test(test_reader_skip),
        cmocka_unit_test(test_reader_skip_members),
        cmocka_unit_test(test_reader_skip_is_free),
        cmocka_unit_test(test_reader_depth),
        cmocka_unit_test(test_reader_depth_zero),
        cmocka_unit_test(test_reader_many_names),
        cmocka_unit_test(test_reader_repeated_name_target),
        cmocka_unit_test(test_reader_memory_is_bounded),
        cmocka_unit_test(test_reader_large_then_small),
        cmocka_unit_test(test_reader_budget),
        cmocka_unit_test(test_reader_empty_slice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
