#include "store/hub.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <uv.h>

#include <yoke/loop.h>

#include "core/alloc.h"
#include "core/cleanup.h"
#include "core/list.h"
#include "store/frame.h"
#include "store/inbox.h"
#include "store/skip.h"

#include "core/banned.h"

#define QUEUE_MAX     ((size_t)4 << 20)
#define BACKLOG       511
#define CLIENTS_MAX   4096
#define READ_LEN      65536
/* Channels of one connection. */
#define INTERESTS_MAX 65536

struct yk_hub {
    uv_pipe_t listener;
    struct yk_list clients;
    unsigned client_count;
    struct yk_skip channels; /* To struct channel. */
    struct yk_list unsent;   /* Clients that something was appended for. */
};

/* A channel that somebody listens to. */
struct channel {
    struct yk_list interests;
};

/* One client's interest in one channel. */
struct interest {
    struct yk_list node; /* In the channel. */
    struct yk_list of_client;
    struct channel *channel;
    struct client *client;
    const char *name; /* The channel's key. */
    size_t name_len;
};

/* A connection. */
struct client {
    struct yk_list node;
    struct yk_list unsent; /* In the hub's list of that name. */
    struct yk_hub *hub;
    uv_pipe_t pipe;
    struct yk_inbox in;
    struct yk_list interests;
    unsigned interest_count;
    struct yk_inbox out; /* To be sent. */
    char *writing;       /* What a write under way needs. */
    size_t writing_len;
    uv_write_t write;
    bool has_missed; /* Something was left out. */
    bool is_closing;
};

/* What has been read, for as long as a callback lasts. Written by libuv. */
static char input[READ_LEN];

/* ---- Interests ---- */

static void drop_interest(struct interest *interest)
{
    struct channel *channel = interest->channel;
    struct yk_hub *hub = interest->client->hub;
    struct yk_slice name = {interest->name, interest->name_len};

    yk_list_remove(&interest->node);
    yk_list_remove(&interest->of_client);
    interest->client->interest_count--;
    free(interest);
    if (!yk_list_is_empty(&channel->interests))
        return;
    yk_skip_remove(&hub->channels, name);
    free(channel);
}

static struct interest *find_interest(struct client *client,
                                      struct channel *channel)
{
    YK_LIST_EACH(node, &channel->interests)
    {
        struct interest *interest =
            YK_CONTAINER_OF(node, struct interest, node);
        if (interest->client == client)
            return interest;
    }
    return NULL;
}

static struct yk_skip_node *channel_node(struct yk_hub *hub,
                                         struct yk_slice name)
{
    struct yk_skip_node *node = yk_skip_find(&hub->channels, name);
    if (node)
        return node;
    struct channel *channel = yk_alloc(sizeof(*channel));
    yk_list_init(&channel->interests);
    node = yk_skip_add(&hub->channels, name, channel);
    if (!node)
        free(channel);
    return node;
}

static void add_interest(struct client *client, struct yk_slice name)
{
    struct yk_skip_node *node = client->interest_count < INTERESTS_MAX
                                    ? channel_node(client->hub, name)
                                    : NULL;
    if (!node || find_interest(client, node->item))
        return;
    struct interest *interest = yk_alloc(sizeof(*interest));
    *interest = (struct interest){
        .channel = node->item,
        .client = client,
        .name = node->key,
        .name_len = node->key_len,
    };
    yk_list_add(&interest->channel->interests, &interest->node);
    yk_list_add(&client->interests, &interest->of_client);
    client->interest_count++;
}

static void remove_interest(struct client *client, struct yk_slice name)
{
    struct yk_skip_node *node = yk_skip_find(&client->hub->channels, name);
    struct interest *interest = node ? find_interest(client, node->item) : NULL;

    if (interest)
        drop_interest(interest);
}

/* ---- The end of a connection ---- */

static void on_client_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;

    yk_inbox_clear(&client->in);
    yk_inbox_clear(&client->out);
    free(client->writing);
    free(client);
}

static void close_client(struct client *client)
{
    if (client->is_closing)
        return;
    client->is_closing = true;
    while (!yk_list_is_empty(&client->interests))
        drop_interest(YK_CONTAINER_OF(client->interests.next, struct interest,
                                      of_client));
    yk_list_remove(&client->node);
    yk_list_remove(&client->unsent);
    client->hub->client_count--;
    uv_close((uv_handle_t *)&client->pipe, on_client_closed);
}

/* ---- Output ---- */

static void flush(struct client *client);

static void append(struct client *client, enum yk_frame_type type,
                   struct yk_slice name, struct yk_slice bytes)
{
    char head[YK_FRAME_HEAD_LEN];
    struct yk_inbox *out = &client->out;

    yk_frame_head(head, type, name.len, bytes.len);
    if (yk_inbox_add(out, head, sizeof(head)) < 0 ||
        yk_inbox_add(out, name.ptr, name.len) < 0 ||
        yk_inbox_add(out, bytes.ptr, bytes.len) < 0 ||
        yk_inbox_add(out, "", 1) < 0)
        close_client(client); /* Half a frame would be taken for another. */
    else if (yk_list_is_empty(&client->unsent))
        yk_list_add(&client->hub->unsent, &client->unsent);
}

static void on_written(uv_write_t *write, int status)
{
    struct client *client = write->data;

    if (client->is_closing)
        return;
    free(client->writing);
    client->writing = NULL;
    client->writing_len = 0;
    if (status < 0)
        close_client(client);
    else
        flush(client);
}

/* What the socket does not take is left to libuv, with its buffer. */
static void write_rest(struct client *client)
{
    uv_buf_t buf = uv_buf_init(client->out.bytes, (unsigned)client->out.len);

    client->writing = client->out.bytes;
    client->writing_len = client->out.len;
    client->out = (struct yk_inbox){.bytes = NULL};
    client->write.data = client;
    if (uv_write(&client->write, (uv_stream_t *)&client->pipe, &buf, 1,
                 on_written) < 0)
        close_client(client);
}

static void send_out(struct client *client)
{
    uv_buf_t buf = uv_buf_init(client->out.bytes, (unsigned)client->out.len);

    if (client->out.len == 0)
        return;
    int n = uv_try_write((uv_stream_t *)&client->pipe, &buf, 1);
    if (n < 0 && n != UV_EAGAIN) {
        close_client(client);
        return;
    }
    if (n > 0)
        yk_inbox_drop(&client->out, (size_t)n);
    if (client->out.len > 0)
        write_rest(client);
}

static void flush(struct client *client)
{
    if (client->is_closing || client->writing)
        return;
    send_out(client);
    if (client->is_closing || client->writing || !client->has_missed)
        return;
    /* Everything that was kept has gone. */
    client->has_missed = false;
    append(client, YK_FRAME_MISSED, YK_LIT(""), YK_LIT(""));
    send_out(client);
}

static void flush_all(struct yk_hub *hub)
{
    struct yk_list unsent;
    struct yk_list *node;

    yk_list_init(&unsent);
    yk_list_move_all(&unsent, &hub->unsent);
    while ((node = yk_list_take(&unsent)))
        flush(YK_CONTAINER_OF(node, struct client, unsent));
}

/* ---- Messages ---- */

/* One who does not read is left out, rather than kept for. */
static void pass_on(struct client *client, const struct yk_frame *frame)
{
    size_t queued = client->out.len + client->writing_len;

    if (queued > 0 && queued + frame->bytes.len > QUEUE_MAX)
        client->has_missed = true;
    if (!client->has_missed)
        append(client, YK_FRAME_MESSAGE, frame->name, frame->bytes);
}

static void publish(struct yk_hub *hub, const struct yk_frame *frame)
{
    struct yk_skip_node *node = yk_skip_find(&hub->channels, frame->name);
    struct channel *channel = node ? node->item : NULL;

    for (struct yk_list *at = channel ? channel->interests.next : NULL;
         at && at != &channel->interests;) {
        struct interest *interest = YK_CONTAINER_OF(at, struct interest, node);
        struct client *client = interest->client;
        bool is_last = at->next == &channel->interests;
        at = at->next;
        /* Closing the last one's client frees the channel. */
        pass_on(client, frame);
        if (is_last)
            return;
    }
}

static void take_frame(struct client *client, const struct yk_frame *frame)
{
    switch (frame->type) {
    case YK_FRAME_SUBSCRIBE:
        add_interest(client, frame->name);
        append(client, YK_FRAME_READY, frame->name, YK_LIT(""));
        return;
    case YK_FRAME_UNSUBSCRIBE:
        remove_interest(client, frame->name);
        return;
    case YK_FRAME_PUBLISH:
        publish(client->hub, frame);
        if (!client->is_closing)
            append(client, YK_FRAME_DONE, YK_LIT(""), YK_LIT(""));
        return;
    default:
        close_client(client);
    }
}

static void take_frames(struct client *client)
{
    struct yk_hub *hub = client->hub;
    struct yk_frame frame;
    size_t used = 0;
    ssize_t n = 1;

    while (!client->is_closing && used < client->in.len) {
        n = yk_frame_parse(client->in.bytes + used, client->in.len - used,
                           YK_HUB_MESSAGE_MAX, &frame);
        if (n <= 0)
            break;
        take_frame(client, &frame);
        used += (size_t)n;
    }
    if (n < 0)
        close_client(client);
    if (!client->is_closing)
        yk_inbox_drop(&client->in, used);
    flush_all(hub);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)handle;
    (void)suggested;
    *buf = uv_buf_init(input, sizeof(input));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct client *client = stream->data;

    if (n < 0 || (n > 0 && yk_inbox_add(&client->in, buf->base, (size_t)n) < 0))
        close_client(client);
    else if (n > 0)
        take_frames(client);
}

/* ---- The listener ---- */

static void on_connection(uv_stream_t *listener, int status)
{
    struct yk_hub *hub = listener->data;

    if (status < 0)
        return;
    struct client *client = yk_alloc(sizeof(*client));
    client->hub = hub;
    yk_list_init(&client->interests);
    uv_pipe_init(yoke_loop(), &client->pipe, 0);
    uv_unref((uv_handle_t *)&client->pipe);
    client->pipe.data = client;
    yk_list_init(&client->unsent);
    yk_list_add(&hub->clients, &client->node);
    hub->client_count++;
    if (uv_accept(listener, (uv_stream_t *)&client->pipe) < 0 ||
        hub->client_count > CLIENTS_MAX ||
        uv_read_start((uv_stream_t *)&client->pipe, on_alloc, on_read) < 0)
        close_client(client);
}

/* A socket that this user alone may connect to. */
static int bind_socket(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    YK_CLEANUP(yk_close_fd)
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (strlen(path) >= sizeof(addr.sun_path))
        return -ENAMETOOLONG;
    memcpy(addr.sun_path, path, strlen(path));
    /* Before it is bound, so that nobody gets in between. */
    if (fd < 0 || fchmod(fd, 0600) < 0)
        return -errno;
    unlink(path);
    if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
        return -errno;
    return yk_take_fd(&fd);
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct yk_hub *hub = handle->data;
    yk_skip_done(&hub->channels);
    free(hub);
}

struct yk_hub *yk_hub_open(const char *path)
{
    int fd = bind_socket(path);

    if (fd < 0) {
        errno = -fd;
        return NULL;
    }
    struct yk_hub *hub = yk_alloc(sizeof(*hub));
    yk_list_init(&hub->clients);
    yk_list_init(&hub->unsent);
    yk_skip_init(&hub->channels);
    uv_pipe_init(yoke_loop(), &hub->listener, 0);
    hub->listener.data = hub;
    int err = uv_pipe_open(&hub->listener, fd);
    if (err < 0)
        close(fd);
    else
        err = uv_listen((uv_stream_t *)&hub->listener, BACKLOG, on_connection);
    uv_unref((uv_handle_t *)&hub->listener);
    if (err == 0)
        return hub;
    uv_close((uv_handle_t *)&hub->listener, on_listener_closed);
    errno = -err;
    return NULL;
}

void yk_hub_close(struct yk_hub *hub)
{
    if (!hub)
        return;
    while (!yk_list_is_empty(&hub->clients))
        close_client(YK_CONTAINER_OF(hub->clients.next, struct client, node));
    uv_close((uv_handle_t *)&hub->listener, on_listener_closed);
}
