/* A file of LMDB's that several processes map: what is between LMDB and the
 * calls of a store (lmdb.c).
 *
 * **Whose turn it is to write.** LMDB has one writer at a time, of all processes,
 * and who wants to be it waits in a mutex, for as long as it takes. That must
 * not happen to a loop: a worker that is stopped (SIGSTOP, a debugger, a full
 * disk) would stop all others. So a lock stands in front, the guard
 * (lmdb_guard.h), that can be tried. Who has it finds LMDB's own mutex free.
 *
 *     loop: guard free? -- yes --> begin, put ..., commit      10 us or so
 *                |
 *                no, or the disk has to be waited for (sync=commit)
 *                v
 *     thread of the pool: tries the guard until its time is up, then the same
 *
 * A process opens a file once, however many stores it has on it: LMDB demands
 * it.
 *
 * **Growth.** The map has a size; who comes to its end grows it and begins
 * again, the others follow at their next transaction. It is replaced only on the
 * loop, while neither a read nor a job of the pool is under way.
 *
 * **Upkeep.** Whichever process has byte 1 of the file locked (an OFD lock) sweeps
 * what has expired, clears the places of readers that died, and writes the file
 * out to disk, once a second. When it ends, another takes over. Byte 2 is that of
 * the channels' hub (hub.h). */
#ifndef YK_STORE_LMDB_FILE_H
#define YK_STORE_LMDB_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <uv.h>

#include "core/list.h"
#include "store/lmdb_guard.h"
#include "store/lmdb_library.h"

enum yk_lmdb_sync {
    YK_LMDB_INTERVAL,
    YK_LMDB_COMMIT,
    YK_LMDB_NONE,
};

struct yk_lmdb_options {
    enum yk_lmdb_sync sync;
    uint64_t max_size; /* Of the file. */
};

struct yk_lmdb_file {
    struct yk_list node; /* Among this process's. */
    unsigned users;
    char *path;
    dev_t dev;
    ino_t ino;
    struct yk_lmdb_options options;
    uint64_t map_size;
    int fd;       /* For the other locks, and fdatasync. */
    int lock_fd;  /* LMDB's lock file, only to look at. */
    bool is_lost; /* Found by yk_lmdb_look: of no use any more. */
    struct yk_lmdb_guard guard;
    MDB_env *env;
    MDB_dbi dbi;
    MDB_txn *reader;               /* Reset between uses. */
    struct yk_hub *hub;            /* NULL: this process is not it. */
    struct yk_lmdb_writer *writer; /* Set by that. */
};

/* Opens the file, or the one that this process has open already: then the
 * options have to be the same. Returns 0; or a negative code, with the reason in
 * `why`: -EBADMSG when it is not a store's, -EBUSY for other options, -ESTALE
 * when yk_lmdb_look says no. */
int yk_lmdb_open(const char *path, const struct yk_lmdb_options *options,
                 struct yk_lmdb_file **ret_file, char *why);

/* Nothing of it may be in use. */
void yk_lmdb_close(struct yk_lmdb_file *file);

/* Looks whether its files are still where they were. One that has been removed or
 * replaced is another for who opens it now: who went on with the old one would
 * share nothing with him, and without the lock file they would spoil the file.
 * Returns false, and sets `is_lost`, when that is so. */
bool yk_lmdb_look(struct yk_lmdb_file *file);

/* True when this process does the upkeep; tries to become the one. */
bool yk_lmdb_is_keeper(struct yk_lmdb_file *file);

/* Becomes the hub of the file's channels (hub.h) on that socket, unless another
 * process is it, or this one. */
void yk_lmdb_try_hub(struct yk_lmdb_file *file, const char *path);

/* Makes the map larger, up to the limit: MDB_MAP_FULL. Or takes over the size
 * that another process has made it: MDB_MAP_RESIZED. Returns 0, or LMDB's code;
 * MDB_MAP_FULL at the limit. Only on the loop, and nothing may be under way. */
int yk_lmdb_resize(struct yk_lmdb_file *file, int reason);

/* The reader, begun: what it reads is of one moment. LMDB's code. */
int yk_lmdb_begin_read(struct yk_lmdb_file *file);
void yk_lmdb_end_read(struct yk_lmdb_file *file);

/* The store's code for LMDB's, or for that of a system call, and what it means
 * in words (static). */
int yk_lmdb_error(int code, const char **ret_text);

#endif
