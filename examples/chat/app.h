/* What app.c has for test_app.c. */
#ifndef CHAT_APP_H
#define CHAT_APP_H

#include <yoke/yoke.h>

/* Makes the application. Each worker calls it once. */
yoke_app *make_app(void);

#endif
