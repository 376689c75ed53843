/* A worker's check of itself: one request of its own, before it gets a
 * connection. */
#ifndef YK_RUN_CHECK_H
#define YK_RUN_CHECK_H

#include <stddef.h>

#include <yoke/app.h>

/* Sends `GET path` to the application, through no port, and waits for the
 * answer. Returns 0 when its status is below 500; else -YOKE_ESTARTUP, and
 * `text` says how it was answered. */
int yk_check_app(yoke_app *app, const char *path, char *text, size_t len);

#endif
