/* auth/jwt_rig_test.c - see jwt_rig_test.h. */
#include "auth/jwt_rig_test.h"

#include <string.h>

#include "auth/issuer.h"
#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"

struct issuer *jwt_issuer, *jwt_other_issuer;
struct forge jwt_forge;

static const struct claim {
    const char *name, *json;
} good_claims[] = {
    { "aud", "\"https://graph.microsoft.com\"" },
    { "iss", "\"" FORGE_ORIGIN "/" FORGE_TENANT "/v2.0\"" },
    { "iat", "1800000000" },
    { "nbf", "1800000000" },
    { "exp", "1800003600" },
    { "tid", "\"" FORGE_TENANT "\"" },
    { "oid", "\"11111111-2222-4333-8444-555555555555\"" },
    { "sub", "\"the-subject\"" },
    { "appid", "\"app-1\"" },
    { "azp", "\"app-2\"" },
    { "app_displayname", "\"My app\"" },
    { "idtyp", NULL },
    { "upn", NULL },
    { "preferred_username", NULL },
    { "scp", NULL },
    { "roles", "[\"Device.Read.All\",\"Unknown.All\"]" },
};

struct slice jwt_build_claims(const char *name, const char *json, const char *extra,
                              struct arena *arena)
{
    struct text text;
    bool first = true, found = name == NULL;

    text_init(&text, arena, 1024, 1 << 20);
    text_append_char(&text, '{');
    for (size_t i = 0; i < COUNT_OF(good_claims); i++) {
        const char *value = good_claims[i].json;

        if (name && strcmp(name, good_claims[i].name) == 0) {
            value = json;
            found = true;
        }
        if (!value)
            continue;
        text_printf(&text, "%s\"%s\":%s", first ? "" : ",", good_claims[i].name, value);
        first = false;
    }
    if (extra)
        text_printf(&text, ",%s", extra);
    text_append_char(&text, '}');
    assert_true(found && !text.failed);
    return text_slice(&text);
}

struct slice jwt_good_token(struct arena *arena)
{
    return forge_token(jwt_issuer, forge_header(jwt_issuer, arena),
                       jwt_build_claims(NULL, NULL, NULL, arena), arena);
}

struct jwt_verdict jwt_verdict_at(struct slice token, int64_t now_unix_s, struct arena *arena)
{
    struct jwt_verdict verdict = { .cause = NULL };
    bool ok = jwt_verify(&jwt_forge.rules, token, now_unix_s, arena, &verdict.who, &verdict.cause,
                         &verdict.err);

    assert_true(ok == (verdict.cause == NULL));
    assert_true(ok == (verdict.err.code == ERROR_NONE));
    if (ok)
        verdict.cause = "";
    return verdict;
}

struct jwt_verdict jwt_verdict_of(struct slice token, struct arena *arena)
{
    return jwt_verdict_at(token, FORGE_NOW, arena);
}

int jwt_set_up(void **state UNUSED)
{
    struct error err = { 0 };

    if (!issuer_open(NULL, &jwt_issuer, &err) || !issuer_open(NULL, &jwt_other_issuer, &err))
        return -1;
    forge_init(&jwt_forge, jwt_issuer);
    return 0;
}

int jwt_tear_down(void **state UNUSED)
{
    issuer_close(jwt_issuer);
    issuer_close(jwt_other_issuer);
    return 0;
}
