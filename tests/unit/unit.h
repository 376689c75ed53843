/* What every unit test includes: cmocka, in the order that it demands. */
#ifndef YK_TESTS_UNIT_H
#define YK_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
