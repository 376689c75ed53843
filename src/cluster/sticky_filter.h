/* The filter by which the kernel keeps clients with their workers: classic BPF,
 * which any user may attach to his own sockets (net/reuseport.h).
 *
 * It reads the client's address in the packet, IPv4 or IPv6, makes a hash of
 * it, and finds the bucket's socket by a tree of comparisons, for classic BPF
 * has no tables: each change of the buckets is a new filter. An IPv4 client
 * has the same hash whether the socket is one of IPv4 or of both.
 *
 * The hash is seeded, so that nobody can choose addresses that meet in one
 * worker. */
#ifndef YK_CLUSTER_STICKY_FILTER_H
#define YK_CLUSTER_STICKY_FILTER_H

#include <stddef.h>
#include <stdint.h>

#include "cluster/buckets.h"

struct sock_filter;
struct yk_peer;

/* Most instructions of a filter: the hash, and per bucket a comparison, a
 * jump, and an end. */
#define YK_STICKY_FILTER_MAX (64 + 3 * YK_BUCKETS)

/* The hash of a client's address, as the filter computes it. 0 for a client
 * that has none. */
uint32_t yk_sticky_hash(const struct yk_peer *peer, uint32_t seed);

/* Writes the filter; `out` has room for YK_STICKY_FILTER_MAX. It returns the
 * number of the owner of the client's bucket plus one, for the first member of
 * the group is the primary's own socket; 0 when there is no owner. Returns how
 * many instructions it has. */
size_t yk_sticky_filter_write(const struct yk_buckets *buckets, uint32_t seed,
                              struct sock_filter *out);

#endif
