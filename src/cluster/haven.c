#include "cluster/haven.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <yoke/cluster.h>
#include <yoke/error.h>
#include <yoke/log.h>

#include "cluster/control.h"
#include "cluster/generation.h"
#include "cluster/handover.h"
#include "cluster/handover_ports.h"
#include "cluster/life.h"
#include "cluster/loads.h"
#include "cluster/message.h"
#include "cluster/request.h"
#include "cluster/runtime_dir.h"
#include "cluster/sched.h"
#include "cluster/settings.h"
#include "cluster/slot.h"
#include "core/cleanup.h"
#include "net/address.h"
#include "net/listener.h"
#include "net/reuseport.h"
#include "net/socket.h"
#include "net/vitals.h"

#include "core/banned.h"

#define LIMIT_MS    2000
#define ORPHANS_MAX 1024

/* ---- The socket ---- */

static int folder(void)
{
    return yk_control_folder();
}

static int set_address(struct sockaddr_un *addr, const char *file)
{
    char path[YK_RUNTIME_PATH_MAX];

    *addr = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (folder() < 0)
        return -ENOENT;
    snprintf(addr->sun_path, sizeof(addr->sun_path), "%s",
             yk_runtime_path(folder(), file, path));
    return 0;
}

static void name_of(int id, char out[32])
{
    snprintf(out, 32, YK_HAVEN_PREFIX "%d", id);
}

int yk_haven_open(int id)
{
    char file[32];

    if (folder() < 0)
        return -ENOENT;
    name_of(id, file);
    return yk_runtime_listen(folder(), file, SOCK_SEQPACKET, 1);
}

void yk_haven_remove(int id)
{
    char file[32];

    name_of(id, file);
    if (folder() >= 0)
        unlinkat(folder(), file, 0);
}

/* ---- Orphans ---- */

/* What is found. */
struct search {
    struct yk_handover document; /* Its root is being filled in. */
    json_t *workers, *ports, *slots, *generations;
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

struct packet {
    struct yk_message_head head;
    char body[YK_PACKET_MAX];
};

/* Takes the first two descriptors that came along, and closes the others. */
static void take_fds(struct msghdr *msg, int fds[2])
{
    int next = 0;

    fds[0] = fds[1] = -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
            if (next < 2)
                fds[next++] = fd;
            else
                close(fd);
        }
    }
}

/* The process that has sent it, as the kernel says. */
static pid_t sender_of(struct msghdr *msg)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        struct ucred who;
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
            continue;
        memcpy(&who, CMSG_DATA(c), sizeof(who));
        return who.pid;
    }
    return 0;
}

/* Returns the length of the body, or a negative code. */
static ssize_t receive(int fd, struct packet *packet, int fds[2], pid_t *pid)
{
    _Alignas(struct cmsghdr) char control[512];
    struct iovec iov = {packet, sizeof(*packet)};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof(control)};
    ssize_t n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);

    if (n < 0)
        return -errno;
    take_fds(&msg, fds);
    *pid = sender_of(&msg);
    if ((size_t)n < sizeof(packet->head) ||
        packet->head.version != YK_MESSAGE_VERSION ||
        (size_t)n != sizeof(packet->head) + packet->head.len)
        return -EPROTO;
    return (ssize_t)packet->head.len;
}

static int on_introduction(struct search *search, struct orphan *orphan,
                           const struct packet *packet, int fds[2], pid_t pid)
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

/* ---- Ports ---- */

static bool has_group(void)
{
    return yk_sched_of(yk_settings_sched())->ways & YK_ACCEPT_OWN;
}

/* The group ended with the primary. */
static enum yoke_sched policy(void)
{
    return has_group() ? YOKE_SCHED_RR : yk_settings_sched();
}

static json_t *find_port(const struct search *search, const json_t *key,
                         const char *name)
{
    size_t i;
    json_t *port;

    json_array_foreach(search->ports, i, port)
    {
        if (json_equal(json_object_get(port, "key"), key) &&
            strcmp(yk_handover_text(port, "name"), name) == 0)
            return port;
    }
    return NULL;
}

static void find_file(struct yk_socket *socket)
{
    struct stat st;

    if (socket->address.family != -1 || socket->address.host[0] != '/' ||
        stat(socket->address.host, &st) < 0)
        return;
    socket->path = socket->address.host;
    socket->dev = st.st_dev;
    socket->ino = st.st_ino;
}

static json_t *add_port(struct search *search, json_t *key, const char *name)
{
    json_t *port = json_pack("{s:s, s:O, s:i, s:[], s:[]}", "name", name, "key",
                             key, "policy", (int)policy(), "shards", "users");

    json_array_append_new(search->ports, port);
    return port;
}

static int set_socket(struct search *search, json_t *port, int *fd)
{
    struct yk_socket socket = {.fd = *fd};
    int err = yk_address_of_socket(*fd, &socket.address);

    if (err < 0)
        return err;
    find_file(&socket);
    yk_take_fd(fd);
    return json_object_set_new(port, "socket",
                               yk_handover_socket(&search->document, &socket));
}

/* The socket that workers are dealt from is the port's. One that is a worker's
 * own, of a group, is not; it is only kept until all have spoken. */
static int take_socket(struct search *search, json_t *port, bool is_own,
                       int *fd)
{
    struct yoke_address address;

    if (json_object_get(port, "socket") ||
        (is_own && json_object_get(port, "member")))
        return 0;
    if (*fd < 0 || yk_address_of_socket(*fd, &address) < 0)
        return -EPROTO;
    if (!is_own)
        return set_socket(search, port, fd);
    return json_object_set_new(port, "member", json_integer(yk_take_fd(fd)));
}

/* Where each worker has a socket, the primary gets another beside them, for they
 * let no more clients in when they are told to end. */
static void open_own(struct search *search, json_t *port, int *member)
{
    int own;
    int err = yk_reuseport_open(
        *member, (int)yk_handover_int(json_object_get(port, "key"), "backlog"),
        &own);

    set_socket(search, port, err < 0 ? member : &own);
}

static void finish_port(struct search *search, json_t *port, bool is_used)
{
    const json_t *kept = json_object_get(port, "member");
    int member = kept ? (int)json_integer_value(kept) : -1;

    if (is_used && !json_object_get(port, "socket"))
        open_own(search, port, &member);
    yk_close_fd(&member);
    json_object_del(port, "member");
}

static void finish_ports(struct search *search, bool are_used)
{
    size_t i;
    json_t *port;

    json_array_foreach(search->ports, i, port)
    {
        finish_port(search, port, are_used);
    }
}

static void add_user(json_t *port, int id, uint32_t token)
{
    json_array_append_new(json_object_get(port, "users"),
                          json_pack("{s:i, s:I, s:I}", "worker", id, "token",
                                    (json_int_t)token, "room",
                                    (json_int_t)YK_ROOM_ANY));
}

static int on_listen(struct search *search, const struct orphan *orphan,
                     const struct packet *packet, int *fd)
{
    struct yk_listen_request request;

    if (!orphan->is_known ||
        yk_listen_request_read(&request, packet->body, packet->head.len) < 0)
        return -EPROTO;
    json_t *key = yk_handover_key(&request.listen);
    json_t *port = find_port(search, key, request.name);
    if (!port)
        port = add_port(search, key, request.name);
    json_decref(key);
    int err = take_socket(search, port, request.listen.is_own, fd);
    if (err == 0)
        add_user(port, orphan->body.id, request.listen.token);
    return err;
}

static void on_offer(struct search *search, const struct orphan *orphan,
                     const struct packet *packet)
{
    struct yk_message_offer offer;
    size_t i, k;
    json_t *port, *user;

    if (packet->head.len < sizeof(offer))
        return;
    memcpy(&offer, packet->body, sizeof(offer));
    json_array_foreach(search->ports, i, port)
    {
        json_array_foreach(json_object_get(port, "users"), k, user)
        {
            if (yk_handover_int(user, "worker") == orphan->body.id &&
                yk_handover_int(user, "token") == offer.token)
                json_object_set_new(user, "room", json_integer(offer.room));
        }
    }
}

static int handle(struct search *search, struct orphan *orphan,
                  const struct packet *packet, int fds[2], pid_t pid)
{
    switch (packet->head.type) {
    case YK_MESSAGE_INTRODUCTION:
        return on_introduction(search, orphan, packet, fds, pid);
    case YK_MESSAGE_LISTEN:
        return on_listen(search, orphan, packet, &fds[0]);
    case YK_MESSAGE_OFFER:
        on_offer(search, orphan, packet);
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
    static struct packet packet;

    while (!orphan->has_ended) {
        uint64_t now_ms = yk_now_ns() / 1000000;
        struct pollfd ready = {.fd = orphan->fd, .events = POLLIN};
        if (now_ms >= search->end_ms ||
            poll(&ready, 1, (int)(search->end_ms - now_ms)) <= 0)
            return -ETIMEDOUT;
        int fds[2];
        pid_t pid;
        ssize_t n = receive(orphan->fd, &packet, fds, &pid);
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

/* ---- Finding them ---- */

static int connect_to(const char *file)
{
    struct sockaddr_un addr;
    int on = 1;
    YK_CLEANUP(yk_close_fd)
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0 || set_address(&addr, file) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
        connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
        return -1;
    return yk_take_fd(&fd);
}

static void ask(const char *file, void *data)
{
    struct search *search = data;
    int off = 0;
    struct orphan orphan = {.fd = connect_to(file), .board_fd = -1};

    if (orphan.fd < 0) {
        unlinkat(folder(), file, 0);
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

/* ---- All ---- */

static json_t *finish(struct search *search,
                      const struct yoke_cluster_options *options)
{
    unsigned next = search->last_generation + 1;
    size_t i;
    json_t *slot;

    finish_ports(search, true);
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
    json_object_set_new(search->document.root, "ports", search->ports);
    json_t *root = json_incref(search->document.root);
    yk_handover_done(&search->document);
    return root;
}

static void forget(struct search *search)
{
    finish_ports(search, false);
    json_decref(search->workers);
    json_decref(search->ports);
    json_decref(search->slots);
    json_decref(search->generations);
    yk_close_fd(&search->loads_fd);
    /* Sockets of orphans that did not say all: nobody goes on with them. */
    for (size_t i = 0; i < search->document.count; i++)
        close(search->document.fds[i]);
    yk_handover_done(&search->document);
}

json_t *yk_haven_collect(const struct yoke_cluster_options *options)
{
    struct search search = {.workers = json_array(),
                            .ports = json_array(),
                            .slots = json_array(),
                            .generations = json_array(),
                            .loads_fd = -1,
                            .end_ms = yk_now_ns() / 1000000 + LIMIT_MS};

    if (folder() >= 0 && yk_handover_init(&search.document) == 0)
        yk_runtime_each_haven(folder(), ask, &search);
    if (json_array_size(search.workers) > 0 && search.loads_fd >= 0)
        return finish(&search, options);
    forget(&search);
    return NULL;
}
