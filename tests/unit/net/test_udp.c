/* Bound UDP handles of a process that is alone. */
#include "../unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/loop.h>
#include <yoke/udp.h>

static uv_udp_t handle;

static struct {
    int listening, errors, closed, datagrams;
    int err;
    char text[256];
    struct yoke_address address;
    char room[64];
} told;

static void on_listening(struct uv_udp_s *h, const struct yoke_address *addr,
                         void *data)
{
    assert_ptr_equal(data, &told);
    assert_int_equal(uv_udp_get_send_queue_count(h), 0);
    told.listening++;
    told.address = *addr;
}

static void on_error(struct uv_udp_s *h, int err, const char *text, void *data)
{
    (void)h, (void)data;
    told.errors++;
    told.err = err;
    snprintf(told.text, sizeof(told.text), "%s", text);
}

static void on_closed(struct uv_udp_s *h, void *data)
{
    assert_false(uv_is_active((uv_handle_t *)h));
    assert_ptr_equal(data, &told);
    told.closed++;
}

static int setup(void **state)
{
    (void)state;
    memset(&told, 0, sizeof(told));
    return 0;
}

#define RUN_UNTIL(condition)                                                   \
    while (!(condition))                                                       \
    uv_run(yoke_loop(), UV_RUN_ONCE)

static void bind_to(uv_udp_t *h, struct yoke_udp_options options)
{
    options.on_listening = on_listening;
    options.on_error = on_error;
    options.on_closed = on_closed;
    options.data = &told;
    assert_int_equal(yoke_udp_bind(h, &options), 0);
}

/* Nothing is left behind. */
static void run_to_the_end(void)
{
    assert_int_equal(uv_run(yoke_loop(), UV_RUN_DEFAULT), 0);
}

static void alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    (void)h, (void)suggested;
    *buf = uv_buf_init(told.room, sizeof(told.room) - 1);
}

static void on_datagram(uv_udp_t *h, ssize_t n, const uv_buf_t *buf,
                        const struct sockaddr *from, unsigned flags)
{
    (void)h, (void)buf, (void)flags;
    if (n <= 0 || !from)
        return;
    told.room[n] = '\0';
    told.datagrams++;
}

static void send_one(int port, const char *text)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    assert_int_equal(
        sendto(fd, text, strlen(text), 0, (struct sockaddr *)&to, sizeof(to)),
        strlen(text));
    close(fd);
}

static void it_is_bound_from_the_loop_and_receives(void **state)
{
    (void)state;
    bind_to(&handle, (struct yoke_udp_options){.host = "127.0.0.1"});
    handle.data = &handle; /* The user's. */
    assert_int_equal(told.listening, 0);
    RUN_UNTIL(told.listening);
    assert_true(told.address.is_udp && told.address.port > 0);
    assert_int_equal(told.address.family, 4);
    uv_udp_recv_start(&handle, alloc, on_datagram);
    send_one(told.address.port, "hello");
    RUN_UNTIL(told.datagrams);
    assert_string_equal(told.room, "hello");
    yoke_udp_close(&handle);
    yoke_udp_close(&handle);
    assert_int_equal(told.closed, 0);
    run_to_the_end();
    assert_int_equal(told.closed, 1);
    assert_ptr_equal(handle.data, &handle);
}

/* What libuv sets on the way (SO_REUSEADDR) would let others take it. */
static void nobody_else_gets_its_address(void **state)
{
    uv_udp_t other;

    (void)state;
    bind_to(&handle, (struct yoke_udp_options){.host = "127.0.0.1"});
    RUN_UNTIL(told.listening);
    int port = told.address.port;
    bind_to(&other, (struct yoke_udp_options){
                        .host = "127.0.0.1", .port = port, .reuse_addr = true});
    RUN_UNTIL(told.errors);
    assert_int_equal(told.err, -EADDRINUSE);
    assert_non_null(strstr(told.text, "is in use by this program itself"));
    RUN_UNTIL(told.closed == 1);
    yoke_udp_close(&handle);
    run_to_the_end();
    assert_int_equal(told.closed, 2);
}

static void one_that_is_not_referred_to_does_not_keep_the_loop(void **state)
{
    (void)state;
    bind_to(&handle, (struct yoke_udp_options){.host = "127.0.0.1"});
    RUN_UNTIL(told.listening);
    uv_udp_recv_start(&handle, alloc, on_datagram);
    assert_true(uv_loop_alive(yoke_loop()));
    uv_unref((uv_handle_t *)&handle);
    run_to_the_end();
    assert_int_equal(told.closed, 0);
    yoke_udp_close(&handle);
    run_to_the_end();
    assert_int_equal(told.closed, 1);
}

static void closing_before_it_is_bound_is_answered(void **state)
{
    (void)state;
    bind_to(&handle, (struct yoke_udp_options){.host = "127.0.0.1"});
    yoke_udp_close(&handle);
    run_to_the_end();
    assert_int_equal(told.listening, 0);
    assert_int_equal(told.closed, 1);
    /* Also when it would have failed. */
    bind_to(&handle, (struct yoke_udp_options){.host = "192.0.2.1", .port = 1});
    yoke_udp_close(&handle);
    run_to_the_end();
    assert_int_equal(told.errors, 0);
    assert_int_equal(told.closed, 2);
}

static void an_error_is_told_and_then_it_is_closed(void **state)
{
    (void)state;
    bind_to(&handle, (struct yoke_udp_options){.host = "192.0.2.1", .port = 9});
    run_to_the_end();
    assert_int_equal(told.errors, 1);
    assert_int_equal(told.err, -EADDRNOTAVAIL);
    assert_string_equal(told.text,
                        "UDP 192.0.2.1:9: Cannot assign requested address");
    assert_int_equal(told.closed, 1);
    assert_int_equal(told.listening, 0);
}

static void what_is_no_handle_of_ours_is_left_alone(void **state)
{
    uv_udp_t stranger;

    (void)state;
    yoke_udp_close(&stranger);
    assert_int_equal(yoke_udp_bind(NULL, NULL), -EINVAL);
    assert_int_equal(yoke_udp_bind(&stranger, NULL), -EINVAL);
    run_to_the_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(it_is_bound_from_the_loop_and_receives, setup),
        cmocka_unit_test_setup(nobody_else_gets_its_address, setup),
        cmocka_unit_test_setup(
            one_that_is_not_referred_to_does_not_keep_the_loop, setup),
        cmocka_unit_test_setup(closing_before_it_is_bound_is_answered, setup),
        cmocka_unit_test_setup(an_error_is_told_and_then_it_is_closed, setup),
        cmocka_unit_test_setup(what_is_no_handle_of_ours_is_left_alone, setup),
    };
    return cmocka_run_group_tests_name("udp", tests, NULL, NULL);
}
