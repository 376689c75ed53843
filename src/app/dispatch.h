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

/* Goes on as the layer that held has wished. */
void yk_dispatch_run(struct yoke_req *req);

#endif
