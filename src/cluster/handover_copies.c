#include "cluster/handover_copies.h"

#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "cluster/connection.h"
#include "cluster/copies.h"
#include "cluster/dealer.h"
#include "cluster/handover.h"
#include "cluster/worker.h"
#include "cluster/workers.h"
#include "core/cleanup.h"

#include "core/banned.h"

/* ---- Saving ---- */

struct saving {
    struct yk_handover *handover;
    json_t *entries;
    bool has_all;
};

static void save_copy(void *data, uint16_t index, const struct yk_conn *conn)
{
    struct saving *saving = data;

    /* Its port is closed: it could not be dealt again. */
    if (!conn->port) {
        saving->has_all = false;
        return;
    }
    saving->handover->is_short |=
        json_array_append_new(
            saving->entries,
            json_pack("{s:o, s:i, s:i, s:i}", "fd",
                      yk_handover_keep(saving->handover, conn->fd), "index",
                      (int)index, "deaths", (int)conn->deaths, "giver",
                      conn->giver)) < 0;
}

static json_t *save_worker(struct yk_handover *handover,
                           const struct yoke_worker *worker)
{
    struct saving saving = {handover, json_array(),
                            !worker->copies.has_evicted};

    yk_copies_each_waiting(&worker->copies, save_copy, &saving);
    return json_pack("{s:i, s:b, s:o}", "worker", worker->id, "all",
                     saving.has_all, "entries", saving.entries);
}

void yk_handover_save_copies(struct yk_handover *handover)
{
    json_t *array = json_array();
    struct yoke_worker *worker;

    YK_WORKERS_EACH(worker)
    if (!worker->is_dead)
        handover->is_short |=
            json_array_append_new(array, save_worker(handover, worker)) < 0;
    json_object_set_new(handover->root, "copies", array);
}

/* ---- Resuming ---- */

/* False: it is the worker's alone, if it has that one. */
static bool resume_copy(struct yoke_worker *worker, const json_t *entry)
{
    YK_CLEANUP(yk_close_fd) int fd = yk_handover_take_fd(entry, "fd");
    json_int_t index = yk_handover_int(entry, "index");
    struct yk_conn conn;

    if (!worker || fd < 0 || index < 0 || index >= YK_BOARD_ENTRIES ||
        !yk_conn_describe(&conn, fd))
        return false;
    conn.deaths = (uint8_t)yk_handover_int(entry, "deaths");
    conn.giver = (int)yk_handover_int(entry, "giver");
    if (!yk_copies_resume(&worker->copies, (uint16_t)index, &conn))
        return false;
    yk_take_fd(&fd);
    return true;
}

static void resume_worker(const json_t *entry)
{
    struct yoke_worker *worker =
        yk_workers_find((int)yk_handover_int(entry, "worker"));
    bool has_all = json_is_true(json_object_get(entry, "all"));
    const json_t *copy;
    size_t i;

    json_array_foreach(json_object_get(entry, "entries"), i, copy)
    {
        has_all &= resume_copy(worker, copy);
    }
    if (worker)
        worker->copies.has_evicted = !has_all;
}

void yk_handover_resume_copies(const json_t *root)
{
    const json_t *entry;
    size_t i;

    json_array_foreach(json_object_get(root, "copies"), i, entry)
    {
        resume_worker(entry);
    }
    yk_dealer_resume();
}
