/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/mistakes.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

struct mistake {
	struct place place;
	size_t number; /* in which order they were found; makes the sort stable */
	char *text;
};

void mistakes_clear(struct mistakes *mistakes)
{
	size_t kept = mistakes->len < MISTAKES_MAX ? mistakes->len : MISTAKES_MAX;

	for (size_t i = 0; i < kept; i++) {
		free(mistakes->items[i].text);
	}
	free(mistakes->items);
	*mistakes = (struct mistakes){ 0 };
}

/* What a file contains comes back in messages; it must not be able to forge lines of the report. */
static char *escape(const char *text)
{
	struct buf out = { 0 };

	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '\n') {
			buf_adds(&out, "\\n");
		} else if (c < 0x20 || c == 0x7f) {
			buf_addf(&out, "\\x%02x", c);
		} else {
			buf_addch(&out, *p);
		}
	}
	buf_adds(&out, "");
	return buf_detach(&out);
}

void mistakes_add(struct mistakes *mistakes, const struct place *place, const char *fmt, ...)
{
	if (mistakes->len >= MISTAKES_MAX) {
		mistakes->len++;
		return;
	}

	struct buf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_addfv(&text, fmt, ap);
	va_end(ap);

	struct mistake *mistake = mem_push(
			(void **)&mistakes->items, mistakes->len, &mistakes->cap, sizeof(*mistake));
	mistake->place = *place;
	mistake->number = mistakes->len++;
	mistake->text = escape(buf_text(&text));
	buf_clear(&text);
}

static int compare(const void *pa, const void *pb)
{
	const struct mistake *a = pa;
	const struct mistake *b = pb;

	if (a->place.file != b->place.file) {
		return a->place.file < b->place.file ? -1 : 1;
	}
	if (a->place.line != b->place.line) {
		return a->place.line < b->place.line ? -1 : 1;
	}
	if (a->place.column != b->place.column) {
		return a->place.column < b->place.column ? -1 : 1;
	}
	return a->number < b->number ? -1 : 1;
}

void mistakes_write(struct mistakes *mistakes, struct buf *report)
{
	size_t kept = mistakes->len < MISTAKES_MAX ? mistakes->len : MISTAKES_MAX;

	if (kept > 0) {
		qsort(mistakes->items, kept, sizeof(*mistakes->items), compare);
	}
	for (size_t i = 0; i < kept; i++) {
		const struct mistake *mistake = &mistakes->items[i];

		buf_addf(report, "%s:%u:%u: error: %s\n", mistake->place.path, mistake->place.line,
				mistake->place.column, mistake->text);
	}
	if (mistakes->len > kept) {
		const struct place *last = &mistakes->items[kept - 1].place;

		buf_addf(report, "%s:%u:%u: error: and %zu more mistakes\n", last->path, last->line,
				last->column, mistakes->len - kept);
	}
}

int mistakes_report(
		struct mistakes *mistakes, const char *where, struct buf *report, struct err *err)
{
	if (mistakes->len == 0) {
		return 0;
	}
	mistakes_write(mistakes, report);
	return err_set(err, ERR_INPUT, "%zu mistake%s in %s", mistakes->len,
			mistakes->len == 1 ? "" : "s", where);
}
