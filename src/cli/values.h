/* Values that an operator writes: times and sizes. */
#ifndef YK_CLI_VALUES_H
#define YK_CLI_VALUES_H

#include <stddef.h>

/* A time: "30", "1.5" (seconds), "500ms", "30s", "5m", "2h"; `min_ms` to `max_ms`
 * milliseconds. Returns 0, or -1 after having said what is wrong. */
int yk_value_time(const char *given, const char *value, int min_ms, int max_ms,
                  int *ret_ms);

/* A size in bytes: "1048576", "64K", "512M", "2G" (powers of 1,024). Returns 0,
 * or -1 after having said what is wrong. */
int yk_value_size(const char *given, const char *value, size_t *ret_size);

#endif
