#include "app/params.h"

#include <stdlib.h>

#include "app/constraint.h"
#include "app/handler_data.h"
#include "app/layer.h"
#include "app/req.h"
#include "app/router.h"
#include "core/alloc.h"
#include "core/arena.h"
#include "http/url.h"

#include "core/banned.h"

/* ---- Reading values ---- */

/* Decodes what was taken; false for a wrong escape. */
static bool decode(const struct yk_taken *taken, uint32_t count,
                   struct yk_slice path, struct yk_arena *arena,
                   struct yk_value *values)
{
    size_t room = 0;
    for (uint32_t i = 0; i < count; i++)
        room += taken[i].len + 1;
    char *out = yk_arena_alloc(arena, room);
    for (uint32_t i = 0; i < count; i++) {
        struct yk_slice raw = {path.ptr + taken[i].off, taken[i].len};
        size_t len;
        if (yk_url_decode(raw, out, &len) < 0)
            return false;
        out[len] = '\0';
        values[i] = (struct yk_value){out, raw};
        out += len + 1;
    }
    return true;
}

static bool hold(const struct yk_variant *variant,
                 const struct yk_value *values)
{
    for (uint32_t i = 0; i < variant->capture_count; i++) {
        const struct yk_constraint *c = variant->captures[i].constraint;
        if (c && !c->check(values[i].text, c->data))
            return false;
    }
    return true;
}

enum yk_params_result yk_params_read(const struct yk_entry *entry,
                                     struct yk_slice path,
                                     struct yk_arena *arena,
                                     const struct yk_value **ret_values,
                                     uint32_t *ret_len)
{
    const struct yk_variant *variant = entry->variant;
    struct yk_taken taken[YK_CAPTURES_MAX];
    uint32_t count = variant->capture_count, len;

    if (!yk_variant_match(variant, entry->layer->pattern.flags, path, taken,
                          &len))
        return YK_PARAMS_MISMATCH;
    struct yk_value *values = yk_arena_alloc(arena, count * sizeof(*values));
    if (!decode(taken, count, path, arena, values))
        return YK_PARAMS_BAD_ESCAPE;
    if (variant->has_constraint && !hold(variant, values))
        return YK_PARAMS_MISMATCH;
    *ret_values = values;
    *ret_len = len;
    return YK_PARAMS_MATCH;
}

/* ---- Asking for values ---- */

/* The frame whose params are seen besides those of this one, or NULL. */
static const struct yk_frame *outer_of(const struct yk_frame *frame)
{
    return frame->router->options.merge_params ? frame->parent : NULL;
}

static uint32_t count_of(const struct yk_frame *frame)
{
    return frame->values ? frame->variant->capture_count : 0;
}

/* The value of that name in one frame, or NULL. */
static const struct yk_value *find_in(const struct yk_frame *frame,
                                      struct yk_slice name)
{
    for (uint32_t i = 0; i < count_of(frame); i++)
        if (yk_slice_eq(frame->variant->captures[i].name, name))
            return &frame->values[i];
    return NULL;
}

/* The same in all that are seen; and the frame that has it. */
static const struct yk_value *find(const struct yk_frame *frame,
                                   struct yk_slice name,
                                   const struct yk_frame **ret_frame)
{
    for (; frame; frame = outer_of(frame)) {
        const struct yk_value *value = find_in(frame, name);
        if (!value)
            continue;
        *ret_frame = frame;
        return value;
    }
    return NULL;
}

const char *yoke_req_param(const yoke_req *req, const char *name)
{
    const struct yk_frame *frame;
    const struct yk_value *value = find(req->frame, yk_slice_of(name), &frame);
    return value ? value->text : NULL;
}

/* Whether an inner frame has a value of that name, too, which hides this. */
static bool is_hidden(const struct yk_frame *from, const struct yk_frame *frame,
                      struct yk_slice name)
{
    for (; from != frame; from = outer_of(from))
        if (find_in(from, name))
            return true;
    return false;
}

bool yoke_req_param_at(const yoke_req *req, size_t n, const char **ret_name,
                       const char **ret_value)
{
    const struct yk_frame *frame = req->frame;
    for (; frame; frame = outer_of(frame)) {
        for (uint32_t i = 0; i < count_of(frame); i++) {
            struct yk_slice name = frame->variant->captures[i].name;
            if (is_hidden(req->frame, frame, name) || n-- > 0)
                continue;
            *ret_name = yk_arena_strndup(req->x->arena, name.ptr, name.len);
            *ret_value = frame->values[i].text;
            return true;
        }
    }
    return false;
}

size_t yoke_req_param_count(const yoke_req *req)
{
    const struct yk_frame *frame = req->frame;
    size_t count = 0;
    for (; frame; frame = outer_of(frame))
        for (uint32_t i = 0; i < count_of(frame); i++)
            count +=
                !is_hidden(req->frame, frame, frame->variant->captures[i].name);
    return count;
}

/* ---- Wildcards ---- */

static size_t count_segments(struct yk_slice raw)
{
    size_t n = 1;
    for (size_t i = 0; i < raw.len; i++)
        n += raw.ptr[i] == '/';
    return n;
}

/* Taken apart before it is decoded: an encoded slash separates nothing. */
static const char **split(struct yk_slice raw, struct yk_arena *arena,
                          size_t count)
{
    const char **parts = yk_arena_alloc(arena, (count + 1) * sizeof(*parts));
    char *out = yk_arena_alloc(arena, raw.len + count);
    const char *at = raw.ptr, *end = at + raw.len;
    for (size_t i = 0; i < count; i++) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        const char *stop = slash ? slash : end;
        size_t len = 0;
        /* It was well when the whole was decoded. */
        yk_url_decode((struct yk_slice){at, (size_t)(stop - at)}, out, &len);
        out[len] = '\0';
        parts[i] = out;
        out += len + 1;
        at = stop + 1;
    }
    parts[count] = NULL;
    return parts;
}

const char *const *yoke_req_param_parts(const yoke_req *req, const char *name,
                                        size_t *ret_count)
{
    const struct yk_frame *frame;
    const struct yk_value *value = find(req->frame, yk_slice_of(name), &frame);
    size_t count = value ? count_segments(value->raw) : 0;
    if (ret_count)
        *ret_count = count;
    return value ? split(value->raw, req->x->arena, count) : NULL;
}

/* ---- Hooks: registration ---- */

static bool is_for(const struct yk_param_hook *hook, struct yk_slice name)
{
    return yk_slice_eq(yk_slice_of(hook->name), name);
}

const struct yk_param_hook *
yk_params_next_hook(const struct yk_param_hook *list, struct yk_slice name)
{
    while (list && !is_for(list, name))
        list = list->next;
    return list;
}

void yk_params_free_hooks(struct yk_param_hook *first)
{
    while (first) {
        struct yk_param_hook *next = first->next;
        yk_handler_data_release(&first->handler);
        free(first->name);
        free(first);
        first = next;
    }
}

void yoke_router_add_param(yoke_router *router, struct yoke_here here,
                           const char *name, struct yoke_handler handler)
{
    struct yk_param_hook **last = &router->hooks;
    struct yk_param_hook *hook = yk_alloc(sizeof(*hook));
    if (!name || !*name || strchr(":*", *name))
        yk_router_fail_at(router, here,
                          "\"%s\" is not the name of a param; write \"id\" "
                          "for \":id\"",
                          name ? name : "(null)");
    else if (!handler.fn)
        yk_router_fail_at(router, here, "the handler of param \"%s\" is %s",
                          name, handler.catch_fn ? "for errors" : "NULL");
    else if (router->is_frozen)
        yk_router_fail_at(router, here,
                          "param \"%s\" is added after the start of the "
                          "application",
                          name);
    while (*last)
        last = &(*last)->next;
    *hook = (struct yk_param_hook){
        .name = yk_strdup(name ? name : ""),
        .handler = handler,
    };
    yk_handler_data_hold(&handler);
    *last = hook;
}

/* ---- Hooks: running ---- */

static struct yk_called *find_called(const struct yk_frame *frame,
                                     struct yk_slice name, const char *value)
{
    struct yk_called *called = frame->called;
    while (called && !(yk_slice_eq(called->name, name) &&
                       strcmp(called->value, value) == 0))
        called = called->next;
    return called;
}

static struct yk_called *add_called(struct yoke_req *req, struct yk_slice name,
                                    const char *value)
{
    struct yk_frame *frame = req->frame;
    struct yk_called *called = yk_arena_alloc(req->x->arena, sizeof(*called));
    *called = (struct yk_called){
        .next = frame->called,
        .name = name,
        .value = value,
    };
    frame->called = called;
    return called;
}

/* Goes on from the run's capture, none of whose hooks has run yet. */
static enum yk_hook_step find_step(struct yoke_req *req)
{
    struct yk_frame *frame = req->frame;
    struct yk_hook_run *run = &frame->run;
    for (; run->capture < frame->variant->capture_count; run->capture++) {
        struct yk_slice name = frame->variant->captures[run->capture].name;
        const char *value = frame->values[run->capture].text;
        run->hook = yk_params_next_hook(frame->router->hooks, name);
        if (!run->hook)
            continue;
        run->called = find_called(frame, name, value);
        if (!run->called) {
            run->called = add_called(req, name, value);
            return YK_HOOK_CALL;
        }
        run->hook = NULL;
        if (run->called->err)
            return YK_HOOK_ERROR;
        if (run->called->skips)
            return YK_HOOK_SKIP;
    }
    return YK_HOOK_DONE;
}

enum yk_hook_step yk_params_start_hooks(struct yoke_req *req)
{
    req->frame->run = (struct yk_hook_run){.hook = NULL};
    return find_step(req);
}

enum yk_hook_step yk_params_go_on(struct yoke_req *req)
{
    struct yk_hook_run *run = &req->frame->run;
    run->hook = yk_params_next_hook(run->hook->next, run->called->name);
    if (run->hook)
        return YK_HOOK_CALL;
    run->capture++;
    return find_step(req);
}

static struct yk_called *running(const yoke_req *req)
{
    const struct yk_hook_run *run = &req->frame->run;
    return run->hook ? run->called : NULL;
}

const char *yoke_param_value(const yoke_req *req)
{
    const struct yk_called *called = running(req);
    return called ? called->value : NULL;
}

const char *yoke_param_name(const yoke_req *req)
{
    const struct yk_called *called = running(req);
    return called ? yk_arena_strndup(req->x->arena, called->name.ptr,
                                     called->name.len)
                  : NULL;
}

void yoke_param_set_data(yoke_req *req, void *data)
{
    struct yk_called *called = running(req);
    if (called)
        called->data = data;
    else
        yk_req_log(req, YOKE_LOG_WARN,
                   "yoke_param_set_data is called outside of the handler of a "
                   "param");
}

void *yoke_req_param_data(const yoke_req *req, const char *name)
{
    const struct yk_frame *frame;
    struct yk_slice key = yk_slice_of(name);
    const struct yk_value *value = find(req->frame, key, &frame);
    const struct yk_called *called =
        value ? find_called(frame, key, value->text) : NULL;
    return called ? called->data : NULL;
}
