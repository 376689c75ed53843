/* The channels of lmdb: go through one of the processes that have the file open,
 * the hub: they reach everybody, whoever is killed, stopped or slow. */
#include "fixture.h"
#include "roles.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct tally {
    int count, good, unavailable;
};

static void on_tally(const struct yoke_store_result *result, void *data)
{
    struct tally *tally = data;
    tally->good += result->err == 0;
    tally->unavailable += result->err == -YOKE_EUNAVAILABLE;
    tally->count++;
}

static struct {
    yoke_store *store;
    int ready, missed, messages;
    int count[2]; /* By what the messages say. */
} ear;

static void on_heard(const struct yoke_store_message *message, void *data)
{
    const char *text = message->ptr;
    (void)data;
    ear.ready += message->event == YOKE_STORE_READY;
    ear.missed += message->event == YOKE_STORE_MISSED;
    if (message->event != YOKE_STORE_MESSAGE)
        return;
    ear.messages++;
    if (*text == 'a' || *text == 'b')
        ear.count[*text - 'a']++;
}

static void say(char c)
{
    if (write(STDOUT_FILENO, &c, 1) != 1)
        _exit(4);
}

/* Answers each message on "ask" by its name on "answer". Says r when it is
 * ready, x when it has missed something, m for a message, l for a long one, which
 * it does not answer. */
static void on_asked(const struct yoke_store_message *message, void *data)
{
    const char *name = data;

    if (message->event == YOKE_STORE_READY)
        say('r');
    else if (message->event == YOKE_STORE_MISSED)
        say('x');
    if (message->event != YOKE_STORE_MESSAGE)
        return;
    say(message->len > 10 ? 'l' : 'm');
    if (message->len > 10)
        return;
    yoke_store_publish(ear.store, "answer", name, strlen(name), NULL, NULL);
}

static void role_listener(const char *url, char *name)
{
    ear.store = open_store_with(
        (struct yoke_store_options){.url = url, .prefix = "c:"});
    yoke_store_subscribe(ear.store, "ask", on_asked, name);
    uv_run(yoke_loop(), UV_RUN_DEFAULT);
}

static pid_t start_listener(const char *name, int *ret_fd)
{
    pid_t pid = start_role("listener", url_of("channels", ""), name, ret_fd);
    fcntl(*ret_fd, F_SETFL, O_NONBLOCK);
    return pid;
}

/* Runs the loop until the listener says so. Returns how often it has said l
 * before. */
static int wait_said(int fd, char wanted)
{
    char c = 0;
    int longs = 0;

    for (int i = 0; i < 6000 && c != wanted;) {
        if (read(fd, &c, 1) == 1) {
            longs += c == 'l';
            continue;
        }
        run_for(10);
        i++;
    }
    assert_int_equal(c, wanted);
    return longs;
}

static void end_listener(pid_t pid, int fd)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(fd);
}

static yoke_store *open_ear(uint32_t timeout_ms)
{
    memset(&ear, 0, sizeof(ear));
    ear.store = open_store_with(
        (struct yoke_store_options){.url = url_of("channels", ""),
                                    .prefix = "c:",
                                    .timeout_ms = timeout_ms});
    yoke_store_subscribe(ear.store, "answer", on_heard, NULL);
    wait_count(&ear.ready, 1);
    return ear.store;
}

static void messages_reach_every_process(void **state)
{
    yoke_store *own = open_ear(0);
    struct stat st;
    int fds[2];
    (void)state;
    assert_int_equal(stat(path_of("channels-hub"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    pid_t first = start_listener("a", &fds[0]);
    pid_t second = start_listener("b", &fds[1]);
    wait_said(fds[0], 'r');
    wait_said(fds[1], 'r');
    for (int i = 0; i < 100; i++)
        yoke_store_publish(own, "ask", "x", 1, NULL, NULL);
    wait_count(&ear.messages, 200);
    assert_int_equal(ear.count[0], 100);
    assert_int_equal(ear.count[1], 100);
    end_listener(first, fds[0]);
    /* One that is gone is in nobody's way. */
    publish(own, "ask", "x");
    wait_count(&ear.messages, 201);
    end_listener(second, fds[1]);
    close_store(own);
}

static void another_process_takes_over_when_the_hub_dies(void **state)
{
    int fds[2];
    (void)state;
    pid_t hub = start_listener("a", &fds[0]);
    wait_said(fds[0], 'r');
    pid_t other = start_listener("b", &fds[1]);
    wait_said(fds[1], 'r');
    yoke_store *own = open_ear(0);
    publish(own, "ask", "x");
    wait_count(&ear.messages, 2);
    end_listener(hub, fds[0]);
    wait_said(fds[1], 'x');
    wait_said(fds[1], 'r');
    wait_count(&ear.ready, 2);
    assert_int_equal(ear.missed, 1);
    /* It may fail that was on its way when the hub died; this was not. */
    assert_int_equal(publish(own, "ask", "x")->err, 0);
    wait_count(&ear.messages, 3);
    end_listener(other, fds[1]);
    close_store(own);
}

static void who_does_not_listen_is_told_what_he_missed(void **state)
{
    static char large[200000];
    struct tally tally = {0, 0, 0};
    yoke_store *own = open_ear(0);
    int fd;
    (void)state;
    pid_t pid = start_listener("a", &fd);
    wait_said(fd, 'r');
    kill(pid, SIGSTOP);
    waitid(P_PID, (id_t)pid, &(siginfo_t){0}, WSTOPPED);
    for (int i = 0; i < 60; i++) {
        yoke_store_publish(own, "ask", large, sizeof(large), on_tally, &tally);
        wait_count(&tally.count, i + 1);
    }
    assert_int_equal(tally.good, 60);
    kill(pid, SIGCONT);
    /* 4 MiB have been kept for it, beside what the sockets hold. */
    int kept = wait_said(fd, 'x');
    assert_true(kept > 0);
    assert_true(kept < 30);
    publish(own, "ask", "x");
    wait_said(fd, 'm');
    wait_count(&ear.messages, 1);
    end_listener(pid, fd);
    close_store(own);
}

/* Until there is a hub that takes it. */
static void publish_until_taken(yoke_store *own)
{
    for (int i = 0; i < 6000 && publish(own, "ask", "x")->err != 0; i++)
        run_for(10);
}

static void a_hub_that_is_stopped_holds_up_no_loop(void **state)
{
    struct answer answer = {.count = 0};
    int fd;
    (void)state;
    pid_t hub = start_listener("a", &fd);
    wait_said(fd, 'r');
    yoke_store *own = open_ear(200);
    kill(hub, SIGSTOP);
    waitid(P_PID, (id_t)hub, &(siginfo_t){0}, WSTOPPED);
    yoke_store_publish(own, "ask", "x", 1, on_answer, &answer);
    assert_int_equal(set(own, "k", "v", 0)->err, 0);
    wait_for(&answer);
    assert_int_equal(answer.err, -ETIMEDOUT);
    kill(hub, SIGCONT);
    /* It was on its way; and it is not told that again. */
    wait_count(&ear.messages, 1);
    assert_int_equal(answer.count, 1);
    publish_until_taken(own);
    wait_count(&ear.messages, 2);
    assert_int_equal(ear.missed, 0);
    /* One that dies while it is stopped is replaced. */
    kill(hub, SIGSTOP);
    waitid(P_PID, (id_t)hub, &(siginfo_t){0}, WSTOPPED);
    end_listener(hub, fd);
    wait_count(&ear.ready, 2);
    assert_int_equal(ear.missed, 1);
    publish_until_taken(own);
    free(answer.value);
    close_store(own);
}

/* Numbers that are published one after the other, some at a time. */
static struct {
    yoke_store *store;
    long published;
    int answered, good;
    long heard_last;
    int heard, missed, ready, disordered;
    bool is_over;
} stream;

static void publish_next(void);

static void on_published(const struct yoke_store_result *result, void *data)
{
    (void)data;
    stream.answered++;
    stream.good += result->err == 0;
    publish_next();
}

static void publish_next(void)
{
    char text[24];

    if (stream.is_over)
        return;
    int len = snprintf(text, sizeof(text), "%ld", ++stream.published);
    yoke_store_publish(stream.store, "numbers", text, (size_t)len, on_published,
                       NULL);
}

static void on_number(const struct yoke_store_message *message, void *data)
{
    (void)data;
    stream.ready += message->event == YOKE_STORE_READY;
    stream.missed += message->event == YOKE_STORE_MISSED;
    if (message->event != YOKE_STORE_MESSAGE)
        return;
    long number = strtol(message->ptr, NULL, 10);
    stream.disordered += number <= stream.heard_last;
    stream.heard_last = number;
    stream.heard++;
}

static void hubs_that_are_killed_under_load_repeat_nothing(void **state)
{
    pid_t hubs[2];
    int fds[2];
    (void)state;
    memset(&stream, 0, sizeof(stream));
    hubs[0] = start_listener("a", &fds[0]);
    wait_said(fds[0], 'r');
    stream.store = open_store_with((struct yoke_store_options){
        .url = url_of("channels", ""), .prefix = "c:"});
    yoke_store_subscribe(stream.store, "numbers", on_number, NULL);
    wait_count(&stream.ready, 1);
    for (int i = 0; i < 20; i++)
        publish_next();
    for (int i = 0; i < 2; i++) {
        /* The next one is a listener, or this process. */
        hubs[1] = start_listener("b", &fds[1]);
        wait_said(fds[1], 'r');
        wait_count(&stream.heard, stream.heard + 300);
        end_listener(hubs[0], fds[0]);
        hubs[0] = hubs[1];
        fds[0] = fds[1];
        wait_count(&stream.heard, stream.heard + 300);
    }
    stream.is_over = true;
    wait_count(&stream.answered, (int)stream.published);
    assert_int_equal(stream.answered, stream.published);
    assert_int_equal(stream.disordered, 0);
    assert_true(stream.missed >= 1);
    assert_true(stream.good > 1000);
    end_listener(hubs[0], fds[0]);
    close_store(stream.store);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_reach_every_process),
        cmocka_unit_test(another_process_takes_over_when_the_hub_dies),
        cmocka_unit_test(who_does_not_listen_is_told_what_he_missed),
        cmocka_unit_test(a_hub_that_is_stopped_holds_up_no_loop),
        cmocka_unit_test(hubs_that_are_killed_under_load_repeat_nothing),
    };

    if (argc > 3) {
        role_listener(argv[2], argv[3]);
        return 0;
    }
    fixture_start("lmdb");
    int failed = cmocka_run_group_tests_name("channels", tests, NULL, NULL);
    fixture_stop();
    return failed;
}
