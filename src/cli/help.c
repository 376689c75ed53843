/* yoke help: explains the program, or one of its commands. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/suggest.h"

#include "core/banned.h"

#define COMMANDS_MAX 32

const struct yk_command *yk_command_find(const char *name)
{
    const char *names[COMMANDS_MAX] = {NULL};
    size_t n = 0;

    for (; yk_commands[n]; n++) {
        if (strcmp(yk_commands[n]->name, name) == 0)
            return yk_commands[n];
        names[n] = yk_commands[n]->name;
    }
    const char *meant = yk_suggest(name, names, n);
    size_t len = strlen(name);
    if (meant)
        yk_say("unknown command '%s'; did you mean 'yoke %s'?", name, meant);
    else if (len > 3 && strcmp(name + len - 3, ".so") == 0)
        yk_say("unknown command '%s'; did you mean 'yoke run %s'?", name, name);
    else
        yk_say("unknown command '%s'", name);
    return NULL;
}

static void explain_program(void)
{
    puts("Usage: yoke COMMAND [ARGUMENTS]\n"
         "\n"
         "Runs a server on every core, behind one port.\n"
         "\n"
         "Commands:");
    for (const struct yk_command *const *c = yk_commands; *c; c++)
        printf("  %-30s%s\n", (*c)->name, (*c)->summary);
    puts(
        "\n"
        "Options:\n"
        "  -h, --help                 Print this\n"
        "  -V, --version              Print the version\n"
        "\n"
        "'yoke help COMMAND' explains a command; so does the manual, yoke(1).");
}

void yk_command_explain(const struct yk_command *command)
{
    if (!command) {
        explain_program();
        return;
    }
    printf("Usage: yoke %s\n\n%s\n", command->synopsis, command->text);
    if (command->options->name) {
        puts("\nOptions:");
        yk_options_print(command->options);
    }
}

int yk_command_misused(const struct yk_command *command)
{
    if (command)
        fprintf(stderr, "Usage: yoke %s\nTry 'yoke help %s'.\n",
                command->synopsis, command->name);
    else
        fputs("Usage: yoke COMMAND [ARGUMENTS]\nTry 'yoke --help'.\n", stderr);
    return YK_STATUS_USAGE;
}

static int help_main(int argc, char **argv)
{
    bool wants_help = false;
    int operands = yk_options_parse(yk_options_help, argc, argv, &wants_help);

    if (operands < 0)
        return yk_command_misused(&yk_command_help);
    const struct yk_command *command = NULL;
    if (wants_help)
        command = &yk_command_help;
    else if (operands > 0 && !(command = yk_command_find(argv[1])))
        return yk_command_misused(NULL);
    yk_command_explain(command);
    return 0;
}

const struct yk_command yk_command_help = {
    .name = "help",
    .summary = "Explain a command",
    .synopsis = "help [COMMAND]",
    .text = "Explains a command, or with no name lists them all.",
    .options = yk_options_help,
    .main = help_main,
};
