/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listing - the answers of Alertmanager's API, v2, read one item at a time: whatever they are, no
 * more of them is in memory than one alert.
 *
 *	GET /api/v2/status    {"uptime":"2026-11-28T08:00:00.123Z", …}
 *	GET /api/v2/alerts    [{"labels":{"alertname":"Down"},"annotations":{},
 *	                        "startsAt":"…","endsAt":"…","generatorURL":"","fingerprint":"2e1f…",
 *	                        "receivers":[{"name":"playbookd"}],
 *	                        "status":{"state":"suppressed","silencedBy":["8c0d…"],
 *	                                  "inhibitedBy":["2e1f…"],"mutedBy":["weekends"]}}, …]
 *	GET /api/v2/silences  [{"id":"8c0d…","createdBy":"alice","comment":"…","endsAt":"…"}, …]
 *
 * Unknown keys are ignored. Anything that is not as expected makes all of the answer worthless,
 * since what is missing in it would be taken for an end: ERR_INPUT.
 */
#ifndef EGRESS_LISTING_H
#define EGRESS_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "domain/alert.h"
#include "domain/upstream.h"

#define LISTING_ITEMS_MAX 100000
#define LISTING_NAMES_MAX 8   /* silences, alerts or intervals that suppress one alert */
#define LISTING_NAME_MAX  256 /* bytes of such a name; a longer one is cut */

/* Names, as many as are kept. */
struct listing_names {
	const char *items[LISTING_NAMES_MAX];
	size_t len;
};

struct listing_alert {
	uint8_t state; /* enum upstream_state, never UPSTREAM_NOT_LISTED */
	uint8_t identity[DIGEST_SIZE];
	struct alert alert;                /* firing */
	struct listing_names silenced_by;  /* ids */
	struct listing_names inhibited_by; /* fingerprints */
	struct listing_names muted_by;     /* time intervals */
	const char **receivers;            /* NULL-terminated */
};

struct listing_silence {
	const char *id;
	const char *created_by;
	const char *comment;
	int64_t ends_at;
};

/* What they get is valid during the call. */
typedef void (*listing_alert_fn)(const struct listing_alert *alert, void *arg);
typedef void (*listing_silence_fn)(const struct listing_silence *silence, void *arg);

/* When the Alertmanager started, by its own clock. */
int listing_status(const char *body, size_t len, int64_t *ret_started_at, struct err *err);
/* Call fn for each. After -1 some calls may have been made. */
int listing_alerts(const char *body, size_t len, listing_alert_fn fn, void *arg, struct err *err);
int listing_silences(
		const char *body, size_t len, listing_silence_fn fn, void *arg, struct err *err);

/*
 * Does the alert go to the receiver of a delivery, and has it the labels of its group? The name is
 * a regular expression's in a delivery, "team\.db", and as it is in a listing.
 */
bool listing_is_of(const struct listing_alert *alert, const char *receiver,
		const struct labels *group);

#endif
