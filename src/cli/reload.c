/* yoke reload: every worker anew, from the files as they are by now. */
#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "cli/ask.h"
#include "cli/command.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/order.h"

static int reload_main(int argc, char **argv)
{
    bool wants_help = false;
    int operands = yk_options_parse(yk_options_help, argc, argv, &wants_help);

    if (operands >= 0 && wants_help) {
        yk_command_explain(&yk_command_reload);
        return 0;
    }
    if (operands > 1)
        yk_say("reload: one cluster at a time; '%s' is one too many", argv[2]);
    if (operands < 0 || operands > 1)
        return yk_command_misused(&yk_command_reload);
    json_t *result = yk_order(operands ? argv[1] : NULL,
                              json_pack("{s:s}", "command", "reload"));
    if (!result)
        return YK_STATUS_FAILED;
    printf("Reloaded: %s\n", yk_ask_text(result, "text"));
    json_decref(result);
    return 0;
}

const struct yk_command yk_command_reload = {
    .name = "reload",
    .summary = "Replace every worker of a running cluster",
    .synopsis = "reload [NAME]",
    .text =
        "Puts the whole cluster on a new generation of workers, made from "
        "the files as\n"
        "they are by now, and waits until that is done. No connection is "
        "refused or cut.\n"
        "If the new generation does not start, dies early or cannot answer, "
        "the old one\n"
        "goes on: then the reason is printed, and the status is 1.",
    .options = yk_options_help,
    .main = reload_main,
};
