/* Whether another version of the program could take this primary's place: it is
 * started with the same arguments, as a child, and has to get as far as it
 * would then; it says so and ends.
 *
 *   primary                          child: YOKE_UPGRADE=check:STATE:REPLY
 *      | draft of the handover (STATE) --> |  reads its options, and that
 *      | <------------------ REPLY: "ok"   |  ends before it opens anything
 */
#ifndef YK_CLUSTER_UPGRADE_CHECK_H
#define YK_CLUSTER_UPGRADE_CHECK_H

/* What came of it: `err` is 0, and `text` the version; or negative, and `text`
 * says why in words, with what the child said. Borrowed for the call. */
typedef void yk_checked_fn(int err, const char *text);

/* Begins; `fn` is called once, from the loop. A child that has not come so far
 * within `limit_ms` is killed; 0: it may take for ever. `state_fd` is borrowed.
 * Returns 0, or -errno, and `fn` is not called. One at a time. */
int yk_upgrade_check(const char *program, int state_fd, int limit_ms,
                     yk_checked_fn *fn);

#endif
