#include "redis_servers.h"

#include "certificates.h"
#include "fixture.h"
#include "proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "store/redis_library.h"

/* ---- Ports ---- */

static struct sockaddr_in place(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

/* ---- Processes ---- */

/* Splits at blanks; `text` is changed. */
static void exec_server(char *text)
{
    char *argv[80] = {(char *)(uintptr_t) "redis-server"};
    size_t count = 1;

    while (count < COUNT_OF(argv) - 1 && *text) {
        argv[count++] = text;
        text += strcspn(text, " ");
        if (*text)
            *text++ = '\0';
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(argv[0], argv);
    perror(argv[0]);
    _exit(127);
}

void redis_begin(struct redis_server *server)
{
    char text[sizeof(server->options)];

    snprintf(text, sizeof(text), "%s", server->options);
    server->fd = -1;
    server->pid = fork();
    if (server->pid == 0)
        exec_server(text);
}

static void start(struct redis_server *server)
{
    redis_begin(server);
    redis_wait(server, "PING", "PONG");
}

void redis_start(struct redis_server *server, const char *options)
{
    char own[1024];

    server->port = free_port();
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(own, sizeof(own), options, server->port);
#pragma GCC diagnostic pop
    snprintf(server->options, sizeof(server->options),
             "--port %d --bind 127.0.0.1 --dir %s --dbfilename %d.rdb "
             "--logfile %s/%d.log --repl-diskless-sync-delay 0 %s",
             server->port, fixture_folder(), server->port, fixture_folder(),
             server->port, own);
    start(server);
}

void redis_start_sentinel(struct redis_server *server, const char *lines)
{
    char path[128];

    server->port = free_port();
    snprintf(path, sizeof(path), "%s/%d.conf", fixture_folder(), server->port);
    FILE *file = fopen(path, "w");
    if (!file)
        abort();
    fprintf(file, "port %d\nbind 127.0.0.1\ndir %s\nlogfile %s/%d.log\n%s\n",
            server->port, fixture_folder(), fixture_folder(), server->port,
            lines);
    fclose(file);
    snprintf(server->options, sizeof(server->options), "%s --sentinel", path);
    start(server);
}

void redis_restart(struct redis_server *server)
{
    redis_kill(server);
    start(server);
}

static void disconnect(struct redis_server *server)
{
    if (server->fd >= 0)
        close(server->fd);
    server->fd = -1;
}

void redis_kill(struct redis_server *server)
{
    if (server->pid <= 0)
        return;
    disconnect(server);
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

void redis_freeze(struct redis_server *server)
{
    siginfo_t info;

    kill(server->pid, SIGSTOP);
    waitid(P_PID, (id_t)server->pid, &info, WSTOPPED);
}

/* ---- Questions ---- */

static bool connect_to(struct redis_server *server)
{
    struct sockaddr_in addr = place(server->port);
    const int on = 1;

    if (server->fd >= 0)
        return true;
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(server->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(server->fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
        return true;
    disconnect(server);
    return false;
}

static size_t put(char *out, size_t size, const redisReply *reply)
{
    size_t len = 0;

    if (reply->type == REDIS_REPLY_INTEGER)
        return (size_t)snprintf(out, size, "%lld", reply->integer);
    if (reply->type != REDIS_REPLY_ARRAY)
        return (size_t)snprintf(out, size, "%s", reply->str ? reply->str : "");
    for (size_t i = 0; i < reply->elements && len < size; i++) {
        len += put(out + len, size - len, reply->element[i]);
        if (len < size)
            len += (size_t)snprintf(out + len, size - len, " ");
    }
    return len;
}

/* One reply, or NULL when the connection ends before. */
static redisReply *read_reply(int fd)
{
    redisReader *reader = yk_hiredis.redisReaderCreate();
    void *reply = NULL;
    char bytes[4096];
    ssize_t n;

    while (!reply && (n = recv(fd, bytes, sizeof(bytes), 0)) > 0) {
        yk_hiredis.redisReaderFeed(reader, bytes, (size_t)n);
        if (yk_hiredis.redisReaderGetReply(reader, &reply) != REDIS_OK)
            break;
    }
    yk_hiredis.redisReaderFree(reader);
    return reply;
}

/* A connection of before may have been closed by the server. */
static redisReply *exchange(struct redis_server *server, const char *line,
                            size_t len)
{
    for (int i = 0; i < 2; i++) {
        bool is_new = server->fd < 0;
        if (!connect_to(server))
            return NULL;
        redisReply *reply = send(server->fd, line, len, MSG_NOSIGNAL) < 0
                                ? NULL
                                : read_reply(server->fd);
        if (reply)
            return reply;
        disconnect(server);
        if (is_new)
            return NULL;
    }
    return NULL;
}

const char *redis_ask(struct redis_server *server, const char *fmt, ...)
{
    static char text[65536];
    char line[8192], why[YOKE_STORE_TEXT_MAX];
    va_list args;

    va_start(args, fmt);
    size_t len = (size_t)vsnprintf(line, sizeof(line) - 2, fmt, args);
    va_end(args);
    memcpy(line + len, "\r\n", 2);
    text[0] = '\0';
    if (yk_hiredis_load(why) < 0)
        abort();
    redisReply *reply = exchange(server, line, len + 2);
    if (reply) {
        put(text, sizeof(text), reply);
        yk_hiredis.freeReplyObject(reply);
    }
    return text;
}

void redis_wait(struct redis_server *server, const char *command,
                const char *wanted)
{
    const char *said = "";

    for (int i = 0; i < 6000; i++) {
        said = redis_ask(server, "%s", command);
        if (strstr(said, wanted))
            return;
        usleep(10000);
    }
    fprintf(stderr, "%s: '%s' and not '%s'\n", command, said, wanted);
    abort();
}

/* ---- Clusters ---- */

static void meet(struct redis_server *servers, int count)
{
    for (int i = 0; i < count; i++)
        for (int k = 0; k < count; k++)
            if (i != k)
                redis_ask(&servers[i], "CLUSTER MEET 127.0.0.1 %d %d",
                          servers[k].port, servers[k].bus_port);
}

static void share_slots(struct redis_server *servers, int primaries)
{
    int first = 0;

    for (int i = 0; i < primaries; i++) {
        int last = 16384 * (i + 1) / primaries - 1;
        redis_ask(&servers[i], "CLUSTER SET-CONFIG-EPOCH %d", i + 1);
        redis_ask(&servers[i], "CLUSTER ADDSLOTSRANGE %d %d", first, last);
        first = last + 1;
    }
}

/* Each has a link to each, and knows who has which slots: only then a message
 * reaches all. */
static void wait_until_joined(struct redis_server *servers, int count)
{
    char known[64];

    snprintf(known, sizeof(known), "cluster_known_nodes:%d", count);
    for (int i = 0; i < count; i++) {
        redis_wait(&servers[i], "CLUSTER INFO", known);
        redis_wait(&servers[i], "CLUSTER INFO", "cluster_state:ok");
        while (strstr(redis_ask(&servers[i], "CLUSTER NODES"), "handshake") ||
               strstr(redis_ask(&servers[i], "CLUSTER NODES"), "disconnected"))
            usleep(10000);
    }
}

void redis_start_cluster(struct redis_server *servers, int primaries,
                         int replicas, int count, const char *options)
{
    char text[512];

    for (int i = 0; i < count; i++) {
        servers[i].bus_port = free_port();
        snprintf(text, sizeof(text),
                 "--cluster-enabled yes --cluster-config-file %%d.nodes "
                 "--cluster-port %d --cluster-announce-port %d %s",
                 servers[i].bus_port, servers[i].proxy_port, options);
        redis_start(&servers[i], text);
        snprintf(servers[i].id, sizeof(servers[i].id), "%s",
                 redis_ask(&servers[i], "CLUSTER MYID"));
    }
    share_slots(servers, primaries);
    meet(servers, count);
    for (int i = primaries; i < primaries + replicas; i++) {
        redis_wait(&servers[i], "CLUSTER NODES", servers[0].id);
        while (strcmp(redis_ask(&servers[i], "CLUSTER REPLICATE %s",
                                servers[0].id),
                      "OK") != 0)
            usleep(10000);
    }
    wait_until_joined(servers, count);
    for (int i = primaries; i < primaries + replicas; i++)
        redis_wait(&servers[i], "ROLE", "connected");
}

/* ---- The kind redis_cluster ---- */

static struct redis_server nodes[3];

static void start_nodes(const char *options)
{
    redis_start_cluster(nodes, 3, 0, 3, options);
}

void redis_cluster_kind_start(void)
{
    start_nodes("--cluster-node-timeout 15000");
    fixture_set_url("redis+cluster://127.0.0.1:%d,127.0.0.1:%d", nodes[0].port,
                    nodes[1].port);
}

void redis_cluster_kind_stop(void)
{
    for (size_t i = 0; i < COUNT_OF(nodes); i++)
        redis_kill(&nodes[i]);
}

/* No node is given up by the others while it is hurt. */
void redis_cluster_proxied_start(void)
{
    for (size_t i = 0; i < COUNT_OF(nodes); i++)
        nodes[i].proxy_port = free_port();
    start_nodes("--cluster-node-timeout 60000");
    for (size_t i = 0; i < COUNT_OF(nodes); i++)
        proxy_add_port(nodes[i].proxy_port, nodes[i].port);
    proxy_start();
    fixture_set_url("redis+cluster://127.0.0.1:%d,127.0.0.1:%d",
                    nodes[0].proxy_port, nodes[1].proxy_port);
}

/* Waits while the loop runs, for the other servers are still used. */
static void come_back(struct redis_server *server, const char *command,
                      const char *wanted)
{
    redis_begin(server);
    for (int i = 0; i < 6000; i++) {
        if (strstr(redis_ask(server, "%s", command), wanted))
            return;
        run_for(10);
    }
    fail_msg("%s: it does not say '%s'", command, wanted);
}

static void kill_node(void)
{
    redis_kill(&nodes[0]);
}

static void restart_node(void)
{
    come_back(&nodes[0], "CLUSTER INFO", "cluster_state:ok");
}

static void freeze_node(void)
{
    redis_freeze(&nodes[0]);
}

static void thaw_node(void)
{
    kill(nodes[0].pid, SIGCONT);
}

const struct hurt redis_cluster_hurt = {.kill = kill_node,
                                        .restart = restart_node,
                                        .freeze = freeze_node,
                                        .thaw = thaw_node};

/* ---- The kind redis_sentinel ---- */

static struct redis_server primary, sentinel;

static void start_watched(int port)
{
    char lines[200];

    snprintf(lines, sizeof(lines),
             "sentinel monitor shop 127.0.0.1 %d 1\n"
             "sentinel down-after-milliseconds shop 30000\n",
             port);
    redis_start_sentinel(&sentinel, lines);
}

void redis_sentinel_kind_start(void)
{
    redis_start(&primary, "--save ");
    start_watched(primary.port);
    fixture_set_url("redis+sentinel://127.0.0.1:%d/shop", sentinel.port);
}

void redis_sentinel_kind_stop(void)
{
    redis_kill(&sentinel);
    redis_kill(&primary);
}

/* The sentinel, too, knows the primary by the proxy. */
void redis_sentinel_proxied_start(void)
{
    primary.proxy_port = free_port();
    sentinel.proxy_port = free_port();
    redis_start(&primary, "--save ");
    start_watched(primary.proxy_port);
    proxy_add_port(primary.proxy_port, primary.port);
    proxy_add_port(sentinel.proxy_port, sentinel.port);
    proxy_start();
    fixture_set_url("redis+sentinel://127.0.0.1:%d/shop", sentinel.proxy_port);
}

static void kill_primary(void)
{
    redis_kill(&primary);
}

static void restart_primary(void)
{
    come_back(&primary, "PING", "PONG");
}

static void freeze_primary(void)
{
    redis_freeze(&primary);
}

static void thaw_primary(void)
{
    kill(primary.pid, SIGCONT);
}

const struct hurt redis_sentinel_hurt = {.kill = kill_primary,
                                         .restart = restart_primary,
                                         .freeze = freeze_primary,
                                         .thaw = thaw_primary};

/* ---- The kind rediss ---- */

static struct redis_server secured;

void rediss_kind_start(void)
{
    const char *folder = fixture_folder();
    char options[512];
    int tls_port = free_port();

    certificate_authority("ca");
    certificate_make("good", "IP:127.0.0.1", 30);
    snprintf(options, sizeof(options),
             "--save  --tls-port %d --tls-cert-file %s/good.pem --tls-key-file "
             "%s/good.key --tls-ca-cert-file %s/ca.pem --tls-auth-clients no",
             tls_port, folder, folder, folder);
    redis_start(&secured, options);
    fixture_set_url("rediss://127.0.0.1:%d?ca=%s/ca.pem", tls_port, folder);
}

void rediss_kind_stop(void)
{
    redis_kill(&secured);
}
