/* A proxy between a store and its server, on UNIX sockets, that does to their
 * connections what networks do: cuts them, swallows what is sent, or stands
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

/* Starts it: it listens at `path` and connects to `server_path`. */
void proxy_start(const char *path, const char *server_path);
void proxy_stop(void);

/* Returns when it does so. `bytes` is for PROXY_STALL. */
void proxy_set(enum proxy_mode mode, int bytes);

#endif
