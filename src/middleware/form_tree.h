/* A form as one JSON value, by the rules of qs, which Express's extended forms
 * have: brackets in names nest.
 *
 *     a=1&b=2&b=3              {"a":"1","b":["2","3"]}
 *     u[name]=x&u[tags][]=y    {"u":{"name":"x","tags":["y"]}}   extended
 *
 * While it grows, every container is an object, which a hash makes fast; those
 * whose keys are all places become arrays at the end. */
#ifndef YK_MIDDLEWARE_FORM_TREE_H
#define YK_MIDDLEWARE_FORM_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include <yoke/req.h>

struct yk_form_tree {
    struct json_t *root; /* NULL: an empty one is made. */
    bool is_extended;
    size_t max_depth; /* Brackets of a name. */
    size_t max_index; /* A higher number in brackets is a name. */
};

/* Adds a field, of an extended form: of a simple one nothing can be wrong, so
 * its tree is only made when somebody asks for it. What is not UTF-8 is left
 * out. Returns 0, or -ERANGE when its name nests too deeply. */
int yk_form_tree_add(struct yk_form_tree *tree, const char *name,
                     const char *value);

/* Makes it what yoke_req_form_json gives; the tree is empty then. Of a simple
 * form, that will be made of the request's form fields. */
void yk_form_tree_attach(struct yk_form_tree *tree, yoke_req *req);

/* Frees what has not been attached. */
void yk_form_tree_done(struct yk_form_tree *tree);

#endif
