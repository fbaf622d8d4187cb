/* server/settings_test.c - precedence, refusals, and the table itself.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include <unistd.h>

#include "base/arena.h"
#include "odata/profile.h"
#include "server/settings.h"

#define ENTRIES_MAX 4

struct load_case {
    const char *file; /* content; NULL: none is named */
    const char *environment[ENTRIES_MAX];
    const char *flags[ENTRIES_MAX][2];
};

struct loaded {
    struct arena *arena;
    struct settings *settings;
    struct error error;
    bool ok;
    char path[32];
};

static struct loaded load(const struct load_case *given)
{
    struct loaded loaded = { .arena = arena_create(NULL, 4 << 20),
                             .path = "/tmp/settings-test-XXXXXX" };
    struct setting_flag flags[ENTRIES_MAX + 1];
    char *environment[ENTRIES_MAX + 2] = { NULL };
    struct settings_input input = { .flags = flags, .environment = environment };
    size_t count = 0;

    static char home[] = "HOME=/home/ada";
    environment[count++] = home;
    for (size_t i = 0; i < ENTRIES_MAX && given->environment[i]; i++)
        environment[count++] = strdup(given->environment[i]);
    for (size_t i = 0; i < ENTRIES_MAX && given->flags[i][0]; i++)
        flags[input.flag_count++] =
            (struct setting_flag){ setting_find(slice_of(given->flags[i][0])),
                                   slice_of(given->flags[i][1]) };
    if (given->file) {
        int fd = mkstemp(loaded.path);
        assert_true(fd >= 0);
        assert_true(write(fd, given->file, strlen(given->file)) == (ssize_t)strlen(given->file));
        close(fd);
        flags[input.flag_count++] =
            (struct setting_flag){ setting_find(SLICE("config")), slice_of(loaded.path) };
    }
    loaded.ok = settings_load(&input, loaded.arena, &loaded.settings, &loaded.error);
    for (size_t i = 1; i < count; i++)
        free(environment[i]);
    if (given->file)
        unlink(loaded.path);
    return loaded;
}

/* --- precedence ------------------------------------------------------------------------------ */

static const struct {
    struct load_case given;
    uint64_t lifetime_s;
    enum setting_source source;
} precedence[] = {
    { { 0 }, 3600, SETTING_FROM_DEFAULT },
    { { .file = "token-lifetime-s = 1\n" }, 1, SETTING_FROM_FILE },
    { { .environment = { "CONNECTORD_TOKEN_LIFETIME_S=2" } }, 2, SETTING_FROM_ENVIRONMENT },
    { { .flags = { { "token-lifetime-s", "3" } } }, 3, SETTING_FROM_FLAG },
    { { .file = "token-lifetime-s = 1\n", .environment = { "CONNECTORD_TOKEN_LIFETIME_S=2" } },
      2,
      SETTING_FROM_ENVIRONMENT },
    { { .file = "token-lifetime-s = 1\n", .flags = { { "token-lifetime-s", "3" } } },
      3,
      SETTING_FROM_FLAG },
    { { .file = "token-lifetime-s = 1\n",
        .environment = { "CONNECTORD_TOKEN_LIFETIME_S=2" },
        .flags = { { "token-lifetime-s", "3" } } },
      3,
      SETTING_FROM_FLAG },
    /* An empty variable counts as not set: what a CI leaves of a value that it does not have. */
    { { .file = "token-lifetime-s = 1\n", .environment = { "CONNECTORD_TOKEN_LIFETIME_S=" } },
      1,
      SETTING_FROM_FILE },
    /* The last flag counts, so that a script's caller can add one. */
    { { .flags = { { "token-lifetime-s", "3" }, { "token-lifetime-s", "4" } } },
      4,
      SETTING_FROM_FLAG },
    /* What a stronger place replaced is not read. */
    { { .environment = { "CONNECTORD_TOKEN_LIFETIME_S=x" },
        .flags = { { "token-lifetime-s", "3" } } },
      3,
      SETTING_FROM_FLAG },
};

static void test_precedence(void **state UNUSED)
{
    const struct setting *setting = setting_find(SLICE("token-lifetime-s"));

    for (size_t i = 0; i < COUNT_OF(precedence); i++) {
        struct loaded loaded = load(&precedence[i].given);

        CHECK(loaded.ok, i);
        CHECK(loaded.settings->token_lifetime_s == precedence[i].lifetime_s, i);
        CHECK(settings_source(loaded.settings, setting, NULL) == precedence[i].source, i);
        arena_destroy(loaded.arena);
    }
}

/* --- lists ----------------------------------------------------------------------------------- */

static const struct {
    struct load_case given;
    const char *listen, *listen_tls; /* joined by blanks */
    bool loopback_only;
} lists[] = {
    { { 0 }, "127.0.0.1:8080", "127.0.0.1:8443", true },
    /* One given: the other's default is gone. */
    { { .flags = { { "listen", "127.0.0.1:0" } } }, "127.0.0.1:0", "", true },
    { { .environment = { "CONNECTORD_LISTEN_TLS=*:443" } }, "", "*:443", false },
    { { .flags = { { "listen", "[::1]:1" }, { "listen", "10.0.0.1:2" } } },
      "[::1]:1 10.0.0.1:2",
      "",
      false },
    { { .environment = { "CONNECTORD_LISTEN=127.0.0.1:1, localhost:2" } },
      "127.0.0.1:1 localhost:2",
      "",
      true },
    { { .file = "listen = 127.0.0.1:1\nlisten = 127.0.0.1:2\nlisten-tls = 127.0.0.1:3\n" },
      "127.0.0.1:1 127.0.0.1:2",
      "127.0.0.1:3",
      true },
    { { .file = "listen = 127.0.0.1:1\n  127.0.0.1:2\n" }, "127.0.0.1:1 127.0.0.1:2", "", true },
    /* A stronger place replaces the whole list. */
    { { .file = "listen = 127.0.0.1:1\nlisten = 127.0.0.1:2\n",
        .flags = { { "listen", "127.0.0.1:9" } } },
      "127.0.0.1:9",
      "",
      true },
};

static void check_list(struct setting_list list, const char *wanted, size_t row)
{
    struct slice rest = slice_of(wanted);

    for (size_t i = 0; i < list.count; i++) {
        size_t len = slice_index(rest, ' ');

        CHECK(slice_eq(list.items[i], slice_sub(rest, 0, len)), row);
        rest = len < rest.len ? slice_sub(rest, len + 1, rest.len) : SLICE_EMPTY;
    }
    CHECK(rest.len == 0, row);
}

static void test_lists(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        struct loaded loaded = load(&lists[i].given);

        CHECK(loaded.ok, i);
        check_list(loaded.settings->listen, lists[i].listen, i);
        check_list(loaded.settings->listen_tls, lists[i].listen_tls, i);
        CHECK(loaded.settings->loopback_only == lists[i].loopback_only, i);
        arena_destroy(loaded.arena);
    }
}

/* --- refusals -------------------------------------------------------------------------------- */

static const struct {
    struct load_case given;
    enum error_code code;
    const char *target;
    const char *message; /* part of it */
} refusals[] = {
    { { .flags = { { "threads", "x" } } },
      ERROR_BAD_REQUEST,
      "threads",
      "--threads: expected a whole number from 1 to 64, found 'x'" },
    { { .environment = { "CONNECTORD_THREADS=0" } },
      ERROR_CONFIGURATION,
      "threads",
      "CONNECTORD_THREADS: expected a whole number from 1 to 64, found '0'" },
    { { .file = "\n# a comment\nthreads = 65\n" },
      ERROR_CONFIGURATION,
      "threads",
      ", line 3: threads: expected a whole number from 1 to 64, found '65'" },
    { { .file = "profile = live\nlisten-tsl = 127.0.0.1:1\n" },
      ERROR_CONFIGURATION,
      "listen-tsl",
      ", line 2: there is no setting 'listen-tsl'; did you mean 'listen-tls'?" },
    { { .file = "profile = live\nprofile = live\n" },
      ERROR_CONFIGURATION,
      "profile",
      ", line 2: 'profile' is set a second time" },
    { { .file = "profile\n" },
      ERROR_CONFIGURATION,
      "config",
      ", line 1: expected \"name = value\"" },
    { { .file = "seed =\n" }, ERROR_CONFIGURATION, "config", ", line 1: expected a value" },
    { { .file = "[server]\nprofile = live\n" },
      ERROR_CONFIGURATION,
      "config",
      ", line 1: sections are not used" },
    { { .file = "[server]\n" }, ERROR_CONFIGURATION, "config", ", line 1: sections are not used" },
    { { .file = "strict = on\n\n[server]\nthreads = 1\n" },
      ERROR_CONFIGURATION,
      "config",
      ", line 3: sections are not used" },
    { { .file = " [server]" }, ERROR_CONFIGURATION, "config", ", line 1: sections are not used" },
    { { .file = "config = /etc/other.conf\n" },
      ERROR_CONFIGURATION,
      "config",
      ", line 1: a file cannot name another one" },
    { { .flags = { { "config", "/nowhere/x.conf" } } },
      ERROR_CONFIGURATION,
      "config",
      "cannot read '/nowhere/x.conf'" },
    { { .flags = { { "profile", "livee" } } },
      ERROR_BAD_REQUEST,
      "profile",
      "expected documented or live (did you mean live?), found 'livee'" },
    { { .flags = { { "listen", "8080" } } }, ERROR_BAD_REQUEST, "listen", "expected HOST:PORT" },
    { { .environment = { "CONNECTORD_PUBLIC_URL=https://a.example/graph" } },
      ERROR_CONFIGURATION,
      "public-url",
      "no path" },
    { { .flags = { { "seed", "" } } }, ERROR_BAD_REQUEST, "seed", "--seed: expected FILE|demo" },
    { { .flags = { { "tls-cert", "x.pem" } } }, ERROR_CONFIGURATION, "tls-key", "tls-cert is set" },
    { { .flags = { { "tls-key", "x.pem" } } }, ERROR_CONFIGURATION, "tls-cert", "tls-key is set" },
    { { .flags = { { "tls-name", "a_b/c" } } }, ERROR_CONFIGURATION, "tls-name", "'a_b/c'" },
    { { .flags = { { "no-auth", "on" }, { "public-url", "https://c.example.com" } } },
      ERROR_CONFIGURATION,
      "no-auth",
      "take public-url away" },
    { { .flags = { { "token-lifetime-s", "0" } } },
      ERROR_BAD_REQUEST,
      "token-lifetime-s",
      "expected a whole number of seconds from 1 to 31536000, found '0'" },
    { { .flags = { { "no-auth", "on" }, { "trusted-proxy", "127.0.0.1" } } },
      ERROR_CONFIGURATION,
      "no-auth",
      "no-auth=any" },
    { { .flags = { { "no-auth", "on" }, { "listen", "*:80" } } },
      ERROR_CONFIGURATION,
      "no-auth",
      "no-auth=any" },
    { { .flags = { { "limit-reply-bytes", "65536" } } },
      ERROR_CONFIGURATION,
      "limit-reply-bytes",
      "12582912 at least" },
    { { .flags = { { "limit-request-bytes", "1048576" } } },
      ERROR_CONFIGURATION,
      "limit-request-bytes",
      "33554432 at least" },
};

static void test_refusals(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        struct loaded loaded = load(&refusals[i].given);

        CHECK(!loaded.ok, i);
        CHECK(loaded.error.code == refusals[i].code, i);
        CHECK(strcmp(loaded.error.target, refusals[i].target) == 0, i);
        if (!strstr(loaded.error.message, refusals[i].message))
            fail_msg("case %zu: %s", i, loaded.error.message);
        arena_destroy(loaded.arena);
    }
}

/* A line that the library would read as two. */
static void test_long_line(void **state UNUSED)
{
    char content[4096] = "seed = ";

    memset(content + 7, 'x', sizeof content - 8);
    content[sizeof content - 1] = 0;
    struct load_case given = { .file = content };
    struct loaded loaded = load(&given);

    assert_false(loaded.ok);
    assert_non_null(strstr(loaded.error.message, ", line 1: longer than"));
    arena_destroy(loaded.arena);
}

/* --- the rest -------------------------------------------------------------------------------- */

static const struct {
    const char *written;
    unsigned meant;
} switches[] = {
    { "on", SETTING_ON },  { "off", SETTING_OFF },   { "true", SETTING_ON },
    { "YES", SETTING_ON }, { "1", SETTING_ON },      { "0", SETTING_OFF },
    { "no", SETTING_OFF }, { "auto", SETTING_AUTO }, { "False", SETTING_OFF },
};

static void test_switches(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(switches); i++) {
        struct load_case given = { .flags = { { "hsts", switches[i].written } } };
        struct loaded loaded = load(&given);

        CHECK(loaded.ok, i);
        CHECK(loaded.settings->hsts == switches[i].meant, i);
        arena_destroy(loaded.arena);
    }
}

static const struct {
    struct load_case given;
    bool on;
} issuers[] = {
    { { 0 }, true },
    { { .flags = { { "listen", "0.0.0.0:80" } } }, false },
    { { .flags = { { "listen", "0.0.0.0:80" }, { "builtin-issuer", "on" } } }, true },
    { { .flags = { { "builtin-issuer", "off" } } }, false },
};

static void test_issuer(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(issuers); i++) {
        struct loaded loaded = load(&issuers[i].given);

        CHECK(loaded.ok, i);
        CHECK(loaded.settings->issuer_on == issuers[i].on, i);
        arena_destroy(loaded.arena);
    }
}

/* The control API is closed wherever others could come in, unless somebody opens it. */
static const struct {
    struct load_case given;
    bool ok;
    unsigned reach;
} controls[] = {
    { { 0 }, true, CONTROL_LOOPBACK },
    { { .flags = { { "control", "off" } } }, true, CONTROL_OFF },
    { { .flags = { { "control", "any" } } }, true, CONTROL_ANY },
    { { .flags = { { "listen", "0.0.0.0:80" }, { "builtin-issuer", "on" } } }, true, CONTROL_OFF },
    { { .flags = { { "public-url", "https://a.example" } } }, true, CONTROL_OFF },
    { { .flags = { { "public-url", "https://a.example" }, { "control", "loopback" } } },
      true,
      CONTROL_LOOPBACK },
    { { .flags = { { "builtin-issuer", "off" } } }, true, CONTROL_OFF },
    { { .flags = { { "builtin-issuer", "off" }, { "control", "any" } } }, false, 0 },
    { { .flags = { { "control", "on" } } }, false, 0 },
    { { .environment = { "CONNECTORD_CONTROL=any" } }, true, CONTROL_ANY },
};

static void test_control(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(controls); i++) {
        struct loaded loaded = load(&controls[i].given);

        CHECK(loaded.ok == controls[i].ok, i);
        if (loaded.ok)
            CHECK(loaded.settings->control_reach == controls[i].reach, i);
        else
            CHECK(strcmp(loaded.error.target, "control") == 0, i);
        arena_destroy(loaded.arena);
    }
}

static const struct {
    struct load_case given;
    const char *folder;
} folders[] = {
    { { 0 }, "/home/ada/.local/state/connectord" },
    { { .environment = { "XDG_STATE_HOME=/state" } }, "/state/connectord" },
    { { .environment = { "XDG_STATE_HOME=relative" } }, "/home/ada/.local/state/connectord" },
    { { .environment = { "CONNECTORD_DATA_DIR=x" } }, "x" },
};

static void test_data_dir(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        struct loaded loaded = load(&folders[i].given);

        CHECK(loaded.ok, i);
        CHECK(slice_eq(loaded.settings->data_dir, slice_of(folders[i].folder)), i);
        arena_destroy(loaded.arena);
    }
}

static void test_unknown_variables(void **state UNUSED)
{
    struct load_case given = { .environment = { "CONNECTORD_PORT=tcp://10.0.0.1:80",
                                                "CONNECTORDX=1", "CONNECTORD_TOKEN=x" } };
    struct loaded loaded = load(&given);

    assert_true(loaded.ok);
    assert_int_equal(loaded.settings->unknown_environment.count, 1);
    assert_true(slice_eq(loaded.settings->unknown_environment.items[0], SLICE("CONNECTORD_PORT")));
    arena_destroy(loaded.arena);
}

static void test_places(void **state UNUSED)
{
    struct load_case given = { .file = "strict = on\n",
                               .environment = { "CONNECTORD_THREADS=2" },
                               .flags = { { "profile", "live" } } };
    struct loaded loaded = load(&given);
    struct slice place;

    assert_true(loaded.ok);
    settings_source(loaded.settings, setting_find(SLICE("strict")), &place);
    assert_true(slice_starts_with(place, slice_of(loaded.path)));
    assert_true(slice_ends_with(place, SLICE(", line 1")));
    settings_source(loaded.settings, setting_find(SLICE("threads")), &place);
    assert_true(slice_eq(place, SLICE("CONNECTORD_THREADS")));
    settings_source(loaded.settings, setting_find(SLICE("profile")), &place);
    assert_true(slice_eq(place, SLICE("--profile")));
    settings_source(loaded.settings, setting_find(SLICE("hsts")), &place);
    assert_true(slice_eq(place, SLICE("default")));
    arena_destroy(loaded.arena);
}

/* --- the table ------------------------------------------------------------------------------- */

static bool well_named(const char *name)
{
    for (const char *c = name; *c; c++) {
        bool digit = c != name && *c >= '0' && *c <= '9';
        if ((*c < 'a' || *c > 'z') && *c != '-' && !digit)
            return false;
    }
    return true;
}

static void test_table(void **state UNUSED)
{
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting *row = &settings_table[i];
        char variable[SETTING_SPELLING_MAX];

        CHECK(well_named(row->name), i);
        CHECK(setting_find(slice_of(row->name)) == row, i); /* no name twice */
        CHECK(row->doc && row->doc[strlen(row->doc) - 1] == '.', i);
        CHECK((row->kind == SETTING_CHOICE) == (row->choices != NULL), i);
        CHECK((row->kind == SETTING_CHOICE) == (row->value_name == NULL), i);
        CHECK(row->default_text || row->default_doc, i);
        CHECK(row->kind != SETTING_NUMBER || row->min < row->max, i);
        CHECK(!row->bare || row->choices, i);
        setting_environment_name(row, variable);
        CHECK(strlen(variable) == strlen(row->name) + strlen(SETTING_ENVIRONMENT_PREFIX), i);
        for (size_t k = 0; k < i; k++)
            CHECK(settings_table[k].offset != row->offset, i);
        CHECK(i == 0 || row[-1].group <= row->group, i); /* help heads each group once */
    }
}

/* The choices of "profile" are names that odata/ knows, all of them. */
static void test_profiles(void **state UNUSED)
{
    const struct setting *profile = setting_find(SLICE("profile"));

    for (size_t i = 0; profile->choices[i]; i++)
        CHECK(profile_find(slice_of(profile->choices[i])), i);
}

static void test_environment_name(void **state UNUSED)
{
    char variable[SETTING_SPELLING_MAX];

    setting_environment_name(setting_find(SLICE("limit-connections-per-address")), variable);
    assert_string_equal(variable, "CONNECTORD_LIMIT_CONNECTIONS_PER_ADDRESS");
}

/* No variable of connectord run is a setting's: a server inside would take it for one. */
static void test_run_variables(void **state UNUSED)
{
    char variable[SETTING_SPELLING_MAX];

    for (size_t i = 0; i < settings_table_count; i++) {
        setting_environment_name(&settings_table[i], variable);
        CHECK(!run_variable_is_name(slice_of(variable)), i);
    }
    for (size_t i = 0; i < RUN_VARIABLE_COUNT; i++)
        CHECK(run_variable_is_name(slice_of(run_variable_names[i])), i);
}

/* A command's own defaults are defaults still: each gives way when it is set. */
static void test_own_defaults(void **state UNUSED)
{
    static const struct setting_default defaults[] = { { "listen", "127.0.0.1:0", NULL },
                                                       { "memory", "on", NULL } };
    const struct setting_flag off = { setting_find(SLICE("memory")), SLICE("off") };

    for (size_t flags = 0; flags < 2; flags++) {
        const struct settings_input input = {
            .defaults = defaults, .default_count = 2, .flags = &off, .flag_count = flags
        };
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct settings *settings;

        assert_true(settings_load(&input, arena, &settings, NULL));
        CHECK(settings->memory == (flags ? SETTING_OFF : SETTING_ON), flags);
        CHECK(settings_source(settings, off.setting, NULL) ==
                  (flags ? SETTING_FROM_FLAG : SETTING_FROM_DEFAULT),
              flags);
        CHECK(slice_eq(settings->listen.items[0], SLICE("127.0.0.1:0")), flags);
        CHECK(settings->listen_tls.count == 1, flags); /* both are defaults: both stand */
        arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_switches),
        cmocka_unit_test(test_issuer),
        cmocka_unit_test(test_control),
        cmocka_unit_test(test_data_dir),
        cmocka_unit_test(test_unknown_variables),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_profiles),
        cmocka_unit_test(test_environment_name),
        cmocka_unit_test(test_run_variables),
        cmocka_unit_test(test_own_defaults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
