/* auth/jwt_rig_test.h - good tokens, tokens with one thing wrong, and what is made of them. */
#ifndef AUTH_JWT_RIG_TEST_H
#define AUTH_JWT_RIG_TEST_H

#include "auth/token_forge.h"

#define READ       UINT64_C(1) /* the bits of forge_init()'s permissions */
#define READ_WRITE UINT64_C(2)
#define CONFIG     UINT64_C(4)

#define SKEW JWT_CLOCK_SKEW_S

extern struct issuer *jwt_issuer, *jwt_other_issuer;
extern struct forge jwt_forge;

/* For cmocka_run_group_tests(). */
int jwt_set_up(void **state);
int jwt_tear_down(void **state);

/* The good claims with the one called `name` replaced by `json` (NULL takes it out), and `extra`
 * behind them. */
struct slice jwt_build_claims(const char *name, const char *json, const char *extra,
                              struct arena *arena);
struct slice jwt_good_token(struct arena *arena);

/* What jwt_verify() makes of a token: its cause, or "" when it was accepted. */
struct jwt_verdict {
    const char *cause;
    struct principal who;
    struct error err;
};

struct jwt_verdict jwt_verdict_at(struct slice token, int64_t now_unix_s, struct arena *arena);
/* The same at FORGE_NOW. */
struct jwt_verdict jwt_verdict_of(struct slice token, struct arena *arena);

#endif
