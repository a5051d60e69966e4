/* SPDX-License-Identifier: Apache-2.0 */
#include "front/webhook.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/utf8.h"

#define SHOWN_NAME_MAX 100 /* bytes of a name within a message */
#define NUMBER_MAX     64  /* bytes of a number's text */
#define MADE_MAX       ((size_t)8 * 1024 * 1024)
#define NO_STATUS      ALERT_STATUSES

/* What was not taken as it came, of an alert or of the body. */
struct notes {
	struct arena *arena;
	char *text; /* NULL: nothing */
	size_t more;
};

/* Decoding of one alert: the first mistake of its labels counts. */
struct decoder {
	struct arena *arena;
	struct alert *alert;
	struct notes notes;
	int64_t now_ms;
	uint8_t body_status; /* enum alert_status, or NO_STATUS */
	size_t pairs_len;    /* bytes of names and values */
	size_t made_len;     /* of texts of annotations that were none, of all alerts */
};

/* --- mistakes --- */

/* what: "annotation "; name may be long. Those that do not fit are counted. */
static void add_note(struct notes *notes, const char *what, const char *name, const char *became)
{
	const char *before = notes->text ? notes->text : "";
	size_t shown = utf8_whole(name, SHOWN_NAME_MAX);
	size_t len = strlen(before) + 2 + strlen(what) + shown + strlen(became);

	if (len + sizeof(", and 10000 more") > ALERT_NOTE_MAX) {
		notes->more++;
		return;
	}
	notes->text = arena_printf(notes->arena, "%s%s%s%.*s%s", before, *before ? ", " : "", what,
			(int)shown, name, became);
}

static const char *note_text(const struct notes *notes)
{
	return notes->more ? arena_printf(notes->arena, "%s%s%zu more",
					     notes->text ? notes->text : "",
					     notes->text ? ", and " : "", notes->more)
			   : notes->text;
}

/* Set the alert aside, unless it is already. */
static void set_aside(struct decoder *d, const char *reason)
{
	if (!d->alert->broken) {
		d->alert->broken = reason;
	}
}

static void label_broken(struct decoder *d, const char *name, const char *why)
{
	int shown = (int)utf8_whole(name, SHOWN_NAME_MAX);

	if (!d->alert->broken) {
		d->alert->broken = arena_printf(d->arena, "labels.%.*s: %s", shown, name, why);
	}
}

/* --- values --- */

/* The member, unless it is null. */
static struct json *member(struct json *object, const char *name)
{
	struct json *value = json_get(object, name);

	return value && json_kind(value) != KIND_NULL ? value : NULL;
}

static bool is_scalar(struct json *value)
{
	enum json_kind kind = json_kind(value);

	return kind != KIND_OBJECT && kind != KIND_LIST;
}

/* The JSON of value, of max bytes or a little more. */
static const char *as_json(struct arena *arena, struct json *value, size_t max, size_t *ret_len)
{
	auto_buf struct buf text = { 0 };

	json_write(value, max, &text);
	*ret_len = text.len;
	return arena_strndup(arena, buf_text(&text), text.len);
}

/* A string of max bytes at most; NULL: it is absent, or is dropped, with a note. */
static const char *read_text(struct notes *notes, struct json *object, const char *name, size_t max)
{
	struct json *value = member(object, name);
	size_t len = 0;
	const char *text = value ? json_text(value, &len) : NULL;

	if (!value) {
		return NULL;
	}
	if (!text) {
		add_note(notes, "", name, " was dropped: expected string");
	} else if (memchr(text, '\0', len)) {
		add_note(notes, "", name, " was dropped: contains U+0000");
	} else if (len > max) {
		add_note(notes, "", name, " was dropped: too long");
	} else {
		return text;
	}
	return NULL;
}

/* What is wrong with the name of a label or annotation, or NULL. */
static const char *name_mistake(const char *name)
{
	if (!*name) {
		return "the name is empty";
	}
	if (strnlen(name, WEBHOOK_NAME_MAX + 1) > WEBHOOK_NAME_MAX) {
		return "the name is too long";
	}
	return strstr(name, JSON_NUL_MARK) ? "the name contains U+0000" : NULL;
}

/* --- labels --- */

/* A label's value, or NULL with what is wrong. */
static const char *label_value(struct decoder *d, const char *name, struct json *json,
		size_t *ret_len, const char **ret_mistake)
{
	const char *value = json_text(json, ret_len);

	*ret_mistake = name_mistake(name);
	if (*ret_mistake) {
		return NULL;
	}
	if (!value && is_scalar(json)) {
		add_note(&d->notes, "label ", name, " is taken as text");
		return as_json(d->arena, json, NUMBER_MAX, ret_len);
	}
	if (!value) {
		*ret_mistake = "expected string";
	} else if (memchr(value, '\0', *ret_len)) {
		*ret_mistake = "contains U+0000";
	} else if (*ret_len > WEBHOOK_LABEL_MAX) {
		*ret_mistake = "too long";
	}
	return *ret_mistake ? NULL : value;
}

static_assert(ALERT_LABELS_MAX == 512 && WEBHOOK_ANNOTATION_MAX == 16 * 1024, "messages say so");

static void add_label(struct decoder *d, const char *name, struct json *json)
{
	struct labels *labels = &d->alert->labels;
	const char *mistake;
	size_t len = 0;
	const char *value;

	if (json_kind(json) == KIND_NULL) {
		return;
	}
	value = label_value(d, name, json, &len, &mistake);
	if (mistake) {
		label_broken(d, name, mistake);
	} else if (len > 0) {
		labels->items[labels->len++] = (struct label){ name, value };
		d->pairs_len += strlen(name) + len;
	}
}

static size_t at_most(size_t len, size_t max)
{
	return len < max ? len : max;
}

static void read_labels(struct decoder *d, struct json *object)
{
	struct labels *labels = &d->alert->labels;
	const char *name;
	struct json *json;
	void *at = NULL;

	if (!object || json_kind(object) != KIND_OBJECT) {
		set_aside(d, object ? "labels: expected object"
				    : "labels: missing, expected object");
		return;
	}
	labels->items = arena_calloc(d->arena, at_most(json_len(object), ALERT_LABELS_MAX),
			sizeof(*labels->items));
	while ((at = json_next(object, at, &name, &json))) {
		if (labels->len == ALERT_LABELS_MAX) {
			set_aside(d, "labels: more than 512");
			break;
		}
		add_label(d, name, json);
	}
	labels_sort(labels);
	if (d->pairs_len > WEBHOOK_PAIRS_MAX) {
		set_aside(d, "labels: too long together");
	}
	if (labels->len == 0) {
		set_aside(d, "labels: expected at least one");
	}
}

/* They only say which alerts are missing: what is wrong with them harms no alert. */
static struct labels read_group_labels(struct arena *arena, struct json *root)
{
	struct json *object = json_get(root, "groupLabels");
	struct alert nobody = { 0 };
	struct decoder d = { .arena = arena, .alert = &nobody };

	if (object && json_kind(object) == KIND_OBJECT) {
		read_labels(&d, object);
	}
	return nobody.labels;
}

/* --- annotations --- */

static void add_annotation(struct decoder *d, const char *name, struct json *json)
{
	static const char what[] = "annotation ";
	struct labels *pairs = &d->alert->annotations;
	const char *mistake = name_mistake(name);
	size_t len = 0;
	const char *value = json_text(json, &len);

	if (json_kind(json) == KIND_NULL) {
		return;
	}
	if (!value && d->made_len > MADE_MAX) {
		add_note(&d->notes, what, name, " was dropped: too many are no text");
		return;
	}
	if (!value) {
		add_note(&d->notes, what, name, " is taken as text");
		value = as_json(d->arena, json, WEBHOOK_ANNOTATION_MAX, &len);
		d->made_len += len;
	}
	if (mistake || memchr(value, '\0', len)) {
		add_note(&d->notes, what, name,
				mistake ? " was dropped: its name is odd"
					: " was dropped: contains U+0000");
		return;
	}
	if (len > WEBHOOK_ANNOTATION_MAX) {
		int cut = (int)utf8_whole(value, WEBHOOK_ANNOTATION_MAX - strlen("…"));

		add_note(&d->notes, what, name, " was cut at 16 KiB");
		value = arena_printf(d->arena, "%.*s…", cut, value);
	}
	pairs->items[pairs->len++] = (struct label){ name, value };
	d->pairs_len += strlen(name) + strlen(value);
}

static size_t pair_len(const struct label *pair)
{
	return strlen(pair->name) + strlen(pair->value);
}

/* The largest go until the rest is short enough. */
static void fit_annotations(struct decoder *d)
{
	struct labels *pairs = &d->alert->annotations;

	while (d->pairs_len > WEBHOOK_PAIRS_MAX && pairs->len) {
		struct label *largest = pairs->items;

		for (size_t i = 1; i < pairs->len; i++) {
			if (pair_len(&pairs->items[i]) > pair_len(largest)) {
				largest = &pairs->items[i];
			}
		}
		add_note(&d->notes, "annotation ", largest->name,
				" was dropped: too long together");
		d->pairs_len -= pair_len(largest);
		*largest = pairs->items[--pairs->len];
	}
}

static void read_annotations(struct decoder *d, struct json *object)
{
	struct labels *pairs = &d->alert->annotations;
	const char *name;
	struct json *json;
	void *at = NULL;

	if (!object) {
		return;
	}
	if (json_kind(object) != KIND_OBJECT) {
		add_note(&d->notes, "", "annotations", " were dropped: expected object");
		return;
	}
	pairs->items = arena_calloc(d->arena, at_most(json_len(object), ALERT_LABELS_MAX),
			sizeof(*pairs->items));
	while ((at = json_next(object, at, &name, &json))) {
		if (pairs->len == ALERT_LABELS_MAX) {
			add_note(&d->notes, "", "annotations", " after the 512th were dropped");
			break;
		}
		add_annotation(d, name, json);
	}
	fit_annotations(d);
	labels_sort(pairs);
}

/* --- the rest of an alert --- */

/* 0: it is absent, or cannot be read. A number is not guessed. */
static int64_t read_time(struct decoder *d, struct json *object, const char *name)
{
	const char *text = read_text(&d->notes, object, name, NUMBER_MAX);
	int64_t ms = 0;
	struct err ignored;

	if (text && *text && clock_parse(text, &ms, &ignored) < 0) {
		add_note(&d->notes, "", name, " was dropped: expected a time with its zone");
		return 0;
	}
	return ms;
}

/* A status, or NO_STATUS. */
static uint8_t read_status(struct notes *notes, struct json *object)
{
	const char *text = read_text(notes, object, "status", NUMBER_MAX);

	for (uint8_t i = 0; text && i < ALERT_STATUSES; i++) {
		if (!strcasecmp(text, alert_status_names[i])) {
			return i;
		}
	}
	if (text && *text) {
		add_note(notes, "", "status", " was dropped: expected firing or resolved");
	}
	return NO_STATUS;
}

static uint8_t status_of(const struct decoder *d, uint8_t own)
{
	int64_t ends_at = d->alert->ends_at;

	if (own != NO_STATUS) {
		return own;
	}
	if (ends_at) {
		return ends_at <= d->now_ms ? ALERT_RESOLVED : ALERT_FIRING;
	}
	return d->body_status == ALERT_RESOLVED ? ALERT_RESOLVED : ALERT_FIRING;
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static const char *read_fingerprint(struct decoder *d, struct json *json)
{
	const char *text = read_text(&d->notes, json, "fingerprint", WEBHOOK_FINGERPRINT_MAX);

	if (text && *text) {
		return text;
	}
	return labels_fingerprint(&d->alert->labels, arena_alloc(d->arena, LABEL_FINGERPRINT_MAX));
}

static void read_members(struct decoder *d, struct json *json)
{
	struct alert *alert = d->alert;

	read_labels(d, member(json, "labels"));
	read_annotations(d, member(json, "annotations"));
	alert->starts_at = read_time(d, json, "startsAt");
	alert->ends_at = read_time(d, json, "endsAt");
	alert->status = status_of(d, read_status(&d->notes, json));
	if (alert->status == ALERT_FIRING) {
		alert->ends_at = 0;
	}
	alert->generator_url =
			or_empty(read_text(&d->notes, json, "generatorURL", WEBHOOK_LABEL_MAX));
	alert->fingerprint = read_fingerprint(d, json);
}

static void read_alert(struct decoder *d, struct json *json)
{
	if (json_kind(json) == KIND_OBJECT) {
		read_members(d, json);
	} else {
		set_aside(d, "expected object");
		d->alert->generator_url = "";
		d->alert->fingerprint = labels_fingerprint(
				&d->alert->labels, arena_alloc(d->arena, LABEL_FINGERPRINT_MAX));
	}
	d->alert->note = note_text(&d->notes);
}

/* --- the body --- */

/* A string, or a number as text. */
static const char *read_word(struct notes *notes, struct json *root, const char *name)
{
	struct json *value = member(root, name);
	size_t len;

	if (value && (json_kind(value) == KIND_COUNT || json_kind(value) == KIND_OTHER)) {
		add_note(notes, "", name, " is taken as text");
		return as_json(notes->arena, value, NUMBER_MAX, &len);
	}
	return or_empty(read_text(notes, root, name, DELIVERY_BODY_MAX));
}

static uint64_t read_truncated(struct notes *notes, struct json *root)
{
	static const struct json_field fields[] = { { "truncatedAlerts", KIND_COUNT, true, 0 } };
	uint64_t count = 0;
	struct err ignored;

	if (json_fields(root, fields, 1, &count, &ignored) < 0) {
		add_note(notes, "", "truncatedAlerts", " was dropped: expected whole number");
	}
	return count;
}

static int find_alerts(struct json *root, struct json **ret, struct err *err)
{
	static const struct json_field fields[] = { { "alerts", KIND_LIST, false, 0 } };
	struct err what;

	if (json_kind(root) != KIND_OBJECT) {
		return err_set(err, ERR_INPUT,
				"expected Alertmanager's webhook, an object with an `alerts` array");
	}
	if (json_fields(root, fields, 1, ret, &what) < 0) {
		return err_set(err, ERR_INPUT,
				"%.200s (Alertmanager's webhook has it; a custom `payload:` needs it too)",
				what.msg);
	}
	if (json_len(*ret) > DELIVERY_ALERTS_MAX) {
		return err_set(err, ERR_INPUT, "alerts: %zu of them, at most %d are taken at once",
				json_len(*ret), DELIVERY_ALERTS_MAX);
	}
	return 0;
}

int webhook_decode(struct json_reader *reader, const char *body, size_t len, int64_t now_ms,
		struct arena *arena, struct delivery *ret_delivery, struct err *err)
{
	struct json *root = json_read(reader, body, len, err);
	struct notes notes = { .arena = arena };
	struct json *alerts = NULL;

	if (!root || find_alerts(root, &alerts, err) < 0) {
		return -1;
	}

	struct delivery delivery = {
		.receiver = read_word(&notes, root, "receiver"),
		.group_key = read_word(&notes, root, "groupKey"),
		.external_url = read_word(&notes, root, "externalURL"),
		.notification_reason = read_word(&notes, root, "notification_reason"),
		.truncated = read_truncated(&notes, root),
		.group_labels = read_group_labels(arena, root),
		.alerts = arena_calloc(arena, json_len(alerts), sizeof(*delivery.alerts)),
		.alerts_len = json_len(alerts),
	};
	struct decoder d = { .arena = arena, .now_ms = now_ms };

	d.body_status = read_status(&notes, root);
	delivery.note = note_text(&notes);
	for (size_t i = 0; i < delivery.alerts_len; i++) {
		d.alert = &delivery.alerts[i];
		d.notes = (struct notes){ .arena = arena };
		d.pairs_len = 0;
		read_alert(&d, json_item(alerts, i));
	}
	*ret_delivery = delivery;
	return 0;
}
