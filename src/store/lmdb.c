/* lmdb: a store in a file that all processes of a machine map, by LMDB.
 *
 * Reads are done at once, on the loop: they wait for nobody, and take a
 * microsecond. All reads of a turn see the same moment, after this process's own
 * writes of that turn that could be done at once. Values are handed to callbacks
 * as they lie in the map, without a copy. Writes: lmdb_writer.h. What is in the
 * file: lmdb_batch.c. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>

#include "core/alloc.h"
#include "store/lmdb_batch.h"
#include "store/lmdb_channels.h"
#include "store/lmdb_writer.h"
#include "store/state_dir.h"
#include "store/store.h"

#include "core/banned.h"

#define MAX_SIZE      ((uint64_t)4 << 30)
#define MAX_SIZE_MOST ((uint64_t)1 << 46)
#define KEY_MAX       (YOKE_STORE_KEY_MAX + 2)

struct lmdb {
    struct yk_lmdb_user user;
    yoke_store *store;
    struct yk_list reads; /* Calls that wait until the map can be replaced. */
    struct yk_lmdb_channels channels;
    bool is_closing;
    bool has_channels; /* They are not closed. */
};

/* ---- Reading ---- */

static void get(struct lmdb *lmdb, struct yk_call *call, uint64_t now_ms)
{
    struct yk_lmdb_file *file = yk_lmdb_file_of(&lmdb->user);
    struct yk_record there;
    struct yk_outcome outcome;
    const char *text;
    int code = yk_lmdb_read(file, file->reader, call, &there);

    if (code != 0) {
        int err = yk_lmdb_error(code, &text);
        yk_call_fail(call, err, text);
        return;
    }
    yk_record_apply(call, &there, now_ms, 0, &outcome);
    yk_call_answer(call, &outcome.result);
}

/* A page of a scan: its keys, copied, for they have no NUL in the file. */
struct page {
    struct yoke_store_item items[YOKE_STORE_MANY_MAX];
    size_t count;
    size_t used;        /* Bytes of `text`. */
    char last[KEY_MAX]; /* The last key that was looked at. */
    bool is_end;
    char text[];
};

/* Another program's may be longer than any of ours. */
static bool is_ours(const MDB_val *key)
{
    return key->mv_size <= YOKE_STORE_KEY_MAX + 1;
}

static bool begins_with(const MDB_val *key, const MDB_val *prefix)
{
    return key->mv_size >= prefix->mv_size &&
           memcmp(key->mv_data, prefix->mv_data, prefix->mv_size) == 0;
}

/* Where the page begins: behind the cursor, or at the prefix. */
static int find_first(struct yk_call *call, MDB_cursor *cursor, MDB_val *key,
                      MDB_val *value, char room[KEY_MAX])
{
    struct yk_slice from = call->value.len ? call->value : call->key;

    room[0] = YK_SPACE_VALUE;
    memcpy(room + 1, from.ptr, from.len);
    *key = (MDB_val){from.len + 1, room};
    int code = yk_lmdb.mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
    if (code != 0 || call->value.len == 0 || key->mv_size != from.len + 1 ||
        memcmp(key->mv_data, room, key->mv_size) != 0)
        return code;
    return yk_lmdb.mdb_cursor_get(cursor, key, value, MDB_NEXT);
}

static void add_key(struct page *page, const MDB_val *key, size_t prefix_len)
{
    size_t len = key->mv_size - 1;
    char *text = page->text + page->used;

    memcpy(text, (const char *)key->mv_data + 1, len);
    text[len] = '\0';
    page->used += len + 1;
    page->items[page->count++].key = text + prefix_len;
}

static void take_key(struct page *page, const MDB_val *key, bool is_live,
                     size_t prefix_len)
{
    size_t len = key->mv_size - 1;

    memcpy(page->last, (const char *)key->mv_data + 1, len);
    page->last[len] = '\0';
    if (is_live)
        add_key(page, key, prefix_len);
}

static int read_page(struct lmdb *lmdb, struct yk_call *call,
                     MDB_cursor *cursor, struct page *page)
{
    char room[KEY_MAX], prefix_room[KEY_MAX];
    MDB_val key, value;
    MDB_val prefix = {call->key.len + 1, prefix_room};
    uint64_t now = yk_store_tick(lmdb->store);
    int code = find_first(call, cursor, &key, &value, room);

    prefix_room[0] = YK_SPACE_VALUE;
    memcpy(prefix_room + 1, call->key.ptr, call->key.len);
    for (uint32_t seen = 0; code == 0 && begins_with(&key, &prefix);) {
        struct yk_record record;
        yk_lmdb_record(&value, &record);
        if (seen == call->count)
            return 0;
        if (is_ours(&key)) {
            take_key(page, &key, yk_record_is_live(&record, now),
                     lmdb->store->prefix_len);
            seen++;
        }
        code = yk_lmdb.mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    page->is_end = true;
    return code == MDB_NOTFOUND ? 0 : code;
}

static void scan(struct lmdb *lmdb, struct yk_call *call)
{
    struct yk_lmdb_file *file = yk_lmdb_file_of(&lmdb->user);
    size_t size = sizeof(struct page) + (size_t)call->count * KEY_MAX;
    struct page *page = yk_try_alloc(size);
    MDB_cursor *cursor;
    const char *text;
    int code = page ? 0 : ENOMEM;

    if (page) {
        memset(page, 0, sizeof(*page));
        code = yk_lmdb.mdb_cursor_open(file->reader, file->dbi, &cursor);
    }
    if (code == 0) {
        code = read_page(lmdb, call, cursor, page);
        yk_lmdb.mdb_cursor_close(cursor);
    }
    if (code == 0) {
        struct yoke_store_result result = {
            .items = page->items,
            .count = page->count,
            .cursor = page->is_end ? NULL : page->last,
        };
        yk_call_answer(call, &result);
    } else {
        int err = yk_lmdb_error(code, &text);
        yk_call_fail(call, err, text);
    }
    free(page);
}

/* The map is too small for what others have written: it waits until nobody is
 * in it. */
static int begin_read(struct lmdb *lmdb)
{
    struct yk_lmdb_file *file = yk_lmdb_file_of(&lmdb->user);
    int code = yk_lmdb_begin_read(file);

    if (code != MDB_MAP_RESIZED || yk_lmdb_is_busy(&lmdb->user))
        return code;
    code = yk_lmdb_resize(file, code);
    return code == 0 ? yk_lmdb_begin_read(file) : code;
}

static void read_all(struct lmdb *lmdb, struct yk_list *calls)
{
    const char *text;

    if (yk_list_is_empty(calls))
        return;
    uint64_t now_ms = yk_store_tick(lmdb->store);
    int code = begin_read(lmdb);
    if (code == MDB_MAP_RESIZED) {
        yk_list_move_all(&lmdb->reads, calls);
        return;
    }
    if (code != 0) {
        int err = yk_lmdb_error(code, &text);
        yk_calls_fail(calls, err, text);
        return;
    }
    YK_LIST_EACH(one, calls)
    {
        struct yk_call *call = yk_call_of(one);
        if (call->op == YK_OP_SCAN)
            scan(lmdb, call);
        else
            get(lmdb, call, now_ms);
    }
    yk_list_init(calls); /* They are gone. */
    yk_lmdb_end_read(yk_lmdb_file_of(&lmdb->user));
}

/* ---- Calls ---- */

static void run_lmdb(yoke_store *store, struct yk_list *calls)
{
    struct lmdb *lmdb = store->state;
    struct yk_list messages, writes;
    struct yk_list *node;

    if (yk_lmdb_file_of(&lmdb->user)->is_lost) {
        yk_calls_fail(calls, -YOKE_EUNAVAILABLE,
                      "the store's file has been removed or replaced");
        return;
    }
    /* Reads stay where they are: mostly they are all there is. */
    yk_list_init(&messages);
    yk_list_init(&writes);
    YK_LIST_EACH(one, calls)
    {
        const struct yk_call *call = yk_call_of(one);
        if (!yk_record_is_write(call))
            continue;
        yk_list_remove(one);
        yk_list_add(call->op == YK_OP_PUBLISH ? &messages : &writes, one);
    }
    while ((node = yk_list_take(&messages)))
        yk_lmdb_channels_publish(&lmdb->channels, yk_call_of(node));
    if (!yk_list_is_empty(&writes))
        yk_lmdb_submit(&lmdb->user, &writes);
    read_all(lmdb, calls);
    yk_lmdb_channels_flush(&lmdb->channels);
}

static void listen_lmdb(yoke_store *store, struct yk_topic *topic)
{
    struct lmdb *lmdb = store->state;
    yk_lmdb_channels_add(&lmdb->channels, topic);
}

static void unlisten_lmdb(yoke_store *store, struct yk_topic *topic)
{
    struct lmdb *lmdb = store->state;
    yk_lmdb_channels_remove(&lmdb->channels, topic);
}

/* ---- Opening and closing ---- */

/* When neither a thread nor the loop has anything of it any more. */
static void let_go_if_idle(struct lmdb *lmdb)
{
    if (lmdb->has_channels || yk_lmdb_is_busy(&lmdb->user))
        return;
    yk_calls_fail(&lmdb->reads, -ECANCELED, NULL);
    yk_lmdb_leave(&lmdb->user);
    yk_store_closed(lmdb->store);
    free(lmdb);
}

static void on_idle(struct yk_lmdb_user *user)
{
    struct lmdb *lmdb = YK_CONTAINER_OF(user, struct lmdb, user);
    struct yk_list reads;

    if (lmdb->is_closing) {
        let_go_if_idle(lmdb);
        return;
    }
    yk_list_init(&reads);
    yk_list_move_all(&reads, &lmdb->reads);
    read_all(lmdb, &reads);
}

static void on_channels_closed(yoke_store *store)
{
    struct lmdb *lmdb = store->state;

    lmdb->has_channels = false;
    let_go_if_idle(lmdb);
}

static void close_lmdb(yoke_store *store)
{
    struct lmdb *lmdb = store->state;

    lmdb->is_closing = true;
    yk_lmdb_channels_close(&lmdb->channels);
}

static int read_options(struct yk_url *url, struct yk_lmdb_options *options,
                        char *why)
{
    static const char *const syncs[] = {"interval", "commit", "none", NULL};
    int sync;
    int err = yk_url_word(url, "sync", syncs, &sync, why);

    options->max_size = MAX_SIZE;
    if (err == 0)
        err = yk_url_size(url, "max_size", MAX_SIZE_MOST, &options->max_size,
                          why);
    if (err == 0)
        err = yk_url_check_params(url, why);
    if (err < 0)
        return err;
    if (options->max_size < (1 << 20))
        return yk_store_why(why, -EINVAL, "URL: option max_size is below 1M");
    options->sync = (enum yk_lmdb_sync)sync;
    return 0;
}

static int open_lmdb(yoke_store *store, struct yk_url *url, char *why)
{
    char own[PATH_MAX];
    struct yk_lmdb_options options;
    const char *path = url->path;
    int err = read_options(url, &options, why);

    if (err == 0 && url->has_hosts)
        err = yk_store_why(why, -EINVAL,
                           "URL: lmdb: has a path, no host "
                           "(lmdb:/var/lib/app/state.lmdb)");
    if (err == 0)
        err = yk_lmdb_load(why);
    if (err == 0 && !*path) {
        err = yk_state_path(".lmdb", own, sizeof(own), why);
        path = own;
    }
    if (err < 0)
        return err;
    struct lmdb *lmdb = yk_alloc(sizeof(*lmdb));
    lmdb->store = store;
    lmdb->user.store = store;
    lmdb->user.on_idle = on_idle;
    yk_list_init(&lmdb->reads);
    err = yk_lmdb_join(&lmdb->user, path, &options, why);
    if (err < 0) {
        free(lmdb);
        return err;
    }
    lmdb->channels.store = store;
    lmdb->channels.file = yk_lmdb_file_of(&lmdb->user);
    lmdb->channels.on_closed = on_channels_closed;
    err = yk_lmdb_channels_init(&lmdb->channels, why);
    if (err < 0) {
        yk_lmdb_leave(&lmdb->user);
        free(lmdb);
        return err;
    }
    lmdb->has_channels = true;
    store->state = lmdb;
    return 0;
}

static const char *const schemes[] = {"lmdb", NULL};

const struct yk_store_backend yk_store_lmdb = {
    .schemes = schemes,
    .open = open_lmdb,
    .run = run_lmdb,
    .listen = listen_lmdb,
    .unlisten = unlisten_lmdb,
    .close = close_lmdb,
};
