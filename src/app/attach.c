/* A list: a request has a handful of values, and mostly none. */
#include "app/attach.h"

#include "app/req.h"
#include "core/arena.h"

#include "core/banned.h"

struct yk_attached {
    struct yk_attached *next;
    const void *key;
    void *value;
    void (*free_value)(void *value);
};

static struct yk_attached *find(const struct yoke_req *req, const void *key)
{
    struct yk_attached *attached = req->attached;
    while (attached && attached->key != key)
        attached = attached->next;
    return attached;
}

static void drop(struct yk_attached *attached)
{
    void *value = attached->value;
    attached->value = NULL;
    if (attached->free_value && value)
        attached->free_value(value);
}

void yoke_req_attach(yoke_req *req, const void *key, void *value,
                     void (*free_value)(void *value))
{
    struct yk_attached *attached = find(req, key);
    if (attached) {
        drop(attached);
    } else {
        attached = yk_arena_alloc(req->x->arena, sizeof(*attached));
        attached->next = req->attached;
        attached->key = key;
        req->attached = attached;
    }
    attached->value = value;
    attached->free_value = free_value;
    if (free_value)
        req->needs_release = true;
}

void *yoke_req_attached(const yoke_req *req, const void *key)
{
    const struct yk_attached *attached = find(req, key);
    return attached ? attached->value : NULL;
}

void yk_attached_free(struct yoke_req *req)
{
    for (struct yk_attached *a = req->attached; a; a = a->next)
        drop(a);
    req->attached = NULL;
}
