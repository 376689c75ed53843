/* probe: an application for the end-to-end tests, with handlers that a good
 * example should not have.
 *
 *     /pid                 the worker's process id
 *     /slow?ms=N           answers after N milliseconds
 *     /slow?until=PATH     ... as soon as there is a file of that name
 *     /block?...           the same, and keeps its worker for itself meanwhile
 *     /stream?n=N&size=S   N pieces of S bytes, as fast as the client reads
 *     /crash?how=HOW       the worker dies: segv, abort, assert,
 *                          kill, or exit with 1
 *     /hang?deaf=1         never gives control back; deaf: nor hears SIGABRT
 *     /say?n=N&size=S      N lines with S letters on standard error
 *     /leave               the worker disconnects from its primary */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>
#include <yoke/yoke.h>

yoke_app_factory make_app;

static int query_int(yoke_req *req, const char *name, int fallback)
{
    const char *text = yoke_req_query(req, name);
    return text ? (int)strtol(text, NULL, 10) : fallback;
}

static void show_pid(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_printf(req, "%d", (int)getpid()));
}

/* ---- /slow, /block ---- */

#define LOOK_MS 5 /* How often they look for the file. */

/* It is named so that a test ends what it has begun, however long it takes to
 * look at it. */
static bool may_answer(yoke_req *req)
{
    const char *path = yoke_req_query(req, "until");
    return !path || access(path, F_OK) == 0;
}

struct slow {
    uv_timer_t timer;
    yoke_req *req;
    yoke_res *res;
};

static void free_slow(uv_handle_t *handle)
{
    free(handle->data);
}

static void answer_slow(uv_timer_t *timer)
{
    struct slow *slow = timer->data;

    if (!may_answer(slow->req))
        return;
    yoke_res_text(slow->res, "slow");
    uv_close((uv_handle_t *)timer, free_slow);
}

static void be_slow(yoke_req *req, yoke_res *res)
{
    struct slow *slow = calloc(1, sizeof(*slow));
    if (!slow)
        abort();
    slow->req = req;
    slow->res = res;
    slow->timer.data = slow;
    uv_timer_init(yoke_loop(), &slow->timer);
    uv_timer_start(&slow->timer, answer_slow, (uint64_t)query_int(req, "ms", 0),
                   LOOK_MS);
    yoke_hold(req);
}

static void block(yoke_req *req, yoke_res *res)
{
    usleep((useconds_t)query_int(req, "ms", 0) * 1000);
    while (!may_answer(req))
        usleep(LOOK_MS * 1000);
    show_pid(req, res);
}

/* ---- /stream ---- */

struct stream {
    int left;  /* Pieces to come. */
    int index; /* Of the next one; piece k consists of the letter a + k % 26. */
    size_t size;
    char *piece;
};

/* Writes until the pieces or the client's patience are at an end. */
static void pump(yoke_res *res, void *data)
{
    struct stream *stream = data;
    while (stream->left > 0) {
        stream->left--;
        memset(stream->piece, 'a' + stream->index++ % 26, stream->size);
        ssize_t waiting = yoke_res_write(res, stream->piece, stream->size);
        if (waiting < 0)
            break;
        if (waiting > 65536)
            return;
    }
    yoke_res_end(res);
}

static void free_stream(yoke_res *res, void *data)
{
    struct stream *stream = data;
    (void)res;
    free(stream->piece);
    free(stream);
}

/* The client has gone: no more room will come, but the answer has to end. */
static void end_stream(yoke_req *req, void *data)
{
    (void)req;
    yoke_res_end(data);
}

static void be_stream(yoke_req *req, yoke_res *res)
{
    struct stream *stream = calloc(1, sizeof(*stream));
    if (!stream)
        abort();
    stream->left = query_int(req, "n", 1);
    stream->size = (size_t)query_int(req, "size", 1);
    stream->piece = malloc(stream->size);
    if (!stream->piece)
        abort();
    yoke_res_on_finish(res, free_stream, stream);
    yoke_res_on_drain(res, pump, stream);
    yoke_req_on_close(req, end_stream, res);
    yoke_hold(req);
    pump(res, stream);
}

/* ---- /crash, /hang, /leave ---- */

static void crash(yoke_req *req, yoke_res *res)
{
    const char *how = yoke_req_query(req, "how");
    if (how && strcmp(how, "segv") == 0) {
        signal(SIGSEGV, SIG_DFL); /* A sanitizer's handler would exit. */
        raise(SIGSEGV);
    } else if (how && strcmp(how, "abort") == 0) {
        signal(SIGABRT, SIG_DFL);
        abort();
    } else if (how && strcmp(how, "assert") == 0) {
        fputs("the cat is on the keyboard\n", stderr);
        abort();
    } else if (how && strcmp(how, "kill") == 0) {
        raise(SIGKILL);
    } else if (how && strcmp(how, "exit") == 0) {
        _exit(1);
    }
    yoke_res_status(res, 400);
    yoke_res_text(res, "how: segv, abort, assert, kill or exit");
}

static void say(yoke_req *req, yoke_res *res)
{
    char line[4096];
    int size = query_int(req, "size", 10);

    if (size < 0 || size > 4000)
        size = 10;
    memset(line, 'x', (size_t)size);
    for (int i = 0; i < query_int(req, "n", 1); i++)
        fprintf(stderr, "say %d %.*s\n", i, size, line);
    yoke_res_text(res, "said");
}

static void hang(yoke_req *req, yoke_res *res)
{
    if (query_int(req, "deaf", 0))
        signal(SIGABRT, SIG_IGN);
    (void)req;
    (void)res;
    for (;;)
        pause();
}

/* What no program should do: it closes what it has not opened. */
static void lose(yoke_req *req, yoke_res *res)
{
    (void)req;
    for (int fd = 3; fd < 64; fd++) {
        int type = 0;
        socklen_t len = sizeof(type);
        if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
            type == SOCK_SEQPACKET)
            close(fd);
    }
    yoke_res_text(res, "lost");
}

static void leave(yoke_req *req, yoke_res *res)
{
    (void)req;
    if (yoke_cluster_worker())
        yoke_worker_disconnect(yoke_cluster_worker());
    yoke_res_text(res, "bye");
}

yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/pid", show_pid);
    yoke_app_get(app, "/slow", be_slow);
    yoke_app_get(app, "/block", block);
    yoke_app_get(app, "/stream", be_stream);
    yoke_app_get(app, "/crash", crash);
    yoke_app_get(app, "/hang", hang);
    yoke_app_get(app, "/say", say);
    yoke_app_get(app, "/leave", leave);
    yoke_app_get(app, "/lose", lose);
    return app;
}
