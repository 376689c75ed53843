/* The scenarios: each runs in a process of its own, once for each call that may
 * fail. */
#ifndef YK_TESTS_SCENARIOS_H
#define YK_TESTS_SCENARIOS_H

/* served.c */
void serve_in_shortage(void);
void serve_undisturbed(void);
void start_in_shortage(void);

/* stored.c */
void store_in_shortage(void);
void store_in_file_in_shortage(void);

/* supervised.c */
void supervise_in_shortage(void);
/* What its workers do; returns their exit status. */
int serve_as_worker(int argc, char **argv);

#endif
