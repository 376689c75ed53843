/* The filters of an answer (yoke/filter.h), from the inside.
 *
 *     handler --> filter --> filter --> collected --> exchange
 *
 * What comes out of the last filter is collected, and goes to the exchange as
 * one piece for each piece that the handler has written. At the end of a turn
 * of the loop the filters are told to let go of what they hold back, so that an
 * event reaches the client when it is sent, compressed or not.
 *
 * An answer that is sent whole is collected whole, for its length is told first. */
#ifndef YK_APP_FILTER_H
#define YK_APP_FILTER_H

#include <stdbool.h>
#include <sys/types.h>

#include <yoke/filter.h>

/* The head is about to go, and filters have been added: takes the promise of a
 * length over from the exchange, for it is about what goes in. */
void yk_filter_start(yoke_res *res);

/* A whole body. `*ptr` and `*len` are then what came out; they live as long as
 * the request. Returns 0 or a filter's negative code. Filters cost time, so a
 * large body is copied and goes through them by and by, in turns of the loop
 * between which others are served: then 1 is returned, and yk_res_filtered
 * called when it is through. */
int yk_filter_whole(yoke_res *res, const void **ptr, size_t *len);

/* As yoke_res_write. When a filter cannot go on the connection is cut, and its
 * code returned; the answer is still to be ended. */
ssize_t yk_filter_write(yoke_res *res, const void *ptr, size_t len);

/* The last bytes, before the exchange is ended. Returns a negative code,
 * -YOKE_ELENGTH among them, when the answer is not whole; the connection is
 * then cut. */
ssize_t yk_filter_end(yoke_res *res);

/* Frees what they need, for the request is over. */
void yk_filter_drop(yoke_res *res);

#endif
