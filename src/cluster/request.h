/* A worker's wish to listen, on its way to the primary (LISTEN): the spec of
 * net/listener.h as a packet, and back.
 *
 *   struct yk_message_listen | name NUL | owner NUL | group NUL */
#ifndef YK_CLUSTER_REQUEST_H
#define YK_CLUSTER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster/message.h"

struct yk_listen_spec;

/* Longest name, owner or group: a path, with its NUL. */
#define YK_REQUEST_NAME_MAX 4096

struct yk_listen_request {
    struct yk_message_listen listen;
    const char *name;  /* What `listen.name` says it is; "" for nothing. */
    const char *owner; /* These two may be "": none. */
    const char *group;
};

/* What a worker asks for; token and index are left to the caller. A path that
 * is relative becomes absolute, in `room`, for the primary may be elsewhere;
 * all else is borrowed. Returns 0, or -ENAMETOOLONG. */
int yk_listen_request_of(struct yk_listen_request *request,
                         const struct yk_listen_spec *spec,
                         char room[YK_REQUEST_NAME_MAX]);

/* The packet's body, to `out`; returns its length. */
size_t yk_listen_request_write(const struct yk_listen_request *request,
                               char *out, size_t size);

/* Reads a packet's body; the strings are borrowed from it. Returns 0, or
 * -EBADMSG when it is not what it should be. */
int yk_listen_request_read(struct yk_listen_request *request, const void *body,
                           size_t len);

/* What the primary is to open; strings are borrowed. */
void yk_listen_request_spec(const struct yk_message_listen *listen,
                            const char *name, const char *owner,
                            const char *group, struct yk_listen_spec *ret_spec);

/* True when both mean the same address, whatever their place (index) on it.
 * Mode, owner and backlog do not count: the first one's hold. */
bool yk_listen_is_same(const struct yk_message_listen *a, const char *a_name,
                       const struct yk_message_listen *b, const char *b_name);

#endif
