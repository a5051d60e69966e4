/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rejected_bodies - deliveries that can never succeed, one row for each different body.
 *
 * Errors are those of sys/db.h. In rows that a callback gets, strings and blobs are valid during
 * the call only.
 */
#ifndef STORE_REJECTED_BODIES_H
#define STORE_REJECTED_BODIES_H

#include <stddef.h>
#include <stdint.h>

#include "sys/db.h"
#include "sys/digest.h"

#define REJECTED_BODIES_MAX 100

struct rejected_body_row {
	int64_t id;
	const uint8_t *hash; /* DIGEST_SIZE bytes */
	int64_t first_at;
	int64_t last_at;
	int64_t count;
	int64_t status; /* of HTTP */
	const char *error;
	const char *principal;
	const char *client;
	int64_t size;     /* of all of it */
	const void *body; /* its beginning; NULL in lists */
	size_t body_len;
};

typedef void (*rejected_body_fn)(const struct rejected_body_row *row, void *arg);

/*
 * It arrived at row->last_at: add it, or count it when it is known (first_at, count, size and body
 * stay). Only the REJECTED_BODIES_MAX that arrived last stay. ret_count is how often it arrived.
 */
int rejected_bodies_add(struct db *db, const struct rejected_body_row *row, int64_t *ret_id,
		int64_t *ret_count, struct err *err);
/* When the last one arrived; 0: there is none. */
int rejected_bodies_last_at(struct db *db, int64_t *ret_at, struct err *err);
/* Call fn for the one of that id, with its body. Returns 1, 0 when there is none, or -1. */
int rejected_bodies_get(struct db *db, int64_t id, rejected_body_fn fn, void *arg, struct err *err);
/* The newest `limit` with id < before (0: from the newest), newest first, without bodies. */
int rejected_bodies_list(struct db *db, int64_t before, int64_t limit, rejected_body_fn fn,
		void *arg, struct err *err);

#endif
