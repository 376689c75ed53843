/* A command of the program: `yoke NAME ...`. One file each, and an entry in
 * main.c's table. */
#ifndef YK_CLI_COMMAND_H
#define YK_CLI_COMMAND_H

#include <stddef.h>

struct yk_option;

struct yk_command {
    const char *name;                /* "run" */
    const char *summary;             /* One line, for the list of commands. */
    const char *synopsis;            /* "run [OPTIONS] APP.so" */
    const char *text;                /* What it does; lines. */
    const struct yk_option *options; /* Ends with an entry without a name. */
    /* Carries it out; argv[0] is its name. Returns the exit status. */
    int (*main)(int argc, char **argv);
};

extern const struct yk_command yk_command_help;
extern const struct yk_command yk_command_ps;
extern const struct yk_command yk_command_reload;
extern const struct yk_command yk_command_upgrade;
extern const struct yk_command yk_command_routes;
extern const struct yk_command yk_command_run;
extern const struct yk_command yk_command_scale;
extern const struct yk_command yk_command_stop;
extern const struct yk_command yk_command_top;
extern const struct yk_command yk_command_why;

/* All commands, NULL at the end. */
extern const struct yk_command *const yk_commands[];

/* The command of that name; or NULL, after having said that there is none, and
 * which one was probably meant. */
const struct yk_command *yk_command_find(const char *name);

/* Prints the explanation of a command, or with NULL of the program. */
void yk_command_explain(const struct yk_command *command);

/* Ends a message about wrong usage: says how to learn more. Returns the exit
 * status for it. */
int yk_command_misused(const struct yk_command *command);

#endif
