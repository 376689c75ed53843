/* An answer as a cache keeps it: status, fields, body in one piece. And a buffer
 * that grows, in which it is put together. */
#ifndef YK_MIDDLEWARE_KEPT_ANSWER_H
#define YK_MIDDLEWARE_KEPT_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/app.h>

/* Zero is empty. */
struct yk_pile {
    char *ptr;
    size_t len, room;
    bool has_failed; /* There was no memory; nothing is added any more. */
};

void yk_pile_add(struct yk_pile *pile, const void *ptr, size_t len);
void yk_pile_add_text(struct yk_pile *pile, const char *text); /* And its NUL */
void yk_pile_free(struct yk_pile *pile);

/* Fields that were set before somebody began to listen: not his. In the
 * request's memory. */
struct yk_fields_before {
    const char **values; /* Addresses. */
    size_t count;
};

/* Notes what there is now. */
void yk_fields_note(yoke_res *res, struct yk_fields_before *ret_before);

/* Removes all others. */
void yk_fields_take_back(yoke_res *res, const struct yk_fields_before *before);

/* Writes status and fields, but for those that were there before; the body is to follow. */
void yk_kept_answer_begin(struct yk_pile *pile, yoke_res *res,
                          const struct yk_fields_before *before);

/* Whether these bytes begin with such an answer. */
bool yk_is_kept_answer(const char *ptr, size_t len);

/* Sets status and fields, and that it was made when it was; `age_s` is the field
 * Age. Returns the body. */
const char *yk_kept_answer_set(yoke_res *res, const char *ptr, size_t len,
                               uint64_t age_s);

/* The same, and answers with it, or 304 to whom that is as good. */
void yk_kept_answer_send(yoke_res *res, const char *ptr, size_t len,
                         uint64_t age_s);

#endif
