/* Content-Disposition (RFC 6266): a file to be saved, and its name. */
#ifndef YK_APP_DISPOSITION_H
#define YK_APP_DISPOSITION_H

#include "core/arena.h"

/* The field's value: "attachment", and the name if it is not NULL. */
const char *yk_disposition(const char *filename, struct yk_arena *arena);

#endif
