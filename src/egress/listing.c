/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/listing.h"

#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "sys/json.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

CLEANUP_DEFINE(struct arena *, cleanup_arena, arena_free);

/* --- status --- */

int listing_status(const char *body, size_t len, int64_t *ret_started_at, struct err *err)
{
	static const struct json_field fields[] = { { "uptime", KIND_TEXT, false, 0 } };
	auto_json_reader struct json_reader *reader = json_reader_new();
	struct json *root = json_read(reader, body, len, err);
	const char *uptime = NULL;

	if (!root) {
		return -1;
	}
	if (json_kind(root) != KIND_OBJECT) {
		return err_set(err, ERR_INPUT, "expected object");
	}
	if (json_fields(root, fields, LEN(fields), &uptime, err) < 0) {
		return -1;
	}
	return clock_parse(uptime, ret_started_at, err);
}

/* --- items of a list --- */

/* The item in hand; what is read of it lives in arena. */
struct item {
	struct arena *arena;
	struct json *json;
};

typedef int (*item_fn)(struct item *item, void *arg, struct err *err);

/* Call fn for each item of the list, which must be an object. */
static int each_item(const char *body, size_t len, item_fn fn, void *arg, struct err *err)
{
	auto_json_reader struct json_reader *reader = json_reader_new();
	const char *text;
	size_t text_len;
	size_t items = 0;
	size_t at = 0;
	int rc;

	while ((rc = json_split(body, len, &at, &text, &text_len, err)) == 1) {
		CLEANUP(cleanup_arena) struct arena *arena = NULL;
		struct item item = { 0 };

		if (++items > LISTING_ITEMS_MAX) {
			return err_set(err, ERR_LIMIT, "more than %d items", LISTING_ITEMS_MAX);
		}
		if (*text != '{') {
			return err_set(err, ERR_INPUT, "[%zu]: expected object", items - 1);
		}
		item.json = json_read(reader, text, text_len, err);
		if (item.json) {
			arena = arena_new();
			item.arena = arena;
		}
		if (!item.json || fn(&item, arg, err) < 0) {
			err_wrap(err, "[%zu]", items - 1);
			return -1;
		}
	}
	return rc;
}

/* --- an alert --- */

struct raw_alert {
	struct json *annotations;
	struct json *labels;
	struct json *receivers;
	struct json *status;
	const char *fingerprint;
	const char *generator_url;
	const char *starts_at;
};

static const struct json_field alert_fields[] = {
	{ "annotations", KIND_OBJECT, true, offsetof(struct raw_alert, annotations) },
	{ "fingerprint", KIND_TEXT, true, offsetof(struct raw_alert, fingerprint) },
	{ "generatorURL", KIND_TEXT, true, offsetof(struct raw_alert, generator_url) },
	{ "labels", KIND_OBJECT, false, offsetof(struct raw_alert, labels) },
	{ "receivers", KIND_LIST, true, offsetof(struct raw_alert, receivers) },
	{ "startsAt", KIND_TEXT, true, offsetof(struct raw_alert, starts_at) },
	{ "status", KIND_OBJECT, false, offsetof(struct raw_alert, status) },
};

struct raw_status {
	const char *state;
	struct json *silenced_by;
	struct json *inhibited_by;
	struct json *muted_by;
};

static const struct json_field status_fields[] = {
	{ "inhibitedBy", KIND_LIST, true, offsetof(struct raw_status, inhibited_by) },
	{ "mutedBy", KIND_LIST, true, offsetof(struct raw_status, muted_by) },
	{ "silencedBy", KIND_LIST, true, offsetof(struct raw_status, silenced_by) },
	{ "state", KIND_TEXT, false, offsetof(struct raw_status, state) },
};

/* A text without NUL, or NULL. */
static const char *text_of(struct json *value)
{
	size_t len = 0;
	const char *text = json_text(value, &len);

	return text && !memchr(text, '\0', len) ? text : NULL;
}

/* An empty label is none, as everywhere in Prometheus. */
static int read_pairs(struct item *item, struct json *object, bool drop_empty, struct labels *ret,
		struct err *err)
{
	const char *name;
	struct json *value;
	void *at = NULL;

	ret->items = arena_calloc(item->arena, object ? json_len(object) : 0, sizeof(*ret->items));
	while (object && (at = json_next(object, at, &name, &value))) {
		const char *text = text_of(value);

		if (!text) {
			return err_set(err, ERR_INPUT, "%.100s: expected string", name);
		}
		if (*text || !drop_empty) {
			ret->items[ret->len++] = (struct label){ name, text };
		}
	}
	labels_sort(ret);
	return 0;
}

/* At most max bytes of text, whole characters; no bytes that are no text. */
static const char *cut(struct item *item, const char *text, size_t max)
{
	size_t len = strlen(text);
	size_t end = 0;
	uint32_t code;
	size_t n;

	while (end < len && (n = utf8_next(text + end, len - end, &code)) && end + n <= max) {
		end += n;
	}
	return arena_strndup(item->arena, text, end);
}

static int read_names(
		struct item *item, struct json *list, struct listing_names *ret, struct err *err)
{
	size_t len = list ? json_len(list) : 0;

	for (size_t i = 0; i < len && ret->len < LISTING_NAMES_MAX; i++) {
		const char *text = text_of(json_item(list, i));

		if (!text) {
			return err_set(err, ERR_INPUT, "status: expected names");
		}
		ret->items[ret->len++] = cut(item, text, LISTING_NAME_MAX);
	}
	return 0;
}

static int read_status(
		struct item *item, struct json *status, struct listing_alert *ret, struct err *err)
{
	struct raw_status raw = { 0 };

	if (json_fields(status, status_fields, LEN(status_fields), &raw, err) < 0) {
		return -1;
	}
	ret->state = strcmp(raw.state, "suppressed") == 0 ? UPSTREAM_SUPPRESSED : UPSTREAM_ACTIVE;
	if (read_names(item, raw.silenced_by, &ret->silenced_by, err) < 0 ||
			read_names(item, raw.inhibited_by, &ret->inhibited_by, err) < 0) {
		return -1;
	}
	return read_names(item, raw.muted_by, &ret->muted_by, err);
}

static int read_receivers(
		struct item *item, struct json *list, struct listing_alert *ret, struct err *err)
{
	size_t len = list ? json_len(list) : 0;

	ret->receivers = arena_calloc(item->arena, len + 1, sizeof(*ret->receivers));
	for (size_t i = 0; i < len; i++) {
		struct json *receiver = json_item(list, i);
		struct json *name = json_kind(receiver) == KIND_OBJECT ? json_get(receiver, "name")
								       : NULL;

		ret->receivers[i] = name ? text_of(name) : NULL;
		if (!ret->receivers[i]) {
			return err_set(err, ERR_INPUT, "receivers: expected names");
		}
	}
	return 0;
}

struct walk {
	listing_alert_fn alert;
	listing_silence_fn silence;
	void *arg;
};

static int on_alert(struct item *item, void *arg, struct err *err)
{
	const struct walk *walk = arg;
	struct raw_alert raw = { .fingerprint = "", .generator_url = "" };
	struct listing_alert one = { .alert = { .status = ALERT_FIRING } };

	if (json_fields(item->json, alert_fields, LEN(alert_fields), &raw, err) < 0 ||
			read_status(item, raw.status, &one, err) < 0 ||
			read_receivers(item, raw.receivers, &one, err) < 0 ||
			read_pairs(item, raw.labels, true, &one.alert.labels, err) < 0 ||
			read_pairs(item, raw.annotations, false, &one.alert.annotations, err) < 0) {
		return -1;
	}
	if (raw.starts_at && clock_parse(raw.starts_at, &one.alert.starts_at, err) < 0) {
		return -1;
	}
	one.alert.fingerprint = raw.fingerprint;
	one.alert.generator_url = raw.generator_url;
	labels_identity(&one.alert.labels, one.identity);
	walk->alert(&one, walk->arg);
	return 0;
}

int listing_alerts(const char *body, size_t len, listing_alert_fn fn, void *arg, struct err *err)
{
	struct walk walk = { .alert = fn, .arg = arg };

	return each_item(body, len, on_alert, &walk, err);
}

/* --- a silence --- */

struct raw_silence {
	const char *id;
	const char *created_by;
	const char *comment;
	const char *ends_at;
};

static const struct json_field silence_fields[] = {
	{ "comment", KIND_TEXT, true, offsetof(struct raw_silence, comment) },
	{ "createdBy", KIND_TEXT, true, offsetof(struct raw_silence, created_by) },
	{ "endsAt", KIND_TEXT, false, offsetof(struct raw_silence, ends_at) },
	{ "id", KIND_TEXT, false, offsetof(struct raw_silence, id) },
};

static int on_silence(struct item *item, void *arg, struct err *err)
{
	const struct walk *walk = arg;
	struct raw_silence raw = { .created_by = "", .comment = "" };
	struct listing_silence one;

	if (json_fields(item->json, silence_fields, LEN(silence_fields), &raw, err) < 0) {
		return -1;
	}
	one = (struct listing_silence){ .id = cut(item, raw.id, LISTING_NAME_MAX),
		.created_by = cut(item, raw.created_by, LISTING_NAME_MAX),
		.comment = cut(item, raw.comment, LISTING_NAME_MAX) };
	if (clock_parse(raw.ends_at, &one.ends_at, err) < 0) {
		return -1;
	}
	walk->silence(&one, walk->arg);
	return 0;
}

int listing_silences(
		const char *body, size_t len, listing_silence_fn fn, void *arg, struct err *err)
{
	struct walk walk = { .silence = fn, .arg = arg };

	return each_item(body, len, on_silence, &walk, err);
}

/* --- a group --- */

/* Does plain read as quoted, in which a backslash stands before what a regular expression means
 * something else by? */
static bool is_quoted(const char *quoted, const char *plain)
{
	while (*quoted && *plain) {
		quoted += *quoted == '\\' && quoted[1] != '\0';
		if (*quoted++ != *plain++) {
			return false;
		}
	}
	return *quoted == *plain;
}

bool listing_is_of(
		const struct listing_alert *alert, const char *receiver, const struct labels *group)
{
	bool goes_there = false;

	for (const char **name = alert->receivers; *name; name++) {
		goes_there |= strcmp(*name, receiver) == 0 || is_quoted(receiver, *name);
	}
	for (size_t i = 0; goes_there && i < group->len; i++) {
		goes_there = strcmp(labels_value(&alert->alert.labels, group->items[i].name),
					     group->items[i].value) == 0;
	}
	return goes_there;
}
