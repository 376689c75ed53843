#ifndef YK_TESTS_STORE_NUMBERS_H
#define YK_TESTS_STORE_NUMBERS_H

/* As channels.h, of numbers. */
int run_number_tests(void);

#endif
