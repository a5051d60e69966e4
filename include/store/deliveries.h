/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deliveries - what came in, as it came, and what was decided about each alert of it.
 *
 * All store functions: errors are those of sys/db.h. In rows that a callback gets, strings and
 * blobs are valid during the call only.
 */
#ifndef STORE_DELIVERIES_H
#define STORE_DELIVERIES_H

#include <stddef.h>
#include <stdint.h>

#include "sys/db.h"
#include "sys/digest.h"

struct delivery_row {
	int64_t id;
	int64_t received_at;
	const char *principal;
	const char *external_url;
	const char *receiver;
	const char *group_key;
	const char *notification_reason;
	int64_t alerts;
	int64_t truncated;
	const char *note;         /* what of its members was not taken as it came; NULL: nothing */
	int64_t replay_of;        /* 0: none */
	const uint8_t *body_hash; /* DIGEST_SIZE bytes */
	const void *body;         /* NULL in lists */
	size_t body_len;
};

typedef void (*delivery_fn)(const struct delivery_row *row, void *arg);

/* Add row (its id is ignored). */
int deliveries_add(struct db *db, const struct delivery_row *row, int64_t *ret_id, struct err *err);
/* Call fn for the one of that id, with its body. Returns 1, 0 when there is none, or -1. */
int deliveries_get(struct db *db, int64_t id, delivery_fn fn, void *arg, struct err *err);
/* When was it delivered, or if it is a replay, what it replays? 0: that is not known. */
int deliveries_received_at(struct db *db, int64_t id, int64_t *ret_at, struct err *err);
/* The newest `limit` with id < before (0: from the newest), newest first, without bodies. */
int deliveries_list(struct db *db, int64_t before, int64_t limit, delivery_fn fn, void *arg,
		struct err *err);

struct decision_row {
	int64_t delivery_id;
	int64_t position; /* from 0, in order within the delivery */
	int64_t at;
	const char *fingerprint;
	const char *alertname;
	const char *decision; /* the word of domain/plan.h */
	const char *reason;
	const char *playbook; /* NULL: none */
	int64_t incident_id;  /* 0: none */
	int64_t run_id;       /* 0: none */
};

typedef void (*decision_fn)(const struct decision_row *row, void *arg);

int decisions_add(struct db *db, const struct decision_row *row, struct err *err);
/* The position after the last decision of a delivery; 0: it has none. */
int decisions_next(struct db *db, int64_t delivery_id, int64_t *ret_position, struct err *err);
/* Those of one delivery, in order. */
int decisions_of(struct db *db, int64_t delivery_id, decision_fn fn, void *arg, struct err *err);

/* Those about alerts of one incident, oldest first, `limit` at most. */
int decisions_about(struct db *db, int64_t incident_id, int64_t limit, decision_fn fn, void *arg,
		struct err *err);

struct decision_query {
	const char *fingerprint; /* NULL: any */
	const char *decision;    /* NULL: any */
	int64_t before_delivery; /* with before_position: older than this one; 0: from the newest */
	int64_t before_position;
	int64_t after_delivery; /* only of later deliveries; 0: of any */
	int64_t limit;
};

/* The newest first. */
int decisions_list(struct db *db, const struct decision_query *query, decision_fn fn, void *arg,
		struct err *err);

#endif
