#include "cluster/roll_call.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <yoke/cluster.h>
#include <yoke/error.h>
#include <yoke/log.h>

#include "cluster/handover.h"
#include "cluster/haven.h"
#include "cluster/life.h"
#include "cluster/message.h"
#include "cluster/roll_packet.h"
#include "cluster/roll_ports.h"
#include "cluster/slot.h"
#include "core/cleanup.h"
#include "net/vitals.h"

#include "core/banned.h"

#define LIMIT_MS    2000
#define ORPHANS_MAX 1024

/* ---- What is found ---- */

struct search {
    struct yk_handover document; /* Its root is being filled in. */
    struct yk_roll_ports ports;
    json_t *workers, *slots, *generations;
    int loads_fd;
    int last_id;
    unsigned last_generation;
    uint64_t end_ms;
};

/* One of them, while it is asked. */
struct orphan {
    int fd; /* The connection. */
    bool is_known;
    bool has_ended;
    struct yk_message_introduction body;
    int board_fd;
};

static json_t *fd_value(struct search *search, int *fd)
{
    return yk_handover_keep(&search->document, yk_take_fd(fd));
}

/* A generation that is only known by its number: what replaces its workers is
 * the program as it is now. */
static void add_generation(struct search *search, unsigned number)
{
    size_t i;
    const json_t *entry;

    if (number > search->last_generation)
        search->last_generation = number;
    json_array_foreach(search->generations, i, entry)
    {
        if (yk_handover_int(entry, "number") == number)
            return;
    }
    json_array_append_new(search->generations,
                          json_pack("{s:i}", "number", (int)number));
}

/* ---- What one of them says ---- */

static int on_introduction(struct search *search, struct orphan *orphan,
                           const struct yk_roll_packet *packet, int fds[2],
                           pid_t pid)
{
    if (packet->head.len < sizeof(orphan->body) || orphan->is_known)
        return -EPROTO;
    memcpy(&orphan->body, packet->body, sizeof(orphan->body));
    if (orphan->body.pid != pid || orphan->body.id <= 0 ||
        orphan->body.slot < 1 || orphan->body.slot > ORPHANS_MAX)
        return -EPROTO;
    orphan->is_known = true;
    orphan->board_fd = yk_take_fd(&fds[0]);
    if (search->loads_fd < 0)
        search->loads_fd = yk_take_fd(&fds[1]);
    return 0;
}

static int handle(struct search *search, struct orphan *orphan,
                  const struct yk_roll_packet *packet, int fds[2], pid_t pid)
{
    switch (packet->head.type) {
    case YK_MESSAGE_INTRODUCTION:
        return on_introduction(search, orphan, packet, fds, pid);
    case YK_MESSAGE_LISTEN:
        return orphan->is_known
                   ? yk_roll_ports_listen(&search->ports, orphan->body.id,
                                          packet, &fds[0])
                   : -EPROTO;
    case YK_MESSAGE_OFFER:
        yk_roll_ports_offer(&search->ports, orphan->body.id, packet);
        return 0;
    case YK_MESSAGE_INTRODUCED:
        orphan->has_ended = true;
        return orphan->is_known ? 0 : -EPROTO;
    }
    return 0;
}

/* Reads all it says, for as long as there is time. */
static int listen_to(struct search *search, struct orphan *orphan)
{
    static struct yk_roll_packet packet;

    while (!orphan->has_ended) {
        uint64_t now_ms = yk_now_ns() / 1000000;
        struct pollfd ready = {.fd = orphan->fd, .events = POLLIN};
        if (now_ms >= search->end_ms ||
            poll(&ready, 1, (int)(search->end_ms - now_ms)) <= 0)
            return -ETIMEDOUT;
        int fds[2];
        pid_t pid;
        ssize_t n = yk_roll_packet_receive(orphan->fd, &packet, fds, &pid);
        int err = n < 0 ? (int)n : handle(search, orphan, &packet, fds, pid);
        yk_close_fd(&fds[0]);
        yk_close_fd(&fds[1]);
        if (err < 0)
            return err;
    }
    return 0;
}

/* ---- The document ---- */

static json_t *life_of(const struct orphan *orphan, uint64_t now_ms)
{
    return json_pack("{s:i, s:i, s:b, s:b, s:I, s:I, s:i}", "state",
                     orphan->body.is_leaving ? YK_LIFE_DRAINING : YK_LIFE_READY,
                     "cause", (int)YOKE_CAUSE_RELOAD, "has_cause",
                     orphan->body.is_leaving, "on_trial", 0, "forked",
                     (json_int_t)now_ms, "ready", (json_int_t)now_ms, "jitter",
                     0);
}

static int add_worker(struct search *search, struct orphan *orphan)
{
    const struct yk_message_introduction *body = &orphan->body;
    uint64_t now_ms = yk_now_ns() / 1000000;
    int pidfd = pidfd_open(body->pid, 0);

    if (pidfd < 0)
        return -errno;
    if (body->id > search->last_id)
        search->last_id = body->id;
    add_generation(search, body->generation);
    return json_array_append_new(
        search->workers,
        json_pack("{s:i, s:i, s:i, s:i, s:i, s:I, s:b, s:b, s:b, s:b, s:b,"
                  " s:o, s:o, s:o, s:[], s:o}",
                  "id", body->id, "pid", body->pid, "slot", body->slot,
                  "generation", (int)body->generation, "seat", (int)body->seat,
                  "forked", (json_int_t)now_ms, "online", 1, "listened", 1,
                  "leaving", body->is_leaving, "listed", !body->is_leaving,
                  "unrouted", body->is_leaving, "pidfd",
                  fd_value(search, &pidfd), "channel",
                  fd_value(search, &orphan->fd), "board",
                  fd_value(search, &orphan->board_fd), "pipes", "life",
                  life_of(orphan, now_ms)));
}

/* The slot is the worker's, unless it is leaving, or another has it. */
static void add_slot(struct search *search, const struct orphan *orphan)
{
    const struct yk_message_introduction *body = &orphan->body;

    while ((int)json_array_size(search->slots) < body->slot)
        json_array_append_new(search->slots,
                              json_pack("{s:i}", "state", YK_SLOT_EMPTY));
    json_t *slot = json_array_get(search->slots, (size_t)body->slot - 1);
    if (body->is_leaving || yk_handover_int(slot, "worker"))
        return;
    json_object_set_new(slot, "state", json_integer(YK_SLOT_SERVING));
    json_object_set_new(slot, "worker", json_integer(body->id));
}

/* ---- All ---- */

static void ask(const char *file, void *data)
{
    struct search *search = data;
    int off = 0;
    struct orphan orphan = {.fd = yk_haven_connect(file), .board_fd = -1};

    if (orphan.fd < 0) {
        yk_haven_unlink(file);
        return;
    }
    int err = listen_to(search, &orphan);
    if (err == 0) {
        setsockopt(orphan.fd, SOL_SOCKET, SO_PASSCRED, &off, sizeof(off));
        add_slot(search, &orphan);
        err = add_worker(search, &orphan);
    }
    if (err < 0)
        yoke_log(YOKE_LOG_WARN, "the worker at %s cannot be gone on with: %s",
                 file, yoke_strerror(err));
    yk_close_fd(&orphan.fd);
    yk_close_fd(&orphan.board_fd);
}

static json_t *finish(struct search *search,
                      const struct yoke_cluster_options *options)
{
    unsigned next = search->last_generation + 1;
    size_t i;
    json_t *slot;

    yk_roll_ports_finish(&search->ports, true);
    add_generation(search, next);
    json_array_foreach(search->slots, i, slot)
    {
        json_object_set_new(slot, "generation", json_integer(next));
    }
    json_t *fleet = json_pack(
        "{s:i, s:i, s:i, s:i, s:o, s:o, s:o, s:o}", "size", options->workers,
        "generation", (int)next, "last_generation", (int)next, "last_worker",
        search->last_id, "loads_fd", fd_value(search, &search->loads_fd),
        "generations", search->generations, "workers", search->workers, "slots",
        search->slots);
    json_object_set_new(search->document.root, "fleet", fleet);
    json_object_set_new(search->document.root, "ports", search->ports.list);
    json_t *root = json_incref(search->document.root);
    yk_handover_done(&search->document);
    return root;
}

static void forget(struct search *search)
{
    yk_roll_ports_finish(&search->ports, false);
    json_decref(search->workers);
    json_decref(search->ports.list);
    json_decref(search->slots);
    json_decref(search->generations);
    yk_close_fd(&search->loads_fd);
    /* Sockets of orphans that did not say all: nobody goes on with them. */
    for (size_t i = 0; i < search->document.count; i++)
        close(search->document.fds[i]);
    yk_handover_done(&search->document);
}

json_t *yk_roll_call(const struct yoke_cluster_options *options)
{
    struct search search = {.workers = json_array(),
                            .ports = {.list = json_array()},
                            .slots = json_array(),
                            .generations = json_array(),
                            .loads_fd = -1,
                            .end_ms = yk_now_ns() / 1000000 + LIMIT_MS};

    search.ports.document = &search.document;
    if (yk_handover_init(&search.document) == 0)
        yk_haven_each(ask, &search);
    if (json_array_size(search.workers) > 0 && search.loads_fd >= 0)
        return finish(&search, options);
    forget(&search);
    return NULL;
}
