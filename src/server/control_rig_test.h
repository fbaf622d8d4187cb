/* server/control_rig_test.h - asking the control API, for the tests of its parts. */
#ifndef SERVER_CONTROL_RIG_TEST_H
#define SERVER_CONTROL_RIG_TEST_H

#include "server/handlers_rig_test.h"

#define BASE     "/_connectord"
#define STRANGER "00000000-0000-4000-8000-00000000dead"
#define NOON     "2024-06-01T12:00:00Z"
#define ONE_RULE "{\"rules\":[{\"name\":\"one\",\"answer\":{\"status\":503}}]}"

extern struct rig control_rig;
extern struct testbeds *control_beds; /* the rig's, also while its api has none */

/* For cmocka_run_group_tests(). */
int control_open_rig(void **state);
int control_close_rig(void **state);

/* The status of one request, its answer in *ret. */
int control_say(enum http_method method, const char *path, const char *body, struct answer *ret);
/* The same, when the status is all that matters. */
int control_status(enum http_method method, const char *path, const char *body);
/* True when the answer is a success that holds `what`. */
bool control_says(enum http_method method, const char *path, const char *body, const char *what);
/* The text of the member `name` of the answer's outermost object, with a NUL behind it. */
const char *control_member_of(const struct answer *answer, const char *name);

/* A sandbox and its address, which the arena keeps. */
const char *control_make_sandbox(struct arena *arena, const char *body);
void control_end_sandbox(const char *path);
/* `path` with `rest` behind it. */
const char *control_under(struct arena *arena, const char *path, const char *rest);

/* The default tenant's, held. */
struct testbed *control_hold_default(void);
/* The default tenant as it was in the beginning. */
void control_start_anew(void);
/* One more entry in its journal; of a `fault` that took effect, or NULL. */
void control_add_request(const char *method, const char *path, int status, const char *fault);

#endif
