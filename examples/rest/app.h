/* What app.c has for test_app.c. */
#ifndef REST_APP_H
#define REST_APP_H

#include <yoke/yoke.h>

/* Makes the application, without notes. */
yoke_app *make_app(void);

#endif
