/* yoke stop: ends a running cluster, when what has begun is answered. */
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include <jansson.h>
#include <yoke/control.h>

#include "cli/ask.h"
#include "cli/command.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/order.h"

#define LOOK_MS 20

static bool is_running(const char *name)
{
    yoke_control *control;
    char text[YOKE_CONTROL_TEXT_MAX];

    if (yoke_control_open(name, &control, text) < 0)
        return false;
    yoke_control_close(control);
    return true;
}

/* The primary ends by itself, at its own deadline at the latest. */
static int stop(const char *name)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
    json_t *result = yk_order(name, json_pack("{s:s}", "command", "stop"));

    if (!result)
        return YK_STATUS_FAILED;
    json_decref(result);
    while (is_running(name))
        nanosleep(&pause, NULL);
    printf("Stopped: %s\n", name);
    return 0;
}

static int stop_main(int argc, char **argv)
{
    bool wants_help = false;
    int operands = yk_options_parse(yk_options_help, argc, argv, &wants_help);

    if (operands >= 0 && wants_help) {
        yk_command_explain(&yk_command_stop);
        return 0;
    }
    if (operands == 0)
        yk_say("stop: which cluster? 'yoke ps' lists them");
    if (operands > 1)
        yk_say("stop: one cluster at a time; '%s' is one too many", argv[2]);
    if (operands != 1)
        return yk_command_misused(&yk_command_stop);
    return stop(argv[1]);
}

const struct yk_command yk_command_stop = {
    .name = "stop",
    .summary = "Stop a running cluster",
    .synopsis = "stop NAME",
    .text = "Stops it as SIGTERM does, and waits until it has ended. The name "
            "has to be given,\n"
            "so that nothing is stopped by mistake.",
    .options = yk_options_help,
    .main = stop_main,
};
