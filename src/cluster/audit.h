/* The audit of a process that is about to be forked again and again: what it
 * has opened or started that does not bear it.
 *
 * After a fork both processes have the same descriptors. That is what one wants
 * of a listening port and of /dev/null; two that read from one connection to a
 * database each get a part of the other's answers, two that wait at one epoll
 * take each other's events, two that write to one file move each other's place
 * in it. And of several threads only the one that forks comes along: what the
 * others had locked stays locked for ever.
 *
 * Descriptors that are known to be harmless: those that were there when the
 * process began, files that are only read or only appended to, folders, memory
 * (memfd_create(2)), and devices such as /dev/null. */
#ifndef YK_CLUSTER_AUDIT_H
#define YK_CLUSTER_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Descriptors that are remembered. */
#define YK_AUDIT_MAX  256
/* Longest text about one finding. */
#define YK_AUDIT_TEXT 512

/* What was open at one time. */
struct yk_audit {
    struct yk_audit_fd {
        int fd;
        dev_t dev;
        ino_t ino;
    } known[YK_AUDIT_MAX];
    int count;
};

/* Remembers what is open now. */
void yk_audit_begin(struct yk_audit *audit);

/* Compares with what is open now, and looks for threads; calls `found` for
 * each thing that is no good, with a whole sentence about it. Returns how many
 * there were. Descriptors 0 to 2 are not looked at, nor is `own`. */
int yk_audit_end(const struct yk_audit *audit, int own,
                 void (*found)(const char *text, void *data), void *data);

/* What is wrong with a descriptor that a fork shares, as "a socket"; NULL:
 * nothing. `link` is what /proc has for it, `mode` what stat(2) has, `flags`
 * its F_GETFL. */
const char *yk_audit_judge(const char *link, mode_t mode, int flags);

#endif
