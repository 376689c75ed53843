/* yoke_cluster_run: where the application and the cluster meet.
 *
 * The cluster can supervise anything and the application serves anywhere;
 * neither knows the other. This file says what a supervised worker does: make
 * the application, which under preload is done in its template, and listen.
 * Whatever keeps it from that, it tells the
 * primary in words, for there the operator looks. */
#include <yoke/cluster.h>

#include <stdbool.h>
#include <stddef.h>

#include <yoke/app.h>
#include <yoke/error.h>

#include "cluster/self.h"
#include "cluster/supervise.h"
#include "run/check.h"

/* What yoke_cluster_run was given; lives as long as the run. */
struct run {
    yoke_app_factory *make_app;
    struct yoke_cluster_options options; /* With the user's callbacks. */
    bool tells_ready; /* The primary does not see that it listens. */
    yoke_app *app;    /* Once it is loaded, until it is served. */
};

static void on_listening(yoke_server *server, const struct yoke_address *addr,
                         void *data)
{
    const struct yoke_listen_options *listen =
        &((struct run *)data)->options.listen;
    if (((struct run *)data)->tells_ready)
        yoke_ready();
    if (listen->on_listening)
        listen->on_listening(server, addr, listen->data);
}

/* What a worker opens by itself, the primary hears nothing of. */
static void watch_own_listener(struct run *run)
{
    const struct yoke_listen_options *listen = &run->options.listen;

    if ((listen->exclusive || listen->reuse_port) && !run->options.wait_ready)
        run->tells_ready = run->options.wait_ready = true;
}

static void on_error(int err, const char *text, void *data)
{
    const struct yoke_listen_options *listen =
        &((struct run *)data)->options.listen;
    yoke_cluster_fail("%s", text);
    if (listen->on_error)
        listen->on_error(err, text, listen->data);
}

/* The first worker of a reload shows that it can answer, before it does so for
 * anybody. */
static int check(const struct run *run, yoke_app *app)
{
    const char *path = run->options.check_path;
    char text[256];

    if (!yk_self_is_on_trial() || (path && !*path))
        return 0;
    int err = yk_check_app(app, path ? path : "/", text, sizeof(text));
    if (err < 0)
        yoke_cluster_fail("%s", text);
    return err;
}

/* Returns 0, or -YOKE_ESTARTUP when it has told the primary why the application
 * cannot be had. */
static int load(void *data)
{
    struct run *run = data;
    yoke_app *app = run->make_app();

    if (!app) {
        yoke_cluster_fail("the application could not be made: its factory "
                          "returned NULL");
        return -YOKE_ESTARTUP;
    }
    const char *error = yoke_app_error(app);
    if (error) {
        yoke_cluster_fail("%s", error);
        yoke_app_free(app);
        return -YOKE_ESTARTUP;
    }
    run->app = app;
    return 0;
}

static int serve(void *data)
{
    struct run *run = data;
    struct yoke_listen_options listen = run->options.listen;
    yoke_app *app = run->app;

    if (check(run, app) < 0)
        return -YOKE_ESTARTUP;
    run->app = NULL;
    listen.on_listening = on_listening;
    listen.on_error = on_error;
    listen.data = run;
    return yoke_app_listen_with(app, &listen) ? 0 : -YOKE_ESTARTUP;
}

static const struct yk_duty duty = {.load = load, .serve = serve};

int yoke_cluster_run(yoke_app_factory *make_app,
                     const struct yoke_cluster_options *options)
{
    struct run run = {.make_app = make_app};
    if (options)
        run.options = *options;
    watch_own_listener(&run);
    int status = yk_cluster_supervise(&run.options, &duty, &run);
    yoke_app_free(run.app);
    return status;
}
