/* By the kernel: it chooses the worker itself as the client's SYN comes, with a
 * program of ours (bpf_program.h), among sockets of which each worker has one
 * (shards.h). The primary is not on the way, and no worker has to look at the
 * others. `kernel-rr` goes strictly in turn, `kernel-least` to whoever has the
 * fewest connections.
 *
 *     routes     memory of this port: is shard n open, whose is it
 *     loads      memory of all workers (loads.h): what each has to do
 *     sockets    0: the port's own; n + 1: shard n
 *
 * The program is written for a number of shards; when there are more, another
 * takes its place. */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "cluster/bpf.h"
#include "cluster/bpf_program.h"
#include "cluster/dealer.h"
#include "cluster/fallback.h"
#include "cluster/loads.h"
#include "cluster/message.h"
#include "cluster/port.h"
#include "cluster/sched.h"
#include "cluster/seats.h"
#include "cluster/shards.h"
#include "cluster/users.h"
#include "cluster/worker.h"
#include "core/alloc.h"
#include "core/cleanup.h"
#include "net/reuseport.h"

#include "core/banned.h"

/* Shards that the first program is for. */
#define FIRST_ROOM 16

_Static_assert(YK_SHARDS_TEXT_MAX >= YK_BPF_TEXT_MAX, "room for the reason");

struct kernel {
    enum yk_bpf_choice choice;
    struct yk_bpf_maps maps;
    struct yk_routes *routes;
    uint16_t room; /* Shards that the program is for. */
};

/* ---- The program ---- */

/* The group keeps the program alive. */
static int attach_program(struct kernel *kernel, int socket, uint16_t room,
                          char text[YK_SHARDS_TEXT_MAX])
{
    YK_CLEANUP(yk_close_fd) int fd = -1;
    int err =
        yk_bpf_choice_load(kernel->choice, room, &kernel->maps, text, &fd);

    if (err < 0)
        return err;
    err = yk_reuseport_attach_program(socket, fd);
    if (err < 0) {
        snprintf(text, YK_SHARDS_TEXT_MAX, "%s", yoke_strerror(err));
        return err;
    }
    kernel->room = room;
    return 0;
}

/* ---- Shards ---- */

static int map_routes(struct kernel *kernel)
{
    void *ptr = mmap(NULL, sizeof(struct yk_routes), PROT_READ | PROT_WRITE,
                     MAP_SHARED, kernel->maps.routes, 0);

    if (ptr == MAP_FAILED)
        return -errno;
    kernel->routes = ptr;
    return 0;
}

/* The program in the kernel reads these, and the sockets can be in no others. */
static bool take_maps(struct kernel *kernel, struct yk_port *port)
{
    if (port->past_kept[0] < 0 || port->past_kept[1] < 0)
        return false;
    kernel->maps.routes = yk_take_fd(&port->past_kept[0]);
    kernel->maps.sockets = yk_take_fd(&port->past_kept[1]);
    return true;
}

static int make_maps(struct kernel *kernel)
{
    int err = yk_bpf_memory_create("yoke_routes", sizeof(struct yk_route),
                                   YK_ROUTES_MAX + 1, &kernel->maps.routes);

    if (err == 0)
        err = yk_bpf_sockets_create("yoke_sockets", YK_ROUTES_MAX + 1,
                                    &kernel->maps.sockets);
    return err < 0 ? err : map_routes(kernel);
}

static int open_kernel(struct yk_shards *shards, enum yk_bpf_choice choice,
                       char text[YK_SHARDS_TEXT_MAX])
{
    struct kernel *kernel = yk_try_alloc(sizeof(*kernel));

    snprintf(text, YK_SHARDS_TEXT_MAX, "no memory");
    if (!kernel)
        return -ENOMEM;
    *kernel = (struct kernel){
        .choice = choice,
        .maps = {.routes = -1, .sockets = -1, .loads = yk_seats_fd()}};
    shards->state = kernel;
    int err = take_maps(kernel, shards->port) ? map_routes(kernel)
                                              : make_maps(kernel);
    if (err < 0)
        yk_bpf_say_why(err, text);
    return err;
}

static int open_turns(struct yk_shards *shards, char text[YK_SHARDS_TEXT_MAX])
{
    return open_kernel(shards, YK_BPF_TURNS, text);
}

static int open_least(struct yk_shards *shards, char text[YK_SHARDS_TEXT_MAX])
{
    return open_kernel(shards, YK_BPF_LEAST, text);
}

/* Those of another primary are there already. */
static int enter_socket(struct yk_shards *shards, const struct yk_shard *shard)
{
    struct kernel *kernel = shards->state;
    int sockets = kernel->maps.sockets;

    if (shard->number < shards->port->past_count)
        return 0;
    int err = yk_bpf_sockets_set(sockets, shard->number + 1u, shard->fd);
    if (err == 0 && shard->number == 0)
        err = yk_bpf_sockets_set(sockets, 0, shards->port->socket.fd);
    return err;
}

static int add(struct yk_shards *shards, const struct yk_shard *shard,
               char text[YK_SHARDS_TEXT_MAX])
{
    struct kernel *kernel = shards->state;
    int parking = shards->port->socket.fd;
    int err = enter_socket(shards, shard);

    if (err < 0) {
        yk_bpf_say_why(err, text);
        return err;
    }
    if (shard->number >= kernel->room) {
        uint16_t room = kernel->room ? kernel->room * 2 : FIRST_ROOM;
        err = attach_program(kernel, parking, room, text);
    }
    if (err == 0)
        atomic_store(&kernel->routes->head.count, shard->number + 1u);
    return err;
}

static void route(struct yk_shards *shards, const struct yk_shard *shard)
{
    struct kernel *kernel = shards->state;
    struct yk_route *its = &kernel->routes->of[shard->number];

    if (shard->is_routed)
        atomic_store(&its->seat, (uint32_t)shard->owner->worker->seat);
    atomic_store(&its->is_open, shard->is_routed);
}

static void close_kernel(struct yk_shards *shards)
{
    struct kernel *kernel = shards->state;

    if (!kernel)
        return;
    if (kernel->routes)
        munmap(kernel->routes, sizeof(*kernel->routes));
    yk_close_fd(&kernel->maps.routes);
    yk_close_fd(&kernel->maps.sockets);
    free(kernel);
}

static const struct yk_shards_ops turns_ops = {
    .open = open_turns,
    .add = add,
    .route = route,
    .close = close_kernel,
};

static const struct yk_shards_ops least_ops = {
    .open = open_least,
    .add = add,
    .route = route,
    .close = close_kernel,
};

static void kept(const struct yk_port *port, int fds[YK_SCHED_KEPT])
{
    const struct yk_shards *shards = port->state;
    const struct kernel *kernel = shards->state;

    fds[0] = kernel->maps.routes;
    fds[1] = kernel->maps.sockets;
}

/* ---- The policies ---- */

static int start_with(struct yk_port *port, const struct yk_shards_ops *ops)
{
    char text[YK_SHARDS_TEXT_MAX];

    if (port->socket.address.family < 0)
        return yk_sched_fall_back(port, "a UNIX socket has no group");
    if (yk_shards_start(port, ops, text) < 0)
        return yk_sched_fall_back(port, text);
    return 0;
}

static int start_turns(struct yk_port *port)
{
    return start_with(port, &turns_ops);
}

static int start_least(struct yk_port *port)
{
    return start_with(port, &least_ops);
}

/* The worker that has given the connection, to have a copy kept while it is
 * silent; the kernel has chosen it already. NULL: it cannot take it back. */
static struct yk_user *find_giver(struct yk_port *port,
                                  const struct yk_conn *conn)
{
    YK_LIST_EACH(node, &port->users)
    {
        struct yk_user *user = YK_CONTAINER_OF(node, struct yk_user, node);
        if (conn->giver && user->worker->id == conn->giver)
            return yk_shards_is_ready(user) ? user : NULL;
    }
    return NULL;
}

/* Connections that have come to the primary: by turns, too. */
static struct yk_user *choose_in_turn(struct yk_port *port,
                                      const struct yk_conn *conn)
{
    struct yk_user *giver = find_giver(port, conn);

    return giver ? giver : yk_shards_take_turn(port);
}

static struct yk_user *choose_least(struct yk_port *port,
                                    const struct yk_conn *conn)
{
    struct yk_user *best = find_giver(port, conn);
    uint64_t least = best ? 0 : UINT64_MAX;

    YK_LIST_EACH(node, &port->users)
    {
        struct yk_user *user = YK_CONTAINER_OF(node, struct yk_user, node);
        uint64_t load = yk_dealer_load(user->worker);
        if (load >= least || !yk_shards_is_ready(user))
            continue;
        least = load;
        best = user;
    }
    return best;
}

const struct yk_sched yk_sched_kernel_rr = {
    .policy = YOKE_SCHED_KERNEL_RR,
    .name = "kernel-rr",
    .ways = YK_ACCEPT_OWN,
    .in_kernel = true,
    .start = start_turns,
    .user_added = yk_shards_user_added,
    .user_removed = yk_shards_user_removed,
    .unroute = yk_shards_unroute,
    .update = yk_shards_update,
    .socket = yk_shards_socket,
    .choose = choose_in_turn,
    .drain = yk_shards_drain,
    .kept = kept,
    .stop = yk_shards_stop,
};

const struct yk_sched yk_sched_kernel_least = {
    .policy = YOKE_SCHED_KERNEL_LEAST,
    .name = "kernel-least",
    .ways = YK_ACCEPT_OWN,
    .in_kernel = true,
    .start = start_least,
    .user_added = yk_shards_user_added,
    .user_removed = yk_shards_user_removed,
    .unroute = yk_shards_unroute,
    .update = yk_shards_update,
    .socket = yk_shards_socket,
    .choose = choose_least,
    .drain = yk_shards_drain,
    .kept = kept,
    .stop = yk_shards_stop,
};
