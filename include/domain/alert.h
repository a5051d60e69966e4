/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alert - one Alertmanager alert, and the delivery that brought it.
 *
 * Plain data; strings are borrowed from whoever decoded them. A broken alert (a label that is not a
 * string, U+0000, no alertname) has `broken` set, keeps what is valid, and is set aside
 * with a decision.
 */
#ifndef DOMAIN_ALERT_H
#define DOMAIN_ALERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/label.h"

#define ALERT_LABELS_MAX    64   /* labels, and annotations, of one alert */
#define ALERT_NAME_MAX      1024 /* bytes of its alertname that steps get */
#define DELIVERY_ALERTS_MAX 10000
#define DELIVERY_BODY_MAX   (16 * 1024 * 1024)

enum alert_status { ALERT_FIRING, ALERT_RESOLVED, ALERT_STATUSES };

/* "firing", "resolved". */
extern const char *const alert_status_names[ALERT_STATUSES];

struct alert {
	uint8_t status; /* enum alert_status, the alert's own, never the root's */
	struct labels labels;
	struct labels annotations; /* may be empty, even of a resolved alert that had some */
	int64_t starts_at;         /* wall ms; 0 when absent */
	int64_t ends_at;           /* wall ms; 0 while firing (0001-01-01) */
	const char *generator_url; /* "" when absent */
	const char *fingerprint;   /* as sent, or computed; information only, not identity */
	const char *broken; /* why it is set aside: "labels.service: expected string"; or NULL */
};

struct delivery {
	const char *receiver;
	const char *group_key;
	const char *external_url;        /* which Alertmanager: HA twins differ here */
	const char *notification_reason; /* "" before 0.32 */
	uint64_t truncated;              /* alerts that were cut and will never be delivered */
	struct alert *alerts;
	size_t alerts_len;
};

#endif
