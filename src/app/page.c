/* A page that is being made: what engines write to. It grows on the heap, for
 * it may be large and is copied once more when it is sent. The first error
 * stays, and nothing is written after it. */
#include "app/view.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <yoke/error.h>

#include "app/escape.h"
#include "core/alloc.h"

#include "core/banned.h"

#define FIRST_CAPACITY 4096

/* ---- Errors ---- */

static int __attribute__((format(printf, 3, 0)))
fail(struct yoke_page *page, int err, const char *fmt, va_list args)
{
    if (page->err < 0)
        return page->err;
    page->err = err;
    size_t room = sizeof(page->message);
    int len =
        page->path ? snprintf(page->message, room, "%s: ", page->path) : 0;
    if (len >= 0 && (size_t)len < room)
        vsnprintf(page->message + len, room - (size_t)len, fmt, args);
    return err;
}

int yk_page_fail(struct yoke_page *page, int err, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    err = fail(page, err, fmt, args);
    va_end(args);
    return err;
}

int yoke_page_fail(yoke_page *page, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int err = fail(page, -EINVAL, fmt, args);
    va_end(args);
    return err;
}

/* ---- Writing ---- */

/* Makes room for `len` bytes and a NUL. */
static int make_room(struct yoke_page *page, size_t len)
{
    if (page->err < 0)
        return page->err;
    if (len > YK_PAGE_MAX - page->len)
        return yk_page_fail(page, -YOKE_ETOOLARGE,
                            "the page is longer than %u bytes", YK_PAGE_MAX);
    if (page->capacity - page->len > len)
        return 0;
    size_t capacity = page->capacity ? page->capacity * 2 : FIRST_CAPACITY;
    while (capacity - page->len <= len)
        capacity *= 2;
    char *text = yk_try_realloc(page->text, capacity);
    if (!text)
        return yk_page_fail(page, -ENOMEM, "no memory for the page");
    page->text = text;
    page->capacity = capacity;
    return 0;
}

int yoke_page_put(yoke_page *page, const char *ptr, size_t len)
{
    int err = make_room(page, len);
    if (err < 0)
        return err;
    if (len > 0)
        memcpy(page->text + page->len, ptr, len);
    page->len += len;
    page->text[page->len] = '\0';
    return 0;
}

int yoke_page_put_text(yoke_page *page, const char *ptr, size_t len)
{
    size_t clean = 0;
    for (size_t i = 0; i < len; i++) {
        const char *with = yk_escape_html_char(ptr[i]);
        if (!with)
            continue;
        yoke_page_put(page, ptr + clean, i - clean);
        yoke_page_put(page, with, strlen(with));
        clean = i + 1;
    }
    return yoke_page_put(page, ptr + clean, len - clean);
}

static int put_dumped(const char *ptr, size_t len, void *data)
{
    return yoke_page_put_text(data, ptr, len) < 0 ? -1 : 0;
}

int yoke_page_put_json(yoke_page *page, const struct json_t *value)
{
    if (!value || json_is_null(value))
        return page->err;
    if (json_is_string(value))
        return yoke_page_put_text(page, json_string_value(value),
                                  json_string_length(value));
    if (json_dump_callback(value, put_dumped, page,
                           JSON_COMPACT | JSON_ENCODE_ANY) < 0)
        return yk_page_fail(page, -EINVAL, "a value contains itself");
    return page->err;
}

/* ---- Templates ---- */

/* Renders the template, and puts everything back as it was. */
static void render(struct yoke_page *page, const struct yk_view *view,
                   const struct json_t *locals)
{
    const struct yoke_engine *outer_engine = page->engine;
    const char *outer_path = page->path;
    page->engine = view->engine;
    page->path = view->path;
    int err = view->engine->render(page, view->made, locals);
    if (err < 0)
        yk_page_fail(page, err, "cannot be rendered: %s", yoke_strerror(err));
    page->engine = outer_engine;
    page->path = outer_path;
}

int yk_page_render(struct yoke_page *page, const char *name,
                   const struct json_t *locals)
{
    if (page->err < 0)
        return page->err;
    if (page->depth > YK_PARTIALS_MAX)
        return yk_page_fail(page, -YOKE_ETOOLARGE,
                            "more than %d partials within each other: \"%s\"",
                            YK_PARTIALS_MAX, name);
    struct yk_view *view = yk_view_take(page, name);
    if (!view)
        return page->err;
    page->depth++;
    render(page, view, locals);
    page->depth--;
    yk_view_drop(view);
    return page->err;
}

int yoke_page_include(yoke_page *page, const char *name,
                      const struct json_t *locals)
{
    return yk_page_render(page, name, locals);
}

void yk_page_done(struct yoke_page *page)
{
    free(page->text);
    page->text = NULL;
}

const char *yoke_page_path(const yoke_page *page)
{
    return page->path;
}

void *yoke_page_data(const yoke_page *page)
{
    return page->engine->data;
}
