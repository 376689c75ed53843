/* Templates: where they are found, and what is kept of them.
 *
 *     name --extension--> engine
 *       `--views folders--> file, or index in a folder --compile--> view
 *
 * A view that is kept stays until the application is freed, so a page may use
 * it without more ado. */
#include "app/view.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "app/app.h"
#include "app/file_open.h"
#include "app/router.h"
#include "core/alloc.h"
#include "core/cleanup.h"
#include "core/slice.h"

#include "core/banned.h"

#define BUCKETS  64
/* Longest path that is tried. */
#define PATH_LEN 1024

struct engine {
    struct engine *next;
    char *extension; /* "html" */
    struct yoke_engine engine;
};

struct yk_views {
    struct engine *engines;
    struct yk_view *buckets[BUCKETS];
    unsigned count; /* In them. */
    json_t *locals; /* yoke_app_locals; NULL until it is asked for. */
};

/* ---- What an application has ---- */

static struct yk_views *views_of(yoke_app *app)
{
    if (!app->views)
        app->views = yk_alloc(sizeof(*app->views));
    return app->views;
}

struct json_t *yoke_app_locals(yoke_app *app)
{
    struct yk_views *views = views_of(app);
    if (!views->locals)
        views->locals = json_object();
    return views->locals;
}

static void view_free(struct yk_view *view)
{
    if (view->engine->free_made && view->made)
        view->engine->free_made(view->made);
    free(view->name);
    free(view->path);
    free(view);
}

void yk_view_drop(struct yk_view *view)
{
    if (view && !view->is_kept)
        view_free(view);
}

static void forget_all(struct yk_views *views)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        while (views->buckets[i]) {
            struct yk_view *view = views->buckets[i];
            views->buckets[i] = view->next;
            view_free(view);
        }
    }
    views->count = 0;
}

void yk_views_done(struct yk_views *views)
{
    if (!views)
        return;
    forget_all(views);
    while (views->engines) {
        struct engine *engine = views->engines;
        views->engines = engine->next;
        free(engine->extension);
        free(engine);
    }
    json_decref(views->locals);
    free(views);
}

/* ---- Engines ---- */

static const char *without_dot(const char *extension)
{
    return extension + (*extension == '.');
}

static struct engine *own_engine(const yoke_app *app, const char *extension)
{
    struct engine *engine = app->views ? app->views->engines : NULL;
    while (engine && strcmp(engine->extension, extension) != 0)
        engine = engine->next;
    return engine;
}

static const struct yoke_engine *find_engine(const yoke_app *app,
                                             const char *extension)
{
    for (; app; app = app->parent) {
        const struct engine *engine = own_engine(app, extension);
        if (engine)
            return &engine->engine;
    }
    return NULL;
}

static void register_fault(yoke_app *app, struct yoke_here here,
                           const char *fault)
{
    yoke_app_fail(app, "%s:%d: yoke_app_engine: %s", here.file, here.line,
                  fault);
}

void yoke_app_add_engine(yoke_app *app, struct yoke_here here,
                         const char *extension, const struct yoke_engine *given)
{
    if (!extension || !*without_dot(extension) || strchr(extension, '/')) {
        register_fault(app, here, "the extension is none; write \"html\"");
        return;
    }
    if (!given || !given->compile || !given->render) {
        register_fault(app, here, "the engine needs compile and render");
        return;
    }
    if (app->is_frozen) {
        yoke_log(YOKE_LOG_ERROR,
                 "%s:%d: yoke_app_engine: too late, the "
                 "application serves already",
                 here.file, here.line);
        return;
    }
    struct yk_views *views = views_of(app);
    struct engine *engine = own_engine(app, without_dot(extension));
    if (!engine) {
        engine = yk_alloc(sizeof(*engine));
        engine->extension = yk_strdup(without_dot(extension));
        engine->next = views->engines;
        views->engines = engine;
    } else {
        forget_all(views);
    }
    engine->engine = *given;
}

/* ---- Finding the file ---- */

/* Behind the last dot of the last part; NULL: there is none. */
static const char *extension_of(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *last = slash ? slash + 1 : name;
    const char *dot = strrchr(last, '.');
    return dot && dot > last ? dot + 1 : NULL;
}

/* A template that is being looked for. */
struct search {
    struct yoke_page *page;
    const char *extension;
    char file[PATH_LEN];  /* "users.html" */
    char index[PATH_LEN]; /* "users/index.html" */
    char path[PATH_LEN];  /* Where it is, with its folder. */
    int fd;
    struct stat stat;
};

static bool format(char out[PATH_LEN], const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static bool format(char out[PATH_LEN], const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(out, PATH_LEN, fmt, args);
    va_end(args);
    return len > 0 && len < PATH_LEN;
}

/* The names of the file. */
static int name_file(struct search *search, const char *name)
{
    const char *own = extension_of(name);
    const struct yk_setting *fallback =
        yk_setting(search->page->app, YK_SETTING_VIEW_ENGINE);
    if (!own && fallback->kind != YK_SETTING_STR)
        return yk_page_fail(search->page, -ENOENT,
                            "\"%s\" has no extension, and \"view engine\" is "
                            "not set",
                            name);
    search->extension = own ? own : without_dot(fallback->text);
    int stem = own ? (int)(own - name) - 1 : (int)strlen(name);
    if (format(search->file, "%.*s.%s", stem, name, search->extension) &&
        format(search->index, "%.*s/index.%s", stem, name, search->extension))
        return 0;
    return yk_page_fail(search->page, -EINVAL,
                        "the name of a view is too long");
}

/* Whether the file is in that folder; or an error that is not its absence. */
static int look(struct search *search, const char *folder, const char *file)
{
    int err = yk_file_open(folder, file, &search->fd, &search->stat);
    if (err == -ENOENT || err == -EISDIR)
        return 0;
    if (!format(search->path, "%s/%s", folder, file))
        return -ENAMETOOLONG;
    return err < 0 ? err : 1;
}

static int look_in(struct search *search, struct yk_slice folder)
{
    char path[PATH_LEN];
    if (!format(path, "%.*s", (int)folder.len, folder.ptr))
        return 0;
    int found = look(search, path, search->file);
    return found ? found : look(search, path, search->index);
}

/* Takes the next folder off the setting. */
static bool next_folder(const char **rest, struct yk_slice *ret_folder)
{
    while (**rest == ':')
        ++*rest;
    *ret_folder = (struct yk_slice){*rest, strcspn(*rest, ":")};
    *rest += ret_folder->len;
    return ret_folder->len > 0;
}

static int find_file(struct search *search, const char *name)
{
    const char *folders = yk_setting(search->page->app, YK_SETTING_VIEWS)->text;
    const char *rest = folders;
    struct yk_slice folder;
    while (next_folder(&rest, &folder)) {
        int found = look_in(search, folder);
        if (found > 0)
            return 0;
        if (found < 0)
            return yk_page_fail(search->page, found,
                                "the view \"%s\" cannot be read: %s", name,
                                found == -EXDEV ? "it is not in its folder"
                                                : yoke_strerror(found));
    }
    return yk_page_fail(search->page, -ENOENT,
                        "there is no view \"%s\" in \"%s\"", name, folders);
}

/* ---- Compiling ---- */

static char *read_file(struct search *search, size_t *ret_len)
{
    struct yoke_page *page = search->page;
    size_t size = (size_t)search->stat.st_size, len = 0;
    if (search->stat.st_size > YK_TEMPLATE_MAX) {
        yk_page_fail(page, -YOKE_ETOOLARGE, "\"%s\" is longer than %u bytes",
                     search->path, YK_TEMPLATE_MAX);
        return NULL;
    }
    char *text = yk_try_alloc(size + 1);
    ssize_t n = text ? 1 : -1;
    while (n > 0 && len < size) {
        n = read(search->fd, text + len, size - len);
        if (n > 0)
            len += (size_t)n;
    }
    if (n < 0) {
        int err = text ? -errno : -ENOMEM;
        yk_page_fail(page, err, "\"%s\" cannot be read: %s", search->path,
                     yoke_strerror(err));
        free(text);
        return NULL;
    }
    text[len] = '\0';
    *ret_len = len;
    return text;
}

static int call_compile(struct yoke_page *page, struct yk_view *view,
                        const char *text, size_t len)
{
    const struct yoke_engine *outer_engine = page->engine;
    const char *outer_path = page->path;
    page->engine = view->engine;
    page->path = view->path;
    int err = view->engine->compile(page, text, len, &view->made);
    if (err < 0)
        yk_page_fail(page, err, "cannot be compiled: %s", yoke_strerror(err));
    page->engine = outer_engine;
    page->path = outer_path;
    return page->err;
}

static struct yk_view *compile(struct search *search, const char *name,
                               const struct yoke_engine *engine)
{
    size_t len;
    YK_CLEANUP(yk_free_ptr) char *text = read_file(search, &len);
    if (!text)
        return NULL;
    struct yk_view *view = yk_alloc(sizeof(*view));
    *view = (struct yk_view){.name = yk_strdup(name),
                             .path = yk_strdup(search->path),
                             .engine = engine};
    if (call_compile(search->page, view, text, len) == 0)
        return view;
    view_free(view);
    return NULL;
}

static struct yk_view *make(struct yoke_page *page, const char *name)
{
    struct search search = {.page = page, .fd = -1};
    if (name_file(&search, name) < 0)
        return NULL;
    const struct yoke_engine *engine = find_engine(page->app, search.extension);
    if (!engine) {
        yk_page_fail(page, -ENOENT, "\"%s\": there is no engine for \"%s\"",
                     name, search.extension);
        return NULL;
    }
    struct yk_view *view = NULL;
    if (find_file(&search, name) == 0)
        view = compile(&search, name, engine);
    yk_close_fd(&search.fd);
    return view;
}

/* ---- The cache ---- */

static struct yk_view **bucket_of(struct yk_views *views, const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return &views->buckets[hash % BUCKETS];
}

static struct yk_view *find_kept(struct yk_views *views, const char *name)
{
    struct yk_view *view = *bucket_of(views, name);
    while (view && strcmp(view->name, name) != 0)
        view = view->next;
    return view;
}

static void keep(struct yk_views *views, struct yk_view *view)
{
    struct yk_view **bucket = bucket_of(views, view->name);
    if (views->count == YK_VIEWS_MAX)
        return;
    views->count++;
    view->is_kept = true;
    view->next = *bucket;
    *bucket = view;
}

struct yk_view *yk_view_take(struct yoke_page *page, const char *name)
{
    struct yk_views *views = views_of(page->app);
    struct yk_view *view = find_kept(views, name);
    if (view)
        return view;
    view = make(page, name);
    if (view && yk_setting_is_enabled(page->app, YK_SETTING_VIEW_CACHE))
        keep(views, view);
    return view;
}
