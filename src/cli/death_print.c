#include "cli/death_print.h"

#include <stdint.h>
#include <string.h>
#include <time.h>

#include "cli/amount.h"
#include "cli/ask.h"

#include "core/banned.h"

static void print_time(FILE *out, uint64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    char text[64];

    if (localtime_r(&seconds, &parts) &&
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts))
        fprintf(out, "%s  ", text);
}

static void print_requests(FILE *out, const json_t *death)
{
    const json_t *requests = json_object_get(death, "requests");
    uint64_t open = yk_ask_number(death, "requests_open", NULL);
    const json_t *request;
    char age[YK_AMOUNT_MAX];
    size_t i;

    json_array_foreach(requests, i, request) fprintf(
        out, "    in flight: %s, for %s%s\n", yk_ask_text(request, "line"),
        yk_amount_age(yk_ask_number(request, "open_ms", NULL), age),
        json_is_true(json_object_get(request, "running"))
            ? ", its handler was running"
            : "");
    if (open > json_array_size(requests))
        fprintf(out, "    in flight: %llu more\n",
                (unsigned long long)(open - json_array_size(requests)));
}

/* It is on its way to a terminal, and was written by whoever knows what. */
static void print_line(FILE *out, const char *text, size_t len)
{
    fputs("    | ", out);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        fputc((c < ' ' && c != '\t') || c == 0x7f ? '?' : c, out);
    }
    fputc('\n', out);
}

static void print_said(FILE *out, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "\n");
        print_line(out, text, len);
        text += len + (text[len] == '\n');
    }
}

void yk_death_print(FILE *out, const json_t *death)
{
    char age[YK_AMOUNT_MAX];
    uint64_t slot = yk_ask_number(death, "slot", NULL);

    print_time(out, yk_ask_number(death, "time_ms", NULL));
    if (slot)
        fprintf(out, "slot %llu, ", (unsigned long long)slot);
    fprintf(out, "worker %llu (pid %llu, generation %llu) after %s: %s\n",
            (unsigned long long)yk_ask_number(death, "id", NULL),
            (unsigned long long)yk_ask_number(death, "pid", NULL),
            (unsigned long long)yk_ask_number(death, "generation", NULL),
            yk_amount_age(yk_ask_number(death, "lived_ms", NULL), age),
            yk_ask_text(death, "text"));
    print_requests(out, death);
    print_said(out, yk_ask_text(death, "stderr"));
}
