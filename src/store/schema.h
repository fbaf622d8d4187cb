/* store/schema.h - brings a database to the schema that the model and the migrations ask for.
 *
 * What follows from the model by addition alone is derived, done and recorded when a store is
 * opened: a table for a new type, a column with its default for a new property. Everything else is
 * a migration (migrations.h).
 *
 * Must not know: any particular type.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "base/compiler.h"
#include "base/error.h"
#include "edm/model.h"

struct db;

/* Errors: ERROR_CONFIGURATION naming what a newer connectord left, or another program's database;
 * ERROR_INTERNAL naming a table or column that changed without a migration; the driver's. */
bool schema_apply(struct db *db, const struct edm_model *model, struct error *err) MUST_CHECK;

#endif
