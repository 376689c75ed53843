/* tuned: runs an application with settings that `yoke run` does not offer, for
 * tests that cannot wait for the defaults.
 *
 *     tuned APP.so NAME=NUMBER ...
 *
 * A name is a field of struct yoke_limits or of struct yoke_cluster_options, or
 * rlimit.N, the resource limit of that number.
 * Under the policy `callback` workers take turns, too.
 * It listens on $PORT. A generation of workers keeps the file that $TUNED_FILE
 * names (yoke_cluster_file); if that is APP.so, it is loaded from there. */
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/yoke.h>

#define OPTION(field)                                                          \
    {                                                                          \
#        field, offsetof(struct yoke_cluster_options, field)                   \
    }
#define LIMIT(field)                                                           \
    {                                                                          \
#        field, offsetof(struct yoke_cluster_options, listen.limits.field)     \
    }

/* What can be set; each is an int or a uint32_t. */
static const struct {
    const char *name;
    size_t offset;
} settings[] = {
    OPTION(workers),         OPTION(backoff_base_ms),   OPTION(backoff_max_ms),
    OPTION(budget),          OPTION(stop_timeout_ms),   OPTION(hang_timeout_ms),
    OPTION(boot_timeout_ms), OPTION(abort_timeout_ms),  OPTION(probation_ms),
    OPTION(max_generations), OPTION(survive_ms),        OPTION(preload),
    LIMIT(max_drain_len),    LIMIT(max_pipeline),       LIMIT(high_water),
    LIMIT(head_timeout_ms),  LIMIT(request_timeout_ms), LIMIT(idle_timeout_ms),
    LIMIT(write_timeout_ms), LIMIT(handler_timeout_ms), LIMIT(min_body_rate),
    LIMIT(max_conns),        LIMIT(max_conns_per_ip),   LIMIT(max_fields),
};

#define RLIMITS_MAX 4

/* Written by set_rlimit, before the cluster runs. */
static struct yoke_rlimit rlimits[RLIMITS_MAX];

static const char *path; /* Of the application; set once, in main. */

static const char *kept_path(void)
{
    const char *name = getenv("TUNED_FILE");
    const char *kept = yoke_cluster_file();

    return kept && name && strcmp(name, path) == 0 ? kept : path;
}

static yoke_app *make_app(void)
{
    void *file = dlopen(kept_path(), RTLD_NOW | RTLD_LOCAL);
    yoke_app_factory *factory = NULL;
    void *symbol = file ? dlsym(file, "make_app") : NULL;

    /* ISO C has no cast from a pointer to data to one to a function. */
    memcpy(&factory, &symbol, sizeof(factory));
    if (factory)
        return factory();
    fprintf(stderr, "tuned: %s\n", dlerror());
    return NULL;
}

/* In order of the slots. `data` is the slot that was last. */
static int pick_next(const struct yoke_peer_info *peer,
                     const struct yoke_candidate *candidates, int n, void *data)
{
    int *last = data;
    int i = 0;

    (void)peer;
    while (i < n && candidates[i].slot <= *last)
        i++;
    i %= n;
    *last = candidates[i].slot;
    return i;
}

static bool set_rlimit(struct yoke_cluster_options *options, const char *arg)
{
    int resource;
    unsigned long value;

    if (options->rlimit_count == RLIMITS_MAX ||
        sscanf(arg, "rlimit.%d=%lu", &resource, &value) != 2)
        return false;
    rlimits[options->rlimit_count++] =
        (struct yoke_rlimit){.resource = resource, .value = value};
    options->rlimits = rlimits;
    return true;
}

static void set(struct yoke_cluster_options *options, const char *arg)
{
    const char *equals = strchr(arg, '=');
    size_t len = equals ? (size_t)(equals - arg) : 0;

    if (set_rlimit(options, arg))
        return;
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (strlen(settings[i].name) != len ||
            memcmp(settings[i].name, arg, len) != 0)
            continue;
        int value = (int)strtol(equals + 1, NULL, 10);
        memcpy((char *)options + settings[i].offset, &value, sizeof(value));
        return;
    }
    fprintf(stderr, "tuned: there is no setting '%s'\n", arg);
    exit(2);
}

int main(int argc, char **argv)
{
    struct yoke_cluster_options options = {.quiet = true};
    int last_slot = 0;

    yoke_cluster_init(argc, argv);
    if (argc < 2) {
        fprintf(stderr, "usage: tuned APP.so NAME=NUMBER ...\n");
        return 2;
    }
    path = argv[1];
    yoke_cluster_set_pick(pick_next, &last_slot);
    for (int i = 2; i < argc; i++)
        set(&options, argv[i]);
    options.file = getenv("TUNED_FILE");
    options.listen.port = yoke_env_int("PORT", 0);
    return yoke_cluster_run(make_app, &options);
}
