/* yoke routes: what an application answers to, without running it. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <yoke/loop.h>

#include "cli/app_file.h"
#include "cli/command.h"
#include "cli/message.h"
#include "cli/options.h"
#include "core/alloc.h"
#include "core/number.h"

#include "core/banned.h"

/* What the command line said. */
struct routes {
    struct yk_app_file file;
    bool wants_all, wants_json, wants_help;
};

static int set_factory(const char *given, const char *value, void *data)
{
    (void)given;
    ((struct routes *)data)->file.factory = value;
    return 0;
}

static const struct yk_option options[] = {
    YK_OPTION_FLAG('a', "all",
                   "Middleware, error handlers and mounted routers\n"
                   "too, in their places in the stack",
                   struct routes, wants_all),
    YK_OPTION_FLAG(0, "json", "Print JSON: an array of objects", struct routes,
                   wants_json),
    {0, "factory", "NAME",
     "Function that makes the application.\n"
     "Default: " YK_FACTORY_NAME,
     .set = set_factory},
    YK_OPTION_FLAG('h', "help", "Print this", struct routes, wants_help),
    {0},
};

/* ---- Rows ---- */

enum {
    COLUMNS = 4
}; /* Methods or kind, path, handlers, place. */

struct row {
    char *cells[COLUMNS];
    enum yoke_layer_kind kind;
};

struct rows {
    struct row *items;
    size_t count;
    bool wants_all;
};

static const char *const kind_names[] = {
    [YOKE_LAYER_ROUTE] = "route",
    [YOKE_LAYER_MIDDLEWARE] = "use",
    [YOKE_LAYER_CATCH] = "catch",
    [YOKE_LAYER_ROUTER] = "mount",
};

static void add_row(const struct yoke_layer_info *info, void *data)
{
    struct rows *rows = data;
    bool is_route = info->kind == YOKE_LAYER_ROUTE;
    if (!is_route && !rows->wants_all)
        return;
    rows->items =
        yk_realloc(rows->items, rows->count + 1, sizeof(*rows->items));
    rows->items[rows->count++] = (struct row){
        .cells = {yk_strdup(is_route ? info->methods : kind_names[info->kind]),
                  yk_strdup(info->path), yk_strdup(info->handlers),
                  yk_strdup(info->here)},
        .kind = info->kind,
    };
}

static void free_rows(struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        for (int column = 0; column < COLUMNS; column++)
            free(rows->items[i].cells[column]);
    free(rows->items);
}

/* ---- As a table ---- */

static const char *const heads[COLUMNS] = {"METHOD", "PATH", "HANDLER",
                                           "PLACE"};

/* The longest handlers that widen their column for all others. */
#define WIDTH_MAX 40

static void measure(const struct rows *rows, int widths[COLUMNS])
{
    for (int column = 0; column < COLUMNS; column++) {
        widths[column] = (int)strlen(heads[column]);
        for (size_t i = 0; i < rows->count; i++) {
            int len = (int)strlen(rows->items[i].cells[column]);
            if (len > widths[column] && len <= WIDTH_MAX)
                widths[column] = len;
        }
    }
}

static void print_row(const char *const cells[COLUMNS],
                      const int widths[COLUMNS])
{
    for (int column = 0; column < COLUMNS - 1; column++)
        printf("%-*s  ", widths[column], cells[column]);
    puts(cells[COLUMNS - 1]);
}

static void print_table(const struct rows *rows)
{
    int widths[COLUMNS];
    if (rows->count == 0)
        return;
    measure(rows, widths);
    print_row(heads, widths);
    for (size_t i = 0; i < rows->count; i++)
        print_row((const char *const *)rows->items[i].cells, widths);
}

/* ---- As JSON ---- */

/* "GET, PUT" as ["GET", "PUT"]. */
static json_t *list_of(const char *text)
{
    json_t *list = json_array();
    while (*text) {
        size_t len = strcspn(text, ",");
        json_array_append_new(list, json_stringn(text, len));
        text += len;
        text += strspn(text, ", ");
    }
    return list;
}

static json_t *object_of(const struct row *row)
{
    const char *here = row->cells[3], *colon = strrchr(here, ':');
    size_t file_len = colon ? (size_t)(colon - here) : strlen(here);
    bool is_route = row->kind == YOKE_LAYER_ROUTE;
    int line = 0;
    if (colon)
        yk_parse_int(yk_slice_of(colon + 1), &line);
    return json_pack("{s:s, s:o, s:s, s:o, s:s%, s:i}", "kind",
                     kind_names[row->kind], "methods",
                     list_of(is_route ? row->cells[0] : "*"), "path",
                     row->cells[1], "handlers", list_of(row->cells[2]), "file",
                     here, file_len, "line", line);
}

/* Returns 0, or -1 after having said what is wrong. */
static int print_json(const struct rows *rows)
{
    json_t *list = json_array();
    for (size_t i = 0; i < rows->count; i++)
        json_array_append_new(list, object_of(&rows->items[i]));
    char *text = json_array_size(list) == rows->count
                     ? json_dumps(list, JSON_INDENT(2))
                     : NULL;
    json_decref(list);
    if (!text) {
        yk_say("routes: a name or a path is not UTF-8, and so cannot be JSON");
        return -1;
    }
    puts(text);
    free(text);
    return 0;
}

/* ---- The command ---- */

static int print_routes(yoke_app *app, const struct routes *routes)
{
    struct rows rows = {.wants_all = routes->wants_all};
    int err = 0;

    yoke_app_routes(app, add_row, &rows);
    if (routes->wants_json)
        err = print_json(&rows);
    else
        print_table(&rows);
    free_rows(&rows);
    return err < 0 ? YK_STATUS_FAILED : 0;
}

static int check_usage(int operands, char **argv)
{
    if (operands == 0)
        yk_say("routes: no application was named");
    else if (operands > 1)
        yk_say("routes: one application at a time; '%s' is one too many",
               argv[2]);
    return operands == 1 ? 0 : -1;
}

static int routes_main(int argc, char **argv)
{
    struct routes routes = {.file.factory = YK_FACTORY_NAME};
    int operands = yk_options_parse(options, argc, argv, &routes);

    if (operands >= 0 && routes.wants_help) {
        yk_command_explain(&yk_command_routes);
        return 0;
    }
    if (operands < 0 || check_usage(operands, argv) < 0)
        return yk_command_misused(&yk_command_routes);

    routes.file.path = argv[1];
    if (yk_app_file_check(&routes.file) < 0)
        return YK_STATUS_FAILED;
    /* One that crashes while it is made says where. */
    yoke_catch_crashes();
    yoke_app *app = yk_app_file_load(&routes.file);
    const char *error = yoke_app_check(app);
    int status = YK_STATUS_FAILED;
    if (error)
        yk_say("%s", error);
    else
        status = print_routes(app, &routes);
    yoke_app_free(app);
    return status;
}

const struct yk_command yk_command_routes = {
    .name = "routes",
    .summary = "List what an application answers to",
    .synopsis = "routes [OPTIONS] APP.so",
    .text = "Makes the application, as 'yoke run' does, but opens no port. "
            "Prints method,\n"
            "path, handlers and place of each route, in the order in which "
            "they are tried;\n"
            "and checks that the application could start.",
    .options = options,
    .main = routes_main,
};
