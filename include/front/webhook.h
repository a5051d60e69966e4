/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook - Alertmanager's JSON into a delivery.
 *
 *	{"version":"4","receiver":"playbookd","groupKey":"{}:{alertname=\"X\"}","truncatedAlerts":0,
 *	 "status":"firing",
 *	 "alerts":[{"status":"firing","labels":{"alertname":"X"},"annotations":{},
 *	            "startsAt":"2026-11-22T22:40:42.158Z","endsAt":"0001-01-01T00:00:00Z",
 *	            "generatorURL":"","fingerprint":"2e1fcf8686b7e916"}]}
 *
 * Only `alerts`, and of each alert one label, must be there. Unknown keys are ignored; null counts
 * as absent. A label with an empty value is dropped, as Prometheus does.
 *
 * Whether an alert fires: its own status says so; without one its endsAt, when it has one, and else
 * the status of the body. An alert of which none of these can be read fires.
 *
 * What is wrong beside the labels does not keep an alert from being taken, and the alert's note
 * says what became of it:
 *
 *	a label that is a number, true or false   its JSON text is the label
 *	an annotation that is no string           its JSON text
 *	one longer than WEBHOOK_ANNOTATION_MAX    is cut
 *	one with U+0000, an odd name, more than ALERT_LABELS_MAX of them, all together too long
 *	                                          dropped, of those that are too long the largest
 *	a time, URL, fingerprint or status that cannot be read
 *	                                          absent
 *
 * So are the members of the body, whose number becomes text. What is wrong with the labels sets the
 * alert aside, as `broken`, and no other; what it has that is valid is kept.
 *
 * Limits of one alert, beyond which it is broken: ALERT_LABELS_MAX labels, WEBHOOK_NAME_MAX bytes a
 * name, WEBHOOK_LABEL_MAX a value, WEBHOOK_PAIRS_MAX all names and values together.
 */
#ifndef FRONT_WEBHOOK_H
#define FRONT_WEBHOOK_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "domain/alert.h"
#include "sys/json.h"

#define WEBHOOK_NAME_MAX        1024
#define WEBHOOK_LABEL_MAX       ((size_t)64 * 1024) /* and generatorURL */
#define WEBHOOK_ANNOTATION_MAX  ((size_t)16 * 1024)
#define WEBHOOK_FINGERPRINT_MAX 64
/* As JSON they can become six times as long, and the store takes 64 MiB in one piece. */
#define WEBHOOK_PAIRS_MAX ((size_t)1024 * 1024)

/*
 * Decode a body of len bytes. now_ms is the wall clock. The alerts live in arena; strings are
 * borrowed from reader until its next json_read(). Returns 0, or -1 with ERR_INPUT, which says what
 * was expected and where: such a body can never succeed.
 */
int webhook_decode(struct json_reader *reader, const char *body, size_t len, int64_t now_ms,
		struct arena *arena, struct delivery *ret_delivery, struct err *err);

#endif
