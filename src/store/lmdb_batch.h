/* Changes to a file of LMDB's that go into one transaction. */
#ifndef YK_STORE_LMDB_BATCH_H
#define YK_STORE_LMDB_BATCH_H

#include <stdint.h>

#include "core/list.h"
#include "store/lmdb_file.h"
#include "store/record.h"

/* Most calls of one transaction: what it has to write stays small enough for
 * the loop, and versions have room for it. */
#define YK_LMDB_BATCH_MAX 256

/* Carries out all calls, or none. What each is to be answered is noted in it
 * (`done_...`). `now_ms` is the wall clock. Returns 0 or LMDB's code. The guard
 * is held; on any thread. */
int yk_lmdb_write(struct yk_lmdb_file *file, struct yk_list *calls,
                  uint64_t now_ms);

/* Reads the record that a call is about, within a transaction; borrowed until
 * its end. LMDB's code; 0 also when there is none. */
int yk_lmdb_read(struct yk_lmdb_file *file, MDB_txn *txn, struct yk_call *call,
                 struct yk_record *ret_record);

/* How far a sweep has come. All zero: at the beginning. */
struct yk_lmdb_sweep {
    char from[512];
    size_t from_len;
    uint64_t swept; /* Removed by the last step. */
};

/* One step: looks at some records and removes those that have expired. LMDB's
 * code. As yk_lmdb_write, with a reader of its own. */
int yk_lmdb_sweep_step(struct yk_lmdb_file *file, struct yk_lmdb_sweep *sweep,
                       uint64_t now_ms);

/* The record that is kept in `value`. */
void yk_lmdb_record(const MDB_val *value, struct yk_record *ret_record);

#endif
