#include "cluster/copies.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "net/handoff.h"

#define NONE           YK_COPIES_NONE
#define GENERATION_MAX YK_HANDOFF_GENERATION(UINT32_MAX)

int yk_copies_init(struct yk_copies *copies, struct yk_board *board)
{
    size_t size = YK_BOARD_ENTRIES * sizeof(struct yk_copy);

    /* Not cleared: memory that is never used is never touched. */
    struct yk_copy *entries = yk_try_alloc(size);
    if (!entries)
        return -ENOMEM;
    *copies = (struct yk_copies){.board = board,
                                 .entries = entries,
                                 .outgoing = {NONE, NONE, 0},
                                 .sent = {NONE, NONE, 0},
                                 .waiting = {NONE, NONE, 0},
                                 .free = NONE,
                                 .cursor = NONE};
    return 0;
}

/* ---- Lists ---- */

static void list_add(struct yk_copies *copies, struct yk_copy_list *list,
                     uint16_t index)
{
    struct yk_copy *copy = &copies->entries[index];

    copy->next = NONE;
    copy->prev = list->last;
    if (list->last == NONE)
        list->first = index;
    else
        copies->entries[list->last].next = index;
    list->last = index;
    list->count++;
}

static void list_remove(struct yk_copies *copies, struct yk_copy_list *list,
                        uint16_t index)
{
    struct yk_copy *copy = &copies->entries[index];

    if (copies->cursor == index)
        copies->cursor = copy->next;
    if (copy->prev == NONE)
        list->first = copy->next;
    else
        copies->entries[copy->prev].next = copy->next;
    if (copy->next == NONE)
        list->last = copy->prev;
    else
        copies->entries[copy->next].prev = copy->prev;
    list->count--;
}

/* ---- Entries ---- */

static struct yk_handoff handoff_of(const struct yk_copies *copies,
                                    uint16_t index)
{
    return (struct yk_handoff){.word = &copies->board->words[index],
                               .generation = copies->entries[index].generation};
}

/* What the worker says about the entry. A word that has another generation
 * than it should have was written by no honest worker; the connection is then
 * the worker's, who has it. */
static enum yk_handoff_state state_of(const struct yk_copies *copies,
                                      uint16_t index)
{
    struct yk_handoff handoff = handoff_of(copies, index);
    uint32_t word = atomic_load_explicit(handoff.word, memory_order_acquire);

    if (YK_HANDOFF_GENERATION(word) != handoff.generation)
        return YK_HANDOFF_BEGUN;
    switch (YK_HANDOFF_STATE(word)) {
    case YK_HANDOFF_SENT:
    case YK_HANDOFF_TAKEN:
    case YK_HANDOFF_RETURNED:
        return YK_HANDOFF_STATE(word);
    case YK_HANDOFF_FREE:
    case YK_HANDOFF_BEGUN:
        break;
    }
    return YK_HANDOFF_BEGUN;
}

/* Counts the generation up: the worker can change nothing any more. */
static void free_entry(struct yk_copies *copies, uint16_t index)
{
    struct yk_copy *copy = &copies->entries[index];

    copy->generation = (copy->generation + 1) & GENERATION_MAX;
    atomic_store_explicit(&copies->board->words[index],
                          YK_HANDOFF_WORD(copy->generation, YK_HANDOFF_FREE),
                          memory_order_release);
    copy->next = copies->free;
    copies->free = index;
}

static void close_entry(struct yk_copies *copies, struct yk_copy_list *list,
                        uint16_t index)
{
    close(copies->entries[index].conn.fd);
    list_remove(copies, list, index);
    free_entry(copies, index);
}

static void give_entry(struct yk_copies *copies, struct yk_copy_list *list,
                       uint16_t index, yk_give_fn *give, void *data)
{
    struct yk_conn conn = copies->entries[index].conn;

    list_remove(copies, list, index);
    free_entry(copies, index);
    give(data, &conn);
}

/* A word that another primary has left: who has the connection that it spoke of
 * can change nothing any more. */
static void enter_unused(struct yk_copies *copies)
{
    uint32_t word = atomic_load(&copies->board->words[copies->unused]);
    uint32_t generation = YK_HANDOFF_GENERATION(word);

    if (YK_HANDOFF_STATE(word) != YK_HANDOFF_FREE)
        generation = (generation + 1) & GENERATION_MAX;
    copies->entries[copies->unused++].generation = generation;
}

static uint16_t take_free(struct yk_copies *copies)
{
    uint16_t index = copies->free;

    if (index != NONE) {
        copies->free = copies->entries[index].next;
        return index;
    }
    if (copies->unused < YK_BOARD_ENTRIES) {
        enter_unused(copies);
        return copies->unused - 1;
    }
    if (yk_copies_evict(copies, 1) == 0)
        return NONE;
    index = copies->free;
    copies->free = copies->entries[index].next;
    return index;
}

/* ---- What the dealer asks for ---- */

uint16_t yk_copies_add(struct yk_copies *copies, const struct yk_conn *conn,
                       uint64_t now_ms)
{
    uint16_t index = take_free(copies);
    if (index == NONE)
        return NONE;

    struct yk_copy *copy = &copies->entries[index];
    copy->conn = *conn;
    copy->sent_ms = now_ms;
    atomic_store_explicit(&copies->board->words[index],
                          YK_HANDOFF_WORD(copy->generation, YK_HANDOFF_SENT),
                          memory_order_release);
    list_add(copies, &copies->outgoing, index);
    return index;
}

void yk_copies_have_gone(struct yk_copies *copies)
{
    while (copies->outgoing.first != NONE) {
        uint16_t index = copies->outgoing.first;
        list_remove(copies, &copies->outgoing, index);
        list_add(copies, &copies->sent, index);
    }
}

bool yk_copies_resume(struct yk_copies *copies, uint16_t index,
                      const struct yk_conn *conn)
{
    uint32_t word;

    if (index < copies->unused || index >= YK_BOARD_ENTRIES)
        return false;
    while (copies->unused < index) {
        enter_unused(copies);
        copies->entries[copies->unused - 1].next = copies->free;
        copies->free = copies->unused - 1;
    }
    word = atomic_load(&copies->board->words[index]);
    copies->entries[index] = (struct yk_copy){
        .conn = *conn, .generation = YK_HANDOFF_GENERATION(word)};
    copies->unused++;
    list_add(copies, &copies->waiting, index);
    return true;
}

void yk_copies_undo(struct yk_copies *copies, uint16_t index,
                    struct yk_conn *ret_conn)
{
    *ret_conn = copies->entries[index].conn;
    list_remove(copies, &copies->outgoing, index);
    free_entry(copies, index);
}

/* A worker takes what it was sent in order, so the first one that it has not
 * taken ends the search. */
void yk_copies_refresh(struct yk_copies *copies, yk_give_fn *give, void *data)
{
    while (copies->sent.first != NONE) {
        uint16_t index = copies->sent.first;
        switch (state_of(copies, index)) {
        case YK_HANDOFF_SENT:
            return;
        case YK_HANDOFF_TAKEN:
            list_remove(copies, &copies->sent, index);
            list_add(copies, &copies->waiting, index);
            break;
        case YK_HANDOFF_RETURNED:
            give_entry(copies, &copies->sent, index, give, data);
            break;
        case YK_HANDOFF_FREE:
        case YK_HANDOFF_BEGUN:
            close_entry(copies, &copies->sent, index);
            break;
        }
    }
}

void yk_copies_sweep(struct yk_copies *copies, unsigned max, yk_give_fn *give,
                     void *data)
{
    if (max > copies->waiting.count)
        max = copies->waiting.count;
    while (max-- > 0) {
        if (copies->cursor == NONE)
            copies->cursor = copies->waiting.first;
        uint16_t index = copies->cursor;
        enum yk_handoff_state state = state_of(copies, index);
        if (state == YK_HANDOFF_BEGUN)
            close_entry(copies, &copies->waiting, index);
        else if (state == YK_HANDOFF_RETURNED)
            give_entry(copies, &copies->waiting, index, give, data);
        else
            copies->cursor = copies->entries[index].next;
    }
}

bool yk_copies_are_late(const struct yk_copies *copies, uint64_t then_ms)
{
    return copies->sent.first != NONE &&
           copies->entries[copies->sent.first].sent_ms < then_ms;
}

void yk_copies_revoke(struct yk_copies *copies, uint64_t then_ms,
                      yk_give_fn *give, void *data)
{
    while (yk_copies_are_late(copies, then_ms)) {
        struct yk_handoff handoff = handoff_of(copies, copies->sent.first);
        if (!yk_handoff_move(&handoff, YK_HANDOFF_SENT, YK_HANDOFF_FREE))
            return;
        give_entry(copies, &copies->sent, copies->sent.first, give, data);
    }
}

/* One that has just begun is closed like one that still waits: in either case
 * the worker has it. One that was returned must not be lost; it is left for
 * the sweep, behind the others. */
unsigned yk_copies_evict(struct yk_copies *copies, unsigned max)
{
    unsigned closed = 0;

    for (unsigned left = copies->waiting.count; left > 0 && closed < max;
         left--) {
        uint16_t index = copies->waiting.first;
        struct yk_handoff handoff = handoff_of(copies, index);
        if (yk_handoff_move(&handoff, YK_HANDOFF_TAKEN, YK_HANDOFF_FREE) ||
            state_of(copies, index) == YK_HANDOFF_BEGUN) {
            close_entry(copies, &copies->waiting, index);
            copies->has_evicted = true;
            closed++;
        } else {
            list_remove(copies, &copies->waiting, index);
            list_add(copies, &copies->waiting, index);
        }
    }
    return closed;
}

void yk_copies_each_waiting(const struct yk_copies *copies, yk_copy_fn *fn,
                            void *data)
{
    bool waits[YK_BOARD_ENTRIES] = {false};

    for (uint16_t i = copies->waiting.first; i != NONE;
         i = copies->entries[i].next)
        waits[i] = true;
    for (uint16_t i = 0; i < copies->unused; i++)
        if (waits[i])
            fn(data, i, &copies->entries[i].conn);
}

static bool list_has(const struct yk_copies *copies,
                     const struct yk_copy_list *list,
                     const struct yk_conn *conn)
{
    for (uint16_t i = list->first; i != NONE; i = copies->entries[i].next) {
        const struct yk_conn *other = &copies->entries[i].conn;
        if (other->port == conn->port &&
            yk_peer_is_same(&other->peer, &conn->peer))
            return true;
    }
    return false;
}

bool yk_copies_have(const struct yk_copies *copies, const struct yk_conn *conn)
{
    return list_has(copies, &copies->outgoing, conn) ||
           list_has(copies, &copies->sent, conn) ||
           list_has(copies, &copies->waiting, conn);
}

static void forget_list(struct yk_copies *copies,
                        const struct yk_copy_list *list,
                        const struct yk_port *port)
{
    for (uint16_t i = list->first; i != NONE; i = copies->entries[i].next)
        if (copies->entries[i].conn.port == port)
            copies->entries[i].conn.port = NULL;
}

void yk_copies_forget(struct yk_copies *copies, const struct yk_port *port)
{
    forget_list(copies, &copies->outgoing, port);
    forget_list(copies, &copies->sent, port);
    forget_list(copies, &copies->waiting, port);
}

static void give_list(struct yk_copies *copies, struct yk_copy_list *list,
                      yk_give_fn *give, void *data)
{
    while (list->first != NONE) {
        switch (state_of(copies, list->first)) {
        case YK_HANDOFF_TAKEN:
            copies->entries[list->first].conn.deaths++;
            give_entry(copies, list, list->first, give, data);
            break;
        case YK_HANDOFF_SENT:
        case YK_HANDOFF_RETURNED:
            give_entry(copies, list, list->first, give, data);
            break;
        case YK_HANDOFF_FREE:
        case YK_HANDOFF_BEGUN:
            close_entry(copies, list, list->first);
            break;
        }
    }
}

/* `give` puts each in front of the others: the last dealt goes first. */
void yk_copies_give_all(struct yk_copies *copies, yk_give_fn *give, void *data)
{
    while (copies->outgoing.first != NONE)
        give_entry(copies, &copies->outgoing, copies->outgoing.first, give,
                   data);
    give_list(copies, &copies->sent, give, data);
    give_list(copies, &copies->waiting, give, data);
}

static void close_conn(void *data, const struct yk_conn *conn)
{
    (void)data;
    close(conn->fd);
}

void yk_copies_done(struct yk_copies *copies)
{
    if (!copies->entries)
        return;
    yk_copies_give_all(copies, close_conn, NULL);
    free(copies->entries);
    copies->entries = NULL;
}
