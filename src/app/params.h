/* Params of a request: the values that its path gave to the captures of a
 * layer, and the hooks that run when they have one (yoke_app_param).
 *
 * Each router that a request is in has values of its own, those of the layer
 * that runs, or ran last, there (struct yk_frame in app/req.h). Hooks run
 * before the layer, once for each name and value: what came of them is kept
 * with the frame. */
#ifndef YK_APP_PARAMS_H
#define YK_APP_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include <yoke/app.h>

#include "core/slice.h"

struct yk_arena;
struct yk_entry;
struct yk_frame;
struct yoke_req;

/* ---- Hooks ---- */

struct yk_param_hook {
    struct yk_param_hook *next; /* In the order of registration. */
    char *name;
    struct yoke_handler handler; /* Its data is owned. */
};

/* The first hook for that param in a list, or NULL. */
const struct yk_param_hook *
yk_params_next_hook(const struct yk_param_hook *list, struct yk_slice name);

/* Frees a router's hooks and their data. */
void yk_params_free_hooks(struct yk_param_hook *first);

/* A value for which the hooks have been called, and what they said. */
struct yk_called {
    struct yk_called *next;
    struct yk_slice name;
    const char *value;
    const struct yoke_err *err; /* They have raised it; or NULL. */
    bool skips;                 /* They have skipped the layer. */
    void *data;                 /* yoke_param_set_data */
};

/* The hooks that are running for a layer. Zeroed, none are. */
struct yk_hook_run {
    const struct yk_param_hook *hook; /* NULL: none. */
    struct yk_called *called;         /* For whom. */
    uint32_t capture;                 /* Whose place this is. */
};

enum yk_hook_step {
    YK_HOOK_CALL,  /* The run's hook is to be called. */
    YK_HOOK_DONE,  /* All have run; the layer's turn. */
    YK_HOOK_SKIP,  /* The layer is skipped. */
    YK_HOOK_ERROR, /* The same, with the error of run->called. */
};

/* The first hook of the frame's layer, and the one behind that which has
 * passed on. */
enum yk_hook_step yk_params_start_hooks(struct yoke_req *req);
enum yk_hook_step yk_params_go_on(struct yoke_req *req);

/* ---- Values ---- */

struct yk_value {
    const char *text;    /* Decoded; of a wildcard with its slashes. */
    struct yk_slice raw; /* As it came. */
};

enum yk_params_result {
    YK_PARAMS_MATCH,
    YK_PARAMS_MISMATCH,
    YK_PARAMS_BAD_ESCAPE, /* docs/http-rules.md rule 34 */
};

/* Matches `path` with the variant of an entry. On a match there are the values
 * of its captures, in the arena, and how much of the path it is; otherwise
 * neither is changed. */
enum yk_params_result yk_params_read(const struct yk_entry *entry,
                                     struct yk_slice path,
                                     struct yk_arena *arena,
                                     const struct yk_value **ret_values,
                                     uint32_t *ret_len);

#endif
