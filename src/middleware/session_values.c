#include <yoke/middleware/session.h>

#include <errno.h>
#include <string.h>

#include <jansson.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/req.h>

#include "middleware/json_text.h"
#include "middleware/session_state.h"

#include "core/banned.h"

#define NAME_MAX_LEN 100

/* ---- Getting ---- */

static json_t *value_of(yoke_req *req, const char *name)
{
    const struct yk_session *session = yk_session_of(req);
    if (session && session->state == YK_SESSION_UNLOADED)
        yoke_log(YOKE_LOG_WARN,
                 "session: \"%s\" is read before yoke_session_load", name);
    return session ? json_object_get(session->values, name) : NULL;
}

bool yoke_session_is_here(yoke_req *req)
{
    const struct yk_session *session = yk_session_of(req);
    return session && session->state == YK_SESSION_HERE;
}

bool yoke_session_has(yoke_req *req, const char *name)
{
    return value_of(req, name) != NULL;
}

const char *yoke_session_text(yoke_req *req, const char *name)
{
    return json_string_value(value_of(req, name));
}

int64_t yoke_session_int(yoke_req *req, const char *name, int64_t fallback)
{
    const json_t *value = value_of(req, name);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

double yoke_session_double(yoke_req *req, const char *name, double fallback)
{
    const json_t *value = value_of(req, name);
    return json_is_number(value) ? json_number_value(value) : fallback;
}

bool yoke_session_bool(yoke_req *req, const char *name, bool fallback)
{
    const json_t *value = value_of(req, name);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

const struct json_t *yoke_session_json(yoke_req *req, const char *name)
{
    return value_of(req, name);
}

size_t yoke_session_count(yoke_req *req)
{
    const struct yk_session *session = yk_session_of(req);
    return session ? json_object_size(session->values) : 0;
}

const char *yoke_session_name_at(yoke_req *req, size_t n)
{
    const struct yk_session *session = yk_session_of(req);
    void *at = session ? json_object_iter(session->values) : NULL;
    for (; at && n > 0; n--)
        at = json_object_iter_next(session->values, at);
    return at ? json_object_iter_key(at) : NULL;
}

/* ---- Setting ---- */

/* Why nothing can be set, or 0. */
static int refusal(const struct yk_session *session, const char *name)
{
    if (!session || session->state != YK_SESSION_HERE)
        return -ENOENT;
    if (session->is_head_gone)
        return -YOKE_EANSWERED;
    if (session->fn)
        return -EBUSY;
    return !name || !*name || strlen(name) > NAME_MAX_LEN ? -EINVAL : 0;
}

static int refuse(const char *name, int err)
{
    const char *why = yoke_strerror(err);
    if (err == -ENOENT)
        why = "there is no session here";
    else if (err == -EINVAL)
        why = "the name is empty or too long, or the value is none";
    yoke_log(YOKE_LOG_WARN, "session: \"%s\" is not set: %s", name ? name : "",
             why);
    return err;
}

/* What a value takes in the store; with its name, quotes, colon and comma. */
static size_t cost_of(const char *name, const json_t *value)
{
    const size_t punctuation = 4;
    if (!value)
        return 0;
    return strlen(name) + punctuation + yk_json_text_len(value);
}

/* Before the first change: what the session was until then. */
static bool keep_base(struct yk_session *session)
{
    if (session->is_changed)
        return true;
    if (!session->values)
        session->values = json_object();
    session->base = json_copy(session->values);
    session->is_changed = session->values && session->base;
    return session->is_changed;
}

static int change(struct yk_session *session, const char *name, json_t *value)
{
    const json_t *old = json_object_get(session->values, name);
    if (old == value || (old && value && json_equal(old, value)))
        return 0;
    size_t len = session->len, saved = cost_of(name, old);
    /* Another program may have written it more briefly than we do. */
    len = (len > saved ? len - saved : 0) + cost_of(name, value);
    if (value && len > session->options->max_len)
        return -YOKE_ETOOLARGE;
    if (!keep_base(session))
        return -ENOMEM;
    session->len = len;
    if (!value)
        json_object_del(session->values, name);
    else if (json_object_set(session->values, name, value) < 0)
        return -EINVAL;
    return 0;
}

int yk_session_put(yoke_req *req, const char *name, json_t *value)
{
    struct yk_session *session = yk_session_of(req);
    int err = refusal(session, name);
    if (err == 0)
        err = value ? change(session, name, value) : -EINVAL;
    json_decref(value);
    return err < 0 ? refuse(name, err) : 0;
}

int yoke_session_remove(yoke_req *req, const char *name)
{
    struct yk_session *session = yk_session_of(req);
    int err = refusal(session, name);
    if (err == 0)
        err = change(session, name, NULL);
    return err < 0 ? refuse(name, err) : 0;
}

int yoke_session_set_text(yoke_req *req, const char *name, const char *text)
{
    return yk_session_put(req, name, text ? json_string(text) : NULL);
}

int yoke_session_set_int(yoke_req *req, const char *name, int64_t number)
{
    return yk_session_put(req, name, json_integer(number));
}

int yoke_session_set_double(yoke_req *req, const char *name, double number)
{
    return yk_session_put(req, name, json_real(number));
}

int yoke_session_set_bool(yoke_req *req, const char *name, bool flag)
{
    return yk_session_put(req, name, json_boolean(flag));
}

int yoke_session_set_json(yoke_req *req, const char *name, json_t *value)
{
    return yk_session_put(req, name, value);
}
