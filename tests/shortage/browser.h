/* A client in the same process as its server, whose own calls never fail: it
 * asks the kernel without libc. */
#ifndef YK_TESTS_BROWSER_H
#define YK_TESTS_BROWSER_H

/* Connects to 127.0.0.1, sends `text`, and runs the loop until the other side has
 * closed. Returns the status of the answer; 0 when none came. The run fails when
 * that takes very long. */
int browser_ask(int port, const char *text);

/* What came; overwritten by the next call. */
const char *browser_answer(void);

#endif
