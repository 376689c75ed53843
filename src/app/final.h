/* The answers for requests that came to the end of the stack. */
#ifndef YK_APP_FINAL_H
#define YK_APP_FINAL_H

struct yoke_req;

/* Answers a request that no layer has answered: the error that is on its way;
 * `Allow` for OPTIONS; 405 when the path has routes, but none for the method;
 * 404. The client is told the status and its own target, nothing else. */
void yk_final(struct yoke_req *req);

#endif
