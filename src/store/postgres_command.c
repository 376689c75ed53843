#include "store/postgres_command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>

#include "core/alloc.h"
#include "core/number.h"
#include "store/postgres_schema.h"
#include "store/postgres_statement.h"
#include "store/redis_layout.h"
#include "store/store.h"

#include "core/banned.h"

/* ---- Statements ---- */

/* At random, so that nobody needs to ask; never 0. */
static int64_t new_version(struct yk_call *call)
{
    call->done_version = yk_random_next(&call->store->random) >> 1;
    if (call->done_version == 0)
        call->done_version = 1;
    return (int64_t)call->done_version;
}

void yk_pg_share(struct yk_call *call, bool is_shared, int64_t behind)
{
    call->done_err = is_shared;
    call->done_number = behind;
    if (call->op == YK_OP_INCR)
        new_version(call);
}

bool yk_pg_is_shared(const struct yk_call *call)
{
    return call->done_err != 0;
}

static void add_ttl(struct yk_pg_params *params, const struct yk_call *call)
{
    if (call->ttl_s > 0)
        yk_pg_number(params, call->ttl_s);
    else
        yk_pg_null(params);
}

/* key, value, number, version, ttl: text that is a number is kept as one. */
static void add_value(struct yk_pg_params *params, struct yk_call *call)
{
    int64_t number;

    if (yk_redis_parse_number(call->value, &number)) {
        yk_pg_null(params);
        yk_pg_number(params, number);
    } else {
        yk_pg_bytes(params, call->value);
        yk_pg_null(params);
    }
    yk_pg_number(params, new_version(call));
    add_ttl(params, call);
}

/* What is behind every key with this prefix: `out` has room for the longest key
 * and one more. No key has more than 250 bytes, so 251 of 0xff are behind all. */
static struct yk_slice end_of_prefix(char *out, struct yk_slice prefix)
{
    memcpy(out, prefix.ptr, prefix.len);
    while (prefix.len > 0 && (unsigned char)out[prefix.len - 1] == 0xff)
        prefix.len--;
    if (prefix.len == 0) {
        memset(out, 0xff, YOKE_STORE_KEY_MAX + 1);
        return (struct yk_slice){out, YOKE_STORE_KEY_MAX + 1};
    }
    out[prefix.len - 1]++;
    return (struct yk_slice){out, prefix.len};
}

static void send_scan(struct yk_pg_conn *conn, struct yk_call *call)
{
    struct yk_pg_params params = {.count = 0};
    char end[YOKE_STORE_KEY_MAX + 1];

    yk_pg_bytes(&params, call->key);
    yk_pg_bytes(&params, end_of_prefix(end, call->key));
    yk_pg_bytes(&params, call->value);
    yk_pg_number(&params, call->count);
    yk_pg_execute(conn, yk_pg_statement_name(YK_PG_SCAN), &params);
}

/* FNV-1a. The messages themselves tell two names of one hash apart. */
static uint64_t hash(uint64_t value, struct yk_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        value = (value ^ (unsigned char)text.ptr[i]) * UINT64_C(0x100000001b3);
    return value;
}

void yk_pg_channel(char out[YK_PG_CHANNEL_SIZE],
                   const struct yk_pg_target *target, struct yk_slice name)
{
    /* With its NUL, which ends it. */
    struct yk_slice schema = {target->schema, strlen(target->schema) + 1};
    uint64_t value = hash(UINT64_C(0xcbf29ce484222325), schema);

    snprintf(out, YK_PG_CHANNEL_SIZE, "yoke_%016llx",
             (unsigned long long)hash(value, name));
}

static void send_publish(struct yk_pg_conn *conn, struct yk_call *call)
{
    struct yk_pg_params params = {.count = 0};
    char channel[YK_PG_CHANNEL_SIZE], id[20], head[1 + YOKE_STORE_KEY_MAX];

    yk_pg_channel(channel, conn->target, call->key);
    snprintf(id, sizeof(id), "%016llx",
             (unsigned long long)yk_random_next(&call->store->random));
    head[0] = (char)call->key.len;
    memcpy(head + 1, call->key.ptr, call->key.len);
    yk_pg_bytes(&params, yk_slice_of(channel));
    yk_pg_bytes(&params, yk_slice_of(id));
    yk_pg_bytes(&params, (struct yk_slice){head, 1 + call->key.len});
    yk_pg_bytes(&params, call->value);
    yk_pg_execute(conn, yk_pg_statement_name(YK_PG_PUBLISH), &params);
}

static enum yk_pg_statement statement_of(enum yk_op op)
{
    static const enum yk_pg_statement statements[] = {
        [YK_OP_GET] = YK_PG_GET,       [YK_OP_SET] = YK_PG_SET,
        [YK_OP_ADD] = YK_PG_ADD,       [YK_OP_REPLACE] = YK_PG_REPLACE,
        [YK_OP_DELETE] = YK_PG_DELETE, [YK_OP_TOUCH] = YK_PG_TOUCH,
        [YK_OP_INCR] = YK_PG_INCR,     [YK_OP_SCAN] = YK_PG_SCAN,
        [YK_OP_LOCK] = YK_PG_LOCK,     [YK_OP_RENEW] = YK_PG_RENEW,
        [YK_OP_UNLOCK] = YK_PG_UNLOCK, [YK_OP_PUBLISH] = YK_PG_PUBLISH,
    };
    return statements[op];
}

void yk_pg_command(struct yk_pg_conn *conn, struct yk_call *call)
{
    struct yk_pg_params params = {.count = 0};

    if (call->op == YK_OP_SCAN) {
        send_scan(conn, call);
        return;
    }
    if (call->op == YK_OP_PUBLISH) {
        send_publish(conn, call);
        return;
    }
    yk_pg_bytes(&params, call->key);
    if (call->op == YK_OP_SET || call->op == YK_OP_ADD ||
        call->op == YK_OP_REPLACE)
        add_value(&params, call);
    if (call->op == YK_OP_REPLACE)
        yk_pg_number(&params, (int64_t)call->version);
    if (call->op == YK_OP_INCR)
        yk_pg_number(&params, call->number + call->done_number);
    if (call->op == YK_OP_RENEW || call->op == YK_OP_UNLOCK)
        yk_pg_number(&params, call->number);
    if (call->op == YK_OP_INCR)
        yk_pg_number(&params, new_version(call));
    if (call->op == YK_OP_TOUCH || call->op == YK_OP_INCR ||
        call->op == YK_OP_LOCK || call->op == YK_OP_RENEW)
        add_ttl(&params, call);
    yk_pg_execute(conn, yk_pg_statement_name(statement_of(call->op)), &params);
}

/* ---- Results ---- */

static bool has_changed(const PGresult *result)
{
    /* It takes no const, and does not write. */
    const char *count = yk_libpq.PQcmdTuples((PGresult *)(uintptr_t)result);
    return *count && strcmp(count, "0") != 0;
}

/* A minus, and a NUL. */
#define NUMBER_SIZE (YK_DIGITS_MAX + 2)

/* What a get has found; a number is written to `digits`, which has room for
 * it. False: nothing. */
static bool read_value(const PGresult *result, char digits[NUMBER_SIZE],
                       struct yoke_store_result *answer)
{
    if (yk_libpq.PQntuples(result) == 0)
        return false;
    answer->version = (uint64_t)yk_pg_number_at(result, 0, 2);
    if (!yk_libpq.PQgetisnull(result, 0, 1)) {
        answer->len =
            (size_t)snprintf(digits, NUMBER_SIZE, "%lld",
                             (long long)yk_pg_number_at(result, 0, 1));
        answer->value = digits;
    } else {
        answer->len = (size_t)yk_libpq.PQgetlength(result, 0, 0);
        answer->value = yk_libpq.PQgetvalue(result, 0, 0);
    }
    return true;
}

static void answer_get(struct yk_call *call, const PGresult *result)
{
    struct yoke_store_result answer = {.err = 0};
    char digits[NUMBER_SIZE];

    if (read_value(result, digits, &answer))
        yk_call_answer(call, &answer);
    else
        yk_call_fail(call, -ENOENT, NULL);
}

/* Its value and a NUL, in the room; in `done_number` its length, or -1 for
 * nothing. */
static bool keep_value(struct yk_call *call, const PGresult *result)
{
    struct yoke_store_result found = {.err = 0};
    char digits[NUMBER_SIZE];
    size_t size;
    char *room = yk_call_room(call, &size);

    call->done_number = -1;
    if (!read_value(result, digits, &found))
        return true;
    if (found.len >= size)
        return false;
    memcpy(room, found.value, found.len + 1);
    call->done_number = (int64_t)found.len;
    call->done_version = found.version;
    return true;
}

bool yk_pg_keep(struct yk_call *call, const PGresult *result)
{
    if (call->op == YK_OP_GET)
        return keep_value(call, result);
    return call->op == YK_OP_SET; /* It says no more than that it is done. */
}

void yk_pg_answer_kept(struct yk_call *call)
{
    struct yoke_store_result answer = {.version = call->done_version};
    size_t size;

    if (call->op == YK_OP_GET && call->done_number < 0) {
        yk_call_fail(call, -ENOENT, NULL);
        return;
    }
    if (call->op == YK_OP_GET) {
        answer.value = yk_call_room(call, &size);
        answer.len = (size_t)call->done_number;
    }
    yk_call_answer(call, &answer);
}

/* The last key of a full page is where the next begins. */
static void answer_scan(struct yk_call *call, const PGresult *result)
{
    struct yoke_store_result answer = {.err = 0};
    size_t count = (size_t)yk_libpq.PQntuples(result);
    struct yoke_store_item *items = yk_try_alloc((count + 1) * sizeof(*items));

    if (!items) {
        yk_call_fail(call, -YOKE_EUNAVAILABLE, NULL);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const char *key = yk_libpq.PQgetvalue(result, (int)i, 0);
        items[i] =
            (struct yoke_store_item){.key = yk_store_bare(call->store, key)};
        if (i + 1 == call->count)
            answer.cursor = key;
    }
    answer.items = items;
    answer.count = count;
    yk_call_answer(call, &answer);
    free(items);
}

static int replace_error(const PGresult *result)
{
    if (yk_pg_number_at(result, 0, 0) > 0)
        return 0;
    return yk_pg_number_at(result, 0, 1) > 0 ? -YOKE_ECONFLICT : -ENOENT;
}

/* How those ended that answer with a code and numbers. */
static int outcome(const struct yk_call *call, const PGresult *result)
{
    switch (call->op) {
    case YK_OP_ADD:
        return has_changed(result) ? 0 : -YOKE_ECONFLICT;
    case YK_OP_REPLACE:
        return replace_error(result);
    case YK_OP_DELETE:
    case YK_OP_TOUCH:
        return has_changed(result) ? 0 : -ENOENT;
    case YK_OP_INCR:
        return yk_libpq.PQntuples(result) > 0 ? 0 : -EDOM;
    case YK_OP_LOCK:
        return yk_libpq.PQntuples(result) > 0 ? 0 : -YOKE_ECONFLICT;
    case YK_OP_RENEW:
    case YK_OP_UNLOCK:
        return has_changed(result) ? 0 : -YOKE_ECONFLICT;
    default:
        return 0;
    }
}

void yk_pg_answer(struct yk_call *call, const PGresult *result)
{
    struct yoke_store_result answer = {.err = 0};

    if (call->op == YK_OP_GET) {
        answer_get(call, result);
        return;
    }
    if (call->op == YK_OP_SCAN) {
        answer_scan(call, result);
        return;
    }
    answer.err = outcome(call, result);
    if (answer.err == 0 && (call->op == YK_OP_INCR || call->op == YK_OP_LOCK))
        answer.number = yk_pg_number_at(result, 0, 0) - call->done_number;
    else if (call->op == YK_OP_RENEW || call->op == YK_OP_UNLOCK)
        answer.number = call->number;
    if (answer.err == 0)
        answer.version = call->done_version;
    yk_call_answer(call, &answer);
}

/* ---- Errors ---- */

/* What the call is to blame for, and otherwise the server. */
static int error_of(const struct yk_call *call, const char *state)
{
    if (call->op == YK_OP_INCR && strcmp(state, "22003") == 0)
        return -ERANGE;
    /* Cancelled, by the deadline that it has there. */
    if (strcmp(state, "57014") == 0)
        return -ETIMEDOUT;
    return -YOKE_EUNAVAILABLE;
}

void yk_pg_answer_error(struct yk_call *call, const PGresult *result)
{
    char text[YOKE_STORE_TEXT_MAX];

    yk_call_fail(call, error_of(call, yk_pg_state(result)),
                 yk_pg_text(result, text));
}
