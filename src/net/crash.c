/* Everything below on_crash runs in a signal handler, in a process of which
 * anything may be broken: no allocation, no locks, no stdio. The unwinder is
 * loaded beforehand; modules are found with _dl_find_object(3), which takes no
 * lock. The answers come first and the backtrace last, for it follows pointers
 * on a stack that may be spoilt. */
#include "net/crash.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <link.h>
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

#include "core/number.h"
#include "net/flights.h"
#include "net/vitals.h"

#include "core/banned.h"

/* The stack of the handler: the unwinder is what needs it. */
#define STACK_SIZE   (128 * 1024)
/* A stack that is there already will do if it has this much. */
#define STACK_MIN    (32 * 1024)
/* How long the handler may take. */
#define WATCHDOG_S   5
#define FRAMES_MAX   48
/* A fault so near to the stack's end is taken for an overflow. */
#define NEAR_STACK   (64 * 1024)
/* Input that is read away behind an answer, so that no reset destroys it. */
#define DRAIN_MAX    (256 * 1024)
#define LINE_MAX_LEN 512

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

/* ---- Lines ---- */

struct line {
    size_t len;
    char text[LINE_MAX_LEN];
};

static void put(struct line *line, const char *text)
{
    size_t len = strlen(text);
    size_t room = sizeof(line->text) - 1 - line->len;

    if (len > room)
        len = room;
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

static void put_number(struct line *line, uint64_t number)
{
    char digits[YK_DIGITS_MAX + 1];

    digits[yk_format_u64(digits, number)] = '\0';
    put(line, digits);
}

static void put_hex(struct line *line, uintptr_t number)
{
    char digits[2 * sizeof(number) + 1];
    char *at = digits + sizeof(digits) - 1;

    *at = '\0';
    do {
        *--at = "0123456789abcdef"[number & 15];
        number >>= 4;
    } while (number);
    put(line, "0x");
    put(line, at);
}

static void begin(struct line *line)
{
    line->len = 0;
    put(line, "yoke[");
    put_number(line, (uint64_t)crash.pid);
    put(line, "] error: ");
}

static void end(struct line *line)
{
    line->text[line->len++] = '\n';
    ssize_t ignored = write(STDERR_FILENO, line->text, line->len);
    (void)ignored;
}

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

static void put_cause(struct line *line, int signum, const siginfo_t *info,
                      const ucontext_t *context)
{
    if (is_fault(signum, info)) {
        put(line, reason(signum, info, context));
        put(line, " at ");
        put_hex(line, (uintptr_t)info->si_addr);
    } else if (info->si_code == SI_KERNEL) {
        put(line, "address not possible");
    } else if (info->si_pid == crash.pid) {
        put(line, "aborted");
    } else {
        put(line, "sent by process ");
        put_number(line, (uint64_t)info->si_pid);
    }
}

static void report_signal(int signum, const siginfo_t *info,
                          const ucontext_t *context)
{
    const char *name = sigabbrev_np(signum);
    struct line line;

    begin(&line);
    put(&line, crash.who);
    put(&line, " crashed: SIG");
    put(&line, name ? name : "?");
    put(&line, " (");
    put_cause(&line, signum, info, context);
    put(&line, ")");
    end(&line);
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
    struct line line;

    begin(&line);
    put(&line, "in flight: ");
    yk_flight_line(flight, text);
    put(&line, text);
    put(&line, ", for ");
    put_number(&line, (now_ns - flight->begun_ns) / 1000000);
    put(&line, is_running ? " ms, its handler was running" : " ms");
    put(&line, is_answered ? "; answered with 500" : "; cut");
    end(&line);
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

/* ---- The place ---- */

/* A module that was loaded through a descriptor is named by that: what it
 * stands for says more. */
static void put_module(struct line *line, const struct link_map *map)
{
    char path[256];
    const char *name = map->l_name[0] ? map->l_name : program_invocation_name;
    ssize_t len = -1;

    if (strncmp(name, "/proc/self/fd/", 14) == 0)
        len = readlink(name, path, sizeof(path) - 1);
    if (len > 0) {
        path[len] = '\0';
        name = path;
    }
    put(line, name);
}

static void report_frame(void *address)
{
    struct dl_find_object module;
    struct line line;

    begin(&line);
    put(&line, "  at ");
    if (_dl_find_object(address, &module) == 0 && module.dlfo_link_map) {
        const struct link_map *map = module.dlfo_link_map;
        put_module(&line, map);
        put(&line, "+");
        put_hex(&line, (uintptr_t)address - map->l_addr);
    } else {
        put_hex(&line, (uintptr_t)address);
    }
    end(&line);
}

/* From the place of the fault on: what is before it is this handler. A frame
 * that comes again and again, as in an overflow, is told once. */
static void report_place(const ucontext_t *context)
{
    void *frames[FRAMES_MAX];
    int count = backtrace(frames, FRAMES_MAX);
    int first = 0;

    for (int i = 0; i < count; i++)
        if ((uintptr_t)frames[i] == program_counter(context))
            first = i;
    for (int i = first; i < count; i++)
        if (i == first || frames[i] != frames[i - 1])
            report_frame(frames[i]);
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
    report_place(context);
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
