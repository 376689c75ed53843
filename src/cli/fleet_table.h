/* A cluster's workers as a table: what `yoke ps` prints, and `yoke top` again
 * and again. */
#ifndef YK_CLI_FLEET_TABLE_H
#define YK_CLI_FLEET_TABLE_H

#include <stdio.h>

#include <jansson.h>

/* How much may be printed. */
struct yk_fleet_room {
    int columns; /* 0: as many as it takes. */
    int rows;    /* Lines, the head included; 0: likewise. */
};

/* Prints the cluster as the answer to `ps` has it. With an earlier answer,
 * `before`, rates and percentiles are those of the time in between; without
 * (NULL), of the whole life of each worker. Both should have been asked for
 * with histograms. */
void yk_fleet_table_print(FILE *out, const json_t *now, const json_t *before,
                          const struct yk_fleet_room *room);

#endif
