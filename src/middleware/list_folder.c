#include "middleware/list_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include <yoke/req.h>
#include <yoke/res.h>

#include "core/banned.h"

/* More are not shown. */
#define ENTRIES_MAX 10000

struct entry {
    const char *name;
    bool is_folder;
};

struct list {
    yoke_req *req;
    struct entry *entries; /* malloc's. */
    size_t count;
};

/* ---- Reading ---- */

static bool has_hidden_part(const char *path)
{
    return *path == '.' || strstr(path, "/.");
}

static bool is_shown(const char *name, enum yoke_dotfiles dotfiles)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    return *name != '.' || dotfiles == YOKE_DOTFILES_ALLOW;
}

static void read_entries(struct list *list, DIR *dir,
                         enum yoke_dotfiles dotfiles)
{
    const struct dirent *found;
    while (list->count < ENTRIES_MAX && (found = readdir(dir))) {
        bool is_folder = found->d_type == DT_DIR;
        if (!is_shown(found->d_name, dotfiles) ||
            (!is_folder && found->d_type != DT_REG && found->d_type != DT_LNK &&
             found->d_type != DT_UNKNOWN))
            continue;
        list->entries[list->count++] = (struct entry){
            yoke_req_strdup(list->req, found->d_name), is_folder};
    }
}

/* Folders first, then by name. */
static int compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->is_folder != y->is_folder)
        return x->is_folder ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int read_folder(struct list *list, int fd, enum yoke_dotfiles dotfiles)
{
    DIR *dir = fdopendir(fd);
    if (!dir) {
        int err = -errno;
        close(fd);
        return err;
    }
    list->entries = malloc(ENTRIES_MAX * sizeof(*list->entries));
    if (list->entries)
        read_entries(list, dir, dotfiles);
    closedir(dir);
    if (!list->entries)
        return -ENOMEM;
    qsort(list->entries, list->count, sizeof(*list->entries), compare);
    return 0;
}

/* ---- As a page ---- */

static const char page_head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>";

/* Text for a page, or, with `is_url`, one segment of a URL for an attribute. */
static void put_escaped(FILE *out, const char *text, bool is_url)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool is_plain = c >= 0x80 || (c >= '0' && c <= '9') ||
                        (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                        strchr("-._~ ", c);
        if (is_url && (!is_plain || c >= 0x80 || c == ' '))
            fprintf(out, "%%%02X", c);
        else if (is_plain)
            putc(c, out);
        else
            fprintf(out, "&#%d;", c);
    }
}

static void put_entry(FILE *out, const struct entry *entry)
{
    const char *slash = entry->is_folder ? "/" : "";
    fputs("<li><a href=\"./", out);
    put_escaped(out, entry->name, true);
    fprintf(out, "%s\">", slash);
    put_escaped(out, entry->name, false);
    fprintf(out, "%s</a></li>\n", slash);
}

static void put_page(FILE *out, const struct list *list, const char *title)
{
    fputs(page_head, out);
    put_escaped(out, title, false);
    fputs("</title>\n</head>\n<body>\n<h1>", out);
    put_escaped(out, title, false);
    fputs("</h1>\n<ul>\n", out);
    if (strcmp(title, "/") != 0)
        fputs("<li><a href=\"../\">../</a></li>\n", out);
    for (size_t i = 0; i < list->count; i++)
        put_entry(out, &list->entries[i]);
    fputs("</ul>\n</body>\n</html>\n", out);
}

static int answer_page(yoke_res *res, const struct list *list)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return -errno;
    const char *path = yoke_req_decoded_path(list->req);
    put_page(out, list, path ? path : "/");
    if (fclose(out) != 0 || !text) {
        free(text);
        return -ENOMEM;
    }
    yoke_res_set(res, "Content-Security-Policy", "default-src 'none'");
    yoke_res_set(res, "X-Content-Type-Options", "nosniff");
    yoke_res_html(res, text);
    free(text);
    return 0;
}

/* ---- As JSON: names, those of folders with a slash ---- */

static int answer_json(yoke_res *res, const struct list *list)
{
    json_t *names = json_array();
    for (size_t i = 0; names && i < list->count; i++) {
        const struct entry *entry = &list->entries[i];
        const char *name = yoke_req_printf(list->req, "%s%s", entry->name,
                                           entry->is_folder ? "/" : "");
        /* A name that is not UTF-8 cannot stand in JSON, and is left out. */
        json_array_append_new(names, json_string(name));
    }
    yoke_res_json(res, names);
    return 0;
}

/* ---- The answer ---- */

int yk_list_folder(yoke_req *req, yoke_res *res, const char *root,
                   const char *path, enum yoke_dotfiles dotfiles)
{
    struct list list = {.req = req};
    if (has_hidden_part(path) && dotfiles != YOKE_DOTFILES_ALLOW)
        return dotfiles == YOKE_DOTFILES_DENY ? -EACCES : -ENOENT;
    int fd = yoke_open_below(root, path);
    int err = fd < 0 ? fd : read_folder(&list, fd, dotfiles);
    if (err == 0) {
        yoke_res_vary(res, "Accept");
        const char *best = yoke_req_accepts(req, "html", "json");
        err = best && strcmp(best, "json") == 0 ? answer_json(res, &list)
                                                : answer_page(res, &list);
    }
    free(list.entries);
    return err;
}
