#include "cluster/conn_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/alloc.h"

#define FIRST_ROOM 16

static struct yk_conn *slot(const struct yk_conn_queue *queue, uint32_t index)
{
    return &queue->ring[(queue->first + index) & (queue->room - 1)];
}

static int grow(struct yk_conn_queue *queue)
{
    uint32_t room = queue->room ? queue->room * 2 : FIRST_ROOM;
    struct yk_conn *ring = yk_try_alloc(room * sizeof(*ring));

    if (!ring)
        return -ENOMEM;
    for (uint32_t i = 0; i < queue->count; i++)
        ring[i] = *slot(queue, i);
    free(queue->ring);
    queue->ring = ring;
    queue->room = room;
    queue->first = 0;
    return 0;
}

int yk_conn_queue_add(struct yk_conn_queue *queue, const struct yk_conn *conn)
{
    if (queue->count == queue->room && grow(queue) < 0)
        return -ENOMEM;
    *slot(queue, queue->count++) = *conn;
    return 0;
}

int yk_conn_queue_add_first(struct yk_conn_queue *queue,
                            const struct yk_conn *conn)
{
    if (queue->count == queue->room && grow(queue) < 0)
        return -ENOMEM;
    queue->first = (queue->first - 1) & (queue->room - 1);
    queue->count++;
    *slot(queue, 0) = *conn;
    return 0;
}

const struct yk_conn *yk_conn_queue_first(const struct yk_conn_queue *queue)
{
    return slot(queue, 0);
}

void yk_conn_queue_remove_first(struct yk_conn_queue *queue)
{
    queue->first = (queue->first + 1) & (queue->room - 1);
    queue->count--;
}

bool yk_conn_queue_has(const struct yk_conn_queue *queue,
                       const struct yk_peer *peer)
{
    for (uint32_t i = 0; i < queue->count; i++)
        if (yk_peer_is_same(&slot(queue, i)->peer, peer))
            return true;
    return false;
}

void yk_conn_queue_clear(struct yk_conn_queue *queue)
{
    for (uint32_t i = 0; i < queue->count; i++)
        close(slot(queue, i)->fd);
    free(queue->ring);
    *queue = (struct yk_conn_queue){.count = 0};
}
