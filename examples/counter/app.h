/* What app.c has for test_app.c. */
#ifndef COUNTER_APP_H
#define COUNTER_APP_H

#include <yoke/yoke.h>

/* Makes the application. Each worker calls it once. */
yoke_app *make_app(void);

#endif
