/* Options of a command: one table, from which they are both parsed and
 * explained.
 *
 * As usual: `-n 4`, `-n4`, `--workers 4`, `--workers=4`; several letters behind
 * one dash if they take no value; options may stand behind operands; `--` ends
 * them. A long name must be written in full, so that new ones can be added. */
#ifndef YK_CLI_OPTIONS_H
#define YK_CLI_OPTIONS_H

#include <stddef.h>

struct yk_option {
    char letter;      /* 'n', or 0 for none. */
    const char *name; /* "workers". */
    const char *arg;  /* What its value is called, "N"; NULL: it has none. */
    const char *text; /* For the help; lines end in "\n" but the last. */
    /* Takes the value (NULL if there is none) to where `data` says. `given` is
     * the option as it was written, "-n" or "--workers", for messages. Returns
     * 0, or -1 after having said what is wrong. NULL: there is no value, and the
     * bool at `flag` bytes into the data becomes true. */
    int (*set)(const char *given, const char *value, void *data);
    size_t flag;
};

/* An option without a value, for a bool in the structure that is the data. */
#define YK_OPTION_FLAG(letter, name, text, type, member)                       \
    {                                                                          \
        letter, name, NULL, text, NULL, offsetof(type, member)                 \
    }

/* The table of a command that has no option but --help; its data is a bool. */
extern const struct yk_option yk_options_help[];

/* Parses argv[1] and on; `options` ends with an entry without a name. Operands
 * are moved to the front, to argv[1] and on, and their number is returned; or
 * -1 after having said what is wrong. */
int yk_options_parse(const struct yk_option *options, int argc, char **argv,
                     void *data);

/* A whole number from `min` to `max`, in digits alone; for `set` functions.
 * `what` says what it is: "a port". Returns 0, or -1 after having said what is
 * wrong. */
int yk_option_number(const char *given, const char *value, int min, int max,
                     const char *what, int *ret_number);

/* Prints what the options are, on standard output. */
void yk_options_print(const struct yk_option *options);

#endif
