/* Values that middleware has attached to a request: see yoke_req_attach. */
#ifndef YK_APP_ATTACH_H
#define YK_APP_ATTACH_H

struct yoke_req;

/* Frees them, the last one first. For the end of the request. */
void yk_attached_free(struct yoke_req *req);

#endif
