/* JSON values as text, as the settings of the application want it. */
#ifndef YK_APP_JSON_H
#define YK_APP_JSON_H

#include <stdbool.h>

#include "core/slice.h"

struct json_t;
struct yoke_res;

/* Writes the value, whose reference is taken over, to the request's arena.
 * `is_script` also escapes what JavaScript takes for line breaks. Returns 0, or
 * a negative code, and the answer is a 500 already. */
int yk_json_text(struct yoke_res *res, struct json_t *value, bool is_script,
                 struct yk_slice *ret_text);

#endif
