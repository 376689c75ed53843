/* yoke scale: more workers, or fewer. */
#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "cli/ask.h"
#include "cli/command.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/order.h"

#define WORKERS_MAX 1024

/* "4", "+1" or "-1"; NULL after having said what is wrong. */
static json_t *request_of(const char *count)
{
    bool is_less = count[0] == '-', is_more = count[0] == '+';
    int number;

    if (yk_option_number("scale", count + (is_less || is_more), 1, WORKERS_MAX,
                         "a count of workers", &number) < 0)
        return NULL;
    if (is_less)
        number = -number;
    return json_pack("{s:s,s:i}", "command", "scale",
                     is_less || is_more ? "by" : "workers", number);
}

/* A count that is less begins with a dash, as options do. */
static bool is_count(const char *text)
{
    return text[0] == '-' && text[1] >= '0' && text[1] <= '9';
}

static int scale(const char *name, const char *count)
{
    json_t *request = request_of(count);

    if (!request)
        return yk_command_misused(&yk_command_scale);
    json_t *result = yk_order(name, request);
    if (!result)
        return YK_STATUS_FAILED;
    unsigned workers = (unsigned)yk_ask_number(result, "workers", NULL);
    printf("%u worker%s\n", workers, workers == 1 ? "" : "s");
    json_decref(result);
    return 0;
}

static int scale_main(int argc, char **argv)
{
    bool wants_help = false;
    const char *count = NULL;

    if (argc > 1 && is_count(argv[argc - 1]))
        count = argv[--argc];
    int operands = yk_options_parse(yk_options_help, argc, argv, &wants_help);
    if (operands >= 0 && wants_help) {
        yk_command_explain(&yk_command_scale);
        return 0;
    }
    if (operands > 0 && !count)
        count = argv[operands--];
    if (operands >= 0 && !count)
        yk_say("scale: to how many workers?");
    if (operands > 1)
        yk_say("scale: one cluster at a time; '%s' is one too many", argv[2]);
    if (operands < 0 || operands > 1 || !count)
        return yk_command_misused(&yk_command_scale);
    return scale(operands ? argv[1] : NULL, count);
}

const struct yk_command yk_command_scale = {
    .name = "scale",
    .summary = "Change how many workers a cluster has",
    .synopsis = "scale [NAME] N|+N|-N",
    .text = "So many workers, or so many more or fewer, from now on. Workers "
            "that go finish\n"
            "what they have begun; their idle connections move to others.",
    .options = yk_options_help,
    .main = scale_main,
};
