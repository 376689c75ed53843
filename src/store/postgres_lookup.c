#include "store/postgres_lookup.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include <yoke/loop.h>

#include "core/alloc.h"

#include "core/banned.h"

/* Addresses that are tried of one name. */
#define EACH_MAX 4

struct yk_pg_lookup {
    uv_getaddrinfo_t request;
    const struct yk_pg_target *target;
    yk_pg_lookup_fn *fn; /* NULL: abandoned. */
    void *data;
    int next; /* The host that is looked up, or the first that is not yet. */
    int err;
    const char *failed;
    struct yk_pg_addresses addresses;
};

/* ---- Entries ---- */

/* What does not fit is left out: of three lists the same. */
static void add_entry(struct yk_pg_addresses *list, const struct yk_pg_host *of,
                      const char *address)
{
    size_t host = strlen(list->host), hostaddr = strlen(list->hostaddr),
           port = strlen(list->port);
    const char *comma = list->count > 0 ? "," : "";

    if (host + strlen(of->name) + 2 > sizeof(list->host) ||
        hostaddr + NI_MAXHOST + 2 > sizeof(list->hostaddr) ||
        port + 8 > sizeof(list->port))
        return;
    snprintf(list->host + host, sizeof(list->host) - host, "%s%s", comma,
             of->name);
    snprintf(list->hostaddr + hostaddr, sizeof(list->hostaddr) - hostaddr,
             "%s%s", comma, address);
    if (of->port)
        snprintf(list->port + port, sizeof(list->port) - port, "%s%d", comma,
                 of->port);
    else
        snprintf(list->port + port, sizeof(list->port) - port, "%s", comma);
    list->count++;
}

static void add_found(struct yk_pg_lookup *lookup, const struct addrinfo *found)
{
    const struct yk_pg_host *host = &lookup->target->hosts[lookup->next];
    char address[NI_MAXHOST];

    for (int i = 0; found && i < EACH_MAX; found = found->ai_next, i++)
        if (getnameinfo(found->ai_addr, found->ai_addrlen, address,
                        sizeof(address), NULL, 0, NI_NUMERICHOST) == 0)
            add_entry(&lookup->addresses, host, address);
}

/* Each list has `by` commas at least. */
static void rotate(char list[YK_PG_HOSTS_SIZE], int by)
{
    char first[YK_PG_HOSTS_SIZE];
    char *rest = list;

    for (int i = 0; i < by; i++)
        rest = strchr(rest, ',') + 1;
    size_t first_len = (size_t)(rest - 1 - list), rest_len = strlen(rest);
    memcpy(first, list, first_len);
    memmove(list, rest, rest_len);
    list[rest_len] = ',';
    memcpy(list + rest_len + 1, first, first_len);
    list[rest_len + 1 + first_len] = '\0';
}

void yk_pg_addresses_rotate(struct yk_pg_addresses *addresses, unsigned by)
{
    int n = addresses->count > 0 ? (int)(by % (unsigned)addresses->count) : 0;

    if (n == 0)
        return;
    rotate(addresses->host, n);
    rotate(addresses->hostaddr, n);
    rotate(addresses->port, n);
}

/* ---- One after the other ---- */

static void look_up_next(struct yk_pg_lookup *lookup);

static void end(struct yk_pg_lookup *lookup)
{
    int err = lookup->addresses.count > 0 ? 0 : lookup->err;

    lookup->fn(&lookup->addresses, err, lookup->failed, lookup->data);
    free(lookup);
}

static void note(struct yk_pg_lookup *lookup, int err)
{
    lookup->err = err;
    lookup->failed = lookup->target->hosts[lookup->next].name;
}

static void on_resolved(uv_getaddrinfo_t *request, int status,
                        struct addrinfo *found)
{
    struct yk_pg_lookup *lookup = request->data;

    if (!lookup->fn) {
        uv_freeaddrinfo(found);
        free(lookup);
        return;
    }
    if (status == 0)
        add_found(lookup, found);
    else
        note(lookup, status);
    uv_freeaddrinfo(found);
    lookup->next++;
    look_up_next(lookup);
}

static void look_up_next(struct yk_pg_lookup *lookup)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};

    for (; lookup->next < lookup->target->host_count; lookup->next++) {
        const struct yk_pg_host *host = &lookup->target->hosts[lookup->next];
        int err = 0;
        if (*host->name == '/')
            add_entry(&lookup->addresses, host, "");
        else if ((err =
                      uv_getaddrinfo(yoke_loop(), &lookup->request, on_resolved,
                                     host->name, NULL, &hints)) == 0)
            return;
        if (err < 0)
            note(lookup, err);
    }
    end(lookup);
}

struct yk_pg_lookup *yk_pg_lookup_new(const struct yk_pg_target *target,
                                      yk_pg_lookup_fn *fn, void *data)
{
    struct yk_pg_lookup *lookup = yk_try_alloc(sizeof(*lookup));

    if (!lookup)
        return NULL;
    memset(lookup, 0, sizeof(*lookup));
    lookup->request.data = lookup;
    lookup->target = target;
    lookup->fn = fn;
    lookup->data = data;
    return lookup;
}

void yk_pg_lookup_start(struct yk_pg_lookup *lookup)
{
    look_up_next(lookup);
}

void yk_pg_lookup_abandon(struct yk_pg_lookup *lookup)
{
    lookup->fn = NULL;
    uv_cancel((uv_req_t *)&lookup->request);
}
