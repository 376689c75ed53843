/* What the command says on standard error: lines that begin with "yoke: ". */
#ifndef YK_CLI_MESSAGE_H
#define YK_CLI_MESSAGE_H

/* Exit statuses; 0 is a clean end. */
enum {
    YK_STATUS_FAILED = 1, /* It could not start, or not go on. */
    YK_STATUS_USAGE = 2,  /* It was called wrongly. */
};

/* Prints one line. */
void yk_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
