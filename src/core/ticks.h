/* The CPU's own clock, for short times that are measured very often: one
 * instruction instead of a call, but its unit has to be found out by comparing
 * it with a real clock, and it may be of no use on an old or odd machine. */
#ifndef YK_CORE_TICKS_H
#define YK_CORE_TICKS_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__x86_64__)

#    include <cpuid.h>

static inline uint64_t yk_ticks(void)
{
    return __builtin_ia32_rdtsc();
}

/* Whether they have one rate, whatever the CPU does (invariant TSC). */
static inline bool yk_ticks_are_steady(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & 1u << 8);
}

#elif defined(__aarch64__)

static inline uint64_t yk_ticks(void)
{
    uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
}

static inline bool yk_ticks_are_steady(void)
{
    return true;
}

#else

static inline uint64_t yk_ticks(void)
{
    return 0;
}

static inline bool yk_ticks_are_steady(void)
{
    return false;
}

#endif

#endif
