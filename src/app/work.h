/* Jobs of a request (yoke/work.h), from the inside. */
#ifndef YK_APP_WORK_H
#define YK_APP_WORK_H

struct yoke_req;

/* The handler that runs is about to be answered for. */
void yk_work_on_timeout(struct yoke_req *req);

/* The connection is lost. */
void yk_work_on_abort(struct yoke_req *req);

#endif
