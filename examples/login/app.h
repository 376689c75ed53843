/* What app.c has for index.c and test_app.c. */
#ifndef LOGIN_APP_H
#define LOGIN_APP_H

#include <yoke/yoke.h>

/* Makes the application. Each worker calls it once. */
yoke_app *make_app(void);

#endif
