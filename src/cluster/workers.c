#include "cluster/workers.h"

#include <errno.h>
#include <stddef.h>
#include <sys/pidfd.h>

#include "cluster/template.h"
#include "cluster/worker.h"

/* The table. Written by the functions of this file, in the primary. */
static struct yk_list workers = {&workers, &workers};
static int last_id;

struct yk_list *yk_workers(void)
{
    return &workers;
}

/* Where it belongs in the order of ids: nearly always at the end. */
static struct yk_list *place_of(int id)
{
    struct yk_list *node = workers.prev;

    while (node != &workers &&
           YK_CONTAINER_OF(node, struct yoke_worker, node)->id > id)
        node = node->prev;
    return node->next;
}

void yk_workers_add_again(struct yoke_worker *worker, int id)
{
    worker->id = id;
    worker->is_listed = true;
    yk_list_add(place_of(id), &worker->node);
}

void yk_workers_add(struct yoke_worker *worker)
{
    yk_workers_add_again(worker, ++last_id);
}

int yk_workers_last_id(void)
{
    return last_id;
}

void yk_workers_set_last_id(int id)
{
    last_id = id;
}

void yk_workers_remove(struct yoke_worker *worker)
{
    yk_list_remove(&worker->node);
}

struct yoke_worker *yk_workers_find(int id)
{
    struct yoke_worker *worker;

    YK_WORKERS_EACH(worker)
    if (worker->id == id)
        return worker;
    return NULL;
}

struct yoke_worker *yk_workers_find_pid(pid_t pid)
{
    struct yoke_worker *worker;

    YK_WORKERS_EACH(worker)
    if (worker->pid == pid && !worker->is_dead)
        return worker;
    return NULL;
}

int yk_worker_signal(const struct yoke_worker *worker, int signum)
{
    if (worker->is_dead)
        return -ESRCH;
    if (worker->birth) {
        yk_template_signal(worker, signum);
        return 0;
    }
    return pidfd_send_signal(worker->pidfd, signum, NULL, 0) < 0 ? -errno : 0;
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

bool yoke_worker_is_connected(const yoke_worker *worker)
{
    return worker->is_connected;
}

bool yoke_worker_is_dead(const yoke_worker *worker)
{
    return worker->is_dead;
}

int yoke_worker_exited_after_disconnect(const yoke_worker *worker)
{
    if (worker->is_leaving)
        return 1;
    return worker->is_connected && !worker->is_dead ? -1 : 0;
}

enum yoke_worker_state yoke_worker_state(const yoke_worker *worker)
{
    if (worker->is_dead)
        return YOKE_WORKER_DEAD;
    if (!worker->is_connected)
        return YOKE_WORKER_DISCONNECTED;
    if (worker->is_leaving)
        return YOKE_WORKER_DISCONNECTING;
    if (worker->has_listened)
        return YOKE_WORKER_LISTENING;
    return worker->is_online ? YOKE_WORKER_ONLINE : YOKE_WORKER_NONE;
}

const char *yoke_worker_state_text(enum yoke_worker_state state)
{
    static const char *const names[] = {
        [YOKE_WORKER_NONE] = "none",
        [YOKE_WORKER_ONLINE] = "online",
        [YOKE_WORKER_LISTENING] = "listening",
        [YOKE_WORKER_DISCONNECTING] = "disconnecting",
        [YOKE_WORKER_DISCONNECTED] = "disconnected",
        [YOKE_WORKER_DEAD] = "dead",
    };

    return state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

void yoke_worker_set_data(yoke_worker *worker, void *data)
{
    worker->data = data;
}

void *yoke_worker_data(const yoke_worker *worker)
{
    return worker->data;
}
