#include "middleware/multipart_parser.h"

#include <stdio.h>
#include <string.h>

#include "core/banned.h"

/* A piece that is being read. */
struct piece {
    const char *at, *end;
    int result; /* What a callback has returned. */
};

void yk_multipart_parser_init(struct yk_multipart_parser *parser,
                              const struct yk_multipart_events *events,
                              void *data, const char *boundary,
                              size_t max_head_len)
{
    *parser = (struct yk_multipart_parser){
        .events = events,
        .data = data,
        .matched = 2, /* The first boundary needs no line in front of it. */
        .head = {.grow = events->grow,
                 .data = data,
                 .max_len = max_head_len,
                 .too_long = events->head_too_long,
                 .no_memory = events->no_memory},
    };
    snprintf(parser->delimiter, sizeof(parser->delimiter), "\r\n--%s",
             boundary);
    parser->delimiter_len = strlen(parser->delimiter);
}

/* ---- Data ---- */

static void tell(struct yk_multipart_parser *parser, struct piece *piece,
                 const char *ptr, const char *end)
{
    if (parser->state == YK_MULTIPART_DATA && end > ptr && piece->result == 0)
        piece->result =
            parser->events->on_data(parser->data, ptr, (size_t)(end - ptr));
}

/* Matches on from where the piece stands, and moves over what fits. */
static void match(struct yk_multipart_parser *parser, struct piece *piece)
{
    while (piece->at < piece->end && parser->matched < parser->delimiter_len &&
           *piece->at == parser->delimiter[parser->matched]) {
        piece->at++;
        parser->matched++;
    }
}

/* What an earlier piece had of a delimiter that is none. CR stands only at the
 * start of one, so another can begin no earlier than here. */
static void give_back(struct yk_multipart_parser *parser, struct piece *piece,
                      size_t earlier)
{
    tell(parser, piece, parser->delimiter, parser->delimiter + earlier);
}

static void end_data(struct yk_multipart_parser *parser, struct piece *piece)
{
    bool is_part = parser->state == YK_MULTIPART_DATA;
    parser->state = YK_MULTIPART_AFTER;
    parser->after_len = 0;
    parser->matched = 0;
    if (is_part && piece->result >= 0) {
        int result = parser->events->on_part_end(parser->data);
        if (result != 0)
            piece->result = result;
    }
}

/* Data up to the delimiter, or the end of the piece, or what might begin one
 * there. Of the preamble nobody is told. */
static void read_data(struct yk_multipart_parser *parser, struct piece *piece)
{
    size_t earlier = parser->matched;
    const char *from = piece->at;
    while (piece->at < piece->end) {
        if (parser->matched == 0) {
            size_t left = (size_t)(piece->end - piece->at);
            const char *cr = memchr(piece->at, '\r', left);
            piece->at = cr ? cr : piece->end;
        }
        const char *start = piece->at;
        match(parser, piece);
        if (parser->matched == parser->delimiter_len) {
            tell(parser, piece, from, earlier ? from : start);
            end_data(parser, piece);
            return;
        }
        if (piece->at == piece->end && parser->matched > 0) {
            tell(parser, piece, from, earlier ? from : start);
            return;
        }
        parser->matched = 0;
        if (earlier == 0)
            continue;
        /* It began before this piece, and is none. */
        give_back(parser, piece, earlier);
        earlier = 0;
        if (piece->result != 0) {
            piece->at = from;
            return;
        }
    }
    tell(parser, piece, from, piece->at);
}

/* ---- Behind a boundary ---- */

/* "--" ends the body; else spaces, and the end of the line. */
static void read_after(struct yk_multipart_parser *parser, struct piece *piece)
{
    char c = *piece->at++;
    if ((c == ' ' || c == '\t') && parser->after_len == 0)
        return;
    parser->after[parser->after_len++] = c;
    if (parser->after_len < 2)
        return;
    if (memcmp(parser->after, "--", 2) == 0) {
        parser->state = YK_MULTIPART_END;
    } else if (memcmp(parser->after, "\r\n", 2) == 0) {
        parser->state = YK_MULTIPART_HEAD;
    } else {
        piece->result = parser->events->malformed;
    }
}

/* ---- The head of a part ---- */

static void read_head(struct yk_multipart_parser *parser, struct piece *piece)
{
    struct yk_multipart_head *head = &parser->head;
    int result = yk_multipart_head_read(head, &piece->at, piece->end);
    if (result <= 0) {
        piece->result = result;
        return;
    }
    parser->state = YK_MULTIPART_DATA;
    parser->matched = 0;
    piece->result = parser->events->on_part(parser->data, head->ptr, head->len);
    head->len = 0;
}

/* ---- All of it ---- */

ssize_t yk_multipart_parser_feed(struct yk_multipart_parser *parser,
                                 const char *ptr, size_t len)
{
    struct piece piece = {.at = ptr, .end = ptr + len};
    while (piece.at < piece.end && piece.result == 0) {
        switch (parser->state) {
        case YK_MULTIPART_PREAMBLE:
        case YK_MULTIPART_DATA:
            read_data(parser, &piece);
            break;
        case YK_MULTIPART_AFTER:
            read_after(parser, &piece);
            break;
        case YK_MULTIPART_HEAD:
            read_head(parser, &piece);
            break;
        case YK_MULTIPART_END:
            piece.at = piece.end;
            break;
        }
    }
    return piece.result < 0 ? piece.result : piece.at - ptr;
}

int yk_multipart_parser_end(const struct yk_multipart_parser *parser)
{
    return parser->state == YK_MULTIPART_END ? 0 : parser->events->malformed;
}
