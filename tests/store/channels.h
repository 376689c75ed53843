#ifndef YK_TESTS_STORE_CHANNELS_H
#define YK_TESTS_STORE_CHANNELS_H

/* Runs the tests of channels with the kind of store that has been started.
 * Returns how many failed. */
int run_channel_tests(void);

#endif
