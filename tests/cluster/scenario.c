/* node SCENARIO [ARGUMENT...]: runs one scenario, in the primary and in its
 * workers. */
#include "scenario.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>
#include <yoke/message.h>
#include <yoke/net.h>

#define SHORT_LEN 64

struct hooks hooks;
static char **arguments;
static int argument_count;

void say(const char *fmt, ...)
{
    char text[1024], line[1100];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    int len = yoke_cluster_is_worker()
                  ? snprintf(line, sizeof(line), "W%d %s\n",
                             yoke_worker_id(yoke_cluster_worker()), text)
                  : snprintf(line, sizeof(line), "P %s\n", text);
    /* One write: the lines of several processes go to one file. */
    if (write(STDOUT_FILENO, line, (size_t)len) < len)
        _exit(99);
}

const char *argument(int n)
{
    return n < argument_count ? arguments[n] : "";
}

/* ---- Events ---- */

int count_workers(void)
{
    int count = 0;

    for (yoke_worker *w = NULL; (w = yoke_cluster_workers(w));)
        count++;
    return count;
}

yoke_worker *find_worker(int id)
{
    for (yoke_worker *w = NULL; (w = yoke_cluster_workers(w));)
        if (yoke_worker_id(w) == id)
            return w;
    return NULL;
}

static void say_event(const char *event, yoke_worker *worker, const char *more)
{
    say("%s %d %s after=%d connected=%d dead=%d listed=%d%s", event,
        yoke_worker_id(worker),
        yoke_worker_state_text(yoke_worker_state(worker)),
        yoke_worker_exited_after_disconnect(worker),
        yoke_worker_is_connected(worker), yoke_worker_is_dead(worker),
        count_workers(), more);
}

static void on_fork(yoke_worker *worker, void *data)
{
    (void)data;
    say_event("fork", worker, "");
    if (hooks.on_fork)
        hooks.on_fork(worker);
}

static void on_online(yoke_worker *worker, void *data)
{
    (void)data;
    say_event("online", worker, "");
    if (hooks.on_online)
        hooks.on_online(worker);
}

static void on_listening(yoke_worker *worker, const struct yoke_address *addr,
                         void *data)
{
    char more[320];

    (void)data;
    snprintf(more, sizeof(more), " %d %s %d", addr->family, addr->host,
             addr->port);
    say_event("listening", worker, more);
    if (hooks.on_listening)
        hooks.on_listening(worker, addr);
}

static void on_message(yoke_worker *worker, const void *ptr, size_t len,
                       void *data)
{
    (void)data;
    if (len <= SHORT_LEN)
        say("message %d %.*s", yoke_worker_id(worker), (int)len,
            len ? (const char *)ptr : "");
    else
        say("message %d of %zu bytes", yoke_worker_id(worker), len);
    if (hooks.on_message)
        hooks.on_message(worker, ptr, len);
}

static void on_disconnect(yoke_worker *worker, void *data)
{
    (void)data;
    say_event("disconnect", worker, "");
    if (hooks.on_disconnect)
        hooks.on_disconnect(worker);
}

static void on_exit_(yoke_worker *worker, const struct yoke_exit *why,
                     void *data)
{
    char more[64];

    (void)data;
    snprintf(more, sizeof(more), " code=%d signal=%d", why->code, why->signal);
    say_event("exit", worker, more);
    if (hooks.on_exit)
        hooks.on_exit(worker, why);
}

static void on_error(yoke_worker *worker, int err, const char *text, void *data)
{
    (void)data;
    (void)err;
    say("error %d %s", yoke_worker_id(worker), text);
}

void watch(void)
{
    yoke_cluster_on_fork(on_fork, NULL);
    yoke_cluster_on_online(on_online, NULL);
    yoke_cluster_on_listening(on_listening, NULL);
    yoke_cluster_on_message(on_message, NULL);
    yoke_cluster_on_disconnect(on_disconnect, NULL);
    yoke_cluster_on_exit(on_exit_, NULL);
    yoke_cluster_on_error(on_error, NULL);
}

void tell(yoke_worker *worker, const char *text)
{
    yoke_worker_send(worker, text, strlen(text));
}

/* ---- Time ---- */

static void on_nothing(uv_timer_t *timer)
{
    (void)timer;
}

void stay(void)
{
    static uv_timer_t timer;

    uv_timer_init(yoke_loop(), &timer);
    uv_timer_start(&timer, on_nothing, 1000000, 1000000);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

static void on_later(uv_timer_t *timer)
{
    void (*fn)(void);

    memcpy(&fn, &timer->data, sizeof(fn));
    uv_close((uv_handle_t *)timer, on_closed);
    fn();
}

void later(int ms, void (*fn)(void))
{
    uv_timer_t *timer = calloc(1, sizeof(*timer));

    if (!timer)
        abort();
    uv_timer_init(yoke_loop(), timer);
    memcpy(&timer->data, &fn, sizeof(fn));
    uv_timer_start(timer, on_later, (uint64_t)ms, 0);
}

static void (*usr1_fn)(void);

static void on_signal(uv_signal_t *handle, int signum)
{
    (void)handle;
    (void)signum;
    usr1_fn();
}

void on_usr1(void (*fn)(void))
{
    static uv_signal_t handle;

    usr1_fn = fn;
    uv_signal_init(yoke_loop(), &handle);
    uv_signal_start(&handle, on_signal, SIGUSR1);
    uv_unref((uv_handle_t *)&handle);
}

/* ---- Streams ---- */

static void (*serve_error)(int err, const char *text);

void on_serve_error(void (*fn)(int err, const char *text))
{
    serve_error = fn;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    static char room[65536];

    (void)handle;
    (void)suggested;
    *buf = uv_buf_init(room, sizeof(room));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    if (n < 0) {
        yoke_conn_close(stream->data);
        return;
    }
    uv_buf_t answer = uv_buf_init(buf->base, (unsigned)n);
    uv_try_write(stream, &answer, 1);
}

static void on_connection(yoke_net *server, yoke_conn *conn, void *data)
{
    (void)server;
    (void)data;
    yoke_conn_stream(conn)->data = conn;
    yoke_conn_read(conn, on_alloc, on_read);
}

static void on_served(yoke_net *server, const struct yoke_address *addr,
                      void *data)
{
    (void)server;
    (void)data;
    say("listens on %s %d", addr->host, addr->port);
}

static void on_not_served(yoke_net *server, int err, const char *text,
                          void *data)
{
    (void)server;
    (void)data;
    say("cannot listen: %s", strerrorname_np(-err));
    if (serve_error)
        serve_error(err, text);
    else
        yoke_cluster_fail("%s", text);
}

static void on_serve_closed(yoke_net *server, void *data)
{
    (void)server;
    (void)data;
    say("server closed");
}

yoke_net *serve(const char *host, int port, const char *path)
{
    return yoke_net_listen(&(struct yoke_net_options){
        .listen = {.host = host, .port = port, .path = path},
        .on_connection = on_connection,
        .on_listening = on_served,
        .on_error = on_not_served,
        .on_closed = on_serve_closed});
}

int connect_to(int port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)port),
                               .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0) {
        say("cannot connect to %d", port);
        _exit(98);
    }
    return fd;
}

/* ---- main ---- */

static const struct scenario *find(const char *name)
{
    static const struct scenario *const all[] = {
        life_scenarios, end_scenarios, setting_scenarios, message_scenarios,
        handle_scenarios};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        for (const struct scenario *s = all[i]; s->name; s++)
            if (strcmp(s->name, name) == 0)
                return s;
    return NULL;
}

int main(int argc, char **argv)
{
    yoke_cluster_init(argc, argv);
    const struct scenario *scenario = argc > 1 ? find(argv[1]) : NULL;
    if (!scenario) {
        fprintf(stderr, "node: no such scenario\n");
        return 2;
    }
    arguments = argv + 2;
    argument_count = argc - 2;
    if (yoke_cluster_is_primary())
        scenario->primary();
    else
        scenario->worker();
    return yoke_run();
}
