/* Files as answers, over a real socket; what needs none is in
 * tests/express/test_res_send_file.c. */
#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <yoke/yoke.h>

#include "net/vitals.h"

#define FILE_LEN 600000

static char path[] = "/tmp/yoke-test-XXXXXX";

static void send_large(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_send_file(res, path);
}

static int make(void **state)
{
    static const char bytes[FILE_LEN];
    int fd = mkostemp(path, O_CLOEXEC);
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, FILE_LEN), FILE_LEN);
    close(fd);
    return 0;
}

static int destroy(void **state)
{
    (void)state;
    return unlink(path);
}

static void bytes_that_the_system_copies_are_counted_too(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_get(app, "/", send_large);
    yoke_test *t = yoke_test_live(app);
    uint64_t before = yk_vitals_get(&yk_vitals->bytes_out);
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_expect_status(r, 200);
    assert_int_equal(yoke_tr_len(r), FILE_LEN);
    uint64_t sent = yk_vitals_get(&yk_vitals->bytes_out) - before;
    assert_in_range(sent, FILE_LEN, FILE_LEN + 1000);
    yoke_test_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_that_the_system_copies_are_counted_too),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    yoke_test_on_fail(_fail);
    return cmocka_run_group_tests(tests, make, destroy);
}
