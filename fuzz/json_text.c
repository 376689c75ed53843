/* JSON as sessions read and write it: whatever the text, it is read as jansson
 * reads it, and what is read is written as jansson writes it. */
#include "fuzz.h"

#include <jansson.h>

#include "middleware/json_text.h"

/* Also that the length is told without writing. */
static void check_written(const json_t *value)
{
    struct yk_json_text text = {.len = 0};
    char *wanted = json_dumps(value, JSON_COMPACT);
    yk_json_text_put_value(&text, value);
    MUST(wanted && !text.is_broken, "what was read can be written");
    MUST(text.len == strlen(wanted) && memcmp(text.ptr, wanted, text.len) == 0,
         "it is written as jansson does");
    MUST(yk_json_text_len(value) == text.len, "its length is known before");
    free(wanted);
    free(text.ptr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Its own block, so that reading beyond it is noticed. */
    char *text = malloc(size > 0 ? size : 1);
    if (size > 0)
        memcpy(text, data, size);
    json_t *value = yk_json_text_read(text, size);
    json_t *wanted = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    MUST(!value == !wanted, "both take it, or both refuse");
    MUST(!value || json_equal(value, wanted), "both read the same");
    if (value)
        check_written(value);
    json_decref(value);
    json_decref(wanted);
    free(text);
    return 0;
}
