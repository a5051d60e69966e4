/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pauses - the kill switch: one row for each time that an operator used it.
 */
#ifndef STORE_PAUSES_H
#define STORE_PAUSES_H

#include <stdint.h>

#include "sys/db.h"

struct pause_row {
	int64_t id;
	int64_t at;    /* when it was used */
	int64_t since; /* since when it is on without a gap */
	int64_t until; /* 0: until an operator resumes */
	const char *reason;
	const char *by;
	int64_t after_delivery; /* the last delivery before since */
};

typedef void (*pause_fn)(const struct pause_row *row, void *arg);

/* Add row (its id is ignored); since 0 means that it begins now, at row->at, after the last
 * delivery. */
int pauses_add(struct db *db, const struct pause_row *row, struct err *err);
/* Call fn for the one that is on. Returns 1, 0 when there is none, or -1. */
int pauses_on(struct db *db, pause_fn fn, void *arg, struct err *err);
/* It began after now, since the clock was set back: now it begins now. 1 when so, 0, or -1. */
int pauses_set_back(struct db *db, int64_t now, struct err *err);
/* The one that is on, if any, ends; by: who resumes, or why it is over. */
int pauses_end(struct db *db, int64_t now, const char *by, struct err *err);

#endif
