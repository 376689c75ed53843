/* The queue of connections that wait in the primary. */
#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cluster/conn_queue.h"
#include "core/alloc.h"

static struct yk_conn_queue queue;

static int setup(void **state)
{
    (void)state;
    queue = (struct yk_conn_queue){.count = 0};
    return 0;
}

/* The tests' descriptors are numbers only: nothing may be closed. */
static int teardown(void **state)
{
    (void)state;
    queue.count = 0;
    yk_conn_queue_clear(&queue);
    return 0;
}

static void add(int fd)
{
    assert_int_equal(yk_conn_queue_add(&queue, &(struct yk_conn){.fd = fd}), 0);
}

static void add_first(int fd)
{
    struct yk_conn conn = {.fd = fd};
    assert_int_equal(yk_conn_queue_add_first(&queue, &conn), 0);
}

static int take(void)
{
    int fd = yk_conn_queue_first(&queue)->fd;
    yk_conn_queue_remove_first(&queue);
    return fd;
}

static void the_oldest_leaves_first_however_it_grows(void **state)
{
    int next = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        add(i);
        if (i % 3 == 0)
            assert_int_equal(take(), next++);
    }
    while (queue.count)
        assert_int_equal(take(), next++);
    assert_int_equal(next, 1000);
}

static void what_comes_back_goes_in_front(void **state)
{
    (void)state;
    add(1);
    add_first(2);
    add_first(3);
    assert_int_equal(take(), 3);
    assert_int_equal(take(), 2);
    assert_int_equal(take(), 1);
}

static void the_front_grows_as_well(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        add_first(i);
    for (int i = 100; i-- > 0;)
        assert_int_equal(take(), i);
}

static void without_memory_nothing_is_taken_over(void **state)
{
    struct yk_conn conn = {.fd = 1};

    (void)state;
    yk_alloc_fail_after(0);
    assert_int_equal(yk_conn_queue_add(&queue, &conn), -ENOMEM);
    yk_alloc_fail_after(-1);
    assert_int_equal(queue.count, 0);
    add(1);
}

static void clearing_closes(void **state)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void)state;
    add(fd);
    yk_conn_queue_clear(&queue);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

#define WITH_QUEUE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_QUEUE(the_oldest_leaves_first_however_it_grows),
        WITH_QUEUE(what_comes_back_goes_in_front),
        WITH_QUEUE(the_front_grows_as_well),
        WITH_QUEUE(without_memory_nothing_is_taken_over),
        WITH_QUEUE(clearing_closes),
    };
    return cmocka_run_group_tests_name("conn_queue", tests, NULL, NULL);
}
