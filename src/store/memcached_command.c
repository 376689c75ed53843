/* What memcached has no command for is done in steps, safe by its CAS:
 *
 *   incr     ma, which counts what is a number below 2^64. By less than 0, by
 *            very much, and for what it refuses:  mg -> ms with the CAS of that,
 *            until nobody came in between. (Its own subtraction stops at 0, and
 *            leaves blanks behind a number that has become shorter.)
 *   lock     ms "\x7fl"NAME, if there is none -> ma "\x7ff"NAME, the fencing
 *            number -> ms the number there, with the first one's CAS: whose lease
 *            has ended meanwhile has not got it.
 *   renew    mg, is it our number? -> ms with its CAS
 *   unlock   mg, is it our number? -> md with its CAS
 *
 * A lease is a second longer than asked for, as memcached counts in whole
 * seconds and begins in the midst of one. */
#include "store/memcached_command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <yoke/error.h>

#include "core/number.h"
#include "store/memcached_line.h"
#include "store/memcached_tally.h"
#include "store/redis_layout.h"

#include "core/banned.h"

/* What stands before a key. The last is in two pieces: f is a hex digit. */
#define VALUE_SPACE YK_LIT("")
#define LOCK_SPACE  YK_LIT("\x7fl")
#define FENCE_SPACE                                                            \
    YK_LIT("\x7f"                                                              \
           "f")
/* Longer times are dates to memcached, */
#define TTL_MAX_S  (30u * 24 * 3600)
/* which end with January 2038: it would take later ones for the past. */
#define DATE_MAX_S INT32_MAX

/* Which command of the call is under way. */
enum step {
    STEP_ONLY,     /* The first, and mostly the only one. */
    STEP_SEEN,     /* Its value has been asked for, */
    STEP_SWAPPED,  /* and another stored. */
    STEP_UNDONE,   /* A sum that was too large has been taken back. */
    STEP_FENCE,    /* A lock: its number has been asked for, */
    STEP_NUMBERED, /* and stored. */
};

static enum step step_of(const struct yk_call *call)
{
    return (enum step)call->step;
}

/* 0: for ever. */
static uint64_t ttl_of(uint64_t ttl_s)
{
    if (ttl_s <= TTL_MAX_S)
        return ttl_s;
    uint64_t date = (uint64_t)time(NULL) + ttl_s;
    return date <= DATE_MAX_S ? date : 0;
}

/* A second longer than the lease. */
static uint64_t lease_of(const struct yk_call *call)
{
    return ttl_of((uint64_t)call->ttl_s + 1);
}

/* ---- Commands ---- */

/* When a value is stored. */
struct condition {
    bool is_new;  /* If there is none; */
    uint64_t cas; /* if it has that CAS; 0: whatever there is. */
};

static void append_set(struct yk_mc_conn *conn, const struct yk_call *call,
                       struct yk_slice space, struct yk_slice value,
                       struct condition condition, uint64_t ttl)
{
    struct yk_mc_line line;

    if (!yk_mc_start(&line, &conn->link, "ms", space, call->key, value.len))
        return;
    yk_mc_number(&line, '\0', value.len);
    yk_mc_add(&line, YK_LIT(" c"));
    yk_mc_number(&line, 'T', ttl);
    if (condition.is_new)
        yk_mc_add(&line, YK_LIT(" ME"));
    if (condition.cas)
        yk_mc_number(&line, 'C', condition.cas);
    yk_mc_end_value(&line, value);
}

static void append_get(struct yk_mc_conn *conn, struct yk_call *call,
                       struct yk_slice space)
{
    struct yk_mc_line line;

    if (!yk_mc_start(&line, &conn->link, "mg", space, call->key, 0))
        return;
    yk_mc_add(&line, YK_LIT(" v c"));
    /* A sum that is stored keeps the time to live. */
    if (call->op == YK_OP_INCR)
        yk_mc_add(&line, YK_LIT(" t"));
    yk_mc_end(&line);
}

static void append_touch(struct yk_mc_conn *conn, const struct yk_call *call,
                         uint64_t ttl)
{
    struct yk_mc_line line;

    if (!yk_mc_start(&line, &conn->link, "mg", VALUE_SPACE, call->key, 0))
        return;
    yk_mc_number(&line, 'T', ttl);
    yk_mc_end(&line);
}

static void append_delete(struct yk_mc_conn *conn, const struct yk_call *call,
                          struct yk_slice space, uint64_t cas)
{
    struct yk_mc_line line;

    if (!yk_mc_start(&line, &conn->link, "md", space, call->key, 0))
        return;
    if (cas)
        yk_mc_number(&line, 'C', cas);
    yk_mc_end(&line);
}

/* Counts up; what is not there is made. */
static void append_count(struct yk_mc_conn *conn, const struct yk_call *call,
                         struct yk_slice space, uint64_t by, uint64_t ttl)
{
    struct yk_mc_line line;

    if (!yk_mc_start(&line, &conn->link, "ma", space, call->key, 0))
        return;
    yk_mc_add(&line, YK_LIT(" v c"));
    yk_mc_number(&line, 'N', ttl);
    yk_mc_number(&line, 'J', by);
    yk_mc_number(&line, 'D', by);
    yk_mc_end(&line);
}

static void append_count_down(struct yk_mc_conn *conn,
                              const struct yk_call *call, uint64_t by)
{
    struct yk_mc_line line;

    if (!yk_mc_start(&line, &conn->link, "ma", VALUE_SPACE, call->key, 0))
        return;
    yk_mc_add(&line, YK_LIT(" MD"));
    yk_mc_number(&line, 'D', by);
    yk_mc_end(&line);
}

static void append_incr(struct yk_mc_conn *conn, struct yk_call *call)
{
    if (call->number < 0 || call->number > YK_MC_COUNT_MAX) {
        call->step = STEP_SEEN;
        append_get(conn, call, VALUE_SPACE);
        return;
    }
    append_count(conn, call, VALUE_SPACE, (uint64_t)call->done_number,
                 ttl_of(call->ttl_s));
}

static void append_lock(struct yk_mc_conn *conn, struct yk_call *call)
{
    if (call->op == YK_OP_LOCK) {
        append_set(conn, call, LOCK_SPACE, YK_LIT("0"),
                   (struct condition){.is_new = true}, lease_of(call));
        return;
    }
    call->step = STEP_SEEN;
    append_get(conn, call, LOCK_SPACE);
}

static void append_put(struct yk_mc_conn *conn, struct yk_call *call)
{
    struct condition condition = {.is_new = call->op == YK_OP_ADD};

    if (call->op == YK_OP_REPLACE)
        condition.cas = call->version;
    append_set(conn, call, VALUE_SPACE, call->value, condition,
               ttl_of(call->ttl_s));
}

void yk_mc_begin(struct yk_mc_conn *conn, struct yk_call *call)
{
    call->step = STEP_ONLY;
    switch (call->op) {
    case YK_OP_GET:
        append_get(conn, call, VALUE_SPACE);
        break;
    case YK_OP_SET:
    case YK_OP_ADD:
    case YK_OP_REPLACE:
        append_put(conn, call);
        break;
    case YK_OP_DELETE:
        append_delete(conn, call, VALUE_SPACE, 0);
        break;
    case YK_OP_TOUCH:
        append_touch(conn, call, ttl_of(call->ttl_s));
        break;
    case YK_OP_INCR:
        append_incr(conn, call);
        break;
    default:
        append_lock(conn, call);
    }
}

/* ---- Replies ---- */

static bool done(struct yk_call *call, int err)
{
    struct yoke_store_result result = {.err = err};
    yk_call_answer(call, &result);
    return false;
}

/* Errors in words. */
static bool failed(struct yk_call *call, const struct yk_mc_reply *reply)
{
    char text[YOKE_STORE_TEXT_MAX];
    bool is_large = memmem(reply->line.ptr, reply->line.len, "too large",
                           strlen("too large")) != NULL;

    snprintf(text, sizeof(text), "%.*s", (int)reply->line.len, reply->line.ptr);
    yk_call_fail(call, is_large ? -YOKE_ETOOLARGE : -YOKE_EUNAVAILABLE, text);
    return false;
}

/* The outcomes that all commands share. */
static int error_of(const struct yk_mc_reply *reply)
{
    switch (reply->code) {
    case YK_MC_MISS:
    case YK_MC_NOT_FOUND:
        return -ENOENT;
    case YK_MC_NOT_STORED:
    case YK_MC_EXISTS:
        return -YOKE_ECONFLICT;
    default:
        return 0;
    }
}

static bool answer(struct yk_call *call, const struct yk_mc_reply *reply)
{
    struct yoke_store_result result = {
        .err = error_of(reply),
        .version = reply->cas,
        .value = reply->value.ptr,
        .len = reply->value.len,
    };
    yk_call_answer(call, &result);
    return false;
}

/* ---- incr ---- */

static bool answer_sum(struct yk_call *call, int64_t sum, uint64_t cas)
{
    struct yoke_store_result result = {.number = sum, .version = cas};
    yk_call_answer(call, &result);
    return false;
}

/* ma has counted; or it is no number to it. */
static bool counted(struct yk_mc_conn *conn, struct yk_call *call,
                    const struct yk_mc_reply *reply)
{
    uint64_t sum;

    if (reply->code != YK_MC_VALUE) {
        call->step = STEP_SEEN;
        append_get(conn, call, VALUE_SPACE);
        return true;
    }
    /* A sum below what was added has wrapped. */
    if (yk_parse_u64(reply->value, INT64_MAX, &sum) == 0 &&
        (int64_t)sum >= call->done_number)
        return answer_sum(call, (int64_t)sum, reply->cas);
    call->step = STEP_UNDONE;
    append_count_down(conn, call, (uint64_t)call->done_number);
    return true;
}

/* The sum that was too large is gone. It may have been that of several. */
static bool undone(struct yk_mc_conn *conn, struct yk_call *call)
{
    if (call->done_number == call->number)
        return done(call, -ERANGE);
    yk_mc_tally_part(call);
    yk_mc_begin(conn, call);
    return true;
}

/* Its time to live, as it is; what is about to end, ends in a second. */
static uint64_t rest_of(const struct yk_mc_reply *reply)
{
    if (reply->ttl_s < 0)
        return 0;
    return reply->ttl_s > 0 ? ttl_of((uint32_t)reply->ttl_s) : 1;
}

/* memcached counts on from "7 ", which it leaves when a number has become
 * shorter. */
static struct yk_slice without_blanks(struct yk_slice text)
{
    while (text.len > 0 && text.ptr[text.len - 1] == ' ')
        text.len--;
    return text;
}

/* The value is here: the sum is stored, if nobody comes in between. */
static bool seen_number(struct yk_mc_conn *conn, struct yk_call *call,
                        const struct yk_mc_reply *reply)
{
    bool is_new = reply->code != YK_MC_VALUE;
    char text[YK_DIGITS_MAX + 2];
    int64_t sum = 0;

    if (!is_new && !yk_redis_parse_number(without_blanks(reply->value), &sum))
        return done(call, -EDOM);
    if (__builtin_add_overflow(sum, call->number, &sum))
        return done(call, -ERANGE);
    int len = snprintf(text, sizeof(text), "%" PRId64, sum);
    struct yk_slice value = {text, (size_t)len};
    call->step = STEP_SWAPPED;
    call->done_number = sum;
    append_set(conn, call, VALUE_SPACE, value,
               (struct condition){is_new, is_new ? 0 : reply->cas},
               is_new ? ttl_of(call->ttl_s) : rest_of(reply));
    return true;
}

static bool continue_incr(struct yk_mc_conn *conn, struct yk_call *call,
                          const struct yk_mc_reply *reply)
{
    switch (step_of(call)) {
    case STEP_ONLY:
        return counted(conn, call, reply);
    case STEP_SEEN:
        return seen_number(conn, call, reply);
    case STEP_UNDONE:
        return undone(conn, call);
    default:
        if (error_of(reply) == 0)
            return answer_sum(call, call->done_number, reply->cas);
        call->step = STEP_SEEN;
        append_get(conn, call, VALUE_SPACE);
        return !call->is_late || done(call, -ETIMEDOUT);
    }
}

/* ---- Locks ---- */

static bool append_fence(struct yk_mc_conn *conn, struct yk_call *call,
                         uint64_t cas)
{
    call->step = STEP_FENCE;
    call->done_version = cas;
    append_count(conn, call, FENCE_SPACE, 1, 0);
    return true;
}

static bool append_numbered(struct yk_mc_conn *conn, struct yk_call *call,
                            int64_t fence, uint64_t cas)
{
    char text[YK_DIGITS_MAX + 2];
    int len = snprintf(text, sizeof(text), "%" PRId64, fence);

    call->step = STEP_NUMBERED;
    call->done_number = fence;
    append_set(conn, call, LOCK_SPACE, (struct yk_slice){text, (size_t)len},
               (struct condition){.cas = cas}, lease_of(call));
    return true;
}

/* The lock's number has been read: is it ours? */
static bool seen_lock(struct yk_mc_conn *conn, struct yk_call *call,
                      const struct yk_mc_reply *reply)
{
    int64_t fence;

    if (reply->code != YK_MC_VALUE ||
        !yk_redis_parse_number(reply->value, &fence) || fence != call->number)
        return done(call, -YOKE_ECONFLICT);
    if (call->op == YK_OP_RENEW)
        return append_numbered(conn, call, fence, reply->cas);
    call->step = STEP_NUMBERED;
    append_delete(conn, call, LOCK_SPACE, reply->cas);
    return true;
}

static bool continue_lock(struct yk_mc_conn *conn, struct yk_call *call,
                          const struct yk_mc_reply *reply)
{
    struct yoke_store_result result = {.number = call->done_number};
    int64_t fence;

    switch (step_of(call)) {
    case STEP_ONLY:
        return reply->code == YK_MC_STORED
                   ? append_fence(conn, call, reply->cas)
                   : done(call, -YOKE_ECONFLICT);
    case STEP_FENCE:
        return yk_redis_parse_number(reply->value, &fence)
                   ? append_numbered(conn, call, fence, call->done_version)
                   : done(call, -YOKE_EUNAVAILABLE);
    case STEP_SEEN:
        return seen_lock(conn, call, reply);
    default:
        result.err = reply->code == YK_MC_STORED ? 0 : -YOKE_ECONFLICT;
        yk_call_answer(call, &result);
        return false;
    }
}

/* To memcached: then it is found out what it is. */
static bool is_no_number(const struct yk_call *call,
                         const struct yk_mc_reply *reply)
{
    return call->op == YK_OP_INCR && step_of(call) == STEP_ONLY &&
           memmem(reply->line.ptr, reply->line.len, "non-numeric",
                  strlen("non-numeric"));
}

bool yk_mc_continue(struct yk_mc_conn *conn, struct yk_call *call,
                    const struct yk_mc_reply *reply)
{
    if (reply->code == YK_MC_ERROR && !is_no_number(call, reply))
        return failed(call, reply);
    if (call->op == YK_OP_INCR)
        return continue_incr(conn, call, reply);
    if (call->op >= YK_OP_LOCK && call->op <= YK_OP_UNLOCK)
        return continue_lock(conn, call, reply);
    return answer(call, reply);
}
