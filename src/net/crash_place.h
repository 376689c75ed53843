/* Where a process has crashed: the frames of its stack. Called in a signal
 * handler; modules are found with _dl_find_object(3), which takes no lock. */
#ifndef YK_NET_CRASH_PLACE_H
#define YK_NET_CRASH_PLACE_H

#include <stdint.h>

/* Reports frames from the place of the fault on: what is before it is the
 * handler. A frame that comes again and again, as in an overflow, is told once.
 * The unwinder has to be loaded. */
void yk_crash_report_place(uintptr_t program_counter);

#endif
