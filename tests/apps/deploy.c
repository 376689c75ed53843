/* deploy: an application whose next version is what a file says, for tests of
 * reloading. The file's name is in DEPLOY; its first word is the version, which
 * GET / answers, or one that is broken:
 *
 *     fails    there is no application
 *     exits    the process ends with 3
 *     aborts   it ends by SIGABRT
 *     waits    it never gets any further
 *     crashes  it serves, but its first request ends it
 *     errs     it serves, but answers every request with 500
 *
 *     GET /pid     the worker's process id
 *     GET /ready   it is ready, from now on */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <yoke/yoke.h>

yoke_app_factory make_app;

static char version[64];

static void read_version(void)
{
    const char *path = getenv("DEPLOY");
    FILE *file = path ? fopen(path, "re") : NULL;

    if (!file || fscanf(file, "%63s", version) != 1)
        abort();
    fclose(file);
}

static int is(const char *name)
{
    return strcmp(version, name) == 0;
}

static void show_version(yoke_req *req, yoke_res *res)
{
    (void)req;
    if (is("crashes"))
        raise(SIGSEGV);
    if (is("errs"))
        yoke_res_status(res, 500);
    yoke_res_text(res, version);
}

static void show_pid(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_printf(req, "%d", (int)getpid()));
}

static void be_ready(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_ready();
    yoke_res_text(res, "ready");
}

yoke_app *make_app(void)
{
    read_version();
    if (is("fails"))
        return NULL;
    if (is("exits")) {
        fputs("no database\n", stderr);
        exit(3);
    }
    if (is("aborts"))
        abort();
    while (is("waits"))
        pause();
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/", show_version);
    yoke_app_get(app, "/pid", show_pid);
    yoke_app_get(app, "/ready", be_ready);
    return app;
}
