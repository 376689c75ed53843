/* Expectations that are to fail: catches the failure, and what was written. */
#ifndef YK_TESTS_CATCH_H
#define YK_TESTS_CATCH_H

#include "../unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <yoke/test.h>

static char failure_text[32768]; /* What was written to standard error. */
static jmp_buf failed;

static inline void jump_out(const char *file, int line)
{
    (void)file;
    (void)line;
    longjmp(failed, 1);
}

static inline void read_failure(FILE *file)
{
    rewind(file);
    size_t len = fread(failure_text, 1, sizeof(failure_text) - 1, file);
    failure_text[len] = '\0';
    fclose(file);
}

/* Runs what is to fail; `failure_text` is then what it has written. */
#define CATCH_FAILURE(...)                                                     \
    do {                                                                       \
        FILE *volatile file_ = tmpfile();                                      \
        volatile int saved_ = dup(STDERR_FILENO);                              \
        volatile bool has_failed_ = true;                                      \
        assert_non_null(file_);                                                \
        dup2(fileno(file_), STDERR_FILENO);                                    \
        yoke_test_on_fail(jump_out);                                           \
        if (!setjmp(failed)) {                                                 \
            __VA_ARGS__;                                                       \
            has_failed_ = false;                                               \
        }                                                                      \
        yoke_test_on_fail(NULL);                                               \
        fflush(stderr);                                                        \
        dup2(saved_, STDERR_FILENO);                                           \
        close(saved_);                                                         \
        read_failure(file_);                                                   \
        assert_true(has_failed_);                                              \
    } while (0)

/* The text has that part. */
static inline void assert_said(const char *part)
{
    if (!strstr(failure_text, part))
        assert_string_equal(failure_text, part);
}

/* The sentence: what stands behind "FILE:LINE: " in the first line. */
static inline const char *failure_sentence(void)
{
    static char sentence[4096];
    const char *start = strchr(failure_text, ':');
    start = start ? strchr(start + 1, ':') : NULL;
    snprintf(sentence, sizeof(sentence), "%s", start ? start + 2 : "");
    sentence[strcspn(sentence, "\n")] = '\0';
    return sentence;
}

/* It fails, with exactly that sentence, and names this file. */
#define FAILS(expectation, sentence)                                           \
    do {                                                                       \
        CATCH_FAILURE(expectation);                                            \
        assert_string_equal(failure_sentence(), sentence);                     \
        assert_said(strrchr("/" __FILE__, '/') + 1);                           \
    } while (0)

#endif
