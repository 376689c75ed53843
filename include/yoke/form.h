/* The fields of a form that the client has sent, as text.
 *
 * `yoke_urlencoded` (yoke/middleware/urlencoded.h) and `yoke_multipart`
 * (yoke/middleware/multipart.h) read them out of the body; numbers and choices
 * are read by `yoke_req_int(req, YOKE_FORM, ...)` (yoke/value.h). Fields stand
 * in the order in which they were sent, under their names as they were sent:
 * "user[name]". No name and no value holds a NUL. All is borrowed until the
 * answer has been ended. (Express: req.body.) */
#ifndef YOKE_FORM_H
#define YOKE_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* The value of the first field of that name, or NULL. */
const char *yoke_req_form(const yoke_req *req, const char *name);

/* The number of fields, and the n-th (from 0). Returns false, and leaves the
 * two alone, when there is no n-th. */
size_t yoke_req_form_count(const yoke_req *req);
bool yoke_req_form_at(const yoke_req *req, size_t n, const char **ret_name,
                      const char **ret_value);

/* Adds a field: for middleware that reads another kind of form. Both must live
 * as long as the request. */
void yoke_req_form_add(yoke_req *req, const char *name, const char *value);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
