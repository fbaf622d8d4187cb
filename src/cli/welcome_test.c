/* cli/welcome_test.c - which commands are printed for which settings. That they work as pasted is
 * tried against a running server in tests/.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "base/arena.h"
#include "base/text.h"
#include "cli/welcome.h"

#define WORDS_MAX 4

static struct slice both[] = { SLICE_INIT("http://127.0.0.1:8080"),
                               SLICE_INIT("https://127.0.0.1:8443") };

static const struct {
    const char *flags[WORDS_MAX][2];
    size_t urls; /* the first of `both` */
    const char *has[WORDS_MAX], *lacks[WORDS_MAX];
} cases[] = {
    { .urls = 2,
      .has = { "TOKEN=$(build/connectord token)\n",
               "curl -w '\\n' -H \"Authorization: Bearer $TOKEN\" http",
               "build/connectord ca export >", "Profile documented; --profile live differs" },
      .lacks = { "curl -k", "--data-dir" } },
    { .urls = 1, .has = { "TOKEN=$(" }, .lacks = { "--cacert", "Add-MgEnvironment" } },
    { .flags = { { "data-dir", "/srv/my data" } },
      .urls = 2,
      .has = { "build/connectord token --data-dir '/srv/my data'" } },
    /* Keys in memory: no other process can sign. */
    { .flags = { { "memory", "on" } },
      .urls = 2,
      .has = { "/oauth2/v2.0/token" },
      .lacks = { "connectord token", "connectord ca export" } },
    { .flags = { { "no-auth", "on" } },
      .urls = 2,
      .has = { "No token is needed", "curl -w '\\n' http://127.0.0.1:8080/beta/" },
      .lacks = { "TOKEN=", "Authorization", "start with --no-auth", "terminal, in this folder" } },
    { .flags = { { "builtin-issuer", "off" } },
      .urls = 2,
      .lacks = { "TOKEN=", "curl", "CONNECTORD_URL" } },
    { .urls = 2,
      .has = { "and back again, in this folder:\n  export CONNECTORD_URL=http://127.0.0.1:8080\n"
               "  build/connectord clock advance 5d\n",
               "  build/connectord faults set --persona intune-throttled\n" } },
    { .flags = { { "control", "off" } }, .urls = 2, .lacks = { "CONNECTORD_URL" } },
    { .flags = { { "profile", "live" } },
      .urls = 2,
      .has = { "Profile live; --profile documented differs" } },
};

static void test_welcome(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct setting_flag flags[WORDS_MAX];
        struct settings_input input = { .flags = flags };
        struct welcome welcome = { .program = "build/connectord", .urls = { both, cases[i].urls } };
        struct settings *settings;
        char memory[16384];
        struct text text;

        for (size_t k = 0; k < WORDS_MAX && cases[i].flags[k][0]; k++)
            flags[input.flag_count++] =
                (struct setting_flag){ setting_find(slice_of(cases[i].flags[k][0])),
                                       slice_of(cases[i].flags[k][1]) };
        CHECK(settings_load(&input, arena, &settings, NULL), i);
        welcome.settings = settings;
        text_init_fixed(&text, memory, sizeof memory);
        welcome_write(&text, &welcome);
        text_append_char(&text, 0);
        CHECK(!text.failed, i);
        for (size_t k = 0; k < WORDS_MAX && cases[i].has[k]; k++)
            CHECK(strstr(memory, cases[i].has[k]), i);
        for (size_t k = 0; k < WORDS_MAX && cases[i].lacks[k]; k++)
            CHECK(!strstr(memory, cases[i].lacks[k]), i);
        CHECK(strstr(memory, "Not affiliated with Microsoft."), i);
        arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_welcome) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
