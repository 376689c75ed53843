/* yoke: a server on every core, behind one port.
 *
 * This header brings in all of it:
 *
 *   app.h      the application: routes, middleware, next (Express)
 *   req.h      the request, as a handler sees it; with it client.h,
 *              negotiate.h, cookie.h and value.h
 *   res.h      the answer; with it field.h, cookie.h, etag.h, file.h and sse.h
 *   pipe.h     a body that goes to a file
 *   middleware.h  middleware that ships: a header for each in yoke/middleware/
 *   listen.h   where an application listens, and its limits
 *   net.h      stream servers of other protocols;  udp.h  datagrams
 *   cluster.h  primary and workers (Node's cluster), and the supervised form
 *   message.h  messages between them, with descriptors
 *   store.h    state that workers share: lmdb, Redis, Memcached, PostgreSQL
 *   cache.h    what is made of it: values that are computed once;
 *              counter.h  counters and gauges;  broadcast.h  events
 *   test.h     the test client that needs no port (supertest)
 *   loop.h     the event loop; how a program runs and stops
 *   work.h     what blocks, on threads;  view.h  pages of templates
 *   log.h      log lines;  error.h  error codes;  version.h  the version
 *
 * and leaves out control.h, by which other programs talk to a running cluster. */
#ifndef YOKE_YOKE_H
#define YOKE_YOKE_H

#include <yoke/app.h>
#include <yoke/broadcast.h>
#include <yoke/cache.h>
#include <yoke/cluster.h>
#include <yoke/counter.h>
#include <yoke/error.h>
#include <yoke/listen.h>
#include <yoke/log.h>
#include <yoke/loop.h>
#include <yoke/message.h>
#include <yoke/middleware.h>
#include <yoke/net.h>
#include <yoke/pipe.h>
#include <yoke/req.h>
#include <yoke/res.h>
#include <yoke/store.h>
#include <yoke/test.h>
#include <yoke/udp.h>
#include <yoke/version.h>
#include <yoke/view.h>
#include <yoke/work.h>

#endif
