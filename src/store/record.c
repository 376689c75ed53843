#include "store/record.h"

#include <errno.h>
#include <stdlib.h>

#include <yoke/error.h>

#include "core/number.h"
#include "store/redis_layout.h"

#include "core/banned.h"

static uint64_t end_of(uint32_t ttl_s, uint64_t now_ms)
{
    return ttl_s == 0 ? 0 : now_ms + (uint64_t)ttl_s * 1000;
}

static void fail(struct yk_outcome *outcome, int err)
{
    outcome->result.err = err;
}

static void put(struct yk_outcome *outcome, struct yk_record record)
{
    outcome->change = YK_PUT;
    outcome->record = record;
    outcome->record.exists = true;
    outcome->result.version = record.version;
}

static void put_value(struct yk_outcome *outcome, const struct yk_call *call,
                      uint64_t now_ms, uint64_t version)
{
    put(outcome, (struct yk_record){.version = version,
                                    .expires_ms = end_of(call->ttl_s, now_ms),
                                    .value = call->value});
}

static void get(struct yk_outcome *outcome, const struct yk_record *there)
{
    outcome->result.value = there->value.ptr;
    outcome->result.len = there->value.len;
    outcome->result.version = there->version;
}

static void touch(struct yk_outcome *outcome, const struct yk_call *call,
                  const struct yk_record *there, uint64_t now_ms)
{
    struct yk_record touched = *there;

    touched.expires_ms = end_of(call->ttl_s, now_ms);
    put(outcome, touched);
}

static void incr(struct yk_outcome *outcome, const struct yk_call *call,
                 const struct yk_record *there, uint64_t now_ms,
                 uint64_t version)
{
    struct yk_record sum = {.version = version};
    int64_t number = 0;
    bool is_number =
        !there->exists || yk_redis_parse_number(there->value, &number);
    int err = is_number ? 0 : -EDOM;

    if (err == 0 && __builtin_add_overflow(number, call->number, &number))
        err = -ERANGE;
    if (err < 0) {
        fail(outcome, err);
        return;
    }
    char *at = outcome->digits;
    if (number < 0)
        *at++ = '-';
    at +=
        yk_format_u64(at, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
    *at = '\0';
    sum.value = (struct yk_slice){outcome->digits, at - outcome->digits};
    sum.expires_ms =
        there->exists ? there->expires_ms : end_of(call->ttl_s, now_ms);
    put(outcome, sum);
    outcome->result.number = number;
}

/* ---- Locks ---- */

static void lock(struct yk_outcome *outcome, const struct yk_call *call,
                 const struct yk_record *there, uint64_t now_ms,
                 uint64_t version)
{
    if (there->exists) {
        fail(outcome, -YOKE_ECONFLICT);
        return;
    }
    put(outcome, (struct yk_record){.version = version,
                                    .expires_ms = end_of(call->ttl_s, now_ms),
                                    .value = YK_LIT("")});
    outcome->result.number = (int64_t)version;
}

static void keep_lock(struct yk_outcome *outcome, const struct yk_call *call,
                      const struct yk_record *there, uint64_t now_ms)
{
    struct yk_record renewed = *there;

    if (!there->exists || there->version != (uint64_t)call->number) {
        fail(outcome, -YOKE_ECONFLICT);
        return;
    }
    outcome->result.number = call->number;
    renewed.expires_ms = end_of(call->ttl_s, now_ms);
    if (call->op == YK_OP_RENEW)
        put(outcome, renewed);
    else
        outcome->change = YK_ERASE;
}

/* ---- All ---- */

/* Those that need a value that is there. */
static void apply_to_value(struct yk_outcome *outcome,
                           const struct yk_call *call,
                           const struct yk_record *there, uint64_t now_ms,
                           uint64_t version)
{
    if (!there->exists)
        fail(outcome, -ENOENT);
    else if (call->op == YK_OP_GET)
        get(outcome, there);
    else if (call->op == YK_OP_DELETE)
        outcome->change = YK_ERASE;
    else if (call->op == YK_OP_TOUCH)
        touch(outcome, call, there, now_ms);
    else if (there->version != call->version)
        fail(outcome, -YOKE_ECONFLICT);
    else
        put_value(outcome, call, now_ms, version);
}

void yk_record_apply(const struct yk_call *call, const struct yk_record *found,
                     uint64_t now_ms, uint64_t version,
                     struct yk_outcome *outcome)
{
    static const struct yk_record nothing = {.exists = false};
    const struct yk_record *there =
        yk_record_is_live(found, now_ms) ? found : &nothing;

    outcome->change = YK_KEEP;
    outcome->result = (struct yoke_store_result){.err = 0};
    if (call->op == YK_OP_SET)
        put_value(outcome, call, now_ms, version);
    else if (call->op == YK_OP_ADD && there->exists)
        fail(outcome, -YOKE_ECONFLICT);
    else if (call->op == YK_OP_ADD)
        put_value(outcome, call, now_ms, version);
    else if (call->op == YK_OP_INCR)
        incr(outcome, call, there, now_ms, version);
    else if (call->op == YK_OP_LOCK)
        lock(outcome, call, there, now_ms, version);
    else if (call->op == YK_OP_RENEW || call->op == YK_OP_UNLOCK)
        keep_lock(outcome, call, there, now_ms);
    else
        apply_to_value(outcome, call, there, now_ms, version);
}
