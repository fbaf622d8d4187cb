/* cli/control.c - finds the server, asks it, and says in words what it refused.
 *
 * Three kinds of failure are told apart, since each has another cure: nobody answers (the URL is
 * named, it may be another server's), the API is off there (which flag turns it on), and the server
 * refused (its own words).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/control.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "cli/http_client.h"
#include "json/reader.h"

#define ROOT       "/_connectord"
#define TENANTS    ROOT "/tenants/"
#define TIMEOUT_S  60 /* moving a clock may remove many entities first */
#define READ_BYTES 65536

const char *const control_settings[] = { "listen", "listen-tls", "data-dir", "config", NULL };

/* --- where ----------------------------------------------------------------------------------- */

static bool is_named(const struct cli *cli)
{
    return cli_option(cli, "url", NULL) || cli_variable(cli, RUN_URL).len ||
           cli_variable(cli, RUN_URL_TLS).len;
}

bool control_is_meant(const struct cli *cli)
{
    const struct setting *data_dir = setting_find(SLICE("data-dir"));

    return cli_option(cli, "url", NULL) ||
           (is_named(cli) && settings_source(cli->settings, data_dir, NULL) != SETTING_FROM_FLAG);
}

static bool find_url(const struct cli *cli, struct slice *ret, struct error *err)
{
    if (cli_option(cli, "url", ret))
        return true;
    *ret = cli_variable(cli, RUN_URL);
    if (ret->len == 0)
        *ret = cli_variable(cli, RUN_URL_TLS);
    return ret->len > 0 || target_of_settings(cli->settings, cli->arena, ret, err);
}

/* The URL may be that of a tenant, as a sandbox is told its own. */
static bool names_tenant(struct slice url_path)
{
    return slice_starts_with(url_path, SLICE(TENANTS));
}

bool control_base(struct slice url_path, struct slice tenant, struct arena *arena,
                  struct slice *ret, struct error *err)
{
    struct slice path = url_path;

    while (slice_ends_with(path, SLICE("/")))
        path.len--;
    if (path.len && !slice_eq(path, SLICE(ROOT)) && !names_tenant(path))
        return error_set(err, ERROR_BAD_REQUEST, SLICE("url"),
                         "expected the URL of a server, without a path, found one with '%.*s'",
                         SLICE_ARG(slice_utf8_prefix(path, 100)));
    if (tenant.len && names_tenant(path))
        return error_set(err, ERROR_BAD_REQUEST, SLICE("tenant"),
                         "--tenant: the URL names a tenant already");
    if (path.len == 0)
        path = SLICE(ROOT);
    return arena_printf(arena, ret, "%.*s%s%.*s", SLICE_ARG(path), tenant.len ? "/tenants/" : "",
                        SLICE_ARG(tenant)) ||
           error_no_memory(err);
}

static bool takes_tenant(const struct cli_command *command)
{
    for (size_t i = 0; i < command->option_count; i++) {
        if (strcmp(command->options[i].name, "tenant") == 0)
            return true;
    }
    return false;
}

/* Empty in *ret when it is the server's default, or the URL's. */
static bool find_tenant(const struct cli *cli, struct slice url_path, char text[UUID_TEXT_LEN],
                        struct slice *ret)
{
    struct slice variable = cli_variable(cli, RUN_TENANT_ID);
    struct uuid tenant;

    *ret = SLICE_EMPTY;
    if (cli_option(cli, "tenant", NULL)) {
        if (!cli_option_guid(cli, "tenant", service_default_tenant(), &tenant))
            return false;
    } else if (variable.len == 0 || !takes_tenant(cli->command) || names_tenant(url_path)) {
        return true;
    } else if (!uuid_parse(variable, &tenant)) {
        cli_usage(cli, "%s: expected a GUID, found '%.100s'", run_variable_names[RUN_TENANT_ID],
                  variable.ptr);
        return false;
    }
    uuid_format(tenant, text);
    *ret = (struct slice){ text, UUID_TEXT_LEN };
    return true;
}

/* --- what it answered ------------------------------------------------------------------------ */

/* The member `wanted` of the object that `reader` stands before; the reader stands before its
 * value then. */
static bool enter(struct json_reader *reader, struct slice wanted)
{
    struct json_token token;

    if (!json_reader_next(reader, &token, NULL) || token.kind != JSON_OBJECT_BEGIN)
        return false;
    while (json_reader_next(reader, &token, NULL) && token.kind == JSON_NAME) {
        if (slice_eq(token.text, wanted))
            return true;
        if (!json_reader_skip(reader, NULL, NULL))
            return false;
    }
    return false;
}

bool control_member(struct slice json, struct slice name, struct arena *arena,
                    struct json_token *ret)
{
    struct json_reader reader;

    json_reader_init(&reader, json, arena, JSON_DEPTH_DEFAULT);
    return enter(&reader, name) && json_reader_next(&reader, ret, NULL);
}

bool control_error_message(struct slice body, struct arena *arena, struct slice *ret)
{
    struct json_reader reader;
    struct json_token token;
    char *copy;

    json_reader_init(&reader, body, arena, JSON_DEPTH_DEFAULT);
    if (!enter(&reader, SLICE("error")) || !enter(&reader, SLICE("message")) ||
        !json_reader_next(&reader, &token, NULL) || token.kind != JSON_STRING || !token.text.len)
        return false;
    copy = arena_alloc(arena, token.text.len);
    if (!copy)
        return false;
    for (size_t i = 0; i < token.text.len; i++) {
        unsigned char c = (unsigned char)token.text.ptr[i];
        copy[i] = c < ' ' || c == 127 ? ' ' : (char)c; /* no commands for terminals */
    }
    *ret = (struct slice){ copy, token.text.len };
    return true;
}

static bool explain(const struct http_client_reply *reply, struct slice url, struct arena *arena,
                    struct error *err)
{
    struct slice message;

    if (!control_error_message(reply->body, arena, &message))
        return error_set(err, ERROR_IO, SLICE_EMPTY, "%.*s answered '%.*s'",
                         SLICE_ARG(slice_utf8_prefix(url, 200)),
                         SLICE_ARG(slice_utf8_prefix(reply->line, 100)));
    if (reply->status == 404 && slice_starts_with(message, SLICE("Invalid version: _connectord")))
        return error_set(err, ERROR_NOT_FOUND, SLICE_EMPTY,
                         "the control API is off at %.*s: it is there while the built-in issuer is "
                         "on (--builtin-issuer on) and --control is loopback or any; auto takes it "
                         "away from a server that other machines can reach",
                         SLICE_ARG(slice_utf8_prefix(url, 200)));
    return error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY, "%.*s", SLICE_ARG(message));
}

static bool judge(const struct http_client_reply *reply, struct slice url, struct arena *arena,
                  struct error *err)
{
    if (reply->status < 200 || reply->status > 299)
        return explain(reply, url, arena, err);
    return reply->body.len == 0 || json_is_valid(reply->body, arena, JSON_DEPTH_DEFAULT) ||
           error_set(err, ERROR_IO, SLICE_EMPTY, "%.*s answered something else than JSON",
                     SLICE_ARG(slice_utf8_prefix(url, 200)));
}

/* --- question and answer --------------------------------------------------------------------- */

static bool send(const struct cli *cli, struct http_client_request *request, struct slice url,
                 struct slice *ret, struct error *err)
{
    struct http_client_reply reply;
    struct error why = { .code = ERROR_NONE };

    if (request->target->secure && !cli_ca_file(cli, &request->ca_file, err))
        return false;
    if (!http_client_ask(request, cli->arena, &reply, &why))
        return error_set(err, why.code, SLICE_EMPTY, "%.*s: %s%s",
                         SLICE_ARG(slice_utf8_prefix(url, 200)), why.message,
                         is_named(cli) ? "" : "; name the server with --url or CONNECTORD_URL");
    if (!judge(&reply, url, cli->arena, err))
        return false;
    *ret = reply.body;
    return true;
}

enum cli_exit control_try(const struct cli *cli, const char *method, struct slice path,
                          struct slice body, struct slice *ret, struct error *ret_refusal)
{
    struct target target;
    struct http_client_request request = { .user_agent = "connectord-cli",
                                           .target = &target,
                                           .method = method,
                                           .has_body = body.len > 0,
                                           .body = body,
                                           .timeout_s = TIMEOUT_S };
    char tenant_text[UUID_TEXT_LEN];
    struct slice url, tenant, base;
    struct error error = { .code = ERROR_NONE };

    *ret_refusal = error;
    if (!find_url(cli, &url, &error) || !target_parse(url, cli->arena, &target, &error))
        return cli_usage(cli, "%s", error.message);
    if (!find_tenant(cli, target.path, tenant_text, &tenant))
        return CLI_USAGE;
    if (!control_base(target.path, tenant, cli->arena, &base, &error))
        return cli_usage(cli, "%s", error.message);
    if (!arena_printf(cli->arena, &request.path, "%.*s%.*s", SLICE_ARG(base), SLICE_ARG(path)))
        error_no_memory(ret_refusal);
    else if (send(cli, &request, url, ret, ret_refusal))
        return CLI_OK;
    return CLI_FAILURE;
}

enum cli_exit control_ask(const struct cli *cli, const char *method, struct slice path,
                          struct slice body, struct slice *ret)
{
    struct error refusal;
    enum cli_exit code = control_try(cli, method, path, body, ret, &refusal);

    return refusal.code == ERROR_NONE ? code : cli_fail(&refusal);
}

void control_print_line(struct slice json)
{
    if (json.len)
        printf("%.*s\n", SLICE_ARG(json));
}

enum cli_exit control_print(const struct cli *cli, const char *method, struct slice path,
                            struct slice body)
{
    struct slice answer;
    enum cli_exit code = control_ask(cli, method, path, body, &answer);

    if (code == CLI_OK)
        control_print_line(answer);
    return code;
}

/* --- files ----------------------------------------------------------------------------------- */

/* Pipes too, so that it may come out of another program. */
static bool read_to_end(int fd, struct text *out)
{
    for (;;) {
        char *to = text_reserve(out, READ_BYTES);
        ssize_t got = to ? read(fd, to, READ_BYTES) : -1;

        if (got > 0)
            out->len += (size_t)got;
        else if (got == 0 || !to || errno != EINTR)
            return got == 0;
    }
}

static bool read_file(const char *name, struct text *out, struct error *err)
{
    bool is_stdin = strcmp(name, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && read_to_end(fd, out);

    if (!ok)
        error_set(err, ERROR_IO, SLICE_EMPTY, "cannot read '%s': %s", name,
                  out->failed ? "it is too large" : strerror(errno));
    if (fd >= 0 && !is_stdin)
        close(fd);
    return ok;
}

bool control_read_text(const struct cli *cli, struct slice name, struct slice *ret,
                       struct error *err)
{
    struct text content;

    text_init(&content, cli->arena, 0, CONTROL_BODY_BYTES_MAX);
    if (!read_file(name.ptr, &content, err))
        return false;
    *ret = text_slice(&content);
    return true;
}

bool control_read_json(const struct cli *cli, struct slice name, struct slice *ret,
                       struct error *err)
{
    struct error why = { .code = ERROR_NONE };
    struct json_reader reader;

    if (!control_read_text(cli, name, ret, err))
        return false;
    json_reader_init(&reader, *ret, cli->arena, JSON_DEPTH_DEFAULT);
    return json_reader_finish(&reader, &why) ||
           error_set(err, why.code, SLICE_EMPTY, "%s: %s", name.ptr, why.message);
}
