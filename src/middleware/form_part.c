#include "middleware/form_part.h"

#include <string.h>
#include <strings.h>

#include "middleware/form_filename.h"
#include "middleware/form_param.h"

#include "core/banned.h"

static bool read_disposition(char *value, struct yk_form_part *part)
{
    char *text = value + strcspn(value, "; \t"), *key, *param;
    char *name = NULL, *plain = NULL, *extended = NULL;
    if (strncasecmp(value, "form-data", (size_t)(text - value)) != 0 ||
        text - value != 9)
        return false;
    while (yk_form_param_next(&text, &key, &param)) {
        if (!param)
            return false;
        if (strcasecmp(key, "name") == 0)
            name = param;
        else if (strcasecmp(key, "filename") == 0)
            plain = param;
        else if (strcasecmp(key, "filename*") == 0)
            extended = yk_form_param_extended(param);
    }
    if (name)
        yk_form_param_decode(name);
    if (plain)
        yk_form_param_decode(plain);
    part->name = name;
    if (extended || plain)
        part->filename = yk_form_filename(extended ? extended : plain);
    return true;
}

/* A value without the spaces around it. */
static char *trim(char *value)
{
    value += strspn(value, " \t");
    char *end = value + strlen(value);
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *end = '\0';
    return value;
}

static bool is_ascii(const char *text)
{
    while (*text >= ' ' && *text < 0x7f)
        text++;
    return *text == '\0';
}

static bool read_line(char *line, struct yk_form_part *part)
{
    char *colon = strchr(line, ':');
    if (!colon || colon == line)
        return false;
    *colon = '\0';
    char *value = trim(colon + 1);
    if (strcasecmp(line, "Content-Disposition") == 0)
        return read_disposition(value, part);
    if (strcasecmp(line, "Content-Type") == 0 && is_ascii(value))
        part->type = value;
    return true;
}

bool yk_form_part_read(char *head, size_t len, struct yk_form_part *ret_part)
{
    struct yk_form_part part = {.name = NULL};
    if (memchr(head, '\0', len))
        return false;
    for (char *line = head; *line;) {
        char *end = strstr(line, "\r\n");
        if (!end)
            return false;
        *end = '\0';
        if (!read_line(line, &part))
            return false;
        line = end + 2;
    }
    *ret_part = part;
    return true;
}
