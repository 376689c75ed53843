/* A stream server that takes commands, a line each. By the public header alone.
 *
 * Beside place.h's commands:
 *
 *     count     connections that it has
 *     max N     its limit from now on; ok
 *     peer      the other side's address, or nothing
 *     hang      (no answer, until the server drains: "drained")
 *     bye       closes
 *
 * $FLEET_MAX: the limits of the workers, in the order of their ids. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/cluster.h>
#include <yoke/net.h>

#include "place.h"

struct client {
    yoke_conn *conn;
    char line[256];
    size_t len;
    bool hangs;
};

static void on_written(uv_write_t *req, int status)
{
    (void)status;
    free(req);
}

static void answer(struct client *client, const char *text)
{
    struct {
        uv_write_t req; /* First: it is what is freed. */
        char text[160];
    } *write = calloc(1, sizeof(*write));
    int len = snprintf(write->text, sizeof(write->text), "%s\n", text);
    uv_buf_t buf = uv_buf_init(write->text, (unsigned)len);

    if (uv_write(&write->req, yoke_conn_stream(client->conn), &buf, 1,
                 on_written) < 0)
        free(write); /* It has been closed meanwhile. */
}

static void run(struct client *client, const char *line)
{
    yoke_net *server = yoke_conn_server(client->conn);
    char text[128];

    if (strcmp(line, "bye") == 0) {
        yoke_conn_close(client->conn);
        return;
    }
    if (strcmp(line, "hang") == 0) {
        client->hangs = true;
        return;
    }
    if (strcmp(line, "count") == 0) {
        snprintf(text, sizeof(text), "%zu", yoke_net_connections(server));
    } else if (strcmp(line, "peer") == 0) {
        const char *peer = yoke_conn_peer(client->conn, NULL);
        snprintf(text, sizeof(text), "%s", *peer ? peer : "nothing");
    } else if (strncmp(line, "max ", 4) == 0) {
        yoke_net_set_max_conns(server, (int)strtol(line + 4, NULL, 10));
        snprintf(text, sizeof(text), "ok");
    } else {
        place_command(line, text, sizeof(text));
    }
    answer(client, text);
}

static void alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct client *client = handle->data;

    (void)suggested;
    *buf = uv_buf_init(client->line + client->len,
                       (unsigned)(sizeof(client->line) - 1 - client->len));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct client *client = stream->data;

    (void)buf;
    if (n < 0) {
        yoke_conn_close(client->conn);
        return;
    }
    client->len += (size_t)n;
    client->line[client->len] = '\0';
    char *end = strchr(client->line, '\n');
    if (!end)
        return;
    *end = '\0';
    client->len = 0;
    run(client, client->line);
}

static void on_connection(yoke_net *server, yoke_conn *conn, void *data)
{
    struct client *client = calloc(1, sizeof(*client));

    (void)server;
    (void)data;
    client->conn = conn;
    yoke_conn_stream(conn)->data = client;
    yoke_conn_read(conn, alloc, on_read);
}

static void on_close(yoke_conn *conn, void *data)
{
    (void)data;
    free(yoke_conn_stream(conn)->data);
}

/* Written at once: what is closed loses what waits to be written. */
static void on_drain(yoke_conn *conn, void *data)
{
    struct client *client = yoke_conn_stream(conn)->data;
    char text[] = "drained\n";
    uv_buf_t buf = uv_buf_init(text, sizeof(text) - 1);

    (void)data;
    if (client->hangs)
        uv_try_write(yoke_conn_stream(conn), &buf, 1);
    yoke_conn_close(conn);
}

static void on_drop(yoke_net *server, void *data)
{
    (void)server;
    (void)data;
    printf("%d drops\n", (int)getpid());
}

static void on_listening(yoke_net *server, const struct yoke_address *address,
                         void *data)
{
    const struct place *place = data;

    printf("%d listens on %d %s %d\n", (int)getpid(), address->family,
           address->host, address->port);
    if (place->closes_listening)
        yoke_net_stop(server, -1);
}

static void on_error(yoke_net *server, int err, const char *text, void *data)
{
    (void)server;
    (void)data;
    printf("%d cannot listen: %s: %s\n", (int)getpid(), strerrorname_np(-err),
           text);
}

static void on_closed(yoke_net *server, void *data)
{
    (void)server;
    printf("%d closed a listener\n", (int)getpid());
    free(data);
}

static int limit_of(const struct place *place)
{
    const char *at = getenv("FLEET_MAX");
    int max = place->max;
    char *end;

    for (int id = yoke_worker_id(yoke_cluster_worker()); at && id > 0; id--) {
        max = (int)strtol(at, &end, 10);
        at = end;
    }
    return max;
}

static void stop(void *data)
{
    yoke_net_stop(data, -1);
}

void place_open_net(const struct place *place)
{
    struct place *copy = malloc(sizeof(*copy));
    const struct yk_listen_spec *spec = &place->spec;
    struct yoke_net_options options = {
        .listen = {.fd_name = spec->fd_name,
                   .fd = spec->fd,
                   .path = spec->path,
                   .host = spec->host,
                   .port = spec->port,
                   .backlog = spec->backlog,
                   .ipv6_only = spec->ipv6_only,
                   .exclusive = spec->exclusive,
                   .reuse_port = spec->reuse_port,
                   .mode = spec->mode,
                   .readable_all = spec->readable_all,
                   .writable_all = spec->writable_all,
                   .owner = spec->owner,
                   .group = spec->group},
        .max_conns = limit_of(place),
        .drops = place->drops,
        .on_connection = on_connection,
        .on_close = on_close,
        .on_drain = on_drain,
        .on_drop = on_drop,
        .on_listening = on_listening,
        .on_error = on_error,
        .on_closed = on_closed,
        .data = copy,
    };

    *copy = *place;
    yoke_net *server = yoke_net_listen(&options);
    if (server)
        place_add(stop, server);
    else
        printf("%d cannot listen at once\n", (int)getpid());
}
