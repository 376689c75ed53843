#include "cli/run_options.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/control.h>

#include "cli/message.h"
#include "cli/upkeep.h"
#include "cli/values.h"

#include "core/banned.h"

#define WORKERS_MAX  1024
#define PORT_MAX     65535
#define PORT_DEFAULT 1337
#define FD_MIN       3
#define MODE_MAX     0777
#define DAY_MS       (24 * 60 * 60 * 1000)

/* ---- Values ---- */

static int set_workers(const char *given, const char *value, void *data)
{
    struct yk_run *run = data;
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
    struct yk_run *run = data;
    return yk_option_number(given, value, 0, PORT_MAX, "a port", &run->port);
}

static int set_host(const char *given, const char *value, void *data)
{
    (void)given;
    ((struct yk_run *)data)->cluster.listen.host = value;
    return 0;
}

static int set_unix(const char *given, const char *value, void *data)
{
    if (!*value) {
        yk_say("%s: an empty path", given);
        return -1;
    }
    ((struct yk_run *)data)->cluster.listen.path = value;
    return 0;
}

/* A number is a descriptor, anything else the name of one. */
static int set_fd(const char *given, const char *value, void *data)
{
    struct yoke_listen_options *listen =
        &((struct yk_run *)data)->cluster.listen;
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
    struct yk_run *run = data;
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
    ((struct yk_run *)data)->cluster.listen.mode = (int)mode;
    return 0;
}

/* USER, USER:GROUP or :GROUP, as for chown(1). */
static int set_owner(const char *given, const char *value, void *data)
{
    struct yk_run *run = data;
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
    struct yk_run *run = data;
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
    ((struct yk_run *)data)->cluster.preload =
        strcmp(given, "--preload") == 0 ? YOKE_PRELOAD_ON : YOKE_PRELOAD_STRICT;
    return 0;
}

/* The cluster reads it again, and knows what it means. */
static int check_preload(const char *value)
{
    if (!value || strcmp(value, "0") == 0 || strcmp(value, "1") == 0 ||
        strcmp(value, "strict") == 0)
        return 0;
    yk_say("YOKE_PRELOAD: '%s' is not '0', '1' or 'strict'", value);
    return -1;
}

static int set_factory(const char *given, const char *value, void *data)
{
    (void)given;
    ((struct yk_run *)data)->file.factory = value;
    return 0;
}

static int set_upkeep(const char *given, const char *value, void *data)
{
    return yk_upkeep_set(given, value, &((struct yk_run *)data)->cluster);
}

static int set_name(const char *given, const char *value, void *data)
{
    if (!yoke_control_is_name(value)) {
        yk_say("%s: '%s' is not a name: letters, digits, '.', '_' and '-', at "
               "most 64, and not a number",
               given, value);
        return -1;
    }
    ((struct yk_run *)data)->cluster.name = value;
    return 0;
}

const struct yk_option yk_run_options[] = {
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
                   struct yk_run, cluster.wait_ready),
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
    YK_OPTION_FLAG(0, "pin-cpus", "Each worker on a CPU of its own",
                   struct yk_run, cluster.pin_cpus),
    YK_OPTION_FLAG(0, "own-stderr",
                   "Workers write to standard error themselves:\n"
                   "it is not kept to explain their deaths",
                   struct yk_run, cluster.own_stderr),
    {0, "name", "NAME",
     "What 'yoke ps' and its like call this cluster.\n"
     "Default: $YOKE_NAME, else the file's, with the\n"
     "process's number if that is taken",
     .set = set_name},
    YK_OPTION_FLAG('q', "quiet", "Without the start-up lines", struct yk_run,
                   cluster.quiet),
    YK_OPTION_FLAG('h', "help", "Print this", struct yk_run, wants_help),
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

int yk_run_use_environment(struct yk_run *run)
{
    const char *workers = env("YOKE_WORKERS");
    const char *port = env("PORT");
    const char *sched = env("YOKE_SCHED_POLICY");
    const char *name = env("YOKE_NAME");

    if (run->cluster.workers == 0 && workers &&
        set_workers("YOKE_WORKERS", workers, run) < 0)
        return -1;
    if (run->port == YK_RUN_NOT_SET && !has_other_place(&run->cluster.listen) &&
        port && set_port("PORT", port, run) < 0)
        return -1;
    if (run->cluster.sched == YOKE_SCHED_DEFAULT && sched &&
        set_sched("YOKE_SCHED_POLICY", sched, run) < 0)
        return -1;
    if (!run->cluster.name && name && set_name("YOKE_NAME", name, run) < 0)
        return -1;
    if (check_preload(env("YOKE_PRELOAD")) < 0)
        return -1;
    run->cluster.listen.port =
        run->port == YK_RUN_NOT_SET ? PORT_DEFAULT : run->port;
    return 0;
}

/* ---- Together ---- */

int yk_run_check(const struct yk_run *run)
{
    const struct yoke_listen_options *listen = &run->cluster.listen;
    bool has_fd = listen->fd || listen->fd_name;
    bool has_port = run->port != YK_RUN_NOT_SET || listen->host;

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
    if (run->cluster.max_surge < 0 && run->cluster.max_unavailable < 0) {
        yk_say(
            "run: with --max-surge 0 and --max-unavailable 0 no worker could "
            "ever be replaced: one of them has to be 1 at least");
        return -1;
    }
    if (!listen->path && (listen->mode || listen->owner || listen->group)) {
        yk_say("run: --mode and --owner are for --unix");
        return -1;
    }
    return 0;
}
