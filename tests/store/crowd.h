/* Several processes that do the same to one store at the same time: what a test
 * starts of its own program, as `PROGRAM KIND URL`, each of which begins when all
 * of them have opened it. */
#ifndef YK_TESTS_STORE_CROWD_H
#define YK_TESTS_STORE_CROWD_H

/* Starts so many, and waits for their ends, all of which have to be good. */
void crowd_run(int count, const char *url);

/* In each of them: returns when all have come here. */
void crowd_meet(void);

#endif
