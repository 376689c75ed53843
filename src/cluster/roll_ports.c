#include "cluster/roll_ports.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <yoke/cluster.h>

#include "cluster/handover.h"
#include "cluster/handover_ports.h"
#include "cluster/message.h"
#include "cluster/request.h"
#include "cluster/roll_packet.h"
#include "cluster/sched.h"
#include "cluster/settings.h"
#include "core/cleanup.h"
#include "net/address.h"
#include "net/listener.h"
#include "net/reuseport.h"
#include "net/socket.h"

#include "core/banned.h"

static bool has_group(void)
{
    return yk_sched_of(yk_settings_sched())->ways & YK_ACCEPT_OWN;
}

/* The group ended with the primary. */
static enum yoke_sched policy(void)
{
    return has_group() ? YOKE_SCHED_RR : yk_settings_sched();
}

static json_t *find_port(const struct yk_roll_ports *ports, const json_t *key,
                         const char *name)
{
    size_t i;
    json_t *port;

    json_array_foreach(ports->list, i, port)
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

static json_t *add_port(struct yk_roll_ports *ports, json_t *key,
                        const char *name)
{
    json_t *port = json_pack("{s:s, s:O, s:i, s:[], s:[]}", "name", name, "key",
                             key, "policy", (int)policy(), "shards", "users");

    json_array_append_new(ports->list, port);
    return port;
}

static int set_socket(struct yk_roll_ports *ports, json_t *port, int *fd)
{
    struct yk_socket socket = {.fd = *fd};
    int err = yk_address_of_socket(*fd, &socket.address);

    if (err < 0)
        return err;
    find_file(&socket);
    yk_take_fd(fd);
    return json_object_set_new(port, "socket",
                               yk_handover_socket(ports->document, &socket));
}

/* The socket that workers are dealt from is the port's. One that is a worker's
 * own, of a group, is not; it is only kept until all have spoken. */
static int take_socket(struct yk_roll_ports *ports, json_t *port, bool is_own,
                       int *fd)
{
    struct yoke_address address;

    if (json_object_get(port, "socket") ||
        (is_own && json_object_get(port, "member")))
        return 0;
    if (*fd < 0 || yk_address_of_socket(*fd, &address) < 0)
        return -EPROTO;
    if (!is_own)
        return set_socket(ports, port, fd);
    return json_object_set_new(port, "member", json_integer(yk_take_fd(fd)));
}

/* Where each worker has a socket, the primary gets another beside them, for they
 * let no more clients in when they are told to end. */
static void open_own(struct yk_roll_ports *ports, json_t *port, int *member)
{
    int own;
    int err = yk_reuseport_open(
        *member, (int)yk_handover_int(json_object_get(port, "key"), "backlog"),
        &own);

    set_socket(ports, port, err < 0 ? member : &own);
}

static void finish_port(struct yk_roll_ports *ports, json_t *port, bool is_used)
{
    const json_t *kept = json_object_get(port, "member");
    int member = kept ? (int)json_integer_value(kept) : -1;

    if (is_used && !json_object_get(port, "socket"))
        open_own(ports, port, &member);
    yk_close_fd(&member);
    json_object_del(port, "member");
}

void yk_roll_ports_finish(struct yk_roll_ports *ports, bool are_used)
{
    size_t i;
    json_t *port;

    json_array_foreach(ports->list, i, port)
    {
        finish_port(ports, port, are_used);
    }
}

static void add_user(json_t *port, int id, uint32_t token)
{
    json_array_append_new(json_object_get(port, "users"),
                          json_pack("{s:i, s:I, s:I}", "worker", id, "token",
                                    (json_int_t)token, "room",
                                    (json_int_t)YK_ROOM_ANY));
}

int yk_roll_ports_listen(struct yk_roll_ports *ports, int id,
                         const struct yk_roll_packet *packet, int *fd)
{
    struct yk_listen_request request;

    if (yk_listen_request_read(&request, packet->body, packet->head.len) < 0)
        return -EPROTO;
    json_t *key = yk_handover_key(&request.listen);
    json_t *port = find_port(ports, key, request.name);
    if (!port)
        port = add_port(ports, key, request.name);
    json_decref(key);
    int err = take_socket(ports, port, request.listen.is_own, fd);
    if (err == 0)
        add_user(port, id, request.listen.token);
    return err;
}

void yk_roll_ports_offer(struct yk_roll_ports *ports, int id,
                         const struct yk_roll_packet *packet)
{
    struct yk_message_offer offer;
    size_t i, k;
    json_t *port, *user;

    if (packet->head.len < sizeof(offer))
        return;
    memcpy(&offer, packet->body, sizeof(offer));
    json_array_foreach(ports->list, i, port)
    {
        json_array_foreach(json_object_get(port, "users"), k, user)
        {
            if (yk_handover_int(user, "worker") == id &&
                yk_handover_int(user, "token") == offer.token)
                json_object_set_new(user, "room", json_integer(offer.room));
        }
    }
}
