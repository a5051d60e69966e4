/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idempotency - commands that came with an Idempotency-Key, and their answers: a command that comes
 * again gets the same answer, and nothing is done.
 */
#ifndef STORE_IDEMPOTENCY_H
#define STORE_IDEMPOTENCY_H

#include <stdint.h>

#include "sys/db.h"
#include "sys/digest.h"

struct idempotency_row {
	const char *principal;
	const char *route; /* the name of the command */
	const char *key;
	const uint8_t *hash; /* DIGEST_SIZE bytes: over all of the command */
	const char *answer;  /* JSON */
	int64_t at;
};

typedef void (*idempotency_fn)(const struct idempotency_row *row, void *arg);

/* ERR_CONFLICT when principal, route and key are there already. */
int idempotency_add(struct db *db, const struct idempotency_row *row, struct err *err);
/* Call fn for the one of row's principal, route and key. Returns 1, 0 when there is none, or -1. */
int idempotency_get(struct db *db, const struct idempotency_row *row, idempotency_fn fn, void *arg,
		struct err *err);

#endif
