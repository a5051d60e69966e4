/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migrate - bring a database to the newest schema, one transaction a step.
 *
 * The steps are the files migrations/NNNN_noun.sql, embedded at build time. Each runs in its own
 * transaction, which ends with PRAGMA user_version = NNNN. A database from the future is refused
 * with both numbers in the message (ERR_CONFLICT) and is not changed: the connection is frozen. One
 * without a version that is not empty is refused too: it is not ours.
 */
#ifndef SYS_MIGRATE_H
#define SYS_MIGRATE_H

#include <stddef.h>

#include "base/err.h"
#include "sys/db.h"

struct migration {
	int version;      /* NNNN; 1, 2, 3 … without gaps */
	const char *name; /* "NNNN_noun" */
	const char *sql;
};

/* Generated from migrations/. */
extern const struct migration migrations[];
extern const size_t migrations_len;

int migrate(struct db *db, struct err *err);
/* The same with steps of one's own, for tests. */
int migrate_steps(struct db *db, const struct migration *steps, size_t len, struct err *err);

#endif
