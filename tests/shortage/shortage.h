/* What happens when the system has no more to give: a scenario runs again and
 * again, and each time another call of the allocator, or another system call,
 * is the one that fails: the first, the second, and so on, until it has run
 * without a failure. Each run is a process of its own.
 *
 * A run must end in one of two ways:
 *
 *   it copes       an error is returned, a request refused, a worker not
 *                  started; when there is memory again, all works again
 *   it gives up    yk_alloc says that there is no memory, and the process ends
 *                  by abort(3): what small things do that cannot fail (core/alloc.h).
 *                  What has to outlive a shortage, as a primary, must not.
 *
 * It must not crash, hang, or lose what it has: AddressSanitizer looks.
 *
 *     YOKE_SHORTAGE=all PROGRAM     every call, not some dozens of them
 *     YOKE_SHORTAGE=N PROGRAM TEST  the nth alone, in this process: for gdb */
#ifndef YK_TESTS_SHORTAGE_H
#define YK_TESTS_SHORTAGE_H

#include <stdbool.h>

/* What fails. */
enum shortage_kind {
    SHORTAGE_MEMORY,      /* malloc and its kin. */
    SHORTAGE_DESCRIPTORS, /* What opens one: EMFILE. */
    SHORTAGE_INTERRUPTS,  /* Reads and writes, by EINTR. */
};

struct scenario {
    const char *name;
    enum shortage_kind kind;
    void (*run)(void);
    bool must_outlive; /* It may not give up. */
    int span;          /* So many calls fail, one behind the other; 0: one. */
    int most;          /* Runs of the short form. */
};

/* Runs it as often as it takes. Says what went wrong, and returns false. */
bool shortage_survives(const struct scenario *scenario);

/* For scenarios: from here on the calls count; from here on none does, and none
 * fails. */
void shortage_begin(void);
void shortage_end(void);

/* Whether a call has failed in this run. */
bool shortage_was_met(void);

/* Ends the run as a failed one unless it holds. */
#define MUST(condition)                                                        \
    ((condition) ? (void)0 : shortage_fail(#condition, __FILE__, __LINE__))
_Noreturn void shortage_fail(const char *what, const char *file, int line);

#endif
