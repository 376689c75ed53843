/* Reading a form as fast as its parts can be put away:
 *
 *     pieces -> parser -> form_reader -> fields and files
 *       |         |            |
 *       |         `-- stops <--' while a file is written, or a hook has enough:
 *       `-- waits                the rest of the piece is kept, and the client
 *                                waits
 *
 * Nothing is parsed then, so an error never comes while a file is in use by
 * another thread; only the client's going does, and it waits until the write is
 * over. */
#ifndef YK_MIDDLEWARE_MULTIPART_PUMP_H
#define YK_MIDDLEWARE_MULTIPART_PUMP_H

#include <stdbool.h>
#include <stddef.h>

#include "middleware/form_reader.h"
#include "middleware/multipart_parser.h"

/* In the request's memory. */
struct yk_multipart_pump {
    struct yk_form_reader form;
    struct yk_multipart_parser parser;
    char *rest; /* What has not been parsed yet of the last piece. */
    size_t rest_len, rest_capacity;
    bool is_writing;  /* A file is in use. */
    bool is_refused;  /* An error is on its way; what still comes is ignored. */
    bool is_deserted; /* The client went while a file was written. */
    enum yk_form_problem pending; /* Found meanwhile; 0: none. */
};

void yk_multipart_pump_init(struct yk_multipart_pump *pump, yoke_req *req,
                            const struct yoke_multipart_options *options,
                            const char *boundary);

/* Parses a piece, now or later. */
void yk_multipart_pump_add(struct yk_multipart_pump *pump, const char *ptr,
                           size_t len);

/* What a hook has waited for is over. */
void yk_multipart_pump_resume(struct yk_multipart_pump *pump);

/* Passes a problem on as an error, when no file is in use any more. The request
 * may be over then. */
void yk_multipart_pump_refuse(struct yk_multipart_pump *pump,
                              enum yk_form_problem problem);

/* The client has gone before the end: the same. */
void yk_multipart_pump_abort(struct yk_multipart_pump *pump);

#endif
