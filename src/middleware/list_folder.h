/* A list of what is in a folder, as an answer: a page, or JSON for a client
 * that would rather have that. */
#ifndef YK_MIDDLEWARE_LIST_FOLDER_H
#define YK_MIDDLEWARE_LIST_FOLDER_H

#include <yoke/app.h>
#include <yoke/file.h>

/* Answers with the folder `path` below `root`; "" is the root itself. Names
 * that begin with a dot are shown only if they are allowed. Returns 0, or
 * -errno and has not answered: -ENOTDIR when it is no folder, -EACCES when it
 * is denied. Reading a folder blocks as long as the disk does. */
int yk_list_folder(yoke_req *req, yoke_res *res, const char *root,
                   const char *path, enum yoke_dotfiles dotfiles);

#endif
