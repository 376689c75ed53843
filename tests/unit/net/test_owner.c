/* Users and groups by name. The database of groups is the test's: it has one that
 * needs a lot of room, for its members. */
#include "../unit.h"

#include <errno.h>
#include <grp.h>
#include <string.h>

#include "net/owner.h"

#define CROWD_ROOM 50000

int getgrnam_r(const char *name, struct group *entry, char *room, size_t len,
               struct group **ret)
{
    (void)room;
    *ret = NULL;
    if (strcmp(name, "crowd") != 0)
        return 0;
    if (len < CROWD_ROOM)
        return ERANGE;
    entry->gr_gid = 77;
    *ret = entry;
    return 0;
}

static void a_number_is_taken_as_it_is(void **state)
{
    int id = -1;
    (void)state;
    assert_int_equal(yk_owner_user("1234", &id), 0);
    assert_int_equal(id, 1234);
    assert_int_equal(yk_owner_group("4321", &id), 0);
    assert_int_equal(id, 4321);
}

static void a_name_is_looked_up(void **state)
{
    int id = -1;
    (void)state;
    assert_int_equal(yk_owner_user("root", &id), 0);
    assert_int_equal(id, 0);
    assert_int_equal(yk_owner_user("nobody.of.this.name", &id), -EINVAL);
    assert_int_equal(yk_owner_group("nobody.of.this.name", &id), -EINVAL);
}

static void a_group_may_have_thousands_of_members(void **state)
{
    int id = -1;
    (void)state;
    assert_int_equal(yk_owner_group("crowd", &id), 0);
    assert_int_equal(id, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_taken_as_it_is),
        cmocka_unit_test(a_name_is_looked_up),
        cmocka_unit_test(a_group_may_have_thousands_of_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
