/* Asks for a name and a password (RFC 7617), which the browser has a window for.
 *
 *     yoke_app_use_at(app, "/admin", yoke_basic_auth(
 *         .realm = "Administration",
 *         .users = (const struct yoke_basic_user[]){{"ada", secret}, {NULL}}));
 *
 * Names and passwords are compared in a time that does not depend on where they
 * differ. They come with each request and only lightly disguised: use it over
 * https alone. What is no credentials at all, or wrong ones: 401. (npm:
 * express-basic-auth.) */
#ifndef YOKE_MIDDLEWARE_BASIC_AUTH_H
#define YOKE_MIDDLEWARE_BASIC_AUTH_H

#include <stdbool.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

struct yoke_basic_user {
    const char *name, *password;
};

/* Options. Zero is every field's default; text is copied. One of `users`,
 * `check` and `ask` has to be set; with none nobody is let in. */
struct yoke_basic_auth_options {
    int reserved_;     /* Leave it; it lets the macro be called without any. */
    const char *realm; /* What is shown: "Restricted" */
    bool no_charset;   /* `charset="UTF-8"` is left out. */
    const struct yoke_basic_user *users; /* A name NULL ends the list. */
    /* Whether they are right; for passwords that are hashed. */
    bool (*check)(yoke_req *req, const char *name, const char *password,
                  void *data);
    /* The same for an answer that comes later: it calls yoke_basic_auth_decide,
     * now or from a callback. */
    void (*ask)(yoke_req *req, yoke_res *res, const char *name,
                const char *password, void *data);
    void *data; /* Handed to both. */
};

#define yoke_basic_auth(...)                                                   \
    yoke_basic_auth_with(YOKE_OPTIONS_(yoke_basic_auth_options, __VA_ARGS__))
struct yoke_handler
yoke_basic_auth_with(const struct yoke_basic_auth_options *options);

/* What `ask` has come to. Once for each call of it. */
void yoke_basic_auth_decide(yoke_req *req, yoke_res *res, bool is_right);

/* The name of the user who was let in; NULL before that. */
const char *yoke_basic_auth_user(const yoke_req *req);

/* Whether two texts are the same, in a time that depends on the length of the
 * first alone: for passwords and tokens. */
bool yoke_is_same_secret(const char *given, const char *secret);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
