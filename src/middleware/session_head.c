/* The answer is about to go: what has to be stored is stored first, and then the
 * client is told of it. */
#include "middleware/session_state.h"

#include <errno.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/filter.h>
#include <yoke/log.h>

#include "core/banned.h"

/* ---- The cookie ---- */

static bool is_stored(const struct yk_session *session)
{
    return session->state == YK_SESSION_HERE && session->stored_id;
}

static bool needs_cookie(const struct yk_session *session)
{
    return session->options->rolling || session->is_touched ||
           !session->cookie_id ||
           strcmp(session->cookie_id, session->stored_id) != 0;
}

static int tell_client(struct yk_session *session)
{
    if (is_stored(session))
        return needs_cookie(session) ? yk_session_send_cookie(session) : 0;
    if (session->is_cookie_dead && session->cookie_id &&
        !session->options->is_signed_out_kept)
        yk_session_clear_cookie(session);
    return 0;
}

/* ---- When it goes wrong ---- */

static bool is_store_away(int err)
{
    return err == -YOKE_EUNAVAILABLE || err == -ETIMEDOUT || err == -ECANCELED;
}

static void fail(struct yk_session *session, int err)
{
    bool is_reported =
        err == -YOKE_ECONFLICT && session->options->reports_conflicts;
    if (is_reported)
        yoke_res_proceed_err(session->res, 409, "session.conflict",
                             "another request has changed the same of the "
                             "session");
    else
        yoke_res_proceed_err(session->res, is_store_away(err) ? 503 : 500,
                             "session.store.failed",
                             "the session is not stored: %s", session->text);
}

/* ---- The way ---- */

static void on_stored(yoke_req *req, yoke_res *res, int err, void *data)
{
    struct yk_session *session = data;
    (void)req;
    /* Another request has destroyed it: so be it. */
    if (err == -ENOENT) {
        yoke_res_proceed(res);
        return;
    }
    if (err < 0 && session->options->goes_on_without && is_store_away(err)) {
        yoke_log(YOKE_LOG_ERROR, "a session is lost: %s", session->text);
        yoke_res_proceed(res);
        return;
    }
    if (err < 0) {
        fail(session, err);
        return;
    }
    if (tell_client(session) < 0)
        yoke_res_proceed_err(res, 500, NULL,
                             "a session's cookie cannot be signed: see "
                             "yoke_app_cookie_secrets");
    else
        yoke_res_proceed(res);
}

static void use(struct yk_session *session)
{
    if (is_stored(session) &&
        (!session->options->keeps_expiry || session->is_touched))
        yk_session_touch(session);
    tell_client(session);
}

void yk_session_go_on(struct yk_session *session)
{
    if (yk_session_needs_store(session)) {
        if (yk_session_begin(session, on_stored, session))
            yk_session_store(session);
        return;
    }
    use(session);
    yoke_res_proceed(session->res);
}

void yk_session_on_head(yoke_res *res, void *data)
{
    struct yk_session *session = data;
    session->is_head_gone = true;
    if (!session->fn && !yk_session_needs_store(session)) {
        use(session);
        return;
    }
    yoke_res_delay(res);
    session->is_awaited = session->fn != NULL;
    if (!session->is_awaited)
        yk_session_go_on(session);
}
