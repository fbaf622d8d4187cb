/* odata/key.h - the key of an entity, as it stands in a URL.
 *
 * Spec: OData URL Conventions 4.01 sections 4.3.1 and 5.3: a key in parentheses is a literal, here
 * always a text in single quotes, or the name of a parameter alias, whose value is one.
 *
 * Must not know: paths, entities.
 */
#ifndef ODATA_KEY_H
#define ODATA_KEY_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

struct arena;

/* Whether `literal` (decoded) is a text in single quotes with something in it. An empty one is
 * none, so that nothing can take it for "no key". */
bool odata_key_is_literal(struct slice literal);

/* The text of such a literal, its doubled quotes made one. Error: no memory. */
bool odata_key_of_literal(struct slice literal, struct arena *arena, struct slice *ret,
                          struct error *err) MUST_CHECK;

/* `key`, and one in the form of a GUID in lower case. Error: no memory. */
bool odata_key_normalise(struct slice key, struct arena *arena, struct slice *ret,
                         struct error *err) MUST_CHECK;

/* Whether `name` (decoded) has the form of an alias: '@' and an identifier behind it. */
bool odata_key_is_alias(struct slice name);

/* The key that `alias` stands for by the options in `query`, which is still encoded; the first of
 * that name counts. Errors: ERROR_BAD_REQUEST with the alias as target when there is no such option
 * or its value is no text in quotes; no memory. */
bool odata_key_of_alias(struct slice alias, struct slice query, struct arena *arena,
                        struct slice *ret, struct error *err) MUST_CHECK;

#endif
