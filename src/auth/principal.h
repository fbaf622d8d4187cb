/* auth/principal.h - who is calling, as a verified token says. */
#ifndef AUTH_PRINCIPAL_H
#define AUTH_PRINCIPAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/uuid.h"

#define PRINCIPAL_CALLER_BYTES 32

struct principal {
    struct uuid tenant;    /* "tid" */
    struct slice subject;  /* "oid", else "sub"; never empty */
    struct slice app_id;   /* "appid" or "azp"; may be empty */
    struct slice app_name; /* "app_displayname"; may be empty */
    struct slice user;     /* "upn" or "preferred_username"; empty when app-only */
    uint64_t permissions;  /* bits of the permission_table: scp when delegated, else roles */
    bool delegated;        /* acts for a user */
    bool builtin;          /* its token was signed by the built-in issuer */
    int64_t not_before_unix_s;
    int64_t expires_unix_s;
    uint8_t caller[PRINCIPAL_CALLER_BYTES]; /* tells app_id and subject from any others together */
};

#endif
