/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void strv_clear(struct strv *strv)
{
	for (size_t i = 0; i < strv->len; i++) {
		free(strv->items[i]);
	}
	free(strv->items);
	*strv = (struct strv){ 0 };
}

void strv_add_take(struct strv *strv, char *text)
{
	if (strv->len + 1 >= strv->cap) {
		strv->cap = strv->cap ? strv->cap * 2 : 8;
		strv->items = xreallocarray(strv->items, strv->cap, sizeof(*strv->items));
	}
	strv->items[strv->len++] = text;
	strv->items[strv->len] = NULL;
}

void strv_add(struct strv *strv, const char *text)
{
	strv_add_take(strv, xstrdup(text));
}

void strv_addf(struct strv *strv, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0) {
		abort();
	}
	va_end(ap);
	strv_add_take(strv, text);
}

char *const *strv_array(const struct strv *strv)
{
	static char *const empty[] = { NULL };

	return strv->items ? strv->items : empty;
}
