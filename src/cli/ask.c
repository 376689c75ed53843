#include "cli/ask.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/control.h>
#include <yoke/error.h>

#include "cli/message.h"
#include "cli/suggest.h"
#include "core/alloc.h"

#include "core/banned.h"

/* A primary never waits; one that has said nothing for so long is stopped. */
#define TIMEOUT_MS 5000

void yk_ask_begin(void)
{
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
}

/* ---- Names ---- */

static void note_name(const char *name, void *data)
{
    struct yk_ask_names *names = data;

    names->items =
        yk_realloc(names->items, names->count + 1, sizeof(names->items[0]));
    names->items[names->count++] = yk_strdup(name);
}

int yk_ask_names(struct yk_ask_names *ret_names)
{
    char text[YOKE_CONTROL_TEXT_MAX];
    struct yk_ask_names names = {.items = NULL};

    if (yoke_control_list(note_name, &names, text) < 0) {
        yk_say("%s", text);
        return -1;
    }
    *ret_names = names;
    return 0;
}

void yk_ask_forget(struct yk_ask_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
    *names = (struct yk_ask_names){.items = NULL};
}

/* "a, b, c": as many as there is room for. */
static void list_names(const struct yk_ask_names *names, char *out, size_t size)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < names->count && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, i ? ", %s" : "%s",
                                names->items[i]);
}

static const char *say_which(const struct yk_ask_names *names, const char *name)
{
    char list[512];

    list_names(names, list, sizeof(list));
    if (names->count == 0)
        yk_say("no cluster is running");
    else if (!name)
        yk_say("several clusters are running, name one of them: %s", list);
    else
        yk_say("no cluster named '%s' is running; there are: %s", name, list);
    return NULL;
}

const char *yk_ask_choose(const struct yk_ask_names *names, const char *name)
{
    if (!name && names->count == 1)
        return names->items[0];
    for (size_t i = 0; name && i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return names->items[i];
    return say_which(names, name);
}

/* ---- Questions ---- */

static json_t *say_silence(const char *name, int err)
{
    if (err == -ETIMEDOUT)
        yk_say("the primary of '%s' does not answer", name);
    else if (err == -YOKE_ECLOSED)
        yk_say("the primary of '%s' has closed the connection", name);
    else
        yk_say("'%s' cannot be asked: %s", name, yoke_strerror(err));
    return NULL;
}

static json_t *read_answer(const char *name, const char *line)
{
    json_error_t error;
    json_t *answer = json_loads(line, 0, &error);
    json_t *result = json_object_get(answer, "result");

    if (json_is_true(json_object_get(answer, "ok")) && result) {
        json_incref(result);
    } else {
        const char *text = json_string_value(
            json_object_get(json_object_get(answer, "error"), "text"));
        yk_say("'%s' %s", name, text ? text : "gave an answer that is none");
        result = NULL;
    }
    json_decref(answer);
    return result;
}

static json_t *converse(yoke_control *control, const char *name,
                        const char *request, int timeout_ms)
{
    const char *line;
    int err = yoke_control_send(control, request);

    if (err == 0)
        err = yoke_control_read(control, timeout_ms, &line);
    return err < 0 ? say_silence(name, err) : read_answer(name, line);
}

static json_t *ask(const char *name, json_t *request, int timeout_ms)
{
    char text[YOKE_CONTROL_TEXT_MAX];
    yoke_control *control;
    char *line = json_dumps(request, JSON_COMPACT);
    json_t *result = NULL;

    json_decref(request);
    if (!line || yoke_control_open(name, &control, text) < 0) {
        yk_say("%s", line ? text : "no memory");
        free(line);
        return NULL;
    }
    result = converse(control, name, line, timeout_ms);
    yoke_control_close(control);
    free(line);
    return result;
}

json_t *yk_ask(const char *name, json_t *request)
{
    return ask(name, request, TIMEOUT_MS);
}

json_t *yk_ask_patiently(const char *name, json_t *request)
{
    return ask(name, request, -1);
}

uint64_t yk_ask_number(const json_t *object, const char *outer,
                       const char *inner)
{
    const json_t *value = json_object_get(object, outer);

    if (inner)
        value = json_object_get(value, inner);
    return json_is_integer(value) && json_integer_value(value) > 0
               ? (uint64_t)json_integer_value(value)
               : 0;
}

const char *yk_ask_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}
