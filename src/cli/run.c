/* yoke run: an application on every core, supervised.
 *
 * The same command line is read in the primary and, as it starts itself again,
 * in each worker. The primary looks at the file but never loads it: a mistake
 * in application code cannot take it down.
 *
 * A setting comes from its option; without one, from the environment; without
 * that, it has a default. */
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/cluster.h>

#include "cli/app_file.h"
#include "cli/command.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/upkeep.h"
#include "cli/values.h"

#include "core/banned.h"

#define WORKERS_MAX  1024
#define PORT_MAX     65535
#define PORT_DEFAULT 1337
#define FD_MIN       3
#define MODE_MAX     0777
#define DAY_MS       (24 * 60 * 60 * 1000)
#define NOT_SET      (-1)

/* What the command line said. */
struct run {
    struct yoke_cluster_options cluster;
    struct yk_app_file file;
    int port;        /* Or NOT_SET. */
    char owner[128]; /* Of the UNIX socket: what the options point to. */
    bool wants_help;
};

/* What a worker makes its application from: a factory takes no argument.
 * Written once, before the workers' code runs. */
static struct yk_app_file app_file;

static yoke_app *make_app(void)
{
    return yk_app_file_load(&app_file);
}

/* ---- Values ---- */

static int set_workers(const char *given, const char *value, void *data)
{
    struct run *run = data;
    if (strcmp(value, "max") == 0) {
        run->cluster.workers = yoke_cpus();
        return 0;
    }
    return yk_option_number(given, value, 1, WORKERS_MAX,
                            "'max' or a count of workers",
                            &run->cluster.workers);
}

static int set_port(const char *given, const char *value, void *data)
{
    struct run *run = data;
    return yk_option_number(given, value, 0, PORT_MAX, "a port", &run->port);
}

static int set_host(const char *given, const char *value, void *data)
{
    (void)given;
    ((struct run *)data)->cluster.listen.host = value;
    return 0;
}

static int set_unix(const char *given, const char *value, void *data)
{
    if (!*value) {
        yk_say("%s: an empty path", given);
        return -1;
    }
    ((struct run *)data)->cluster.listen.path = value;
    return 0;
}

/* A number is a descriptor, anything else the name of one. */
static int set_fd(const char *given, const char *value, void *data)
{
    struct yoke_listen_options *listen = &((struct run *)data)->cluster.listen;
    if (!*value) {
        yk_say("%s: an empty name", given);
        return -1;
    }
    if (strspn(value, "0123456789") < strlen(value)) {
        listen->fd_name = value;
        return 0;
    }
    return yk_option_number(given, value, FD_MIN, INT_MAX,
                            "a descriptor behind the standard ones",
                            &listen->fd);
}

/* 0: at once, which the limits call a millisecond. */
static int set_close_spread(const char *given, const char *value, void *data)
{
    struct run *run = data;
    int ms = 0;
    if (yk_value_time(given, value, 0, DAY_MS, &ms) < 0)
        return -1;
    run->cluster.listen.limits.close_spread_ms = ms ? (uint32_t)ms : 1;
    return 0;
}

static int set_mode(const char *given, const char *value, void *data)
{
    char *end;
    long mode = strtol(value, &end, 8);
    if (*end || end == value || mode < 1 || mode > MODE_MAX) {
        yk_say("%s: '%s' is not a mode: an octal number from 001 to 777", given,
               value);
        return -1;
    }
    ((struct run *)data)->cluster.listen.mode = (int)mode;
    return 0;
}

/* USER, USER:GROUP or :GROUP, as for chown(1). */
static int set_owner(const char *given, const char *value, void *data)
{
    struct run *run = data;
    struct yoke_listen_options *listen = &run->cluster.listen;
    size_t len = strlen(value);

    if (len == 0 || len >= sizeof(run->owner)) {
        yk_say("%s: '%s' is not an owner: USER[:GROUP]", given, value);
        return -1;
    }
    memcpy(run->owner, value, len + 1);
    char *colon = strchr(run->owner, ':');
    if (colon)
        *colon = '\0';
    listen->owner = run->owner[0] ? run->owner : NULL;
    listen->group = colon && colon[1] ? colon + 1 : NULL;
    return 0;
}

static int set_sched(const char *given, const char *value, void *data)
{
    struct run *run = data;
    int found = yoke_sched_find(value);
    if (found < 0) {
        yk_say("%s: '%s' is not a way to schedule: %s", given, value,
               yoke_sched_names());
        return -1;
    }
    run->cluster.sched = (enum yoke_sched)found;
    return 0;
}

static int set_preload(const char *given, const char *value, void *data)
{
    (void)value;
    ((struct run *)data)->cluster.preload =
        strcmp(given, "--preload") == 0 ? YOKE_PRELOAD_ON : YOKE_PRELOAD_STRICT;
    return 0;
}

static int set_factory(const char *given, const char *value, void *data)
{
    (void)given;
    ((struct run *)data)->file.factory = value;
    return 0;
}

static int set_upkeep(const char *given, const char *value, void *data)
{
    return yk_upkeep_set(given, value, &((struct run *)data)->cluster);
}

static int set_name(const char *given, const char *value, void *data)
{
    (void)given;
    ((struct run *)data)->cluster.name = value;
    return 0;
}

static const struct yk_option options[] = {
    {'n', "workers", "N|max",
     "Workers; max: one for each CPU.\n"
     "Default: $YOKE_WORKERS, else max",
     .set = set_workers},
    {'p', "port", "PORT",
     "TCP port; 0: any that is free.\n"
     "Default: $PORT, else 1337",
     .set = set_port},
    {'H', "host", "HOST",
     "Address or name to listen on.\n"
     "Default: every address, IPv6 and IPv4",
     .set = set_host},
    {0, "unix", "PATH",
     "Listen on a UNIX socket instead;\n"
     "'@NAME': an abstract one",
     .set = set_unix},
    {0, "mode", "MODE",
     "Permissions of the UNIX socket, such as 660.\n"
     "Default: as the umask has it",
     .set = set_mode},
    {0, "owner", "USER[:GROUP]", "Whom the UNIX socket is to belong to",
     .set = set_owner},
    {0, "fd", "N|NAME",
     "Listen on a socket that was passed on instead:\n"
     "its descriptor, or the name that the service\n"
     "manager gave it (systemd: LISTEN_FDS)",
     .set = set_fd},
    {0, "sched", "POLICY",
     "How connections find a worker: auto, balanced\n"
     "(an idle one, and evenly), rr (dealt in turn),\n"
     "none (as the kernel has it), ...\n"
     "Default: $YOKE_SCHED_POLICY, else auto",
     .set = set_sched},
    {0, "factory", "NAME",
     "Function that makes the application.\n"
     "Default: " YK_FACTORY_NAME,
     .set = set_factory},
    {0, "preload", NULL,
     "Load the application once, in a template, and\n"
     "fork the workers from it: they share its memory.\n"
     "Default: as $YOKE_PRELOAD, '1' or 'strict', says",
     .set = set_preload},
    {0, "preload-strict", NULL,
     "The same, and refuse an application that has\n"
     "opened what workers cannot share",
     .set = set_preload},
    {0, "stop-timeout", "TIME",
     "How long requests may take to finish at a stop:\n"
     "seconds, or 500ms, 5m, 1h. Default: 30",
     .set = set_upkeep},
    {0, "close-spread", "TIME",
     "Over how long idle connections are closed then,\n"
     "one after the other. Default: 1ms for each, 5s\n"
     "at most; 0: all at once",
     .set = set_close_spread},
    {0, "boot-timeout", "TIME",
     "How long a worker may take to start; then it\n"
     "is aborted. Default: 60",
     .set = set_upkeep},
    {0, "survive", "TIME",
     "How long workers go on serving when the\n"
     "primary has died; one of the same --name that\n"
     "starts meanwhile goes on with them. Default: 0",
     .set = set_upkeep},
    {0, "hang-timeout", "TIME",
     "How long a worker's loop may stand still; then\n"
     "it is aborted. Default: 30; 0: for ever",
     .set = set_upkeep},
    {0, "request-timeout", "TIME",
     "How long a request may be in progress; then\n"
     "its worker is aborted. Default: for ever",
     .set = set_upkeep},
    YK_OPTION_FLAG(0, "wait-ready",
                   "A worker is ready when it calls yoke_ready(),\n"
                   "not already when it listens",
                   struct run, cluster.wait_ready),
    {0, "check", "PATH",
     "What the first worker of a reload is asked\n"
     "before it serves. Default: /; empty: nothing",
     .set = set_upkeep},
    {0, "probation", "TIME",
     "How long it has to live before others follow.\n"
     "Default: 1",
     .set = set_upkeep},
    {0, "max-surge", "N",
     "Extra workers while some are replaced.\n"
     "Default: 1; 0: an old one goes first",
     .set = set_upkeep},
    {0, "max-unavailable", "N",
     "Workers that may be missing meanwhile.\n"
     "Default: 0",
     .set = set_upkeep},
    {0, "max-requests", "N", "Replace a worker after so many requests",
     .set = set_upkeep},
    {0, "max-lifetime", "TIME", "Replace a worker after that time",
     .set = set_upkeep},
    {0, "max-memory", "SIZE",
     "Replace a worker whose memory (PSS) is over\n"
     "this: 512M, 2G",
     .set = set_upkeep},
    {0, "user", "NAME", "Workers run as that user, with its groups",
     .set = set_upkeep},
    {0, "group", "NAME", "And as that group; default: the user's",
     .set = set_upkeep},
    {0, "nice", "N", "Lower the workers' priority by so much",
     .set = set_upkeep},
    {0, "umask", "MODE", "The workers' file mode mask, octal: 027",
     .set = set_upkeep},
    YK_OPTION_FLAG(0, "pin-cpus", "Each worker on a CPU of its own", struct run,
                   cluster.pin_cpus),
    YK_OPTION_FLAG(0, "own-stderr",
                   "Workers write to standard error themselves:\n"
                   "it is not kept to explain their deaths",
                   struct run, cluster.own_stderr),
    {0, "name", "NAME",
     "What 'yoke ps' and its like call this cluster.\n"
     "Default: $YOKE_NAME, else the file's, with the\n"
     "process's number if that is taken",
     .set = set_name},
    YK_OPTION_FLAG('q', "quiet", "Without the start-up lines", struct run,
                   cluster.quiet),
    YK_OPTION_FLAG('h', "help", "Print this", struct run, wants_help),
    {0},
};

/* ---- The environment ---- */

/* The variable's value, or NULL when it is unset or empty. */
static const char *env(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static bool has_other_place(const struct yoke_listen_options *listen)
{
    return listen->path || listen->fd || listen->fd_name;
}

/* Fills in what the options have left open. */
static int use_environment(struct run *run)
{
    const char *workers = env("YOKE_WORKERS");
    const char *port = env("PORT");
    const char *sched = env("YOKE_SCHED_POLICY");

    if (run->cluster.workers == 0 && workers &&
        set_workers("YOKE_WORKERS", workers, run) < 0)
        return -1;
    if (run->port == NOT_SET && !has_other_place(&run->cluster.listen) &&
        port && set_port("PORT", port, run) < 0)
        return -1;
    if (run->cluster.sched == YOKE_SCHED_DEFAULT && sched &&
        set_sched("YOKE_SCHED_POLICY", sched, run) < 0)
        return -1;
    run->cluster.listen.port = run->port == NOT_SET ? PORT_DEFAULT : run->port;
    return 0;
}

/* ---- What is said ---- */

/* Says where it listens, once: all workers listen on the same. */
static void on_listening(yoke_worker *worker, const struct yoke_address *addr,
                         void *data)
{
    (void)worker;
    (void)data;
    yoke_cluster_on_listening(NULL, NULL);
    if (addr->family < 0)
        printf("Listening on %s\n", addr->host);
    else
        printf(strchr(addr->host, ':') ? "Listening on [%s]:%d\n"
                                       : "Listening on %s:%d\n",
               addr->host, addr->port);
}

/* ---- The command ---- */

/* There is one place to listen on, and what belongs to another kind of place
 * was meant otherwise. */
static int check_place(const struct run *run)
{
    const struct yoke_listen_options *listen = &run->cluster.listen;
    bool has_fd = listen->fd || listen->fd_name;
    bool has_port = run->port != NOT_SET || listen->host;

    if (has_fd && (listen->path || has_port)) {
        yk_say("run: --fd stands instead of --port, --host and --unix, not "
               "beside them");
        return -1;
    }
    if (listen->path && has_port) {
        yk_say("run: --unix stands instead of --port and --host, not beside "
               "them");
        return -1;
    }
    if (!listen->path && (listen->mode || listen->owner || listen->group)) {
        yk_say("run: --mode and --owner are for --unix");
        return -1;
    }
    return 0;
}

static int check_usage(const struct run *run, int operands, char **argv)
{
    if (operands == 0) {
        yk_say("run: no application was named");
        return -1;
    }
    if (operands > 1) {
        yk_say("run: one application at a time; '%s' is one too many", argv[2]);
        return -1;
    }
    return check_place(run);
}

/* "shop" of "lib/shop.so". Lives as long as the process. */
static const char *name_of(const char *path)
{
    static char name[64];
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    size_t len = strcspn(base, ".");

    snprintf(name, sizeof(name), "%.*s", (int)len, base);
    return name;
}

static int run_main(int argc, char **argv)
{
    struct run run = {.file.factory = YK_FACTORY_NAME, .port = NOT_SET};
    int operands = yk_options_parse(options, argc, argv, &run);

    if (operands >= 0 && run.wants_help) {
        yk_command_explain(&yk_command_run);
        return 0;
    }
    if (operands < 0 || check_usage(&run, operands, argv) < 0 ||
        use_environment(&run) < 0)
        return yk_command_misused(&yk_command_run);

    run.file.path = argv[1];
    if (yoke_cluster_is_primary() && yk_app_file_check(&run.file) < 0)
        return YK_STATUS_FAILED;
    app_file = run.file;
    run.cluster.file = run.file.path;
    run.cluster.name_hint = name_of(run.file.path);
    if (!run.cluster.quiet)
        yoke_cluster_on_listening(on_listening, NULL);
    int status = yoke_cluster_run(make_app, &run.cluster);

    /* How it has gone does not depend on who reads that it began. */
    clearerr(stdout);
    return status;
}

const struct yk_command yk_command_run = {
    .name = "run",
    .summary = "Run an application on every core",
    .synopsis = "run [OPTIONS] APP.so",
    .text = "Loads the application from a shared object in one worker for each "
            "CPU, all of\n"
            "them behind one port, and replaces each worker that dies. SIGTERM "
            "and SIGINT\n"
            "stop it when what has begun is answered.\n"
            "\n"
            "The shared object has a function 'yoke_app *make_app(void)'.",
    .options = options,
    .main = run_main,
};
