/* The session of one request, from the inside.
 *
 *     UNLOADED --load--> HERE --destroy--> OVER
 *         |                `--------------> OVER   another has destroyed it
 *         `------------> AWAY                      the store has failed
 *
 * `values` is what the request sees, `base` what it has begun with; what differs
 * between them is what it has changed, and all that is put on top of what another
 * request has stored meanwhile. Attached to the request; its texts are in the
 * request's memory. It goes with the request, or with the last call of the store
 * that was under way then. */
#ifndef YK_MIDDLEWARE_SESSION_STATE_H
#define YK_MIDDLEWARE_SESSION_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/middleware/session.h>

struct json_t;

enum yk_session_state {
    YK_SESSION_UNLOADED,
    YK_SESSION_HERE,
    YK_SESSION_AWAY,
    YK_SESSION_OVER,
};

/* Ids of a request that wait to be removed: more than one only when the store has
 * failed to. */
#define YK_SESSION_DOOMED_MAX 4

/* An id that is to be removed from the store. */
struct yk_doomed {
    struct yk_session *session;
    const char *id;  /* NULL: none. */
    bool has_values; /* The values that the session has are its. */
};

/* What the requests of one middleware share. */
struct yk_session_rules {
    struct yoke_session_options options; /* Defaults filled in. */
    bool
        is_insecure_told; /* That a secure cookie does not go: once is enough. */
};

struct yk_session {
    struct yk_session_rules *rules;
    const struct yoke_session_options *options; /* The same's. */
    yoke_req *req;
    yoke_res *res;
    enum yk_session_state state;

    const char *cookie_id; /* That the client has sent, and is good; or NULL. */
    const char *id;        /* NULL: none has been made yet. */
    const char *stored_id; /* Under which the store has it; NULL: it has not. */
    struct yk_doomed doomed[YK_SESSION_DOOMED_MAX];
    uint64_t version; /* The store's. */
    int64_t begun_s;
    uint32_t age_s; /* Its own; 0: as the options say. */

    struct json_t *values; /* An object; NULL: there are none. */
    struct json_t *base;   /* The same; only if `is_changed`. */
    size_t len;            /* Of the values, as they are stored; about. */
    bool is_changed;       /* Perhaps. */
    bool is_age_changed;   /* `age_s` is not stored yet. */
    bool is_touched;       /* By yoke_session_touch. */
    bool is_cookie_dead;   /* Its session has been destroyed, or replaced. */
    bool is_head_gone;     /* Nothing can be set any more. */

    /* What is under way with the store; one thing at a time. */
    unsigned calls;      /* Not answered yet. */
    unsigned tries;      /* To store what others change as well. */
    int err;             /* The first one. */
    const char *text;    /* The same in words; in the request's memory. */
    yoke_session_fn *fn; /* Who is told; NULL: nothing is under way. */
    void *data;
    bool is_awaited; /* The answer waits for it, and goes on then. */
    bool is_left;    /* The request is over: nobody is told any more. */
};

/* The request's, or NULL. */
struct yk_session *yk_session_of(yoke_req *req);

/* ---- session_cookie.c ---- */

/* The id in the request's cookie, if its signature is good; else NULL. */
const char *yk_session_read_cookie(yoke_req *req,
                                   const struct yoke_session_options *options);

/* The session's id, made when it has none; NULL when the function of the
 * application's gives none that is fit, which is logged. */
const char *yk_session_make_id(struct yk_session *session);

/* Sends the client its cookie; or has it forget it. 0, or -EINVAL: the
 * application has no secrets. One that is only for TLS does not go elsewhere. */
int yk_session_send_cookie(struct yk_session *session);
void yk_session_clear_cookie(struct yk_session *session);

/* ---- session_record.c ---- */

/* What is stored; malloc's. NULL when there is no memory. */
char *yk_session_encode(const struct yk_session *session, size_t *ret_len);

/* Instead of a session that is just being given another id: whoever finds it there
 * has none any more. */
#define YK_SESSION_SEAL "{\"moved\":true}"

/* Takes over what has been stored. 0; -EINVAL: it is no session; -ENOENT: it has
 * been given another id; then nothing has changed. */
int yk_session_decode(struct yk_session *session, const void *ptr, size_t len);

/* Puts what the request has changed on top of what another one has stored. 0;
 * -EINVAL: that is no session; -ENOENT: it has been given another id;
 * -YOKE_ECONFLICT: both have changed the same, and
 * that is to be reported. */
int yk_session_merge(struct yk_session *session, const void *ptr, size_t len);

/* Whether there is anything that has not been stored. */
bool yk_session_is_changed(const struct yk_session *session);

/* What it holds now is what is stored. */
void yk_session_settle(struct yk_session *session);

/* Forgets all values. */
void yk_session_forget(struct yk_session *session);

/* ---- session_values.c ---- */

/* Sets a value, whose reference is taken over. Returns as the public setters. */
int yk_session_put(yoke_req *req, const char *name, struct json_t *value);

/* ---- session_calls.c ---- */

/* The store's key of an id. */
const char *yk_session_key(const struct yk_session *session, const char *id);

/* Begins something with the store: false, and `fn` has been told -EBUSY, when
 * something is under way. */
bool yk_session_begin(struct yk_session *session, yoke_session_fn *fn,
                      void *data);

/* One of `calls` has been answered; the first error counts. The last one tells
 * `fn`, and lets an answer go on that has waited for it. */
void yk_session_answered(struct yk_session *session, int err, const char *text);

/* An id that the store has is to be removed from it. 0, or -YOKE_EFULL. */
int yk_session_doom(struct yk_session *session, const char *id,
                    bool has_values);

/* A request without a session begins one. */
void yk_session_begin_new(struct yk_session *session);

/* Stores what is to be stored, and removes what is to be removed. After
 * yk_session_begin. */
void yk_session_store(struct yk_session *session);

/* Its time begins anew; nobody waits for that. */
void yk_session_touch(const struct yk_session *session);

/* Whether yk_session_store would do anything. */
bool yk_session_needs_store(const struct yk_session *session);

/* Fetches what the store has under an id. After yk_session_begin. */
void yk_session_fetch(struct yk_session *session, const char *id);

/* ---- session_head.c ---- */

/* The callback of yoke_res_on_head. */
void yk_session_on_head(yoke_res *res, void *data);

/* The answer waits, and what it has waited for is done. */
void yk_session_go_on(struct yk_session *session);

#endif
