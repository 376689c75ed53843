#include "http/h1_error.h"

#define XX(name, code, words)                                                  \
    _Static_assert(sizeof(words) <= YK_H1_ERROR_TEXT_MAX, "too long");
YK_H1_ERROR_MAP(XX)
#undef XX

static const struct {
    int status;
    const char *text;
} errors[] = {[YK_H1_OK] = {200, "no error"},
#define XX(name, code, words) [YK_H1_##name] = {code, words},
              YK_H1_ERROR_MAP(XX)
#undef XX
};

int yk_h1_error_status(enum yk_h1_error error)
{
    return errors[error].status;
}

const char *yk_h1_error_text(enum yk_h1_error error)
{
    return errors[error].text;
}
