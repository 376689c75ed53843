/* Stream servers, on a source of connections that is the test's: what the user
 * is told, what becomes of connections, and the limit. */
#include "../unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/loop.h>
#include <yoke/net.h>

#include "net/listener.h"

/* ---- A source ---- */

static struct yk_listener *listener;
static uint32_t room;
static _Atomic uint32_t words[8]; /* As on the board. */

static int open_listener(struct yk_listener *l,
                         const struct yk_listen_spec *spec)
{
    if (spec->port == 1)
        return -ENAMETOOLONG;
    listener = l;
    return 0;
}

static void close_listener(struct yk_listener *l)
{
    l->ops->on_closed(l);
}

static void set_room(struct yk_listener *l, uint32_t value)
{
    assert_ptr_equal(l, listener);
    assert_int_not_equal(room, value);
    room = value;
}

static const struct yk_listen_source source = {
    .open = open_listener, .close = close_listener, .set_room = set_room};

static void listens(void)
{
    struct yoke_address address = {.family = 4, .port = 7};

    listener->ops->on_listening(listener, &address);
}

static enum yk_handoff_state word(int i)
{
    return YK_HANDOFF_STATE(words[i]);
}

/* A connection; the client's end. `i` is its word, or -1. */
static int connect_one(int i)
{
    int pair[2];
    struct yk_peer peer = {.family = 0};
    struct yk_handoff handoff = {.word = NULL};

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair),
                     0);
    if (i >= 0) {
        handoff.word = &words[i];
        words[i] = YK_HANDOFF_WORD(0, YK_HANDOFF_TAKEN);
    }
    listener->ops->on_connection(listener, pair[0], &peer, &handoff);
    return pair[1];
}

/* ---- The user ---- */

static struct {
    int conns, closes, drains, drops, reads, closed, errors;
    yoke_conn *last;
    bool only_begins, closes_on_drain;
    char room[64];
} told;

static void alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)handle, (void)suggested;
    *buf = uv_buf_init(told.room, sizeof(told.room));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    (void)stream, (void)buf;
    told.reads += n > 0;
}

static void on_connection(yoke_net *server, yoke_conn *conn, void *data)
{
    assert_ptr_equal(data, &told);
    assert_ptr_equal(yoke_conn_server(conn), server);
    assert_string_equal(yoke_conn_peer(conn, NULL), "");
    told.conns++;
    told.last = conn;
    if (!told.only_begins)
        assert_int_equal(yoke_conn_read(conn, alloc, on_read), 0);
}

static void on_close(yoke_conn *conn, void *data)
{
    (void)conn, (void)data;
    told.closes++;
}

static void on_drain(yoke_conn *conn, void *data)
{
    (void)data;
    told.drains++;
    if (told.closes_on_drain)
        yoke_conn_close(conn);
}

static void on_drop(yoke_net *server, void *data)
{
    (void)server, (void)data;
    told.drops++;
}

static void on_error(yoke_net *server, int err, const char *text, void *data)
{
    (void)server, (void)data;
    assert_int_equal(err, -EADDRINUSE);
    assert_string_equal(text, "in use");
    told.errors++;
}

static void on_closed(yoke_net *server, void *data)
{
    (void)server, (void)data;
    told.closed++;
}

static yoke_net *start(struct yoke_net_options options)
{
    options.on_connection = on_connection;
    options.on_close = on_close;
    options.on_drain = on_drain;
    options.on_drop = on_drop;
    options.on_error = on_error;
    options.on_closed = on_closed;
    options.data = &told;
    yoke_net *server = yoke_net_listen(&options);
    assert_non_null(server);
    return server;
}

static int setup(void **state)
{
    (void)state;
    memset(&told, 0, sizeof(told));
    room = YK_ROOM_ANY;
    yk_listener_set_source(&source);
    return 0;
}

#define RUN_UNTIL(condition)                                                   \
    while (!(condition))                                                       \
    uv_run(yoke_loop(), UV_RUN_ONCE)

static void run_to_the_end(void)
{
    assert_int_equal(uv_run(yoke_loop(), UV_RUN_DEFAULT), 0);
    assert_int_equal(told.closed, 1);
    assert_int_equal(told.closes, told.conns);
}

static bool has_ended(int client)
{
    char byte;

    return recv(client, &byte, 1, MSG_DONTWAIT) == 0;
}

/* ---- Tests ---- */

static void it_tells_where_it_listens(void **state)
{
    (void)state;
    yoke_net *server = start((struct yoke_net_options){.max_conns = 0});
    assert_null(yoke_net_address(server));
    listens();
    assert_int_equal(yoke_net_address(server)->port, 7);
    yoke_net_stop(server, -1);
    yoke_net_stop(server, -1);
    run_to_the_end();
}

static void what_is_missing_is_refused(void **state)
{
    (void)state;
    assert_null(yoke_net_listen(NULL));
    assert_int_equal(errno, EINVAL);
    struct yoke_net_options options = {.listen.port = 7};
    assert_null(yoke_net_listen(&options));
    assert_int_equal(errno, EINVAL);
    options.on_connection = on_connection;
    options.listen.port = 1;
    assert_null(yoke_net_listen(&options));
    assert_int_equal(errno, ENAMETOOLONG);
}

static void an_error_is_told_and_then_it_is_closed(void **state)
{
    (void)state;
    start((struct yoke_net_options){.max_conns = 0});
    listener->source = NULL; /* As a source does. */
    listener->ops->on_error(listener, -EADDRINUSE, "in use");
    assert_int_equal(told.errors, 1);
    run_to_the_end();
}

static void a_connection_begins_when_it_is_first_read(void **state)
{
    (void)state;
    yoke_net *server = start((struct yoke_net_options){.max_conns = 0});
    listens();
    int client = connect_one(0);
    assert_int_equal(word(0), YK_HANDOFF_TAKEN);
    assert_int_equal(send(client, "x", 1, 0), 1);
    RUN_UNTIL(told.reads);
    assert_int_equal(word(0), YK_HANDOFF_BEGUN);
    yoke_net_stop(server, 0);
    run_to_the_end();
    close(client);
}

static void who_does_not_read_that_way_has_begun_at_once(void **state)
{
    (void)state;
    told.only_begins = true;
    yoke_net *server = start((struct yoke_net_options){.max_conns = 0});
    listens();
    int client = connect_one(0);
    assert_int_equal(word(0), YK_HANDOFF_BEGUN);
    yoke_conn_close(told.last);
    yoke_conn_close(told.last);
    RUN_UNTIL(told.closes);
    assert_true(has_ended(client));
    yoke_net_stop(server, -1);
    run_to_the_end();
    close(client);
}

static void who_reads_may_begin_before_the_first_byte(void **state)
{
    (void)state;
    yoke_net *server = start((struct yoke_net_options){.max_conns = 0});
    listens();
    int client = connect_one(0);
    assert_int_equal(word(0), YK_HANDOFF_TAKEN);
    yoke_conn_begin(told.last);
    yoke_conn_begin(told.last);
    assert_int_equal(word(0), YK_HANDOFF_BEGUN);
    yoke_conn_close(told.last);
    RUN_UNTIL(told.closes);
    yoke_net_stop(server, -1);
    run_to_the_end();
    close(client);
}

/* The drawing in net.c, row by row. */
static void a_stop_does_with_each_connection_what_it_is_owed(void **state)
{
    int clients[4];

    (void)state;
    told.closes_on_drain = true;
    yoke_net *server = start((struct yoke_net_options){.max_conns = 0});
    listens();
    for (int i = 0; i < 4; i++)
        clients[i] = connect_one(i < 2 ? i : -1);
    send(clients[0], "begun", 5, 0);
    RUN_UNTIL(told.reads == 1);
    send(clients[2], "come", 4, 0);
    yoke_net_stop(server, -1);
    assert_int_equal(told.drains, 1);
    assert_int_equal(word(1), YK_HANDOFF_RETURNED);
    assert_int_equal(told.reads, 1);
    run_to_the_end();
    assert_int_equal(told.reads, 2);
    assert_int_equal(told.drains, 2);
    for (int i = 0; i < 4; i++)
        close(clients[i]);
}

/* Returned without a shutdown, for the primary's copy lives on. */
static void one_that_is_returned_is_not_ended(void **state)
{
    int pair[2];
    struct yk_peer peer = {.family = 0};
    struct yk_handoff handoff = {.word = &words[0]};

    (void)state;
    yoke_net *server = start((struct yoke_net_options){.max_conns = 0});
    listens();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair),
                     0);
    int copy = dup(pair[0]);
    words[0] = YK_HANDOFF_WORD(0, YK_HANDOFF_TAKEN);
    listener->ops->on_connection(listener, pair[0], &peer, &handoff);
    yoke_net_stop(server, -1);
    run_to_the_end();
    assert_false(has_ended(pair[1]));
    assert_int_equal(send(copy, "x", 1, MSG_NOSIGNAL), 1);
    close(copy);
    close(pair[1]);
}

static void what_does_not_end_is_cut_at_the_deadline(void **state)
{
    (void)state;
    yoke_net *server = start((struct yoke_net_options){.max_conns = 0});
    listens();
    int client = connect_one(-1);
    send(client, "x", 1, 0);
    RUN_UNTIL(told.reads);
    yoke_net_stop(server, -1);
    assert_int_equal(told.drains, 1);
    uv_run(yoke_loop(), UV_RUN_NOWAIT);
    assert_int_equal(told.closes, 0);
    yoke_net_stop(server, 0);
    run_to_the_end();
    assert_true(has_ended(client));
    close(client);
}

static void a_server_says_how_many_more_it_takes(void **state)
{
    int clients[3];

    (void)state;
    told.only_begins = true;
    yoke_net *server = start((struct yoke_net_options){.max_conns = 2});
    listens();
    assert_int_equal(room, 2);
    clients[0] = connect_one(-1);
    assert_int_equal(room, 1);
    clients[1] = connect_one(-1);
    assert_int_equal(room, 0);
    /* One that was on its way is taken. */
    clients[2] = connect_one(-1);
    assert_int_equal(yoke_net_connections(server), 3);
    yoke_conn_close(told.last);
    RUN_UNTIL(told.closes == 1);
    assert_int_equal(room, 0);
    yoke_net_set_max_conns(server, 5);
    assert_int_equal(room, 3);
    yoke_net_set_max_conns(server, 1);
    assert_int_equal(room, 0);
    yoke_net_set_max_conns(server, 0);
    assert_int_equal(room, YK_ROOM_ANY);
    yoke_net_stop(server, 0);
    run_to_the_end();
    for (int i = 0; i < 3; i++)
        close(clients[i]);
}

static void one_that_drops_closes_what_comes_beyond(void **state)
{
    (void)state;
    told.only_begins = true;
    yoke_net *server =
        start((struct yoke_net_options){.max_conns = 1, .drops = true});
    listens();
    int client = connect_one(-1);
    int other = connect_one(0);
    assert_int_equal(room, YK_ROOM_ANY);
    assert_int_equal(told.conns, 1);
    assert_int_equal(told.drops, 1);
    assert_true(has_ended(other));
    assert_int_equal(word(0), YK_HANDOFF_BEGUN);
    yoke_net_stop(server, 0);
    run_to_the_end();
    close(client);
    close(other);
}

static void one_that_takes_none_has_no_room_from_the_start(void **state)
{
    (void)state;
    yoke_net *server = start((struct yoke_net_options){.max_conns = -1});
    listens();
    assert_int_equal(room, 0);
    int client = connect_one(-1);
    assert_int_equal(told.conns, 0);
    assert_true(has_ended(client));
    yoke_net_stop(server, -1);
    run_to_the_end();
    close(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(it_tells_where_it_listens, setup),
        cmocka_unit_test_setup(what_is_missing_is_refused, setup),
        cmocka_unit_test_setup(an_error_is_told_and_then_it_is_closed, setup),
        cmocka_unit_test_setup(a_connection_begins_when_it_is_first_read,
                               setup),
        cmocka_unit_test_setup(who_does_not_read_that_way_has_begun_at_once,
                               setup),
        cmocka_unit_test_setup(who_reads_may_begin_before_the_first_byte,
                               setup),
        cmocka_unit_test_setup(a_stop_does_with_each_connection_what_it_is_owed,
                               setup),
        cmocka_unit_test_setup(one_that_is_returned_is_not_ended, setup),
        cmocka_unit_test_setup(what_does_not_end_is_cut_at_the_deadline, setup),
        cmocka_unit_test_setup(a_server_says_how_many_more_it_takes, setup),
        cmocka_unit_test_setup(one_that_drops_closes_what_comes_beyond, setup),
        cmocka_unit_test_setup(one_that_takes_none_has_no_room_from_the_start,
                               setup),
    };
    return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
