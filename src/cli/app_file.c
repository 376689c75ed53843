#include "cli/app_file.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <yoke/cluster.h>

#include "cli/message.h"
#include "core/cleanup.h"

#include "core/banned.h"

#define HOW_TO_BUILD "build one with: cc -shared -fPIC -o APP.so APP.c -lyoke"

/* ---- In the primary ---- */

static int say_unreadable(const char *path)
{
    char other[4096];
    int err = errno;

    snprintf(other, sizeof(other), "%s.so", path);
    if (err == ENOENT && access(other, F_OK) == 0)
        yk_say("%s: no such file; did you mean %s?", path, other);
    else if (err == ENOENT)
        yk_say("%s: no such file", path);
    else if (err == EACCES)
        yk_say("%s: no permission to read it; see 'ls -l %s'", path, path);
    else
        yk_say("%s: cannot be read: %s", path, strerror(err));
    return -1;
}

/* Reads the file header; of a file that is too short, zeros. */
static void read_header(int fd, ElfW(Ehdr) * ret_header)
{
    if (pread(fd, ret_header, sizeof(*ret_header), 0) !=
        (ssize_t)sizeof(*ret_header))
        *ret_header = (ElfW(Ehdr)){.e_type = ET_NONE};
}

/* How long the file must be for all that is to be loaded from it. The loader
 * does not look: it dies of SIGBUS when a copy was interrupted. */
static uint64_t needed_len(int fd, const ElfW(Ehdr) * header)
{
    uint64_t needed = header->e_phoff;
    for (int i = 0; i < header->e_phnum; i++) {
        ElfW(Phdr) part;
        uint64_t at = header->e_phoff + (uint64_t)i * header->e_phentsize;
        if (pread(fd, &part, sizeof(part), (off_t)at) != (ssize_t)sizeof(part))
            return UINT64_MAX;
        if (part.p_type == PT_LOAD && part.p_offset + part.p_filesz > needed)
            needed = part.p_offset + part.p_filesz;
    }
    return needed;
}

static int check_content(const char *path, int fd, uint64_t len)
{
    ElfW(Ehdr) header;

    read_header(fd, &header);
    if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        yk_say("%s: not a shared object; %s", path, HOW_TO_BUILD);
    else if (header.e_type != ET_DYN)
        yk_say("%s: %s, not a shared object; link it with -shared", path,
               header.e_type == ET_REL ? "an object file" : "a program");
    else if (needed_len(fd, &header) > len)
        yk_say("%s: cut off: its end is missing; copy it again", path);
    else
        return 0;
    return -1;
}

int yk_app_file_check(const struct yk_app_file *file)
{
    YK_CLEANUP(yk_close_fd) int fd = open(file->path, O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return say_unreadable(file->path);
    if (S_ISDIR(st.st_mode)) {
        yk_say("%s: a directory; name the shared object in it", file->path);
        return -1;
    }
    return check_content(file->path, fd, (uint64_t)st.st_size);
}

/* ---- In a worker ---- */

/* What is wrong is recorded in an application that can never be served: from
 * there it goes the way of every error of registration, to the operator. */

/* What the loader said, without the path it may begin with, which is `loaded`,
 * and with what to do about it. */
static void record_load_error(yoke_app *app, const char *path,
                              const char *loaded, const char *error)
{
    size_t len = strlen(loaded);
    const char *advice = "";

    if (strncmp(error, loaded, len) == 0 && strncmp(error + len, ": ", 2) == 0)
        error += len + 2;
    if (strstr(error, "undefined symbol"))
        advice = "; link the library that defines it into the shared object";
    else if (strstr(error, "position-independent executable"))
        advice = "; it is a program: link it with -shared";
    else if (strstr(error, "cannot open shared object"))
        advice = "; install that library, or set LD_LIBRARY_PATH";
    yoke_app_fail(app, "%s: %s%s", path, error, advice);
}

/* The file as this generation has it; by its own name, which tells more, while
 * that still stands for it. */
static const char *choose(const char *path, const char *kept)
{
    struct stat named, held;

    if (!kept || stat(kept, &held) < 0)
        return path;
    bool is_same = stat(path, &named) == 0 && named.st_dev == held.st_dev &&
                   named.st_ino == held.st_ino;
    return is_same ? path : kept;
}

/* The factory, or NULL with the reason recorded in `failed`. */
static yoke_app_factory *load_factory(const struct yk_app_file *file,
                                      yoke_app *failed)
{
    char path[4096];
    yoke_app_factory *factory = NULL;

    /* A path without a slash would be looked for among the system's libraries.
     */
    snprintf(path, sizeof(path), "%s%s", strchr(file->path, '/') ? "" : "./",
             file->path);
    const char *loaded = choose(path, yoke_cluster_file());
    void *handle = dlopen(loaded, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        record_load_error(failed, path, loaded, dlerror());
        return NULL;
    }
    *(void **)&factory = dlsym(handle, file->factory);
    if (!factory)
        yoke_app_fail(failed,
                      "%s: has no function '%s'; define 'yoke_app *%s(void)', "
                      "not static, or name yours with --factory",
                      file->path, file->factory, file->factory);
    return factory;
}

yoke_app *yk_app_file_load(const struct yk_app_file *file)
{
    yoke_app *failed = yoke_app_new();
    yoke_app_factory *factory = load_factory(file, failed);
    yoke_app *app = factory ? factory() : NULL;

    if (factory && !app)
        yoke_app_fail(failed, "%s: %s() failed: it returned NULL", file->path,
                      file->factory);
    if (!app)
        return failed;
    yoke_app_free(failed);
    return app;
}
