/* The kernel's program that finds a worker for a new connection: an array of
 * instructions, so that no compiler is needed where yoke runs.
 *
 * It is run for a client's SYN, and for each connection in the queue of a
 * socket that is closed. It reads two arrays that others write while it runs,
 * the routes of its port and the loads of all workers (loads.h), and names a
 * socket in a third, in which place 0 is the primary's own ("parking") and
 * place n + 1 that of route n. */
#ifndef YK_CLUSTER_BPF_PROGRAM_H
#define YK_CLUSTER_BPF_PROGRAM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_insn;

enum yk_bpf_choice {
    YK_BPF_TURNS, /* Strictly in turn. */
    YK_BPF_LEAST, /* Whoever has the fewest open connections. */
};

/* The most instructions that a program for that many workers has. */
#define YK_BPF_PROGRAM_MAX(workers) (128 + 64 * (size_t)(workers))

/* A port's sockets, as the primary wants them used: memory that only the
 * primary and the program have. */
struct yk_route {
    _Atomic uint32_t is_open; /* New connections go there. */
    _Atomic uint32_t seat;    /* Of the worker (seats.h). */
};

/* Sockets of one port, and with them workers. */
#define YK_ROUTES_MAX 256

struct yk_routes {
    struct {
        _Atomic uint32_t count; /* How many there are. */
        _Atomic uint32_t turn;  /* The program's: whose turn it is. */
    } head;
    struct yk_route of[YK_ROUTES_MAX];
};

/* How long a worker may have been in one turn of its loop before it loses its
 * turn: it hangs, or is held up. */
#define YK_BPF_LATE_NS   250000000
/* The same for the choice of the least: it is busy, and connections would wait,
 * while others are not. */
#define YK_BPF_BUSY_NS   4000000
/* What was sent to a worker longer ago will not come any more. */
#define YK_BPF_LATEST_NS 2000000000

/* The program's maps, by descriptor (bpf.h). */
struct yk_bpf_maps {
    int routes;  /* Elements of 8 bytes: struct yk_routes. */
    int loads;   /* Elements of 64 bytes: struct yk_loads. */
    int sockets; /* YK_ROUTES_MAX + 1. */
};

/* Writes the program for up to `workers` routes into `out`, which has room for
 * YK_BPF_PROGRAM_MAX. Returns how many instructions it has. */
size_t yk_bpf_program_write(enum yk_bpf_choice choice, size_t workers,
                            const struct yk_bpf_maps *maps,
                            struct bpf_insn *out);

/* Writes it and loads it. Returns 0 with its descriptor, which is the caller's;
 * or a negative code, with the reason in words, of YK_BPF_TEXT_MAX. */
int yk_bpf_choice_load(enum yk_bpf_choice choice, size_t workers,
                       const struct yk_bpf_maps *maps, char *text, int *ret_fd);

#endif
