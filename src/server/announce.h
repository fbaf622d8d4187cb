/* server/announce.h - what a server logs about itself when it starts.
 *
 * Must not know: how it was built.
 */
#ifndef SERVER_ANNOUNCE_H
#define SERVER_ANNOUNCE_H

#include <stddef.h>

#include "base/slice.h"
#include "server/settings.h"
#include "store/store.h"

struct edm_model;
struct log;
struct profile;

struct announcement {
    struct log *log;
    const struct settings *settings;
    const struct edm_model *model;
    struct slice data_dir; /* empty: in memory */
    const struct profile *profile;
    struct setting_list urls;      /* to call it by */
    struct setting_list listeners; /* as bound */
    size_t seeded;                 /* entities */
    struct store_index_changes indexes;
    size_t connections; /* as many as the system allows of those that were asked for */
};

/* Warnings, and what became of the seed. */
void announce_start(const struct announcement *start);

/* The "ready" event, flushed: requests are accepted. */
void announce_ready(const struct announcement *start);

#endif
