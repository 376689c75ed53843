#include "cli/interval.h"

#include <poll.h>
#include <stddef.h>
#include <stdlib.h>

#include "cli/message.h"

#include "core/banned.h"

int yk_option_interval(const char *given, const char *value, int *ret_ms)
{
    char *end;
    double seconds = strtod(value, &end);

    if (end == value || *end || !(seconds >= 0.1 && seconds <= 3600)) {
        yk_say("%s: '%s' is not a time: seconds from 0.1 to 3600", given,
               value);
        return -1;
    }
    *ret_ms = (int)(seconds * 1000 + 0.5);
    return 0;
}

void yk_interval_wait(int ms)
{
    poll(NULL, 0, ms);
}
