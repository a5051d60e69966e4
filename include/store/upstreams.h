/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upstreams - what is asked of Alertmanager, and what its answers leave behind: holds of pages, and
 * which Alertmanager lists what a sender delivers.
 */
#ifndef STORE_UPSTREAMS_H
#define STORE_UPSTREAMS_H

#include <stdint.h>

#include "domain/upstream.h"
#include "store/episodes.h"
#include "sys/db.h"

#define UPSTREAMS_SENDERS_MAX 256 /* that are remembered of an Alertmanager */

/* A firing alert of an open incident, and how that is held. */
struct upstream_row {
	int64_t episode_id;
	int64_t incident_id;
	const uint8_t *identity; /* DIGEST_SIZE bytes */
	int64_t last_seen;
	int64_t longest_gap_ms;
	const char *external_url; /* of its last delivery; NULL: that is not known */
	uint8_t hold;             /* enum upstream_hold */
	int64_t held_at;
	int64_t held_until;
	const char *held; /* why, for operators; NULL: it is not held */
};

typedef void (*upstream_fn)(const struct upstream_row *row, void *arg);

/* Call fn for each, by incident, then the oldest first; `limit` at most. */
int upstreams_watch(struct db *db, int64_t limit, upstream_fn fn, void *arg, struct err *err);
/* Call fn for the firing episode of that id. Returns 1, 0 when there is none, or -1. */
int upstreams_episode(struct db *db, int64_t id, episode_fn fn, void *arg, struct err *err);
/* Is any incident open? */
int upstreams_any_open(struct db *db, bool *ret, struct err *err);

struct upstream_held {
	int64_t incident_id;
	uint8_t hold;    /* enum upstream_hold */
	const char *why; /* for operators */
	int64_t at;
	int64_t until; /* 0: not known */
};

/* An open incident is held, or held with other words. */
int upstreams_hold(struct db *db, const struct upstream_held *held, struct err *err);
int upstreams_lift(struct db *db, int64_t incident_id, struct err *err);
int upstreams_held_count(struct db *db, int64_t *ret_count, struct err *err);

/* alertmanager lists what external_url delivers. Of more than UPSTREAMS_SENDERS_MAX it is not
 * remembered. */
int upstreams_sender_add(struct db *db, const char *alertmanager, const char *external_url,
		int64_t at, struct err *err);
typedef void (*upstream_sender_fn)(const char *alertmanager, const char *external_url, void *arg);
int upstreams_senders(struct db *db, upstream_sender_fn fn, void *arg, struct err *err);

#endif
