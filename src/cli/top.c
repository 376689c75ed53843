/* yoke top: `yoke ps`, again and again.
 *
 * On a terminal it takes the whole screen, as large as it is at that moment,
 * and leaves it as it was. Else it prints one table after the other. */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/ask.h"
#include "cli/command.h"
#include "cli/fleet_table.h"
#include "cli/interval.h"
#include "cli/message.h"
#include "cli/options.h"

#include "core/banned.h"

#define INTERVAL_MS 1000
#define FRAMES_MAX  1000000

/* The other screen, without a cursor; and back. */
#define ENTER_SCREEN "\033[?1049h\033[?25l"
#define LEAVE_SCREEN "\033[?25h\033[?1049l"
#define HOME         "\033[H\033[J"

struct top {
    int interval_ms, frames; /* 0: without end. */
    bool wants_help;
};

/* The terminal as it was. Written when the screen is entered. */
static struct termios saved;
static bool has_keys;

/* Written by on_signal. */
static volatile sig_atomic_t is_over;

static void on_signal(int signum)
{
    (void)signum;
    is_over = 1;
}

static int set_interval(const char *given, const char *value, void *data)
{
    return yk_option_interval(given, value, &((struct top *)data)->interval_ms);
}

static int set_frames(const char *given, const char *value, void *data)
{
    return yk_option_number(given, value, 1, FRAMES_MAX, "a count of tables",
                            &((struct top *)data)->frames);
}

static const struct yk_option options[] = {
    {'i', "interval", "SECONDS", "Time between two tables. Default: 1",
     .set = set_interval},
    {'n', "frames", "N", "End after so many tables", .set = set_frames},
    YK_OPTION_FLAG('h', "help", "Print this", struct top, wants_help),
    {0},
};

/* ---- The terminal ---- */

/* Keys come one by one and unseen; Ctrl-C stays a signal. */
static void take_keys(void)
{
    struct termios raw;

    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &saved) < 0)
        return;
    raw = saved;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    has_keys = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

static void enter_screen(void)
{
    take_keys();
    fputs(ENTER_SCREEN, stdout);
    fflush(stdout);
}

static void leave_screen(void)
{
    if (has_keys)
        tcsetattr(STDIN_FILENO, TCSANOW, &saved);
    fputs(LEAVE_SCREEN, stdout);
    fflush(stdout);
}

static struct yk_fleet_room screen_size(void)
{
    struct winsize size = {0};

    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    return (struct yk_fleet_room){.columns = size.ws_col,
                                  .rows = size.ws_row ? size.ws_row - 1 : 0};
}

/* Waits; true when it is to end: `q`, Escape's first byte not among them, for
 * it also begins what arrow keys send. */
static bool wait_for_key(int ms)
{
    struct pollfd input = {.fd = has_keys ? STDIN_FILENO : -1,
                           .events = POLLIN};
    char key;

    if (poll(&input, 1, ms) > 0 && read(STDIN_FILENO, &key, 1) == 1)
        return key == 'q' || key == 'Q';
    return false;
}

/* ---- Tables ---- */

static json_t *ask(const char *name)
{
    return yk_ask(name,
                  json_pack("{s:s, s:b}", "command", "ps", "histogram", true));
}

static void show(const json_t *now, const json_t *before, bool is_screen,
                 bool is_first)
{
    struct yk_fleet_room room = {0};

    if (is_screen) {
        room = screen_size();
        fputs(HOME, stdout);
    } else if (!is_first) {
        puts("");
    }
    yk_fleet_table_print(stdout, now, before, &room);
    fflush(stdout);
}

static int watch(const struct top *top, const char *name, bool is_screen)
{
    json_t *before = NULL;
    int status = 0;

    for (int i = 0; !is_over && (top->frames == 0 || i < top->frames); i++) {
        if (i > 0 && wait_for_key(top->interval_ms))
            break;
        json_t *now = is_over ? NULL : ask(name);
        if (!now) {
            status = is_over ? 0 : YK_STATUS_FAILED;
            break;
        }
        show(now, before, is_screen, i == 0);
        json_decref(before);
        before = now;
    }
    json_decref(before);
    return status;
}

/* What was said while the other screen was there has gone with it: the last
 * question is asked again. */
static int watch_on_screen(const struct top *top, const char *name)
{
    enter_screen();
    int status = watch(top, name, true);
    leave_screen();
    if (status)
        json_decref(ask(name));
    return status;
}

static int top_main(int argc, char **argv)
{
    struct top top = {.interval_ms = INTERVAL_MS};
    struct yk_ask_names names;
    int operands = yk_options_parse(options, argc, argv, &top);
    int status = YK_STATUS_FAILED;

    if (operands >= 0 && top.wants_help) {
        yk_command_explain(&yk_command_top);
        return 0;
    }
    if (operands < 0 || operands > 1) {
        if (operands > 1)
            yk_say("top: one cluster at a time");
        return yk_command_misused(&yk_command_top);
    }
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    signal(SIGPIPE, SIG_DFL);
    if (yk_ask_names(&names) < 0)
        return YK_STATUS_FAILED;
    const char *name = yk_ask_choose(&names, operands ? argv[1] : NULL);
    if (name)
        status = isatty(STDOUT_FILENO) ? watch_on_screen(&top, name)
                                       : watch(&top, name, false);
    yk_ask_forget(&names);
    return status;
}

const struct yk_command yk_command_top = {
    .name = "top",
    .summary = "Watch the workers of a running cluster",
    .synopsis = "top [OPTIONS] [NAME]",
    .text = "Shows what 'yoke ps' shows, once a second; rates and percentiles "
            "are those of the\n"
            "last second. 'q' or Ctrl-C ends it. Without a name there has to "
            "be one cluster\n"
            "only. When the output is no terminal, the tables follow each "
            "other.",
    .options = options,
    .main = top_main,
};
