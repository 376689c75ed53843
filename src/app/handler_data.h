/* Handlers' data. A handler may be registered at several places, a limiter for
 * two routes, say: its data is freed when the last of them is. */
#ifndef YK_APP_HANDLER_DATA_H
#define YK_APP_HANDLER_DATA_H

#include <yoke/app.h>

/* One more place has this handler. */
void yk_handler_data_hold(const struct yoke_handler *handler);

/* One has it no more; frees the data of the last. */
void yk_handler_data_release(const struct yoke_handler *handler);

#endif
