/* What the store has of a session: {"begun":1700000000,"values":{"name":...}};
 * with "age", if it has one of its own. */
#include "middleware/session_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <yoke/error.h>

#include "middleware/json_text.h"

#include "core/banned.h"

static void put(struct yk_json_text *text, const char *part)
{
    yk_json_text_put(text, part, strlen(part));
}

char *yk_session_encode(const struct yk_session *session, size_t *ret_len)
{
    struct yk_json_text text = {.len = 0};
    put(&text, "{\"begun\":");
    yk_json_text_put_int(&text, session->begun_s);
    put(&text, ",\"values\":");
    if (session->values)
        yk_json_text_put_value(&text, session->values);
    else
        put(&text, "{}");
    if (session->age_s > 0) {
        put(&text, ",\"age\":");
        yk_json_text_put_int(&text, session->age_s);
    }
    put(&text, "}");
    if (text.is_broken) {
        free(text.ptr);
        return NULL;
    }
    *ret_len = text.len;
    return text.ptr;
}

static uint32_t age_of(const json_t *record)
{
    json_int_t age_s = json_integer_value(json_object_get(record, "age"));
    return age_s > 0 && age_s <= UINT32_MAX ? (uint32_t)age_s : 0;
}

static bool is_sealed(const void *ptr, size_t len)
{
    return len == strlen(YK_SESSION_SEAL) &&
           memcmp(ptr, YK_SESSION_SEAL, len) == 0;
}

/* The values of a record, a new reference, and its times; NULL: it is none, and
 * nothing has changed. */
static json_t *parse(struct yk_session *session, const void *ptr, size_t len)
{
    json_t *record = yk_json_text_read(ptr, len);
    const json_t *begun = json_object_get(record, "begun");
    json_t *values = json_object_get(record, "values");
    bool is_good = json_is_integer(begun) && json_is_object(values);
    if (is_good) {
        session->begun_s = json_integer_value(begun);
        session->age_s = age_of(record);
        json_incref(values);
    }
    json_decref(record);
    return is_good ? values : NULL;
}

/* Of the record beside the values. */
static size_t frame_len(int64_t begun_s)
{
    size_t len = strlen("{\"begun\":0,\"values\":{}}") + (begun_s < 0);
    while (begun_s /= 10)
        len++;
    return len;
}

static void take(struct yk_session *session, json_t *values, size_t len)
{
    size_t frame = frame_len(session->begun_s);
    yk_session_forget(session);
    session->values = values;
    session->len = len > frame ? len - frame : 0;
}

int yk_session_decode(struct yk_session *session, const void *ptr, size_t len)
{
    if (is_sealed(ptr, len))
        return -ENOENT;
    json_t *values = parse(session, ptr, len);
    if (!values)
        return -EINVAL;
    take(session, values, len);
    return 0;
}

/* Also when both are missing. */
static bool is_same(const json_t *a, const json_t *b)
{
    return a == b || (a && b && json_equal(a, b));
}

/* Of who has counted to the same number, or has put the same into an array, one
 * would be lost; who has set the same text, has not. */
static bool is_built_up(const json_t *value)
{
    return json_is_number(value) || json_is_array(value) ||
           json_is_object(value);
}

/* Brings one value of `theirs` up to date. False: they have changed it as well.
 */
static bool put_on_top(const struct yk_session *session, json_t *theirs,
                       const char *name)
{
    const json_t *before = json_object_get(session->base, name);
    const json_t *there = json_object_get(theirs, name);
    json_t *now = json_object_get(session->values, name);
    if (is_same(before, now))
        return true;
    bool is_ours =
        is_same(there, before) || (is_same(there, now) && !is_built_up(now));
    if (!is_ours && session->options->reports_conflicts)
        return false;
    if (now)
        json_object_set(theirs, name, now);
    else
        json_object_del(theirs, name);
    return true;
}

static bool put_all_on_top(const struct yk_session *session, json_t *theirs)
{
    const char *name;
    json_t *value;
    json_object_foreach(session->values, name, value)
    {
        if (!put_on_top(session, theirs, name))
            return false;
    }
    json_object_foreach(session->base, name, value)
    {
        if (!put_on_top(session, theirs, name))
            return false;
    }
    return true;
}

static void drop_base(struct yk_session *session)
{
    json_decref(session->base);
    session->base = NULL;
}

int yk_session_merge(struct yk_session *session, const void *ptr, size_t len)
{
    uint32_t own_age_s = session->age_s;
    if (is_sealed(ptr, len))
        return -ENOENT;
    if (!session->is_changed)
        session->base = json_incref(session->values);
    json_t *theirs = parse(session, ptr, len);
    json_t *base = json_copy(theirs);
    if (session->is_age_changed)
        session->age_s = own_age_s;
    if (!theirs || !base || !put_all_on_top(session, theirs)) {
        json_decref(base);
        json_decref(theirs);
        if (!session->is_changed)
            drop_base(session);
        return theirs ? -YOKE_ECONFLICT : -EINVAL;
    }
    size_t own_len = session->len;
    bool is_age_changed = session->is_age_changed;
    take(session, theirs, len);
    session->len = own_len > session->len ? own_len : session->len;
    session->base = base;
    session->is_changed = true;
    session->is_age_changed = is_age_changed;
    return 0;
}

bool yk_session_is_changed(const struct yk_session *session)
{
    if (session->is_age_changed)
        return true;
    return session->is_changed && !is_same(session->base, session->values) &&
           (json_object_size(session->base) > 0 ||
            json_object_size(session->values) > 0);
}

void yk_session_settle(struct yk_session *session)
{
    drop_base(session);
    session->is_changed = false;
    session->is_age_changed = false;
}

void yk_session_forget(struct yk_session *session)
{
    yk_session_settle(session);
    json_decref(session->values);
    session->values = NULL;
    session->len = 0;
}
