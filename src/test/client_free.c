/* The end of a client, which is an expectation too: nothing is left.
 *
 * The client resets its connections, and by that each exchange that was not
 * answered is still owed. Handlers on hold get the usual time to do so. Then
 * the application is freed, and what it has opened in the loop has to be
 * closed. */
#include "test/client.h"

#include <stdlib.h>
#include <uv.h>

#include <yoke/loop.h>
#include <yoke/req.h>
#include <yoke/work.h>

#include "app/layer.h"
#include "app/req.h"
#include "http/h1_state.h"
#include "test/exchange.h"
#include "test/failure.h"
#include "test/live.h"

/* ---- Names for requests ---- */

/* " (/users/:id, app.c:12)": the route, or the layer that ran last. */
static void add_route(const struct yoke_req *req, struct yk_bytes *text)
{
    const struct yk_layer *layer = req->frame ? req->frame->layer : NULL;
    const char *path = yoke_req_route_full_path(req);
    if (!layer || !layer->here)
        return;
    yk_bytes_printf(text, " (%s%s%s)", path ? path : "", path ? ", " : "",
                    layer->here);
}

void yk_test_describe(const yoke_test *t, const struct yk_exchange *x,
                      struct yk_bytes *text)
{
    const struct yk_request *head = x->request;

    yk_bytes_add_slice(text, yk_request_slice(head, head->method));
    yk_bytes_add(text, " ");
    yk_bytes_add_slice(text, yk_request_slice(head, head->target));
    if (t->app && x->owner)
        add_route(x->owner, text);
}

/* ---- What is left ---- */

static void free_links(yoke_test *t)
{
    YK_LIST_EACH(node, &t->links)
    {
        struct yk_link *link = YK_CONTAINER_OF(node, struct yk_link, node);
        yk_memory_done(&link->memory);
        free(link);
    }
}

static bool has_open_link(const yoke_test *t)
{
    YK_LIST_EACH(node, &t->links)
    if (YK_CONTAINER_OF(node, struct yk_link, node)->is_open)
        return true;
    return false;
}

static bool has_ended(void *data)
{
    const yoke_test *t = data;
    return t->server.conn_count == 0 && !has_open_link(t) &&
           yoke_work_count() == 0;
}

static bool end_connections(yoke_test *t)
{
    YK_LIST_EACH(node, &t->links)
    {
        struct yk_link *link = YK_CONTAINER_OF(node, struct yk_link, node);
        yk_memory_break(&link->memory);
        if (t->live)
            yk_live_disconnect(link);
    }
    yk_test_settle(t);
    /* Those that are not being read from, and cannot know. */
    yk_http_server_abort(&t->server);
    return yk_test_wait(t, has_ended, t) == 0;
}

/* The bytes of a connection on which the server still holds a request; NULL for
 * a live client, which cannot tell which it is. */
static const struct yk_link *find_link(const yoke_test *t,
                                       const struct yk_h1_conn *conn)
{
    YK_LIST_EACH(node, &t->links)
    {
        const struct yk_link *link =
            YK_CONTAINER_OF(node, struct yk_link, node);
        if (link->conn == conn)
            return link;
    }
    return NULL;
}

static void add_unanswered(const yoke_test *t, struct yk_bytes *text)
{
    YK_LIST_EACH(node, &t->server.conns)
    {
        const struct yk_h1_conn *conn =
            YK_CONTAINER_OF(node, struct yk_h1_conn, node);
        yk_bytes_add(text, "this request was never answered: ");
        if (conn->has_exchange)
            yk_test_describe(t, &conn->x, text);
        yk_bytes_add(text, "\n");
        yk_failure_add_link(text, find_link(t, conn));
    }
    if (yk_list_is_empty(&t->server.conns))
        yk_bytes_add(text, "a connection does not end\n");
}

/* A request that the test wrote and forgot. */
static const yoke_tr *find_unsent(const yoke_test *t)
{
    YK_LIST_EACH(node, &t->exchanges)
    {
        const yoke_tr *r = YK_CONTAINER_OF(node, yoke_tr, node);
        if (!r->link && !r->is_unreachable)
            return r;
    }
    return NULL;
}

/* The first request after which so many blocks have always been missing. */
static const yoke_tr *find_keeper(const yoke_test *t, size_t blocks)
{
    const yoke_tr *keeper = NULL;
    YK_LIST_EACH(node, &t->exchanges)
    {
        const yoke_tr *r = YK_CONTAINER_OF(node, yoke_tr, node);
        if (!r->is_noted)
            continue;
        if (r->blocks_after < blocks)
            keeper = NULL;
        else if (!keeper)
            keeper = r;
    }
    return keeper;
}

static size_t blocks_of(const yoke_test *t)
{
    return t->server.buffers.used_count + t->server.arenas.used_count;
}

static void add_blocks(const yoke_test *t, size_t blocks, struct yk_bytes *text)
{
    const yoke_tr *keeper = find_keeper(t, blocks);
    yk_bytes_printf(text,
                    "%zu block%s of the server's memory %s not given "
                    "back",
                    blocks, blocks == 1 ? "" : "s",
                    blocks == 1 ? "was" : "were");
    if (keeper && keeper->draft.method)
        yk_bytes_printf(text, ", since %s %s", keeper->draft.method,
                        keeper->draft.path);
    yk_bytes_add(text, "\n");
}

/* What is wrong with the client at its end; leaves `text` empty when nothing
 * is. */
static void find_fault(yoke_test *t, struct yk_bytes *text)
{
    const yoke_tr *unsent = find_unsent(t);

    if (!end_connections(t)) {
        add_unanswered(t, text);
        return;
    }
    size_t blocks = blocks_of(t);
    if (blocks > 0)
        add_blocks(t, blocks, text);
    else if (unsent)
        yk_bytes_printf(
            text, "%s %s was never sent: nothing looks at its answer\n",
            unsent->draft.method ? unsent->draft.method : "a raw request",
            unsent->draft.path ? unsent->draft.path : "");
}

/* ---- Death ---- */

static void free_client(yoke_test *t)
{
    yk_bytes_done(&t->fields);
    yk_jar_done(&t->jar);
    free(t);
}

static void destroy(yoke_test *t, struct yk_bytes *fault)
{
    while (!yk_list_is_empty(&t->exchanges)) {
        struct yk_list *node = yk_list_take(&t->exchanges);
        yk_tr_free(YK_CONTAINER_OF(node, yoke_tr, node));
    }
    while (!yk_list_is_empty(&t->agents)) {
        struct yk_list *node = yk_list_take(&t->agents);
        free_client(YK_CONTAINER_OF(node, yoke_test, node));
    }
    free_links(t);
    yk_live_close(t->live);
    yk_http_server_done(&t->server);
    yoke_app_free(t->app);
    /* Handles that have been closed get their callbacks. */
    uv_run(yoke_loop(), UV_RUN_NOWAIT);
    if (fault->len == 0)
        yk_watch_add_leaks(&t->watch, fault);
    yk_watch_done(&t->watch);
    free_client(t);
}

void yoke_test_free(yoke_test *t)
{
    struct yk_bytes fault = {0};
    if (!t || t->root != t)
        return;

    const char *file = t->file;
    int line = t->line;
    find_fault(t, &fault);
    /* With a request open, or a block lent, the server cannot be taken down; it
     * is left. */
    if (has_ended(t) && blocks_of(t) == 0)
        destroy(t, &fault);
    if (fault.len > 0)
        yk_failure_report(&fault, file, line);
    yk_bytes_done(&fault);
}
