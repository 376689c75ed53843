/* A record in the file, in the byte order of the machine that has mapped it:
 *
 *     key:    space ('v' or 'l'), then the key       (the mark is "m")
 *     value:  version, 8 bytes
 *             end, 8 bytes: milliseconds since 1970, or 0
 *             the value's bytes
 *             a NUL
 *
 * A version is the number of the transaction and the place in it: higher than
 * any before, in all processes, without a counter that would have to be
 * written. */
#include "store/lmdb_batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/banned.h"

#define HEAD_LEN      (2 * sizeof(uint64_t))
#define PLACE_BITS    12
#define SWEEP_SEEN    2000
#define SWEEP_REMOVED 128
#define KEY_MAX       (YOKE_STORE_KEY_MAX + 2)

_Static_assert(YK_LMDB_BATCH_MAX <= 1 << PLACE_BITS, "versions have room");

void yk_lmdb_record(const MDB_val *value, struct yk_record *record)
{
    const char *bytes = value->mv_data;

    /* The mark, or what another program has put there. */
    record->exists =
        value->mv_size > HEAD_LEN && bytes[value->mv_size - 1] == '\0';
    if (!record->exists)
        return;
    memcpy(&record->version, bytes, sizeof(uint64_t));
    memcpy(&record->expires_ms, bytes + sizeof(uint64_t), sizeof(uint64_t));
    record->value.ptr = bytes + HEAD_LEN;
    record->value.len = value->mv_size - HEAD_LEN - 1;
}

/* What a call is about. */
static MDB_val key_of(struct yk_call *call)
{
    struct yk_slice key = yk_call_inner_key(call, yk_record_space(call));
    /* LMDB takes no const, and does not write. */
    return (MDB_val){key.len, (void *)(uintptr_t)key.ptr};
}

int yk_lmdb_read(struct yk_lmdb_file *file, MDB_txn *txn, struct yk_call *call,
                 struct yk_record *ret_record)
{
    MDB_val key = key_of(call), value;
    int code = yk_lmdb.mdb_get(txn, file->dbi, &key, &value);

    ret_record->exists = false;
    if (code == 0)
        yk_lmdb_record(&value, ret_record);
    return code == MDB_NOTFOUND ? 0 : code;
}

static int put(struct yk_lmdb_file *file, MDB_txn *txn, MDB_val *key,
               const struct yk_record *record)
{
    MDB_val room = {HEAD_LEN + record->value.len + 1, NULL};
    int code = yk_lmdb.mdb_put(txn, file->dbi, key, &room, MDB_RESERVE);

    if (code != 0)
        return code;
    char *bytes = room.mv_data;
    memcpy(bytes, &record->version, sizeof(uint64_t));
    memcpy(bytes + sizeof(uint64_t), &record->expires_ms, sizeof(uint64_t));
    if (record->value.len > 0)
        memcpy(bytes + HEAD_LEN, record->value.ptr, record->value.len);
    bytes[HEAD_LEN + record->value.len] = '\0';
    return 0;
}

/* The value of a touched record is in the page that is about to be changed. */
static int put_again(struct yk_lmdb_file *file, MDB_txn *txn, MDB_val *key,
                     struct yk_record *record)
{
    char copy[1024];
    struct yk_slice value = record->value;
    void *large = NULL;

    if (value.len <= sizeof(copy))
        record->value.ptr = memcpy(copy, value.ptr, value.len);
    else if ((large = malloc(value.len)))
        record->value.ptr = memcpy(large, value.ptr, value.len);
    else
        return ENOMEM;
    int code = put(file, txn, key, record);
    free(large);
    return code;
}

static int change(struct yk_lmdb_file *file, MDB_txn *txn, struct yk_call *call,
                  uint64_t now_ms, uint64_t version)
{
    struct yk_record there = {.exists = false};
    struct yk_outcome outcome;
    int code = 0;

    /* Only a set does not care what was there. */
    if (call->op != YK_OP_SET)
        code = yk_lmdb_read(file, txn, call, &there);
    if (code != 0)
        return code;
    yk_record_apply(call, &there, now_ms, version, &outcome);
    call->done_err = outcome.result.err;
    call->done_version = outcome.result.version;
    call->done_number = outcome.result.number;
    MDB_val key = key_of(call);
    if (outcome.change == YK_ERASE)
        return yk_lmdb.mdb_del(txn, file->dbi, &key, NULL);
    if (outcome.change == YK_KEEP)
        return 0;
    return call->op == YK_OP_TOUCH ? put_again(file, txn, &key, &outcome.record)
                                   : put(file, txn, &key, &outcome.record);
}

int yk_lmdb_write(struct yk_lmdb_file *file, struct yk_list *calls,
                  uint64_t now_ms)
{
    MDB_txn *txn;
    int code = yk_lmdb.mdb_txn_begin(file->env, NULL, 0, &txn);

    if (code != 0)
        return code;
    uint64_t version = (uint64_t)yk_lmdb.mdb_txn_id(txn) << PLACE_BITS;
    YK_LIST_EACH(node, calls)
    {
        code = change(file, txn, yk_call_of(node), now_ms, version++);
        if (code != 0) {
            yk_lmdb.mdb_txn_abort(txn);
            return code;
        }
    }
    return yk_lmdb.mdb_txn_commit(txn);
}

/* ---- The sweep ---- */

struct found {
    char keys[SWEEP_REMOVED][KEY_MAX];
    size_t lens[SWEEP_REMOVED];
    int count;
};

/* Notes the keys of what has expired, and how far it has come. */
static int look(struct yk_lmdb_sweep *sweep, MDB_cursor *cursor,
                uint64_t now_ms, struct found *found)
{
    MDB_val key = {sweep->from_len, sweep->from}, value;
    int code = yk_lmdb.mdb_cursor_get(
        cursor, &key, &value, sweep->from_len ? MDB_SET_RANGE : MDB_FIRST);

    for (int seen = 0; code == 0; seen++) {
        struct yk_record record;
        yk_lmdb_record(&value, &record);
        if (seen == SWEEP_SEEN || found->count == SWEEP_REMOVED) {
            sweep->from_len = key.mv_size;
            memcpy(sweep->from, key.mv_data, key.mv_size);
            return 0;
        }
        if (record.exists && !yk_record_is_live(&record, now_ms) &&
            key.mv_size <= KEY_MAX) {
            memcpy(found->keys[found->count], key.mv_data, key.mv_size);
            found->lens[found->count++] = key.mv_size;
        }
        code = yk_lmdb.mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    sweep->from_len = 0;
    return code == MDB_NOTFOUND ? 0 : code;
}

static int find(struct yk_lmdb_file *file, struct yk_lmdb_sweep *sweep,
                uint64_t now_ms, struct found *found)
{
    MDB_txn *txn;
    MDB_cursor *cursor;
    int code = yk_lmdb.mdb_txn_begin(file->env, NULL, MDB_RDONLY, &txn);

    if (code != 0)
        return code;
    code = yk_lmdb.mdb_cursor_open(txn, file->dbi, &cursor);
    if (code == 0) {
        code = look(sweep, cursor, now_ms, found);
        yk_lmdb.mdb_cursor_close(cursor);
    }
    yk_lmdb.mdb_txn_abort(txn);
    return code;
}

/* Somebody may have written to it meanwhile. */
static int remove_expired(struct yk_lmdb_file *file, MDB_txn *txn, MDB_val key,
                          uint64_t now_ms)
{
    struct yk_record record;
    MDB_val value;
    int code = yk_lmdb.mdb_get(txn, file->dbi, &key, &value);

    if (code != 0)
        return code == MDB_NOTFOUND ? 0 : code;
    yk_lmdb_record(&value, &record);
    if (yk_record_is_live(&record, now_ms))
        return 0;
    return yk_lmdb.mdb_del(txn, file->dbi, &key, NULL);
}

int yk_lmdb_sweep_step(struct yk_lmdb_file *file, struct yk_lmdb_sweep *sweep,
                       uint64_t now_ms)
{
    struct found found = {.count = 0};
    MDB_txn *txn;
    int code = find(file, sweep, now_ms, &found);

    sweep->swept = 0;
    if (code != 0 || found.count == 0)
        return code;
    code = yk_lmdb.mdb_txn_begin(file->env, NULL, 0, &txn);
    if (code != 0)
        return code;
    for (int i = 0; code == 0 && i < found.count; i++)
        code = remove_expired(file, txn,
                              (MDB_val){found.lens[i], found.keys[i]}, now_ms);
    if (code != 0) {
        yk_lmdb.mdb_txn_abort(txn);
        return code;
    }
    code = yk_lmdb.mdb_txn_commit(txn);
    if (code == 0)
        sweep->swept = (uint64_t)found.count;
    return code;
}
