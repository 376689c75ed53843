/* An answer that waits (yoke/filter.h), from the inside.
 *
 *     handler --> head is about to go --> callbacks --> somebody delays it
 *                                                            |
 *     exchange <-- the same again <-- yoke_res_proceed <-- kept here
 *
 * What the handler does with its answer meanwhile is taken down, and done when
 * the last of those who have delayed it lets it proceed. To the handler and to
 * everybody else the head has gone. The exchange is not ended before that, for
 * whoever delays it looks at the request when he comes back (yk_res_is_kept). */
#ifndef YK_APP_DELAY_H
#define YK_APP_DELAY_H

#include <sys/types.h>

#include <yoke/filter.h>

struct yk_sending;

/* Each is called in place of sending, when `res->delay` is set after
 * yk_res_begin: a whole answer; a piece, which also follows others; the end of
 * the pieces, if there were any; a file. They return as their public
 * counterparts. */
int yk_delay_whole(yoke_res *res, const void *ptr, size_t len);
ssize_t yk_delay_write(yoke_res *res, const void *ptr, size_t len);
int yk_delay_end(yoke_res *res);
int yk_delay_file(yoke_res *res, struct yk_sending *sending);

#endif
