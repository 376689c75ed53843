/* What the operations mean, where the store is ours: lmdb: and memory:.
 *
 * A record is a value with its version and its end. Each operation on one key is
 * a function of the record there, the time and the call: whether it ends, what
 * it answers, and what is to be there afterwards. No I/O, so that both backends
 * mean the same, and every case can be tested by itself.
 *
 * A lock is a record in a space of its own: its version is the fencing number,
 * its end the lease's. */
#ifndef YK_STORE_RECORD_H
#define YK_STORE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"
#include "store/call.h"

/* The spaces, as the first byte of what a key is kept under. */
#define YK_SPACE_VALUE 'v'
#define YK_SPACE_LOCK  'l'

struct yk_record {
    bool exists;
    uint64_t version;
    uint64_t expires_ms;   /* Since 1970; 0: never. */
    struct yk_slice value; /* A NUL is behind it. */
};

enum yk_change {
    YK_KEEP,
    YK_PUT,
    YK_ERASE
};

struct yk_outcome {
    enum yk_change change;
    struct yk_record record; /* Of YK_PUT. */
    struct yoke_store_result result;
    char digits[24]; /* Where the value of an incr is. */
};

/* The space that a call's key is in. */
static inline char yk_record_space(const struct yk_call *call)
{
    return call->op >= YK_OP_LOCK && call->op <= YK_OP_UNLOCK ? YK_SPACE_LOCK
                                                              : YK_SPACE_VALUE;
}

/* True when the call can change something. */
static inline bool yk_record_is_write(const struct yk_call *call)
{
    return call->op != YK_OP_GET && call->op != YK_OP_SCAN;
}

static inline bool yk_record_is_live(const struct yk_record *record,
                                     uint64_t now_ms)
{
    return record->exists &&
           (record->expires_ms == 0 || record->expires_ms > now_ms);
}

/* Any operation on one key. `version` is higher than any before. `ret_outcome`
 * borrows from `there` and the call. */
void yk_record_apply(const struct yk_call *call, const struct yk_record *there,
                     uint64_t now_ms, uint64_t version,
                     struct yk_outcome *ret_outcome);

#endif
