/* SPDX-License-Identifier: Apache-2.0 */
/*
 * strv - a growing, NULL-terminated vector of strings, ready to be an argv or an environment.
 *
 * A zeroed struct strv is empty; strv_array() of it is a valid, empty vector.
 */
#ifndef BASE_STRV_H
#define BASE_STRV_H

#include <stddef.h>

#include "base/cleanup.h"

struct strv {
	char **items; /* NULL-terminated once something was added */
	size_t len;
	size_t cap;
};

/* Frees all strings; empty and usable after. */
void strv_clear(struct strv *strv);
/* Copies text. */
void strv_add(struct strv *strv, const char *text);
void strv_addf(struct strv *strv, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Takes text, which is on the heap. */
void strv_add_take(struct strv *strv, char *text);
/* NULL-terminated, never NULL. Valid until the next call that changes strv. */
char *const *strv_array(const struct strv *strv);

#define auto_strv CLEANUP(strv_clear)

#endif
