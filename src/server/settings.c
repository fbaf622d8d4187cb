/* server/settings.c - collects the texts of every setting, then reads them.
 *
 * In this order:
 *   1. every setting gets its default's text;
 *   2. the file, the environment and the flags put theirs in its place, the strongest last, so that
 *      precedence is nothing but the order of three calls;
 *   3. each text is read into its field of struct settings by the kind its row names;
 *   4. settings_rules.c looks at how they go together.
 * Texts are kept until the end: `config show` prints them, and an error quotes what was written.
 * A weaker text that a stronger one replaced is never read, so a bad line in a file does not keep a
 * flag from mending it; a name that is unknown is an error wherever it stands in a file.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "server/settings.h"

#include <inttypes.h>
#include <sched.h>

#include "base/arena.h"
#include "base/text.h"
#include "server/endpoint.h"
#include "server/origins.h"
#include "server/settings_file.h"
#include "server/settings_rules.h"
#include "server/suggestion.h"

#define THREADS_DEFAULT_MAX 4  /* they saturate the one writer, and each costs memory */
#define VALUES_MAX          64 /* of one repeatable setting */
#define QUOTED_MAX          100

struct setting_state {
    enum setting_source source;
    struct slice place;
    struct setting_list values;
};

struct loading {
    const struct settings_input *input;
    struct settings *settings;
    struct arena *arena;
    struct slice file; /* its path, while it is read */
};

static struct setting_state *state_of(const struct settings *settings,
                                      const struct setting *setting)
{
    return &settings->states[setting - settings_table];
}

static struct slice quoted(struct slice value)
{
    return slice_utf8_prefix(value, QUOTED_MAX);
}

/* --- collecting ------------------------------------------------------------------------------ */

static bool add_text(struct loading *loading, struct setting_state *state, struct slice value,
                     struct error *err)
{
    struct setting_list *values = &state->values;

    if (!values->items)
        values->items = arena_new_array(loading->arena, VALUES_MAX, struct slice);
    if (!values->items || values->count == VALUES_MAX)
        return error_no_memory(err);
    if (!arena_copy(loading->arena, value, &values->items[values->count]))
        return error_no_memory(err);
    values->count++;
    return true;
}

static bool add_texts(struct loading *loading, const struct setting *setting, struct slice value,
                      struct error *err)
{
    struct setting_state *state = state_of(loading->settings, setting);
    struct slice head, tail = value;

    if (!setting->repeatable)
        return add_text(loading, state, value, err);
    while (slice_cut(tail, ',', &head, &tail)) {
        if (!add_text(loading, state, slice_trim(head), err))
            return false;
    }
    return add_text(loading, state, slice_trim(tail), err);
}

/* Puts `value` in the place of what weaker sources gave. A second value from the same source adds
 * to a repeatable setting, and replaces that of another. */
static bool set(struct loading *loading, const struct setting *setting, enum setting_source source,
                struct slice place, struct slice value, struct error *err)
{
    struct setting_state *state = state_of(loading->settings, setting);

    if (state->source != source || !setting->repeatable)
        state->values.count = 0;
    state->source = source;
    return arena_copy(loading->arena, place, &state->place)
               ? add_texts(loading, setting, value, err)
               : error_no_memory(err);
}

/* The value of a variable; empty when it is not set. */
static struct slice environment_value(const struct settings_input *input, struct slice name)
{
    for (char *const *entry = input->environment; entry && *entry; entry++) {
        struct slice key, value;

        if (slice_cut(slice_of(*entry), '=', &key, &value) && slice_eq(key, name))
            return value;
    }
    return SLICE_EMPTY;
}

/* The XDG base directory rules: a relative path counts as none. */
static bool default_data_dir(struct loading *loading, struct slice *ret, struct error *err)
{
    struct slice state = environment_value(loading->input, SLICE("XDG_STATE_HOME"));
    struct slice home = environment_value(loading->input, SLICE("HOME"));
    bool copied = true;

    *ret = SLICE_EMPTY;
    if (slice_starts_with(state, SLICE("/")))
        copied = arena_printf(loading->arena, ret, "%.*s/connectord", SLICE_ARG(state));
    else if (slice_starts_with(home, SLICE("/")))
        copied = arena_printf(loading->arena, ret, "%.*s/.local/state/connectord", SLICE_ARG(home));
    return copied || error_no_memory(err);
}

/* The processors that this process may run on, which a container restricts. */
static bool default_threads(struct loading *loading, struct slice *ret, struct error *err)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;

    if (count > THREADS_DEFAULT_MAX)
        count = THREADS_DEFAULT_MAX;
    return arena_printf(loading->arena, ret, "%d", count) || error_no_memory(err);
}

/* The command's own, else the table's. */
static struct slice default_text(const struct settings_input *input, const struct setting *setting)
{
    for (size_t i = 0; i < input->default_count; i++) {
        if (strcmp(input->defaults[i].name, setting->name) == 0)
            return slice_of(input->defaults[i].text);
    }
    return slice_of(setting->default_text);
}

static bool collect_defaults(struct loading *loading, struct error *err)
{
    struct slice data_dir, threads;

    if (!default_data_dir(loading, &data_dir, err) || !default_threads(loading, &threads, err))
        return false;
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting *setting = &settings_table[i];
        struct slice value = default_text(loading->input, setting);

        if (setting->offset == offsetof(struct settings, data_dir))
            value = data_dir;
        else if (setting->offset == offsetof(struct settings, threads))
            value = threads;
        state_of(loading->settings, setting)->place = SLICE("default");
        if (value.len && !set(loading, setting, SETTING_FROM_DEFAULT, SLICE("default"), value, err))
            return false;
    }
    return true;
}

static COLD bool unknown_name(const struct loading *loading, struct slice name, unsigned line,
                              struct error *err)
{
    struct suggestion suggestion = { .typed = name };

    for (size_t i = 0; i < settings_table_count; i++)
        suggestion_try(&suggestion, slice_of(settings_table[i].name));
    return error_set(err, ERROR_CONFIGURATION, name,
                     "%.*s, line %u: there is no setting '%.*s'%s%.*s%s", SLICE_ARG(loading->file),
                     line, SLICE_ARG(quoted(name)), suggestion.best.len ? "; did you mean '" : "",
                     SLICE_ARG(suggestion.best), suggestion.best.len ? "'?" : "");
}

static bool set_from_file(void *context, struct slice name, struct slice value, unsigned line,
                          struct error *err)
{
    struct loading *loading = context;
    const struct setting *setting = setting_find(name);
    struct slice place;

    if (!setting)
        return unknown_name(loading, name, line, err);
    if (!arena_printf(loading->arena, &place, "%.*s, line %u", SLICE_ARG(loading->file), line))
        return error_no_memory(err);
    if (setting->offset == offsetof(struct settings, config))
        return error_set(err, ERROR_CONFIGURATION, name, "%.*s: a file cannot name another one",
                         SLICE_ARG(place));
    if (!setting->repeatable && state_of(loading->settings, setting)->source == SETTING_FROM_FILE)
        return error_set(err, ERROR_CONFIGURATION, name, "%.*s: '%s' is set a second time",
                         SLICE_ARG(place), setting->name);
    return set(loading, setting, SETTING_FROM_FILE, place, value, err);
}

/* The file is named by the flag or the variable, which therefore are looked at before their turn.
 */
static bool collect_file(struct loading *loading, struct error *err)
{
    const struct setting *config = setting_find(SLICE("config"));
    char variable[SETTING_SPELLING_MAX];

    setting_environment_name(config, variable);
    loading->file = environment_value(loading->input, slice_of(variable));
    for (size_t i = 0; i < loading->input->flag_count; i++) {
        if (loading->input->flags[i].setting == config)
            loading->file = loading->input->flags[i].value;
    }
    if (loading->file.len == 0)
        return true;
    const char *path = slice_to_cstr(loading->arena, loading->file);
    return path ? settings_file_read(path, set_from_file, loading, err) : error_no_memory(err);
}

static bool note_unknown_variable(struct loading *loading, struct slice name, struct error *err)
{
    struct setting_list *unknown = &loading->settings->unknown_environment;

    if (!unknown->items)
        unknown->items = arena_new_array(loading->arena, VALUES_MAX, struct slice);
    if (!unknown->items)
        return error_no_memory(err);
    if (unknown->count < VALUES_MAX &&
        arena_copy(loading->arena, name, &unknown->items[unknown->count]))
        unknown->count++;
    return true;
}

static const struct setting *find_by_variable(struct slice name)
{
    char spelling[SETTING_SPELLING_MAX];

    for (size_t i = 0; i < settings_table_count; i++) {
        setting_environment_name(&settings_table[i], spelling);
        if (slice_eq(slice_of(spelling), name))
            return &settings_table[i];
    }
    return NULL;
}

/* Unknown names are no error: Kubernetes gives a container CONNECTORD_PORT and the like when a
 * service of that name exists. */
static bool collect_environment(struct loading *loading, struct error *err)
{
    for (char *const *entry = loading->input->environment; entry && *entry; entry++) {
        struct slice name, value;

        if (!slice_cut(slice_of(*entry), '=', &name, &value) ||
            !slice_starts_with(name, SLICE(SETTING_ENVIRONMENT_PREFIX)) || value.len == 0)
            continue;
        const struct setting *setting = find_by_variable(name);
        if (!setting && run_variable_is_name(name))
            continue;
        if (!setting ? !note_unknown_variable(loading, name, err)
                     : !set(loading, setting, SETTING_FROM_ENVIRONMENT, name, value, err))
            return false;
    }
    return true;
}

static bool collect_flags(struct loading *loading, struct error *err)
{
    for (size_t i = 0; i < loading->input->flag_count; i++) {
        const struct setting_flag *flag = &loading->input->flags[i];
        struct slice place;

        if (!arena_printf(loading->arena, &place, "--%s", flag->setting->name))
            return error_no_memory(err);
        if (!set(loading, flag->setting, SETTING_FROM_FLAG, place, flag->value, err))
            return false;
    }
    return true;
}

/* Each listener's default stands only while neither is set, so that one of them can be had alone.
 */
static void drop_other_listener(struct settings *settings)
{
    struct setting_state *plain = state_of(settings, setting_find(SLICE("listen")));
    struct setting_state *tls = state_of(settings, setting_find(SLICE("listen-tls")));

    if (plain->source != SETTING_FROM_DEFAULT && tls->source == SETTING_FROM_DEFAULT)
        tls->values.count = 0;
    else if (tls->source != SETTING_FROM_DEFAULT && plain->source == SETTING_FROM_DEFAULT)
        plain->values.count = 0;
}

/* --- reading --------------------------------------------------------------------------------- */

static COLD bool bad_value(const struct settings *settings, const struct setting *setting,
                           struct slice value, const char *expected, struct error *err)
{
    const struct setting_state *state = state_of(settings, setting);
    bool names_it = state->source != SETTING_FROM_FILE;

    return error_set(
        err, state->source == SETTING_FROM_FLAG ? ERROR_BAD_REQUEST : ERROR_CONFIGURATION,
        slice_of(setting->name), "%.*s%s%s: expected %s, found '%.*s'", SLICE_ARG(state->place),
        names_it ? "" : ": ", names_it ? "" : setting->name, expected, SLICE_ARG(quoted(value)));
}

static bool read_text(struct settings *settings, const struct setting *setting, struct slice value,
                      void *field, struct error *err)
{
    if (value.len == 0 || !slice_is_utf8(value))
        return bad_value(settings, setting, value, setting->value_name, err);
    *(struct slice *)field = value;
    return true;
}

static bool read_number(struct settings *settings, const struct setting *setting,
                        struct slice value, void *field, struct error *err)
{
    char expected[120];
    uint64_t number;

    if (slice_to_uint64(value, setting->max, &number) && number >= setting->min) {
        *(uint64_t *)field = number;
        return true;
    }
    snprintf(expected, sizeof expected, "a whole number%s%s from %" PRIu64 " to %" PRIu64,
             setting->unit ? " of " : "", setting->unit ? setting->unit : "", setting->min,
             setting->max);
    return bad_value(settings, setting, value, expected, err);
}

/* What people write for on and off. */
static struct slice plain_switch(struct slice value)
{
    static const struct {
        struct slice written, meant;
    } synonyms[] = {
        { SLICE_INIT("true"), SLICE_INIT("on") }, { SLICE_INIT("yes"), SLICE_INIT("on") },
        { SLICE_INIT("1"), SLICE_INIT("on") },    { SLICE_INIT("false"), SLICE_INIT("off") },
        { SLICE_INIT("no"), SLICE_INIT("off") },  { SLICE_INIT("0"), SLICE_INIT("off") },
    };

    for (size_t i = 0; i < COUNT_OF(synonyms); i++) {
        if (slice_eq_nocase(value, synonyms[i].written))
            return synonyms[i].meant;
    }
    return value;
}

static bool read_choice(struct settings *settings, const struct setting *setting,
                        struct slice value, void *field, struct error *err)
{
    struct suggestion suggestion = { .typed = value };
    struct slice wanted = plain_switch(value);
    char memory[160];
    struct text expected;

    text_init_fixed(&expected, memory, sizeof memory);
    for (unsigned i = 0; setting->choices[i]; i++) {
        struct slice choice = slice_of(setting->choices[i]);

        if (slice_eq_nocase(choice, wanted)) {
            *(unsigned *)field = i;
            return true;
        }
        suggestion_try(&suggestion, choice);
        text_append(&expected, i == 0                    ? SLICE_EMPTY
                               : setting->choices[i + 1] ? SLICE(", ")
                                                         : SLICE(" or "));
        text_append(&expected, choice);
    }
    if (suggestion.best.len)
        text_printf(&expected, " (did you mean %.*s?)", SLICE_ARG(suggestion.best));
    text_append_char(&expected, 0);
    return bad_value(settings, setting, value, expected.ptr, err);
}

static bool read_address(struct settings *settings, const struct setting *setting,
                         struct slice value, void *field, struct error *err)
{
    struct endpoint endpoint;

    if (!endpoint_parse(value, &endpoint))
        return bad_value(settings, setting, value,
                         "HOST:PORT such as 127.0.0.1:8080, [::1]:8080, localhost:8080 or *:8080",
                         err);
    *(struct slice *)field = value;
    return true;
}

static bool read_origin(struct settings *settings, const struct setting *setting,
                        struct slice value, void *field, struct error *err)
{
    if (!origin_is_valid(value))
        return bad_value(settings, setting, value,
                         "http:// or https://, a host, a port if need be, and no path", err);
    *(struct slice *)field = value;
    return true;
}

typedef bool setting_reader(struct settings *settings, const struct setting *setting,
                            struct slice value, void *field, struct error *err);

static setting_reader *const readers[] = {
    [SETTING_TEXT] = read_text,     [SETTING_NUMBER] = read_number,
    [SETTING_CHOICE] = read_choice, [SETTING_ADDRESS] = read_address,
    [SETTING_ORIGIN] = read_origin,
};

static bool read_setting(struct settings *settings, const struct setting *setting,
                         struct error *err)
{
    struct setting_list values = state_of(settings, setting)->values;
    void *field = (char *)settings + setting->offset;

    for (size_t i = 0; i < values.count; i++) {
        void *target = setting->repeatable ? &values.items[i] : field;

        if (!readers[setting->kind](settings, setting, values.items[i], target, err))
            return false;
    }
    if (setting->repeatable)
        *(struct setting_list *)field = values;
    return true;
}

static bool read_all(struct settings *settings, struct error *err)
{
    for (size_t i = 0; i < settings_table_count; i++) {
        if (!read_setting(settings, &settings_table[i], err))
            return false;
    }
    return true;
}

/* --- what the header promises ---------------------------------------------------------------- */

bool settings_load(const struct settings_input *input, struct arena *arena, struct settings **ret,
                   struct error *err)
{
    struct settings *settings = arena_new(arena, struct settings);
    struct loading loading = { .input = input, .settings = settings, .arena = arena };

    if (!settings)
        return error_no_memory(err);
    settings->states = arena_new_array(arena, settings_table_count, struct setting_state);
    if (!settings->states)
        return error_no_memory(err);
    if (!collect_defaults(&loading, err) || !collect_file(&loading, err) ||
        !collect_environment(&loading, err) || !collect_flags(&loading, err))
        return false;
    drop_other_listener(settings);
    if (!read_all(settings, err) || !settings_apply_rules(settings, err))
        return false;
    *ret = settings;
    return true;
}

enum setting_source settings_source(const struct settings *settings, const struct setting *setting,
                                    struct slice *ret_place)
{
    const struct setting_state *state = state_of(settings, setting);

    if (ret_place)
        *ret_place = state->place;
    return state->source;
}

struct setting_list settings_values(const struct settings *settings, const struct setting *setting)
{
    return state_of(settings, setting)->values;
}
