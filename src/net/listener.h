/* The one way to get a listener.
 *
 * A listener delivers connections as descriptors. Where they come from is
 * decided by the source of the process: alone, the listener opens a socket and
 * accepts; in a worker the cluster puts itself in as the source
 * (`yk_listener_set_source`), and connections come over the channel or from a
 * socket the primary opened. Whoever listens sees no difference.
 *
 * All callbacks come from the loop, never from inside `yk_listener_open`. */
#ifndef YK_NET_LISTENER_H
#define YK_NET_LISTENER_H

#include <stdbool.h>

#include <yoke/listen.h>

#include "core/list.h"
#include "net/handoff.h"
#include "net/peer.h"

/* What to listen on; strings are borrowed for the call of open. */
struct yk_listen_spec {
    const char *host; /* NULL: every address. */
    const char *path; /* UNIX socket; then host and port do not count. */
    int port;
    int backlog; /* 0: 511. */
    bool ipv6_only;
    bool exclusive; /* Open it in this process even in a worker. */
};

struct yk_listener;

/* What the owner of a listener provides. */
struct yk_listener_ops {
    /* It listens, on this address. Once. */
    void (*on_listening)(struct yk_listener *listener,
                         const struct yoke_address *addr);
    /* It cannot listen; the listener is closed already. Once. `text` says
     * what could not be done in words, e.g. "port 80 is in use by nginx (pid
     * 812)", borrowed for the call. */
    void (*on_error)(struct yk_listener *listener, int err, const char *text);
    /* A connection: `fd` is non-blocking, close-on-exec and the owner's. */
    void (*on_connection)(struct yk_listener *listener, int fd,
                          const struct yk_peer *peer,
                          const struct yk_handoff *handoff);
    /* yk_listener_close has been carried out: nothing more comes, and the
     * memory is the owner's again. */
    void (*on_closed)(struct yk_listener *listener);
};

/* Embedded in its owner. The fields are the source's. */
struct yk_listener {
    const struct yk_listener_ops *ops;
    const struct yk_listen_source *source; /* Who opened it; NULL: closed. */
    void *state;                           /* The source's own. */
};

/* A way to get connections. */
struct yk_listen_source {
    /* Begins to listen. Returns 0, after which on_listening or on_error
     * follows; or a negative code, after which nothing does. */
    int (*open)(struct yk_listener *listener,
                const struct yk_listen_spec *spec);
    /* Stops: on_closed follows from the loop. Connections that were accepted
     * but not delivered are delivered first, or go to somebody else; none is
     * dropped. */
    void (*close)(struct yk_listener *listener);
};

/* Opens a listener through the process's source. */
int yk_listener_open(struct yk_listener *listener,
                     const struct yk_listener_ops *ops,
                     const struct yk_listen_spec *spec);

/* Closes it; see `close` above. Harmless on one that is closed or failed:
 * on_closed follows all the same. */
void yk_listener_close(struct yk_listener *listener);

/* Makes `source` the one that later opens go to; NULL: sockets of this
 * process. Called once, by the cluster, in a worker. */
void yk_listener_set_source(const struct yk_listen_source *source);

#endif
