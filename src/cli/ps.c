/* yoke ps: the workers of a cluster, or of all that are running. */
#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "cli/ask.h"
#include "cli/command.h"
#include "cli/fleet_table.h"
#include "cli/interval.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/prometheus.h"

#include "core/banned.h"

struct ps {
    bool is_json, is_prometheus, wants_help;
    int interval_ms; /* 0: since the start. */
};

static int set_interval(const char *given, const char *value, void *data)
{
    return yk_option_interval(given, value, &((struct ps *)data)->interval_ms);
}

static const struct yk_option options[] = {
    {'i', "interval", "SECONDS",
     "Rates and percentiles of so much time, not of\n"
     "each worker's whole life",
     .set = set_interval},
    YK_OPTION_FLAG(0, "json", "Print all there is, as JSON", struct ps,
                   is_json),
    YK_OPTION_FLAG(0, "prometheus", "Print metrics as Prometheus reads them",
                   struct ps, is_prometheus),
    YK_OPTION_FLAG('h', "help", "Print this", struct ps, wants_help),
    {0},
};

/* The answers of all; NULL after having said what is wrong with one. */
static json_t *ask_all(const struct yk_ask_names *names, const char *only)
{
    json_t *answers = json_array();

    for (size_t i = 0; i < names->count; i++) {
        if (only && only != names->items[i])
            continue;
        json_t *answer =
            yk_ask(names->items[i],
                   json_pack("{s:s, s:b}", "command", "ps", "histogram", true));
        if (!answer) {
            json_decref(answers);
            return NULL;
        }
        json_array_append_new(answers, answer);
    }
    return answers;
}

static void print_tables(const json_t *now, const json_t *before)
{
    const struct yk_fleet_room all = {0};
    const json_t *cluster;
    size_t i;

    json_array_foreach(now, i, cluster)
    {
        if (i > 0)
            puts("");
        yk_fleet_table_print(stdout, cluster, json_array_get(before, i), &all);
    }
}

static void print(const struct ps *ps, const json_t *now, const json_t *before)
{
    if (ps->is_prometheus) {
        yk_prometheus_print(now);
    } else if (ps->is_json) {
        json_dumpf(now, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
        puts("");
    } else {
        print_tables(now, before);
    }
}

static int show(const struct ps *ps, const struct yk_ask_names *names,
                const char *only)
{
    json_t *before = NULL;
    bool is_table = !ps->is_json && !ps->is_prometheus;

    if (names->count == 0 && is_table)
        yk_say("no cluster is running");
    if (ps->interval_ms && is_table) {
        before = ask_all(names, only);
        if (!before)
            return YK_STATUS_FAILED;
        yk_interval_wait(ps->interval_ms);
    }
    json_t *now = ask_all(names, only);
    if (now)
        print(ps, now, before);
    json_decref(before);
    json_decref(now);
    return now ? 0 : YK_STATUS_FAILED;
}

static int check_usage(const struct ps *ps, int operands)
{
    if (operands > 1) {
        yk_say("ps: one cluster, or none for all");
        return -1;
    }
    if (ps->is_json && ps->is_prometheus) {
        yk_say("ps: --json and --prometheus are two forms; name one");
        return -1;
    }
    return 0;
}

static int ps_main(int argc, char **argv)
{
    struct ps ps = {.interval_ms = 0};
    struct yk_ask_names names;
    const char *only = NULL;
    int operands = yk_options_parse(options, argc, argv, &ps);
    int status = YK_STATUS_FAILED;

    if (operands >= 0 && ps.wants_help) {
        yk_command_explain(&yk_command_ps);
        return 0;
    }
    if (operands < 0 || check_usage(&ps, operands) < 0)
        return yk_command_misused(&yk_command_ps);
    yk_ask_begin();
    if (yk_ask_names(&names) < 0)
        return YK_STATUS_FAILED;
    if (operands == 0 || (only = yk_ask_choose(&names, argv[1])))
        status = show(&ps, &names, only);
    yk_ask_forget(&names);
    return status;
}

const struct yk_command yk_command_ps = {
    .name = "ps",
    .summary = "Show the workers of running clusters",
    .synopsis = "ps [OPTIONS] [NAME]",
    .text = "Shows the workers of the cluster of that name, or of all clusters "
            "of this user that\n"
            "are running, slot by slot: process, generation, state, age, open "
            "connections and\n"
            "requests, requests done and their rate, latency, lag of the loop, "
            "memory, restarts\n"
            "and the last death in the slot. Workers are not asked: one that "
            "hangs is shown\n"
            "like any other.",
    .options = options,
    .main = ps_main,
};
