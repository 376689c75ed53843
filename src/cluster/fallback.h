/* What is done when a port cannot have the policy that was asked for: the best
 * that asks for nothing takes its place, and the log says so, once for each
 * reason. */
#ifndef YK_CLUSTER_FALLBACK_H
#define YK_CLUSTER_FALLBACK_H

struct yk_port;

/* For a policy's `start`, when it cannot: gives the port another and starts
 * that. `why` says in words what is missing: "it needs CAP_BPF". Returns what
 * the other's start does. */
int yk_sched_fall_back(struct yk_port *port, const char *why);

#endif
