/* The line in which calls wait that change a file of LMDB's, and who carries
 * them out: the loop when nothing has to be waited for, a thread of libuv's pool
 * otherwise. One for each file that this process has open. It also does the
 * upkeep of the file, if that is this process's part (lmdb_file.h). */
#ifndef YK_STORE_LMDB_WRITER_H
#define YK_STORE_LMDB_WRITER_H

#include <stdbool.h>

#include "core/list.h"
#include "store/lmdb_file.h"
#include "store/store.h"

struct yk_lmdb_writer;

/* Somebody who uses the file: a store. */
struct yk_lmdb_user {
    struct yk_list node;
    struct yk_lmdb_writer *writer;
    yoke_store *store;
    /* No thread is at the file at this moment: the map may be replaced, and who
     * waits to let go of it may. */
    void (*on_idle)(struct yk_lmdb_user *user);
};

/* Opens the file, or joins those who have it open. Returns as yk_lmdb_open. */
int yk_lmdb_join(struct yk_lmdb_user *user, const char *path,
                 const struct yk_lmdb_options *options, char *why);

/* Lets go of it. Not while a thread is at it. */
void yk_lmdb_leave(struct yk_lmdb_user *user);

struct yk_lmdb_file *yk_lmdb_file_of(const struct yk_lmdb_user *user);

/* True while a thread is at the file: on_idle follows. */
bool yk_lmdb_is_busy(const struct yk_lmdb_user *user);

/* Takes over calls that write. */
void yk_lmdb_submit(struct yk_lmdb_user *user, struct yk_list *calls);

#endif
