/* A place in the source of an application, so that what is wrong with a
 * registration can be told with file and line. */
#ifndef YOKE_HERE_H
#define YOKE_HERE_H

#include <yoke/temporary.h>

struct yoke_here {
    const char *file;
    int line;
    const char *text; /* The handlers as they are written there, for lists of
                         routes: "check, show"; NULL when it is not known. */
};

/* The place where this stands. */
#define YOKE_HERE YOKE_VALUE_(yoke_here, __FILE__, __LINE__, (const char *)0)

#endif
