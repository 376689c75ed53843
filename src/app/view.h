/* Views from the inside: templates that are found, compiled and kept
 * (app/view.c), and the page that is made of them (app/page.c). */
#ifndef YK_APP_VIEW_H
#define YK_APP_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include <yoke/view.h>

#define YK_TEMPLATE_MAX (1u << 20)
#define YK_PAGE_MAX     (16u << 20)
#define YK_PARTIALS_MAX 16
#define YK_VIEWS_MAX    1024

/* What an application has of views; NULL until it has any. */
struct yk_views;

/* A template and what its engine has made of it. */
struct yk_view {
    struct yk_view *next; /* In its bucket. */
    char *name;           /* As it was asked for. */
    char *path;
    const struct yoke_engine *engine;
    void *made;
    bool is_kept; /* In the cache; else whoever has looked it up frees it. */
};

/* Finds and compiles the template `name` of `page->app`; what is wrong is told
 * by yk_page_fail. Returns it, to be given back by yk_view_drop, or NULL. */
struct yk_view *yk_view_take(struct yoke_page *page, const char *name);

/* NULL is allowed. */
void yk_view_drop(struct yk_view *view);

/* Frees engines, templates and locals. NULL is allowed. */
void yk_views_done(struct yk_views *views);

/* Frees what yoke_res_locals has made. */
void yk_res_locals_free(struct yoke_req *req);

/* ---- The page ---- */

struct yoke_page {
    yoke_app *app;
    const struct yk_view *view; /* The innermost one that is being rendered, */
    const char *path;           /* or compiled. */
    const struct yoke_engine *engine;
    char *text; /* On the heap; a NUL follows. */
    size_t len, capacity;
    unsigned depth;    /* Templates within each other. */
    int err;           /* The first that there was. */
    char message[256]; /* About it. */
};

/* Notes the first error. Returns it. */
int yk_page_fail(struct yoke_page *page, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Renders a template into the page. Returns 0 or page->err. */
int yk_page_render(struct yoke_page *page, const char *name,
                   const struct json_t *locals);

void yk_page_done(struct yoke_page *page);

#endif
