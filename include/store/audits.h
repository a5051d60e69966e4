/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audits - the commands, who gave them and when, as a chain: the hash of each row is over the one
 * before it.
 *
 *	hash = SHA-256( prev, id, at, principal, action, object, arguments )
 *
 * prev as its 32 bytes, the others as netstrings: "2:17,13:1795424257808,8:operator,…".
 *
 * What the chain shows: no row between the oldest and the newest that are kept was changed, moved
 * or taken out. What it cannot show: whoever can write the file can compute all of it anew, or take
 * away its end. For that the newest hash has to be known elsewhere: each is logged when it is made.
 */
#ifndef STORE_AUDITS_H
#define STORE_AUDITS_H

#include <stdint.h>

#include "sys/db.h"
#include "sys/digest.h"

struct audit_row {
	int64_t id;
	int64_t at;
	const char *principal;
	const char *action;
	const char *object;
	const char *arguments; /* JSON */
	uint8_t prev[DIGEST_SIZE];
	uint8_t hash[DIGEST_SIZE];
};

typedef void (*audit_fn)(const struct audit_row *row, void *arg);

/*
 * Add row behind the newest; its id, prev and hash are set. The id is in the hash, so it is not the
 * database's to give: ERR_CONFLICT when another writer was faster.
 */
int audits_add(struct db *db, struct audit_row *row, struct err *err);
/* Newest first, those with an id below `before` (0: all), at most limit. */
int audits_list(struct db *db, int64_t before, int64_t limit, audit_fn fn, void *arg,
		struct err *err);

struct audit_verdict {
	int64_t rows; /* that were looked at */
	int64_t first_id;
	int64_t last_id;           /* the newest that is good; 0: there is none … */
	uint8_t hash[DIGEST_SIZE]; /* … and its hash */
	int64_t broken_id;         /* the first that is not; 0: all are */
	const char *why;           /* static */
};

/* Is there a table for it? An older store has none. Returns 1, 0, or -1. */
int audits_there(struct db *db, struct err *err);
/* Look through the chain, from the oldest row that is kept. Returns 0, or -1 when the store failed.
 */
int audits_verify(struct db *db, struct audit_verdict *ret, struct err *err);

#endif
