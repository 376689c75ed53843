#include "cluster/gifts.h"

#include <stdatomic.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/error.h>
#include <yoke/loop.h>

#include "cluster/board.h"
#include "cluster/channel.h"
#include "cluster/message.h"
#include "net/handoff.h"
#include "net/peer.h"
#include "net/vitals.h"

/* More than this are not on their way at a time. */
#define COUNT_MAX YK_BOARD_GIFTS
/* So many are sent before the owner asks for it. */
#define SEND_AT   16
/* When the oldest one has not been taken for this long, the primary is slow. */
#define SLOW_NS   3000000
/* When it has not been taken for this long, it comes back. */
#define LATE_NS   100000000
/* How often the timer looks. */
#define LOOK_MS   2

_Static_assert(COUNT_MAX <= YK_PACKET_FDS, "they fit into a packet");

struct gift {
    int fd; /* Our copy; -1: the entry is free. */
    uint32_t token;
    uint32_t generation;
    bool is_sent;
    uint64_t since_ns;
    struct yk_peer peer;
};

/* The gifts. Written by the functions of this file, in a worker. */
static struct gift gifts[COUNT_MAX];
static unsigned count;   /* Entries that are not free, */
static unsigned to_send; /* and of them not sent yet. */
static struct yk_channel *channel;
static struct yk_board *board;
static yk_gift_back_fn *on_back;
static uv_timer_t timer; /* Runs while there are any. */

static struct yk_handoff handoff_of(const struct gift *gift)
{
    return (struct yk_handoff){.word = &board->gifts[gift - gifts],
                               .generation = gift->generation};
}

static void on_timer(uv_timer_t *handle)
{
    (void)handle;
    yk_gifts_settle();
}

void yk_gifts_init(struct yk_channel *its_channel, struct yk_board *its_board,
                   yk_gift_back_fn *its_on_back)
{
    channel = its_channel;
    board = its_board;
    on_back = its_on_back;
    for (int i = 0; i < COUNT_MAX; i++)
        gifts[i].fd = -1;
    uv_timer_init(yoke_loop(), &timer);
    uv_unref((uv_handle_t *)&timer);
}

/* ---- Entries ---- */

static struct gift *find_free(void)
{
    for (int i = 0; i < COUNT_MAX; i++)
        if (gifts[i].fd < 0)
            return &gifts[i];
    return NULL;
}

/* Returns the descriptor. The count goes up: what the primary may still do to
 * the word has no effect any more. */
static int free_gift(struct gift *gift)
{
    int fd = gift->fd;

    gift->fd = -1;
    gift->generation = (gift->generation + 1) & YK_HANDOFF_GENERATION(~0u);
    to_send -= !gift->is_sent;
    if (--count == 0)
        uv_timer_stop(&timer);
    return fd;
}

static void take_back(struct gift *gift)
{
    struct yk_peer peer = gift->peer;
    uint32_t token = gift->token;

    on_back(token, free_gift(gift), &peer);
}

/* ---- Giving ---- */

static uint64_t oldest_ns(void)
{
    uint64_t oldest = UINT64_MAX;

    for (int i = 0; i < COUNT_MAX; i++)
        if (gifts[i].fd >= 0 && gifts[i].since_ns < oldest)
            oldest = gifts[i].since_ns;
    return oldest;
}

unsigned yk_gifts_room(void)
{
    if (!channel || channel->fd < 0)
        return 0;
    if (count > 0) {
        yk_gifts_settle();
        if (count > 0 && yk_now_ns() - oldest_ns() > SLOW_NS)
            return 0;
    }
    return COUNT_MAX - count;
}

void yk_gifts_flush(void)
{
    struct yk_message_give body[COUNT_MAX];
    int fds[COUNT_MAX], n = 0;

    if (to_send == 0)
        return;
    for (int i = 0; i < COUNT_MAX; i++) {
        struct gift *gift = &gifts[i];
        if (gift->fd < 0 || gift->is_sent)
            continue;
        gift->is_sent = true;
        body[n] = (struct yk_message_give){.token = gift->token,
                                           .index = (uint32_t)i,
                                           .generation = gift->generation,
                                           .peer = gift->peer};
        fds[n++] = gift->fd;
    }
    to_send = 0;
    int err = yk_channel_try_send(channel, YK_MESSAGE_GIVE, body,
                                  (size_t)n * sizeof(body[0]), fds, n);
    if (err == 0)
        return;
    /* Whoever gets one back may give others, or ask for all. */
    for (int i = 0; i < n; i++) {
        struct gift *gift = &gifts[body[i].index];
        if (gift->fd >= 0 && gift->generation == body[i].generation)
            take_back(gift);
    }
}

int yk_gifts_add(uint32_t token, int fd, const struct yk_peer *peer)
{
    struct gift *gift = find_free();

    if (!gift)
        return -YOKE_EFULL;
    gift->fd = fd;
    gift->token = token;
    gift->peer = *peer;
    gift->is_sent = false;
    gift->since_ns = yk_now_ns();
    atomic_store_explicit(&board->gifts[gift - gifts],
                          YK_HANDOFF_WORD(gift->generation, YK_HANDOFF_SENT),
                          memory_order_release);
    to_send++;
    if (count++ == 0)
        uv_timer_start(&timer, on_timer, LOOK_MS, LOOK_MS);
    if (to_send >= SEND_AT)
        yk_gifts_flush();
    return 0;
}

/* ---- What becomes of them ---- */

static void settle(struct gift *gift, uint64_t now_ns)
{
    struct yk_handoff handoff = handoff_of(gift);
    uint32_t word = atomic_load_explicit(handoff.word, memory_order_acquire);

    if (YK_HANDOFF_GENERATION(word) == gift->generation &&
        YK_HANDOFF_STATE(word) == YK_HANDOFF_SENT) {
        if (now_ns - gift->since_ns >= LATE_NS &&
            yk_handoff_move(&handoff, YK_HANDOFF_SENT, YK_HANDOFF_FREE))
            take_back(gift);
        return;
    }
    if (YK_HANDOFF_STATE(word) == YK_HANDOFF_RETURNED)
        take_back(gift);
    else
        close(free_gift(gift));
}

void yk_gifts_settle(void)
{
    if (count == to_send)
        return;
    uint64_t now_ns = yk_now_ns();
    for (int i = 0; i < COUNT_MAX; i++)
        if (gifts[i].fd >= 0 && gifts[i].is_sent)
            settle(&gifts[i], now_ns);
}

unsigned yk_gifts_count(void)
{
    return count;
}

void yk_gifts_recall(uint32_t token)
{
    for (int i = 0; i < COUNT_MAX; i++) {
        struct gift *gift = &gifts[i];
        if (gift->fd < 0 || (token && gift->token != token))
            continue;
        struct yk_handoff handoff = handoff_of(gift);
        if (yk_handoff_move(&handoff, YK_HANDOFF_SENT, YK_HANDOFF_FREE))
            take_back(gift);
        else
            settle(gift, gift->since_ns);
    }
}
