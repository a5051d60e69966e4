/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow_ups - what is to be done later, so that an incident does not happen again.
 */
#ifndef STORE_FOLLOW_UPS_H
#define STORE_FOLLOW_UPS_H

#include <stdint.h>

#include "sys/db.h"

struct follow_up_row {
	int64_t id;
	int64_t incident_id;
	const char *text;
	const char *owner;    /* who is to do it; "": nobody yet */
	const char *receiver; /* who got it as a ticket; NULL: nobody */
	int64_t created_at;
	const char *created_by;
	int64_t done_at;     /* 0: not yet */
	const char *done_by; /* NULL: not yet */
};

typedef void (*follow_up_fn)(const struct follow_up_row *row, void *arg);

/* Add row (its id and what tells of its being done are ignored). */
int follow_ups_add(
		struct db *db, const struct follow_up_row *row, int64_t *ret_id, struct err *err);
/* Write text, owner, done_at and done_by of row. */
int follow_ups_change(struct db *db, const struct follow_up_row *row, struct err *err);
/* Call fn for the one of that id. Returns 1, 0 when there is none, or -1. */
int follow_ups_get(struct db *db, int64_t id, follow_up_fn fn, void *arg, struct err *err);
/* How many the incident has. */
int follow_ups_count(struct db *db, int64_t incident_id, int64_t *ret_count, struct err *err);

struct follow_up_query {
	int64_t incident_id; /* 0: of any */
	const char *done;    /* "true" or "false"; NULL: any */
	int64_t before;      /* id; 0: from the newest */
	int64_t limit;
};

/* The newest first. */
int follow_ups_list(struct db *db, const struct follow_up_query *query, follow_up_fn fn, void *arg,
		struct err *err);

#endif
