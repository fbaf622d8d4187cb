/* http/method_override.h - a POST that says which method it is meant as.
 *
 * X-HTTP-Method and X-HTTP-Method-Override are from clients and networks that let only GET and POST
 * through. They count on a POST alone, and before anything is decided by the method, permissions
 * above all: what is asked for is what is checked.
 */
#ifndef HTTP_METHOD_OVERRIDE_H
#define HTTP_METHOD_OVERRIDE_H

#include "http/message.h"

/* PATCH (or MERGE, its name in OData 3), PUT or DELETE, any case, take the POST's place. Any other
 * value, and two that differ, make a method that no resource has: to take what was meant as
 * something else for a POST might create what nobody wanted. */
void method_override(struct http_request *request);

#endif
