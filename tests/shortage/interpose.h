/* The calls that can be made to fail (interpose.c), and which of them does. */
#ifndef YK_TESTS_INTERPOSE_H
#define YK_TESTS_INTERPOSE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "shortage.h"

/* How a process ends that has given up, by abort(3); who has no event loop has
 * ended with 1. And one that has failed the test. */
#define SHORTAGE_GAVE_UP  42
#define SHORTAGE_FAILED   43
/* libuv has ended it. */
#define SHORTAGE_OF_LIBUV 44

/* In memory that a run shares with who watches it, and with its own children.
 * Written by shortage.c, and `count` and `was_met` by the calls. */
struct shortage {
    enum shortage_kind kind;
    long nth;           /* The first call that fails; 0: none, */
    long span;          /* and how many do. */
    pid_t pid;          /* Whose calls; not those of its children. */
    _Atomic long count; /* So many have been made. */
    _Atomic bool is_on, was_met;
};
extern struct shortage *shortage;

#endif
