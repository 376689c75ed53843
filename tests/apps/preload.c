/* preload: an application whose load can be seen, for tests of preloading.
 *
 * Every load, and every call of a hook, is a line on standard output. What else
 * it does at load, $PRELOAD says, words with spaces between; so does the file
 * that $PRELOAD_FILE names, which may change between two loads:
 *
 *     table       has a table of 100 MB
 *     socket, pipe, epoll, thread, file
 *                 leaves such a thing open
 *     listen      listens, which is not for it to do
 *     timer       starts a timer in yoke_loop
 *     ready       calls yoke_ready
 *     seed        seeds the generators of random numbers with constants
 *     exit, crash, null, refuse, hang
 *                 fails: exits with 3, by SIGSEGV, or by saying so; or never ends
 *     after       fails in the hook after the fork
 *     before      hangs in the hook before the fork */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/yoke.h>

#define TABLE_LEN ((size_t)100 << 20)

yoke_app *make_app(void);

/* Written at load. */
static int load_pid;
static char *table;
static uv_timer_t timer;
static int ticks;

/* ---- What is wanted ---- */

static bool has_word(const char *text, const char *word)
{
    size_t len = strlen(word);

    while (text && (text = strstr(text, word))) {
        if (text[len] == '\0' || text[len] == ' ' || text[len] == '\n')
            return true;
        text += len;
    }
    return false;
}

static bool wants(const char *word)
{
    char text[256] = "";
    const char *path = getenv("PRELOAD_FILE");
    FILE *file = path ? fopen(path, "re") : NULL;

    if (file) {
        if (!fgets(text, sizeof(text), file))
            text[0] = '\0';
        fclose(file);
    }
    return has_word(text, word) || has_word(getenv("PRELOAD"), word);
}

/* ---- Load ---- */

static void *sleep_for_ever(void *data)
{
    for (;;)
        pause();
    return data;
}

static void start_thread(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, sleep_for_ever, NULL) == 0)
        pthread_setname_np(thread, "helper");
}

static void leave_open(void)
{
    int fds[2];

    if (wants("socket"))
        (void)socket(AF_INET, SOCK_STREAM, 0);
    if (wants("pipe") && pipe(fds) < 0)
        perror("pipe");
    if (wants("epoll"))
        (void)epoll_create1(0);
    if (wants("file"))
        (void)open("preload-test", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    if (wants("thread"))
        start_thread();
}

static void on_timer(uv_timer_t *handle)
{
    (void)handle;
    ticks++;
}

static void fail(yoke_app *app)
{
    if (wants("refuse"))
        yoke_app_fail(app, "this load is refused");
    if (wants("exit")) {
        fputs("the last words of the load\n", stderr);
        exit(3);
    }
    if (wants("crash"))
        raise(SIGSEGV);
    while (wants("hang"))
        pause();
}

/* ---- Hooks ---- */

static void before_fork(void *data)
{
    printf("before %s in %d\n", (const char *)data, (int)getpid());
    while (wants("before"))
        pause();
}

static void after_fork(yoke_worker *worker, void *data)
{
    printf("after %s in %d: worker %d of %d\n", (const char *)data,
           (int)getpid(), yoke_worker_id(worker), load_pid);
    if (wants("after"))
        yoke_cluster_fail("the hook could not do its part");
}

static void add_hooks(void)
{
    static char first[] = "first", second[] = "second";

    yoke_cluster_before_fork(before_fork, first);
    yoke_cluster_before_fork(before_fork, second);
    yoke_cluster_after_fork(after_fork, first);
    yoke_cluster_after_fork(after_fork, second);
}

/* ---- The application ---- */

static void get_pids(yoke_req *req, yoke_res *res)
{
    char text[64];

    (void)req;
    snprintf(text, sizeof(text), "%d %d %d", (int)getpid(), load_pid, ticks);
    yoke_res_text(res, text);
}

static void get_random(yoke_req *req, yoke_res *res)
{
    char text[128];

    (void)req;
    snprintf(text, sizeof(text), "%d %ld %d %ld", (int)getpid(), random(),
             rand(), lrand48());
    yoke_res_text(res, text);
}

static void get_sum(yoke_req *req, yoke_res *res)
{
    char text[32];
    size_t sum = 0;

    (void)req;
    for (size_t i = 0; table && i < TABLE_LEN; i++)
        sum += (size_t)table[i];
    snprintf(text, sizeof(text), "%zu", sum);
    yoke_res_text(res, text);
}

static void get_exit(yoke_req *req, yoke_res *res)
{
    (void)req;
    (void)res;
    exit(7);
}

static void get_crash(yoke_req *req, yoke_res *res)
{
    (void)req;
    (void)res;
    raise(SIGSEGV);
}

/* Leaves a child without a parent; answers with its pid. */
static void get_orphan(yoke_req *req, yoke_res *res)
{
    char text[32] = "";
    int fds[2];

    (void)req;
    if (pipe(fds) < 0) {
        yoke_res_text(res, "no pipe");
        return;
    }
    pid_t child = fork();
    if (child == 0) {
        pid_t orphan = fork();
        if (orphan == 0) {
            _exit(0);
        }
        dprintf(fds[1], "%d", (int)orphan);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    if (read(fds[0], text, sizeof(text) - 1) < 0)
        text[0] = '\0';
    close(fds[0]);
    close(fds[1]);
    yoke_res_text(res, text);
}

static void make_table(void)
{
    table = malloc(TABLE_LEN);
    if (table)
        memset(table, 1, TABLE_LEN);
}

static void start_timer(void)
{
    uv_timer_init(yoke_loop(), &timer);
    uv_timer_start(&timer, on_timer, 1, 1);
}

yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();

    load_pid = getpid();
    printf("load in %d, template %d\n", load_pid, yoke_cluster_is_template());
    if (wants("null")) {
        yoke_app_free(app);
        return NULL;
    }
    fail(app);
    leave_open();
    add_hooks();
    if (wants("table"))
        make_table();
    if (wants("seed")) {
        srandom(1);
        srand48(1);
    }
    if (wants("timer"))
        start_timer();
    if (wants("ready"))
        yoke_ready();
    if (wants("listen"))
        yoke_app_listen(yoke_app_new(), .port = 0);
    yoke_app_get(app, "/", get_pids);
    yoke_app_get(app, "/random", get_random);
    yoke_app_get(app, "/sum", get_sum);
    yoke_app_get(app, "/orphan", get_orphan);
    yoke_app_get(app, "/exit", get_exit);
    yoke_app_get(app, "/crash", get_crash);
    return app;
}
