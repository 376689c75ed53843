/* yoke: a server on every core, behind one port.
 *
 * This header brings in all of it:
 *
 *   app.h      the application: routes, middleware, next (Express)
 *   req.h      the request, as a handler sees it
 *   res.h      the answer
 *   listen.h   where an application listens, and its limits
 *   cluster.h  primary and workers (Node's cluster), and the supervised form
 *   test.h     the test client that needs no port (supertest)
 *   loop.h     the event loop; how a program runs and stops
 *   log.h      log lines;  error.h  error codes;  version.h  the version
 */
#ifndef YOKE_YOKE_H
#define YOKE_YOKE_H

#include <yoke/app.h>
#include <yoke/cluster.h>
#include <yoke/error.h>
#include <yoke/listen.h>
#include <yoke/log.h>
#include <yoke/loop.h>
#include <yoke/req.h>
#include <yoke/res.h>
#include <yoke/test.h>
#include <yoke/version.h>

#endif
