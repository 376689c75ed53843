/* A deadline that counts only time for which this process was awake.
 *
 * When a container is frozen, or everything in it stopped, all stand still but
 * the clock. A deadline of the clock's would then have passed for everybody at
 * the first turn after the thaw, before anybody could do what it was given time
 * for. So this one goes in slices, and a slice that ends far too late is not
 * counted:
 *
 *   slices:   |---|---|---|---     frozen     -|---|---|
 *   counted:    1   2   3           not          4   5
 *
 * It ends late by one slice at most for each time that the process stood still.
 * (A machine that is suspended stops this clock by itself.) */
#ifndef YK_NET_DEADLINE_H
#define YK_NET_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

/* The longest slice; and a slice that ends later than this after its end shows
 * that the process has stood still. */
#define YK_DEADLINE_SLICE_MS 1000
#define YK_DEADLINE_GAP_MS   1000

struct yk_deadline {
    uv_timer_t timer; /* Its handle: for uv_unref and uv_close. */
    void (*on_passed)(struct yk_deadline *deadline);
    uint64_t left_ms;  /* When the slice began; */
    uint64_t begun_ms; /* that was then. */
};

/* `on_passed` may start it again. The loop's handle lives until it is closed. */
void yk_deadline_init(struct yk_deadline *deadline,
                      void (*on_passed)(struct yk_deadline *deadline));

/* From now on so long; 0: in the next turn of the loop. One that runs begins
 * anew. */
void yk_deadline_start(struct yk_deadline *deadline, uint64_t ms);

/* Harmless when it does not run. */
void yk_deadline_stop(struct yk_deadline *deadline);

/* How much of it is left; 0 when it has passed. */
uint64_t yk_deadline_left_ms(const struct yk_deadline *deadline);

/* ---- For tests: the arithmetic, without a loop ---- */

/* A slice has ended. True: the deadline has passed; else the next slice begins
 * now. */
bool yk_deadline_end_slice(struct yk_deadline *deadline, uint64_t now_ms);

/* How long the slice is that has begun. */
uint64_t yk_deadline_slice_ms(const struct yk_deadline *deadline);

#endif
