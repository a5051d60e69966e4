/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as what an Alertmanager answers to each of the three requests. What comes out keeps its
 * promises, and what is worth nothing says why.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "egress/listing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_names(const struct listing_names *names)
{
	assert(names->len <= LISTING_NAMES_MAX);
	for (size_t i = 0; i < names->len; i++) {
		assert(strlen(names->items[i]) <= LISTING_NAME_MAX);
	}
}

static void on_alert(const struct listing_alert *alert, void *arg)
{
	const struct labels *labels = &alert->alert.labels;

	(void)arg;
	assert(alert->state == UPSTREAM_ACTIVE || alert->state == UPSTREAM_SUPPRESSED);
	assert(alert->alert.status == ALERT_FIRING && alert->alert.starts_at >= 0);
	for (size_t i = 0; i < labels->len; i++) {
		assert(*labels->items[i].value);
		assert(i == 0 || strcmp(labels->items[i - 1].name, labels->items[i].name) < 0);
	}
	check_names(&alert->silenced_by);
	check_names(&alert->inhibited_by);
	check_names(&alert->muted_by);
	listing_is_of(alert, "team\\.db", labels);
}

static void on_silence(const struct listing_silence *silence, void *arg)
{
	(void)arg;
	assert(strlen(silence->id) <= LISTING_NAME_MAX && silence->ends_at >= 0);
	assert(strlen(silence->created_by) <= LISTING_NAME_MAX);
	assert(strlen(silence->comment) <= LISTING_NAME_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *body = (const char *)data;
	struct err err = { 0 };
	int64_t started_at = 0;

	if (listing_alerts(body, size, on_alert, NULL, &err) < 0) {
		assert(err.code != ERR_NONE && *err.msg);
	}
	err = (struct err){ 0 };
	if (listing_silences(body, size, on_silence, NULL, &err) < 0) {
		assert(err.code != ERR_NONE && *err.msg);
	}
	if (listing_status(body, size, &started_at, &err) < 0) {
		assert(err.code == ERR_INPUT && *err.msg);
	}
	return 0;
}
