#include "cluster/request.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "net/listener.h"

#include "core/banned.h"

_Static_assert(sizeof(struct yk_message_listen) + 3 * YK_REQUEST_NAME_MAX <
                   YK_PACKET_MAX,
               "a request fits into a packet");

/* ---- In the worker ---- */

static bool is_absolute(const char *path)
{
    return path[0] == '/' || path[0] == '@';
}

static int set_path(struct yk_listen_request *request, const char *path,
                    char room[YK_REQUEST_NAME_MAX])
{
    size_t len = strlen(path);

    request->listen.name = YK_NAME_PATH;
    request->name = path;
    if (is_absolute(path) || !getcwd(room, YK_REQUEST_NAME_MAX))
        return 0;
    size_t cwd_len = strlen(room);
    if (cwd_len + 1 + len >= YK_REQUEST_NAME_MAX)
        return -ENAMETOOLONG;
    room[cwd_len] = '/';
    memcpy(room + cwd_len + 1, path, len + 1);
    request->name = room;
    return 0;
}

/* As in the spec, what stands first counts, and the rest is left out: it must
 * not make a difference to what is shared. */
static int set_place(struct yk_listen_request *request,
                     const struct yk_listen_spec *spec,
                     char room[YK_REQUEST_NAME_MAX])
{
    request->name = "";
    if (spec->fd_name) {
        request->listen.name = YK_NAME_OF_FD;
        request->name = spec->fd_name;
        return 0;
    }
    if (spec->fd) {
        request->listen.fd = spec->fd;
        return 0;
    }
    if (spec->path)
        return set_path(request, spec->path, room);
    request->listen.port = spec->port;
    request->listen.ipv6_only = spec->ipv6_only;
    request->listen.reuse_addr = spec->reuse_addr;
    if (spec->host) {
        request->listen.name = YK_NAME_HOST;
        request->name = spec->host;
    }
    return 0;
}

static bool fits(const char *text)
{
    return strnlen(text, YK_REQUEST_NAME_MAX) < YK_REQUEST_NAME_MAX;
}

int yk_listen_request_of(struct yk_listen_request *request,
                         const struct yk_listen_spec *spec,
                         char room[YK_REQUEST_NAME_MAX])
{
    *request = (struct yk_listen_request){
        .listen = {.backlog = spec->backlog,
                   .mode = spec->mode,
                   .is_udp = spec->is_udp,
                   .readable_all = spec->readable_all,
                   .writable_all = spec->writable_all},
        .owner = spec->owner ? spec->owner : "",
        .group = spec->group ? spec->group : "",
    };
    int err = set_place(request, spec, room);
    if (err == 0 &&
        !(fits(request->name) && fits(request->owner) && fits(request->group)))
        err = -ENAMETOOLONG;
    return err;
}

static size_t put(char *out, size_t at, size_t size, const char *text)
{
    size_t len = strlen(text) + 1;

    if (len > size - at)
        return at;
    memcpy(out + at, text, len);
    return at + len;
}

size_t yk_listen_request_write(const struct yk_listen_request *request,
                               char *out, size_t size)
{
    size_t at = sizeof(request->listen);

    memcpy(out, &request->listen, at);
    at = put(out, at, size, request->name);
    at = put(out, at, size, request->owner);
    return put(out, at, size, request->group);
}

/* ---- In the primary ---- */

/* The next string, whose end has to be within `len`. */
static const char *take(const char **at, size_t *len)
{
    const char *text = *at;
    size_t n = strnlen(text, *len);

    if (n == *len)
        return NULL;
    *at += n + 1;
    *len -= n + 1;
    return text;
}

int yk_listen_request_read(struct yk_listen_request *request, const void *body,
                           size_t len)
{
    struct yk_listen_request read;
    const char *at = (const char *)body + sizeof(read.listen);

    if (len < sizeof(read.listen))
        return -EBADMSG;
    memcpy(&read.listen, body, sizeof(read.listen));
    len -= sizeof(read.listen);
    read.name = take(&at, &len);
    read.owner = read.name ? take(&at, &len) : NULL;
    read.group = read.owner ? take(&at, &len) : NULL;
    if (!read.group)
        return -EBADMSG;
    *request = read;
    return 0;
}

static const char *or_null(const char *text)
{
    return text && text[0] ? text : NULL;
}

void yk_listen_request_spec(const struct yk_message_listen *listen,
                            const char *name, const char *owner,
                            const char *group, struct yk_listen_spec *ret_spec)
{
    *ret_spec = (struct yk_listen_spec){
        .fd_name = listen->name == YK_NAME_OF_FD ? name : NULL,
        .fd = listen->fd,
        .path = listen->name == YK_NAME_PATH ? name : NULL,
        .host = listen->name == YK_NAME_HOST ? name : NULL,
        .port = listen->port,
        .index = listen->index,
        .is_udp = listen->is_udp,
        .ipv6_only = listen->ipv6_only,
        .reuse_addr = listen->reuse_addr,
        .readable_all = listen->readable_all,
        .writable_all = listen->writable_all,
        .backlog = listen->backlog,
        .mode = listen->mode,
        .owner = or_null(owner),
        .group = or_null(group),
    };
}

bool yk_listen_is_same(const struct yk_message_listen *a, const char *a_name,
                       const struct yk_message_listen *b, const char *b_name)
{
    return a->port == b->port && a->fd == b->fd && a->name == b->name &&
           a->is_udp == b->is_udp && a->ipv6_only == b->ipv6_only &&
           a->reuse_addr == b->reuse_addr && strcmp(a_name, b_name) == 0;
}
