/* Tests of the counter, without a port. */
#include <stdio.h>
#include <stdlib.h>

#include "app.h"

static void visitors_are_counted(yoke_test *t)
{
    for (int i = 1; i <= 3; i++) {
        char text[24];
        snprintf(text, sizeof(text), "visit %d,", i);
        yoke_expect_body_has(yoke_test_get(t, "/"), text);
    }
}

static void the_counts_can_be_read(yoke_test *t)
{
    yoke_expect_status(yoke_test_get(t, "/nowhere"), 404);
    yoke_tr *r = yoke_test_get(t, "/metrics");
    yoke_expect_status(r, 200);
    yoke_expect_body_has(r, "# TYPE visits_total counter\nvisits_total 3\n");
    yoke_expect_body_has(r, "requests_total 4\n");
}

int main(void)
{
    setenv("YOKE_STORE", "memory:", 1);
    yoke_test *t = yoke_test_new(make_app());
    visitors_are_counted(t);
    the_counts_can_be_read(t);
    yoke_test_free(t);
    puts("2 tests passed");
    return 0;
}
