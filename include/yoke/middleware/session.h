/* Sessions: what is kept about a visitor from one request to the next, in a
 * store that all workers share. (Express: express-session, connect-flash.)
 *
 *     yoke_app_cookie_secrets(app, getenv("SECRET"));
 *     yoke_app_use(app, yoke_session(.store = yoke_store_open()));
 *
 *     static void visit(yoke_req *req, yoke_res *res)
 *     {
 *         int64_t visits = yoke_session_int(req, "visits", 0) + 1;
 *         yoke_session_set_int(req, "visits", visits);
 *         yoke_res_text(res, yoke_req_printf(req, "visit %lld",
 *                                            (long long)visits));
 *     }
 *
 * The client has a cookie with a random name of 144 bits, the session's id,
 * signed with the application's secrets (yoke_app_cookie_secrets: several, so
 * that they can be replaced). The values stay here. An id that was not made
 * here, or is not in the store any more, is a visitor without a session: nobody
 * can choose what his id, or that of somebody else, will be.
 *
 * **Life.** A session begins with the first value that is set: visitors of whom
 * nothing is kept get no cookie and cost no room. It ends `.ttl_s` after the
 * last request that had it. The store is asked once for a request that has the
 * cookie, before the handlers below run; with `.lazy` only for requests that
 * want it (`yoke_session_load`).
 *
 * **Saving.** What a handler has changed is stored before its answer is sent, so
 * a client that follows a redirect finds it. A session that has not been changed
 * is not written; the store only counts its time from now. Values that are set
 * after the head of a stream has gone are refused.
 *
 * **Requests at the same time.** Each changes its own copy. Who comes to store
 * his when another one has been faster gets that one's, and puts what he has
 * changed on top: changes of different values are all kept, of the same value
 * the last is. With `.reports_conflicts` that last case is an error instead (but
 * when both have set the same text or truth value, or removed it), 409
 * "session.conflict". A session that has been destroyed or regenerated meanwhile
 * stays away: what others still had to store is dropped. One that is given another
 * id (yoke_session_change_id) takes along what they have stored before.
 *
 * **When the store is away**, or full: requests are answered 503, an error of
 * type "session.store.failed". With `.goes_on_without` they go on and have no
 * session (yoke_session_is_here), and what they set is lost; the log says so.
 * So it is for requests that bring the cookie, or change something; others do
 * not notice.
 *
 * Every value is JSON: text in UTF-8, numbers, truth values, arrays, objects.
 * Functions that get a value return the fallback, or NULL, when there is none of
 * that name, or it is something else. Names are up to 100 bytes; all of it
 * together, as JSON, is up to `.max_len`. What setters return:
 *
 *     0
 *     -YOKE_ETOOLARGE   with it the session would be over the limit; it is as
 *                       it was
 *     -EINVAL           the name is empty or too long, or the value is NULL, or
 *                       text that is not UTF-8
 *     -ENOENT           there is no session: nothing loads it in front of this
 *                       handler, the store is away, or it has been destroyed
 *     -YOKE_EANSWERED   the answer has been sent: too late
 *     -EBUSY            yoke_session_save or _reload is under way
 *
 * All but 0 are logged, so they may be ignored. */
#ifndef YOKE_MIDDLEWARE_SESSION_H
#define YOKE_MIDDLEWARE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/app.h>
#include <yoke/cookie.h>
#include <yoke/store.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

struct json_t; /* jansson's */

/* Options. Zero is every field's default, but `store` has to be given. Texts
 * are copied; `data` must outlive the application. */
struct yoke_session_options {
    int reserved_; /* Leave it; it lets the macro be called without any. */

    yoke_store *store;  /* Where sessions are. Borrowed: it stays open. NULL is
                           an error of registration, as is a name, path or
                           domain that no cookie can have. */
    const char *prefix; /* In front of their keys. "session:" */
    uint32_t ttl_s;     /* How long one is kept that is not used. As long as the
                           cookie, if that has an age; else a day. */
    uint32_t max_age_s; /* How long one is kept at all, used or not. No limit */
    size_t max_len;     /* Bytes of one session; no more than the store takes
                           (`max_value_len`), or storing it is a 500. 16 KiB */

    /* The cookie. It is always signed. What is left zero: path "/", this host
     * alone, until the browser is closed, HttpOnly, SameSite=Lax, and Secure
     * when the request came over TLS (yoke_req_is_secure, which sees "trust
     * proxy"). With a path, requests elsewhere have no session.
     *
     * With `.cookie.secure` it goes over TLS alone: to a request that came
     * otherwise it is not sent, which the log says once. Behind a proxy that
     * means: "trust proxy" is not set. SameSite=None and `.partitioned` without
     * it are an error of registration, for browsers drop such cookies. */
    const char *name;          /* "sid" */
    struct yoke_cookie cookie; /* Its attributes. */
    bool is_visible;           /* Scripts see it: no HttpOnly. */
    bool rolling;              /* It is sent with every answer, so that its age
                                  begins anew. */

    bool lazy;               /* Loaded by yoke_session_load alone. */
    bool saves_empty;        /* Also visitors of whom nothing is kept have one.
                                (express-session: saveUninitialized.) */
    bool keeps_expiry;       /* Its time does not begin anew when it is used,
                                but when it is changed: one write less. */
    bool reports_conflicts;  /* As said above. */
    bool goes_on_without;    /* The same. */
    bool is_signed_out_kept; /* The cookie of a destroyed session is not cleared
                                at the client. */

    /* Makes an id, for whoever wants a part of it to mean something: 16 to 150
     * letters, digits, "-" and "_", which nobody can guess, and never the same
     * twice; in the request's memory. (express-session: genid.) */
    const char *(*make_id)(yoke_req *req, void *data);
    void *data;
};

/* The middleware. One that finds a session, of another in front of it, passes
 * on. */
#define yoke_session(...)                                                      \
    yoke_session_with(YOKE_OPTIONS_(yoke_session_options, __VA_ARGS__))
struct yoke_handler
yoke_session_with(const struct yoke_session_options *options);

/* A handler for routes behind a lazy one: loads the session, and goes on.
 *
 *     yoke_app_use(app, yoke_session(.store = store, .lazy = true));
 *     yoke_app_get(app, "/me", yoke_session_load, show_me); */
yoke_fn yoke_session_load;

/* ---- Values. What is borrowed lives until it is set again, or the session is
 * stored or loaded anew, at most until the answer has been ended. ---- */

/* Whether the session can be used. */
bool yoke_session_is_here(yoke_req *req);

/* Whether there is a value of that name, of whatever kind. */
bool yoke_session_has(yoke_req *req, const char *name);

/* The value of that name: text; a whole number; any number; a truth value. NULL,
 * or `fallback`, when there is none, or it is of another kind. */
const char *yoke_session_text(yoke_req *req, const char *name);
int64_t yoke_session_int(yoke_req *req, const char *name, int64_t fallback);
double yoke_session_double(yoke_req *req, const char *name, double fallback);
bool yoke_session_bool(yoke_req *req, const char *name, bool fallback);

/* The value of that name, whatever its kind; NULL when there is none. Not to be
 * changed in place, for nobody would notice: set a copy. */
const struct json_t *yoke_session_json(yoke_req *req, const char *name);

/* Sets a value, in place of one of that name. Returns as a setter, which is said
 * above. */
int yoke_session_set_text(yoke_req *req, const char *name, const char *text);
int yoke_session_set_int(yoke_req *req, const char *name, int64_t number);
int yoke_session_set_double(yoke_req *req, const char *name, double number);
int yoke_session_set_bool(yoke_req *req, const char *name, bool flag);

/* The same with a JSON value, whose reference it takes over, also on failure. */
int yoke_session_set_json(yoke_req *req, const char *name,
                          struct json_t *value);

/* Removes a value; it is no error when there is none. Returns as a setter. */
int yoke_session_remove(yoke_req *req, const char *name);

/* The names: how many, and the n-th, from 0; NULL: there is no n-th. */
size_t yoke_session_count(yoke_req *req);
const char *yoke_session_name_at(yoke_req *req, size_t n);

/* ---- Messages for the next page ("flash") ----
 *
 *     yoke_flash(req, "notice", "Saved.");
 *     yoke_res_redirect(res, 303, "/");
 *
 * and on that page
 *
 *     for (const char *const *text = yoke_flash_take(req, "notice", NULL);
 *          *text; text++)
 *         ...
 *
 * They are a value named "flash". */

/* Leaves a message. Returns as a setter. (connect-flash: req.flash(kind, text).)
 */
int yoke_flash(yoke_req *req, const char *kind, const char *text);

/* All messages of that kind, which are then gone: an array with NULL behind its
 * end, in the request's memory. Never NULL. `ret_count` may be NULL.
 * (connect-flash: req.flash(kind).) */
const char *const *yoke_flash_take(yoke_req *req, const char *kind,
                                   size_t *ret_count);

/* ---- The session itself ---- */

/* Its id, also before it has been stored; NULL when there is no session.
 * Whoever knows it with its signature has the session, so keep it out of logs
 * and pages. (express-session: req.sessionID.) */
const char *yoke_session_id(yoke_req *req);

/* Whether this request begins it. */
bool yoke_session_is_new(yoke_req *req);

/* The second since 1970 at which it began; 0: there is none. */
int64_t yoke_session_begun_s(yoke_req *req);

/* Begins another one, with another id and without values; the old one is removed
 * before the answer goes. **To be called whenever somebody signs in**: an id
 * that an attacker has slipped to him is worth nothing then (session fixation).
 * The second keeps the values. (express-session: regenerate, which has to be
 * waited for; here the answer waits.) Return as setters, or -YOKE_EFULL: the
 * store has failed to remove the last four. */
int yoke_session_regenerate(yoke_req *req);
int yoke_session_change_id(yoke_req *req);

/* Ends it: it is removed before the answer goes, and its cookie with it. After
 * that there is no session for this request, but yoke_session_regenerate begins
 * one. Returns as a setter. (express-session: destroy.) */
int yoke_session_destroy(yoke_req *req);

/* How a call ended: 0, or a negative code: those of yoke_store_result's `err`;
 * -ENOENT: there is no session, or the store does not have it any more; -EBUSY:
 * another call is under way; -EINVAL: what the store has is no session. When
 * nothing has to be waited for it is called before the call returns. Without
 * yoke_session in front of the handler it is not: that is a 500. Nor is it once
 * the answer has been ended, as that of a stream whose client has gone. */
typedef void yoke_session_fn(yoke_req *req, yoke_res *res, int err, void *data);

/* Stores now what has been changed, and tells when it is done: for handlers that
 * must know before they answer, and for streams. Implies yoke_hold. With a
 * conflict that is reported `err` is -YOKE_ECONFLICT: reload, and try again. */
void yoke_session_save(yoke_req *req, yoke_session_fn *fn, void *data);

/* Fetches it anew: what others have changed meanwhile is there then, what this
 * request has changed is not. Of a lazy one also for the first time. Implies
 * yoke_hold. */
void yoke_session_reload(yoke_req *req, yoke_session_fn *fn, void *data);

/* Its time, and that of its cookie, begins anew with this answer, also without
 * `.rolling`. (express-session: touch.) */
void yoke_session_touch(yoke_req *req);

/* How long this one is kept from its last use, and its cookie from now on, in
 * seconds, instead of what the options say: for "stay signed in". `.max_age_s`
 * stays the limit. 0: as the options say. It is stored with the session, and goes
 * on with yoke_session_change_id; one that yoke_session_regenerate begins has
 * none, so call it after that. Alone it begins no session. Of two requests at the
 * same time the last counts. Returns as a setter. (express-session:
 * req.session.cookie.maxAge, in milliseconds.) */
int yoke_session_set_age(yoke_req *req, uint32_t age_s);

/* What has been set so; 0: nothing. (express-session: cookie.originalMaxAge.) */
uint32_t yoke_session_age_s(yoke_req *req);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
