/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mistakes - what is wrong in text files, gathered in any order, printed in the order of the lines.
 *
 *	playbooks/disk.yml:7:12: error: expected a duration like 30s, 5m or 1h30m, got "5"
 *
 * A message is one line: control characters in it are escaped. Only the first MISTAKES_MAX are
 * kept, the others are counted.
 */
#ifndef SYS_MISTAKES_H
#define SYS_MISTAKES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define MISTAKES_MAX 200

struct place {
	const char *path; /* as it is named in messages */
	uint32_t file;    /* position of the file among all files, for the order of the report */
	uint32_t line;    /* from 1 */
	uint32_t column;  /* from 1, in characters */
};

struct mistake;

/* Zeroed is empty. */
struct mistakes {
	struct mistake *items;
	size_t len; /* how many there are, kept or not */
	size_t cap;
};

/* Frees all; empty and usable after. */
void mistakes_clear(struct mistakes *mistakes);
/* Copies place, and borrows place->path until mistakes_clear(). */
void mistakes_add(struct mistakes *mistakes, const struct place *place, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));
/* Append all of them to report, a line each, sorted by file, line and column. */
void mistakes_write(struct mistakes *mistakes, struct buf *report);
/* 0 when there are none; else write them: -1 with ERR_INPUT, "2 mistakes in WHERE". */
int mistakes_report(
		struct mistakes *mistakes, const char *where, struct buf *report, struct err *err);

#define auto_mistakes CLEANUP(mistakes_clear)

#endif
