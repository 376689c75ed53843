/* Whether this process is still the one that opened something.
 *
 * With preloading, workers are forked from a process that has loaded the
 * application. What that had opened, sockets above all, is every worker's then:
 * it must be left alone. */
#ifndef YK_STORE_FORKS_H
#define YK_STORE_FORKS_H

/* How many forks lie between this process and the one of its ancestors that
 * called this first. What has been opened when it was another number is that
 * ancestor's. */
unsigned yk_forks(void);

#endif
