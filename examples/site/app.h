/* What app.c has for index.c and test_app.c. */
#ifndef SITE_APP_H
#define SITE_APP_H

#include <yoke/yoke.h>

/* Makes the application. Each worker calls it once. */
yoke_app *make_app(void);

#endif
