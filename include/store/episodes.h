/* SPDX-License-Identifier: Apache-2.0 */
/*
 * episodes - alerts, each from when it was first seen firing until it is resolved.
 */
#ifndef STORE_EPISODES_H
#define STORE_EPISODES_H

#include <stddef.h>
#include <stdint.h>

#include "domain/plan.h"
#include "sys/db.h"
#include "sys/digest.h"

struct episode_row {
	int64_t id;
	const uint8_t *identity; /* DIGEST_SIZE bytes; NULL in lists */
	const char *status;      /* "firing", "resolved" */
	int64_t incident_id;     /* 0: none */
	const char *fingerprint;
	const char *labels;      /* JSON */
	const char *annotations; /* JSON */
	const char *generator_url;
	int64_t starts_at;
	int64_t ends_at; /* 0: not over */
	int64_t first_seen;
	int64_t last_seen;
	int64_t occurrences;
	int64_t delivery_id; /* the last that had it */
};

typedef void (*episode_fn)(const struct episode_row *row, void *arg);

int episodes_add(struct db *db, const struct episode_row *row, int64_t *ret_id, struct err *err);

/* Who sent it now, to be compared with who sent it last. */
struct episode_sender {
	const char *external_url;
	const uint8_t *body_hash; /* DIGEST_SIZE bytes */
};

/* The open episode of identity; ret->id is 0 when there is none. */
int episodes_open(struct db *db, const uint8_t identity[DIGEST_SIZE],
		const struct episode_sender *sender, struct plan_episode *ret, struct err *err);
/* The latest ended episode of identity; ret->id is 0 when there is none. */
int episodes_last(struct db *db, const uint8_t identity[DIGEST_SIZE], struct plan_episode *ret,
		struct err *err);

/* It was received again as firing. starts_at is kept at the earliest. */
int episodes_again(struct db *db, int64_t id, int64_t delivery_id, int64_t starts_at, int64_t now,
		struct err *err);
/* It ended. */
int episodes_end(struct db *db, int64_t id, int64_t delivery_id, int64_t ends_at, int64_t now,
		struct err *err);

/* Those of one incident, oldest first, `limit` at most. */
int episodes_of(struct db *db, int64_t incident_id, int64_t limit, episode_fn fn, void *arg,
		struct err *err);

#endif
