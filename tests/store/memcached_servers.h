/* memcached servers for tests, each with a port of its own on 127.0.0.1. They die
 * with the test. */
#ifndef YK_TESTS_STORE_MEMCACHED_SERVERS_H
#define YK_TESTS_STORE_MEMCACHED_SERVERS_H

#include <sys/types.h>

struct memcached_server {
    int port;
    pid_t pid;
};

void memcached_start(struct memcached_server *server);
/* One that takes values of up to half a MiB, and when it has two in all, says so
 * instead of forgetting some. */
void memcached_start_small(struct memcached_server *server);
void memcached_kill(struct memcached_server *server);

/* Two for the conformance suite, which share the keys. */
void memcached_two_start(void);
void memcached_two_stop(void);

#endif
