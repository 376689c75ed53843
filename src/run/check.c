#include "run/check.h"

#include <stdio.h>

#include <yoke/error.h>
#include <yoke/test.h>

#include "core/banned.h"

/* The client tells what the application leaves behind, in a test by ending it;
 * here the answer alone counts. */
static void go_on(const char *file, int line)
{
    (void)file;
    (void)line;
}

static int judge(yoke_tr *r, const char *path, char *text, size_t len)
{
    int status = yoke_tr_status(r);
    const char *error = yoke_tr_error(r);

    if (status > 0 && status < 500)
        return 0;
    if (status)
        snprintf(text, len, "its own request GET %s was answered %d", path,
                 status);
    else
        snprintf(text, len, "its own request GET %s was not answered: %s", path,
                 error ? error : "nothing came");
    return -YOKE_ESTARTUP;
}

int yk_check_app(yoke_app *app, const char *path, char *text, size_t len)
{
    yoke_test_on_fail(go_on);
    yoke_test *t = yoke_test_new(yoke_app_ref(app));
    yoke_tr *r = yoke_test_get(t, path);
    yoke_tr_set(r, "User-Agent", "yoke-check");
    int err = judge(r, path, text, len);
    yoke_test_free(t);
    return err;
}
