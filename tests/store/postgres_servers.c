#include "postgres_servers.h"

#include "fixture.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* ---- As whom ---- */

/* Where its programs are: not on the PATH in Debian. */
static const char *program_of(const char *name)
{
    static char path[300];
    char folder_of_all[200] = "";
    FILE *from = popen("pg_config --bindir", "re");

    if (from && !fgets(folder_of_all, sizeof(folder_of_all), from))
        folder_of_all[0] = '\0';
    if (from)
        pclose(from);
    folder_of_all[strcspn(folder_of_all, "\n")] = '\0';
    snprintf(path, sizeof(path), "%s/%s", folder_of_all, name);
    return path;
}

/* It refuses to run as root. */
static void become_ordinary(void)
{
    const struct passwd *user = getpwnam("nobody");

    if (geteuid() != 0)
        return;
    if (!user || setgroups(0, NULL) < 0 || setgid(user->pw_gid) < 0 ||
        setuid(user->pw_uid) < 0)
        _exit(126);
}

/* ---- Files ---- */

void postgres_give(const char *path)
{
    const struct passwd *user = getpwnam("nobody");

    if (geteuid() == 0 &&
        (!user || chown(path, user->pw_uid, user->pw_gid) < 0))
        perror(path);
}

/* To who runs the server, who must be able to get there, too: what tests have
 * for their files may be root's alone. */
static void give_folder_away(void)
{
    char above[64];
    struct stat found;

    if (geteuid() != 0)
        return;
    postgres_give(fixture_folder());
    snprintf(above, sizeof(above), "%s", fixture_folder());
    *strrchr(above, '/') = '\0';
    if (stat(above, &found) < 0 ||
        (!(found.st_mode & S_IXOTH) &&
         chmod(above, (found.st_mode & 07777) | S_IXOTH) < 0))
        perror(above);
}

static void run_initdb(const char *data)
{
    const char *program = program_of("initdb");
    pid_t pid = fork();

    if (pid == 0) {
        become_ordinary();
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(null, STDOUT_FILENO);
        execl(program, "initdb", "-D", data, "-N", "-A", "trust", "-U", "yoke",
              "--wal-segsize=1", "--locale=C", "-E", "UTF8", (char *)NULL);
        perror(program);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

/* Its file has a line about that. */
static bool is_postgres_ready(const char *data)
{
    char path[200], text[512];

    snprintf(path, sizeof(path), "%s/postmaster.pid", data);
    return read_text(path, text, sizeof(text)) &&
           (strstr(text, "\nready") || strstr(text, "\nstandby"));
}

/* ---- A server ---- */

static void init(struct postgres_server *server, const char *name)
{
    *server = (struct postgres_server){.port = free_port()};
    snprintf(server->data, sizeof(server->data), "%s/%s", fixture_folder(),
             name);
}

void postgres_make(struct postgres_server *server, const char *name)
{
    init(server, name);
    give_folder_away();
    run_initdb(server->data);
}

/* Splits at blanks; `settings` is changed. */
static void run_postgres(const struct postgres_server *server,
                         const char *program, char *settings)
{
    char port[16];
    char *argv[64] = {(char *)(uintptr_t) "postgres"};
    const char *const fixed[] = {"-D", server->data,
                                 "-k", fixture_folder(),
                                 "-p", port,
                                 "-c", "fsync=off",
                                 "-c", "full_page_writes=off",
                                 "-c", "shared_buffers=16MB",
                                 "-c", "max_connections=40"};
    size_t count = 1;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    snprintf(port, sizeof(port), "%d", server->port);
    for (size_t i = 0; i < COUNT_OF(fixed); i++)
        argv[count++] = (char *)(uintptr_t)fixed[i];
    for (char *rest = settings, *one;
         (one = strsep(&rest, " ")) && count < COUNT_OF(argv) - 2;) {
        argv[count++] = (char *)(uintptr_t) "-c";
        argv[count++] = one;
    }
    become_ordinary();
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    dup2(null, STDERR_FILENO);
    execv(program, argv);
    _exit(127);
}

void postgres_start(struct postgres_server *server, const char *settings)
{
    const char *program = program_of("postgres");
    char text[500];

    snprintf(text, sizeof(text), "%s", settings);
    server->pid = fork();
    if (server->pid == 0)
        run_postgres(server, program, text);
    for (int i = 0; i < 6000 && !is_postgres_ready(server->data); i++)
        usleep(10000);
}

void postgres_end(struct postgres_server *server, int signal_number)
{
    if (server->pid <= 0)
        return;
    kill(server->pid, signal_number);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

const char *postgres_ask(const struct postgres_server *server, const char *sql)
{
    static char found[400];
    char command[1000];

    snprintf(command, sizeof(command),
             "%s -h %s -p %d -U yoke -d postgres -XAtqc \"%s\"",
             program_of("psql"), fixture_folder(), server->port, sql);
    FILE *from = popen(command, "re");
    found[0] = '\0';
    if (from && !fgets(found, sizeof(found), from))
        found[0] = '\0';
    if (from)
        pclose(from);
    found[strcspn(found, "\n")] = '\0';
    return found;
}

/* ---- Stand-bys ---- */

void postgres_copy(struct postgres_server *server, const char *name,
                   const struct postgres_server *of)
{
    const char *program = program_of("pg_basebackup");
    char port[16];

    init(server, name);
    snprintf(port, sizeof(port), "%d", of->port);
    pid_t pid = fork();
    if (pid == 0) {
        become_ordinary();
        execl(program, "pg_basebackup", "-h", "127.0.0.1", "-p", port, "-U",
              "yoke", "-D", server->data, "-R", "-X", "stream", "-c", "fast",
              "-N", (char *)NULL);
        perror(program);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

/* As pg_ctl does. */
void postgres_promote(const struct postgres_server *server)
{
    char path[160];

    snprintf(path, sizeof(path), "%s/promote", server->data);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    postgres_give(path);
    close(fd);
    kill(server->pid, SIGUSR1);
}
