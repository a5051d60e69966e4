/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ending - how a program ended, in words.
 */
#ifndef WIRE_ENDING_H
#define WIRE_ENDING_H

#include <stddef.h>

#include "wire/attempt.h"

#define ENDING_LINE_MAX 201 /* of the last line, the first 200 bytes */

/* "exit status 3", "ended by signal 9 (SIGKILL)", "ended by its deadline", … into text. */
void ending_words(const struct attempt_status *status, char *text, size_t size);

/*
 * The last line of output that is not empty, in valid UTF-8 without control characters; line has
 * ENDING_LINE_MAX and is "" when there is none.
 */
void ending_last_line(const struct attempt_output *output, char *line);

#endif
