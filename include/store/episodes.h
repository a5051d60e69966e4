/* SPDX-License-Identifier: Apache-2.0 */
/*
 * episodes - alerts, each from when it was first seen firing until it is resolved.
 */
#ifndef STORE_EPISODES_H
#define STORE_EPISODES_H

#include <stdbool.h>
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

/* Who sent it now, and with which words, to be compared with the last time. */
struct episode_sender {
	const char *external_url;
	const char *group_key;
	const char *receiver;
	const uint8_t *body_hash; /* DIGEST_SIZE bytes */
	const char *annotations;  /* JSON */
};

/* The open episode of identity; ret->id is 0 when there is none. */
int episodes_open(struct db *db, const uint8_t identity[DIGEST_SIZE],
		const struct episode_sender *sender, struct plan_episode *ret, struct err *err);
/* The latest ended episode of identity; ret->id is 0 when there is none. */
int episodes_last(struct db *db, const uint8_t identity[DIGEST_SIZE],
		const struct episode_sender *sender, struct plan_episode *ret, struct err *err);

/*
 * It fires on, as the delivery says that came at row->last_seen: row->starts_at is kept when it is
 * the earliest, unless it is of an outage before this one (a peer that is late); annotations and
 * generator_url unless they are NULL. Of row only these,
 * id and delivery_id are read.
 */
int episodes_again(struct db *db, const struct episode_row *row, struct err *err);
/* It ended at row->ends_at; last_seen, id and delivery_id are read, too. */
int episodes_end(struct db *db, const struct episode_row *row, struct err *err);
/* One that had no incident has this one from now on. */
int episodes_join(struct db *db, int64_t id, int64_t incident_id, struct err *err);
/*
 * Is the incident acknowledged, and was the alert of identity no part of it since it was last
 * opened? The episode that asks must not be written yet.
 */
int episodes_is_newcomer(struct db *db, const uint8_t identity[DIGEST_SIZE], int64_t incident_id,
		bool *ret, struct err *err);

/* Those of one incident, oldest first, `limit` at most. */
int episodes_of(struct db *db, int64_t incident_id, int64_t limit, episode_fn fn, void *arg,
		struct err *err);
/* The same of those that fire. */
int episodes_firing(struct db *db, int64_t incident_id, int64_t limit, episode_fn fn, void *arg,
		struct err *err);

#endif
