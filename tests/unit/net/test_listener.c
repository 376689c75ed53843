/* Listeners of a process that is alone: what is told, when, and that nothing
 * in the backlog is lost. */
#include "../unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>
#include <yoke/loop.h>

#include "net/address.h"
#include "net/listener.h"

static struct yk_listener listener;

static struct {
    int listening, errors, closed, conns;
    int err;
    char text[256];
    struct yoke_address address;
} told;

static void on_listening(struct yk_listener *l, const struct yoke_address *addr)
{
    (void)l;
    told.listening++;
    told.address = *addr;
}

static void on_error(struct yk_listener *l, int err, const char *text)
{
    (void)l;
    told.errors++;
    told.err = err;
    snprintf(told.text, sizeof(told.text), "%s", text);
}

static void on_connection(struct yk_listener *l, int fd,
                          const struct yk_peer *peer,
                          const struct yk_handoff *handoff)
{
    (void)l, (void)peer;
    assert_null(handoff->word);
    told.conns++;
    close(fd);
}

static void on_closed(struct yk_listener *l)
{
    (void)l;
    told.closed++;
}

static const struct yk_listener_ops ops = {.on_listening = on_listening,
                                           .on_error = on_error,
                                           .on_connection = on_connection,
                                           .on_closed = on_closed};

static int setup(void **state)
{
    (void)state;
    memset(&told, 0, sizeof(told));
    return 0;
}

#define RUN_UNTIL(condition)                                                   \
    while (!(condition))                                                       \
    uv_run(yoke_loop(), UV_RUN_ONCE)

static void open_on(const char *host, int port)
{
    struct yk_listen_spec spec = {.host = host, .port = port};

    assert_int_equal(yk_listener_open(&listener, &ops, &spec), 0);
}

static void close_it(void)
{
    yk_listener_close(&listener);
    assert_int_equal(told.closed, 0);
    RUN_UNTIL(told.closed);
    /* Nothing is left behind. */
    assert_int_equal(uv_run(yoke_loop(), UV_RUN_DEFAULT), 0);
}

static int connect_one(void)
{
    struct yk_sockaddr addr;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    yk_sockaddr_ip(&addr, "127.0.0.1", told.address.port);
    assert_int_equal(connect(fd, (struct sockaddr *)&addr.addr, addr.len), 0);
    return fd;
}

static void it_tells_from_the_loop_that_it_listens(void **state)
{
    (void)state;
    open_on("127.0.0.1", 0);
    assert_int_equal(told.listening, 0);
    RUN_UNTIL(told.listening);
    close(connect_one());
    RUN_UNTIL(told.conns == 1);
    close_it();
}

static void it_tells_from_the_loop_that_it_cannot(void **state)
{
    struct yk_listener second;

    (void)state;
    open_on("127.0.0.1", 0);
    RUN_UNTIL(told.listening);
    struct yk_listen_spec spec = {.host = "127.0.0.1",
                                  .port = told.address.port};
    assert_int_equal(yk_listener_open(&second, &ops, &spec), 0);
    assert_int_equal(told.errors, 0);
    RUN_UNTIL(told.errors);
    assert_int_equal(told.err, -EADDRINUSE);
    assert_non_null(strstr(told.text, "is in use"));
    /* It is closed; closing it is harmless, and answered. */
    yk_listener_close(&second);
    RUN_UNTIL(told.closed == 1);
    told.closed = 0;
    close_it();
}

static void closing_before_it_listens_is_answered(void **state)
{
    (void)state;
    open_on("127.0.0.1", 0);
    close_it();
    assert_int_equal(told.listening, 0);
    open_on("192.0.2.1", 1);
    told.closed = 0;
    close_it();
    assert_int_equal(told.errors, 0);
}

static void closing_takes_the_backlog_first(void **state)
{
    int clients[20];

    (void)state;
    open_on("127.0.0.1", 0);
    RUN_UNTIL(told.listening);
    for (size_t i = 0; i < COUNT_OF(clients); i++)
        clients[i] = connect_one();
    close_it();
    assert_int_equal(told.conns, COUNT_OF(clients));
    for (size_t i = 0; i < COUNT_OF(clients); i++)
        close(clients[i]);
}

static void who_has_no_room_leaves_the_rest_in_the_backlog(void **state)
{
    int clients[3];

    (void)state;
    open_on("127.0.0.1", 0);
    RUN_UNTIL(told.listening);
    yk_listener_set_room(&listener, 0);
    for (size_t i = 0; i < COUNT_OF(clients); i++)
        clients[i] = connect_one();
    for (int i = 0; i < 3; i++)
        uv_run(yoke_loop(), UV_RUN_NOWAIT);
    assert_int_equal(told.conns, 0);
    yk_listener_set_room(&listener, 1);
    RUN_UNTIL(told.conns == COUNT_OF(clients));
    close_it();
    for (size_t i = 0; i < COUNT_OF(clients); i++)
        close(clients[i]);
}

/* Another source, as the cluster puts in place. */
static int opens;

static int open_elsewhere(struct yk_listener *l,
                          const struct yk_listen_spec *spec)
{
    (void)l, (void)spec;
    opens++;
    return -EPERM;
}

static void the_process_has_one_source_but_for_exclusive_ones(void **state)
{
    static const struct yk_listen_source elsewhere = {.open = open_elsewhere};
    struct yk_listen_spec spec = {.host = "127.0.0.1"};

    (void)state;
    yk_listener_set_source(&elsewhere);
    assert_int_equal(yk_listener_open(&listener, &ops, &spec), -EPERM);
    spec.exclusive = true;
    assert_int_equal(yk_listener_open(&listener, &ops, &spec), 0);
    yk_listener_set_source(NULL);
    assert_int_equal(opens, 1);
    close_it();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(it_tells_from_the_loop_that_it_listens, setup),
        cmocka_unit_test_setup(it_tells_from_the_loop_that_it_cannot, setup),
        cmocka_unit_test_setup(closing_before_it_listens_is_answered, setup),
        cmocka_unit_test_setup(closing_takes_the_backlog_first, setup),
        cmocka_unit_test_setup(who_has_no_room_leaves_the_rest_in_the_backlog,
                               setup),
        cmocka_unit_test_setup(
            the_process_has_one_source_but_for_exclusive_ones, setup),
    };
    return cmocka_run_group_tests_name("listener", tests, NULL, NULL);
}
