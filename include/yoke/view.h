/* Views: pages made of templates. (Express: app.engine, app.render,
 * res.render.)
 *
 *     yoke_app_engine(app, "html", &my_engine);
 *     yoke_app_set_str(app, "view engine", "html");
 *     ...
 *     yoke_res_render(res, "user", json_pack("{s:s}", "name", "Ada"));
 *
 * yoke finds the template, reads it, keeps what the engine has made of it, and
 * sends the page; the language of the templates is the engine's. yoke has none
 * of its own, for Debian has no kept library of such a language for C. An
 * engine is two functions: docs/guide/views.md has one of 60 lines, and says how
 * to put a library behind them.
 *
 * Settings (yoke/settings.h):
 *
 *     views        the folder of the templates, "views"; or several, of which
 *                  the first that has the template counts: "theme:views".
 *                  Relative to the folder in which the process was started
 *     view engine  the extension of names that have none
 *     view cache   whether what `compile` has made is kept for the life of the
 *                  application; on if env is "production". Else each page reads
 *                  and compiles anew, so that changes show at once
 *
 * A name is that of a file below the folder: "user", "users/list.html". For
 * "users", there may be "users/index.html" instead. Names with "..", and links
 * that lead out of the folder, are never followed, so that a name made of what
 * a client has sent reads nothing else; it is better not made of it.
 *
 * Locals, which a template may name, are a JSON object: those of the
 * application, then those of the answer, then those of the call; of one name
 * the last counts.
 *
 * Templates are read, and pages made, on the loop: keep the cache on where it
 * matters. Limits: a template of 1 MiB, a page of 16 MiB, 16 partials within
 * each other, 1024 templates kept (others are compiled each time). */
#ifndef YOKE_VIEW_H
#define YOKE_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

struct json_t; /* jansson's */

/* ---- Rendering ---- */

/* Answers with a page, as `text/html; charset=utf-8` unless Content-Type is
 * set. Takes the reference of `locals`, a JSON object, over; NULL: none.
 *
 * Returns 0; -YOKE_EANSWERED; or, and the error has been passed on as a 500
 * whose message says which template, and what is wrong with it: -ENOENT, there
 * is no such template, or no engine for it; -EINVAL, the template, the name or
 * the locals are wrong; -YOKE_ETOOLARGE, over a limit; -ENOMEM; or another
 * -errno of reading. (Express: res.render.) */
int yoke_res_render(yoke_res *res, const char *name, struct json_t *locals);

/* The same, but the page goes to the request's memory: to send it as a mail, or
 * within another one. Nothing is passed on; what is wrong is logged. Returns the
 * same codes but -YOKE_EANSWERED. On failure nothing is stored. */
int yoke_req_render(yoke_req *req, const char *name, struct json_t *locals,
                    const char **ret_text, size_t *ret_len);

/* The same without a request; `*ret_text` is the caller's, to be freed with
 * free(3). (Express: app.render.) */
int yoke_app_render(yoke_app *app, const char *name, struct json_t *locals,
                    char **ret_text, size_t *ret_len);

/* The locals of an application, which all its pages have, and those of an
 * answer, for middleware: JSON objects to put into, made at the first call.
 * Borrowed. A mounted application has its own. (Express: app.locals,
 * res.locals.) */
struct json_t *yoke_app_locals(yoke_app *app);
struct json_t *yoke_res_locals(yoke_res *res);

/* ---- Engines ---- */

/* A page that is being made, or a template that is being compiled. Borrowed for
 * the call. */
typedef struct yoke_page yoke_page;

struct yoke_engine {
    /* Makes of the text of a template, which is borrowed and ends with a NUL,
     * what `render` takes. Returns 0, or a negative code, best that of
     * yoke_page_fail. */
    int (*compile)(yoke_page *page, const char *text, size_t len,
                   void **ret_made);
    /* Writes the page, of what `compile` has made and the locals, a JSON object.
     * Returns 0 or a negative code. What the functions below have returned need
     * not be looked at: once one has failed, all do, and so does the page. */
    int (*render)(yoke_page *page, const void *made,
                  const struct json_t *locals);
    /* Gives back what `compile` has made; NULL: there is nothing to do. */
    void (*free_made)(void *made);
    void *data; /* yoke_page_data */
};

/* Renders templates of an extension, "html" or ".html", by an engine, which is
 * copied. A second call for it replaces the first. Mounted applications have
 * their parent's engines, too. (Express: app.engine.) */
#define yoke_app_engine(app, extension, engine)                                \
    yoke_app_add_engine((app), YOKE_HERE, (extension), (engine))
void yoke_app_add_engine(yoke_app *app, struct yoke_here here,
                         const char *extension,
                         const struct yoke_engine *engine);

/* Appends to the page: bytes as they are; text escaped for HTML, fit for
 * between tags and for attributes in quotes; a JSON value as text, escaped in
 * the same way: strings as they are, numbers, true and false, nothing for null;
 * objects and arrays as JSON. Engines escape unless a template says otherwise.
 * Returns 0, -YOKE_ETOOLARGE, -ENOMEM, -EINVAL for a value that contains itself,
 * or the error that was first. */
int yoke_page_put(yoke_page *page, const char *ptr, size_t len);
int yoke_page_put_text(yoke_page *page, const char *ptr, size_t len);
int yoke_page_put_json(yoke_page *page, const struct json_t *value);

/* Renders another template into the page: a partial, with its own locals. It is
 * looked for as any other; its extension may name another engine. Returns 0, or
 * the error that was first, as yoke_res_render. */
int yoke_page_include(yoke_page *page, const char *name,
                      const struct json_t *locals);

/* Says what is wrong, for the log: the first call counts. The name of the
 * template comes before it. Returns -EINVAL. */
int yoke_page_fail(yoke_page *page, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The path of the template, for messages; and the engine's data. */
const char *yoke_page_path(const yoke_page *page);
void *yoke_page_data(const yoke_page *page);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
