/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alert - one Alertmanager alert, and the delivery that brought it.
 *
 * Plain data; strings are borrowed from whoever decoded them. Labels decide what an alert is, and
 * what is only for operators is cut or dropped when it cannot be taken: `note` says so. An alert
 * whose labels cannot be taken (a label that is an object, U+0000, no label at all) has `broken`
 * set, keeps what is valid, and is set aside with a decision.
 */
#ifndef DOMAIN_ALERT_H
#define DOMAIN_ALERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/label.h"

#define ALERT_LABELS_MAX    512  /* labels, and annotations, of one alert */
#define ALERT_NOTE_MAX      256  /* bytes of a note, with its NUL */
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
	const char *note; /* what was not taken as it came: "startsAt was dropped: …"; or NULL */
};

struct delivery {
	const char *receiver;
	const char *group_key;
	const char *external_url;        /* which Alertmanager: HA twins differ here */
	const char *notification_reason; /* "" before 0.32 */
	uint64_t truncated;              /* alerts that were cut and will never be delivered */
	const char *note;                /* as an alert has one; or NULL */
	struct labels group_labels;      /* what the alerts of its group have in common */
	struct alert *alerts;
	size_t alerts_len;
};

#endif
