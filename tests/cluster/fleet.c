/* fleet: a primary and its workers for the cluster's end-to-end tests.
 *
 *     fleet [-n WORKERS] [-s rr|none] [-S] [-t MS] [-q] [-r] LISTEN...
 *
 * -S: the supervised form, else Node's. -r: in Node's form, replaces each
 * worker that ends by accident. -t: the stop's deadline. -f TEXT: workers fail
 * to start with that reason. -x PROGRAM, -d FOLDER: what workers run, and
 * where. LISTEN is a place (place.h).
 *
 * $FLEET_SURVIVES: workers live on without a listener. $FLEET_DIES: they end
 * when they listen.
 *
 * Every event is a line on standard output. The primary takes commands, a line
 * each, from the FIFO that $FLEET_CONTROL names:
 *
 *     fork [NAME=VALUE] | kill ID SIGNAL | disconnect ID | disconnect | send ID TEXT
 *     big ID N | list | stop STATUS | scale N | reload | upgrade | control NAME
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/cluster.h>
#include <yoke/loop.h>
#include <yoke/message.h>

#include "cluster/supervise.h"
#include "conn.h"

static struct {
    char **specs;
    const char *failure, *program, *folder;
    int workers;
    bool replaces;
} options = {.workers = 2};

/* ---- Events ---- */

static void on_fork(yoke_worker *worker, void *data)
{
    (void)data;
    printf("fork %d\n", yoke_worker_id(worker));
}

static void on_online(yoke_worker *worker, void *data)
{
    (void)data;
    printf("online %d\n", yoke_worker_id(worker));
}

static void on_listening(yoke_worker *worker,
                         const struct yoke_address *address, void *data)
{
    (void)data;
    printf("listening %d %s%d %s %d\n", yoke_worker_id(worker),
           address->is_udp ? "udp" : "", address->family, address->host,
           address->port);
}

static void on_message(yoke_worker *worker, const void *ptr, size_t len,
                       void *data)
{
    (void)data;
    printf("%s message %d %zu %u\n",
           yoke_cluster_is_worker() ? "worker" : "primary",
           yoke_worker_id(worker), len, fleet_sum(ptr, len));
}

static int count_workers(void)
{
    int n = 0;

    for (yoke_worker *w = NULL; (w = yoke_cluster_workers(w));)
        n++;
    return n;
}

static void on_disconnect(yoke_worker *worker, void *data)
{
    (void)data;
    printf("disconnect %d after=%d dead=%d listed=%d\n", yoke_worker_id(worker),
           yoke_worker_exited_after_disconnect(worker),
           yoke_worker_is_dead(worker), count_workers());
}

static void on_exit_(yoke_worker *worker, const struct yoke_exit *why,
                     void *data)
{
    (void)data;
    printf("exit %d code=%d signal=%d after=%d connected=%d listed=%d (%s)\n",
           yoke_worker_id(worker), why->code, why->signal,
           yoke_worker_exited_after_disconnect(worker),
           yoke_worker_is_connected(worker), count_workers(),
           yoke_exit_text(why));
    if (options.replaces && !yoke_worker_exited_after_disconnect(worker))
        yoke_cluster_fork(NULL);
}

static void watch(void)
{
    yoke_cluster_on_fork(on_fork, NULL);
    yoke_cluster_on_online(on_online, NULL);
    yoke_cluster_on_listening(on_listening, NULL);
    yoke_cluster_on_disconnect(on_disconnect, NULL);
    yoke_cluster_on_exit(on_exit_, NULL);
}

/* ---- Commands ---- */

static yoke_worker *find(int id)
{
    for (yoke_worker *w = NULL; (w = yoke_cluster_workers(w));)
        if (yoke_worker_id(w) == id)
            return w;
    return NULL;
}

static void on_all_gone(void *data)
{
    (void)data;
    puts("all gone");
}

static void send_bytes(int id, const char *argument)
{
    unsigned n = (unsigned)strtoul(argument, NULL, 10);
    char *bytes = fleet_bytes(n);

    printf("sent %zd\n", yoke_worker_send(find(id), bytes, n));
    free(bytes);
}

static void list(void)
{
    printf("workers");
    for (yoke_worker *w = NULL; (w = yoke_cluster_workers(w));)
        printf(" %d:%d", yoke_worker_id(w), (int)yoke_worker_pid(w));
    printf(".\n");
}

static void fork_one(const char *line)
{
    const char *space = strchr(line, ' ');
    const char *env[] = {space ? space + 1 : NULL, NULL};

    printf("forked %d\n", yoke_cluster_fork(env) ? 0 : errno);
}

/* ---- Calls of a supervising primary, and the control socket ---- */

static void on_over(int err, const char *text, void *data)
{
    printf("%s over %d (%s)\n", (const char *)data, err, text);
}

static const struct {
    const char *name;
    int (*begin)(void (*fn)(int err, const char *text, void *data), void *data);
} deployments[] = {
    {"reload", yoke_cluster_reload},
    {"upgrade", yoke_cluster_upgrade},
};

static bool run_deployment(const char *name)
{
    for (size_t i = 0; i < sizeof(deployments) / sizeof(deployments[0]); i++) {
        if (strcmp(name, deployments[i].name) != 0)
            continue;
        char *data = (char *)(uintptr_t)deployments[i].name;
        printf("%s begun %d\n", name, deployments[i].begin(on_over, data));
        return true;
    }
    return false;
}

static bool run_steering(const char *line, const char *name, int n)
{
    if (strcmp(name, "scale") == 0)
        printf("scaled %d\n", yoke_cluster_scale(n));
    else if (strcmp(name, "control") == 0)
        printf("control %d\n", yoke_cluster_control(strchr(line, ' ') + 1));
    else
        return run_deployment(name);
    return true;
}

static void run_command(const char *line)
{
    char name[16] = "", argument[64] = "";
    int id = 0;
    int n = sscanf(line, "%15s %d %63s", name, &id, argument);

    if (run_steering(line, name, id))
        return;
    if (strcmp(name, "fork") == 0)
        fork_one(line);
    else if (strcmp(name, "list") == 0)
        list();
    else if (strcmp(name, "stop") == 0)
        yoke_stop(id);
    else if (strcmp(name, "disconnect") == 0 && n == 1)
        yoke_cluster_disconnect(on_all_gone, NULL);
    else if (!find(id))
        printf("no worker %d\n", id);
    else if (strcmp(name, "disconnect") == 0)
        printf("disconnecting %d\n", yoke_worker_disconnect(find(id)));
    else if (strcmp(name, "kill") == 0)
        yoke_worker_kill(find(id), (int)strtol(argument, NULL, 10));
    else if (strcmp(name, "send") == 0)
        yoke_worker_send(find(id), argument, strlen(argument));
    else if (strcmp(name, "big") == 0)
        send_bytes(id, argument);
}

static void on_command(uv_poll_t *poll, int status, int events)
{
    static char line[256];
    static size_t len;
    uv_os_fd_t fd;
    char *end;

    (void)status;
    (void)events;
    uv_fileno((uv_handle_t *)poll, &fd);
    ssize_t n = read(fd, line + len, sizeof(line) - 1 - len);
    if (n <= 0)
        return;
    len += (size_t)n;
    line[len] = '\0';
    while ((end = strchr(line, '\n'))) {
        *end = '\0';
        run_command(line);
        len -= (size_t)(end + 1 - line);
        memmove(line, end + 1, len + 1);
    }
}

/* Does not keep the loop alive. */
static void open_control(void)
{
    static uv_poll_t poll;
    const char *path = getenv("FLEET_CONTROL");
    int fd = path ? open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC) : -1;

    if (fd < 0)
        return;
    uv_poll_init(yoke_loop(), &poll, fd);
    uv_poll_start(&poll, UV_READABLE, on_command);
    uv_unref((uv_handle_t *)&poll);
}

/* ---- Both roles ---- */

static int start_worker(void *data)
{
    (void)data;
    yoke_cluster_on_message(on_message, NULL);
    if (options.failure) {
        yoke_cluster_fail("%s", options.failure);
        return -EINVAL;
    }
    for (char **spec = options.specs; *spec; spec++)
        fleet_listen(*spec);
    return 0;
}

static const struct yk_duty duty = {.serve = start_worker};

static int run_node_form(const struct yoke_cluster_options *cluster)
{
    struct yoke_cluster_settings settings = {.sched = cluster->sched,
                                             .exec = options.program,
                                             .cwd = options.folder};

    if (cluster->stop_timeout_ms)
        yoke_set_stop_timeout(cluster->stop_timeout_ms);
    if (yoke_cluster_is_worker()) {
        start_worker(NULL);
        return yoke_run();
    }
    yoke_cluster_setup(&settings);
    for (int i = 0; i < options.workers; i++)
        yoke_cluster_fork(NULL);
    return yoke_run();
}

int main(int argc, char **argv)
{
    struct yoke_cluster_options cluster = {
        .budget = 1000, .backoff_base_ms = 1, .backoff_max_ms = 20};
    bool is_supervised = false;
    int option;

    yoke_cluster_init(argc, argv);
    while ((option = getopt(argc, argv, "n:s:t:f:b:x:d:Sqr")) != -1) {
        if (option == 'n')
            options.workers = cluster.workers = (int)strtol(optarg, NULL, 10);
        else if (option == 's')
            cluster.sched = (enum yoke_sched)yoke_sched_find(optarg);
        else if (option == 't')
            cluster.stop_timeout_ms = (int)strtol(optarg, NULL, 10);
        else if (option == 'f')
            options.failure = optarg;
        else if (option == 'x')
            options.program = optarg;
        else if (option == 'd')
            options.folder = optarg;
        else if (option == 'b')
            cluster.budget = (int)strtol(optarg, NULL, 10);
        else if (option == 'S')
            is_supervised = true;
        else if (option == 'q')
            cluster.quiet = true;
        else if (option == 'r')
            options.replaces = true;
        else
            return 2;
    }
    options.specs = argv + optind;
    if (yoke_cluster_is_primary()) {
        watch();
        yoke_cluster_on_message(on_message, NULL);
        open_control();
    }
    return is_supervised ? yk_cluster_supervise(&cluster, &duty, NULL)
                         : run_node_form(&cluster);
}
