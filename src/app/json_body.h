/* The JSON body of a request, parsed when it is asked for. */
#ifndef YK_APP_JSON_BODY_H
#define YK_APP_JSON_BODY_H

struct json_t;
struct yoke_req;

/* What is under a name in a JSON value: members by name, elements by number,
 * with dots between: "tags.0". NULL when there is none. Borrowed. */
const struct json_t *yk_json_at(const struct json_t *value, const char *name);

/* Frees what was parsed. For the end of the request. */
void yk_json_body_free(struct yoke_req *req);

#endif
