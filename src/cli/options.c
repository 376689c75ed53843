#include "cli/options.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/message.h"
#include "cli/suggest.h"
#include "core/number.h"

#include "core/banned.h"

/* Most options of a command. */
#define OPTIONS_MAX 64
/* The longest "--name". */
#define GIVEN_MAX   40

/* Where the parser is, and what it hands on. */
struct parser {
    const struct yk_option *options;
    void *data;
    int argc, next; /* Arguments, and the one that comes next. */
    char **argv;
};

static int apply(const struct parser *p, const struct yk_option *option,
                 const char *given, const char *value)
{
    if (option->set)
        return option->set(given, value, p->data);
    *(bool *)((char *)p->data + option->flag) = true;
    return 0;
}

const struct yk_option yk_options_help[] = {
    {'h', "help", NULL, "Print this", NULL, 0},
    {0},
};

/* ---- Long options ---- */

static const struct yk_option *find_name(const struct yk_option *options,
                                         const char *name, size_t len)
{
    for (; options->name; options++)
        if (strlen(options->name) == len &&
            memcmp(options->name, name, len) == 0)
            return options;
    return NULL;
}

static int say_unknown(const struct parser *p, const char *arg, size_t len)
{
    const char *names[OPTIONS_MAX] = {NULL};
    char name[GIVEN_MAX];
    size_t n = 0;

    for (const struct yk_option *o = p->options; o->name; o++)
        if (n < OPTIONS_MAX)
            names[n++] = o->name;
    snprintf(name, sizeof(name), "%.*s", (int)len, arg + 2);
    const char *meant = yk_suggest(name, names, n);
    if (meant)
        yk_say("unknown option --%s; did you mean --%s?", name, meant);
    else
        yk_say("unknown option --%s", name);
    return -1;
}

static int parse_long(struct parser *p, const char *arg)
{
    const char *equals = strchr(arg, '=');
    size_t len = (equals ? (size_t)(equals - arg) : strlen(arg)) - 2;
    const struct yk_option *option = find_name(p->options, arg + 2, len);
    const char *value = equals ? equals + 1 : NULL;
    char given[GIVEN_MAX];

    if (!option)
        return say_unknown(p, arg, len);
    snprintf(given, sizeof(given), "--%s", option->name);
    if (!option->arg && value) {
        yk_say("%s takes no value", given);
        return -1;
    }
    if (option->arg && !value && p->next < p->argc)
        value = p->argv[p->next++];
    if (option->arg && !value) {
        yk_say("%s needs a value: %s %s", given, given, option->arg);
        return -1;
    }
    return apply(p, option, given, value);
}

/* ---- Short options ---- */

static const struct yk_option *find_letter(const struct yk_option *options,
                                           char letter)
{
    for (; options->name; options++)
        if (options->letter == letter)
            return options;
    return NULL;
}

/* One letter; what follows it is its value, or the next argument is. Returns
 * the letters behind it that are options too, NULL when there are none, after
 * setting `ret_err`. */
static const char *parse_letter(struct parser *p, const char *letters,
                                int *ret_err)
{
    const struct yk_option *option = find_letter(p->options, *letters);
    const char given[] = {'-', *letters, '\0'};
    const char *value = letters[1] ? letters + 1 : NULL;

    *ret_err = -1;
    if (!option) {
        yk_say("unknown option %s", given);
        return NULL;
    }
    if (!option->arg) {
        *ret_err = apply(p, option, given, NULL);
        return value;
    }
    if (!value && p->next < p->argc)
        value = p->argv[p->next++];
    if (!value)
        yk_say("%s needs a value: %s %s", given, given, option->arg);
    else
        *ret_err = apply(p, option, given, value);
    return NULL;
}

static int parse_letters(struct parser *p, const char *letters)
{
    int err = 0;
    while (letters && err == 0)
        letters = parse_letter(p, letters, &err);
    return err;
}

/* ---- All ---- */

int yk_options_parse(const struct yk_option *options, int argc, char **argv,
                     void *data)
{
    struct parser p = {options, data, argc, 1, argv};
    int operands = 0;

    while (p.next < argc) {
        char *arg = argv[p.next++];
        int err = 0;
        if (strcmp(arg, "--") == 0)
            break;
        if (arg[0] != '-' || arg[1] == '\0')
            argv[++operands] = arg;
        else if (arg[1] == '-')
            err = parse_long(&p, arg);
        else
            err = parse_letters(&p, arg + 1);
        if (err < 0)
            return -1;
    }
    while (p.next < argc)
        argv[++operands] = argv[p.next++];
    return operands;
}

int yk_option_number(const char *given, const char *value, int min, int max,
                     const char *what, int *ret_number)
{
    uint64_t number;
    if (yk_parse_u64(yk_slice_of(value), (uint64_t)max, &number) < 0 ||
        number < (uint64_t)min) {
        yk_say("%s: '%s' is not %s: a number from %d to %d", given, value, what,
               min, max);
        return -1;
    }
    *ret_number = (int)number;
    return 0;
}

/* ---- Explaining ---- */

static void print_option(const struct yk_option *option)
{
    char head[64];
    const char *text = option->text;
    int len = snprintf(head, sizeof(head), "    --%s", option->name);

    if (option->letter)
        memcpy(head, (const char[]){'-', option->letter, ','}, 3);
    if (option->arg)
        snprintf(head + len, sizeof(head) - (size_t)len, " %s", option->arg);
    for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
        printf("  %-30s%.*s\n", head, (int)(end - text), text);
        head[0] = '\0';
    }
    printf("  %-30s%s\n", head, text);
}

void yk_options_print(const struct yk_option *options)
{
    for (; options->name; options++)
        print_option(options);
}
