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
#include <stdint.h>

#include <yoke/listen.h>

#include "core/list.h"
#include "net/handoff.h"
#include "net/peer.h"

/* What to listen on: yoke/listen.h and yoke/udp.h, in one. What stands first
 * counts. Strings are borrowed for the call of open. */
struct yk_listen_spec {
    const char *fd_name; /* Of the service manager's descriptors; or NULL. */
    int fd;              /* An inherited descriptor; or 0. */
    const char *path;    /* UNIX socket; or NULL. */
    const char *host;    /* NULL: every address. */
    int port;
    unsigned index; /* The process's n-th listener on `fd_name`. The source
                       fills it in. */
    bool is_udp;    /* Datagrams: `on_socket` instead of connections. */
    bool ipv6_only;
    bool exclusive;  /* Open it in this process even in a worker; */
    bool reuse_port; /* as does this. */
    bool reuse_addr; /* Datagrams: others may bind the address, too. */
    bool readable_all, writable_all;
    int backlog; /* 0: 511. */
    int mode;    /* Of the UNIX socket's file; 0: the umask's. */
    const char *owner, *group;
};

struct yoke_listen_options;

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
    /* Datagrams only, instead of on_connection: the bound socket, the owner's
     * from now on. Just before on_listening. */
    void (*on_socket)(struct yk_listener *listener, int fd);
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
    /* See yk_listener_set_room. */
    void (*set_room)(struct yk_listener *listener, uint32_t room);
    /* Takes a connection of the listener's that another process is to have.
     * Returns 0; a negative code: it stays the caller's. NULL: there is no
     * other. */
    int (*give)(struct yk_listener *listener, int fd,
                const struct yk_peer *peer);
};

/* The place of an application's or a stream server's options. Borrows its
 * strings. */
void yk_listen_spec_of(const struct yoke_listen_options *options,
                       struct yk_listen_spec *ret_spec);

/* Opens a listener through the process's source. */
int yk_listener_open(struct yk_listener *listener,
                     const struct yk_listener_ops *ops,
                     const struct yk_listen_spec *spec);

/* Closes it; see `close` above. Harmless on one that is closed or failed:
 * on_closed follows all the same. */
void yk_listener_close(struct yk_listener *listener);

/* As many connections as there are. */
#define YK_ROOM_ANY UINT32_MAX

/* How many more connections the owner takes, whenever that changes: also when
 * one has been delivered. What comes beyond goes to other workers, or waits;
 * where it can do neither (the listener is closing) it is delivered all the
 * same. To be called from on_listening on. */
void yk_listener_set_room(struct yk_listener *listener, uint32_t room);

/* True when yk_listener_give is worth trying. */
bool yk_listener_can_give(const struct yk_listener *listener);

/* Hands a connection to another process that listens there; takes the
 * descriptor over. A negative code: it stays the caller's. */
int yk_listener_give(struct yk_listener *listener, int fd,
                     const struct yk_peer *peer);

/* Makes `source` the one that later opens go to; NULL: sockets of this
 * process. Called once, by the cluster, in a worker. */
void yk_listener_set_source(const struct yk_listen_source *source);

#endif
