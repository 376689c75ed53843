/* Express: test/acceptance/downloads.js, mvc.js and route-separation.js. Their
 * examples in C, as far as their tests look at them: no sessions, and pages
 * without an engine. */
#include "fixtures.h"
#include "routing.h"

/* ---- downloads ---- */

static void show_links(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_html(res, "<a href=\"/files/name.txt\">name.txt</a>");
}

static void sorry(yoke_req *req, yoke_res *res, int err, void *data)
{
    (void)data;
    if (err == 0)
        return;
    if (err != -ENOENT) {
        yoke_next_err(req, 403, "not to be downloaded");
        return;
    }
    yoke_res_status(res, 404);
    yoke_res_text(res, "No such file, sorry!");
}

static void download(yoke_req *req, yoke_res *res)
{
    yoke_res_download(res, yoke_req_param(req, "file"), NULL,
                      .root = public_root(req), .done = sorry);
}

static void downloads(yoke_app *app)
{
    yoke_app_get(app, "/", show_links);
    yoke_app_get(app, "/files/*file", download);
}

/* ---- People and their pets, who can be changed ---- */

#define PETS_MAX 4

struct person {
    char name[32], email[64];
    char pets[PETS_MAX][32];
};

static struct person people[3];

static void fill_people(void)
{
    static const struct person first[] = {
        {"TJ", "tj@example.com", {"Tobi", "Loki", "Jane"}},
        {"Guillermo", "guillermo@example.com", {"Bandit"}},
        {"Nathan", "nathan@example.com", {""}},
    };
    memcpy(people, first, sizeof(people));
}

static void load_person(yoke_req *req, yoke_res *res)
{
    int64_t id;
    (void)res;
    if (!yoke_req_int(req, YOKE_PARAM, "id", 0, INT32_MAX, &id))
        return;
    if (id >= (int64_t)COUNT_OF(people)) {
        yoke_next_problem(req, 404, "there is no such person");
        return;
    }
    yoke_req_set_data(req, &people[id]);
    yoke_next(req);
}

static void list_people(yoke_req *req, yoke_res *res)
{
    const char *page = "<h1>People</h1>";
    for (size_t i = 0; i < COUNT_OF(people); i++)
        page = yoke_req_printf(req, "%s<a href=\"/user/%zu\">%s</a>", page, i,
                               people[i].name);
    yoke_res_html(res, page);
}

static void show_person(yoke_req *req, yoke_res *res)
{
    const struct person *one = yoke_req_get_data(req);
    const char *page =
        yoke_req_printf(req, "Viewing user %s (%s)", one->name, one->email);
    for (size_t i = 0; i < PETS_MAX && *one->pets[i]; i++)
        page = yoke_req_printf(req, "%s<a href=\"pet/%zu\">%s</a>", page, i,
                               one->pets[i]);
    yoke_res_html(res, page);
}

static void edit_person(yoke_req *req, yoke_res *res)
{
    const struct person *one = yoke_req_get_data(req);
    yoke_res_html(res, yoke_req_printf(req,
                                       "Editing user %s<form method=\"post\" "
                                       "action=\"?_method=put\">",
                                       one->name));
}

/* The field has a name with brackets, and is of a form that may nest. */
static void update_person(yoke_req *req, yoke_res *res)
{
    struct person *one = yoke_req_get_data(req);
    const char *name;
    if (!yoke_req_string(req, YOKE_FORM, "user[name]", 1, 31, &name))
        return;
    const char *email = yoke_req_form(req, "user[email]");
    snprintf(one->name, sizeof(one->name), "%s", name);
    if (email)
        snprintf(one->email, sizeof(one->email), "%s", email);
    yoke_res_redirect_back(res, "/");
}

/* ---- route-separation ---- */

static void list_posts(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_html(res, "<h1>Posts</h1>");
}

static void route_separation(yoke_app *app)
{
    fill_people();
    yoke_app_use(app, yoke_method_override(.query = "_method"),
                 yoke_urlencoded(.extended = true));
    yoke_app_get(app, "/", yoke_with(answer, DATA("Routes apart"), NULL));
    yoke_app_get(app, "/users", list_people);
    yoke_app_all(app, "/user/:id{/:op}", load_person);
    yoke_app_get(app, "/user/:id", show_person);
    yoke_app_get(app, "/user/:id/view", show_person);
    yoke_app_get(app, "/user/:id/edit", edit_person);
    yoke_app_put(app, "/user/:id/edit", update_person);
    yoke_app_get(app, "/posts", list_posts);
}

/* ---- mvc: what a controller has makes its routes ---- */

struct controller {
    const char *name, *prefix;
    yoke_fn *before, *list, *show, *edit, *update, *create;
};

static void to_people(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_redirect(res, 302, "/users");
}

/* The first person's pet of that number. */
static void load_pet(yoke_req *req, yoke_res *res)
{
    int64_t id;
    (void)res;
    if (!yoke_req_int(req, YOKE_PARAM, "id", 0, PETS_MAX - 1, &id))
        return;
    yoke_req_set_data(req, people[0].pets[id]);
    yoke_next(req);
}

static void show_pet(yoke_req *req, yoke_res *res)
{
    yoke_res_html(res, yoke_req_printf(req, "<h1>%s</h1>",
                                       (char *)yoke_req_get_data(req)));
}

static void edit_pet(yoke_req *req, yoke_res *res)
{
    yoke_res_html(res, yoke_req_printf(req, "<form><input value=\"%s\">",
                                       (char *)yoke_req_get_data(req)));
}

static void update_pet(yoke_req *req, yoke_res *res)
{
    const char *name;
    if (!yoke_req_string(req, YOKE_FORM, "pet[name]", 1, 31, &name))
        return;
    snprintf(yoke_req_get_data(req), sizeof(people[0].pets[0]), "%s", name);
    yoke_res_redirect(res, 302, yoke_req_original_url(req));
}

static void create_pet(yoke_req *req, yoke_res *res)
{
    struct person *one = yoke_req_get_data(req);
    const char *name;
    size_t i = 0;
    if (!yoke_req_string(req, YOKE_FORM, "pet[name]", 1, 31, &name))
        return;
    while (i < PETS_MAX - 1 && *one->pets[i])
        i++;
    snprintf(one->pets[i], sizeof(one->pets[i]), "%s", name);
    yoke_res_redirect(
        res, 302, yoke_req_printf(req, "/user/%s", yoke_req_param(req, "id")));
}

static const struct controller controllers[] = {
    {"user", "", .before = load_person, .list = list_people,
     .show = show_person, .edit = edit_person, .update = update_person},
    {"pet", "", .before = load_pet, .show = show_pet, .edit = edit_pet,
     .update = update_pet},
    {"pet", "/user/:id", .before = load_person, .create = create_pet},
};

static void add_action(yoke_app *inner, const struct controller *c,
                       const char *method, const char *end, yoke_fn *action)
{
    char path[64];
    snprintf(path, sizeof(path), "%s/%s%s", c->prefix, c->name, end);
    if (action == list_people)
        yoke_app_method(inner, method, path, action);
    else if (action)
        yoke_app_method(inner, method, path, c->before, action);
}

static yoke_app *app_of(const struct controller *c)
{
    yoke_app *inner = yoke_app_new();
    add_action(inner, c, "GET", "s", c->list);
    add_action(inner, c, "GET", "/:id", c->show);
    add_action(inner, c, "GET", "/:id/edit", c->edit);
    add_action(inner, c, "PUT", "/:id", c->update);
    add_action(inner, c, "POST", "", c->create);
    return inner;
}

static void mvc(yoke_app *app)
{
    fill_people();
    yoke_app_use(app, yoke_method_override(.query = "_method"),
                 yoke_urlencoded(.extended = true));
    yoke_app_get(app, "/", to_people);
    for (size_t i = 0; i < COUNT_OF(controllers); i++)
        yoke_app_mount(app, "/", app_of(&controllers[i]));
}

/* ---- A form that is sent, and what there is afterwards ---- */

static const struct {
    const char *name;
    void (*prepare)(yoke_app *app);
    const char *method, *path, *field, *value;
    const char *location; /* NULL: 400. */
    const char *after, *has;
} forms[] = {
    {"mvc: a pet gets another name", mvc, "PUT", "/pet/2", "pet[name]", "Boots",
     "/pet/2", "/pet/2/edit", "Boots"},
    {"mvc: a person does", mvc, "PUT", "/user/1", "user[name]", "Tobo", "/",
     "/user/1/edit", "Tobo"},
    {"mvc: nobody does without the field", mvc, "PUT", "/user/1", "name",
     "Tobo", NULL, "/user/1/edit", "Guillermo"},
    {"mvc: a person gets a pet", mvc, "POST", "/user/2/pet", "pet[name]",
     "Snickers", "/user/2", "/user/2", "Snickers"},
    {"route-separation: a person changes", route_separation, "PUT",
     "/user/0/edit", "user[name]", "Ed", "/", "/user/0", "user Ed"},
    {"route-separation: by a form, which knows no PUT", route_separation,
     "POST", "/user/1/edit?_method=PUT", "user[name]", "Ed", "/", "/user/1",
     "user Ed"},
};

static void forms_change_what_pages_show(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        yoke_app *app = yoke_app_new();
        print_message("%s\n", forms[i].name);
        forms[i].prepare(app);
        yoke_test *t = yoke_test_new(app);
        yoke_tr *r = yoke_test_request(t, forms[i].method, forms[i].path);
        yoke_tr_form(r, forms[i].field, forms[i].value);
        yoke_expect_status(r, forms[i].location ? 302 : 400);
        if (forms[i].location)
            yoke_expect_header(r, "Location", forms[i].location);
        r = yoke_test_get(t, forms[i].after);
        yoke_expect_status(r, 200);
        yoke_expect_body_has(r, forms[i].has);
        yoke_test_free(t);
    }
}

#define SAVED(name)                                                            \
    {                                                                          \
        {                                                                      \
            "Content-Disposition", "attachment; filename=" name                \
        }                                                                      \
    }

static const struct express_case cases[] = {
    {"downloads: a page with links", .prepare = downloads,
     .has = "href=\"/files/name.txt\""},
    {"downloads: a file in a folder", .prepare = downloads,
     .path = "/files/blog/index.html", .answered = SAVED("index.html")},
    {"downloads: a file", .prepare = downloads, .path = "/files/name.txt",
     .body = "tobi", .answered = SAVED("name.txt")},
    {"downloads: no such file", .prepare = downloads,
     .path = "/files/missing.txt", .status = 404,
     .body = "No such file, sorry!",
     .answered = {{"Content-Disposition", NULL}}},
    {"downloads: a way out", .prepare = downloads,
     .path = "/files/../secret.txt", .status = 403},

    {"mvc: leads to the list", .prepare = mvc, .status = 302,
     .answered = {{"Location", "/users"}}},
    {"mvc: a pet", .prepare = mvc, .path = "/pet/0", .has = "Tobi"},
    {"mvc: a pet's form", .prepare = mvc, .path = "/pet/0/edit",
     .has = "<form><input value=\"Tobi\">"},
    {"mvc: everybody", .prepare = mvc, .path = "/users",
     .has = ">TJ</a><a href=\"/user/1\">Guillermo</a><a href=\"/user/2\">N"},
    {"mvc: a person", .prepare = mvc, .path = "/user/0", .has = "user TJ"},
    {"mvc: a person's pets", .prepare = mvc, .path = "/user/0",
     .has = "Tobi</a><a href=\"pet/1\">Loki</a><a href=\"pet/2\">Jane</a>"},
    {"mvc: nobody", .prepare = mvc, .path = "/user/123", .status = 404},
    {"mvc: a person's form", .prepare = mvc, .path = "/user/1/edit",
     .has = "Guillermo<form"},

    {"route-separation: the start", .prepare = route_separation,
     .body = "Routes apart"},
    {"route-separation: everybody", .prepare = route_separation,
     .path = "/users", .has = ">TJ<"},
    {"route-separation: a person", .prepare = route_separation,
     .path = "/user/0", .has = "Viewing user TJ"},
    {"route-separation: nobody", .prepare = route_separation,
     .path = "/user/10", .status = 404},
    {"route-separation: a person, at length", .prepare = route_separation,
     .path = "/user/0/view", .has = "Viewing user TJ"},
    {"route-separation: nobody at length", .prepare = route_separation,
     .path = "/user/10/view", .status = 404},
    {"route-separation: a form", .prepare = route_separation,
     .path = "/user/0/edit", .has = "Editing user TJ"},
    {"route-separation: others", .prepare = route_separation, .path = "/posts",
     .has = "Posts"},
};

int main(void)
{
    static const struct CMUnitTest sequences[] = {
        cmocka_unit_test(forms_change_what_pages_show),
    };
    fixtures_make(NULL);
    int failed =
        express_run("acceptance: forms", cases, COUNT_OF(cases)) +
        cmocka_run_group_tests_name("sequences", sequences, NULL, NULL);
    fixtures_remove(NULL);
    return failed;
}
