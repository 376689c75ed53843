/* The fields of a form that the client has sent: as text, or all as one JSON
 * value.
 *
 * `yoke_urlencoded` (yoke/middleware/body.h) and `yoke_multipart`
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

struct json_t; /* jansson's */

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

/* The form as a JSON object: each name with its text, or a list of texts if it
 * came several times; what a parser with `.extended` has read is nested as its
 * brackets say, by the rules of qs:
 *
 *     u[name]=x&u[tags][]=y    {"u":{"name":"x","tags":["y"]}}
 *     a[2]=z&a[0]=x            {"a":["x","z"]}
 *     a[b]=x&a=y&a[c=z         {"a":{"b":"x","0":"y","[c":"z"}}
 *
 * Text that is not UTF-8 is left out. NULL when nothing has read a form. Made at
 * the first call; borrowed until the answer has been ended. (Express:
 * req.body.) */
struct json_t *yoke_req_form_json(yoke_req *req);

/* ---- For middleware that reads another kind of form ---- */

/* Adds a field. Both must live as long as the request. */
void yoke_req_form_add(yoke_req *req, const char *name, const char *value);

/* How brackets in names nest. */
struct yoke_form_nesting {
    bool nests;       /* false: names are as they stand. */
    size_t max_depth; /* Brackets of a name. 0: 32 */
    size_t max_index; /* The highest place in an array; what is higher is a name
                         in an object. 0: 100 or, if it is more, the number of
                         fields. */
};

/* All fields have been added, if there were any: from here on there is a form.
 * Returns 0, or -ERANGE when brackets nest more deeply than `.max_depth`: answer
 * 400. */
int yoke_req_form_end(yoke_req *req, const struct yoke_form_nesting *nesting);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
