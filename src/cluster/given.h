/* What workers give (gifts.h), in the primary: it is taken and dealt to another
 * by the port's policy, or returned to the giver at once when nobody could have
 * it. */
#ifndef YK_CLUSTER_GIVEN_H
#define YK_CLUSTER_GIVEN_H

struct yk_packet;
struct yoke_worker;

/* A packet GIVE has come. */
void yk_given(struct yoke_worker *giver, const struct yk_packet *packet);

#endif
