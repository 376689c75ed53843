/* Server-sent events, from the inside. */
#ifndef YK_APP_SSE_H
#define YK_APP_SSE_H

struct yoke_req;

/* The server drains: the stream ends. */
void yk_sse_on_stop(struct yoke_req *req);

#endif
