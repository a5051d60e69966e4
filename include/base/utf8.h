/* SPDX-License-Identifier: Apache-2.0 */
/*
 * utf8 - is it UTF-8, as RFC 3629 has it (no overlong forms, no surrogates, at most U+10FFFF)?
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The length of the character that text starts with, 1 to 4, and its code point; 0 when the len
 * bytes there do not start with a whole, valid character.
 */
size_t utf8_next(const char *text, size_t len, uint32_t *ret_code);
bool utf8_valid(const char *text, size_t len);

/* The first of text's bytes, max at most, that are whole characters. */
size_t utf8_whole(const char *text, size_t max);
/* Copy text, cut between characters when size does not hold it, its NUL included. */
void utf8_copy(const char *text, char *ret, size_t size);

/*
 * Does the character do more than show itself: C0, DEL, C1, line and paragraph separators, marks
 * and overrides of the writing direction (U+200E/F, U+202A to E, U+2066 to 9)?
 */
bool utf8_is_control(uint32_t code);

#endif
