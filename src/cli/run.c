/* yoke run: an application on every core, supervised.
 *
 * The same command line is read in the primary and, as it starts itself again,
 * in each worker. The primary looks at the file but never loads it: a mistake
 * in application code cannot take it down. */
#include <stdio.h>
#include <string.h>

#include <yoke/cluster.h>

#include "cli/app_file.h"
#include "cli/command.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/run_options.h"

#include "core/banned.h"

/* What a worker makes its application from: a factory takes no argument.
 * Written once, before the workers' code runs. */
static struct yk_app_file app_file;

static yoke_app *make_app(void)
{
    return yk_app_file_load(&app_file);
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

static int check_usage(const struct yk_run *run, int operands, char **argv)
{
    if (operands == 0) {
        yk_say("run: no application was named");
        return -1;
    }
    if (operands > 1) {
        yk_say("run: one application at a time; '%s' is one too many", argv[2]);
        return -1;
    }
    return yk_run_check(run);
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
    struct yk_run run = {.file.factory = YK_FACTORY_NAME,
                         .port = YK_RUN_NOT_SET};
    int operands = yk_options_parse(yk_run_options, argc, argv, &run);

    if (operands >= 0 && run.wants_help) {
        yk_command_explain(&yk_command_run);
        return 0;
    }
    if (operands < 0 || check_usage(&run, operands, argv) < 0 ||
        yk_run_use_environment(&run) < 0)
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
    .options = yk_run_options,
    .main = run_main,
};
