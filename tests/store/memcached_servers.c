#include "memcached_servers.h"

#include "fixture.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* On a port that memcached chooses, which it writes into a file. */
static void start(struct memcached_server *server, const char *item_size,
                  const char *is_limited)
{
    char path[128], variable[200], line[64];
    static int count;

    server->port = 0;
    snprintf(path, sizeof(path), "%s/port%d", fixture_folder(), count++);
    snprintf(variable, sizeof(variable), "MEMCACHED_PORT_FILENAME=%s", path);
    server->pid = fork();
    if (server->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        putenv(variable);
        execlp("memcached", "memcached", "-l", "127.0.0.1", "-p", "-1", "-U",
               "0", "-t", "1", "-I", item_size, "-u", "root", is_limited,
               (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 6000 && server->port == 0; i++) {
        usleep(10000);
        FILE *file = fopen(path, "r");
        while (file && fgets(line, sizeof(line), file))
            sscanf(line, "TCP INET: %d", &server->port);
        if (file)
            fclose(file);
    }
}

void memcached_start(struct memcached_server *server)
{
    start(server, "2m", NULL);
}

void memcached_start_small(struct memcached_server *server)
{
    start(server, "512k", "-Mm2");
}

void memcached_kill(struct memcached_server *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
}

/* ---- The kind memcached_two ---- */

static struct memcached_server two[2];

void memcached_two_start(void)
{
    memcached_start(&two[0]);
    memcached_start(&two[1]);
    fixture_set_url("memcached://127.0.0.1:%d,127.0.0.1:%d", two[0].port,
                    two[1].port);
}

void memcached_two_stop(void)
{
    memcached_kill(&two[0]);
    memcached_kill(&two[1]);
}
