/* Express: test/app.listen.js. With ports, on the loop of this process. */
#include "express.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <uv.h>

#include <yoke/loop.h>

static struct yoke_address heard; /* Where it listens. */
static int listening, refused;    /* How often, and the last error. */

static void on_listening(yoke_server *server, const struct yoke_address *addr,
                         void *data)
{
    assert_ptr_equal(data, &heard);
    assert_ptr_equal(yoke_server_address(server), addr);
    heard = *addr;
    listening++;
}

static void on_error(int err, const char *text, void *data)
{
    assert_ptr_equal(data, &heard);
    assert_non_null(strstr(text, "in use"));
    refused = err;
}

static int set_up(void **state)
{
    (void)state;
    listening = refused = 0;
    yoke_log_set_level(YOKE_LOG_OFF);
    return 0;
}

static yoke_server *listen_at(int port, int backlog)
{
    return yoke_app_listen(yoke_app_new(), .host = "127.0.0.1", .port = port,
                           .backlog = backlog, .on_listening = on_listening,
                           .on_error = on_error, .data = &heard);
}

static void run_until(const int *what)
{
    while (*what == 0)
        uv_run(yoke_loop(), UV_RUN_ONCE);
}

static void stop(yoke_server *server)
{
    yoke_server_stop(server, 0);
    uv_run(yoke_loop(), UV_RUN_DEFAULT);
}

static void an_application_listens_and_stops(void **state)
{
    (void)state;
    yoke_server *server = listen_at(0, 0);
    run_until(&listening);
    stop(server);
    assert_int_equal(listening, 1);
    assert_int_equal(refused, 0);
}

static void an_address_in_use_is_told(void **state)
{
    (void)state;
    yoke_server *server = listen_at(0, 0);
    run_until(&listening);
    listen_at(heard.port, 0);
    run_until(&refused);
    assert_int_equal(refused, -EADDRINUSE);
    assert_int_equal(listening, 1);
    stop(server);
}

static void it_takes_host_and_backlog(void **state)
{
    (void)state;
    yoke_server *server = listen_at(0, 5);
    run_until(&listening);
    assert_string_equal(heard.host, "127.0.0.1");
    assert_int_equal(heard.family, 4);
    assert_true(heard.port > 0);
    stop(server);
}

static void it_needs_nothing(void **state)
{
    (void)state;
    yoke_server *server = yoke_app_listen(yoke_app_new());
    while (!yoke_server_address(server))
        uv_run(yoke_loop(), UV_RUN_ONCE);
    assert_true(yoke_server_address(server)->port > 0);
    stop(server);
}

/* A connection that only stands there. */
static int connect_to(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static void run_until_connections(const yoke_server *server, size_t n)
{
    while (yoke_server_connections(server) != n)
        uv_run(yoke_loop(), UV_RUN_ONCE);
}

static void it_counts_its_connections(void **state)
{
    (void)state;
    yoke_server *server = listen_at(0, 0);
    run_until(&listening);
    assert_int_equal(yoke_server_connections(server), 0);
    int first = connect_to(heard.port), second = connect_to(heard.port);
    run_until_connections(server, 2);
    close(first);
    run_until_connections(server, 1);
    close(second);
    run_until_connections(server, 0);
    stop(server);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_application_listens_and_stops, set_up),
        cmocka_unit_test_setup(an_address_in_use_is_told, set_up),
        cmocka_unit_test_setup(it_takes_host_and_backlog, set_up),
        cmocka_unit_test_setup(it_needs_nothing, set_up),
        cmocka_unit_test_setup(it_counts_its_connections, set_up),
    };
    return cmocka_run_group_tests_name("app.listen", tests, NULL, NULL);
}
