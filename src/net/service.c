#include "net/service.h"

#include <stddef.h>

/* This process's services. Written by the functions below only, on the loop's
 * thread. */
static struct yk_list services = {&services, &services};
static bool is_draining;
static void (*on_drained)(void *data);
static void *on_drained_data;

static void tell_if_drained(void)
{
    void (*fn)(void *data) = on_drained;
    if (!fn || !yk_list_is_empty(&services))
        return;
    on_drained = NULL;
    fn(on_drained_data);
}

void yk_service_add(struct yk_service *service)
{
    yk_list_add(&services, &service->node);
    if (is_draining)
        service->drain(service);
}

void yk_service_remove(struct yk_service *service)
{
    yk_list_remove(&service->node);
    tell_if_drained();
}

void yk_services_drain(void (*fn)(void *data), void *data)
{
    bool is_first = !is_draining;
    is_draining = true;
    on_drained = NULL;
    if (is_first)
        YK_LIST_EACH(node, &services)
        {
            struct yk_service *service =
                YK_CONTAINER_OF(node, struct yk_service, node);
            service->drain(service);
        }
    on_drained = fn;
    on_drained_data = data;
    tell_if_drained();
}

unsigned yk_services_release(unsigned max, bool ready_only)
{
    unsigned count = 0;

    YK_LIST_EACH(node, &services)
    {
        struct yk_service *service =
            YK_CONTAINER_OF(node, struct yk_service, node);
        if (service->release && count < max)
            count += service->release(service, max - count, ready_only);
    }
    return count;
}

void yk_services_abort(void)
{
    YK_LIST_EACH(node, &services)
    {
        struct yk_service *service =
            YK_CONTAINER_OF(node, struct yk_service, node);
        service->abort(service);
    }
}

bool yk_services_are_draining(void)
{
    return is_draining;
}
