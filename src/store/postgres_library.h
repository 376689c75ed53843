/* libpq, loaded at the first use. Its connections are driven by the loop
 * (postgres_conn.h); of its functions only those that do not wait are here. Only
 * the files postgres*.c include this. */
#ifndef YK_STORE_POSTGRES_LIBRARY_H
#define YK_STORE_POSTGRES_LIBRARY_H

#include <libpq-fe.h>

#define YK_LIBPQ_FUNCTIONS(XX)                                                 \
    XX(PQconndefaults)                                                         \
    XX(PQconninfoFree)                                                         \
    XX(PQconnectStartParams)                                                   \
    XX(PQconnectPoll)                                                          \
    XX(PQfinish)                                                               \
    XX(PQstatus)                                                               \
    XX(PQsocket)                                                               \
    XX(PQerrorMessage)                                                         \
    XX(PQsetNoticeReceiver)                                                    \
    XX(PQsetnonblocking)                                                       \
    XX(PQenterPipelineMode)                                                    \
    XX(PQpipelineSync)                                                         \
    XX(PQsendPrepare)                                                          \
    XX(PQsendQueryParams)                                                      \
    XX(PQsendQueryPrepared)                                                    \
    XX(PQflush)                                                                \
    XX(PQconsumeInput)                                                         \
    XX(PQisBusy)                                                               \
    XX(PQgetResult)                                                            \
    XX(PQnotifies)                                                             \
    XX(PQfreemem)                                                              \
    XX(PQresultStatus)                                                         \
    XX(PQresultErrorField)                                                     \
    XX(PQntuples)                                                              \
    XX(PQnfields)                                                              \
    XX(PQgetvalue)                                                             \
    XX(PQgetlength)                                                            \
    XX(PQgetisnull)                                                            \
    XX(PQcmdTuples)                                                            \
    XX(PQclear)

struct yk_libpq_library {
#define XX(name) __typeof__(name) *name;
    YK_LIBPQ_FUNCTIONS(XX)
#undef XX
};

/* Written once, by yk_libpq_load. */
extern struct yk_libpq_library yk_libpq;

/* Returns 0; or -ENOTSUP, with the reason in `why`. */
int yk_libpq_load(char *why);

#endif
