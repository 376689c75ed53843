#include "net/later.h"

#include <uv.h>

#include <yoke/loop.h>

/* The calls that wait, and the handle that makes the loop run them: an idle
 * handle, which libuv calls in every turn before it polls. Written by the
 * functions below, on the loop's thread. */
static struct yk_list waiting = {&waiting, &waiting};
static uv_idle_t runner;
static bool is_ready;

static void run(uv_idle_t *idle)
{
    struct yk_list now;
    struct yk_list *node;

    /* What is added while these run is for the next turn. */
    yk_list_init(&now);
    yk_list_move_all(&now, &waiting);
    while ((node = yk_list_take(&now))) {
        struct yk_later *later = YK_CONTAINER_OF(node, struct yk_later, node);
        later->fn(later);
    }
    if (yk_list_is_empty(&waiting))
        uv_idle_stop(idle);
}

void yk_later_init(struct yk_later *later, void (*fn)(struct yk_later *later))
{
    yk_list_init(&later->node);
    later->fn = fn;
}

void yk_later_start(struct yk_later *later)
{
    if (!yk_list_is_empty(&later->node))
        return;
    if (!is_ready) {
        uv_idle_init(yoke_loop(), &runner);
        is_ready = true;
    }
    yk_list_add(&waiting, &later->node);
    uv_idle_start(&runner, run);
}

void yk_later_stop(struct yk_later *later)
{
    yk_list_remove(&later->node);
}
