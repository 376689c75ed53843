/* Redis servers for tests: nodes of a cluster, a primary with its replica,
 * sentinels, servers with TLS. Each has a port of its own on 127.0.0.1, keeps
 * nothing on disk but in the fixture's folder, and dies with the test. */
#ifndef YK_TESTS_STORE_REDIS_SERVERS_H
#define YK_TESTS_STORE_REDIS_SERVERS_H

#include <stdbool.h>
#include <sys/types.h>

struct redis_server {
    int port;
    int bus_port;   /* Of a cluster's node. */
    int proxy_port; /* By which others know it; 0: its own. */
    pid_t pid;      /* 0: it does not run. */
    int fd;         /* What redis_ask uses; -1. */
    char id[48];    /* Of a cluster's node. */
    char options[2048];
};

/* Gives it a port and options ("--name value ..."), and starts it. "%d" in the
 * options, at most once, is the port. */
void redis_start(struct redis_server *server, const char *options);
/* The same as a sentinel: `lines` is its configuration. */
void redis_start_sentinel(struct redis_server *server, const char *lines);
/* Once more, as it was. */
void redis_restart(struct redis_server *server);
void redis_kill(struct redis_server *server);
/* Once more, when it has been killed, without waiting until it answers. */
void redis_begin(struct redis_server *server);
/* Stops it, and waits until it stands still; SIGCONT makes it go on. */
void redis_freeze(struct redis_server *server);

/* Sends a command and returns its reply as text, which is valid until the next:
 * elements of arrays are separated by blanks. "" when there is no server. */
const char *redis_ask(struct redis_server *server, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Waits until the reply has `wanted` in it. */
void redis_wait(struct redis_server *server, const char *command,
                const char *wanted);

/* A cluster: `servers[0]` to `servers[primaries - 1]` share the slots, so many
 * behind them are replicas of the first, and the others have no slots. Waits
 * until it works. */
void redis_start_cluster(struct redis_server *servers, int primaries,
                         int replicas, int count, const char *options);

/* Three primaries for the conformance suite. */
void redis_cluster_kind_start(void);
void redis_cluster_kind_stop(void);

/* A primary, and a sentinel that names it. */
void redis_sentinel_kind_start(void);
void redis_sentinel_kind_stop(void);

/* One server, over TLS. */
void rediss_kind_start(void);
void rediss_kind_stop(void);

/* A cluster, and a primary with its sentinel, by a proxy, which is started. The first node is hurt, and the
 * primary. */
struct hurt;
void redis_cluster_proxied_start(void);
void redis_sentinel_proxied_start(void);
extern const struct hurt redis_cluster_hurt, redis_sentinel_hurt;

#endif
