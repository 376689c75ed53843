/* The parts of a form: what the parser tells becomes fields and files.
 *
 *     parser -> a field, in memory            -> yoke_req_form
 *          `--> a file: memory | hook | spool -> yoke_req_upload
 *
 * Its functions are the parser's events. They only use what is there; waiting,
 * for a disk or a hook, is the affair of multipart.c. */
#ifndef YK_MIDDLEWARE_FORM_READER_H
#define YK_MIDDLEWARE_FORM_READER_H

#include <yoke/middleware/multipart.h>

#include "middleware/form_problem.h"
#include "middleware/multipart_parser.h"

struct yk_spool;
struct yk_upload;

/* Where the bytes of the part go that is being read. */
enum yk_sink {
    YK_TO_NOBODY,
    YK_TO_MEMORY,
    YK_TO_DISK,
    YK_TO_HOOK
};

struct yk_form_reader {
    yoke_req *req;
    const struct yoke_multipart_options *options;
    size_t part_count, file_count, field_count;

    /* The part. */
    enum yk_sink sink;
    const char *field;        /* Its name, if it is no file. */
    struct yk_upload *upload; /* Else the file. */
    char *ptr;                /* YK_TO_MEMORY: its bytes; */
    size_t len, capacity;     /* a NUL fits behind `capacity`. */

    struct yk_spool *spool;                  /* NULL: no file is on disk yet. */
    void (*on_written)(void *data, int err); /* The spool's, */
    void *data;                              /* handed to it. */
    bool must_write; /* The spool is full, or its file complete. */
    bool is_waiting; /* A hook wants no more. */
};

void yk_form_reader_init(struct yk_form_reader *reader, yoke_req *req,
                         const struct yoke_multipart_options *options);

/* Its `data` is a reader. */
extern const struct yk_multipart_events yk_form_reader_events;

/* Memory for `capacity` bytes, of which the first `len` are those of `old`; NULL
 * when there is none. */
char *yk_form_reader_grow(void *reader, const char *old, size_t len,
                          size_t capacity);

#endif
