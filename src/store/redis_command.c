#include "store/redis_command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>

#include "core/alloc.h"
#include "store/redis_layout.h"
#include "store/store.h"

#include "core/banned.h"

/* So many keys of a page; Redis may give more than it is asked for. */
#define PAGE_MAX 4096

/* ---- Commands ---- */

static void append_script(struct yk_redis_conn *conn,
                          enum yk_redis_script script,
                          const struct yk_redis_hashes *hashes,
                          unsigned key_count, unsigned argument_count)
{
    yk_redis_begin(conn, 3 + key_count + argument_count);
    yk_redis_argument(conn, hashes ? YK_LIT("EVALSHA") : YK_LIT("EVAL"));
    yk_redis_argument(conn, yk_slice_of(hashes ? hashes->text[script]
                                               : yk_redis_scripts[script]));
    yk_redis_number(conn, key_count);
}

/* SET key value [NX] [EX seconds] */
static void append_set(struct yk_redis_conn *conn, struct yk_call *call)
{
    char head[YK_REDIS_HEAD_LEN];
    bool is_add = call->op == YK_OP_ADD;

    call->done_version = yk_redis_make_head(head, &call->store->random);
    yk_redis_begin(conn, 3 + (is_add ? 1 : 0) + (call->ttl_s ? 2 : 0));
    yk_redis_argument(conn, YK_LIT("SET"));
    yk_redis_argument(conn, call->key);
    yk_redis_pieces(conn, (struct yk_slice){head, sizeof(head)}, call->value);
    if (is_add)
        yk_redis_argument(conn, YK_LIT("NX"));
    if (!call->ttl_s)
        return;
    yk_redis_argument(conn, YK_LIT("EX"));
    yk_redis_number(conn, call->ttl_s);
}

static void append_replace(struct yk_redis_conn *conn, struct yk_call *call,
                           const struct yk_redis_hashes *hashes)
{
    char seen[YK_REDIS_HEAD_LEN], head[YK_REDIS_HEAD_LEN];
    int64_t numbers[2];
    bool is_number = yk_redis_version_numbers(call->version, numbers);

    yk_redis_head(seen, call->version);
    call->done_version = yk_redis_make_head(head, &call->store->random);
    append_script(conn, YK_SCRIPT_REPLACE, hashes, 1, 5);
    yk_redis_argument(conn, call->key);
    yk_redis_argument(conn, (struct yk_slice){seen, sizeof(seen)});
    for (int i = 0; i < 2; i++) {
        if (is_number)
            yk_redis_number(conn, numbers[i]);
        else
            yk_redis_argument(conn, YK_LIT("none"));
    }
    yk_redis_pieces(conn, (struct yk_slice){head, sizeof(head)}, call->value);
    yk_redis_number(conn, call->ttl_s);
}

/* Mostly Redis can do it by itself; that it cannot, its reply tells. */
static void append_incr(struct yk_redis_conn *conn, struct yk_call *call,
                        const struct yk_redis_hashes *hashes)
{
    if (call->ttl_s == 0 && hashes && !call->tag) {
        yk_redis_begin(conn, 3);
        yk_redis_argument(conn, YK_LIT("INCRBY"));
        yk_redis_argument(conn, call->key);
        yk_redis_number(conn, call->number);
        return;
    }
    append_script(conn, YK_SCRIPT_INCR, hashes, 1, 2);
    yk_redis_argument(conn, call->key);
    yk_redis_number(conn, call->number);
    yk_redis_number(conn, call->ttl_s);
}

struct yk_slice yk_redis_lock_key(char *out, const char *kind,
                                  struct yk_slice name)
{
    int len = snprintf(out, YK_REDIS_LOCK_KEY_MAX, "%s {.%.*s}", kind,
                       (int)name.len, name.ptr);
    return (struct yk_slice){out, (size_t)len};
}

static void append_lock_key(struct yk_redis_conn *conn, const char *kind,
                            struct yk_slice name)
{
    char key[YK_REDIS_LOCK_KEY_MAX];
    yk_redis_argument(conn, yk_redis_lock_key(key, kind, name));
}

static void append_lock(struct yk_redis_conn *conn, struct yk_call *call,
                        const struct yk_redis_hashes *hashes)
{
    if (call->op == YK_OP_LOCK) {
        append_script(conn, YK_SCRIPT_LOCK, hashes, 2, 1);
        append_lock_key(conn, "lock", call->key);
        append_lock_key(conn, "fence", call->key);
    } else if (call->op == YK_OP_RENEW) {
        append_script(conn, YK_SCRIPT_RENEW, hashes, 1, 2);
        append_lock_key(conn, "lock", call->key);
        yk_redis_number(conn, call->number);
    } else {
        append_script(conn, YK_SCRIPT_UNLOCK, hashes, 1, 1);
        append_lock_key(conn, "lock", call->key);
        yk_redis_number(conn, call->number);
        return;
    }
    yk_redis_number(conn, call->ttl_s);
}

/* SCAN cursor MATCH prefix* COUNT count; a cluster's cursor has the server's in
 * its end, which is the tag. */
static void append_scan(struct yk_redis_conn *conn, struct yk_call *call)
{
    char pattern[2 * YOKE_STORE_KEY_MAX + 2];
    struct yk_slice cursor = call->value.len ? call->value : YK_LIT("0");

    if (call->tag)
        cursor = yk_slice_of(call->tag);
    yk_redis_begin(conn, 6);
    yk_redis_argument(conn, YK_LIT("SCAN"));
    yk_redis_argument(conn, cursor);
    yk_redis_argument(conn, YK_LIT("MATCH"));
    size_t len = yk_redis_pattern(pattern, call->key);
    yk_redis_argument(conn, (struct yk_slice){pattern, len});
    yk_redis_argument(conn, YK_LIT("COUNT"));
    yk_redis_number(conn, call->count);
}

/* NAME key */
static void append_simple(struct yk_redis_conn *conn, struct yk_slice name,
                          struct yk_call *call)
{
    yk_redis_begin(conn, 2);
    yk_redis_argument(conn, name);
    yk_redis_argument(conn, call->key);
}

void yk_redis_command(struct yk_redis_conn *conn, struct yk_call *call,
                      const struct yk_redis_hashes *hashes)
{
    switch (call->op) {
    case YK_OP_GET:
        append_simple(conn, YK_LIT("GET"), call);
        return;
    case YK_OP_SET:
    case YK_OP_ADD:
        append_set(conn, call);
        return;
    case YK_OP_REPLACE:
        append_replace(conn, call, hashes);
        return;
    case YK_OP_DELETE:
        append_simple(conn, YK_LIT("DEL"), call);
        return;
    case YK_OP_TOUCH:
        append_script(conn, YK_SCRIPT_TOUCH, hashes, 1, 1);
        yk_redis_argument(conn, call->key);
        yk_redis_number(conn, call->ttl_s);
        return;
    case YK_OP_INCR:
        append_incr(conn, call, hashes);
        return;
    case YK_OP_SCAN:
        append_scan(conn, call);
        return;
    case YK_OP_LOCK:
    case YK_OP_RENEW:
    case YK_OP_UNLOCK:
        append_lock(conn, call, hashes);
        return;
    case YK_OP_PUBLISH:
        yk_redis_begin(conn, 3);
        yk_redis_argument(conn, YK_LIT("PUBLISH"));
        yk_redis_argument(conn, call->key);
        yk_redis_argument(conn, call->value);
        return;
    }
}

/* ---- Errors ---- */

bool yk_redis_error_is(const char *error, const char *word)
{
    return strncmp(error, word, strlen(word)) == 0;
}

bool yk_redis_sends_again(struct yk_call *call, const char *error,
                          bool *ret_in_full)
{
    *ret_in_full = yk_redis_error_is(error, "NOSCRIPT");
    if (call->is_late)
        return false;
    if (*ret_in_full)
        return true;
    if (call->op != YK_OP_INCR || call->tag || call->ttl_s != 0 ||
        !strstr(error, "not an integer"))
        return false;
    call->tag = call; /* By the script. */
    return true;
}

/* What the call is to blame for, and otherwise the server. */
static int error_of(const char *error)
{
    if (strstr(error, "would overflow"))
        return -ERANGE;
    if (strstr(error, "not an integer") ||
        yk_redis_error_is(error, "WRONGTYPE"))
        return -EDOM;
    if (strstr(error, "invalid cursor"))
        return -EINVAL;
    return -YOKE_EUNAVAILABLE;
}

/* ---- Results ---- */

static struct yk_slice text_of(const redisReply *reply)
{
    bool is_text =
        reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS;
    return is_text ? (struct yk_slice){reply->str, (size_t)reply->len}
                   : (struct yk_slice){"", 0};
}

static void answer_get(struct yoke_store_result *result,
                       const redisReply *reply)
{
    struct yk_slice value;

    if (reply->type != REDIS_REPLY_STRING) {
        result->err = -ENOENT;
        return;
    }
    result->version = yk_redis_parse(text_of(reply), &value);
    result->value = value.ptr;
    result->len = value.len;
}

static void answer_incr(struct yoke_store_result *result,
                        const redisReply *reply)
{
    struct yk_slice value;

    if (reply->type == REDIS_REPLY_INTEGER) {
        result->number = reply->integer;
        result->version = yk_redis_number_version(reply->integer);
    } else if (!yk_redis_parse_number(text_of(reply), &result->number))
        result->err = -EDOM;
    else
        result->version = yk_redis_parse(text_of(reply), &value);
}

/* What a script, or DEL, says by a number. */
static void answer_number(const struct yk_call *call,
                          struct yoke_store_result *result,
                          const redisReply *reply)
{
    long long number = reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;

    if (call->op == YK_OP_DELETE || call->op == YK_OP_TOUCH)
        result->err = number == 0 ? -ENOENT : 0;
    else if (number <= 0)
        result->err = number < 0 ? -ENOENT : -YOKE_ECONFLICT;
    else if (call->op == YK_OP_REPLACE)
        result->version = call->done_version;
    else
        result->number = call->op == YK_OP_LOCK ? number : call->number;
}

/* Keys that are no user's, locks above all, have a blank. */
static size_t take_keys(const struct yk_call *call, const redisReply *keys,
                        struct yoke_store_item *items)
{
    size_t count = 0;

    for (size_t i = 0; i < keys->elements && count < PAGE_MAX; i++) {
        struct yk_slice key = text_of(keys->element[i]);
        if (key.len < call->key.len || key.len > YOKE_STORE_KEY_MAX ||
            memchr(key.ptr, ' ', key.len) || memchr(key.ptr, '\0', key.len))
            continue;
        items[count++] = (struct yoke_store_item){
            .key = yk_store_bare(call->store, key.ptr)};
    }
    return count;
}

static const char *plain_cursor(const struct yk_call *call, const char *cursor)
{
    (void)call;
    return strcmp(cursor, "0") == 0 ? NULL : cursor;
}

static void answer_scan(struct yk_call *call, const redisReply *reply,
                        yk_redis_cursor_fn *cursor)
{
    struct yoke_store_result result = {.err = 0};
    struct yoke_store_item *items;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
        reply->element[0]->type != REDIS_REPLY_STRING ||
        reply->element[1]->type != REDIS_REPLY_ARRAY) {
        yk_call_fail(call, -YOKE_EUNAVAILABLE,
                     "the server's reply to SCAN "
                     "is no page");
        return;
    }
    items = yk_try_alloc(PAGE_MAX * sizeof(*items));
    if (!items) {
        yk_call_fail(call, -YOKE_EUNAVAILABLE, NULL);
        return;
    }
    result.count = take_keys(call, reply->element[1], items);
    result.items = items;
    result.cursor = cursor(call, text_of(reply->element[0]).ptr);
    yk_call_answer(call, &result);
    free(items);
}

void yk_redis_answer(struct yk_call *call, const redisReply *reply,
                     yk_redis_cursor_fn *cursor)
{
    struct yoke_store_result result = {.err = 0};

    if (reply->type == REDIS_REPLY_ERROR) {
        yk_call_fail(call, error_of(reply->str), reply->str);
        return;
    }
    if (call->op == YK_OP_SCAN) {
        answer_scan(call, reply, cursor ? cursor : plain_cursor);
        return;
    }
    if (call->op == YK_OP_GET)
        answer_get(&result, reply);
    else if (call->op == YK_OP_INCR)
        answer_incr(&result, reply);
    else if (call->op == YK_OP_ADD && reply->type == REDIS_REPLY_NIL)
        result.err = -YOKE_ECONFLICT;
    else if (call->op == YK_OP_SET || call->op == YK_OP_ADD)
        result.version = call->done_version;
    else if (call->op != YK_OP_PUBLISH)
        answer_number(call, &result, reply);
    yk_call_answer(call, &result);
}
