#include "cluster/connection.h"

#include <sys/socket.h>

#include "cluster/ports.h"
#include "net/address.h"

bool yk_conn_describe(struct yk_conn *conn, int fd)
{
    struct sockaddr_storage near, far;
    socklen_t near_len = sizeof(near), far_len = sizeof(far);
    struct yoke_address address;

    if (getsockname(fd, (struct sockaddr *)&near, &near_len) < 0 ||
        getpeername(fd, (struct sockaddr *)&far, &far_len) < 0)
        return false;
    *conn = (struct yk_conn){.fd = fd};
    yk_peer_from_sockaddr(&conn->peer, (const struct sockaddr *)&far);
    yk_address_from_sockaddr(&address, (const struct sockaddr *)&near,
                             near_len);
    conn->port = yk_ports_at(&address);
    return conn->port != NULL;
}
