/* Scenarios about messages. The names in the comments are those of Node's
 * tests, test/parallel/test-cluster-*.js. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jansson.h>

#include "scenario.h"

static void fork_one(void)
{
    watch();
    yoke_cluster_fork(NULL);
}

static void leave(yoke_worker *self)
{
    yoke_worker_disconnect(self);
}

/* ---- message, worker-init, worker-events: both ways ---- */

static void greet(yoke_worker *worker)
{
    tell(worker, "hello worker");
}

static void message_primary(void)
{
    hooks.on_online = greet;
    fork_one();
}

static void greet_back(yoke_worker *self, const char *ptr, size_t len)
{
    (void)ptr;
    (void)len;
    tell(self, "hello primary");
    leave(self);
}

static void message_worker(void)
{
    hooks.on_message = greet_back;
    watch();
}

/* ---- advanced-serialization: what is sent is what arrives ---- */

static json_t *sample(void)
{
    return json_pack("{s:[i,f,s,n,b], s:{s:s}, s:I}", "list", 1, 2.5,
                     "\xc3\xa9 \n \"", 1, "map", "inner", "value", "large",
                     (json_int_t)INT64_MAX);
}

static void send_back(yoke_worker *self, const json_t *value, void *data)
{
    (void)data;
    yoke_worker_send_json(self, json_deep_copy(value));
}

static void compare(yoke_worker *worker, const json_t *value, void *data)
{
    json_t *expected = sample();

    (void)data;
    say("json %s",
        json_equal((json_t *)(uintptr_t)value, expected) ? "same" : "other");
    json_decref(expected);
    leave(worker);
}

static void json_online(yoke_worker *worker)
{
    json_t *loop = json_array();

    json_array_append(loop, loop);
    say("nothing %zd", yoke_worker_send_json(worker, NULL));
    yoke_worker_send_json(worker, sample());
    json_decref(loop);
}

static void json_primary(void)
{
    hooks.on_online = json_online;
    yoke_cluster_on_json(compare, NULL);
    fork_one();
}

static void json_worker(void)
{
    yoke_cluster_on_json(send_back, NULL);
}

/* Without on_json it is a text. */
static void text_online(yoke_worker *worker)
{
    yoke_worker_send_json(worker, json_pack("{s:i}", "a", 1));
    leave(worker);
}

static void text_primary(void)
{
    hooks.on_online = text_online;
    fork_one();
}

static void text_worker(void)
{
    watch();
}

/* ---- Both sides send much at once ---- */

#define FLOOD     500
#define FLOOD_LEN 100000

struct flood {
    int received, drains;
    unsigned char next;
};
static struct flood flood;

static void send_flood(yoke_worker *worker)
{
    static unsigned char bytes[FLOOD_LEN];
    ssize_t waiting = 0;

    for (int i = 0; i < FLOOD && waiting >= 0; i++) {
        memset(bytes, i, sizeof(bytes));
        waiting = yoke_worker_send(worker, bytes, sizeof(bytes));
    }
    say("waiting %d", waiting > 0);
}

static void end_flood(yoke_worker *worker)
{
    if (flood.received < FLOOD || flood.drains == 0)
        return;
    say("received %d, drained %d", flood.received, flood.drains);
    leave(worker);
}

static void flooded(yoke_worker *worker, const void *ptr, size_t len,
                    void *data)
{
    const unsigned char *bytes = ptr;

    (void)data;
    if (len != FLOOD_LEN || bytes[0] != flood.next ||
        bytes[len - 1] != flood.next)
        say("wrong message");
    flood.next++;
    flood.received++;
    end_flood(worker);
}

static void drained(yoke_worker *worker, void *data)
{
    (void)data;
    flood.drains++;
    end_flood(worker);
}

static void flood_primary(void)
{
    hooks.on_online = send_flood;
    fork_one();
    yoke_cluster_on_message(flooded, NULL);
    yoke_cluster_on_drain(drained, NULL);
}

static void flood_worker(void)
{
    yoke_cluster_on_message(flooded, NULL);
    yoke_cluster_on_drain(drained, NULL);
    send_flood(yoke_cluster_worker());
}

/* ---- A worker that does not read: the queue has a limit ---- */

static void fill(yoke_worker *worker)
{
    static char bytes[1 << 20];
    ssize_t waiting = 0;
    int count = 0;

    kill(yoke_worker_pid(worker), SIGSTOP);
    while ((waiting = yoke_worker_send(worker, bytes, sizeof(bytes))) >= 0)
        count++;
    say("refused after %d: %s", count, yoke_strerror((int)waiting));
    kill(yoke_worker_pid(worker), SIGCONT);
}

static void said_drained(yoke_worker *worker, void *data)
{
    (void)data;
    say("drained, %zd wait", yoke_worker_send(worker, "x", 1));
    leave(worker);
}

static void full_primary(void)
{
    hooks.on_online = fill;
    fork_one();
    yoke_cluster_on_drain(said_drained, NULL);
}

static int full_count;

static void count_message(yoke_worker *self, const void *ptr, size_t len,
                          void *data)
{
    (void)self;
    (void)ptr;
    (void)data;
    full_count += len > 1;
}

static void say_count(yoke_worker *self, void *data)
{
    (void)self;
    (void)data;
    say("received %d", full_count);
}

static void full_worker(void)
{
    yoke_cluster_on_message(count_message, NULL);
    yoke_cluster_on_disconnect(say_count, NULL);
}

/* ---- What waits for a worker that dies is told ---- */

static void fill_and_kill(yoke_worker *worker)
{
    fill(worker);
    kill(yoke_worker_pid(worker), SIGKILL);
}

static void lost_primary(void)
{
    hooks.on_online = fill_and_kill;
    fork_one();
}

/* ---- invalid-message: a channel may bring anything ---- */

#define CHANNEL 3

static void send_raw(const void *ptr, size_t len)
{
    if (send(CHANNEL, ptr, len, 0) < 0)
        say("cannot send: %s", yoke_strerror(-errno));
}

static void invalid_worker(void)
{
    /* Version, type, two unused, length; as src/cluster/message.h has it. */
    static const unsigned char ack[24] = {1, 65, 0, 0, 16};
    unsigned char packet[64] = {0};

    stay();
    send_raw("x", 1);
    send_raw(ack, sizeof(ack));
    for (int type = 0; type < 256; type++) {
        packet[0] = 1;
        packet[1] = (unsigned char)type;
        packet[4] = 0;
        send_raw(packet, 8);
    }
    tell(yoke_cluster_worker(), "still here");
}

static void invalid_message(yoke_worker *worker, const char *ptr, size_t len)
{
    if (len == 10 && memcmp(ptr, "still here", 10) == 0)
        yoke_worker_kill(worker, SIGKILL);
}

static void invalid_primary(void)
{
    hooks.on_message = invalid_message;
    fork_one();
}

const struct scenario message_scenarios[] = {
    {"message", message_primary, message_worker},
    {"json", json_primary, json_worker},
    {"text", text_primary, text_worker},
    {"flood", flood_primary, flood_worker},
    {"full", full_primary, full_worker},
    {"lost", lost_primary, full_worker},
    {"invalid", invalid_primary, invalid_worker},
    {.name = NULL},
};
