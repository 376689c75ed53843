/* yoke: the command. `yoke COMMAND ARGUMENTS`, one command in each file. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <yoke/cluster.h>
#include <yoke/version.h>

#include "cli/command.h"
#include "cli/message.h"
#include "cli/options.h"

#include "core/banned.h"

const struct yk_command *const yk_commands[] = {
    &yk_command_run,
    &yk_command_ps,
    &yk_command_top,
    &yk_command_why,
    &yk_command_reload,
    &yk_command_upgrade,
    &yk_command_scale,
    &yk_command_stop,
    &yk_command_routes,
    &yk_command_help,
    NULL,
};

/* What stands before the command. */
struct globals {
    bool wants_help, wants_version;
};

static const struct yk_option options[] = {
    YK_OPTION_FLAG('h', "help", "Print this", struct globals, wants_help),
    YK_OPTION_FLAG('V', "version", "Print the version", struct globals,
                   wants_version),
    {0},
};

/* Called without a command. */
static int global_main(int argc, char **argv)
{
    struct globals globals = {0};

    if (yk_options_parse(options, argc, argv, &globals) < 0)
        return yk_command_misused(NULL);
    if (globals.wants_version)
        printf("yoke %s\n", yoke_version());
    else if (globals.wants_help)
        yk_command_explain(NULL);
    else
        return yk_command_misused(NULL);
    return 0;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2 || argv[1][0] == '-')
        return global_main(argc, argv);
    const struct yk_command *command = yk_command_find(argv[1]);
    if (!command)
        return yk_command_misused(NULL);
    return command->main(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    /* Before anything else: in a worker it takes up the channel, and hides it
     * from the environment. */
    yoke_cluster_init(argc, argv);
    int status = dispatch(argc, argv);

    if (fflush(stdout) != 0 || ferror(stdout)) {
        yk_say("cannot write to standard output: %m");
        return status ? status : YK_STATUS_FAILED;
    }
    return status;
}
