/* Notes behind a REST interface: create, read, change, delete, in JSON.
 *
 *     $ build/yoke run -n 1 build/examples/rest.so &
 *     $ curl -d '{"text":"Buy milk"}' -H 'Content-Type: application/json' \
 *         http://127.0.0.1:1337/notes
 *     {"id":1,"text":"Buy milk","done":false}
 *     $ curl -X PATCH -d '{"done":7}' -H 'Content-Type: application/json' \
 *         http://127.0.0.1:1337/notes/1
 *     member "done" must be true or false
 *
 * The notes are in the memory of the process, so there is one worker; with a
 * database behind it the same code runs on every core. What is wrong with a
 * request is answered 400 by the getters themselves, in words that name the
 * field. */
#include "app.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#define NOTES_MAX 1000
#define TEXT_MAX  200

struct note {
    int64_t id; /* 0: this place is free. */
    char text[TEXT_MAX + 1];
    bool is_done;
};

struct notes {
    int64_t last_id;
    struct note items[NOTES_MAX];
};

static struct notes *notes_of(const yoke_req *req)
{
    return yoke_app_data(yoke_req_app(req));
}

/* The note, or the free place for id 0; NULL when there is none. */
static struct note *find(struct notes *notes, int64_t id)
{
    for (size_t i = 0; i < NOTES_MAX; i++)
        if (notes->items[i].id == id)
            return &notes->items[i];
    return NULL;
}

static json_t *to_json(const struct note *note)
{
    return json_pack("{s:I, s:s, s:b}", "id", (json_int_t)note->id, "text",
                     note->text, "done", note->is_done);
}

/* Reads the body into a note; what is not there keeps its value. Returns false
 * when the client has been told what is wrong. */
static bool read_note(yoke_req *req, struct note *note)
{
    const char *text;
    bool is_done;
    const char *old = *note->text ? note->text : NULL;
    if (!yoke_req_bool_or(req, YOKE_JSON, "done", note->is_done, &is_done))
        return false;
    /* A new note needs a text. */
    bool is_read =
        old ? yoke_req_string_or(req, YOKE_JSON, "text", 1, TEXT_MAX, old,
                                 &text)
            : yoke_req_string(req, YOKE_JSON, "text", 1, TEXT_MAX, &text);
    if (!is_read)
        return false;
    memmove(note->text, text, strlen(text) + 1);
    note->is_done = is_done;
    return true;
}

/* ---- Handlers ---- */

/* For every path with :id. */
static void load_note(yoke_req *req, yoke_res *res)
{
    int64_t id = strtoll(yoke_param_value(req), NULL, 10);
    struct note *note = id > 0 ? find(notes_of(req), id) : NULL;
    (void)res;
    if (!note) {
        yoke_next_problem(req, 404, "there is no such note");
        return;
    }
    yoke_param_set_data(req, note);
    yoke_next(req);
}

static void list_notes(yoke_req *req, yoke_res *res)
{
    const struct notes *notes = notes_of(req);
    bool is_done = false;
    bool is_filtered = yoke_req_query(req, "done") != NULL;
    if (!yoke_req_bool_or(req, YOKE_QUERY, "done", false, &is_done))
        return;
    json_t *list = json_array();
    for (size_t i = 0; i < NOTES_MAX; i++)
        if (notes->items[i].id &&
            (!is_filtered || notes->items[i].is_done == is_done))
            json_array_append_new(list, to_json(&notes->items[i]));
    yoke_res_json(res, list);
}

static void add_note(yoke_req *req, yoke_res *res)
{
    struct notes *notes = notes_of(req);
    struct note *place = find(notes, 0), note = {.id = 0};
    if (!place) {
        yoke_next_problem(req, 507, "there is no room for more notes");
        return;
    }
    if (!read_note(req, &note))
        return;
    note.id = ++notes->last_id;
    *place = note;
    yoke_res_status(res, 201);
    yoke_res_location(res,
                      yoke_req_printf(req, "/notes/%lld", (long long)note.id));
    yoke_res_json(res, to_json(place));
}

static void show_note(yoke_req *req, yoke_res *res)
{
    yoke_res_json(res, to_json(yoke_req_param_data(req, "id")));
}

static void change_note(yoke_req *req, yoke_res *res)
{
    struct note *note = yoke_req_param_data(req, "id");
    if (read_note(req, note))
        yoke_res_json(res, to_json(note));
}

static void delete_note(yoke_req *req, yoke_res *res)
{
    struct note *note = yoke_req_param_data(req, "id");
    note->id = 0;
    yoke_res_status(res, 204);
    yoke_res_end(res);
}

yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    struct notes *notes = calloc(1, sizeof(*notes));
    if (!notes)
        yoke_app_fail(app, "no memory for the notes");
    yoke_app_set_data(app, notes, free);
    yoke_app_use(app, yoke_json(.limit = 10000));
    yoke_app_param(app, "id", load_note);

    yoke_app_get(app, "/notes", list_notes);
    yoke_app_post(app, "/notes", add_note);
    yoke_app_get(app, "/notes/:id<uint>", show_note);
    yoke_app_patch(app, "/notes/:id<uint>", change_note);
    yoke_app_delete(app, "/notes/:id<uint>", delete_note);
    return app;
}
