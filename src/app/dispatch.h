/* Dispatch: a request's way down the stack of layers.
 *
 * `next` is a trampoline: a handler that passes on only records its wish, and
 * the loop here goes on when it has returned. So ten thousand layers need no
 * more of the C stack than one. A handler on hold is not on the C stack; when
 * it passes on, the loop starts again at once.
 *
 *     running --returns--> answered                         the end
 *        ^    |      |---> passed on --> the next layer --> running
 *        |    |      `---> none of these: 500, as an error
 *        |    `----------> held --answers--> answered
 *        `--------passes on-'
 */
#ifndef YK_APP_DISPATCH_H
#define YK_APP_DISPATCH_H

#include "app/req.h"

/* Starts at the first layer of the application. */
void yk_dispatch_start(struct yoke_req *req);

/* Passes an error on in the name of the layer that runs or holds, whatever it
 * has done: `req` goes to the next error handler at once. */
void yk_dispatch_error(struct yoke_req *req, int status, const char *message);

/* yoke_next_err with a text that the client may see. */
void yk_dispatch_detail(struct yoke_req *req, int status,
                        const struct yk_detail *detail);

#endif
