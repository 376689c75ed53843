/* Messages are a value of the session: {"KIND":["text", ...], ...}. What is
 * changed is a copy, for values are compared with what they were. */
#include <yoke/middleware/session.h>

#include <errno.h>

#include <jansson.h>

#include <yoke/req.h>

#include "middleware/session_state.h"

#include "core/banned.h"

#define NAME "flash"

static json_t *copy_of_all(yoke_req *req)
{
    const json_t *all = yoke_session_json(req, NAME);
    return json_is_object(all) ? json_deep_copy(all) : json_object();
}

int yoke_flash(yoke_req *req, const char *kind, const char *text)
{
    json_t *all = copy_of_all(req);
    json_t *texts = json_object_get(all, kind);
    if (!json_is_array(texts)) {
        texts = json_array();
        json_object_set_new(all, kind, texts);
    }
    if (json_array_append_new(texts, json_string(text ? text : "")) < 0) {
        json_decref(all);
        all = NULL; /* Which is refused as any value that is none. */
    }
    return yk_session_put(req, NAME, all);
}

static void drop(yoke_req *req, const char *kind)
{
    json_t *all = copy_of_all(req);
    json_object_del(all, kind);
    if (json_object_size(all) > 0) {
        yk_session_put(req, NAME, all);
        return;
    }
    json_decref(all);
    yoke_session_remove(req, NAME);
}

const char *const *yoke_flash_take(yoke_req *req, const char *kind,
                                   size_t *ret_count)
{
    const json_t *texts = json_object_get(yoke_session_json(req, NAME), kind);
    size_t count = json_array_size(texts);
    const char **copies =
        yoke_req_alloc(req, (count + 1) * sizeof(const char *));
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(texts, i));
        copies[i] = yoke_req_strdup(req, text ? text : "");
    }
    copies[count] = NULL;
    if (texts)
        drop(req, kind);
    if (ret_count)
        *ret_count = count;
    return copies;
}
