#include "net/crash_line.h"

#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "core/number.h"

#include "core/banned.h"

void yk_crash_put(struct yk_crash_line *line, const char *text)
{
    size_t len = strlen(text);
    size_t room = sizeof(line->text) - 1 - line->len;

    if (len > room)
        len = room;
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

void yk_crash_put_number(struct yk_crash_line *line, uint64_t number)
{
    char digits[YK_DIGITS_MAX + 1];

    digits[yk_format_u64(digits, number)] = '\0';
    yk_crash_put(line, digits);
}

void yk_crash_put_hex(struct yk_crash_line *line, uintptr_t number)
{
    char digits[2 * sizeof(number) + 1];
    char *at = digits + sizeof(digits) - 1;

    *at = '\0';
    do {
        *--at = "0123456789abcdef"[number & 15];
        number >>= 4;
    } while (number);
    yk_crash_put(line, "0x");
    yk_crash_put(line, at);
}

void yk_crash_line_begin(struct yk_crash_line *line)
{
    line->len = 0;
    yk_crash_put(line, "yoke[");
    yk_crash_put_number(line, (uint64_t)getpid());
    yk_crash_put(line, "] error: ");
}

void yk_crash_line_end(struct yk_crash_line *line)
{
    line->text[line->len++] = '\n';
    ssize_t ignored = write(STDERR_FILENO, line->text, line->len);
    (void)ignored;
}
