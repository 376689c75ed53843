/* The settings of `yoke run`: each comes from its option; without one, from the
 * environment; without that, it has a default. */
#ifndef YK_CLI_RUN_OPTIONS_H
#define YK_CLI_RUN_OPTIONS_H

#include <stdbool.h>

#include <yoke/cluster.h>

#include "cli/app_file.h"
#include "cli/options.h"

#define YK_RUN_NOT_SET (-1)

/* What the command line said. */
struct yk_run {
    struct yoke_cluster_options cluster;
    struct yk_app_file file;
    int port;        /* Or YK_RUN_NOT_SET. */
    char owner[128]; /* Of the UNIX socket: what the options point to. */
    bool wants_help;
};

/* The options, for yk_options_parse with a struct yk_run. */
extern const struct yk_option yk_run_options[];

/* Fills in what the options have left open. Returns 0, or -1 when a variable is
 * wrong, which has been said. */
int yk_run_use_environment(struct yk_run *run);

/* There is one place to listen on, and what belongs to another kind of place was
 * meant otherwise: -1 then, and that has been said. */
int yk_run_check(const struct yk_run *run);

#endif
