#include "shortage.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "interpose.h"

/* How long one run may take, on a slow machine. */
#define RUN_SECONDS 60

/* What the dynamic linker keeps is its own affair; LeakSanitizer knows that only
 * of what it asks the allocator for itself, and here interpose.c is in between. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:_dl_\nleak:dl_open";
}

/* ---- In a run ---- */

void shortage_begin(void)
{
    shortage->is_on = true;
}

void shortage_end(void)
{
    shortage->is_on = false;
}

bool shortage_was_met(void)
{
    return shortage->was_met;
}

void shortage_fail(const char *what, const char *file, int line)
{
    shortage->is_on = false;
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    _exit(SHORTAGE_FAILED);
}

/* ---- The runs ---- */

enum outcome {
    COPED,
    GAVE_UP,
    FAILED
};

static void run_here(const struct scenario *scenario, long nth)
{
    int span = scenario->span ? scenario->span : 1;
    *shortage = (struct shortage){.kind = scenario->kind,
                                  .nth = nth,
                                  .span = nth ? span : 0,
                                  .pid = getpid()};
    scenario->run();
    shortage_end();
}

/* cmocka would go on with the next test after a crash. */
static void die_of_crashes(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        signal(signals[i], SIG_DFL);
}

static pid_t start(const struct scenario *scenario, long nth, FILE *output)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    die_of_crashes();
    alarm(RUN_SECONDS);
    signal(SIGPIPE, SIG_IGN); /* As yoke_run does. */
    dup2(fileno(output), STDERR_FILENO);
    dup2(fileno(output), STDOUT_FILENO);
    run_here(scenario, nth);
    exit(0);
}

static enum outcome judge(const struct scenario *scenario, int status)
{
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    bool gave_up = code == SHORTAGE_GAVE_UP || code == 1;
    if (code == SHORTAGE_OF_LIBUV)
        return GAVE_UP;
    if (gave_up)
        return scenario->must_outlive ? FAILED : GAVE_UP;
    return status == 0 ? COPED : FAILED;
}

static void show(FILE *output)
{
    char line[512];
    rewind(output);
    while (fgets(line, sizeof(line), output))
        fprintf(stderr, "    %s", line);
}

static enum outcome run_once(const struct scenario *scenario, long nth)
{
    int status = -1;
    FILE *output = tmpfile();
    if (!output)
        return FAILED;
    pid_t pid = start(scenario, nth, output);
    if (pid > 0)
        waitpid(pid, &status, 0);
    enum outcome outcome = judge(scenario, status);
    if (outcome == FAILED) {
        fprintf(stderr, "%s: without call %ld: status %#x\n", scenario->name,
                nth, (unsigned)status);
        show(output);
    }
    fclose(output);
    return outcome;
}

/* Processes take ten times as long to start and to end under a sanitizer. */
#ifdef __SANITIZE_ADDRESS__
#    define FEWER 3
#else
#    define FEWER 1
#endif

/* Some of them, evenly; or every one. */
static long step_of(const struct scenario *scenario, long total, bool all)
{
    long step = all ? 1 : total * FEWER / scenario->most;
    return step > 0 ? step : 1;
}

bool shortage_survives(const struct scenario *scenario)
{
    const char *wanted = getenv("YOKE_SHORTAGE");
    bool all = wanted && strcmp(wanted, "all") == 0;
    long counts[3] = {0};
    shortage = mmap(NULL, sizeof(*shortage), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shortage == MAP_FAILED)
        return false;
    if (wanted && *wanted && !all) {
        run_here(scenario, strtol(wanted, NULL, 10));
        return true;
    }
    if (run_once(scenario, 0) != COPED)
        return false;
    long total = shortage->count, step = step_of(scenario, total, all);
    for (long nth = 1; nth <= total; nth += step)
        counts[run_once(scenario, nth)]++;
    printf("%s: %ld calls, without one of them it coped %ld times, gave up "
           "%ld times\n",
           scenario->name, total, counts[COPED], counts[GAVE_UP]);
    return counts[FAILED] == 0 && total > 0;
}
