/* URLs of stores: taken apart or refused with a reason, never with the
 * password in it. */
#include "fuzz.h"

#include <yoke/store.h>

#include "store/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct yk_url url;
    char text[YK_URL_MAX + 16], why[YOKE_STORE_TEXT_MAX] = "";
    uint64_t number = 0;
    size_t len = size < sizeof(text) - 1 ? size : sizeof(text) - 1;

    memcpy(text, data, len);
    text[len] = '\0';
    int err = yk_url_parse(&url, text, why);
    MUST(err == 0 || (err < 0 && *why), "an error has a reason");
    MUST(strlen(why) < sizeof(why), "the reason is ended");
    if (err < 0)
        return 0;
    MUST(url.host_count <= YK_URL_HOSTS_MAX, "hosts have a limit");
    MUST(url.has_hosts || url.host_count == 0, "hosts are in an authority");
    for (int i = 0; i < url.host_count; i++)
        MUST(*url.hosts[i].name && url.hosts[i].port >= 0 &&
                 url.hosts[i].port <= 65535,
             "a host is one");
    MUST(strlen(url.path) <= strlen(text), "decoding makes nothing longer");
    MUST(strnlen(url.shown, sizeof(url.shown)) < sizeof(url.shown),
         "it can be shown");
    yk_url_size(&url, "a", 1 << 30, &number, why);
    MUST(number <= 1 << 30, "a size has its limit");
    yk_url_check_params(&url, why);
    return 0;
}
