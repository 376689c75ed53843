#include "place.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/cluster.h>
#include <yoke/loop.h>
#include <yoke/message.h>

#include "conn.h"

#define PLACES_MAX 64

/* What this worker has opened. */
static struct {
    void (*close)(void *data);
    void *data;
} places[PLACES_MAX];
static int place_count;

/* ---- Reading ---- */

static void fail(const char *text)
{
    fprintf(stderr, "fleet: what is %s?\n", text);
    exit(2);
}

static void set_option(struct place *place, const char *name, const char *value)
{
    struct yk_listen_spec *spec = &place->spec;

    if (strcmp(name, "exclusive") == 0)
        spec->exclusive = true;
    else if (strcmp(name, "reuseport") == 0)
        spec->reuse_port = true;
    else if (strcmp(name, "reuseaddr") == 0)
        spec->reuse_addr = true;
    else if (strcmp(name, "readable") == 0)
        spec->readable_all = true;
    else if (strcmp(name, "writable") == 0)
        spec->writable_all = true;
    else if (strcmp(name, "drops") == 0)
        place->drops = true;
    else if (!value)
        fail(name);
    else if (strcmp(name, "backlog") == 0)
        spec->backlog = (int)strtol(value, NULL, 10);
    else if (strcmp(name, "mode") == 0)
        spec->mode = (int)strtol(value, NULL, 8);
    else if (strcmp(name, "owner") == 0)
        spec->owner = value;
    else if (strcmp(name, "group") == 0)
        spec->group = value;
    else if (strcmp(name, "max") == 0)
        place->max = (int)strtol(value, NULL, 10);
    else if (strcmp(name, "closes") == 0 && strcmp(value, "now") == 0)
        place->closes_now = true;
    else if (strcmp(name, "closes") == 0)
        place->closes_listening = true;
    else
        fail(name);
}

static void set_options(struct place *place, char *text)
{
    while (text) {
        char *next = strchr(text, ',');
        if (next)
            *next++ = '\0';
        char *value = strchr(text, '=');
        if (value)
            *value++ = '\0';
        set_option(place, text, value);
        text = next;
    }
}

static void set_address(struct yk_listen_spec *spec, char *text)
{
    char *colon = strrchr(text, ':');

    spec->port = (int)strtol(colon ? colon + 1 : text, NULL, 10);
    if (!colon)
        return;
    *colon = '\0';
    if (strcmp(text, "6") == 0)
        spec->ipv6_only = true;
    else if (strcmp(text, "own") == 0)
        spec->exclusive = true;
    else
        spec->host = text;
}

static void set_place(struct yk_listen_spec *spec, char *text)
{
    if (strncmp(text, "unix:", 5) == 0)
        spec->path = text + 5;
    else if (strncmp(text, "name:", 5) == 0)
        spec->fd_name = text + 5;
    else if (strncmp(text, "fd:", 3) == 0)
        spec->fd = (int)strtol(text + 3, NULL, 10);
    else
        set_address(spec, text);
}

void place_parse(struct place *place, const char *text)
{
    *place = (struct place){.kind = PLACE_LINES};
    if (strncmp(text, "udp/", 4) == 0)
        place->kind = PLACE_UDP;
    else if (strncmp(text, "net/", 4) == 0)
        place->kind = PLACE_NET;
    if (place->kind != PLACE_LINES)
        text += 4;
    snprintf(place->text, sizeof(place->text), "%s", text);
    char *options = strchr(place->text, ',');
    if (options)
        *options++ = '\0';
    set_place(&place->spec, place->text);
    set_options(place, options);
    place->spec.is_udp = place->kind == PLACE_UDP;
}

/* ---- What is open ---- */

void place_open(const char *text)
{
    struct place place;

    place_parse(&place, text);
    if (place.kind == PLACE_UDP)
        place_open_udp(&place);
    else if (place.kind == PLACE_NET)
        place_open_net(&place);
    else
        fleet_open_lines(&place);
    if (place.closes_now)
        place_shut(place_count - 1);
}

void place_add(void (*fn)(void *data), void *data)
{
    if (place_count == PLACES_MAX)
        fail("that many places");
    places[place_count].close = fn;
    places[place_count++].data = data;
}

bool place_shut(int n)
{
    if (n < 0 || n >= place_count)
        return false;
    places[n].close(places[n].data);
    return true;
}

/* ---- Sending without binding ---- */

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static void on_sent(uv_udp_send_t *req, int status)
{
    if (status < 0)
        printf("cannot send: %s\n", uv_strerror(status));
    uv_close((uv_handle_t *)req->handle, free_handle);
    free(req);
}

/* libuv binds it, to a port of its own, which stays until it has been sent. */
static void send_implicitly(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    uv_udp_t *handle = calloc(1, sizeof(*handle));
    uv_udp_send_t *req = calloc(1, sizeof(*req));
    static char text[32];
    uv_buf_t buf = uv_buf_init(
        text, (unsigned)snprintf(text, sizeof(text), "%d", (int)getpid()));

    uv_udp_init(yoke_loop(), handle);
    if (uv_udp_send(req, handle, &buf, 1, (struct sockaddr *)&to, on_sent) < 0)
        fail("that port");
}

/* ---- Commands ---- */

void place_command(const char *line, char *out, size_t len)
{
    yoke_worker *self = yoke_cluster_worker();

    snprintf(out, len, "ok");
    if (strcmp(line, "id") == 0)
        snprintf(out, len, "%d %d", (int)getpid(),
                 self ? yoke_worker_id(self) : 0);
    else if (strncmp(line, "open ", 5) == 0)
        place_open(line + 5);
    else if (strncmp(line, "shut ", 5) == 0)
        place_shut((int)strtol(line + 5, NULL, 10));
    else if (strncmp(line, "send ", 5) == 0)
        yoke_worker_send(self, line + 5, strlen(line + 5));
    else if (strcmp(line, "leave") == 0)
        yoke_worker_disconnect(self);
    else if (strncmp(line, "implicit ", 9) == 0)
        send_implicitly((int)strtol(line + 9, NULL, 10));
    else
        snprintf(out, len, "what?");
}
