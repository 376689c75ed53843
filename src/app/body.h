/* The request's body: who reads it, and what was collected of it. */
#ifndef YK_APP_BODY_H
#define YK_APP_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include <yoke/req.h>

/* In the arena, from the moment somebody asks for the body. */
struct yk_body {
    /* What yoke_req_on_data was given; either may be NULL. */
    void (*on_data)(yoke_req *req, const char *ptr, size_t len, void *data);
    void (*on_end)(yoke_req *req, int err, void *data);
    void *data;
    const void *reader; /* The handler that reads: its place in its layer. */
    bool is_late;       /* It was answered for, and has not come back. */

    const char *ptr; /* What yoke_body collected; NULL: not yet. */
    size_t len;
};

/* The handler that runs is about to be answered for. */
void yk_body_on_timeout(struct yoke_req *req);

/* The exchange's events, handed on to whoever reads. */
void yk_body_on_data(struct yoke_req *req, const char *ptr, size_t len);
void yk_body_on_end(struct yoke_req *req, int err);

#endif
