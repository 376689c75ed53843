#include "cluster/seats.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <yoke/error.h>

#include "cluster/loads.h"
#include "cluster/sched.h"
#include "cluster/settings.h"

/* The table, and which seats are taken, which the table tells to others but is
 * not asked, for a worker may have written into it. Written by the functions of
 * this file, in the primary. */
static struct yk_loads *loads;
static int loads_fd = -1;
static bool is_taken[YK_SEATS_MAX];

static int find_free(void)
{
    for (int i = 0; i < YK_SEATS_MAX; i++)
        if (!is_taken[i])
            return i;
    return -YOKE_EFULL;
}

/* What a worker wrote as it left, or into a seat that is nobody's. */
static void clear(struct yk_load *load)
{
    atomic_store(&load->coming, 0);
    atomic_store(&load->open, 0);
    atomic_store(&load->busy_since_ns, 0);
    atomic_store(&load->accepted, 0);
    atomic_store(&load->arrived, 0);
    atomic_store(&load->routed, 0);
}

static int make_table(void)
{
    const struct yk_sched *sched = yk_sched_of(yk_settings_sched());

    return sched->in_kernel ? yk_loads_create_for_kernel(&loads, &loads_fd)
                            : yk_loads_create(&loads, &loads_fd);
}

int yk_seats_take(void)
{
    int err = loads ? 0 : make_table();
    if (err < 0)
        return err;
    int seat = find_free();
    if (seat < 0)
        return seat;
    is_taken[seat] = true;
    clear(&loads->seats[seat]);
    atomic_store(&loads->seats[seat].state, YK_SEAT_TAKEN);
    if ((uint32_t)seat >= atomic_load(&loads->head.limit))
        atomic_store(&loads->head.limit, (uint32_t)seat + 1);
    return seat;
}

int yk_seats_adopt(int fd)
{
    loads_fd = fd;
    return yk_loads_map(fd, &loads);
}

int yk_seats_take_again(int seat)
{
    if (seat < 0 || seat >= YK_SEATS_MAX || !loads || is_taken[seat])
        return -EINVAL;
    is_taken[seat] = true;
    return 0;
}

void yk_seats_free(int seat)
{
    clear(&loads->seats[seat]);
    atomic_store(&loads->seats[seat].state, YK_SEAT_FREE);
    is_taken[seat] = false;
}

void yk_seats_serve(int seat, bool serves)
{
    if (seat >= 0)
        atomic_store(&loads->seats[seat].state,
                     serves ? YK_SEAT_SERVES : YK_SEAT_TAKEN);
}

struct yk_load *yk_seats_load(int seat)
{
    return &loads->seats[seat];
}

int yk_seats_fd(void)
{
    return loads_fd;
}
