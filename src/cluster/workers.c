#include "cluster/workers.h"

#include <stddef.h>

#include "cluster/worker.h"

/* The table. Written by the functions of this file, in the primary. */
static struct yk_list workers = {&workers, &workers};
static int last_id;

struct yk_list *yk_workers(void)
{
    return &workers;
}

void yk_workers_add(struct yoke_worker *worker)
{
    worker->id = ++last_id;
    worker->is_listed = true;
    yk_list_add(&workers, &worker->node);
}

void yk_workers_remove(struct yoke_worker *worker)
{
    yk_list_remove(&worker->node);
}

struct yoke_worker *yk_workers_find_pid(pid_t pid)
{
    struct yoke_worker *worker;

    YK_WORKERS_EACH(worker)
    if (worker->pid == pid && !worker->is_dead)
        return worker;
    return NULL;
}

bool yk_worker_is_useful(const struct yoke_worker *worker)
{
    return worker->is_connected && !worker->is_leaving && !worker->is_dead;
}

/* By id, not by link: the previous one may have left the list. */
yoke_worker *yoke_cluster_workers(yoke_worker *previous)
{
    struct yoke_worker *worker;
    int after = previous ? previous->id : 0;

    YK_WORKERS_EACH(worker)
    if (worker->id > after && worker->is_listed)
        return worker;
    return NULL;
}

int yoke_worker_id(const yoke_worker *worker)
{
    return worker->id;
}

pid_t yoke_worker_pid(const yoke_worker *worker)
{
    return worker->pid;
}

ssize_t yoke_worker_send(yoke_worker *worker, const void *ptr, size_t len)
{
    return yk_channel_send_message(&worker->channel, ptr, len);
}

bool yoke_worker_is_connected(const yoke_worker *worker)
{
    return worker->is_connected;
}

bool yoke_worker_is_dead(const yoke_worker *worker)
{
    return worker->is_dead;
}

bool yoke_worker_exited_after_disconnect(const yoke_worker *worker)
{
    return worker->is_leaving;
}
