/* Listeners of a process that has no primary: a socket of its own, accepted
 * from here. Also for listeners that were asked to be exclusive. */
#ifndef YK_NET_LOCAL_SOURCE_H
#define YK_NET_LOCAL_SOURCE_H

#include "net/listener.h"

extern const struct yk_listen_source yk_local_source;

#endif
