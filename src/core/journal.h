/* The journal of systemd: lines of the log get their level there.
 *
 * Who has the journal behind its standard error is told so by JOURNAL_STREAM,
 * "DEVICE:INODE", and may begin a line with "<N>", a level as syslog(3) counts
 * them; the journal takes that off again (sd-daemon(3)). So `journalctl -p
 * warning` finds what matters. Elsewhere lines stay as they are. */
#ifndef YK_CORE_JOURNAL_H
#define YK_CORE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

struct yk_sink;

/* `fd` is a stream of the journal. It is looked at each time, for it may have
 * been replaced. */
bool yk_journal_is(int fd);

/* Puts whole lines into the journal, each with the level that stands in it as
 * yoke_log writes it ("yoke[4711] warn: "); others as they are. */
void yk_journal_put(struct yk_sink *sink, int fd, const char *ptr, size_t len);

#endif
