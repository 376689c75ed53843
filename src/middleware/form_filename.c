#include "middleware/form_filename.h"

#include <string.h>

#include "core/utf8.h"

#include "core/banned.h"

/* Control characters and, if it is not UTF-8, all that is not ASCII. */
static void replace_odd_bytes(char *name)
{
    unsigned char end = yk_is_utf8(name, strlen(name)) ? 0xff : 0x7e;
    for (char *p = name; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f || (unsigned char)*p > end)
            *p = '_';
}

char *yk_form_filename(char *name)
{
    char *last = name;
    replace_odd_bytes(name);
    for (char *p = name; *p; p++)
        if (*p == '/' || *p == '\\')
            last = p + 1;
    return strcmp(last, ".") == 0 || strcmp(last, "..") == 0
               ? last + strlen(last)
               : last;
}
