/* The cookie is "ID.SIGNATURE". What is signed says that it is a session's id,
 * and of which cookie: other texts that the application signs are none. */
#include "middleware/session_state.h"

#include <errno.h>
#include <string.h>

#include <yoke/client.h>
#include <yoke/cookie.h>
#include <yoke/log.h>
#include <yoke/req.h>
#include <yoke/res.h>

#include "middleware/random_id.h"

#include "core/banned.h"

#define ID_LEN     24 /* Of ours: 144 bits. */
#define ID_LEN_MIN 16
#define ID_LEN_MAX 150

static bool is_id(const char *id, size_t len)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789-_";
    return len >= ID_LEN_MIN && len <= ID_LEN_MAX && strspn(id, allowed) >= len;
}

static const char *purpose_of(yoke_req *req, const char *name, const char *text)
{
    static const char start[] = "session:";
    size_t start_len = strlen(start), name_len = strlen(name);
    size_t text_len = strlen(text);
    char *purpose =
        yoke_req_alloc(req, start_len + name_len + 1 + text_len + 1);
    memcpy(purpose, start, start_len);
    memcpy(purpose + start_len, name, name_len);
    purpose[start_len + name_len] = ':';
    memcpy(purpose + start_len + name_len + 1, text, text_len + 1);
    return purpose;
}

const char *yk_session_read_cookie(yoke_req *req,
                                   const struct yoke_session_options *options)
{
    const char *text = yoke_req_cookie(req, options->name);
    const char *dot = text ? strchr(text, '.') : NULL;
    if (!dot || !is_id(text, (size_t)(dot - text)) ||
        !yoke_req_unsign(req, purpose_of(req, options->name, text)))
        return NULL;
    size_t len = (size_t)(dot - text);
    char *id = yoke_req_alloc(req, len + 1);
    memcpy(id, text, len);
    id[len] = '\0';
    return id;
}

const char *yk_session_make_id(struct yk_session *session)
{
    const struct yoke_session_options *options = session->options;
    if (session->id)
        return session->id;
    if (!options->make_id) {
        char *word = yoke_req_alloc(session->req, ID_LEN + 1);
        yk_random_word(word, ID_LEN);
        return session->id = word;
    }
    const char *id = options->make_id(session->req, options->data);
    if (id && is_id(id, strlen(id)))
        return session->id = id;
    yoke_log(YOKE_LOG_ERROR,
             "yoke_session: make_id has made \"%s\", which is not %d to %d "
             "letters, digits, \"-\" and \"_\"",
             id ? id : "", ID_LEN_MIN, ID_LEN_MAX);
    return NULL;
}

/* Told once: it is so for every request. */
static void tell_insecure(struct yk_session *session)
{
    bool is_proxied = yoke_req_get(session->req, "X-Forwarded-Proto") ||
                      yoke_req_get(session->req, "Forwarded");
    if (session->rules->is_insecure_told)
        return;
    session->rules->is_insecure_told = true;
    yoke_log(YOKE_LOG_ERROR,
             "yoke_session: the cookie \"%s\" is not sent, so nobody has a "
             "session: .cookie.secure is set, and the request did not come "
             "over TLS%s",
             session->options->name,
             is_proxied ? "; a proxy says something else, but is not trusted: "
                          "see \"trust proxy\""
                        : "");
}

int yk_session_send_cookie(struct yk_session *session)
{
    const struct yoke_session_options *options = session->options;
    yoke_req *req = session->req;
    struct yoke_cookie cookie = options->cookie;
    if (cookie.secure && !yoke_req_is_secure(req)) {
        tell_insecure(session);
        return 0;
    }
    if (session->age_s > 0)
        cookie.max_age_s = session->age_s;
    const char *signed_text =
        yoke_req_sign(req, purpose_of(req, options->name, session->id));
    if (!signed_text)
        return -EINVAL;
    const char *signature = strrchr(signed_text, '.');
    return yoke_res_cookie_with(
        session->res, options->name,
        yoke_req_printf(req, "%s%s", session->id, signature), &cookie);
}

void yk_session_clear_cookie(struct yk_session *session)
{
    yoke_res_clear_cookie_with(session->res, session->options->name,
                               &session->options->cookie);
}
