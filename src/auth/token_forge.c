/* auth/token_forge.c - signs what no issuer would; anything that fails here ends the program. */
#include "auth/token_forge.h"

#include <assert.h>

#include <openssl/evp.h>

#include "auth/issuer.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/text.h"

#define FORGED_BYTES_MAX (1 << 20)

void forge_init(struct forge *forge, const struct issuer *issuer)
{
    *forge = (struct forge){ .origins = { SLICE(FORGE_ORIGIN), SLICE(FORGE_ORIGIN2) } };
    permission_table_add(&forge->permissions, SLICE("Device.Read.All"));
    permission_table_add(&forge->permissions, SLICE("Device.ReadWrite.All"));
    permission_table_add(&forge->permissions, SLICE("Config.ReadWrite.All"));
    forge->rules = (struct token_rules){
        .builtin = issuer,
        .origins = forge->origins,
        .origin_count = COUNT_OF(forge->origins),
        .audiences = jwt_graph_audiences,
        .audience_count = jwt_graph_audience_count,
        .permissions = &forge->permissions,
        .token_bytes_max = 16384,
    };
}

struct slice forge_header(const struct issuer *issuer, struct arena *arena)
{
    struct slice header = SLICE_EMPTY;
    bool ok = arena_printf(arena, &header, "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"%.*s\"}",
                           SLICE_ARG(issuer_key_id(issuer)));

    assert(ok);
    return header;
}

struct slice forge_message(struct slice header, struct slice claims, struct arena *arena)
{
    struct text text;

    text_init(&text, arena, 1024, FORGED_BYTES_MAX);
    base64url_append(&text, header.ptr, header.len);
    text_append_char(&text, '.');
    base64url_append(&text, claims.ptr, claims.len);
    assert(!text.failed);
    return text_slice(&text);
}

struct slice forge_join(struct slice message, struct slice signature, struct arena *arena)
{
    struct text text;

    text_init(&text, arena, message.len + 512, FORGED_BYTES_MAX);
    text_append(&text, message);
    text_append_char(&text, '.');
    base64url_append(&text, signature.ptr, signature.len);
    assert(!text.failed);
    return text_slice(&text);
}

struct slice forge_token(const struct issuer *issuer, struct slice header, struct slice claims,
                         struct arena *arena)
{
    struct slice message = forge_message(header, claims, arena);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char signature[1024];
    size_t len = sizeof signature;
    int ok =
        context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, issuer_key(issuer)) == 1 &&
        EVP_DigestSign(context, signature, &len, (const unsigned char *)message.ptr, message.len) ==
            1;

    assert(ok);
    EVP_MD_CTX_free(context);
    return forge_join(message, (struct slice){ (const char *)signature, len }, arena);
}
