#include <yoke/middleware/session.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/filter.h>
#include <yoke/log.h>
#include <yoke/req.h>
#include <yoke/value.h>

#include "middleware/header_option.h"
#include "middleware/session_state.h"
#include "middleware/texts.h"

#include "core/banned.h"

#define TTL_S   86400
#define MAX_LEN 16384

/* Its address is the key of what is attached. */
static const char session_key;

struct yk_session *yk_session_of(yoke_req *req)
{
    return yoke_req_attached(req, &session_key);
}

/* ---- Loading ---- */

/* The handler that holds the request passes on. */
static void on_loaded(yoke_req *req, yoke_res *res, int err, void *data)
{
    const struct yk_session *session = data;
    (void)res;
    if (err < 0 && session->state == YK_SESSION_AWAY &&
        !session->options->goes_on_without) {
        yoke_next_typed(req, 503, "session.store.failed",
                        "the session cannot be read");
        return;
    }
    if (err < 0)
        yoke_log(YOKE_LOG_ERROR, "a session cannot be read: %s", session->text);
    yoke_next(req);
}

/* Who has no cookie has nothing in the store. */
static void load(struct yk_session *session, yoke_session_fn *fn, void *data)
{
    const char *id = session->stored_id;
    if (!id && session->state != YK_SESSION_HERE)
        id = session->cookie_id;
    if (!yk_session_begin(session, fn, data))
        return;
    session->calls++;
    if (session->state != YK_SESSION_OVER && id)
        yk_session_fetch(session, id);
    else if (session->state != YK_SESSION_OVER)
        yk_session_begin_new(session);
    yk_session_answered(session,
                        session->state == YK_SESSION_OVER ? -ENOENT : 0, "");
}

static void pass_on_missing(yoke_req *req, const char *what)
{
    yoke_next_err(req, 500, "%s: there is no yoke_session in front of it",
                  what);
}

void yoke_session_load(yoke_req *req, yoke_res *res)
{
    struct yk_session *session = yk_session_of(req);
    (void)res;
    if (!session) {
        pass_on_missing(req, "yoke_session_load");
        return;
    }
    if (session->state != YK_SESSION_UNLOADED) {
        yoke_next(req);
        return;
    }
    yoke_hold(req);
    load(session, on_loaded, session);
}

void yoke_session_reload(yoke_req *req, yoke_session_fn *fn, void *data)
{
    struct yk_session *session = yk_session_of(req);
    if (!session) {
        pass_on_missing(req, "yoke_session_reload");
        return;
    }
    yoke_hold(req);
    load(session, fn, data);
}

void yoke_session_save(yoke_req *req, yoke_session_fn *fn, void *data)
{
    struct yk_session *session = yk_session_of(req);
    if (!session) {
        pass_on_missing(req, "yoke_session_save");
        return;
    }
    yoke_hold(req);
    if (yk_session_begin(session, fn, data))
        yk_session_store(session);
}

/* ---- The handler ---- */

/* Browsers send a cookie with a path only there (RFC 6265 section 5.1.4). */
static bool is_on_path(const yoke_req *req, const char *path)
{
    size_t len = path ? strlen(path) : 0;
    const char *url = yoke_req_original_url(req);
    if (len > 0 && path[len - 1] == '/')
        len--;
    return len == 0 ||
           (strncmp(url, path, len) == 0 &&
            (url[len] == '\0' || url[len] == '/' || url[len] == '?'));
}

/* The request is over. Who streams may have ended it while the store still had
 * to answer. */
static void session_free(void *data)
{
    struct yk_session *session = data;
    yk_session_forget(session);
    session->is_left = session->calls > 0;
    if (!session->is_left)
        free(session);
}

static void attach(yoke_req *req, yoke_res *res, struct yk_session_rules *rules)
{
    const struct yoke_session_options *options = &rules->options;
    struct yk_session *session = yk_zeroed(sizeof(*session));
    *session = (struct yk_session){
        .rules = rules,
        .options = options,
        .req = req,
        .res = res,
        .cookie_id = yk_session_read_cookie(req, options),
    };
    yoke_req_attach(req, &session_key, session, session_free);
    if (yoke_res_on_head(res, yk_session_on_head, session) < 0)
        yoke_next_err(req, 500,
                      "yoke_session: too many callbacks before the "
                      "head of the answer");
    else if (options->lazy)
        yoke_next(req);
    else
        yoke_session_load(req, res);
}

static void run(yoke_req *req, yoke_res *res)
{
    struct yk_session_rules *rules = yoke_data(req);
    if (yk_session_of(req) || !is_on_path(req, rules->options.cookie.path))
        yoke_next(req);
    else
        attach(req, res, rules);
}

static void rules_free(void *data)
{
    struct yk_session_rules *rules = data;
    struct yoke_session_options *options = &rules->options;
    yk_text_free(options->prefix);
    yk_text_free(options->name);
    yk_text_free(options->cookie.path);
    yk_text_free(options->cookie.domain);
    free(rules);
}

static void fill_in(struct yoke_session_options *options)
{
    struct yoke_cookie *cookie = &options->cookie;
    options->prefix =
        yk_text_copy(options->prefix ? options->prefix : "session:");
    options->name = yk_text_copy(options->name ? options->name : "sid");
    cookie->path = yk_text_copy(cookie->path);
    cookie->domain = yk_text_copy(cookie->domain);
    cookie->http_only = !options->is_visible;
    cookie->secure_auto = true;
    cookie->is_raw = true;
    cookie->is_signed = false; /* In our own way. */
    if (cookie->same_site == YOKE_SAME_SITE_UNSET)
        cookie->same_site = YOKE_SAME_SITE_LAX;
    if (options->ttl_s == 0 && cookie->max_age_s > 0 &&
        cookie->max_age_s < UINT32_MAX)
        options->ttl_s = (uint32_t)cookie->max_age_s;
    if (options->ttl_s == 0)
        options->ttl_s = TTL_S;
    if (options->max_len == 0)
        options->max_len = MAX_LEN;
}

/* A cookie of such a name browsers take only for this host and all of it (RFC
 * 6265bis section 4.1.3.2). */
static bool is_for_all_of_host(const struct yoke_session_options *options)
{
    const struct yoke_cookie *cookie = &options->cookie;

    if (!options->name || strncmp(options->name, "__Host-", 7) != 0)
        return true;
    return !cookie->domain && (!cookie->path || strcmp(cookie->path, "/") == 0);
}

/* An attribute ends at a semicolon. */
static bool is_attribute(const char *name, const char *value)
{
    return yk_header_value_is_good("yoke_session", name, value) &&
           (!value || !strchr(value, ';'));
}

/* Browsers drop such a cookie if it is not secure (RFC 6265bis section 5.7), and
 * nobody would ever have a session: "when the request came over TLS" is not
 * enough. */
static const char *insecure_fault_of(const struct yoke_cookie *cookie)
{
    if (cookie->secure)
        return NULL;
    if (cookie->same_site == YOKE_SAME_SITE_NONE)
        return ".cookie.same_site = YOKE_SAME_SITE_NONE needs .cookie.secure "
               "= true: browsers drop it else";
    if (cookie->partitioned)
        return ".cookie.partitioned needs .cookie.secure = true: browsers drop "
               "it else";
    return NULL;
}

/* What is wrong with the options; NULL: nothing. */
static const char *fault_of(const struct yoke_session_options *options)
{
    if (!options->store)
        return ".store is missing, or could not be opened";
    if (options->name && !yk_header_name_is_good("yoke_session", options->name))
        return ".name cannot be the name of a cookie";
    if (!is_attribute(".cookie.path", options->cookie.path))
        return ".cookie.path has a character that would end it";
    if (!is_attribute(".cookie.domain", options->cookie.domain))
        return ".cookie.domain has a character that would end it";
    if (!is_for_all_of_host(options))
        return "with a .name that begins with __Host- there is neither "
               ".cookie.domain nor a .cookie.path but \"/\"";
    return insecure_fault_of(&options->cookie);
}

struct yoke_handler
yoke_session_with(const struct yoke_session_options *options)
{
    const char *fault = fault_of(options);

    if (fault) {
        yoke_log(YOKE_LOG_ERROR, "yoke_session: %s", fault);
        return yoke_with(NULL, NULL, NULL);
    }
    struct yk_session_rules *rules = yk_zeroed(sizeof(*rules));
    rules->options = *options;
    fill_in(&rules->options);
    return yoke_with(run, rules, rules_free);
}
