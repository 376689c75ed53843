/* What a store has of a session: two lines, what a request has loaded and what
 * another one has stored meanwhile. Whatever they are, they are taken or refused;
 * what has been changed in between is kept, and so is what the other has changed.
 * The choices change values of the first. */
#include "fuzz.h"

#include <errno.h>

#include <jansson.h>

#include <yoke/error.h>

#include "middleware/session_state.h"

/* As session_values.c does before a change. */
static void begin_change(struct yk_session *session)
{
    if (!session->is_changed)
        session->base = json_copy(session->values);
    session->is_changed = true;
}

static const char *name_at(const json_t *values, size_t n)
{
    void *at = json_object_iter((json_t *)(uintptr_t)values);
    for (; at && n > 0; n--)
        at = json_object_iter_next((json_t *)(uintptr_t)values, at);
    return at ? json_object_iter_key(at) : "new";
}

static void change(struct yk_session *session, struct fuzz_input *in)
{
    while (fuzz_has_choice(in)) {
        uint8_t choice = fuzz_choose(in);
        char *name = strdup(name_at(session->values, choice & 7));
        begin_change(session);
        if (choice & 8)
            json_object_del(session->values, name);
        else
            json_object_set_new(session->values, name, json_integer(choice));
        free(name);
    }
}

static void check_round_trip(const struct yk_session *session)
{
    static const struct yoke_session_options options;
    struct yk_session again = {.options = &options};
    size_t len;
    char *text = yk_session_encode(session, &len);
    MUST(text, "what has been read can be written");
    MUST(yk_session_decode(&again, text, len) == 0, "and read again");
    MUST(again.begun_s == session->begun_s, "its beginning is the same");
    MUST(json_object_size(again.values) == json_object_size(session->values),
         "it has as many values");
    yk_session_forget(&again);
    free(text);
}

/* What this request has changed is as it has made it; all else is theirs. */
static void check_merged(const struct yk_session *merged, const json_t *before,
                         const json_t *own)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)own, name, value)
    {
        const json_t *was = json_object_get(before, name);
        const json_t *is = json_object_get(merged->values, name);
        if (!was || !json_equal(was, value))
            MUST(is && json_equal(is, value), "a change is kept");
    }
    json_object_foreach(merged->values, name, value)
    {
        const json_t *mine = json_object_get(own, name);
        const json_t *theirs = json_object_get(merged->base, name);
        MUST(mine || theirs, "a value is somebody's");
    }
}

static void merge(struct yk_session *session, const char *ptr, size_t len)
{
    json_t *before =
        json_copy(session->is_changed ? session->base : session->values);
    json_t *own = json_copy(session->values);
    int err = yk_session_merge(session, ptr, len);
    MUST(err == 0 || err == -EINVAL || err == -YOKE_ECONFLICT ||
             (err == -ENOENT && len == strlen(YK_SESSION_SEAL)),
         "it is taken or refused, or the session has moved");
    if (err == 0) {
        check_merged(session, before, own);
        check_round_trip(session);
    } else {
        MUST(json_equal(own, session->values), "else it is as it was");
        MUST(yk_session_merge(session, ptr, len) == err,
             "and can be tried again");
    }
    json_decref(own);
    json_decref(before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = fuzz_input_of(data, size);
    const char *line = in.text.ptr;
    const char *end = line + in.text.len;
    const char *lf = in.text.len > 0 ? memchr(line, '\n', in.text.len) : NULL;
    struct yoke_session_options options = {.reports_conflicts =
                                               size > 0 && data[size - 1] & 1};
    struct yk_session session = {.options = &options};
    size_t len = lf ? (size_t)(lf - line) : in.text.len;
    char *first = fuzz_copy((struct yk_slice){line, len});
    if (yk_session_decode(&session, first, len) == 0) {
        check_round_trip(&session);
        change(&session, &in);
        if (lf)
            merge(&session, lf + 1, (size_t)(end - lf - 1));
    } else {
        MUST(!session.values, "what is none changes nothing");
    }
    yk_session_forget(&session);
    free(first);
    return 0;
}
