/* yoke why: how workers have died. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "cli/ask.h"
#include "cli/command.h"
#include "cli/death_print.h"
#include "cli/message.h"
#include "cli/options.h"

#include "core/banned.h"

#define NUMBER_MAX 2147483647

struct why {
    int slot; /* 0: any. */
    bool is_json, wants_help;
};

static int set_slot(const char *given, const char *value, void *data)
{
    return yk_option_number(given, value, 1, NUMBER_MAX, "a slot",
                            &((struct why *)data)->slot);
}

static const struct yk_option options[] = {
    {'s', "slot", "N", "Only the deaths in that slot", .set = set_slot},
    YK_OPTION_FLAG(0, "json", "Print all there is, as JSON", struct why,
                   is_json),
    YK_OPTION_FLAG('h', "help", "Print this", struct why, wants_help),
    {0},
};

/* ---- Printing ---- */

static void print(const struct why *why, const json_t *result)
{
    const json_t *deaths = json_object_get(result, "deaths");
    const json_t *death;
    size_t i;

    if (why->is_json) {
        json_dumpf(result, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
        puts("");
        return;
    }
    if (json_array_size(deaths) == 0)
        printf("%s: no such death is remembered\n",
               yk_ask_text(result, "name"));
    json_array_foreach(deaths, i, death) yk_death_print(stdout, death);
}

/* ---- The command ---- */

static bool is_number(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

/* [NAME] [WORKER]: no cluster's name is a number. Returns 0, or -1. */
static int read_operands(int operands, char **argv, const char **ret_name,
                         int *ret_worker)
{
    int at = 1;

    if (at <= operands && !is_number(argv[at]))
        *ret_name = argv[at++];
    if (at <= operands && yk_option_number("why", argv[at++], 1, NUMBER_MAX,
                                           "a worker", ret_worker) < 0)
        return -1;
    if (at > operands)
        return 0;
    yk_say("why: '%s' is one too many", argv[at]);
    return -1;
}

static json_t *request_of(const struct why *why, int worker)
{
    json_t *request = json_pack("{s:s}", "command", "why");

    if (worker)
        json_object_set_new(request, "worker", json_integer(worker));
    if (why->slot)
        json_object_set_new(request, "slot", json_integer(why->slot));
    return request;
}

static int explain(const struct why *why, const char *name, int worker)
{
    struct yk_ask_names names;
    json_t *result = NULL;

    yk_ask_begin();
    if (yk_ask_names(&names) < 0)
        return YK_STATUS_FAILED;
    name = yk_ask_choose(&names, name);
    if (name)
        result = yk_ask(name, request_of(why, worker));
    if (result)
        print(why, result);
    json_decref(result);
    yk_ask_forget(&names);
    return result ? 0 : YK_STATUS_FAILED;
}

static int why_main(int argc, char **argv)
{
    struct why why = {.slot = 0};
    const char *name = NULL;
    int worker = 0;
    int operands = yk_options_parse(options, argc, argv, &why);

    if (operands >= 0 && why.wants_help) {
        yk_command_explain(&yk_command_why);
        return 0;
    }
    if (operands < 0 || read_operands(operands, argv, &name, &worker) < 0)
        return yk_command_misused(&yk_command_why);
    return explain(&why, name, worker);
}

const struct yk_command yk_command_why = {
    .name = "why",
    .summary = "Explain the deaths of workers",
    .synopsis = "why [OPTIONS] [NAME] [WORKER]",
    .text = "Shows how the last 64 workers of a cluster have ended, the newest "
            "last: when, after\n"
            "how long, by what, which requests they were answering, and what "
            "they wrote last\n"
            "on standard error. WORKER is the id or the process of one of "
            "them. Without a name\n"
            "there has to be one cluster only.",
    .options = options,
    .main = why_main,
};
