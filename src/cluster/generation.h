/* A generation: the workers that were made from one and the same program.
 *
 * A reload begins a new generation, from the program as the file system has it
 * by then. Until the new one has proved itself, the old one has to be able to
 * replace a worker that dies: so a generation keeps its program open, and is
 * not changed by what happens to the file. */
#ifndef YK_CLUSTER_GENERATION_H
#define YK_CLUSTER_GENERATION_H

struct yk_generation {
    unsigned number; /* Counts from 1. */
    unsigned uses;   /* Slots and workers that refer to it. */
    int fd;          /* The program (O_PATH). */
    char *program;   /* What to hand to execve(2). */
    int file_fd;     /* The file it loads, opened for reading; or -1. */
};

/* Opens the program: `path`, or NULL for the one that this process runs, which
 * is looked up anew under its name; only the very first generation takes this
 * process's own, whatever its name stands for by now. `file` is what the
 * program loads and is to stay the same as well, or NULL. Returns 0 with one use,
 * the caller's; or -errno: -ENOENT, -EACCES when it may not be executed ... */
int yk_generation_open(const char *path, const char *file,
                       struct yk_generation **ret);

/* Which of the two it was that yk_generation_open could not open: a name for
 * people. Borrowed. */
const char *yk_generation_culprit(const char *path, const char *file);

/* One of the primary before this one, with its number and its descriptors, which
 * are taken over, also on failure; one use, the caller's. -ENOMEM. */
int yk_generation_adopt(unsigned number, const char *program, int fd,
                        int file_fd, struct yk_generation **ret);

/* The last number that was given, and where to go on. */
unsigned yk_generation_last(void);
void yk_generation_set_last(unsigned number);

/* This process's program, by the name under which it was started. */
const char *yk_generation_own_path(void);

/* One more use; returns it. */
struct yk_generation *yk_generation_use(struct yk_generation *generation);

/* One use less; the last one closes it. NULL is allowed. */
void yk_generation_drop(struct yk_generation *generation);

/* How many there are. */
unsigned yk_generations(void);

/* To be called once at the start, while the name of this program still is
 * what it was started as. */
void yk_generation_init(void);

#endif
