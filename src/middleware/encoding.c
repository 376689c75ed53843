#include "middleware/encoding.h"

#include <string.h>
#include <strings.h>

#include <yoke/req.h>

#include "core/banned.h"

#define UNSAID (-1)

const char *yk_encoding_name(enum yk_encoding coding)
{
    return coding == YK_ENCODING_BR ? "br" : "gzip";
}

/* "0.8" in thousandths; what is no weight is 0, so that nobody gets what he may
 * not have wanted. */
static int parse_weight(const char *text)
{
    int weight = 0, unit = 100;
    if (*text != '0' && *text != '1')
        return 0;
    weight = (*text++ - '0') * 1000;
    if (*text++ != '.')
        return weight;
    for (; *text >= '0' && *text <= '9'; text++, unit /= 10)
        weight += (*text - '0') * unit;
    return weight > 1000 ? 1000 : weight;
}

static const char *skip_spaces(const char *text)
{
    return text + strspn(text, " \t");
}

/* The weight of one element of the list, "gzip;q=0.8", that ends at `end`. */
static int weight_of(const char *params, const char *end)
{
    for (;;) {
        params = memchr(params, ';', (size_t)(end - params));
        if (!params)
            return 1000;
        params = skip_spaces(params + 1);
        if ((*params == 'q' || *params == 'Q') && params[1] == '=')
            return parse_weight(params + 2);
    }
}

/* What one field says about a name, or UNSAID. */
static int find_weight(const char *list, const char *name)
{
    size_t name_len = strlen(name);
    for (;;) {
        list = skip_spaces(list);
        const char *end = list + strcspn(list, ",");
        if (strcspn(list, " \t;,") == name_len &&
            strncasecmp(list, name, name_len) == 0)
            return weight_of(list, end);
        if (!*end)
            return UNSAID;
        list = end + 1;
    }
}

/* The fields together are one list. */
static int asked_weight(const yoke_req *req, const char *name)
{
    const char *field, *value;
    for (size_t i = 0; yoke_req_header_at(req, i, &field, &value); i++) {
        int weight = strcasecmp(field, "Accept-Encoding") == 0
                         ? find_weight(value, name)
                         : UNSAID;
        if (weight != UNSAID)
            return weight;
    }
    return UNSAID;
}

static int weight(const yoke_req *req, const char *name)
{
    int said = asked_weight(req, name);
    if (said == UNSAID)
        said = asked_weight(req, "*");
    return said == UNSAID ? 0 : said;
}

size_t yk_encodings_wanted(const yoke_req *req,
                           enum yk_encoding out[YK_ENCODINGS])
{
    if (!yoke_req_get(req, "Accept-Encoding"))
        return 0;
    int br = weight(req, "br"), gzip = weight(req, "gzip");
    int plain = asked_weight(req, "identity");
    size_t n = 0;
    if (br > 0 && br >= gzip && br >= plain)
        out[n++] = YK_ENCODING_BR;
    if (gzip > 0 && gzip >= plain)
        out[n++] = YK_ENCODING_GZIP;
    if (br > 0 && br < gzip && br >= plain)
        out[n++] = YK_ENCODING_BR;
    return n;
}
