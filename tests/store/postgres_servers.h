/* PostgreSQL servers for tests: clusters made with initdb as an ordinary user, in
 * the fixture's folder, where their sockets are, too. They die with the test. */
#ifndef YK_TESTS_STORE_POSTGRES_SERVERS_H
#define YK_TESTS_STORE_POSTGRES_SERVERS_H

#include <sys/types.h>

struct postgres_server {
    int port; /* On 127.0.0.1, and a part of the socket's name. */
    pid_t pid;
    char data[128]; /* Its folder. */
};

/* Settings of one that has no stand-by. */
#define POSTGRES_ALONE "max_wal_senders=0 wal_level=minimal"

/* Makes a cluster in a folder of this name, owned by user yoke, who needs no
 * password. */
void postgres_make(struct postgres_server *server, const char *name);

/* A stand-by of a server that runs: its data, copied. */
void postgres_copy(struct postgres_server *server, const char *name,
                   const struct postgres_server *of);

/* Starts it, with settings ("name=value", between blanks) beside those that make
 * it small and quick, and waits until it takes connections. */
void postgres_start(struct postgres_server *server, const char *settings);

/* Ends it by a signal, and waits for that. */
void postgres_end(struct postgres_server *server, int signal_number);

/* Makes a primary of a stand-by; it may take a moment. */
void postgres_promote(const struct postgres_server *server);

/* Carries out a statement by psql(1), and returns what it has found, valid until
 * the next: values of a row are separated by "|". */
const char *postgres_ask(const struct postgres_server *server, const char *sql);

/* What runs as root gives a file to who runs the servers. */
void postgres_give(const char *path);

#endif
