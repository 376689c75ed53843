#include "fixture.h"

#include "memcached_servers.h"
#include "postgres_servers.h"
#include "redis_servers.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

static char folder[64];
static char url[256];
static pid_t server;
uint64_t clock_ms = 1700000000000;

/* ---- Servers ---- */

static bool can_bind(int port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int err = bind(fd, (struct sockaddr *)&addr, sizeof(addr));

    close(fd);
    return err == 0;
}

int free_port(void)
{
    uint16_t chance;
    int port;

    do {
        assert_int_equal(getrandom(&chance, sizeof(chance), 0), sizeof(chance));
        port = 10000 + chance % 22000;
    } while (!can_bind(port));
    return port;
}

static bool can_connect(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    int err = connect(fd, (struct sockaddr *)&addr, sizeof(addr));
    close(fd);
    return err == 0;
}

static void wait_for_socket(const char *path)
{
    for (int i = 0; i < 6000 && !can_connect(path); i++)
        usleep(10000);
}

static void start_redis(void)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/redis", folder);
    snprintf(url, sizeof(url), "redis+unix:%s", path);
    server = fork();
    if (server > 0) {
        wait_for_socket(path);
        return;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", path,
           "--dir", folder, "--save", "", "--loglevel", "warning", "--logfile",
           "/dev/null", (char *)NULL);
    perror("redis-server");
    _exit(127);
}

static void start_memcached(void)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/memcached", folder);
    snprintf(url, sizeof(url), "memcached+unix:%s", path);
    server = fork();
    if (server > 0) {
        wait_for_socket(path);
        return;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* Values of a MiB need more than the default. */
    execlp("memcached", "memcached", "-s", path, "-I", "2m", "-t", "1", "-u",
           "root", (char *)NULL);
    perror("memcached");
    _exit(127);
}

static struct postgres_server postgres;

static const char *postgres_socket(void)
{
    static char name[32];
    snprintf(name, sizeof(name), "/.s.PGSQL.%d", postgres.port);
    return name;
}

static void start_postgresql(void)
{
    if (!*postgres.data)
        postgres_make(&postgres, "data");
    postgres_start(&postgres, POSTGRES_ALONE);
    server = postgres.pid;
    snprintf(url, sizeof(url),
             "postgresql+unix:%s?port=%d&user=yoke&dbname=postgres", folder,
             postgres.port);
}

const struct kind kinds[] = {
    {.name = "memory",
     .has_channels = true,
     .has_scan = true,
     .has_negative = true},
    {.name = "lmdb",
     .has_channels = true,
     .has_scan = true,
     .has_negative = true},
    {.name = "redis",
     .has_own_clock = true,
     .has_channels = true,
     .has_scan = true,
     .has_negative = true,
     .start = start_redis},
#ifndef YK_WITHOUT_REDIS
    {.name = "redis_cluster",
     .has_own_clock = true,
     .has_channels = true,
     .has_scan = true,
     .has_negative = true,
     .start = redis_cluster_kind_start,
     .stop = redis_cluster_kind_stop},
    {.name = "redis_sentinel",
     .has_own_clock = true,
     .has_channels = true,
     .has_scan = true,
     .has_negative = true,
     .is_variant = true,
     .start = redis_sentinel_kind_start,
     .stop = redis_sentinel_kind_stop},
    {.name = "rediss",
     .has_own_clock = true,
     .has_channels = true,
     .has_scan = true,
     .has_negative = true,
     .is_variant = true,
     .start = rediss_kind_start,
     .stop = rediss_kind_stop},
    {.name = "redis_cluster_proxied",
     .is_variant = true,
     .start = redis_cluster_proxied_start,
     .stop = redis_cluster_kind_stop,
     .servers = &redis_cluster_hurt},
    {.name = "redis_sentinel_proxied",
     .is_variant = true,
     .start = redis_sentinel_proxied_start,
     .stop = redis_sentinel_kind_stop,
     .servers = &redis_sentinel_hurt},
#endif
    {.name = "memcached",
     .has_own_clock = true,
     .has_negative = true,
     .is_lax = true,
     .start = start_memcached},
    {.name = "memcached_two",
     .has_own_clock = true,
     .has_negative = true,
     .is_lax = true,
     .is_variant = true,
     .start = memcached_two_start,
     .stop = memcached_two_stop},
    {.name = "postgresql",
     .has_own_clock = true,
     .has_channels = true,
     .has_scan = true,
     .has_negative = true,
     .start = start_postgresql,
     .socket_name = postgres_socket,
     .end_signal = SIGQUIT},
};

const struct kind *kind;

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *walk)
{
    (void)st, (void)type, (void)walk;
    return remove(path);
}

bool read_text(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "re");

    if (!file)
        return false;
    size_t len = fread(text, 1, size - 1, file);
    text[len] = '\0';
    fclose(file);
    return true;
}

/* State and parent of a process; false when it is none. */
static bool read_process(const char *pid, char *ret_state, pid_t *ret_parent)
{
    char path[300], text[512];

    snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    if (!read_text(path, text, sizeof(text)))
        return false;
    const char *end = strrchr(text, ')');
    return end && sscanf(end, ") %c %d", ret_state, ret_parent) == 2;
}

/* Signals what the server has started. Returns how many of those are not
 * stopped. */
static int signal_children(int signal_number)
{
    DIR *all = opendir("/proc");
    struct dirent *entry;
    int running = 0;

    while (all && (entry = readdir(all))) {
        char process_state;
        pid_t parent;
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9' ||
            !read_process(entry->d_name, &process_state, &parent) ||
            parent != server)
            continue;
        kill(atoi(entry->d_name), signal_number);
        running += process_state != 'T' && process_state != 'Z';
    }
    if (all)
        closedir(all);
    return running;
}

void fixture_kill_server(void)
{
    if (kind->servers) {
        kind->servers->kill();
        return;
    }
    if (server <= 0)
        return;
    fixture_thaw();
    kill(server, kind->end_signal ? kind->end_signal : SIGKILL);
    waitpid(server, NULL, 0);
    server = 0;
}

void fixture_restart_server(void)
{
    fixture_kill_server();
    if (kind->servers) {
        kind->servers->restart();
        return;
    }
    if (kind->start)
        kind->start();
}

pid_t fixture_server(void)
{
    return server;
}

void fixture_freeze(void)
{
    siginfo_t info;

    if (kind->servers) {
        kind->servers->freeze();
        return;
    }
    kill(server, SIGSTOP);
    waitid(P_PID, (id_t)server, &info, WSTOPPED);
    for (int i = 0; i < 6000 && signal_children(SIGSTOP) > 0; i++)
        usleep(1000);
}

void fixture_thaw(void)
{
    if (kind->servers) {
        kind->servers->thaw();
        return;
    }
    signal_children(SIGCONT);
    kill(server, SIGCONT);
}

void fixture_stop(void)
{
    fixture_kill_server();
    if (kind->stop)
        kind->stop();
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void fixture_start(const char *name)
{
    const char *tmp = getenv("TMPDIR");

    unsetenv("YOKE_STORE");
    /* As yoke_run does. */
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (name && strcmp(kinds[i].name, name) == 0)
            kind = &kinds[i];
    if (!kind) {
        fprintf(stderr, "usage: %s KIND, of store\n",
                program_invocation_short_name);
        exit(2);
    }
    /* A socket's path has 108 bytes. */
    bool fits = tmp && strlen(tmp) <= 40;
    snprintf(folder, sizeof(folder), "%.40s/store-XXXXXX", fits ? tmp : "/tmp");
    if (!mkdtemp(folder)) {
        perror(folder);
        exit(1);
    }
    snprintf(url, sizeof(url), "%s:%s%s", kind->name,
             strcmp(name, "lmdb") == 0 ? folder : "",
             strcmp(name, "lmdb") == 0 ? "/store" : "");
    if (kind->start)
        kind->start();
}

void fixture_set_url(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(url, sizeof(url), fmt, args);
    va_end(args);
}

const char *fixture_url(void)
{
    return url;
}

const char *fixture_folder(void)
{
    return folder;
}

/* ---- Stores ---- */

static uint64_t tests_now(void *data)
{
    (void)data;
    return clock_ms;
}

void assert_urls_are_refused(const struct wrong_url *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[YOKE_STORE_TEXT_MAX] = "";
        assert_null(yoke_store_open(.url = cases[i].url, .text = text));
        assert_int_equal(errno, EINVAL);
        if (!strstr(text, cases[i].word))
            fail_msg("%s: '%s' does not say '%s'", cases[i].url, text,
                     cases[i].word);
        assert_null(strstr(text, "secret"));
    }
}

yoke_store *open_store_with(struct yoke_store_options options)
{
    static int opened;
    char prefix[32];

    snprintf(prefix, sizeof(prefix), "t%d:", opened++);
    options.url = options.url ? options.url : url;
    options.prefix = options.prefix ? options.prefix : prefix;
    /* The machine may be slow. */
    options.timeout_ms = options.timeout_ms ? options.timeout_ms : 20000;
    options.now_ms = tests_now;
    yoke_store *opened_store = yoke_store_open_with(&options);
    assert_non_null(opened_store);
    return opened_store;
}

yoke_store *open_store(void)
{
    return open_store_with((struct yoke_store_options){.url = NULL});
}

static void on_closed(void *data)
{
    ++*(int *)data;
}

void close_store(yoke_store *which)
{
    int closed = 0;
    yoke_store_close(which, on_closed, &closed);
    wait_count(&closed, 1);
}

yoke_store *store;

int setup_store(void **state)
{
    (void)state;
    store = open_store();
    return 0;
}

int teardown_store(void **state)
{
    (void)state;
    if (store)
        close_store(store);
    store = NULL;
    return 0;
}

/* ---- Waiting ---- */

static void on_time(uv_timer_t *timer)
{
    ++*(int *)timer->data;
}

static void run_until(const int *flag, int n, unsigned ms, bool must)
{
    uv_timer_t timer;
    int is_over = 0;

    uv_update_time(yoke_loop());
    uv_timer_init(yoke_loop(), &timer);
    timer.data = &is_over;
    uv_timer_start(&timer, on_time, ms, 0);
    while (*flag < n && !is_over)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(yoke_loop(), UV_RUN_NOWAIT);
    if (must && *flag < n)
        fail_msg("waited for a minute, in vain");
}

void wait_count(const int *flag, int n)
{
    run_until(flag, n, 60000, true);
}

void run_for(unsigned ms)
{
    int never = 0;
    run_until(&never, 1, ms, false);
}

void wait_for(const struct answer *answer)
{
    wait_count(&answer->count, 1);
    assert_int_equal(answer->count, 1);
}

/* ---- Answers ---- */

static void keep_items(struct answer *answer,
                       const struct yoke_store_result *result)
{
    answer->item_count = result->count;
    for (size_t i = 0; i < result->count && i < COUNT_OF(answer->items); i++) {
        const struct yoke_store_item *item = &result->items[i];
        snprintf(answer->items[i].key, sizeof(answer->items[i].key), "%s",
                 item->key);
        answer->items[i].err = item->err;
        answer->items[i].version = item->version;
        snprintf(answer->items[i].value, sizeof(answer->items[i].value), "%s",
                 item->value ? (const char *)item->value : "");
    }
}

void on_answer(const struct yoke_store_result *result, void *data)
{
    struct answer *answer = data;

    answer->count++;
    answer->err = result->err;
    snprintf(answer->text, sizeof(answer->text), "%s", result->text);
    assert_int_equal(*answer->text == '\0', result->err == 0);
    free(answer->value);
    answer->value = malloc(result->len + 1);
    assert_non_null(answer->value);
    /* The NUL is promised. */
    memcpy(answer->value, result->value, result->len + 1);
    assert_int_equal(answer->value[result->len], '\0');
    answer->len = result->len;
    answer->version = result->version;
    answer->number = result->number;
    snprintf(answer->cursor, sizeof(answer->cursor), "%s",
             result->cursor ? result->cursor : "");
    keep_items(answer, result);
}

static struct answer last;

static struct answer *fresh(void)
{
    free(last.value);
    memset(&last, 0, sizeof(last));
    return &last;
}

static const struct answer *wait_last(void)
{
    /* Never from inside the call. */
    assert_int_equal(last.count, 0);
    wait_for(&last);
    return &last;
}

const struct answer *get(yoke_store *which, const char *key)
{
    yoke_store_get(which, key, on_answer, fresh());
    return wait_last();
}

const struct answer *set(yoke_store *which, const char *key, const char *value,
                         uint32_t ttl_s)
{
    yoke_store_set(which, key, value, strlen(value), ttl_s, on_answer, fresh());
    return wait_last();
}

const struct answer *add(yoke_store *which, const char *key, const char *value,
                         uint32_t ttl_s)
{
    yoke_store_add(which, key, value, strlen(value), ttl_s, on_answer, fresh());
    return wait_last();
}

const struct answer *replace(yoke_store *which, const char *key,
                             uint64_t version, const char *value)
{
    yoke_store_replace(which, key, version, value, strlen(value), 0, on_answer,
                       fresh());
    return wait_last();
}

const struct answer *erase(yoke_store *which, const char *key)
{
    yoke_store_delete(which, key, on_answer, fresh());
    return wait_last();
}

const struct answer *touch(yoke_store *which, const char *key, uint32_t ttl_s)
{
    yoke_store_touch(which, key, ttl_s, on_answer, fresh());
    return wait_last();
}

const struct answer *incr(yoke_store *which, const char *key, int64_t by,
                          uint32_t ttl_s)
{
    yoke_store_incr(which, key, by, ttl_s, on_answer, fresh());
    return wait_last();
}

const struct answer *lock(yoke_store *which, const char *name, uint32_t lease_s,
                          uint32_t wait_ms)
{
    yoke_store_lock(which, name, lease_s, wait_ms, on_answer, fresh());
    return wait_last();
}

const struct answer *renew(yoke_store *which, const char *name, int64_t fence,
                           uint32_t lease_s)
{
    yoke_store_renew(which, name, fence, lease_s, on_answer, fresh());
    return wait_last();
}

const struct answer *unlock(yoke_store *which, const char *name, int64_t fence)
{
    yoke_store_unlock(which, name, fence, on_answer, fresh());
    return wait_last();
}

const struct answer *publish(yoke_store *which, const char *channel,
                             const char *text)
{
    yoke_store_publish(which, channel, text, strlen(text), on_answer, fresh());
    return wait_last();
}

void assert_works(yoke_store *own)
{
    const struct answer *stored = set(own, "k", "v", 0);

    if (stored->err)
        fail_msg("it does not work: %s", stored->text);
    assert_string_equal(get(own, "k")->value, "v");
    close_store(own);
}

void assert_refused(yoke_store *own, const char *word)
{
    const struct answer *refused = get(own, "k");

    assert_int_equal(refused->err, -YOKE_EUNAVAILABLE);
    if (!strstr(refused->text, word))
        fail_msg("'%s' does not say '%s'", refused->text, word);
    close_store(own);
}
