/* What a server needs of an application: to make it ready, and to hand it
 * requests. */
#ifndef YK_APP_HANDLE_H
#define YK_APP_HANDLE_H

#include <yoke/app.h>

struct yk_exchange;

/* Freezes the application: builds what requests are matched with; nothing can
 * be added afterwards. Returns the first error of registration, or NULL; with
 * an error it must not be served. Can be called again. */
const char *yk_app_prepare(yoke_app *app);

/* Handles one request; `on_request` of http/server.h. `app` is a yoke_app that
 * has been prepared, and lives until the exchange has been ended. */
void yk_app_handle(struct yk_exchange *x, void *app);

#endif
