/* cli/welcome.c - the first commands, for curl, PowerShell and Node.
 *
 * Every line works as it stands in another terminal: programs are named as this one was called, the
 * data folder is named when it is not the default, and when one of them is relative it is said that
 * the folder must be the same. A server whose keys live in memory cannot be reached by `connectord
 * token`; there the token is asked from the server itself.
 *
 * The CA's certificate goes where the program lies, or where the server was started: never is a
 * file with a private key handed to a client.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/welcome.h"

#include <limits.h>
#include <unistd.h>

#include "base/text.h"
#include "model/graph_model.h"
#include "odata/profile.h"
#include "service/provision.h"

#define BODY "{\"displayName\":\"My connector\"}"

static struct slice first_url(const struct welcome *welcome, struct slice scheme)
{
    for (size_t i = 0; i < welcome->urls.count; i++) {
        if (slice_starts_with(welcome->urls.items[i], scheme))
            return welcome->urls.items[i];
    }
    return SLICE_EMPTY;
}

static struct slice plain_url(const struct welcome *welcome)
{
    return first_url(welcome, SLICE("http://"));
}

static struct slice secure_url(const struct welcome *welcome)
{
    return first_url(welcome, SLICE("https://"));
}

static bool is_plain_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("/._-+,:@%=", c));
}

/* One word of a POSIX shell. */
static void append_word(struct text *out, struct slice word)
{
    bool plain = word.len > 0;

    for (size_t i = 0; i < word.len; i++)
        plain = plain && is_plain_byte(word.ptr[i]);
    if (plain) {
        text_append(out, word);
        return;
    }
    text_append_char(out, '\'');
    for (size_t i = 0; i < word.len; i++) {
        if (word.ptr[i] == '\'')
            text_append(out, SLICE("'\\''"));
        else
            text_append_char(out, word.ptr[i]);
    }
    text_append_char(out, '\'');
}

/* "build/connectord token --data-dir x". */
static void append_command(struct text *out, const struct welcome *welcome, const char *command)
{
    const struct setting *data_dir = setting_find(SLICE("data-dir"));

    append_word(out, slice_of(welcome->program));
    text_printf(out, " %s", command);
    if (settings_source(welcome->settings, data_dir, NULL) == SETTING_FROM_DEFAULT)
        return;
    text_append(out, SLICE(" --data-dir "));
    append_word(out, welcome->settings->data_dir);
}

static bool keys_in_folder(const struct welcome *welcome)
{
    return welcome->settings->memory == SETTING_OFF ||
           settings_source(welcome->settings, setting_find(SLICE("data-dir")), NULL) !=
               SETTING_FROM_DEFAULT;
}

static bool program_is_relative(const struct welcome *welcome)
{
    return strchr(welcome->program, '/') && welcome->program[0] != '/';
}

/* The commands name a program or a data folder by a relative path. */
static bool needs_this_folder(const struct welcome *welcome)
{
    bool given = settings_source(welcome->settings, setting_find(SLICE("data-dir")), NULL) !=
                 SETTING_FROM_DEFAULT;

    return keys_in_folder(welcome) &&
           (program_is_relative(welcome) ||
            (given && !slice_starts_with(welcome->settings->data_dir, SLICE("/"))));
}

static bool with_token(const struct welcome *welcome)
{
    return welcome->settings->no_auth == SETTING_OFF;
}

/* --- parts ----------------------------------------------------------------------------------- */

static void append_heading(struct text *out, const struct welcome *welcome)
{
    text_append(out, SLICE("connectord " CONNECTORD_VERSION " is ready at"));
    for (size_t i = 0; i < welcome->urls.count; i++)
        text_printf(out, " %.*s", SLICE_ARG(welcome->urls.items[i]));
    text_append(out, SLICE("\nNot affiliated with Microsoft.\n"));
}

static void append_profile(struct text *out, const struct welcome *welcome)
{
    bool live =
        slice_eq(slice_of(setting_find(SLICE("profile"))->choices[welcome->settings->profile]),
                 profile_live.name);

    text_printf(out, "\nProfile %s; --profile %s differs:\n", live ? "live" : "documented",
                live ? "documented" : "live");
    for (size_t i = 0; i < profile_row_count; i++) {
        const struct profile_row *row = &profile_rows[i];

        text_printf(out, "  here   %s\n  there  %s\n", live ? row->live : row->documented,
                    live ? row->documented : row->live);
    }
}

static void append_token(struct text *out, const struct welcome *welcome)
{
    struct slice url = plain_url(welcome).len ? plain_url(welcome) : secure_url(welcome);

    if (!with_token(welcome)) {
        text_append(out, SLICE("\nNo token is needed (no-auth).\n"));
        return;
    }
    text_printf(out, "\nA token, in another terminal%s:\n  TOKEN=$(",
                needs_this_folder(welcome) ? ", in this folder" : "");
    if (keys_in_folder(welcome))
        append_command(out, welcome, "token");
    else
        text_printf(out,
                    "curl -sk -d grant_type=client_credentials -d client_id=" SERVICE_DEFAULT_CLIENT
                    " -d client_secret=" SERVICE_DEFAULT_CLIENT_SECRET
                    " -d scope=https://graph.microsoft.com/.default"
                    " %.*s/" SERVICE_DEFAULT_TENANT "/oauth2/v2.0/token |"
                    " sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/'",
                    SLICE_ARG(url));
    text_append(out, SLICE(")\n"));
}

static void append_set_url(struct text *out, struct slice url)
{
    const struct edm_entity_type *type = graph_model.singleton->types[0];

    text_printf(out, "%.*s/beta/%.*s/%.*s", SLICE_ARG(url), SLICE_ARG(graph_model.singleton->name),
                SLICE_ARG(type->set_name));
}

static void append_curl(struct text *out, const struct welcome *welcome, const char *options,
                        struct slice url)
{
    text_printf(out, "  curl -w '\\n' %s", options);
    if (with_token(welcome))
        text_append(out, SLICE("-H \"Authorization: Bearer $TOKEN\" "));
    append_set_url(out, url);
    text_append_char(out, '\n');
}

static void append_plain(struct text *out, const struct welcome *welcome)
{
    if (plain_url(welcome).len == 0)
        return;
    text_append(out, SLICE("\nList, and create:\n"));
    append_curl(out, welcome, "", plain_url(welcome));
    append_curl(out, welcome, "-H \"Content-Type: application/json\" -d '" BODY "' ",
                plain_url(welcome));
}

/* Where the CA's certificate is put: beside the program while that is a build folder, else where
 * the server was started. Absolute, since NODE_EXTRA_CA_CERTS outlives a `cd`. */
static void append_ca_path(struct text *out, const struct welcome *welcome)
{
    const char *slash = strrchr(welcome->program, '/');
    char beside[PATH_MAX] = ".", folder[PATH_MAX], file[PATH_MAX + 8];

    if (slash)
        snprintf(beside, sizeof beside, "%.*s/", (int)(slash - welcome->program), welcome->program);
    if (!slash || access(beside, W_OK) != 0)
        snprintf(beside, sizeof beside, ".");
    if (!realpath(beside, folder))
        snprintf(folder, sizeof folder, ".");
    snprintf(file, sizeof file, "%s/ca.pem", folder);
    append_word(out, slice_of(file));
}

static void append_export(struct text *out, const struct welcome *welcome)
{
    text_append(out, SLICE("  "));
    if (keys_in_folder(welcome))
        append_command(out, welcome, "ca export");
    else
        text_printf(out, "curl -sk %.*s/ca.pem", SLICE_ARG(secure_url(welcome)));
    text_append(out, SLICE(" >"));
    append_ca_path(out, welcome);
    text_append_char(out, '\n');
}

static void append_secure(struct text *out, const struct welcome *welcome)
{
    char options_memory[2 * PATH_MAX];
    struct text options;

    if (secure_url(welcome).len == 0 || welcome->settings->tls_cert.len)
        return;
    text_init_fixed(&options, options_memory, sizeof options_memory);
    text_append(&options, SLICE("--cacert "));
    append_ca_path(&options, welcome);
    text_append(&options, SLICE(" "));

    text_append(out, SLICE("\nThe same over HTTPS, and for Node and the SDKs that run on it:\n"));
    append_export(out, welcome);
    text_append_char(&options, 0);
    append_curl(out, welcome, options.failed ? "" : options.ptr, secure_url(welcome));
    text_append(out, SLICE("  export NODE_EXTRA_CA_CERTS="));
    append_ca_path(out, welcome);
    text_append_char(out, '\n');
}

/* The order of what works: a token by hand has no trap; the SDK drops tokens for hosts that are not
 * Microsoft's, which is why it needs a server without them. */
static void append_powershell(struct text *out, const struct welcome *welcome)
{
    const char *headers = with_token(welcome) ? "-Headers @{Authorization=\"Bearer $token\"} " : "";

    if (plain_url(welcome).len == 0 || !keys_in_folder(welcome))
        return;
    text_append(out, SLICE("\nPowerShell:\n"));
    if (with_token(welcome)) {
        text_append(out, SLICE("  $token = & "));
        append_command(out, welcome, "token");
        text_append_char(out, '\n');
    }
    text_printf(out, "  Invoke-RestMethod %s", headers);
    append_set_url(out, plain_url(welcome));
    text_printf(
        out, "\n  Invoke-RestMethod %s-Method Post -ContentType application/json -Body '" BODY "' ",
        headers);
    append_set_url(out, plain_url(welcome));
    text_append_char(out, '\n');
    if (secure_url(welcome).len == 0)
        return;
    text_printf(out,
                "  The Graph module sends no token to other hosts: %strust the CA, then\n"
                "  Add-MgEnvironment -Name connectord -GraphEndpoint %.*s -AzureADEndpoint %.*s\n",
                with_token(welcome) ? "start with --no-auth, " : "", SLICE_ARG(secure_url(welcome)),
                SLICE_ARG(secure_url(welcome)));
}

/* Without a word that makes the reader's data go: a reset would empty a folder that is kept. */
static void append_control(struct text *out, const struct welcome *welcome)
{
    static const char *const commands[] = { "clock advance 5d",
                                            "faults set --persona intune-throttled", "clock resume",
                                            "faults clear" };

    if (welcome->settings->control_reach == CONTROL_OFF || plain_url(welcome).len == 0)
        return;
    text_printf(out, "\nFive days later, a service that throttles, and back again%s:\n",
                program_is_relative(welcome) ? ", in this folder" : "");
    text_printf(out, "  export CONNECTORD_URL=%.*s\n", SLICE_ARG(plain_url(welcome)));
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        text_append(out, SLICE("  "));
        append_word(out, slice_of(welcome->program));
        text_printf(out, " %s\n", commands[i]);
    }
}

void welcome_write(struct text *out, const struct welcome *welcome)
{
    append_heading(out, welcome);
    append_profile(out, welcome);
    if (welcome->settings->issuer_on || !with_token(welcome)) {
        append_token(out, welcome);
        append_plain(out, welcome);
        append_secure(out, welcome);
        append_control(out, welcome);
        append_powershell(out, welcome);
    }
    text_append(out, SLICE("\nCtrl+C ends the server.\n"));
}
