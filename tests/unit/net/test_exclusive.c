/* Several processes on one socket: one of those that sleep is woken, and not
 * always the same. */
#include "../unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <uv.h>

#include "net/address.h"
#include "net/exclusive.h"
#include "net/listener.h"
#include "net/socket.h"

#define PROCESSES 3
#define CONNS     30

/* What the processes tell. */
struct told {
    _Atomic int wake_ups[PROCESSES], accepted[PROCESSES];
    _Atomic int closes;
};

static struct told *told;
static struct yk_socket listening;

static int setup(void **state)
{
    char text[YK_SOCKET_TEXT_MAX];
    struct yk_listen_spec spec = {.host = "127.0.0.1"};

    (void)state;
    told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(told != MAP_FAILED);
    return yk_socket_open(&listening, &spec, text);
}

static int teardown(void **state)
{
    (void)state;
    yk_socket_close(&listening);
    return munmap(told, sizeof(*told));
}

/* ---- A process that accepts ---- */

static int number; /* Which one it is. */
static bool does_rotate;

static void on_ready(struct yk_exclusive *exclusive)
{
    int fd;

    told->wake_ups[number]++;
    while ((fd = accept4(exclusive->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        told->accepted[number]++;
        close(fd);
    }
    if (does_rotate)
        yk_exclusive_rotate(exclusive);
}

static _Noreturn void serve(void)
{
    static struct yk_exclusive exclusive;
    static uv_loop_t loop;

    uv_loop_init(&loop);
    if (yk_exclusive_open(&exclusive, &loop, listening.fd) < 0 ||
        yk_exclusive_start(&exclusive, on_ready) < 0)
        _exit(1);
    uv_run(&loop, UV_RUN_DEFAULT);
    _exit(0);
}

static pid_t pids[PROCESSES];

static void start(void)
{
    for (number = 0; number < PROCESSES; number++) {
        pids[number] = fork();
        assert_true(pids[number] >= 0);
        if (pids[number] == 0)
            serve();
    }
}

static void stop(void)
{
    for (int i = 0; i < PROCESSES; i++) {
        kill(pids[i], SIGKILL);
        waitpid(pids[i], NULL, 0);
    }
}

/* ---- Connections ---- */

/* It waits in the kernel for events, and for nothing else. */
static bool is_polling(pid_t pid)
{
    char path[64], text[64] = "";

    snprintf(path, sizeof(path), "/proc/%d/wchan", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0)
        close(fd);
    if (n > 1)
        return strstr(text, "ep_poll") || strstr(text, "epoll");
    /* The kernel does not tell where: it sleeps, at least. */
    char state = 'R';
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 'R';
    if (file)
        fclose(file);
    return state == 'S';
}

static int sum(_Atomic int *values)
{
    int all = 0;

    for (int i = 0; i < PROCESSES; i++)
        all += values[i];
    return all;
}

static void wait_until_all_sleep(void)
{
    for (int i = 0; i < PROCESSES; i++)
        while (!is_polling(pids[i]))
            usleep(100);
}

/* One after the other, each when all processes sleep again. */
static void connect_clients(void)
{
    struct yk_sockaddr addr;

    yk_sockaddr_ip(&addr, "127.0.0.1", listening.address.port);
    for (int i = 0; i < CONNS; i++) {
        wait_until_all_sleep();
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&addr.addr, addr.len),
                         0);
        while (sum(told->accepted) <= i)
            usleep(100);
        close(fd);
    }
    wait_until_all_sleep();
}

/* ---- Tests ---- */

static void each_connection_wakes_one_process(void **state)
{
    (void)state;
    does_rotate = true;
    start();
    connect_clients();
    stop();
    assert_int_equal(sum(told->accepted), CONNS);
    assert_int_equal(sum(told->wake_ups), CONNS);
}

static void who_rotates_lets_the_others_have_the_next(void **state)
{
    (void)state;
    does_rotate = true;
    start();
    connect_clients();
    stop();
    for (int i = 0; i < PROCESSES; i++)
        assert_int_equal(told->accepted[i], CONNS / PROCESSES);
}

static void a_process_that_does_not_sleep_is_passed_over(void **state)
{
    (void)state;
    does_rotate = false;
    start();
    wait_until_all_sleep();
    kill(pids[0], SIGSTOP);
    kill(pids[1], SIGSTOP);
    /* One of these may be woken in vain; the next connection wakes another. */
    struct yk_sockaddr addr;
    int fds[PROCESSES];
    yk_sockaddr_ip(&addr, "127.0.0.1", listening.address.port);
    for (int i = 0; i < PROCESSES; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(
            connect(fds[i], (struct sockaddr *)&addr.addr, addr.len), 0);
    }
    while (sum(told->accepted) < PROCESSES)
        usleep(100);
    assert_int_equal(told->accepted[2], PROCESSES);
    for (int i = 0; i < PROCESSES; i++)
        close(fds[i]);
    stop();
}

/* ---- In this process ---- */

static uv_loop_t loop;
static int wake_ups;

static void count_wake_up(struct yk_exclusive *exclusive)
{
    wake_ups++;
    yk_exclusive_stop(exclusive);
}

static void count_close(struct yk_exclusive *exclusive)
{
    (void)exclusive;
    told->closes++;
}

static void stopped_it_hears_nothing_and_started_again_it_does(void **state)
{
    struct yk_exclusive exclusive;
    struct yk_sockaddr addr;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(yk_exclusive_open(&exclusive, &loop, listening.fd), 0);
    assert_int_equal(yk_exclusive_start(&exclusive, count_wake_up), 0);
    yk_sockaddr_ip(&addr, "127.0.0.1", listening.address.port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&addr.addr, addr.len), 0);
    while (wake_ups == 0)
        uv_run(&loop, UV_RUN_ONCE);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(wake_ups, 1);
    assert_int_equal(yk_exclusive_start(&exclusive, count_wake_up), 0);
    while (wake_ups == 1)
        uv_run(&loop, UV_RUN_ONCE);
    yk_exclusive_close(&exclusive, count_close);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(told->closes, 1);
    assert_int_equal(exclusive.stand_in, -1);
    assert_int_equal(uv_loop_close(&loop), 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_connection_wakes_one_process,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            who_rotates_lets_the_others_have_the_next, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_process_that_does_not_sleep_is_passed_over, setup, teardown),
        cmocka_unit_test_setup_teardown(
            stopped_it_hears_nothing_and_started_again_it_does, setup,
            teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
