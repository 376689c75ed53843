#include "cluster/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <yoke/cluster.h>
#include <yoke/message.h>

#include "cluster/events.h"
#include "cluster/worker.h"

#include "core/banned.h"

/* Any value, not only objects and arrays; what was written can be read. */
#define DUMP_FLAGS (JSON_COMPACT | JSON_ENCODE_ANY)
#define LOAD_FLAGS (JSON_DECODE_ANY | JSON_ALLOW_NUL)

/* Written by yoke_cluster_on_json. */
static struct {
    void (*fn)(yoke_worker *worker, const struct json_t *value, void *data);
    void *data;
} on_json;

void yoke_cluster_on_json(void (*fn)(yoke_worker *, const struct json_t *,
                                     void *),
                          void *data)
{
    on_json.fn = fn;
    on_json.data = data;
}

static void tell_unreadable(struct yoke_worker *worker,
                            const json_error_t *error)
{
    char text[JSON_ERROR_TEXT_LENGTH + 64];

    snprintf(text, sizeof(text), "a message cannot be read as JSON: %s",
             error->text);
    yk_event_error(worker, -EBADMSG, text);
}

bool yk_json_event(struct yoke_worker *worker, const char *text, size_t len)
{
    json_error_t error;

    if (!on_json.fn)
        return false;
    json_t *value = json_loadb(text, len, LOAD_FLAGS, &error);
    if (!value) {
        tell_unreadable(worker, &error);
        return true;
    }
    on_json.fn(worker, value, on_json.data);
    json_decref(value);
    return true;
}

ssize_t yoke_worker_send_json(yoke_worker *worker, struct json_t *value)
{
    struct yk_outgoing message = {.kind = YK_KIND_JSON};

    if (!worker || !value) {
        json_decref(value);
        return -EINVAL;
    }
    char *text = json_dumps(value, DUMP_FLAGS);
    json_decref(value);
    if (!text)
        return -EINVAL;
    message.ptr = text;
    message.len = strlen(text);
    ssize_t waiting = yk_channel_send_message(&worker->channel, &message);
    free(text);
    return waiting;
}
