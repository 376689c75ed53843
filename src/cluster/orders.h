/* Orders: what an operator has a supervising primary do over the control
 * socket. docs/control.md lists them. */
#ifndef YK_CLUSTER_ORDERS_H
#define YK_CLUSTER_ORDERS_H

/* Enters them as commands of the control socket. Returns 0 or -YOKE_EFULL. */
int yk_orders_register(void);

#endif
