/* What the kernel knows of a connection's bytes: whether anybody has read any, in
 * whatever process. */
#ifndef YK_NET_UNREAD_H
#define YK_NET_UNREAD_H

#include <stdbool.h>

/* How many bytes wait to be read; -1 when that is not known. */
int yk_unread_count(int fd);

/* True for a TCP connection of which nothing has been read, and on which nothing
 * has been written: as many bytes wait as have ever come. */
bool yk_unread_is_all(int fd);

#endif
