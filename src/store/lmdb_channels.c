#include "store/lmdb_channels.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <yoke/error.h>

#include "core/cleanup.h"
#include "store/hub.h"
#include "store/store.h"

#include "core/banned.h"

#define CONNECT_MS 2000

static struct yk_lmdb_channels *of_link(struct yk_link *link)
{
    return (struct yk_lmdb_channels *)link;
}

static void append(struct yk_lmdb_channels *channels, enum yk_frame_type type,
                   struct yk_slice name, struct yk_slice bytes)
{
    char head[YK_FRAME_HEAD_LEN];

    yk_frame_head(head, type, name.len, bytes.len);
    yk_link_append(&channels->link, head, sizeof(head));
    yk_link_append(&channels->link, name.ptr, name.len);
    yk_link_append(&channels->link, bytes.ptr, bytes.len);
    yk_link_append(&channels->link, "", 1);
}

/* Without a hub, this process becomes it, if no other is faster. */
static void start(struct yk_lmdb_channels *channels)
{
    if (channels->link.state != YK_LINK_RESTING)
        return;
    yk_lmdb_try_hub(channels->file, channels->path);
    yk_link_start(&channels->link);
}

/* ---- The connection ---- */

static void send_call(struct yk_lmdb_channels *channels, struct yk_call *call)
{
    if (call->is_late) {
        yk_call_fail(call, -ETIMEDOUT, NULL);
        return;
    }
    append(channels, YK_FRAME_PUBLISH, call->key, call->value);
    yk_list_add(&channels->sent, &call->node);
}

static void on_connected(struct yk_link *link)
{
    struct yk_lmdb_channels *channels = of_link(link);
    struct yk_skip_node *node = channels->store->topics.by_name.heads[0];
    struct yk_list *waiting;

    yk_link_up(link);
    for (; node; node = yk_skip_next(node)) {
        struct yk_topic *topic = node->item;
        if (topic->is_listened)
            append(channels, YK_FRAME_SUBSCRIBE, yk_topic_name(topic),
                   YK_LIT(""));
    }
    while ((waiting = yk_list_take(&channels->waiting)))
        send_call(channels, yk_call_of(waiting));
}

static void on_ready(struct yk_lmdb_channels *channels, struct yk_slice name)
{
    struct yk_skip_node *node =
        yk_skip_find(&channels->store->topics.by_name, name);
    if (node)
        yk_topic_ready(channels->store, node->item);
}

static void on_done(struct yk_lmdb_channels *channels)
{
    struct yoke_store_result result = {.err = 0};
    struct yk_list *node = yk_list_take(&channels->sent);

    if (node)
        yk_call_answer(yk_call_of(node), &result);
}

static void take_frame(struct yk_lmdb_channels *channels,
                       const struct yk_frame *frame)
{
    if (frame->type == YK_FRAME_MESSAGE)
        yk_topics_tell(channels->store, frame->name, frame->bytes.ptr,
                       frame->bytes.len);
    else if (frame->type == YK_FRAME_READY)
        on_ready(channels, frame->name);
    else if (frame->type == YK_FRAME_DONE)
        on_done(channels);
    else if (frame->type == YK_FRAME_MISSED)
        yk_topics_miss(channels->store);
}

static void on_bytes(struct yk_link *link, char *ptr, size_t len)
{
    struct yk_lmdb_channels *channels = of_link(link);
    struct yk_frame frame;
    size_t used = 0;
    ssize_t n = yk_inbox_add(&channels->in, ptr, len);

    while (n >= 0 && used < channels->in.len && link->state == YK_LINK_UP) {
        n = yk_frame_parse(channels->in.bytes + used, channels->in.len - used,
                           YK_HUB_MESSAGE_MAX, &frame);
        if (n <= 0)
            break;
        take_frame(channels, &frame);
        used += (size_t)n;
    }
    if (link->state != YK_LINK_UP)
        return;
    yk_inbox_drop(&channels->in, used);
    if (n < 0)
        yk_link_break(link, "the hub's message cannot be understood");
}

/* The attempt that follows finds the new hub, or it is this process. */
static void on_break(struct yk_link *link, const char *why)
{
    struct yk_lmdb_channels *channels = of_link(link);

    yk_inbox_clear(&channels->in);
    yk_topics_break(channels->store);
    yk_calls_fail(&channels->sent, -YOKE_EUNAVAILABLE, why);
    if (!channels->store->is_backend_closed)
        yk_lmdb_try_hub(channels->file, channels->path);
}

static void on_closed(struct yk_link *link)
{
    struct yk_lmdb_channels *channels = of_link(link);

    yk_inbox_clear(&channels->in);
    yk_close_fd(&channels->folder_fd);
    channels->on_closed(channels->store);
}

static const struct yk_link_ops link_ops = {
    .on_connected = on_connected,
    .on_bytes = on_bytes,
    .on_break = on_break,
    .on_closed = on_closed,
};

/* ---- Its users ---- */

/* "FILE-hub", by way of its folder's descriptor: an address has only 108
 * bytes. */
static int make_path(struct yk_lmdb_channels *channels, char *why)
{
    const char *path = channels->file->path;
    const char *slash = strrchr(path, '/');
    char folder[4096];
    const char *name = slash ? slash + 1 : path;

    snprintf(folder, sizeof(folder), "%.*s",
             slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    channels->folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (channels->folder_fd < 0)
        return yk_store_why(why, -errno, "%.150s: %s", folder,
                            yoke_strerror(-errno));
    int len = snprintf(channels->path, sizeof(channels->path),
                       "/proc/self/fd/%d/%s-hub", channels->folder_fd, name);
    if (len >= 107) {
        yk_close_fd(&channels->folder_fd);
        return yk_store_why(why, -ENAMETOOLONG,
                            "URL: the file's name is too "
                            "long: at most 75 bytes");
    }
    return 0;
}

int yk_lmdb_channels_init(struct yk_lmdb_channels *channels, char *why)
{
    int err = make_path(channels, why);

    if (err < 0)
        return err;
    yk_list_init(&channels->sent);
    yk_list_init(&channels->waiting);
    channels->link.ops = &link_ops;
    channels->link.path = channels->path;
    channels->link.connect_ms = CONNECT_MS;
    yk_link_init(&channels->link);
    return 0;
}

void yk_lmdb_channels_publish(struct yk_lmdb_channels *channels,
                              struct yk_call *call)
{
    if (channels->link.state == YK_LINK_UP) {
        send_call(channels, call);
        return;
    }
    yk_list_add(&channels->waiting, &call->node);
    start(channels);
}

void yk_lmdb_channels_flush(struct yk_lmdb_channels *channels)
{
    yk_link_flush(&channels->link);
}

void yk_lmdb_channels_add(struct yk_lmdb_channels *channels,
                          struct yk_topic *topic)
{
    yk_link_hold_loop(&channels->link, true);
    if (channels->link.state != YK_LINK_UP) {
        start(channels);
        return;
    }
    append(channels, YK_FRAME_SUBSCRIBE, yk_topic_name(topic), YK_LIT(""));
    yk_link_flush(&channels->link);
}

void yk_lmdb_channels_remove(struct yk_lmdb_channels *channels,
                             struct yk_topic *topic)
{
    if (channels->store->topics.by_name.count <= 1)
        yk_link_hold_loop(&channels->link, false);
    if (channels->link.state != YK_LINK_UP)
        return;
    append(channels, YK_FRAME_UNSUBSCRIBE, yk_topic_name(topic), YK_LIT(""));
    yk_link_flush(&channels->link);
}

void yk_lmdb_channels_close(struct yk_lmdb_channels *channels)
{
    yk_calls_fail(&channels->sent, -ECANCELED, NULL);
    yk_calls_fail(&channels->waiting, -ECANCELED, NULL);
    yk_link_close(&channels->link);
}
