/* fuzz/jwt_fuzz.c - bearer tokens, from four sides. The first byte of an input chooses one:
 *
 *   'r'  the rest is a token as it came from the network. Nobody can sign by chance: it must be
 *        refused, whatever it is.
 *   'e'  a good token is edited by the rest (position high, position low, byte, ...). It must be
 *        accepted exactly when it ends as it was.
 *   'c'  the rest is the claims of a token whose signature was good. Where they are accepted, what
 *        they said must keep the promises of principal.h; with too little memory the verdict must
 * be the same, or ERROR_TOO_LARGE. 's'  the rest is signed and goes the whole way. The verdict must
 * be that of 'c'. Signing costs a thousand times what the rest does, so it is done only when
 * JWT_FUZZ_SIGN is set in the environment; else it is 'c'. Any other byte is 'r' with that byte.
 *
 * The key is made at the start, so no corpus holds a token that is good.
 */
#include <stdlib.h>

#include "auth/issuer.h"
#include "auth/jwt.h"
#include "auth/jwt_claims.h"
#include "auth/token_forge.h"
#include "base/arena.h"

#define PLENTY    ((size_t)16 << 20)
#define TOKEN_MAX 4096

#define MUST(cond)                                                                                 \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "%s:%d: %s\n", __func__, __LINE__, #cond);                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct issuer *issuer;
static struct forge forge;
static struct arena_pool *pool;
static char good_token[TOKEN_MAX];
static size_t good_len;
static bool signs;

static const char good_claims[] =
    "{\"aud\":\"" FORGE_ORIGIN "\",\"iss\":\"" FORGE_ORIGIN "/" FORGE_TENANT
    "/v2.0\",\"nbf\":1800000000,\"exp\":1800003600,\"tid\":\"" FORGE_TENANT
    "\",\"oid\":\"o\",\"roles\":[\"Device.Read.All\"]}";

/* What became of a token. */
struct verdict {
    bool ok;
    struct principal who;
    const char *cause;
    struct error err;
};

int LLVMFuzzerInitialize(int *argc UNUSED, char ***argv UNUSED)
{
    struct arena *arena = arena_create(NULL, PLENTY);
    struct slice token;

    MUST(issuer_open(NULL, &issuer, NULL));
    forge_init(&forge, issuer);
    token = forge_token(issuer, forge_header(issuer, arena), slice_of(good_claims), arena);
    MUST(token.len <= sizeof good_token);
    memcpy(good_token, token.ptr, token.len);
    good_len = token.len;
    signs = getenv("JWT_FUZZ_SIGN") != NULL;
    pool = arena_pool_create(16384, 2);
    arena_destroy(arena);
    return 0;
}

/* A refusal says why, an acceptance says nothing. */
static struct verdict judged(struct verdict verdict)
{
    MUST(verdict.ok == (verdict.err.code == ERROR_NONE));
    MUST(!verdict.ok || verdict.cause == NULL);
    if (!verdict.ok && verdict.err.code != ERROR_TOO_LARGE) {
        MUST(verdict.cause != NULL);
        MUST(verdict.err.code == ERROR_UNAUTHORIZED || verdict.err.code == ERROR_FORBIDDEN);
    }
    return verdict;
}

static struct verdict verify(struct slice token, struct arena *arena)
{
    struct verdict verdict = { .cause = NULL };

    verdict.ok = jwt_verify(&forge.rules, token, FORGE_NOW, arena, &verdict.who, &verdict.cause,
                            &verdict.err);
    return judged(verdict);
}

static struct verdict read_claims(struct slice claims, struct arena *arena)
{
    struct verdict verdict = { .cause = NULL };

    verdict.ok = jwt_claims_read(&forge.rules, claims, FORGE_NOW, arena, &verdict.who,
                                 &verdict.cause, &verdict.err);
    return judged(verdict);
}

static bool is_clean(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
            return false;
    }
    return slice_is_utf8(text);
}

static void check_principal(const struct principal *who)
{
    struct uuid personal;

    MUST(uuid_parse(SLICE("9188040d-6c67-4c5b-b112-36a304b66dad"), &personal));
    MUST(!uuid_eq(who->tenant, personal));
    MUST(who->subject.len > 0);
    MUST(is_clean(who->subject) && is_clean(who->app_id) && is_clean(who->app_name) &&
         is_clean(who->user));
    MUST(who->permissions >> forge.permissions.count == 0);
    MUST(who->delegated || who->user.len == 0);
    MUST(who->builtin);
    MUST(who->not_before_unix_s < who->expires_unix_s);
    MUST(jwt_check_times(who, FORGE_NOW, NULL));
}

static void fuzz_raw(struct slice token, struct arena *arena)
{
    MUST(!verify(token, arena).ok);
}

static void fuzz_edits(struct slice edits, struct arena *arena)
{
    char token[TOKEN_MAX];
    bool same;

    memcpy(token, good_token, good_len);
    for (size_t i = 0; i + 3 <= edits.len; i += 3) {
        size_t at = (size_t)((unsigned char)edits.ptr[i] << 8 | (unsigned char)edits.ptr[i + 1]);

        token[at % good_len] = edits.ptr[i + 2];
    }
    same = memcmp(token, good_token, good_len) == 0;
    MUST(verify((struct slice){ token, good_len }, arena).ok == same);
}

static struct verdict fuzz_claims(struct slice claims, struct arena *arena)
{
    struct arena *small = arena_create(pool, claims.len % 1024);
    struct verdict verdict = read_claims(claims, arena), poor = read_claims(claims, small);

    if (verdict.ok)
        check_principal(&verdict.who);
    if (poor.ok || poor.err.code != ERROR_TOO_LARGE)
        MUST(poor.ok == verdict.ok && poor.cause == verdict.cause &&
             poor.who.permissions == verdict.who.permissions);
    arena_destroy(small);
    return verdict;
}

static void fuzz_signed(struct slice claims, struct arena *arena)
{
    struct verdict read = fuzz_claims(claims, arena), verified;

    if (!signs || claims.len > TOKEN_MAX)
        return;
    verified = verify(forge_token(issuer, forge_header(issuer, arena), claims, arena), arena);
    MUST(verified.ok == read.ok && verified.cause == read.cause);
    MUST(!read.ok || (verified.who.permissions == read.who.permissions &&
                      slice_eq(verified.who.subject, read.who.subject)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = { (const char *)data, size };
    struct slice rest = slice_sub(input, 1, size);
    struct arena *arena = arena_create(pool, PLENTY);
    char side = size ? input.ptr[0] : '\0';

    if (side == 'c')
        (void)fuzz_claims(rest, arena);
    else if (side == 's')
        fuzz_signed(rest, arena);
    else if (side == 'e')
        fuzz_edits(rest, arena);
    else
        fuzz_raw(side == 'r' ? rest : input, arena);
    arena_destroy(arena);
    return 0;
}
