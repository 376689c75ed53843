#include <yoke/middleware/basic_auth.h>

#include <stdlib.h>
#include <string.h>

#include <yoke/log.h>
#include <yoke/req.h>
#include <yoke/res.h>

#include "middleware/credentials.h"
#include "middleware/texts.h"

#include "core/banned.h"

static const char user_key, asked_key;

struct guard {
    struct yoke_basic_auth_options options;
    char *challenge; /* WWW-Authenticate */
    struct yoke_basic_user *users;
};

/* What `ask` was asked; in the request's memory. */
struct asked {
    const struct guard *guard;
    const char *name;
};

/* ---- Who it is ---- */

/* Volatile, so that the compiler does not leave the loop early. */
bool yoke_is_same_secret(const char *given, const char *secret)
{
    const volatile char *a = given, *b = secret;
    size_t len = strlen(secret), at = 0;
    unsigned char difference = strlen(given) != len;
    for (size_t i = 0; given[i]; i++) {
        difference |= (unsigned char)(a[i] ^ b[at]);
        at = at < len ? at + 1 : 0;
    }
    return difference == 0;
}

/* All are looked at, so that time does not tell which names there are. */
static bool is_user(const struct guard *guard, const char *name,
                    const char *password)
{
    bool is_known = false;
    for (const struct yoke_basic_user *user = guard->users; user && user->name;
         user++) {
        bool is_name = yoke_is_same_secret(name, user->name);
        bool is_password = yoke_is_same_secret(password, user->password);
        is_known |= is_name & is_password;
    }
    return is_known;
}

/* ---- The answer ---- */

static void decide(yoke_req *req, yoke_res *res, const struct guard *guard,
                   const char *name, bool is_right)
{
    if (is_right) {
        yoke_req_attach(req, &user_key, (void *)(uintptr_t)name, NULL);
        yoke_next(req);
        return;
    }
    yoke_res_set(res, "WWW-Authenticate", guard->challenge);
    yoke_next_err(req, 401, "no credentials, or wrong ones");
}

void yoke_basic_auth_decide(yoke_req *req, yoke_res *res, bool is_right)
{
    const struct asked *asked = yoke_req_attached(req, &asked_key);
    yoke_req_attach(req, &asked_key, NULL, NULL);
    if (asked)
        decide(req, res, asked->guard, asked->name, is_right);
    else
        yoke_log(YOKE_LOG_WARN, "yoke_basic_auth_decide: nobody has asked");
}

static void ask(yoke_req *req, yoke_res *res, const struct guard *guard,
                const char *name, const char *password)
{
    struct asked *asked = yoke_req_alloc(req, sizeof(*asked));
    *asked = (struct asked){guard, name};
    yoke_req_attach(req, &asked_key, asked, NULL);
    yoke_hold(req);
    guard->options.ask(req, res, name, password, guard->options.data);
}

static void check(yoke_req *req, yoke_res *res)
{
    const struct guard *guard = yoke_data(req);
    const struct yoke_basic_auth_options *options = &guard->options;
    const char *name = NULL, *password = NULL;
    bool is_right = false;
    if (!yk_credentials_read(req, &name, &password)) {
        decide(req, res, guard, NULL, false);
        return;
    }
    if (options->ask) {
        ask(req, res, guard, name, password);
        return;
    }
    if (options->check)
        is_right = options->check(req, name, password, options->data);
    decide(req, res, guard, name, is_right || is_user(guard, name, password));
}

const char *yoke_basic_auth_user(const yoke_req *req)
{
    return yoke_req_attached(req, &user_key);
}

/* ---- Options ---- */

static struct yoke_basic_user *copy_users(const struct yoke_basic_user *users)
{
    size_t n = 0;
    while (users && users[n].name)
        n++;
    struct yoke_basic_user *copy = yk_zeroed((n + 1) * sizeof(*copy));
    for (size_t i = 0; i < n; i++) {
        copy[i].name = yk_text_copy(users[i].name);
        copy[i].password =
            yk_text_copy(users[i].password ? users[i].password : "");
    }
    return copy;
}

static void guard_free(void *data)
{
    struct guard *guard = data;
    for (struct yoke_basic_user *user = guard->users; user->name; user++) {
        free((void *)(uintptr_t)user->name);
        free((void *)(uintptr_t)user->password);
    }
    free(guard->users);
    free(guard->challenge);
    free(guard);
}

struct yoke_handler
yoke_basic_auth_with(const struct yoke_basic_auth_options *options)
{
    const char *realm = options->realm ? options->realm : "Restricted";
    if (strpbrk(realm, "\"\\\r\n")) {
        yoke_log(YOKE_LOG_ERROR,
                 "yoke_basic_auth: a realm has no quotes and no line ends: %s",
                 realm);
        return yoke_with(NULL, NULL, NULL);
    }
    struct guard *guard = yk_zeroed(sizeof(*guard));
    guard->options = *options;
    guard->users = copy_users(options->users);
    guard->challenge =
        yk_text_join("Basic realm=\"", realm,
                     options->no_charset ? "\"" : "\", charset=\"UTF-8\"");
    return yoke_with(check, guard, guard_free);
}
