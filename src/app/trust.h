/* Which proxies are trusted: the setting "trust proxy" (yoke/client.h), taken
 * apart when it is set. */
#ifndef YK_APP_TRUST_H
#define YK_APP_TRUST_H

#include <stdbool.h>

#include "app/settings.h"
#include "core/slice.h"
#include "net/peer.h"

/* For the table of settings: looks at a value, and makes a list of networks of
 * a text. NULL, or what is wrong with it. */
const char *yk_trust_accept(struct yk_setting *setting);

/* Whether the proxy at this place is trusted; 0 has the connection. */
bool yk_trust(const struct yk_setting *setting, const struct yk_peer *peer,
              int hop);

/* Whether there is a setting at all. */
static inline bool yk_trust_is_on(const struct yk_setting *setting)
{
    return yk_setting_is_on(setting);
}

/* Reads an address as proxies write it: "1.2.3.4", "1.2.3.4:80", "::1",
 * "[::1]:80". False when it is none, or what follows it is no port. */
bool yk_trust_parse_address(struct yk_slice text, struct yk_peer *ret_peer);

#endif
