/* A worker's death in words: what `yoke why` prints. */
#ifndef YK_CLI_DEATH_PRINT_H
#define YK_CLI_DEATH_PRINT_H

#include <stdio.h>

#include <jansson.h>

/* Prints one death as the answer to `why` has it: when and how, what was in
 * flight, what the worker said last, without what would drive a terminal. */
void yk_death_print(FILE *out, const json_t *death);

#endif
