/* Probes: places in the code that a tracer can watch while the program runs.
 *
 * A probe (USDT) is a `nop` in the code and a note in the ELF file that says
 * where it is and where its arguments are: it costs nothing until perf,
 * bpftrace or SystemTap puts a breakpoint there.
 *
 *     bpftrace -e 'usdt:/usr/lib/libyoke.so:yoke:request__end
 *                  { @us = hist(arg2) }'
 *
 * docs/guide/watching.md lists them all with their arguments. Without
 * <sys/sdt.h> at build time (Debian: systemtap-sdt-dev) there are none. */
#ifndef YK_CORE_PROBE_H
#define YK_CORE_PROBE_H

#if __has_include(<sys/sdt.h>)
#    include <sys/sdt.h>
#    define YK_PROBE1(name, a)       DTRACE_PROBE1(yoke, name, a)
#    define YK_PROBE2(name, a, b)    DTRACE_PROBE2(yoke, name, a, b)
#    define YK_PROBE3(name, a, b, c) DTRACE_PROBE3(yoke, name, a, b, c)
#else
#    define YK_PROBE1(name, a)       ((void)(a))
#    define YK_PROBE2(name, a, b)    ((void)(a), (void)(b))
#    define YK_PROBE3(name, a, b, c) ((void)(a), (void)(b), (void)(c))
#endif

#endif
