/* What can be wrong with a form with files, and how the client is told. */
#ifndef YK_MIDDLEWARE_FORM_PROBLEM_H
#define YK_MIDDLEWARE_FORM_PROBLEM_H

#include <yoke/middleware/multipart.h>

/* Functions that read return these, negated. */
enum yk_form_problem {
    YK_FORM_GOOD,
    YK_FORM_MALFORMED,
    YK_FORM_HEAD_LONG,
    YK_FORM_NAME_MISSING,
    YK_FORM_NAME_LONG,
    YK_FORM_FILE_UNEXPECTED,
    YK_FORM_TOO_DEEP,
    YK_FORM_TOTAL_LARGE,
    YK_FORM_FILE_LARGE,
    YK_FORM_FIELD_LARGE,
    YK_FORM_PARTS_MANY,
    YK_FORM_FILES_MANY,
    YK_FORM_FIELDS_MANY,
    YK_FORM_FILES_OF_FIELD_MANY,
    YK_FORM_STORAGE_FAILED,
    YK_FORM_DISK_FULL,
    YK_FORM_CONSUMER_FAILED,
    YK_FORM_MEMORY_FULL,
};

/* What an -errno of storing a file is: is there no room, or something else? */
enum yk_form_problem yk_form_storage_problem(int err);

/* Passes the problem on as an error. The request may be over then. */
void yk_form_refuse(yoke_req *req, const struct yoke_multipart_options *options,
                    enum yk_form_problem problem);

#endif
