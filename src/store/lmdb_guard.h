/* The guard of a file of LMDB's: whose turn it is to write, of all processes
 * that have the file open (lmdb_file.h says why there is one).
 *
 * It is a robust mutex in a file of its own that all of them map, PATH-guard: to
 * try it takes a tenth of a system call. When a process dies that has it, the
 * kernel frees it. It guards nothing but the turn, so nothing is half done then:
 * a transaction that was not over is LMDB's affair.
 *
 * Whoever has the guard open holds a shared lock (OFD) on the file; who can have
 * it exclusively is alone, and makes the mutex anew: one that was held when the
 * machine went down must not be held for ever. Somebody who removes the file
 * while it is in use makes two guards of it; then writers may wait for each other
 * in LMDB, and nothing is lost. */
#ifndef YK_STORE_LMDB_GUARD_H
#define YK_STORE_LMDB_GUARD_H

#include <stdbool.h>

struct yk_lmdb_guard_page;

struct yk_lmdb_guard {
    int fd; /* Has the lock. */
    struct yk_lmdb_guard_page *page;
};

/* Opens the guard of the file at `path`, and makes it if need be. May wait for a
 * moment. Returns 0; or a negative code, with the reason in `why`, and it is as
 * if closed: -EAGAIN, another process is just making it and does not come to an
 * end; -EBUSY, the programs that use it have another kind of mutex; -errno. */
int yk_lmdb_guard_open(struct yk_lmdb_guard *guard, const char *path,
                       char *why);

/* It must not be held. All zero but for an `fd` of -1: harmless. */
void yk_lmdb_guard_close(struct yk_lmdb_guard *guard);

/* Never waits; true when it is this thread's turn, which has to end it. Within a
 * process, one thread at a time. */
bool yk_lmdb_guard_try(struct yk_lmdb_guard *guard);
void yk_lmdb_guard_leave(struct yk_lmdb_guard *guard);

#endif
