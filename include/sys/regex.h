/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex - PCRE2 patterns, anchored at both ends as Prometheus anchors, with bounded work.
 *
 * A match that hits PCRE2's limits is an error, never "no match": the caller must not go on as if
 * the text had been looked at.
 *
 * \d, \w and \s are ASCII's, as in RE2. Not to be used by two threads at once.
 *
 * Limits: pattern REGEX_PATTERN_MAX bytes, subject REGEX_SUBJECT_MAX bytes, match limit 100,000,
 * 8 MiB for one match.
 */
#ifndef SYS_REGEX_H
#define SYS_REGEX_H

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/err.h"

#define REGEX_PATTERN_MAX 1024
#define REGEX_SUBJECT_MAX 65536

struct regex;

/*
 * Compile pattern (UTF-8, '.' matches newline as in RE2 with (?s) the way Prometheus compiles it).
 * ERR_INPUT names the column (1-based) of the mistake. Caller frees with regex_free().
 */
struct regex *regex_new(const char *pattern, struct err *err);
/* NULL is a no-op. */
void regex_free(struct regex *regex);
/*
 * Does the whole of text match? Returns 0 and sets *ret_match, or -1 with ERR_LIMIT: a limit was
 * hit, or text is not UTF-8.
 */
int regex_match(const struct regex *regex, const char *text, bool *ret_match, struct err *err);

#endif
