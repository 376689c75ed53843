/* What is said to the store.
 *
 * A session that is new is added. One that is known is replaced, if it is still
 * what this request has loaded; else it is loaded again, what has changed here is
 * put on top, and so on: at each turn somebody succeeds. One that is gone stays
 * gone, for `replace` makes no key.
 *
 * One that gets another id is sealed under the old one, in the same way, then
 * removed there, then added: what others have stored until then goes with it, and
 * of those that come too late none succeeds. */
#include "middleware/session_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/req.h>

#include "core/banned.h"

/* So often somebody else may have been faster. */
#define TRIES_MAX 100

/* If the worker dies between sealing and removing. */
#define SEAL_S 60

const char *yk_session_key(const struct yk_session *session, const char *id)
{
    const char *prefix = session->options->prefix;
    size_t prefix_len = strlen(prefix), id_len = strlen(id);
    char *key = yoke_req_alloc(session->req, prefix_len + id_len + 1);
    memcpy(key, prefix, prefix_len);
    memcpy(key + prefix_len, id, id_len + 1);
    return key;
}

/* ---- One thing at a time ---- */

bool yk_session_begin(struct yk_session *session, yoke_session_fn *fn,
                      void *data)
{
    if (session->fn) {
        fn(session->req, session->res, -EBUSY, data);
        return false;
    }
    session->fn = fn;
    session->data = data;
    session->calls = 0;
    session->tries = 0;
    session->err = 0;
    session->text = "";
    return true;
}

void yk_session_answered(struct yk_session *session, int err, const char *text)
{
    if (err < 0 && session->err == 0) {
        session->err = err;
        session->text =
            yoke_req_strdup(session->req, *text ? text : yoke_strerror(err));
    }
    if (--session->calls > 0)
        return;
    bool is_awaited = session->is_awaited;
    yoke_session_fn *fn = session->fn;
    session->fn = NULL;
    session->is_awaited = false;
    fn(session->req, session->res, session->err, session->data);
    if (!is_awaited)
        return;
    /* It may have begun something else, which is waited for as well. */
    session->is_awaited = session->fn != NULL;
    if (!session->is_awaited)
        yk_session_go_on(session);
}

/* True: the request is over, and its memory is gone; a call has come back, and the
 * last one ends the session. */
static bool is_left(struct yk_session *session)
{
    if (!session->is_left)
        return false;
    if (--session->calls == 0)
        free(session);
    return true;
}

/* ---- Fetching ---- */

int yk_session_doom(struct yk_session *session, const char *id, bool has_values)
{
    for (size_t i = 0; i < YK_SESSION_DOOMED_MAX; i++)
        if (!session->doomed[i].id) {
            session->doomed[i] = (struct yk_doomed){session, id, has_values};
            return 0;
        }
    return -YOKE_EFULL;
}

void yk_session_begin_new(struct yk_session *session)
{
    for (size_t i = 0; i < YK_SESSION_DOOMED_MAX; i++)
        session->doomed[i].has_values = false;
    yk_session_forget(session);
    session->state = YK_SESSION_HERE;
    session->id = NULL;
    session->stored_id = NULL;
    session->version = 0;
    session->begun_s = yoke_req_time_s(session->req);
    session->age_s = 0;
}

static bool is_too_old(const struct yk_session *session)
{
    int64_t age_s = yoke_req_time_s(session->req) - session->begun_s;
    return session->options->max_age_s > 0 &&
           age_s >= (int64_t)session->options->max_age_s;
}

static int take(struct yk_session *session,
                const struct yoke_store_result *result)
{
    const char *id =
        session->stored_id ? session->stored_id : session->cookie_id;
    int err = yk_session_decode(session, result->value, result->len);
    if (err < 0)
        return err;
    session->state = YK_SESSION_HERE;
    session->id = id;
    session->stored_id = id;
    session->version = result->version;
    if (!is_too_old(session))
        return 0;
    yk_session_begin_new(session);
    session->is_cookie_dead = true;
    return yk_session_doom(session, id, false);
}

/* What is not there, is over for who has had it; else it never was. */
static int miss(struct yk_session *session)
{
    bool was_here = session->stored_id != NULL;
    yk_session_begin_new(session);
    if (was_here)
        session->state = YK_SESSION_OVER;
    return was_here ? -ENOENT : 0;
}

/* A visitor must not be shut out by what is of no use to anybody. */
static int begin_anew(struct yk_session *session)
{
    yoke_log(YOKE_LOG_ERROR, "what the store has of a session is none; another "
                             "one is begun");
    yk_session_begin_new(session);
    return 0;
}

static void on_fetched(const struct yoke_store_result *result, void *data)
{
    struct yk_session *session = data;
    bool is_first = session->state == YK_SESSION_UNLOADED;
    int err = result->err;
    if (is_left(session))
        return;
    if (err == 0)
        err = take(session, result);
    if (err == -ENOENT)
        err = miss(session);
    if (err == -EINVAL && is_first)
        err = begin_anew(session);
    if (err < 0 && session->state == YK_SESSION_UNLOADED)
        session->state = YK_SESSION_AWAY;
    yk_session_answered(session, err, result->text);
}

void yk_session_fetch(struct yk_session *session, const char *id)
{
    session->calls++;
    yoke_store_get(session->options->store, yk_session_key(session, id),
                   on_fetched, session);
}

/* ---- Storing ---- */

static bool needs_write(const struct yk_session *session)
{
    if (session->state != YK_SESSION_HERE)
        return false;
    if (session->stored_id)
        return yk_session_is_changed(session);
    return session->options->saves_empty ||
           json_object_size(session->values) > 0;
}

static bool has_doomed(const struct yk_session *session)
{
    for (size_t i = 0; i < YK_SESSION_DOOMED_MAX; i++)
        if (session->doomed[i].id)
            return true;
    return false;
}

bool yk_session_needs_store(const struct yk_session *session)
{
    return has_doomed(session) || needs_write(session);
}

static uint32_t ttl_s(const struct yk_session *session)
{
    const struct yoke_session_options *options = session->options;
    uint32_t age_s = session->age_s > 0 ? session->age_s : options->ttl_s;
    int64_t left_s =
        session->begun_s + options->max_age_s - yoke_req_time_s(session->req);
    if (options->max_age_s == 0 || left_s >= age_s)
        return age_s;
    return left_s > 0 ? (uint32_t)left_s : 1;
}

static void write(struct yk_session *session);

/* Another request has been faster. */
static void on_newer(const struct yoke_store_result *result, void *data)
{
    struct yk_session *session = data;
    int err = result->err;
    if (is_left(session))
        return;
    if (err == 0)
        err = yk_session_merge(session, result->value, result->len);
    if (err == -ENOENT)
        session->state = YK_SESSION_OVER;
    if (err == 0)
        session->version = result->version;
    if (err == 0 && yk_session_is_changed(session))
        write(session);
    else if (err == 0)
        yk_session_settle(session);
    yk_session_answered(session, err, result->text);
}

static bool is_conflict(const struct yk_session *session, int err)
{
    /* Without a version another program has written it, and it cannot be
     * replaced. */
    return err == -YOKE_ECONFLICT && session->stored_id && session->version &&
           session->tries < TRIES_MAX;
}

static void on_written(const struct yoke_store_result *result, void *data)
{
    struct yk_session *session = data;
    if (is_left(session))
        return;
    if (is_conflict(session, result->err)) {
        session->tries++;
        yoke_store_get(session->options->store,
                       yk_session_key(session, session->stored_id), on_newer,
                       session);
        return;
    }
    if (result->err == -ENOENT)
        session->state = YK_SESSION_OVER;
    if (result->err == 0) {
        session->stored_id = session->id;
        session->version = result->version;
        yk_session_settle(session);
    }
    yk_session_answered(session, result->err, result->text);
}

static void write_text(struct yk_session *session, const char *text, size_t len)
{
    yoke_store *store = session->options->store;
    const char *key = yk_session_key(session, session->id);
    if (session->stored_id)
        yoke_store_replace(store, key, session->version, text, len,
                           ttl_s(session), on_written, session);
    else
        yoke_store_add(store, key, text, len, ttl_s(session), on_written,
                       session);
}

static void write(struct yk_session *session)
{
    size_t len = 0;
    char *text = yk_session_encode(session, &len);
    session->calls++;
    if (!text)
        yk_session_answered(session, -ENOMEM, "");
    else if (!yk_session_make_id(session))
        yk_session_answered(session, -EINVAL, "make_id has made no id");
    else
        write_text(session, text, len);
    free(text);
}

static void on_deleted(const struct yoke_store_result *result, void *data)
{
    struct yk_doomed *doomed = data;
    struct yk_session *session = doomed->session;
    int err = result->err == -ENOENT ? 0 : result->err;
    if (is_left(session))
        return;
    if (err == 0)
        doomed->id = NULL;
    yk_session_answered(session, err, result->text);
}

/* Somebody else has destroyed it, or given it another id: then it does not live
 * on under this one. */
static void on_moved(const struct yoke_store_result *result, void *data)
{
    struct yk_doomed *doomed = data;
    struct yk_session *session = doomed->session;
    if (is_left(session))
        return;
    if (result->err == -ENOENT)
        session->state = YK_SESSION_OVER;
    if (result->err == 0 || result->err == -ENOENT)
        doomed->id = NULL;
    if (result->err == 0)
        write(session);
    yk_session_answered(session, result->err, result->text);
}

static void strike(struct yk_doomed *doomed, yoke_store_fn *fn)
{
    const struct yk_session *session = doomed->session;
    yoke_store_delete(session->options->store,
                      yk_session_key(session, doomed->id), fn, doomed);
}

static void seal(struct yk_doomed *doomed);

/* What another request has stored goes to the other id as well. */
static void on_newer_moved(const struct yoke_store_result *result, void *data)
{
    struct yk_doomed *doomed = data;
    struct yk_session *session = doomed->session;
    int err = result->err;
    if (is_left(session))
        return;
    if (err == 0)
        err = yk_session_merge(session, result->value, result->len);
    if (err == 0) {
        session->version = result->version;
        seal(doomed);
        return;
    }
    if (err == -ENOENT) {
        session->state = YK_SESSION_OVER;
        doomed->id = NULL;
    }
    yk_session_answered(session, err, result->text);
}

static void on_sealed(const struct yoke_store_result *result, void *data)
{
    struct yk_doomed *doomed = data;
    struct yk_session *session = doomed->session;
    if (result->err < 0 && result->err != -YOKE_ECONFLICT) {
        on_moved(result, data);
        return;
    }
    if (is_left(session))
        return;
    if (result->err == 0) {
        session->version = 0; /* Whoever tries again need not seal again. */
        strike(doomed, on_moved);
    } else if (session->tries++ < TRIES_MAX)
        yoke_store_get(session->options->store,
                       yk_session_key(session, doomed->id), on_newer_moved,
                       doomed);
    else
        yk_session_answered(session, result->err, result->text);
}

/* From now on nobody else stores anything under the old id; what is there is what
 * this request has seen. Without a version another program has written it. */
static void seal(struct yk_doomed *doomed)
{
    struct yk_session *session = doomed->session;
    if (session->version == 0)
        strike(doomed, on_moved);
    else
        yoke_store_replace(session->options->store,
                           yk_session_key(session, doomed->id),
                           session->version, YK_SESSION_SEAL,
                           strlen(YK_SESSION_SEAL), SEAL_S, on_sealed, doomed);
}

/* True: the values are written when that has been done. */
static bool erase(struct yk_session *session, struct yk_doomed *doomed)
{
    bool is_moved = doomed->has_values && needs_write(session);
    session->calls++;
    if (is_moved)
        seal(doomed);
    else
        strike(doomed, on_deleted);
    return is_moved;
}

void yk_session_store(struct yk_session *session)
{
    bool is_moved = false;
    session->calls++;
    for (size_t i = 0; i < YK_SESSION_DOOMED_MAX; i++)
        if (session->doomed[i].id)
            is_moved |= erase(session, &session->doomed[i]);
    if (!is_moved && needs_write(session))
        write(session);
    yk_session_answered(session, 0, "");
}

void yk_session_touch(const struct yk_session *session)
{
    yoke_store_touch(session->options->store,
                     yk_session_key(session, session->stored_id),
                     ttl_s(session), NULL, NULL);
}
