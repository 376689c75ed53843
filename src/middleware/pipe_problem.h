/* What a client is told when its body could not be put into a file: each error
 * is a status, a type for programs and a text, of which none says where the file
 * was to be. What is the server's own fault is logged. */
#ifndef YK_MIDDLEWARE_PIPE_PROBLEM_H
#define YK_MIDDLEWARE_PIPE_PROBLEM_H

#include <stdint.h>

#include <yoke/req.h>

/* Passes the error on as what it is; `path` is for the log. */
void yk_pipe_problem(yoke_req *req, int err, const char *path,
                     uint64_t max_len);

#endif
