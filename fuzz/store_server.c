/* A server of a store that says anything: to the greeting, to calls, in pieces,
 * too early, too late, and hangs up. Each call is answered once, with an error
 * that there is, in words; a value has its NUL; and when the store is closed
 * nothing is left of it.
 *
 * The first choice: which server; whether the greeting is as it should be; then
 * the sizes of the pieces in which the text is said, each when something has
 * been heard. Behind its end the server hangs up, and is not there again. */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <uv.h>
#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>
#include <yoke/store.h>

#define TIMEOUT_MS 20
#define CALLS      14
/* What is answered to a script that is loaded. */
#define HASH       "$40\r\n0123456789012345678901234567890123456789\r\n"

static const struct server {
    const char *scheme, *greeting;
} servers[] = {
    {"redis+unix", "+PONG\r\n" HASH HASH HASH HASH HASH HASH},
    {"memcached+unix", "MN\r\n"},
};

static char folder[] = "/tmp/yoke-fuzz-XXXXXX", path[64];

static struct {
    uv_pipe_t listener, client;
    struct fuzz_input in;
    bool is_greeted, has_client, is_over;
} there;

static struct {
    int begun, answered, closed, ended;
} here;

/* ---- The server ---- */

static void hang_up(void)
{
    if (there.has_client)
        uv_close((uv_handle_t *)&there.client, NULL);
    if (!there.is_over)
        uv_close((uv_handle_t *)&there.listener, NULL);
    there.has_client = false;
    there.is_over = true;
}

static void say(const char *ptr, size_t len)
{
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)ptr, (unsigned)len);
    if (len > 0 && uv_try_write((uv_stream_t *)&there.client, &buf, 1) < 0)
        hang_up();
}

static void say_more(void)
{
    size_t len = fuzz_choose_piece(&there.in, there.in.text.len);
    if (there.in.text.len == 0) {
        hang_up();
        return;
    }
    const char *ptr = there.in.text.ptr;
    there.in.text.ptr += len;
    there.in.text.len -= len;
    say(ptr, len);
}

static void on_room(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    static char room[65536];
    (void)handle;
    (void)size;
    *buf = uv_buf_init(room, sizeof(room));
}

static void on_heard(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    const struct server *server = stream->data;
    (void)buf;
    if (n < 0)
        hang_up();
    else if (!there.is_greeted)
        say(server->greeting, strlen(server->greeting));
    else
        say_more();
    there.is_greeted = true;
}

static void on_client(uv_stream_t *listener, int status)
{
    if (status < 0 || there.has_client)
        return;
    uv_pipe_init(yoke_loop(), &there.client, 0);
    there.client.data = listener->data;
    there.has_client = true;
    if (uv_accept(listener, (uv_stream_t *)&there.client) < 0)
        abort();
    uv_read_start((uv_stream_t *)&there.client, on_room, on_heard);
}

static void start_server(const struct server *server)
{
    unlink(path);
    uv_pipe_init(yoke_loop(), &there.listener, 0);
    there.listener.data = (void *)(uintptr_t)server;
    if (uv_pipe_bind(&there.listener, path) < 0 ||
        uv_listen((uv_stream_t *)&there.listener, 8, on_client) < 0)
        abort();
}

/* ---- The client ---- */

static bool is_known(int err)
{
    switch (err) {
    case 0:
    case -ENOENT:
    case -ETIMEDOUT:
    case -ERANGE:
    case -EDOM:
    case -ENOTSUP:
    case -ECANCELED:
    case -EINVAL:
    case -YOKE_ECONFLICT:
    case -YOKE_ETOOLARGE:
    case -YOKE_EUNAVAILABLE:
        return true;
    }
    return false;
}

static void on_answer(const struct yoke_store_result *result, void *data)
{
    int *answered = data;
    MUST(++*answered == 1, "a call is answered once");
    here.answered++;
    MUST(is_known(result->err), "by an error that there is");
    MUST(result->err == 0 || *result->text, "in words");
    if (result->value)
        MUST(((const char *)result->value)[result->len] == '\0',
             "a NUL is behind a value");
    for (size_t i = 0; i < result->count; i++) {
        const struct yoke_store_item *item = &result->items[i];
        MUST(is_known(item->err) && item->key, "so is each of several");
        if (item->value)
            MUST(((const char *)item->value)[item->len] == '\0', "the same");
    }
}

static void on_message(const struct yoke_store_message *message, void *data)
{
    (void)data;
    here.ended += message->event == YOKE_STORE_ENDED;
    if (message->event == YOKE_STORE_MESSAGE)
        MUST(((const char *)message->ptr)[message->len] == '\0',
             "a NUL is behind a message");
}

static void on_closed(void *data)
{
    (void)data;
    here.closed++;
}

static void call_all(yoke_store *store, int answered[CALLS])
{
    static const char *const keys[] = {"a", "b", "c"};
    static const struct yoke_store_item items[] = {
        {.key = "a", .value = "1", .len = 1},
        {.key = "b", .value = "2", .len = 1},
    };
    int *at = answered;
    yoke_store_get(store, "a", on_answer, at++);
    yoke_store_set(store, "a", "1", 1, 0, on_answer, at++);
    yoke_store_add(store, "a", "1", 1, 9, on_answer, at++);
    yoke_store_replace(store, "a", 7, "1", 1, 0, on_answer, at++);
    yoke_store_touch(store, "a", 9, on_answer, at++);
    yoke_store_incr(store, "n", 1, 0, on_answer, at++);
    yoke_store_incr(store, "n", -2, 9, on_answer, at++);
    yoke_store_get_many(store, keys, 3, on_answer, at++);
    yoke_store_set_many(store, items, 2, on_answer, at++);
    yoke_store_delete(store, "a", on_answer, at++);
    yoke_store_scan(store, "", NULL, 3, on_answer, at++);
    yoke_store_lock(store, "l", 1, 0, on_answer, at++);
    yoke_store_renew(store, "l", 7, 1, on_answer, at++);
    yoke_store_unlock(store, "l", 7, on_answer, at++);
    here.begun = (int)(at - answered);
}

static void talk(const struct server *server, bool subscribes)
{
    char url[128];
    int answered[CALLS] = {0};
    snprintf(url, sizeof(url), "%s:%s", server->scheme, path);
    yoke_store *store = yoke_store_open(.url = url, .timeout_ms = TIMEOUT_MS,
                                        .max_value_len = 1000);
    MUST(store, "a store can be opened");
    if (subscribes)
        yoke_store_subscribe(store, "channel", on_message, NULL);
    call_all(store, answered);
    while (here.answered < here.begun)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    yoke_store_close(store, on_closed, NULL);
    while (here.closed == 0)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    MUST(here.answered == CALLS, "all have been answered, and no more");
    MUST(here.ended == (int)subscribes, "a subscription ends once");
}

static int count_fds(void)
{
    int count = 0;
    DIR *open_now = opendir("/proc/self/fd");
    if (!open_now)
        abort();
    while (readdir(open_now))
        count++;
    closedir(open_now);
    return count;
}

static void remove_folder(void)
{
    unlink(path);
    rmdir(folder);
}

static void run(struct fuzz_input in, uint8_t choice)
{
    memset(&here, 0, sizeof(here));
    memset(&there, 0, sizeof(there));
    there.in = in;
    there.is_greeted = choice & 2;
    start_server(&servers[choice & 1]);
    talk(&servers[choice & 1], choice & 4);
    hang_up();
    uv_run(yoke_loop(), UV_RUN_DEFAULT);
}

/* And has each client opened once: its library stays open. */
static void make_folder(void)
{
    static const struct fuzz_input nothing;
    if (!mkdtemp(folder))
        abort();
    snprintf(path, sizeof(path), "%s/socket", folder);
    atexit(remove_folder);
    signal(SIGPIPE, SIG_IGN); /* It may have hung up, too. */
    run(nothing, 0);
    run(nothing, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = fuzz_input_of(data, size);
    uint8_t choice = fuzz_choose(&in);
    yoke_log_set_level(YOKE_LOG_OFF);
    if (!*path)
        make_folder();
    int before = count_fds();
    run(in, choice);
    MUST(count_fds() == before, "nothing is left open");
    return 0;
}
