/* Files as answers, from the inside. */
#ifndef YK_APP_SEND_FILE_H
#define YK_APP_SEND_FILE_H

struct yoke_req;

/* The exchange has sent the file, or could not. */
void yk_send_file_over(struct yoke_req *req, int err);

/* A file that goes through filters can go on: there is room again; or the
 * client has gone, which it finds out in this way. */
void yk_send_file_go_on(struct yoke_req *req);

/* The request is over; a file that is still open is closed. */
void yk_send_file_drop(struct yoke_req *req);

#endif
