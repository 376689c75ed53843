/* A primary with one worker that another program runs: valgrind cannot run
 * yoke's primary (it knows no pidfd_open), and the worker is what is counted.
 *
 *     wrapped VALGRIND ARGUMENT ... PROGRAM
 *
 * PROGRAM has a yoke cluster; here it finds itself a worker of this one. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <yoke/yoke.h>

int main(int argc, char **argv)
{
    yoke_cluster_init(argc, argv);
    if (argc < 3) {
        fputs("usage: wrapped VALGRIND ARGUMENT ... PROGRAM\n", stderr);
        return 2;
    }
    yoke_cluster_setup(&(struct yoke_cluster_settings){
        .exec = argv[1],
        .args = (const char *const *)argv + 2,
    });
    if (!yoke_cluster_fork(NULL)) {
        fprintf(stderr, "wrapped: cannot fork: %s\n", strerror(errno));
        return 1;
    }
    return yoke_run();
}
