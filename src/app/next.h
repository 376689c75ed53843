/* Passing on: what a handler says when it does not answer, yoke_next and its
 * like. It is a wish of the layer's that runs or holds, which dispatch carries
 * out when the handler has returned; of one that holds, at once. */
#ifndef YK_APP_NEXT_H
#define YK_APP_NEXT_H

#include <yoke/app.h>

struct yoke_req;

/* Makes a copy of this the error that is on its way. */
void yk_next_set_error(struct yoke_req *req, const struct yoke_err *what);

/* Passes an error on in the name of the layer that runs or holds, whatever it
 * has done: `req` goes to the next error handler at once. */
void yk_next_error(struct yoke_req *req, int status, const char *message);

#endif
