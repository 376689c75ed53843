/* A folder of small files for a test, made and removed with it. */
#ifndef YK_TESTS_TREE_H
#define YK_TESTS_TREE_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct tree {
    char root[64];
};

static inline void tree_make(struct tree *tree)
{
    snprintf(tree->root, sizeof(tree->root), "/tmp/yoke-test-XXXXXX");
    assert_non_null(mkdtemp(tree->root));
}

static inline int tree_remove_one(const char *path, const struct stat *st,
                                  int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static inline void tree_remove(struct tree *tree)
{
    nftw(tree->root, tree_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Writes a file, with the folders on the way. */
static inline void tree_write(const struct tree *tree, const char *path,
                              const char *text)
{
    char full[512];

    snprintf(full, sizeof(full), "%s/%s", tree->root, path);
    for (char *slash = full + strlen(tree->root) + 1;
         (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(full, 0755);
        *slash = '/';
    }
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* The path of something in it; valid until the next but three calls. */
static inline const char *tree_path(const struct tree *tree, const char *path)
{
    static char rooms[4][512];
    static unsigned next;
    char *room = rooms[next++ % 4];

    snprintf(room, sizeof(rooms[0]), "%s/%s", tree->root, path);
    return room;
}

#endif
