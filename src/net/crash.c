/* Everything below on_crash runs in a signal handler, in a process of which
 * anything may be broken: no allocation, no locks, no stdio. The unwinder is
 * loaded beforehand. The answers come first and the backtrace last, for it follows pointers
 * on a stack that may be spoilt. */
#include "net/crash.h"

#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <ucontext.h>
#include <unistd.h>

#include <yoke/loop.h>

#include "net/crash_line.h"
#include "net/crash_place.h"
#include "net/flights.h"
#include "net/vitals.h"

#include "core/banned.h"

/* The stack of the handler: the unwinder is what needs it. */
#define STACK_SIZE (128 * 1024)
/* A stack that is there already will do if it has this much. */
#define STACK_MIN  (32 * 1024)
/* How long the handler may take. */
#define WATCHDOG_S 5
/* A fault so near to the stack's end is taken for an overflow. */
#define NEAR_STACK (64 * 1024)
/* Input that is read away behind an answer, so that no reset destroys it. */
#define DRAIN_MAX  (256 * 1024)

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
#define SIGNALS (sizeof(signals) / sizeof(signals[0]))

/* Written by yk_crash_catch; `thread` and `signum` by the handler. */
static struct {
    pid_t pid; /* Whom it is for: not for a child that was only forked. */
    pid_t loop_thread; /* Which alone writes to connections. */
    char who[64];
    _Atomic pid_t thread; /* Which has crashed; 0: none yet. */
    volatile sig_atomic_t signum;
} crash;

/* ---- The signal ---- */

static uintptr_t stack_pointer(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
    return (uintptr_t)context->uc_mcontext.sp;
#else
    (void)context;
    return 0;
#endif
}

static uintptr_t program_counter(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)context->uc_mcontext.pc;
#else
    (void)context;
    return 0;
#endif
}

/* True for a fault of the program itself, which comes again when the handler
 * returns; not for a signal that somebody sent. */
static bool is_fault(int signum, const siginfo_t *info)
{
    return info->si_code > 0 && info->si_code != SI_KERNEL &&
           signum != SIGABRT &&
           !(signum == SIGBUS && info->si_code == BUS_MCEERR_AO);
}

static bool is_overflow(int signum, const siginfo_t *info,
                        const ucontext_t *context)
{
    uintptr_t at = (uintptr_t)info->si_addr;
    uintptr_t stack = stack_pointer(context);

    return signum == SIGSEGV && at + NEAR_STACK > stack &&
           at < stack + NEAR_STACK;
}

static const char *reason(int signum, const siginfo_t *info,
                          const ucontext_t *context)
{
    if (is_overflow(signum, info, context))
        return "stack overflow";
    switch (signum) {
    case SIGSEGV:
        return info->si_code == SEGV_ACCERR ? "access not allowed"
                                            : "address not mapped";
    case SIGBUS:
        return info->si_code == BUS_ADRALN ? "address not aligned"
                                           : "nothing behind the address";
    case SIGFPE:
        return info->si_code == FPE_INTDIV ? "division by zero"
                                           : "arithmetic error";
    default:
        return "illegal instruction";
    }
}

static void put_cause(struct yk_crash_line *line, int signum,
                      const siginfo_t *info, const ucontext_t *context)
{
    if (is_fault(signum, info)) {
        yk_crash_put(line, reason(signum, info, context));
        yk_crash_put(line, " at ");
        yk_crash_put_hex(line, (uintptr_t)info->si_addr);
    } else if (info->si_code == SI_KERNEL) {
        yk_crash_put(line, "address not possible");
    } else if (info->si_pid == crash.pid) {
        yk_crash_put(line, "aborted");
    } else {
        yk_crash_put(line, "sent by process ");
        yk_crash_put_number(line, (uint64_t)info->si_pid);
    }
}

static void report_signal(int signum, const siginfo_t *info,
                          const ucontext_t *context)
{
    const char *name = sigabbrev_np(signum);
    struct yk_crash_line line;

    yk_crash_line_begin(&line);
    yk_crash_put(&line, crash.who);
    yk_crash_put(&line, " crashed: SIG");
    yk_crash_put(&line, name ? name : "?");
    yk_crash_put(&line, " (");
    put_cause(&line, signum, info, context);
    yk_crash_put(&line, ")");
    yk_crash_line_end(&line);
}

/* ---- The requests ---- */

/* What is still to be read would make the kernel send a reset, which can
 * overtake the answer. */
static void read_away(int fd)
{
    char input[4096];
    size_t total = 0;
    ssize_t n;

    while (total < DRAIN_MAX &&
           (n = recv(fd, input, sizeof(input), MSG_DONTWAIT)) > 0)
        total += (size_t)n;
}

/* Returns true when the client has an answer. */
static bool answer(const struct yk_flight *flight)
{
    const struct yk_last_words *words = yk_flights_last_words();
    uint32_t state = atomic_load_explicit(&flight->state, memory_order_acquire);

    if (!words || flight->fd < 0 || !(state & YK_FLIGHT_CLEAR))
        return false;
    size_t len = yk_flight_is_bodiless(flight) ? words->head_len : words->len;
    if (send(flight->fd, words->ptr, len, MSG_DONTWAIT | MSG_NOSIGNAL) !=
        (ssize_t)len)
        return false;
    shutdown(flight->fd, SHUT_WR);
    read_away(flight->fd);
    return true;
}

static bool is_open(const struct yk_flight *flight)
{
    return atomic_load_explicit(&flight->state, memory_order_acquire) &
           YK_FLIGHT_OPEN;
}

static void report_request(const struct yk_flight *flight, bool is_running,
                           bool is_answered, uint64_t now_ns)
{
    char text[YK_FLIGHT_LINE_MAX];
    struct yk_crash_line line;

    yk_crash_line_begin(&line);
    yk_crash_put(&line, "in flight: ");
    yk_flight_line(flight, text);
    yk_crash_put(&line, text);
    yk_crash_put(&line, ", for ");
    yk_crash_put_number(&line, (now_ns - flight->begun_ns) / 1000000);
    yk_crash_put(&line, is_running ? " ms, its handler was running" : " ms");
    yk_crash_put(&line, is_answered ? "; answered with 500" : "; cut");
    yk_crash_line_end(&line);
}

/* The first is the one whose handler runs; the table comes behind it. */
static const struct yk_flight *flight_at(const struct yk_flights *table, int i)
{
    return i == 0 ? &table->now : &table->entries[i - 1];
}

/* Which of them have been answered here. Not on the stack, which is small. */
static bool is_answered[YK_FLIGHTS_MAX + 1];

static void answer_requests(void)
{
    const struct yk_flights *table = yk_flight_pool.table;

    for (int i = 0; i <= YK_FLIGHTS_MAX; i++)
        is_answered[i] =
            is_open(flight_at(table, i)) && answer(flight_at(table, i));
}

static void report_requests(void)
{
    const struct yk_flights *table = yk_flight_pool.table;
    const struct yk_flight *running = yk_flights_running(table);
    uint64_t now_ns = yk_now_ns();

    for (int i = 0; i <= YK_FLIGHTS_MAX; i++) {
        const struct yk_flight *flight = flight_at(table, i);
        if (is_open(flight))
            report_request(flight, flight == running, is_answered[i], now_ns);
    }
}

/* ---- The handler ---- */

static void set_default(int signum)
{
    struct sigaction action = {.sa_handler = SIG_DFL};

    sigaction(signum, &action, NULL);
}

static void on_watchdog(int signum)
{
    sigset_t set;

    (void)signum;
    set_default(crash.signum);
    sigemptyset(&set);
    sigaddset(&set, crash.signum);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(crash.signum);
}

/* Whatever the thread has blocked, it is to hear of it. */
static void start_watchdog(int signum)
{
    struct sigaction action = {.sa_handler = on_watchdog};
    sigset_t set;

    crash.signum = signum;
    sigaction(SIGALRM, &action, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    alarm(WATCHDOG_S);
}

/* A fault comes again when the handler returns, and a core file then shows its
 * place and nothing of this; any other signal has to be sent again. */
static void die(int signum, const siginfo_t *info)
{
    set_default(signum);
    if (!is_fault(signum, info))
        raise(signum);
}

static void on_crash(int signum, siginfo_t *info, void *context)
{
    pid_t nobody = 0, me = gettid();

    if (getpid() != crash.pid) {
        die(signum, info);
        return;
    }
    if (!atomic_compare_exchange_strong(&crash.thread, &nobody, me)) {
        /* Another thread's crash is being reported; or this is its own second,
         * which the kernel hardly lets come. */
        while (nobody != me)
            pause();
        die(signum, info);
        return;
    }
    start_watchdog(signum);
    if (me == crash.loop_thread)
        answer_requests();
    report_signal(signum, info, context);
    report_requests();
    yk_crash_report_place(program_counter(context));
    die(signum, info);
}

/* ---- Catching ---- */

static int make_stack(void)
{
    stack_t stack = {.ss_size = STACK_SIZE}, before;

    if (sigaltstack(NULL, &before) == 0 && !(before.ss_flags & SS_DISABLE) &&
        before.ss_size >= STACK_MIN)
        return 0;
    stack.ss_sp = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, NULL) < 0)
        return -errno;
    return 0;
}

static void catch_signal(int signum)
{
    struct sigaction action = {.sa_sigaction = on_crash,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK};
    struct sigaction before;

    if (sigaction(signum, NULL, &before) < 0 || before.sa_handler != SIG_DFL)
        return;
    sigfillset(&action.sa_mask);
    sigdelset(&action.sa_mask, SIGALRM);
    sigaction(signum, &action, NULL);
}

/* The first call loads libgcc, which must not happen in the handler. */
static void load_unwinder(void)
{
    void *frame;

    backtrace(&frame, 1);
}

int yk_crash_catch(const char *who)
{
    size_t len = strnlen(who, sizeof(crash.who) - 1);
    int err = make_stack();

    if (err < 0)
        return err;
    load_unwinder();
    memcpy(crash.who, who, len);
    crash.who[len] = '\0';
    crash.pid = getpid();
    crash.loop_thread = gettid();
    for (size_t i = 0; i < SIGNALS; i++)
        catch_signal(signals[i]);
    return 0;
}

int yoke_catch_crashes(void)
{
    return yk_crash_catch("the process");
}
