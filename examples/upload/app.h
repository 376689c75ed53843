/* What app.c has for test_app.c. */
#ifndef UPLOAD_APP_H
#define UPLOAD_APP_H

#include <yoke/yoke.h>

/* Makes the application. Files go to the folder that UPLOAD_DIR names, or to
 * "uploads". NULL when there is none and it cannot be made; that is logged. */
yoke_app *make_app(void);

#endif
