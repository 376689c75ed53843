/* A number of seconds on the command line: "2", "0.5". */
#ifndef YK_CLI_INTERVAL_H
#define YK_CLI_INTERVAL_H

/* For `set` functions (options.h): from 0.1 to 3600 seconds, in milliseconds.
 * Returns 0, or -1 after having said what is wrong. */
int yk_option_interval(const char *given, const char *value, int *ret_ms);

/* Waits that long; a signal that is handled ends it early. */
void yk_interval_wait(int ms);

#endif
