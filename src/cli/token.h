/* cli/token.h - the token that connectord token prints when it is told nothing else. */
#ifndef CLI_TOKEN_H
#define CLI_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

struct arena;
struct issuer;

/* For the default tenant and client, with every read-write permission; lives in `arena`. */
bool token_for_all(const struct issuer *issuer, struct slice origin, int64_t lifetime_s,
                   struct arena *arena, struct slice *ret, struct error *err) MUST_CHECK;

#endif
