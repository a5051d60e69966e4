/* SPDX-License-Identifier: Apache-2.0 */
#include "front/webhook.h"

#include <string.h>

#include "base/clock.h"

#define LEN(array)     (sizeof(array) / sizeof((array)[0]))
#define SHOWN_NAME_MAX 100 /* of a name within a message */

/* One alert as it stands in the body. */
struct raw_alert {
	struct json *labels;
	struct json *annotations;
	const char *status;
	const char *starts_at;
	const char *ends_at;
	const char *generator_url;
	const char *fingerprint;
};

struct body {
	struct json *alerts;
	const char *receiver;
	const char *group_key;
	const char *external_url;
	const char *notification_reason;
	uint64_t truncated;
};

static const struct json_field body_fields[] = {
	{ "alerts", KIND_LIST, false, offsetof(struct body, alerts) },
	{ "externalURL", KIND_TEXT, true, offsetof(struct body, external_url) },
	{ "groupKey", KIND_TEXT, true, offsetof(struct body, group_key) },
	{ "notification_reason", KIND_TEXT, true, offsetof(struct body, notification_reason) },
	{ "receiver", KIND_TEXT, true, offsetof(struct body, receiver) },
	{ "truncatedAlerts", KIND_COUNT, true, offsetof(struct body, truncated) },
};

static const struct json_field alert_fields[] = {
	{ "annotations", KIND_OBJECT, true, offsetof(struct raw_alert, annotations) },
	{ "endsAt", KIND_TEXT, true, offsetof(struct raw_alert, ends_at) },
	{ "fingerprint", KIND_TEXT, true, offsetof(struct raw_alert, fingerprint) },
	{ "generatorURL", KIND_TEXT, true, offsetof(struct raw_alert, generator_url) },
	{ "labels", KIND_OBJECT, false, offsetof(struct raw_alert, labels) },
	{ "startsAt", KIND_TEXT, true, offsetof(struct raw_alert, starts_at) },
	{ "status", KIND_TEXT, true, offsetof(struct raw_alert, status) },
};

/* Labels or annotations: their name in messages, and how long a value may be. */
struct pair_rules {
	const char *what;
	size_t value_max;
	bool drop_empty;
};

static const struct pair_rules label_rules = { "labels", WEBHOOK_LABEL_MAX, true };
static const struct pair_rules annotation_rules = { "annotations", WEBHOOK_ANNOTATION_MAX, false };

/* Decoding of one alert: the first mistake counts. */
struct decoder {
	struct arena *arena;
	struct alert *alert;
	int64_t now_ms;
	size_t pairs_len; /* bytes of names and values */
};

/* Set the alert aside, unless it is already. */
static void set_aside(struct decoder *d, const char *reason)
{
	if (!d->alert->broken) {
		d->alert->broken = arena_strdup(d->arena, reason);
	}
}

static void pair_broken(struct decoder *d, const char *what, const char *name, const char *why)
{
	if (!d->alert->broken) {
		d->alert->broken = arena_printf(
				d->arena, "%s.%.*s: %s", what, SHOWN_NAME_MAX, name, why);
	}
}

/* What is wrong with a pair, or NULL. */
static const char *pair_mistake(const struct pair_rules *rules, const char *name, const char *value,
		size_t value_len)
{
	if (!value) {
		return "expected string";
	}
	if (!*name) {
		return "the name is empty";
	}
	if (strnlen(name, WEBHOOK_NAME_MAX + 1) > WEBHOOK_NAME_MAX) {
		return "the name is too long";
	}
	if (strstr(name, JSON_NUL_MARK)) {
		return "the name contains U+0000";
	}
	if (memchr(value, '\0', value_len)) {
		return "contains U+0000";
	}
	return value_len > rules->value_max ? "too long" : NULL;
}

static struct labels read_pairs(
		struct decoder *d, struct json *object, const struct pair_rules *rules)
{
	struct labels pairs = { 0 };
	const char *name;
	struct json *json;
	void *at = NULL;

	if (!object) {
		return pairs;
	}
	if (json_len(object) > ALERT_LABELS_MAX) {
		pair_broken(d, rules->what, "*", "more than 64");
		return pairs;
	}
	pairs.items = arena_calloc(d->arena, json_len(object), sizeof(*pairs.items));
	while ((at = json_next(object, at, &name, &json))) {
		size_t len = 0;
		const char *value = json_text(json, &len);
		const char *mistake = pair_mistake(rules, name, value, len);

		if (mistake) {
			pair_broken(d, rules->what, name, mistake);
		} else if (len > 0 || !rules->drop_empty) {
			pairs.items[pairs.len++] = (struct label){ name, value };
			d->pairs_len += strlen(name) + len;
		}
	}
	labels_sort(&pairs);
	return pairs;
}

static int64_t read_time(struct decoder *d, const char *name, const char *text)
{
	int64_t ms = 0;
	struct err err;

	if (text && *text && clock_parse(text, &ms, &err) < 0) {
		err_wrap(&err, "%s", name);
		set_aside(d, err.msg);
	}
	return ms;
}

/* The alert's own word, or what its endsAt says. */
static uint8_t read_status(struct decoder *d, const char *text)
{
	if (!text) {
		int64_t ends_at = d->alert->ends_at;

		return ends_at != 0 && ends_at <= d->now_ms ? ALERT_RESOLVED : ALERT_FIRING;
	}
	for (uint8_t i = 0; i < ALERT_STATUSES; i++) {
		if (!strcmp(text, alert_status_names[i])) {
			return i;
		}
	}
	set_aside(d, "status: expected firing or resolved");
	return ALERT_FIRING;
}

static const char *read_fingerprint(struct decoder *d, const char *text)
{
	if (text && strnlen(text, WEBHOOK_FINGERPRINT_MAX + 1) > WEBHOOK_FINGERPRINT_MAX) {
		set_aside(d, "fingerprint: too long");
	} else if (text && *text) {
		return text;
	}
	return labels_fingerprint(&d->alert->labels, arena_alloc(d->arena, LABEL_FINGERPRINT_MAX));
}

static const char *read_generator_url(struct decoder *d, const char *text)
{
	if (text && strlen(text) > WEBHOOK_LABEL_MAX) {
		set_aside(d, "generatorURL: too long");
		return "";
	}
	return text ? text : "";
}

static void read_alert(struct decoder *d, struct json *json)
{
	struct alert *alert = d->alert;
	struct raw_alert raw = { 0 };
	struct err err;

	if (json_kind(json) != KIND_OBJECT) {
		set_aside(d, "expected object");
	} else if (json_fields(json, alert_fields, LEN(alert_fields), &raw, &err) < 0) {
		set_aside(d, err.msg);
	}
	alert->labels = read_pairs(d, raw.labels, &label_rules);
	alert->annotations = read_pairs(d, raw.annotations, &annotation_rules);
	if (d->pairs_len > WEBHOOK_PAIRS_MAX) {
		set_aside(d, "labels and annotations: too long together");
	}
	alert->starts_at = read_time(d, "startsAt", raw.starts_at);
	alert->ends_at = read_time(d, "endsAt", raw.ends_at);
	alert->status = read_status(d, raw.status);
	if (alert->status == ALERT_FIRING) {
		alert->ends_at = 0;
	}
	alert->generator_url = read_generator_url(d, raw.generator_url);
	alert->fingerprint = read_fingerprint(d, raw.fingerprint);
	if (!labels_get(&alert->labels, "alertname")) {
		set_aside(d, "labels.alertname: missing");
	}
}

static int read_body(struct json *root, struct body *ret, struct err *err)
{
	if (json_kind(root) != KIND_OBJECT) {
		return err_set(err, ERR_INPUT,
				"expected Alertmanager's webhook, an object with an `alerts` array");
	}
	if (json_fields(root, body_fields, LEN(body_fields), ret, err) == 0) {
		return 0;
	}
	if (!ret->alerts) {
		char what[ERR_MSG_MAX];

		memcpy(what, err->msg, sizeof(what));
		return err_set(err, ERR_INPUT,
				"%.200s (Alertmanager's webhook has it; a custom `payload:` needs it too)",
				what);
	}
	return -1;
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

int webhook_decode(struct json_reader *reader, const char *body, size_t len, int64_t now_ms,
		struct arena *arena, struct delivery *ret_delivery, struct err *err)
{
	struct json *root = json_read(reader, body, len, err);
	struct body raw = { 0 };

	if (!root || read_body(root, &raw, err) < 0) {
		return -1;
	}

	size_t count = json_len(raw.alerts);

	if (count > DELIVERY_ALERTS_MAX) {
		return err_set(err, ERR_INPUT, "alerts: %zu of them, at most %d are taken at once",
				count, DELIVERY_ALERTS_MAX);
	}

	struct alert *alerts = arena_calloc(arena, count, sizeof(*alerts));

	for (size_t i = 0; i < count; i++) {
		struct decoder d = { .arena = arena, .alert = &alerts[i], .now_ms = now_ms };

		read_alert(&d, json_item(raw.alerts, i));
	}
	*ret_delivery = (struct delivery){
		.receiver = or_empty(raw.receiver),
		.group_key = or_empty(raw.group_key),
		.external_url = or_empty(raw.external_url),
		.notification_reason = or_empty(raw.notification_reason),
		.truncated = raw.truncated,
		.alerts = alerts,
		.alerts_len = count,
	};
	return 0;
}
