/* Ports as orphans tell of them (roll_call.h): entries of a handover, as their
 * primary could have written them (handover_ports.h). Workers that tell of the
 * same port are users of one. */
#ifndef YK_CLUSTER_ROLL_PORTS_H
#define YK_CLUSTER_ROLL_PORTS_H

#include <stdbool.h>

#include <jansson.h>

struct yk_handover;
struct yk_roll_packet;

struct yk_roll_ports {
    struct yk_handover *document; /* Keeps the sockets. */
    json_t *list;
};

/* The worker with that id has sent LISTEN, with its socket, which is taken (-1
 * then) if it is wanted. Returns 0, -EPROTO or -errno. */
int yk_roll_ports_listen(struct yk_roll_ports *ports, int id,
                         const struct yk_roll_packet *packet, int *fd);

/* The same with OFFER: so much room it has at one of its listeners. */
void yk_roll_ports_offer(struct yk_roll_ports *ports, int id,
                         const struct yk_roll_packet *packet);

/* All have spoken. `are_used`: somebody goes on with them. */
void yk_roll_ports_finish(struct yk_roll_ports *ports, bool are_used);

#endif
