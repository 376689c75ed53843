/* Scenarios about how workers are made: settings, arguments, environment,
 * descriptors, user. The names in the comments are those of Node's tests,
 * test/parallel/test-cluster-*.js. */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scenario.h"

static void set(const struct yoke_cluster_settings *settings)
{
    int err = yoke_cluster_setup(settings);

    if (err < 0)
        say("refused: %s", yoke_strerror(err));
}

static void describe(const char *what,
                     const struct yoke_cluster_settings *settings)
{
    char args[256] = "";
    size_t len = 0;

    for (const char *const *arg = settings->args; arg && *arg; arg++)
        len += (size_t)snprintf(args + len, sizeof(args) - len, " %s", *arg);
    say("%s exec=%s args=%s cwd=%s silent=%d", what,
        settings->exec ? settings->exec : "-", args,
        settings->cwd ? settings->cwd : "-", settings->silent);
}

static void on_setup(const struct yoke_cluster_settings *settings, void *data)
{
    (void)data;
    describe("setup", settings);
}

static void on_output(yoke_worker *worker, int number, const char *ptr,
                      size_t len, void *data)
{
    (void)data;
    while (len > 0 && ptr[len - 1] == '\n')
        len--;
    say("output %d of %d: %.*s", number, yoke_worker_id(worker), (int)len, ptr);
}

static void leave(void)
{
    yoke_worker_disconnect(yoke_cluster_worker());
}

static void arguments_worker(void)
{
    say("arguments %s %s %s", argument(0), argument(1), argument(2));
    leave();
}

/* ---- setup-primary: arguments and silent reach the workers ---- */

static void setup_primary(void)
{
    static const char *const args[] = {"setup", "custom", "argument", NULL};

    watch();
    yoke_cluster_on_setup(on_setup, NULL);
    yoke_cluster_on_output(on_output, NULL);
    set(&(struct yoke_cluster_settings){.args = args, .silent = 1});
    describe("now", yoke_cluster_settings());
    yoke_cluster_fork(NULL);
}

/* ---- setup-primary-argv: the default ---- */

static void defaults_primary(void)
{
    describe("before", yoke_cluster_settings());
    yoke_cluster_setup(&(struct yoke_cluster_settings){.silent = 0});
    describe("after", yoke_cluster_settings());
    yoke_cluster_fork(NULL);
}

/* ---- setup-primary-cumulative, -emit: each call adds, and is told ---- */

static void cumulative_primary(void)
{
    static const char *const one[] = {"1", NULL};
    static const char *const two[] = {"2", "3", NULL};

    yoke_cluster_on_setup(on_setup, NULL);
    set(&(struct yoke_cluster_settings){.exec = "/bin/one"});
    set(&(struct yoke_cluster_settings){.args = one});
    set(&(struct yoke_cluster_settings){.args = two, .cwd = "/"});
    set(&(struct yoke_cluster_settings){.silent = 1});
    set(&(struct yoke_cluster_settings){.silent = -1});
    set(&(struct yoke_cluster_settings){.silent = 7});
    set(NULL);
    say("none told yet");
}

/* ---- setup-primary-multiple, cwd: only later forks see it ---- */

static void later_primary(void)
{
    static const char *const args[] = {"later", "second", NULL};

    yoke_cluster_fork(NULL);
    set(&(struct yoke_cluster_settings){.args = args, .cwd = "/"});
    yoke_cluster_fork(NULL);
}

static void later_worker(void)
{
    char cwd[512];

    say("argument %s cwd %s", argument(0), getcwd(cwd, sizeof(cwd)));
    leave();
}

/* ---- fork-env ---- */

static void env_primary(void)
{
    const char *env[] = {"ADDED=new", "REPLACED=new", "REMOVED", NULL};

    setenv("REPLACED", "old", 1);
    setenv("REMOVED", "old", 1);
    setenv("KEPT", "old", 1);
    yoke_cluster_fork(env);
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value ? value : "none";
}

static void env_worker(void)
{
    say("added %s replaced %s removed %s kept %s worker %s", variable("ADDED"),
        variable("REPLACED"), variable("REMOVED"), variable("KEPT"),
        variable("YOKE_WORKER"));
    leave();
}

/* ---- fork-stdio: an extra pipe, both ways ---- */

static void pipe_online(yoke_worker *worker)
{
    if (write(yoke_worker_stdio(worker, 4), "question\n", 9) != 9)
        say("cannot write");
}

static void pipe_primary(void)
{
    hooks.on_online = pipe_online;
    watch();
    yoke_cluster_on_output(on_output, NULL);
    set(&(struct yoke_cluster_settings){.stdio = {[4] = YOKE_STDIO_PIPE}});
    yoke_cluster_fork(NULL);
}

static void pipe_worker(void)
{
    char text[16] = "";

    if (read(4, text, sizeof(text) - 1) < 0 || write(4, "answer", 6) != 6)
        exit(9);
    say("read %.8s", text);
    leave();
}

/* ---- Standard input; output that nobody wants ---- */

static void input_online(yoke_worker *worker)
{
    int fd = yoke_worker_take_stdio(worker, 0);

    if (write(fd, "words\n", 6) != 6)
        say("cannot write");
    say("taken %d", yoke_worker_stdio(worker, 0));
    close(fd);
}

static void input_primary(void)
{
    hooks.on_online = input_online;
    watch();
    set(&(struct yoke_cluster_settings){
        .stdio = {[0] = YOKE_STDIO_PIPE, [2] = YOKE_STDIO_PIPE}});
    yoke_cluster_fork(NULL);
}

static void input_worker(void)
{
    char text[16] = "", much[4096];

    memset(much, 'x', sizeof(much));
    for (int i = 0; i < 100; i++)
        if (write(2, much, sizeof(much)) != sizeof(much))
            exit(9);
    size_t len = fread(text, 1, sizeof(text) - 1, stdin);
    say("input %.*s and its end", (int)len - 1, text);
    leave();
}

/* ---- What a worker has written before it died is all told before that ---- */

static size_t written;

static void on_words(yoke_worker *worker, int number, const char *ptr,
                     size_t len, void *data)
{
    (void)worker;
    (void)ptr;
    (void)data;
    written += number == 2 ? len : 0;
}

static void words_exit(yoke_worker *worker, const struct yoke_exit *why)
{
    (void)worker;
    (void)why;
    say("written %zu", written);
}

static void words_primary(void)
{
    hooks.on_exit = words_exit;
    watch();
    yoke_cluster_on_output(on_words, NULL);
    set(&(struct yoke_cluster_settings){.stdio = {[2] = YOKE_STDIO_PIPE}});
    yoke_cluster_fork(NULL);
}

static void words_worker(void)
{
    char words[1000];

    memset(words, 'w', sizeof(words));
    for (int i = 0; i < 300; i++)
        if (write(2, words, sizeof(words)) != sizeof(words))
            exit(9);
    _exit(3);
}

/* ---- Descriptors: ignored, none, one of the primary's ---- */

static void places_primary(void)
{
    int fds[2];

    if (pipe(fds) < 0)
        exit(9);
    set(&(struct yoke_cluster_settings){
        .stdio = {[0] = YOKE_STDIO_IGNORE,
                  [3] = YOKE_STDIO_NONE,
                  [5] = YOKE_STDIO_FD(fds[1])}});
    yoke_cluster_fork(NULL);
    close(fds[1]);
    char text[16] = "";
    if (read(fds[0], text, sizeof(text) - 1) > 0)
        say("read %s", text);
    set(&(struct yoke_cluster_settings){.stdio = {[5] = YOKE_STDIO_FD(999)}});
    say("fork %d", yoke_cluster_fork(NULL) ? 0 : errno);
}

static void places_worker(void)
{
    char byte;

    say("standard input ends: %zd", read(0, &byte, 1));
    if (write(5, "beside", 6) != 6)
        exit(9);
    leave();
}

/* ---- uid, gid ---- */

static void user_primary(void)
{
    watch();
    set(&(struct yoke_cluster_settings){.uid = (uid_t)atoi(argument(0)),
                                        .gid = (gid_t)atoi(argument(1))});
    yoke_cluster_fork(NULL);
}

static void user_worker(void)
{
    say("user %d %d group %d %d groups %d", (int)getuid(), (int)geteuid(),
        (int)getgid(), (int)getegid(), getgroups(0, NULL));
    leave();
}

/* ---- What cannot be done is told in words ---- */

static void wrong_exit(yoke_worker *worker, const struct yoke_exit *why)
{
    (void)worker;
    say("because %s", yoke_exit_text(why));
}

static void wrong_primary(void)
{
    hooks.on_exit = wrong_exit;
    watch();
    if (strcmp(argument(0), "cwd") == 0)
        set(&(struct yoke_cluster_settings){.cwd = "/no/such/folder"});
    else
        set(&(struct yoke_cluster_settings){.exec = "/no/such/program"});
    yoke_cluster_fork(NULL);
    /* It is told with the settings that it was forked with. */
    set(&(struct yoke_cluster_settings){.exec = "/other", .cwd = "/other"});
}

/* ---- In a worker there is nothing to set up ---- */

static void role_primary(void)
{
    yoke_cluster_fork(NULL);
}

static void role_worker(void)
{
    set(&(struct yoke_cluster_settings){.cwd = "/"});
    say("fork %d, disconnect %s", yoke_cluster_fork(NULL) ? 0 : errno,
        yoke_strerror(yoke_cluster_disconnect(NULL, NULL)));
    leave();
}

/* ---- script: a worker that is no program of this library's ---- */

static void script_primary(void)
{
    static const char *const args[] = {"-f", "-c", "echo $0 $-; exit 5", "hi",
                                       NULL};

    set(&(struct yoke_cluster_settings){
        .exec = "/bin/sh", .args = args, .silent = 1});
    yoke_cluster_on_output(on_output, NULL);
    watch();
    yoke_cluster_fork(NULL);
}

static void script_worker(void)
{
    exit(96);
}

const struct scenario setting_scenarios[] = {
    {"setup", setup_primary, arguments_worker},
    {"script", script_primary, script_worker},
    {"defaults", defaults_primary, arguments_worker},
    {"cumulative", cumulative_primary, arguments_worker},
    {"later", later_primary, later_worker},
    {"env", env_primary, env_worker},
    {"pipe", pipe_primary, pipe_worker},
    {"input", input_primary, input_worker},
    {"words", words_primary, words_worker},
    {"places", places_primary, places_worker},
    {"user", user_primary, user_worker},
    {"wrong", wrong_primary, arguments_worker},
    {"role", role_primary, role_worker},
    {.name = NULL},
};
