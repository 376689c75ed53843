/* A session's beginning, its ids, and its end. Nothing of that is said to the
 * store before the answer goes (session_head.c): an old id is only doomed. */
#include <yoke/middleware/session.h>

#include <errno.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/req.h>

#include "middleware/session_state.h"

#include "core/banned.h"

const char *yoke_session_id(yoke_req *req)
{
    struct yk_session *session = yk_session_of(req);
    return session && session->state == YK_SESSION_HERE
               ? yk_session_make_id(session)
               : NULL;
}

bool yoke_session_is_new(yoke_req *req)
{
    const struct yk_session *session = yk_session_of(req);
    return session && session->state == YK_SESSION_HERE && !session->stored_id;
}

int64_t yoke_session_begun_s(yoke_req *req)
{
    const struct yk_session *session = yk_session_of(req);
    return session && session->state == YK_SESSION_HERE ? session->begun_s : 0;
}

void yoke_session_touch(yoke_req *req)
{
    struct yk_session *session = yk_session_of(req);
    if (session)
        session->is_touched = true;
}

static int refusal(const struct yk_session *session)
{
    if (!session || session->state == YK_SESSION_AWAY)
        return -ENOENT;
    if (session->is_head_gone)
        return -YOKE_EANSWERED;
    return session->fn ? -EBUSY : 0;
}

static int refuse(const char *what, int err)
{
    yoke_log(YOKE_LOG_ERROR, "%s: %s", what,
             err == -ENOENT ? "there is no session here" : yoke_strerror(err));
    return err;
}

/* What the store has of it, or has had, is to go. */
static int doom(struct yk_session *session, bool keeps_values)
{
    const char *id = session->stored_id;
    int err = 0;
    if (!id && session->state == YK_SESSION_UNLOADED)
        id = session->cookie_id;
    if (id)
        err = yk_session_doom(session, id, keeps_values);
    if (err == 0)
        session->is_cookie_dead = true;
    return err;
}

int yoke_session_regenerate(yoke_req *req)
{
    struct yk_session *session = yk_session_of(req);
    int err = refusal(session);
    if (err == 0)
        err = doom(session, false);
    if (err < 0)
        return refuse("yoke_session_regenerate", err);
    yk_session_begin_new(session);
    return 0;
}

int yoke_session_change_id(yoke_req *req)
{
    struct yk_session *session = yk_session_of(req);
    int err = refusal(session);
    if (err == 0 && session->state != YK_SESSION_HERE)
        err = -ENOENT;
    if (err == 0)
        err = doom(session, true);
    if (err < 0)
        return refuse("yoke_session_change_id", err);
    session->id = NULL;
    session->stored_id = NULL;
    return 0;
}

int yoke_session_set_age(yoke_req *req, uint32_t age_s)
{
    struct yk_session *session = yk_session_of(req);
    int err = refusal(session);
    if (err == 0 && session->state != YK_SESSION_HERE)
        err = -ENOENT;
    if (err < 0)
        return refuse("yoke_session_set_age", err);
    session->is_touched = true;
    session->is_age_changed |= session->age_s != age_s;
    session->age_s = age_s;
    return 0;
}

uint32_t yoke_session_age_s(yoke_req *req)
{
    const struct yk_session *session = yk_session_of(req);
    return session && session->state == YK_SESSION_HERE ? session->age_s : 0;
}

int yoke_session_destroy(yoke_req *req)
{
    struct yk_session *session = yk_session_of(req);
    int err = refusal(session);
    if (err == 0)
        err = doom(session, false);
    if (err < 0)
        return refuse("yoke_session_destroy", err);
    yk_session_begin_new(session);
    session->state = YK_SESSION_OVER;
    return 0;
}
