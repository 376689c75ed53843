/* Signing in and out, with sessions that all workers share.
 *
 *     $ SECRET=... build/examples/login &           PORT, or 1337
 *     $ curl -c jar -d 'name=ada&password=lovelace' http://127.0.0.1:1337/login
 *     See Other. Redirecting to /
 *     $ curl -s -b jar http://127.0.0.1:1337/ | grep -o 'You are [a-z]*'
 *     You are ada
 *
 * YOKE_STORE says where sessions and limits are: "redis://localhost", for
 * example; without it in a file. The users are ada (lovelace) and grace
 * (hopper). */
#include "app.h"

#include <crypt.h>
#include <stdlib.h>
#include <string.h>

/* ---- Who there is. Passwords are hashed by crypt(5): yescrypt. ---- */

static const struct user {
    const char *name;
    const char *hash;
} users[] = {
    {"ada",
     "$y$j9T$c2FsdHNhbHRzYWx0$euYpjFyrpVpZTfzI3/uU6SPEugQflJMfJ//LWdCxDZ/"},
    {"grace",
     "$y$j9T$b3RoZXJzYWx0b25l$zEV.1r3UJ.Q26DBUnhsZzcRJzeerosOTgzZcmA3JJF5"},
};

/* For names that nobody has: they take as long as others, and no password is
 * right. */
static const struct user nobody = {
    NULL,
    "$y$j9T$bm9ib2R5c3NhbHRz$tF5c2qCf9Pal1i1J4kBhrsEe8Rf3YCLbAhRJj/PTTk9"};

static const struct user *find_user(const char *name)
{
    for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++)
        if (strcmp(users[i].name, name) == 0)
            return &users[i];
    return &nobody;
}

/* ---- Signing in ---- */

struct attempt {
    const struct user *user;
    const char *password;
    bool is_right;
};

/* On a thread, for it takes its time on purpose. */
static void check_password(yoke_job *job)
{
    struct attempt *attempt = yoke_job_data(job);
    struct crypt_data *work = yoke_job_alloc(job, sizeof(*work));
    if (!work)
        return;
    memset(work, 0, sizeof(*work));
    const char *hash =
        crypt_rn(attempt->password, attempt->user->hash, work, sizeof(*work));
    attempt->is_right = hash && attempt->user->name &&
                        yoke_is_same_secret(hash, attempt->user->hash);
}

static void on_checked(yoke_req *req, yoke_res *res, yoke_job *job)
{
    const struct attempt *attempt = yoke_job_data(job);
    if (yoke_job_status(job) < 0)
        return;
    if (attempt->is_right) {
        yoke_session_regenerate(req); /* Against session fixation. */
        yoke_session_set_text(req, "user", attempt->user->name);
        yoke_flash(req, "notice", "Welcome.");
    } else {
        yoke_flash(req, "error", "That is not right.");
    }
    yoke_res_redirect(res, 303, "/");
}

static void log_in(yoke_req *req, yoke_res *res)
{
    struct attempt *attempt = yoke_req_alloc(req, sizeof(*attempt));
    const char *name;
    (void)res;
    *attempt = (struct attempt){.is_right = false};
    if (!yoke_req_string(req, YOKE_FORM, "name", 1, 100, &name) ||
        !yoke_req_string(req, YOKE_FORM, "password", 1, 200,
                         &attempt->password))
        return; /* Answered 400. */
    attempt->user = find_user(name);
    yoke_work(req, check_password, on_checked, attempt);
}

static void log_out(yoke_req *req, yoke_res *res)
{
    yoke_session_regenerate(req);
    yoke_flash(req, "notice", "Good bye.");
    yoke_res_redirect(res, 303, "/");
}

/* ---- The page. Names and messages are our own: nothing to escape. ---- */

static const char login_form[] =
    "<form method=\"post\" action=\"/login\">"
    "<input name=\"name\" placeholder=\"name\">"
    "<input name=\"password\" type=\"password\" placeholder=\"password\">"
    "<button>Sign in</button></form>";

static const char *messages(yoke_req *req, const char *kind)
{
    const char *all = "";
    for (const char *const *text = yoke_flash_take(req, kind, NULL); *text;
         text++)
        all =
            yoke_req_printf(req, "%s<p class=\"%s\">%s</p>", all, kind, *text);
    return all;
}

static void show_page(yoke_req *req, yoke_res *res)
{
    const char *user = yoke_session_text(req, "user");
    const char *content = login_form;
    if (user)
        content = yoke_req_printf(
            req,
            "<p>You are %s.</p><form method=\"post\" action=\"/logout\">"
            "<button>Sign out</button></form>",
            user);
    yoke_res_set(res, "Cache-Control", "no-store");
    yoke_res_html(
        res, yoke_req_printf(req,
                             "<!DOCTYPE html>\n<html lang=\"en\"><head>"
                             "<title>Login</title></head><body>%s%s%s</body>"
                             "</html>\n",
                             messages(req, "notice"), messages(req, "error"),
                             content));
}

/* ---- The application ---- */

static void close_store(void *store)
{
    yoke_store_close(store, NULL, NULL);
}

yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_store *store = yoke_store_open(.prefix = "login:");
    if (!store)
        yoke_app_fail(app, "the store cannot be opened");
    yoke_app_set_data(app, store, close_store);
    yoke_app_cookie_secrets(app, getenv("SECRET"));
    yoke_app_use(app, yoke_secure_headers(), yoke_csrf(),
                 yoke_session(.store = store, .ttl_s = 3600));
    yoke_app_get(app, "/", show_page);
    yoke_app_post(app, "/login",
                  yoke_rate_limit(.limit = 5, .window_ms = 60000,
                                  .name = "login",
                                  .store = yoke_rate_store_shared(store)),
                  yoke_urlencoded(), log_in);
    yoke_app_post(app, "/logout", log_out);
    return app;
}
