/* odata/format_test.c - what clients send as Accept and $format, and what they get. */
#include "odata/format.h"

#include "base/test.h"

#define REFUSED ODATA_LEVEL_COUNT
#define JSON    "application/json"
#define MINIMAL JSON ";odata.metadata=minimal"
#define NONE    JSON ";odata.metadata=none"
#define FULL    JSON ";odata.metadata=full"

static const struct {
    const char *accept;
    int level; /* REFUSED: none */
} accept_cases[] = {
    { JSON, ODATA_MINIMAL },
    { "*/*", ODATA_MINIMAL },
    { "application/*", ODATA_MINIMAL },
    { "Application/JSON", ODATA_MINIMAL },
    { JSON ", text/plain, */*", ODATA_MINIMAL }, /* axios */
    { "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
      ODATA_MINIMAL },                                                         /* a browser */
    { "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", ODATA_MINIMAL }, /* old Java */
    { MINIMAL ";odata.streaming=true;IEEE754Compatible=false;charset=utf-8", ODATA_MINIMAL },
    { NONE, ODATA_NONE },
    { FULL, ODATA_FULL },
    { JSON ";metadata=full", ODATA_FULL }, /* OData 4.01 drops the prefix */
    { JSON "; odata.metadata=\"full\" ; charset=utf-8", ODATA_FULL },
    { JSON ";OData.Metadata=FULL", ODATA_FULL },
    { JSON ";charset=\"a,b;odata.metadata=none\";odata.metadata=full", ODATA_FULL },
    { JSON ";x=\"\\\",\";odata.metadata=full", ODATA_FULL },
    { ", " FULL " ,,", ODATA_FULL },
    { FULL ";q=0.5, " NONE ";q=0.7", ODATA_NONE },
    { FULL ";q=0.5, " NONE ";q=0.500", ODATA_FULL }, /* as good: the first */
    { NONE "," FULL, ODATA_NONE },
    { FULL ", */*", ODATA_FULL }, /* as good, and more specific */
    { FULL ";q=0.1, */*", ODATA_MINIMAL },
    { JSON ";q=0.5, " FULL ";q=0.6", ODATA_FULL },
    { MINIMAL ";q=0.2, " JSON ", " NONE ";q=0.3", ODATA_NONE }, /* the specific one counts */
    { FULL ";q=0, */*;q=0.1", ODATA_MINIMAL },
    { JSON ";q=0, */*", REFUSED },
    { FULL ";q=0", REFUSED },
    { "*/*;q=0.0", REFUSED },
    { "text/html", REFUSED },
    { "application/xml", REFUSED },
    { "text/*", REFUSED },
    { "application/jsonx", REFUSED },
    { "json", REFUSED },
    { "nonsense", REFUSED },
    { "", REFUSED },
    { ",", REFUSED },
    { JSON ";odata.metadata=some", REFUSED },
    { JSON ";odata.metadata=some, */*;q=0.1", ODATA_MINIMAL },
    { JSON ";q=2", REFUSED },
    { JSON ";q=0.0001", REFUSED },
    { JSON ";q=x", REFUSED },
    { JSON ";q=.", REFUSED },
    { JSON ";q=1.001", REFUSED },
    { JSON ";q=99999999999999999999", REFUSED },
    { JSON ";q=1.", ODATA_MINIMAL },
    { JSON ";q", ODATA_MINIMAL },
    { JSON ";charset=\"", ODATA_MINIMAL },
    { JSON ";charset=\"\\", ODATA_MINIMAL },
};

static void test_accept(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(accept_cases); i++) {
        struct odata_accept accept = { 0 };
        enum odata_level level = ODATA_LEVEL_COUNT;

        odata_accept_add(&accept, slice_of(accept_cases[i].accept));
        bool ok = odata_accept_level(&accept, &level);
        CHECK(ok == (accept_cases[i].level != REFUSED), i);
        CHECK((int)level == accept_cases[i].level, i);
    }
}

/* RFC 9110 5.3: several fields are one list. */
static void test_fields(void **state UNUSED)
{
    struct odata_accept accept = { 0 };
    enum odata_level level;

    odata_accept_add(&accept, SLICE("text/html"));
    odata_accept_add(&accept, SLICE(NONE ";q=0.4"));
    odata_accept_add(&accept, SLICE(FULL ";q=0.9"));
    assert_true(odata_accept_level(&accept, &level));
    assert_int_equal(level, ODATA_FULL);
}

static const struct {
    const char *format;
    int level;
} format_cases[] = {
    { "json", ODATA_MINIMAL },
    { "JSON", ODATA_MINIMAL },
    { JSON, ODATA_MINIMAL },
    { FULL, ODATA_FULL },
    { "json;odata.metadata=none", ODATA_NONE },
    { "json; metadata=full", ODATA_FULL },
    { "json;odata.streaming=true", ODATA_MINIMAL },
    { "json;odata.metadata=", REFUSED },
    { "json;odata.metadata=verbose", REFUSED },
    { "", REFUSED },
    { "xml", REFUSED },
    { "atom", REFUSED },
    { "*/*", REFUSED },
    { "application/*", REFUSED },
    { "json,json", REFUSED },
};

static void test_format(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(format_cases); i++) {
        enum odata_level level = ODATA_LEVEL_COUNT;
        bool ok = odata_format_level(slice_of(format_cases[i].format), &level);

        CHECK(ok == (format_cases[i].level != REFUSED), i);
        CHECK((int)level == format_cases[i].level, i);
    }
}

/* Of the level that is wanted most. */
static const struct {
    const char *accept; /* also a $format, where it is one */
    bool ieee754;
    bool is_format;
} number_cases[] = {
    { JSON, false, true },
    { JSON ";IEEE754Compatible=true", true, true },
    { JSON ";ieee754compatible=\"TRUE\"", true, true },
    { JSON ";IEEE754Compatible=false", false, true },
    { JSON ";IEEE754Compatible=maybe", false, true },
    { JSON ";IEEE754Compatible", false, true },
    { FULL ";IEEE754Compatible=true;charset=utf-8", true, true },
    { JSON ";IEEE754Compatible=true;odata.metadata=none", true, true },
    { JSON ", " JSON ";IEEE754Compatible=true", true, false },     /* the more specific */
    { JSON ";IEEE754Compatible=true, " MINIMAL, true, false },     /* as good: the first */
    { NONE ";IEEE754Compatible=true;q=0.5, " FULL, false, false }, /* is of another level */
    { "*/*;IEEE754Compatible=true", true, false },
    { "text/plain;IEEE754Compatible=true, */*", false, false },
};

static void test_numbers(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(number_cases); i++) {
        struct slice text = slice_of(number_cases[i].accept);
        struct odata_accept accept = { 0 };
        enum odata_level level;

        odata_accept_add(&accept, text);
        CHECK(odata_accept_level(&accept, &level), i);
        CHECK(odata_accept_ieee754(&accept, level) == number_cases[i].ieee754, i);
        CHECK(odata_format_level(text, &level) == number_cases[i].is_format, i);
        CHECK(!number_cases[i].is_format || odata_format_ieee754(text) == number_cases[i].ieee754,
              i);
    }
    assert_true(odata_format_ieee754(SLICE("json;IEEE754Compatible=true")));
    assert_false(odata_format_ieee754(SLICE("json")));
}

/* Of a document that there is as XML, too. */
static const struct {
    const char *accept;
    bool json;
} document_cases[] = {
    { "application/json", true },
    { "APPLICATION/JSON;odata.metadata=full", true },
    { "application/json, */*", true }, /* the more specific of equals */
    { "application/json, text/html, image/gif, *; q=.2, */*; q=.2", true },
    { "application/json, application/xml", true }, /* the first of equals */
    { "application/xml, application/json", false },
    { "application/xml;q=0.9, application/json", true },
    { "application/xml, application/json;q=0.9", false },
    { "application/json;q=0.5, */*", false },
    { "application/json;q=0, */*;q=0", false },
    { "application/xml;q=0, application/json;q=0.1", true },
    { "application/json;q=2", false }, /* makes no sense: passed over */
    { "application/xml", false },
    { "text/html", false },
    { "*/*", false }, /* JSON is to be named */
    { "application/*", false },
    { "", false },
    { ",,;", false },
};

static void test_documents(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(document_cases); i++)
        CHECK(odata_accept_wants_json(slice_of(document_cases[i].accept)) == document_cases[i].json,
              i);
    assert_true(odata_format_is_xml(SLICE("xml")));
    assert_true(odata_format_is_xml(SLICE("Application/XML;charset=utf-8")));
    assert_false(odata_format_is_xml(SLICE("json")));
    assert_false(odata_format_is_xml(SLICE("application/atom+xml")));
    assert_false(odata_format_is_xml(SLICE("")));
}

static void test_media_type(void **state UNUSED)
{
    static const struct {
        const char *field;
        bool is_json;
    } cases[] = {
        { "application/json", true },
        { " Application/JSON ; charset=utf-8;x", true },
        { "application/json;", true },
        { "application/jsonx", false },
        { "application/json, text/plain", false },
        { ";application/json", false },
        { "", false },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        CHECK(odata_is_media_type(slice_of(cases[i].field), SLICE("application/json")) ==
                  cases[i].is_json,
              i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accept),    cmocka_unit_test(test_fields),
        cmocka_unit_test(test_format),    cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_documents), cmocka_unit_test(test_media_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
