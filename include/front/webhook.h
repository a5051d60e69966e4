/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook - Alertmanager's JSON into a delivery.
 *
 *	{"version":"4","receiver":"playbookd","groupKey":"{}:{alertname=\"X\"}","truncatedAlerts":0,
 *	 "alerts":[{"status":"firing","labels":{"alertname":"X"},"annotations":{},
 *	            "startsAt":"2026-11-22T22:40:42.158Z","endsAt":"0001-01-01T00:00:00Z",
 *	            "generatorURL":"","fingerprint":"2e1fcf8686b7e916"}]}
 *
 * Only `alerts`, and of each alert its labels with an alertname, must be there. Unknown keys are
 * ignored; null counts as absent. A label with an empty value is dropped, as Prometheus does. An
 * alert without a status is resolved when its endsAt has passed, else firing. A mistake within an
 * alert sets only that alert aside, as `broken`; what it has that is valid is kept.
 *
 * Limits of one alert, beyond which it is broken: ALERT_LABELS_MAX labels and as many annotations,
 * WEBHOOK_NAME_MAX bytes a name, WEBHOOK_LABEL_MAX a label's value and generatorURL,
 * WEBHOOK_ANNOTATION_MAX an annotation's value, WEBHOOK_FINGERPRINT_MAX the fingerprint,
 * WEBHOOK_PAIRS_MAX all names and values together.
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
#define WEBHOOK_LABEL_MAX       ((size_t)64 * 1024)
#define WEBHOOK_ANNOTATION_MAX  ((size_t)256 * 1024)
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
