/* Connections that rest and may be taken: who gets one, and that it lives on. */
#include "../unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>
#include <yoke/error.h>
#include <yoke/loop.h>

#include "net/claims.h"
#include "net/stream.h"

#define ROUNDS 20000

static struct yk_claims claims;

/* ---- The words ---- */

static int reset(void **state)
{
    (void)state;
    memset(&claims, 0, sizeof(claims));
    yk_claims = &claims;
    return 0;
}

/* Lets the descriptor rest; returns its word as somebody else sees it. */
static uint32_t let_rest(int fd)
{
    claims.limit =
        claims.limit > (uint32_t)fd ? claims.limit : (uint32_t)fd + 1;
    yk_claim_rest(yk_claim_of(fd));
    return claims.words[fd];
}

static void what_rests_can_be_taken_once(void **state)
{
    (void)state;
    uint32_t word = let_rest(5);
    assert_true(yk_claims_take(&claims, 5, word));
    assert_false(yk_claims_take(&claims, 5, word));
    assert_false(yk_claim_own(yk_claim_of(5)));
    assert_int_equal(claims.taken, 1);
}

static void what_its_worker_owns_cannot_be_taken(void **state)
{
    (void)state;
    uint32_t word = let_rest(5);
    assert_true(yk_claim_own(yk_claim_of(5)));
    assert_false(yk_claims_take(&claims, 5, word));
    assert_int_equal(claims.taken, 0);
}

static void what_rests_again_is_not_what_was_seen(void **state)
{
    (void)state;
    uint32_t word = let_rest(5);
    yk_claim_own(yk_claim_of(5));
    let_rest(5);
    assert_false(yk_claims_take(&claims, 5, word));
}

static void a_round_finds_each_that_rests_once(void **state)
{
    uint32_t cursor = 4, left = YK_CLAIMS_MAX, word;
    int fd;

    (void)state;
    let_rest(3);
    let_rest(5);
    let_rest(9);
    yk_claim_own(yk_claim_of(5));
    assert_true(yk_claims_next(&claims, &cursor, &left, &fd, &word));
    assert_int_equal(fd, 9);
    assert_true(yk_claims_next(&claims, &cursor, &left, &fd, &word));
    assert_int_equal(fd, 3);
    assert_int_equal(word, claims.words[3]);
    assert_false(yk_claims_next(&claims, &cursor, &left, &fd, &word));
}

static void a_table_full_of_rubbish_does_no_harm(void **state)
{
    uint32_t cursor = UINT32_MAX, left = UINT32_MAX, word, count = 0;
    int fd;

    (void)state;
    memset(&claims, 0xff, sizeof(claims));
    assert_false(yk_claims_next(&claims, &cursor, &left, &fd, &word));
    memset(&claims, 0xfd, sizeof(claims));
    left = UINT32_MAX;
    while (yk_claims_next(&claims, &cursor, &left, &fd, &word)) {
        assert_in_range(fd, 0, YK_CLAIMS_MAX - 1);
        count++;
    }
    assert_int_equal(count, YK_CLAIMS_MAX);
}

static void descriptors_beyond_the_table_have_no_word(void **state)
{
    (void)state;
    assert_null(yk_claim_of(-1));
    assert_null(yk_claim_of(YK_CLAIMS_MAX));
    assert_non_null(yk_claim_of(YK_CLAIMS_MAX - 1));
    yk_claims = NULL;
    assert_null(yk_claim_of(0));
}

/* Each time it rests, one of the two gets it. */
static void *take_all(void *data)
{
    uint32_t *count = data, cursor = 0, word;
    int fd;

    while (atomic_load(&claims.words[1]) == 0) {
        uint32_t left = YK_CLAIMS_MAX;
        if (yk_claims_next(&claims, &cursor, &left, &fd, &word))
            *count += yk_claims_take(&claims, fd, word);
    }
    return NULL;
}

static void of_two_that_want_it_one_gets_it(void **state)
{
    uint32_t taken = 0, lost = 0;
    pthread_t taker;

    (void)state;
    claims.limit = 1;
    assert_int_equal(pthread_create(&taker, NULL, take_all, &taken), 0);
    for (int i = 0; i < ROUNDS; i++) {
        yk_claim_rest(&claims.words[0]);
        if (i % 64 == 0)
            sched_yield();
        lost += !yk_claim_own(&claims.words[0]);
    }
    atomic_store(&claims.words[1], 1);
    pthread_join(taker, NULL);
    assert_int_equal(taken, lost);
    assert_int_equal(claims.taken, taken);
}

/* ---- A stream that rests ---- */

static struct {
    struct yk_stream stream;
    char room[64];
    ssize_t last; /* Of on_read. */
    size_t len;
    bool is_closed;
} ours;
static int theirs;

static size_t on_room(struct yk_transport *t, char **ret_room)
{
    (void)t;
    *ret_room = ours.room;
    return sizeof(ours.room);
}

static void on_read(struct yk_transport *t, ssize_t n)
{
    ours.last = n;
    if (n > 0)
        ours.len += (size_t)n;
    else if (n < 0)
        t->ops->close(t);
}

static void on_closed(struct yk_transport *t)
{
    (void)t;
    ours.is_closed = true;
}

static const struct yk_transport_user user = {
    .on_room = on_room, .on_read = on_read, .on_closed = on_closed};

static int fd_of_stream(void)
{
    return ours.stream.transport.ops->fd(&ours.stream.transport);
}

static int open_stream(void **state)
{
    int pair[2];

    reset(state);
    memset(&ours, 0, sizeof(ours));
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                   pair) < 0)
        return -1;
    theirs = pair[1];
    yk_stream_open(&ours.stream, yoke_loop(), pair[0], false, NULL);
    ours.stream.transport.user = &user;
    ours.stream.transport.ops->read_start(&ours.stream.transport);
    ours.stream.transport.ops->rest(&ours.stream.transport);
    return 0;
}

static void end_stream(void)
{
    ours.stream.transport.ops->close(&ours.stream.transport);
    while (!ours.is_closed)
        uv_run(yoke_loop(), UV_RUN_ONCE);
}

static int close_stream(void **state)
{
    (void)state;
    end_stream();
    close(theirs);
    yk_claims = NULL;
    return 0;
}

static void send_text(const char *text)
{
    assert_int_equal(send(theirs, text, strlen(text), 0), strlen(text));
}

/* Another process: it fetches the descriptor, and moves the word. */
static int take_stream(void)
{
    int fd = fd_of_stream(), copy = dup(fd);
    uint32_t cursor = 0, left = YK_CLAIMS_MAX, word;
    int found;

    assert_true(copy >= 0);
    assert_true(yk_claims_next(&claims, &cursor, &left, &found, &word));
    assert_int_equal(found, fd);
    assert_true(yk_claims_take(&claims, found, word));
    return copy;
}

static void assert_has(int fd, const char *text)
{
    char got[64];

    assert_int_equal(recv(fd, got, sizeof(got), 0), strlen(text));
    assert_memory_equal(got, text, strlen(text));
}

static void one_that_rests_is_read_when_nobody_takes_it(void **state)
{
    (void)state;
    send_text("hello");
    while (ours.len == 0)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    assert_memory_equal(ours.room, "hello", 5);
    assert_int_equal(YK_CLAIM_STATE(claims.words[fd_of_stream()]),
                     YK_CLAIM_OWNED);
}

static void one_that_was_taken_is_not_read(void **state)
{
    (void)state;
    int copy = take_stream();
    send_text("hello");
    while (!ours.is_closed)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    assert_int_equal(ours.last, -YOKE_ECLOSED);
    assert_int_equal(ours.len, 0);
    assert_has(copy, "hello");
    close(copy);
}

static void one_that_was_taken_is_let_go_of_without_being_asked(void **state)
{
    (void)state;
    int copy = take_stream();
    yk_streams_drop_taken();
    while (!ours.is_closed)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    close(copy);
}

static void
the_connection_outlives_the_stream_that_it_was_taken_from(void **state)
{
    (void)state;
    int copy = take_stream();
    end_stream();
    send_text("hello");
    assert_has(copy, "hello");
    assert_int_equal(send(copy, "bye", 3, 0), 3);
    assert_has(theirs, "bye");
    close(copy);
}

static void one_that_was_taken_is_not_reset(void **state)
{
    (void)state;
    int copy = take_stream();
    ours.stream.transport.ops->reset(&ours.stream.transport);
    while (!ours.is_closed)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    send_text("hello");
    assert_has(copy, "hello");
    close(copy);
}

static void one_that_was_taken_cannot_be_given_away(void **state)
{
    (void)state;
    int copy = take_stream();
    assert_true(ours.stream.transport.ops->detach(&ours.stream.transport) < 0);
    while (!ours.is_closed)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    close(copy);
}

/* What is idle anyway is looked at again, as when the server drains. */
static void one_that_was_taken_stays_so_when_it_is_to_rest_again(void **state)
{
    (void)state;
    int copy = take_stream();
    ours.stream.transport.ops->rest(&ours.stream.transport);
    send_text("hello");
    while (!ours.is_closed && ours.len == 0)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    assert_int_equal(ours.len, 0);
    assert_has(copy, "hello");
    close(copy);
}

static void
one_that_was_taken_is_let_go_of_when_it_is_read_at_once(void **state)
{
    (void)state;
    int copy = take_stream();
    yk_stream_read_now(&ours.stream);
    assert_int_equal(ours.last, -YOKE_ECLOSED);
    close(copy);
}

static void one_that_is_busy_cannot_be_taken(void **state)
{
    uint32_t cursor = 0, left = YK_CLAIMS_MAX, word;
    int fd;

    (void)state;
    send_text("hello");
    while (ours.len == 0)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    assert_false(yk_claims_next(&claims, &cursor, &left, &fd, &word));
    ours.stream.transport.ops->rest(&ours.stream.transport);
    left = YK_CLAIMS_MAX;
    assert_true(yk_claims_next(&claims, &cursor, &left, &fd, &word));
}

/* ---- A stream that was given, whose giver has a copy, too ---- */

/* Connected to each other. */
static void make_tcp_pair(int pair[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    pair[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len),
                     0);
    assert_int_equal(connect(pair[1], (struct sockaddr *)&address, len), 0);
    pair[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    assert_true(pair[0] >= 0);
    close(listener);
}

/* It may be stopped, and close its copy much later. */
static void a_reset_does_not_wait_for_the_copy_of_who_gave_it(void **state)
{
    struct yk_handoff handoff = {.was_given = true};
    char byte;
    int pair[2];

    reset(state);
    memset(&ours, 0, sizeof(ours));
    make_tcp_pair(pair);
    int copy = dup(pair[0]);
    yk_stream_open(&ours.stream, yoke_loop(), pair[0], true, &handoff);
    ours.stream.transport.user = &user;
    ours.stream.transport.ops->reset(&ours.stream.transport);
    while (!ours.is_closed)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    struct pollfd end = {.fd = pair[1], .events = POLLIN};
    assert_int_equal(poll(&end, 1, 10000), 1);
    assert_int_equal(recv(pair[1], &byte, 1, 0), -1);
    assert_int_equal(errno, ECONNRESET);
    close(copy);
    close(pair[1]);
    yk_claims = NULL;
}

#define OF_A_STREAM(test)                                                      \
    cmocka_unit_test_setup_teardown(test, open_stream, close_stream)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_rests_can_be_taken_once, reset),
        cmocka_unit_test_setup(what_its_worker_owns_cannot_be_taken, reset),
        cmocka_unit_test_setup(what_rests_again_is_not_what_was_seen, reset),
        cmocka_unit_test_setup(a_round_finds_each_that_rests_once, reset),
        cmocka_unit_test_setup(a_table_full_of_rubbish_does_no_harm, reset),
        cmocka_unit_test_setup(descriptors_beyond_the_table_have_no_word,
                               reset),
        cmocka_unit_test_setup(of_two_that_want_it_one_gets_it, reset),
        OF_A_STREAM(one_that_rests_is_read_when_nobody_takes_it),
        OF_A_STREAM(one_that_was_taken_is_not_read),
        OF_A_STREAM(one_that_was_taken_is_let_go_of_without_being_asked),
        OF_A_STREAM(the_connection_outlives_the_stream_that_it_was_taken_from),
        OF_A_STREAM(one_that_was_taken_is_not_reset),
        OF_A_STREAM(one_that_was_taken_cannot_be_given_away),
        OF_A_STREAM(one_that_was_taken_stays_so_when_it_is_to_rest_again),
        OF_A_STREAM(one_that_was_taken_is_let_go_of_when_it_is_read_at_once),
        OF_A_STREAM(one_that_is_busy_cannot_be_taken),
        cmocka_unit_test(a_reset_does_not_wait_for_the_copy_of_who_gave_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
