/* A state of gzip can be used again, and is worth it: a few that are idle are
 * kept. */
#include "middleware/encoder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "middleware/coder.h"

#include "core/banned.h"

/* Idle encoders that are kept; of gzip's, a megabyte. */
#define IDLE_MAX 4

struct yk_encoder {
    struct yk_encoder *next; /* Idle. */
    struct yk_encoder_options options;
    const struct yk_coder *coder;
    void *state;   /* The coder's. */
    bool is_dirty; /* Something may be held back. */
};

enum library_state {
    NOT_TRIED,
    LOADED,
    MISSING,
};

static const struct yk_coder *const coders[YK_ENCODINGS + 1] = {
    [YK_ENCODING_GZIP] = &yk_coder_gzip,
    [YK_ENCODING_BR] = &yk_coder_br,
};

/* Written once for each, by yk_encoder_is_there. */
static enum library_state libraries[YK_ENCODINGS + 1];

/* Encoders that wait for the next body; the last one first. Written by
 * yk_encoder_take and _give. */
static struct yk_encoder *idle;
static int idle_count;

/* ---- The libraries ---- */

bool yk_encoder_is_there(enum yk_encoding encoding)
{
    enum library_state *library = &libraries[encoding];
    if (*library == NOT_TRIED)
        *library = coders[encoding]->load() ? LOADED : MISSING;
    return *library == LOADED;
}

/* ---- Life ---- */

static bool is_same_kind(const struct yk_encoder_options *a,
                         const struct yk_encoder_options *b)
{
    return a->encoding == b->encoding && a->level == b->level &&
           a->is_frugal == b->is_frugal;
}

static struct yk_encoder *take_idle(const struct yk_encoder_options *options)
{
    struct yk_encoder **place = &idle;
    while (*place && !is_same_kind(&(*place)->options, options))
        place = &(*place)->next;
    struct yk_encoder *encoder = *place;
    if (!encoder)
        return NULL;
    *place = encoder->next;
    idle_count--;
    encoder->is_dirty = false;
    return encoder;
}

struct yk_encoder *yk_encoder_take(const struct yk_encoder_options *options)
{
    struct yk_encoder *encoder = take_idle(options);
    if (encoder)
        return encoder;
    encoder = calloc(1, sizeof(*encoder));
    if (!encoder)
        return NULL;
    encoder->options = *options;
    encoder->coder = coders[options->encoding];
    encoder->state = encoder->coder->begin(options);
    if (encoder->state)
        return encoder;
    free(encoder);
    return NULL;
}

void yk_encoder_give(struct yk_encoder *encoder)
{
    if (!encoder)
        return;
    if (idle_count >= IDLE_MAX || !encoder->coder->reset(encoder->state)) {
        encoder->coder->end(encoder->state);
        free(encoder);
        return;
    }
    encoder->next = idle;
    idle = encoder;
    idle_count++;
}

/* ---- Work ---- */

/* zlib counts in 32 bits. */
#define STEP_MAX (1u << 30)

int yk_encoder_run(struct yk_encoder *encoder, yoke_filter *filter,
                   const void *ptr, size_t len, enum yoke_filter_step step)
{
    const struct yk_coder *coder = encoder->coder;
    const char *at = ptr;
    int err = 0;
    if (step == YOKE_FILTER_FLUSH && !encoder->is_dirty)
        return 0;
    encoder->is_dirty = step == YOKE_FILTER_MORE;
    for (; err == 0 && len > STEP_MAX; at += STEP_MAX, len -= STEP_MAX)
        err =
            coder->run(encoder->state, filter, at, STEP_MAX, YOKE_FILTER_MORE);
    return err < 0 ? err : coder->run(encoder->state, filter, at, len, step);
}
