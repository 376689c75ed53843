/* The ports in a handover: their sockets, and who listens on them. */
#ifndef YK_CLUSTER_HANDOVER_PORTS_H
#define YK_CLUSTER_HANDOVER_PORTS_H

#include <jansson.h>

struct yk_handover;
struct yk_message_listen;
struct yk_socket;

/* What a port was asked for, and its socket, as they stand in the document. */
json_t *yk_handover_key(const struct yk_message_listen *key);
json_t *yk_handover_socket(struct yk_handover *handover,
                           const struct yk_socket *socket);

/* Enters all of them, as in handover_fleet.h. */
void yk_handover_save_ports(struct yk_handover *handover);

/* Goes on with all of them; the workers are there already. What cannot be gone
 * on with is said in the log: workers that accept themselves still do. */
void yk_handover_resume_ports(const json_t *root);

#endif
