/* The line of a port: the connections that wait in the primary for a worker,
 * and how they are dealt. Which worker it is, the port's policy says. */
#ifndef YK_CLUSTER_LINE_H
#define YK_CLUSTER_LINE_H

struct yk_conn;
struct yk_port;

/* Deals a new connection, or puts it at the end of the line when others wait
 * already or nobody is ready. Takes the descriptor over. What has been dealt is
 * sent by yk_dealer_flush. */
void yk_line_add(struct yk_port *port, const struct yk_conn *conn);

/* Puts a connection that has come back in front of the others. Takes the
 * descriptor over. Deals nothing. */
void yk_line_add_first(struct yk_port *port, const struct yk_conn *conn);

/* Some worker may have room: deals those that wait, and sends them. */
void yk_line_deal(struct yk_port *port);

#endif
