/* A proxy between a store and its servers that does to their connections what networks do: cuts them, swallows what is sent, or stands
 * still in the midst of an answer. It is a process of its own, so that it goes
 * on whatever the tests' loop does. */
#ifndef YK_TESTS_STORE_PROXY_H
#define YK_TESTS_STORE_PROXY_H

enum proxy_mode {
    PROXY_PASS,
    PROXY_CUT,   /* Connections are closed, new ones too. */
    PROXY_DROP,  /* Nothing comes through, in either direction, for ever:
                    what is sent is taken and thrown away. No connection is
                    closed. */
    PROXY_STALL, /* So many bytes of answers come through, then nothing until
                    PROXY_PASS; nothing is lost. */
};

#define PROXY_ROUTES_MAX 8

/* What comes in at `from` goes to `to`: the path of a UNIX socket, or a port of
 * 127.0.0.1. Before proxy_start. */
void proxy_add(const char *from, const char *to);
void proxy_add_port(int from, int to);

void proxy_start(void);
void proxy_stop(void);

/* For all connections. Returns when it does so. `bytes` is for PROXY_STALL. */
void proxy_set(enum proxy_mode mode, int bytes);

#endif
