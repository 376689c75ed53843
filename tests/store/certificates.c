#include "certificates.h"

#include "fixture.h"

#include <stdarg.h>

/* Runs a command in the folder, which has to succeed. */
__attribute__((format(printf, 1, 2))) static void run_there(const char *fmt,
                                                            ...)
{
    char command[1024];
    va_list args;
    int len = snprintf(command, sizeof(command), "cd %s && ", fixture_folder());

    va_start(args, fmt);
    vsnprintf(command + len, sizeof(command) - (size_t)len, fmt, args);
    va_end(args);
    if (system(command) != 0) {
        fprintf(stderr, "failed: %s\n", command);
        exit(1);
    }
}

void certificate_authority(const char *name)
{
    run_there("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
              "-nodes -keyout %s.key -out %s.pem -days 30 -subj /CN=%s "
              "2>/dev/null",
              name, name, name);
}

void certificate_make(const char *name, const char *names, int days)
{
    run_there("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
              "-keyout %s.key -out %s.csr -subj /CN=%s 2>/dev/null && "
              "echo subjectAltName=%s >%s.ext && "
              "openssl x509 -req -in %s.csr -CA ca.pem -CAkey ca.key "
              "-CAcreateserial -days %d -extfile %s.ext -out %s.pem "
              "2>/dev/null",
              name, name, name, names, name, name, days, name, name);
}
