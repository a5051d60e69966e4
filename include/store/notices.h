/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notices - the outbox: the notifications, a row for each endpoint.
 *
 *	pending ──▶ sent
 *	   └──────▶ failed
 */
#ifndef STORE_NOTICES_H
#define STORE_NOTICES_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/db.h"

enum notice_status { NOTICE_PENDING, NOTICE_SENT, NOTICE_FAILED, NOTICE_STATUSES };
/* "pending", "sent", "failed". */
extern const char *const notice_status_names[NOTICE_STATUSES];

struct notice_row {
	int64_t id;
	const char *key;
	const char *receiver;
	const char *endpoint; /* "" when the receiver is not known */
	int64_t incident_id;  /* 0: none */
	const char *kind;
	const char *subject;
	const char *text;
	const char *incident; /* JSON object, or NULL */
	uint8_t status;       /* enum notice_status */
	int64_t attempts;
	const char *reason;
	int64_t created_at;
	int64_t next_at;
	int64_t ended_at; /* 0: pending */
};

typedef void (*notice_fn)(const struct notice_row *row, void *arg);

/* Add row (its id and attempts are ignored), unless there is one of its key for the endpoint. */
int notices_add(struct db *db, const struct notice_row *row, bool *ret_added, struct err *err);

/* Call fn for the pending one of the endpoint that is to be sent next. Returns 1, 0 when there is
 * none, or -1. */
int notices_next(struct db *db, const char *receiver, const char *endpoint, notice_fn fn, void *arg,
		struct err *err);
/* Call fn for the one of that id. Returns 1, 0 when there is none, or -1. */
int notices_get(struct db *db, int64_t id, notice_fn fn, void *arg, struct err *err);

/* An attempt begins; the next one not before next_at. */
int notices_attempt(struct db *db, int64_t id, int64_t next_at, struct err *err);
/* The attempt failed for this reason; the next one not before next_at. */
int notices_again(struct db *db, int64_t id, int64_t next_at, const char *reason, struct err *err);
/* status: sent, or failed for reason. Of one that is pending only: *ret_ended says so. */
int notices_end(struct db *db, const struct notice_row *end, bool *ret_ended, struct err *err);

/* Call fn(receiver, endpoint) for each that has something pending. */
int notices_waiting(struct db *db, void (*fn)(const char *receiver, const char *endpoint, void *),
		void *arg, struct err *err);
/* All that is pending for the endpoint of end fails, for end's reason. */
int notices_forsake(struct db *db, const struct notice_row *end, struct err *err);

/* Those of an incident, the oldest first, at most limit. */
int notices_of(struct db *db, int64_t incident_id, int64_t limit, notice_fn fn, void *arg,
		struct err *err);
/* How many are pending. */
int notices_pending_count(struct db *db, int64_t *ret_count, struct err *err);

#endif
