/* A client whose requests go to on_request() of the test, without an
 * application: what is sent and read, byte by byte. */
#ifndef YK_TESTS_CLIENT_H
#define YK_TESTS_CLIENT_H

#include "catch.h"

#include "http/exchange.h"
#include "test/client.h"
#include "test/exchange.h"

static void on_request(struct yk_exchange *x, void *data);

static yoke_test *t;

static inline int set_up(void **state)
{
    (void)state;
    t = yk_test_new(NULL, on_request, NULL);
    return t ? 0 : -1;
}

static inline int tear_down(void **state)
{
    (void)state;
    yoke_test_free(t);
    return 0;
}

#endif
