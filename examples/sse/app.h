/* What app.c has for index.c and test_app.c. */
#ifndef SSE_APP_H
#define SSE_APP_H

#include <yoke/yoke.h>

/* Makes the application. Each worker calls it once. */
yoke_app *make_app(void);

#endif
