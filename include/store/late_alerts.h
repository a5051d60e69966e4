/* SPDX-License-Identifier: Apache-2.0 */
/*
 * late_alerts - alerts that fire although their episode has ended, as another sender says. Each
 * waits until it is due: then it fires, unless its end was delivered again.
 */
#ifndef STORE_LATE_ALERTS_H
#define STORE_LATE_ALERTS_H

#include <stdint.h>

#include "sys/db.h"
#include "sys/digest.h"

struct late_alert_row {
	const uint8_t *identity; /* DIGEST_SIZE bytes */
	int64_t due_at;          /* wall ms */
	int64_t delivery_id;
	const char *principal;
	const char *fingerprint;
	const char *labels;      /* JSON */
	const char *annotations; /* JSON */
	const char *generator_url;
	int64_t starts_at;
};

typedef void (*late_alert_fn)(const struct late_alert_row *row, void *arg);

/*
 * Add row, unless one of its identity waits already; *ret_due_at is when it, or that one, is due.
 * All return -1 when the store failed.
 */
int late_alerts_add(struct db *db, const struct late_alert_row *row, int64_t *ret_due_at,
		struct err *err);
/* It does not wait any more. */
int late_alerts_remove(struct db *db, const uint8_t identity[DIGEST_SIZE], struct err *err);
/* Call fn for the first that is due at or before now. Returns 1, 0 when there is none, or -1. */
int late_alerts_due(struct db *db, int64_t now, late_alert_fn fn, void *arg, struct err *err);
/*
 * When the first is due; 0: none waits. Before that none may be due after latest: the clock was set
 * back, and what waits for it would wait too long.
 */
int late_alerts_first(struct db *db, int64_t latest, int64_t *ret_due_at, struct err *err);

#endif
