/* yoke upgrade: the primary itself from the program as it is by now, and then
 * every worker. */
#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "cli/ask.h"
#include "cli/command.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/order.h"

static int upgrade_main(int argc, char **argv)
{
    bool wants_help = false;
    int operands = yk_options_parse(yk_options_help, argc, argv, &wants_help);

    if (operands >= 0 && wants_help) {
        yk_command_explain(&yk_command_upgrade);
        return 0;
    }
    if (operands > 1)
        yk_say("upgrade: one cluster at a time; '%s' is one too many", argv[2]);
    if (operands < 0 || operands > 1)
        return yk_command_misused(&yk_command_upgrade);
    json_t *result = yk_order(operands ? argv[1] : NULL,
                              json_pack("{s:s}", "command", "upgrade"));
    if (!result)
        return YK_STATUS_FAILED;
    printf("Upgraded: %s\n", yk_ask_text(result, "text"));
    json_decref(result);
    return 0;
}

const struct yk_command yk_command_upgrade = {
    .name = "upgrade",
    .summary = "Replace a cluster's primary and its workers",
    .synopsis = "upgrade [NAME]",
    .text =
        "Another version of the program takes the primary's place, in the "
        "same process:\n"
        "the one that is installed under its name by now. It goes on with "
        "the workers and\n"
        "the ports, and then replaces the workers as a reload does. No "
        "connection is\n"
        "refused or cut. A version that does not start, or cannot take over, "
        "changes\n"
        "nothing: then the reason is printed, and the status is 1.",
    .options = yk_options_help,
    .main = upgrade_main,
};
