/* Files as answers, from the inside. */
#ifndef YK_APP_SEND_FILE_H
#define YK_APP_SEND_FILE_H

#include <yoke/res.h>

struct yk_sending;
struct yoke_req;

/* Sends a file whose head may go, as an answer that was delayed does later.
 * Returns as yoke_res_send_file. */
int yk_send_file_begun(yoke_res *res, struct yk_sending *sending);

/* It is not sent after all, for another answer has been given. */
void yk_send_file_cancel(struct yoke_req *req, int err);

/* The exchange has sent the file, or could not. */
void yk_send_file_over(struct yoke_req *req, int err);

/* A file that goes through filters can go on: there is room again; or the
 * client has gone, which it finds out in this way. */
void yk_send_file_go_on(struct yoke_req *req);

/* The request is over; a file that is still open is closed. */
void yk_send_file_drop(struct yoke_req *req);

#endif
