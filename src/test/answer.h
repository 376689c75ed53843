/* A strict reader of HTTP/1.1 answers: what the test client believes.
 *
 * It forgives nothing: a bare LF, a second Content-Length, a body where there
 * may be none, a missing Date make an answer malformed, and the client fails
 * the test that looks at it. So every test that reads an answer also proves
 * that it is well-formed. It shares no code with the serializer it judges.
 *
 * An answer is read from the first byte each time: for a test that is fast
 * enough, and there is no state that could be wrong. */
#ifndef YK_TEST_ANSWER_H
#define YK_TEST_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "test/bytes.h"

enum yk_answer_state {
    YK_ANSWER_PARTIAL,   /* More bytes may complete it. */
    YK_ANSWER_COMPLETE,  /* It is all there. */
    YK_ANSWER_MALFORMED, /* It is wrong, or was cut off; `error` says how. */
};

/* What has to be known from outside to read an answer. */
struct yk_answer_context {
    bool is_head;   /* The request was HEAD: there is no body. */
    bool is_http10; /* It was of HTTP/1.0: no chunks, no 100 Continue. */
    bool has_ended; /* No more bytes will come... */
    bool is_reset;  /* ...and the end was a reset. */
};

/* Offsets of two strings in `heads`. */
struct yk_answer_field {
    size_t name, value;
};

/* Fields that stand together: those of one head, or the trailers. */
struct yk_answer_section {
    int status;   /* Of a head. */
    size_t first; /* In `fields`. */
    size_t count;
};

/* More fields than a good answer has, and more heads before the final one. */
#define YK_ANSWER_FIELDS_MAX   300
#define YK_ANSWER_INTERIMS_MAX 16

struct yk_answer {
    enum yk_answer_state state;
    int status;    /* 0 until the head of the final answer was read. */
    size_t reason; /* Offset of "OK" in `heads`. */
    struct yk_answer_field fields[YK_ANSWER_FIELDS_MAX]; /* Of all sections. */
    size_t field_count;
    struct yk_answer_section head;     /* The final one. */
    struct yk_answer_section trailers; /* Behind the body. */
    struct yk_answer_section interims[YK_ANSWER_INTERIMS_MAX];
    size_t interim_count; /* 1xx answers before it. */
    struct yk_bytes body; /* Without its framing. */
    size_t body_at;       /* Where it begins in the input, when there is one. */
    size_t len;           /* Bytes of the input that it takes, with those of
                              the interim answers; only when it is complete. */
    char error[160];      /* What is wrong, in words. */
    struct yk_bytes heads; /* The strings of the heads. */
};

/* Reads the answer at the start of the bytes, and leaves what follows it. To
 * be given a zeroed structure, or one that was read before. */
void yk_answer_read(struct yk_answer *answer, const char *ptr, size_t len,
                    const struct yk_answer_context *context);

/* The reason phrase, "OK"; "" while there is no status. Borrowed until the next
 * read. */
const char *yk_answer_reason(const struct yk_answer *answer);

/* The value of the first field of that name in the final head, without regard
 * to case, or NULL. Borrowed until the next read. */
const char *yk_answer_field(const struct yk_answer *answer, const char *name);

/* The value of the n-th field of that name, from 0, in a section; or NULL. */
const char *yk_answer_nth(const struct yk_answer *answer,
                          const struct yk_answer_section *section,
                          const char *name, size_t n);

/* The interim answer with that status, or NULL; of several the first. */
const struct yk_answer_section *
yk_answer_interim(const struct yk_answer *answer, int status);

/* Frees what it holds. */
void yk_answer_done(struct yk_answer *answer);

#endif
