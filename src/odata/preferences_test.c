/* odata/preferences_test.c - what clients send as Prefer, and what is read of it. */
#include "odata/preferences.h"

#include "base/test.h"
#include "base/text.h"

#define MEMBERS "include-unknown-enum-members"
#define CREATE  "create-if-missing"

/* What was read, written as what was heeded. */
static const struct {
    const char *first, *second; /* fields; NULL: there is none */
    const char *read;
} cases[] = {
    { NULL, NULL, "" },
    { "", NULL, "" },
    { "odata.maxpagesize=2", NULL, "odata.maxpagesize=2" },
    { "maxpagesize=3", NULL, "odata.maxpagesize=3" }, /* OData 4.01 drops the prefix */
    { "OData.MaxPageSize=5", NULL, "odata.maxpagesize=5" },
    { "odata.maxpagesize=\"4\"", NULL, "odata.maxpagesize=4" },
    { "odata.maxpagesize = 4", NULL, "odata.maxpagesize=4" },
    { "odata.maxpagesize=4; foo=bar, wait=10", NULL, "odata.maxpagesize=4" },
    { "odata.maxpagesize=4;foo=\",;\",return=minimal", NULL,
      "odata.maxpagesize=4, return=minimal" },
    { "odata.maxpagesize=99999999999999999999999", NULL, "odata.maxpagesize=4294967295" },
    { "odata.maxpagesize=0", NULL, "" },
    { "odata.maxpagesize=-1", NULL, "" },
    { "odata.maxpagesize=1x", NULL, "" },
    { "odata.maxpagesize=\"\\4\"", NULL, "" },
    { "odata.maxpagesize=", NULL, "" },
    { "odata.maxpagesize", NULL, "" },
    { "odata.odata.maxpagesize=4", NULL, "" },
    { "maxpagesizes=4", NULL, "" },
    { "return=minimal", NULL, "return=minimal" },
    { "return=representation", NULL, "return=representation" },
    { "Return = \"Minimal\"", NULL, "return=minimal" },
    { "odata.return=minimal", NULL, "return=minimal" },
    { "return", NULL, "" },
    { "return=", NULL, "" },
    { "return=none", NULL, "" },
    { MEMBERS, NULL, MEMBERS },
    { "odata." MEMBERS, NULL, MEMBERS },
    { "Include-Unknown-Enum-Members; a=b", NULL, MEMBERS },
    { MEMBERS "=\"\"", NULL, MEMBERS }, /* RFC 7240 2: an empty value is as none */
    { CREATE, NULL, CREATE },
    { CREATE " , " MEMBERS ",return=minimal", NULL, "return=minimal, " CREATE ", " MEMBERS },
    { "odata.track-changes", NULL, "odata.track-changes" },
    { "track-changes, maxpagesize=3", NULL, "odata.maxpagesize=3, odata.track-changes" },
    /* Of equal ones the first, wherever it stands and whatever it says. */
    { "maxpagesize=3, odata.maxpagesize=4", NULL, "odata.maxpagesize=3" },
    { "return=minimal", "return=representation", "return=minimal" },
    { "return=nonsense", "return=minimal", "" },
    { "odata.maxpagesize=x,maxpagesize=4", NULL, "" },
    { "return=minimal", "maxpagesize=4", "odata.maxpagesize=4, return=minimal" },
    /* What others know. */
    { "respond-async, wait=100, handling=lenient", NULL, "" },
    { "odata.continue-on-error, odata.allow-entityreferences", NULL, "" },
    { "IdType=\"ImmutableId\"", "outlook.timezone=\"UTC, return=minimal\"", "" },
    { "odata.include-annotations=\"*\", return=minimal", NULL, "return=minimal" },
    /* What is no field's value at all. */
    { ",,;,=,\"\",", NULL, "" },
    { "=return=minimal", NULL, "" },
    { "foo=\"return=minimal", NULL, "" },
    { "foo=\"\\\", return=minimal", NULL, "" },
    { "foo=\"\\\\\", return=minimal", NULL, "return=minimal" },
    { "return=minimal;", NULL, "return=minimal" },
    { "return\tminimal", NULL, "" },
    { "odata.", NULL, "" },
};

static void test_read(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct odata_preferences preferences = { 0 };
        char memory[256];
        struct text text;

        if (cases[i].first)
            odata_preferences_add(&preferences, slice_of(cases[i].first));
        if (cases[i].second)
            odata_preferences_add(&preferences, slice_of(cases[i].second));
        text_init_fixed(&text, memory, sizeof memory);
        odata_preferences_write(&preferences, &text);
        if (!slice_eq(text_slice(&text), slice_of(cases[i].read)))
            fail_msg("case %zu: %.*s", i, SLICE_ARG(text_slice(&text)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_read) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
