/* SPDX-License-Identifier: Apache-2.0 */
#include "front/webhook.h"

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sys/file.h"
#include "test.h"

#define NOW 1795387200000 /* 2026-11-22 */

struct decoded {
	struct json_reader *reader;
	struct arena *arena;
	struct delivery delivery;
	struct err err;
	int result;
};

static struct decoded decode(const char *body, size_t len)
{
	struct decoded d = { .reader = json_reader_new(), .arena = arena_new() };

	d.result = webhook_decode(d.reader, body, len, NOW, d.arena, &d.delivery, &d.err);
	return d;
}

static void drop(struct decoded *d)
{
	json_reader_free(d->reader);
	arena_free(d->arena);
}

static struct decoded decode_file(const char *path)
{
	auto_buf struct buf body = { 0 };
	struct err err;

	must_ok(file_read(AT_FDCWD, path, DELIVERY_BODY_MAX, &body, &err), err);
	return decode(buf_text(&body), body.len);
}

TEST(every_captured_body_is_decoded)
{
	char pattern[4096];
	glob_t files;

	snprintf(pattern, sizeof(pattern), "%s/tests/payloads/*.json", getenv("SOURCE_ROOT"));
	must(glob(pattern, 0, NULL, &files) == 0);
	ck(files.gl_pathc >= 6);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct decoded d = decode_file(files.gl_pathv[i]);
		bool resolved = strstr(files.gl_pathv[i], "resolved") != NULL;
		int count = atoi(strchr(strrchr(files.gl_pathv[i], '/'), '_') + 1);

		must_ok(d.result, d.err);
		ck_int(d.delivery.alerts_len, count);
		ck_str(d.delivery.receiver, "cap");
		ck_has(d.delivery.group_key, "{}:{alertname=");
		ck_has(d.delivery.external_url, "http://");
		for (size_t j = 0; j < d.delivery.alerts_len; j++) {
			const struct alert *alert = &d.delivery.alerts[j];
			char fingerprint[LABEL_FINGERPRINT_MAX];

			ck(!alert->broken);
			ck_int(alert->status, resolved ? ALERT_RESOLVED : ALERT_FIRING);
			ck(alert->starts_at > 0);
			ck((alert->ends_at > 0) == resolved);
			ck_str(alert->fingerprint, labels_fingerprint(&alert->labels, fingerprint));
		}
		drop(&d);
	}
	globfree(&files);
}

/* One alert of a body: what becomes of it. */
static const struct {
	const char *alert;
	const char *broken; /* NULL: it is not */
	uint8_t status;
	int64_t starts_at;
	int64_t ends_at;
} odd[] = {
	{ "{\"labels\":{\"alertname\":\"A\"}}", NULL, ALERT_FIRING, 0, 0 },
	{ "{\"labels\":{\"alertname\":\"A\"},\"annotations\":null,\"x\":{\"y\":[]}}", NULL,
			ALERT_FIRING, 0, 0 },
	{ "{\"labels\":{\"alertname\":\"A\"},\"endsAt\":\"2020-01-01T00:00:00Z\"}", NULL,
			ALERT_RESOLVED, 0, 1577836800000 },
	{ "{\"labels\":{\"alertname\":\"A\"},\"endsAt\":\"2100-01-01T00:00:00Z\"}", NULL,
			ALERT_FIRING, 0, 0 },
	{ "{\"status\":\"firing\",\"labels\":{\"alertname\":\"A\"},"
	  "\"startsAt\":\"2020-01-01T02:00:00.123456789+02:00\","
	  "\"endsAt\":\"0001-01-01T00:00:00Z\"}",
			NULL, ALERT_FIRING, 1577836800123, 0 },
	{ "{\"status\":\"resolved\",\"labels\":{\"alertname\":\"A\"},\"annotations\":{},"
	  "\"generatorURL\":\"\",\"startsAt\":\"0001-01-01T00:00:00Z\"}",
			NULL, ALERT_RESOLVED, 0, 0 },
	{ "7", "expected object", ALERT_FIRING, 0, 0 },
	{ "null", "expected object", ALERT_FIRING, 0, 0 },
	{ "[[]]", "expected object", ALERT_FIRING, 0, 0 },
	{ "{}", "labels: missing, expected object", ALERT_FIRING, 0, 0 },
	{ "{\"labels\":null}", "labels: missing, expected object", ALERT_FIRING, 0, 0 },
	{ "{\"labels\":[]}", "labels: expected object", ALERT_FIRING, 0, 0 },
	{ "{\"labels\":{}}", "labels: expected at least one", ALERT_FIRING, 0, 0 },
	{ "{\"labels\":{\"alertname\":\"\",\"a\":null}}", "labels: expected at least one",
			ALERT_FIRING, 0, 0 },
	{ "{\"labels\":{\"alertname\":\"A\",\"service\":{}}}", "labels.service: expected string",
			ALERT_FIRING, 0, 0 },
	{ "{\"labels\":{\"alertname\":\"A\",\"service\":[1]}}", "labels.service: expected string",
			ALERT_FIRING, 0, 0 },
	{ "{\"labels\":{\"alertname\":\"A\",\"service\":\"a\\u0000b\"}}",
			"labels.service: contains U+0000", ALERT_FIRING, 0, 0 },
	{ "{\"labels\":{\"alertname\":\"A\",\"s\\u0000\":\"a\"}}", "the name contains U+0000",
			ALERT_FIRING, 0, 0 },
	{ "{\"labels\":{\"alertname\":\"A\",\"\":\"a\"}}", "labels.: the name is empty",
			ALERT_FIRING, 0, 0 },
	{ "{\"labels\":{\"service\":\"a\"}}", NULL, ALERT_FIRING, 0, 0 },
	{ "{\"labels\":{\"alertname\":\"\",\"a\":\"b\"}}", NULL, ALERT_FIRING, 0, 0 },
	{ "{\"labels\":{\"a\":\"b\"},\"status\":\"Resolved\"}", NULL, ALERT_RESOLVED, 0, 0 },
	{ "{\"labels\":{\"a\":\"b\"},\"endsAt\":5,\"startsAt\":5}", NULL, ALERT_FIRING, 0, 0 },
};

TEST(an_odd_alert_is_read_or_set_aside_alone)
{
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		auto_buf struct buf body = { 0 };

		buf_addf(&body, "{\"alerts\":[%s,{\"labels\":{\"alertname\":\"Next\"}}]}",
				odd[i].alert);

		struct decoded d = decode(buf_text(&body), body.len);

		must_ok(d.result, d.err);
		ck_int(d.delivery.alerts_len, 2);
		ck(!d.delivery.alerts[1].broken);
		if (odd[i].broken && d.delivery.alerts[0].broken) {
			ck_has(d.delivery.alerts[0].broken, odd[i].broken);
		} else {
			ck_str(d.delivery.alerts[0].broken, NULL);
		}
		ck_int(d.delivery.alerts[0].status, odd[i].status);
		ck_int(d.delivery.alerts[0].starts_at, odd[i].starts_at);
		ck_int(d.delivery.alerts[0].ends_at, odd[i].ends_at);
		drop(&d);
	}
}

/* What is written behind {"labels":{"alertname":"A", what becomes of it, and the note. */
static const struct {
	const char *rest;
	const char *name; /* of the label, or after '@' of the annotation, that is looked at */
	const char *value;
	const char *note;
} noted[] = {
	{ ",\"n\":5}}", "n", "5", "label n is taken as text" },
	{ ",\"n\":-1}}", "n", "-1", "label n is taken as text" },
	{ ",\"n\":1.10}}", "n", "1.1", "label n is taken as text" },
	{ ",\"n\":0.1}}", "n", "0.1", "label n is taken as text" },
	{ ",\"n\":0.30000000000000004}}", "n", "0.30000000000000004", "label n is taken as text" },
	{ ",\"n\":true}}", "n", "true", "label n is taken as text" },
	{ ",\"n\":false}}", "n", "false", "label n is taken as text" },
	{ ",\"n\":null}}", "n", NULL, NULL },
	{ "},\"annotations\":{\"n\":12.5}}", "@n", "12.5", "annotation n is taken as text" },
	{ "},\"annotations\":{\"n\":true}}", "@n", "true", "annotation n is taken as text" },
	{ "},\"annotations\":{\"n\":[1,{\"a\":\"b\"}]}}", "@n", "[1,{\"a\":\"b\"}]",
			"annotation n is taken as text" },
	{ "},\"annotations\":{\"n\":{\"a\":null}}}", "@n", "{\"a\":null}",
			"annotation n is taken as text" },
	{ "},\"annotations\":{\"n\":null}}", "@n", NULL, NULL },
	{ "},\"annotations\":{\"n\":\"\"}}", "@n", "", NULL },
	{ "},\"annotations\":{\"n\":\"a\\u0000b\"}}", "@n", NULL,
			"annotation n was dropped: contains U+0000" },
	{ "},\"annotations\":{\"\":\"a\"}}", "@", NULL,
			"annotation  was dropped: its name is odd" },
	{ "},\"annotations\":7}", "@n", NULL, "annotations were dropped: expected object" },
	{ "},\"annotations\":\"x\"}", "@n", NULL, "annotations were dropped: expected object" },
	{ "},\"annotations\":[]}", "@n", NULL, "annotations were dropped: expected object" },
	{ "},\"startsAt\":\"2026-11-22T22:40:42\"}", "x", NULL,
			"startsAt was dropped: expected a time with its zone" },
	{ "},\"startsAt\":\"yesterday\"}", "x", NULL,
			"startsAt was dropped: expected a time with its zone" },
	{ "},\"startsAt\":1795387200}", "x", NULL, "startsAt was dropped: expected string" },
	{ "},\"startsAt\":\"\"}", "x", NULL, NULL },
	{ "},\"endsAt\":{}}", "x", NULL, "endsAt was dropped: expected string" },
	{ "},\"generatorURL\":7}", "x", NULL, "generatorURL was dropped: expected string" },
	{ "},\"fingerprint\":7}", "x", NULL, "fingerprint was dropped: expected string" },
	{ "},\"fingerprint\":\"a\\u0000\"}", "x", NULL,
			"fingerprint was dropped: contains U+0000" },
	{ "},\"status\":\"alerting\"}", "x", NULL,
			"status was dropped: expected firing or resolved" },
	{ "},\"status\":1}", "x", NULL, "status was dropped: expected string" },
	{ "},\"status\":1,\"endsAt\":2,\"startsAt\":3}", "x", NULL,
			"startsAt was dropped: expected string, endsAt was dropped: expected string, status was dropped: expected string" },
};

TEST(what_is_wrong_beside_the_labels_is_noted_and_the_alert_taken)
{
	for (size_t i = 0; i < sizeof(noted) / sizeof(noted[0]); i++) {
		const char *name = noted[i].name;
		auto_buf struct buf body = { 0 };

		buf_addf(&body, "{\"alerts\":[{\"labels\":{\"alertname\":\"A\"%s]}", noted[i].rest);

		struct decoded d = decode(buf_text(&body), body.len);
		const struct alert *alert = d.delivery.alerts;

		must_ok(d.result, d.err);
		ck_str(alert->broken, NULL);
		ck_str(alert->note, noted[i].note);
		ck_str(*name == '@' ? labels_get(&alert->annotations, name + 1)
				    : labels_get(&alert->labels, name),
				noted[i].value);
		ck_str(labels_get(&alert->labels, "alertname"), "A");
		ck_int(alert->status, ALERT_FIRING);
		ck_int(alert->starts_at, 0);
		ck_str(alert->generator_url, "");
		ck(*alert->fingerprint);
		drop(&d);
	}
}

TEST(a_note_is_short_whatever_is_wrong)
{
	auto_buf struct buf body = { 0 };

	buf_adds(&body, "{\"alerts\":[{\"labels\":{\"alertname\":\"A\"},\"annotations\":{");
	for (int i = 0; i < 600; i++) {
		buf_addf(&body, "%s\"ää%d%0200d\":%d", i ? "," : "", i, 0, i);
	}
	buf_adds(&body, "}}]}");

	struct decoded d = decode(buf_text(&body), body.len);
	const char *note = d.delivery.alerts[0].note;

	must_ok(d.result, d.err);
	ck_int(d.delivery.alerts[0].annotations.len, ALERT_LABELS_MAX);
	ck(strlen(note) < ALERT_NOTE_MAX);
	ck_has(note, "annotation ää0000");
	ck_has(note, ", annotations after the 512th were dropped, and 511 more");
	drop(&d);
}

/* An alert's own word, then its endsAt, then the body's. */
TEST(the_status_of_the_body_is_the_last_that_is_asked)
{
	static const struct {
		const char *body;
		const char *alert;
		uint8_t status;
	} rows[] = {
		{ "\"resolved\"", "", ALERT_RESOLVED },
		{ "\"resolved\"", ",\"endsAt\":\"0001-01-01T00:00:00Z\"", ALERT_RESOLVED },
		{ "\"resolved\"", ",\"status\":null", ALERT_RESOLVED },
		{ "\"resolved\"", ",\"status\":\"firing\"", ALERT_FIRING },
		{ "\"resolved\"", ",\"endsAt\":\"2100-01-01T00:00:00Z\"", ALERT_FIRING },
		{ "\"firing\"", "", ALERT_FIRING },
		{ "\"firing\"", ",\"status\":\"resolved\"", ALERT_RESOLVED },
		{ "\"firing\"", ",\"endsAt\":\"2020-01-01T00:00:00Z\"", ALERT_RESOLVED },
		{ "7", "", ALERT_FIRING },
		{ "\"ok\"", "", ALERT_FIRING },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_buf struct buf body = { 0 };

		buf_addf(&body, "{\"status\":%s,\"alerts\":[{\"labels\":{\"a\":\"b\"}%s}]}",
				rows[i].body, rows[i].alert);

		struct decoded d = decode(buf_text(&body), body.len);

		must_ok(d.result, d.err);
		ck_int(d.delivery.alerts[0].status, rows[i].status);
		drop(&d);
	}
}

/* Each member × each kind of value: the body is taken, and its alert is read or set aside. */
TEST(no_member_of_any_kind_makes_a_body_or_an_alert_vanish)
{
	static const char *const values[] = { "\"x\"", "\"\"", "\"a\\u0000b\"", "\"\\n\"", "0",
		"-7", "1.5", "1e300", "true", "false", "null", "[]", "[[[]]]", "{}",
		"{\"a\":{\"b\":[1]}}", "HUGE" };
	static const char *const of_body[] = { "version", "receiver", "groupKey", "externalURL",
		"notification_reason", "truncatedAlerts", "status", "groupLabels", "commonLabels",
		"commonAnnotations", "unknown" };
	static const char *const of_alert[] = { "status", "annotations", "startsAt", "endsAt",
		"generatorURL", "fingerprint", "unknown" };
	const size_t huge_len = 300000;
	char *huge = calloc(1, huge_len + 3);

	memset(huge, 'x', huge_len + 2);
	huge[0] = huge[huge_len + 1] = '"';
	for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
		const char *value = strcmp(values[v], "HUGE") ? values[v] : huge;

		for (size_t m = 0; m < 11 + 7 + 3; m++) {
			auto_buf struct buf body = { 0 };
			bool is_label = m >= 11 + 7;

			buf_adds(&body, "{");
			if (m < 11) {
				buf_addf(&body, "\"%s\":%s,", of_body[m], value);
			}
			buf_adds(&body, "\"alerts\":[{");
			if (m >= 11 && m < 18) {
				buf_addf(&body, "\"%s\":%s,", of_alert[m - 11], value);
			}
			if (m == 20) {
				buf_addf(&body, "\"annotations\":{\"n\":%s},", value);
			}
			if (m == 19) {
				buf_addf(&body, "\"labels\":%s}]}", value);
			} else if (m == 18) {
				buf_addf(&body, "\"labels\":{\"a\":\"b\",\"n\":%s}}]}", value);
			} else {
				buf_adds(&body, "\"labels\":{\"a\":\"b\"}}]}");
			}

			struct decoded d = decode(buf_text(&body), body.len);

			must_ok(d.result, d.err);
			must(d.delivery.alerts_len == 1);

			const struct alert *alert = d.delivery.alerts;

			ck(alert->broken ? is_label : labels_get(&alert->labels, "a") != NULL);
			ck(!alert->note || strlen(alert->note) < ALERT_NOTE_MAX);
			ck(!d.delivery.note || strlen(d.delivery.note) < ALERT_NOTE_MAX);
			ck(d.delivery.receiver && d.delivery.group_key && d.delivery.external_url);
			drop(&d);
		}
	}
	free(huge);
}

TEST(a_member_of_the_body_that_is_a_number_is_taken_as_text)
{
	static const char body[] = "{\"receiver\":5,\"groupKey\":666,\"externalURL\":[],"
				   "\"notification_reason\":1.5,\"truncatedAlerts\":\"3\","
				   "\"alerts\":[]}";
	struct decoded d = decode(body, sizeof(body) - 1);

	must_ok(d.result, d.err);
	ck_str(d.delivery.receiver, "5");
	ck_str(d.delivery.group_key, "666");
	ck_str(d.delivery.external_url, "");
	ck_str(d.delivery.notification_reason, "1.5");
	ck_int(d.delivery.truncated, 0);
	ck_str(d.delivery.note,
			"receiver is taken as text, groupKey is taken as text, externalURL was dropped: expected string, notification_reason is taken as text, truncatedAlerts was dropped: expected whole number");
	drop(&d);
}

static struct decoded decode_annotations(size_t count, const char *piece, size_t pieces)
{
	auto_buf struct buf body = { 0 };

	buf_adds(&body, "{\"alerts\":[{\"labels\":{\"alertname\":\"A\"},\"annotations\":{");
	for (size_t i = 0; i < count; i++) {
		buf_addf(&body, "%s\"n%zu\":\"", i ? "," : "", i);
		for (size_t j = 0; j < pieces - (i > 0); j++) {
			buf_adds(&body, piece);
		}
		buf_addch(&body, '"');
	}
	buf_adds(&body, "}}]}");
	return decode(buf_text(&body), body.len);
}

TEST(a_long_annotation_is_cut_between_characters)
{
	struct decoded d = decode_annotations(1, "ä", WEBHOOK_ANNOTATION_MAX / 2);
	const char *text = labels_value(&d.delivery.alerts[0].annotations, "n0");

	ck_int(strlen(text), WEBHOOK_ANNOTATION_MAX);
	ck_str(d.delivery.alerts[0].note, NULL);
	drop(&d);
	d = decode_annotations(1, "ä", WEBHOOK_ANNOTATION_MAX / 2 + 1);
	text = labels_value(&d.delivery.alerts[0].annotations, "n0");
	ck(strlen(text) <= WEBHOOK_ANNOTATION_MAX);
	ck_has(text + WEBHOOK_ANNOTATION_MAX - 8, "ä…");
	ck_str(d.delivery.alerts[0].note, "annotation n0 was cut at 16 KiB");
	drop(&d);
}

/* Labels decide what the alert is: they stay. */
TEST(annotations_that_are_too_long_together_go_the_largest_first)
{
	struct decoded d = decode_annotations(70, "x", 16000);
	const struct alert *alert = d.delivery.alerts;

	must_ok(d.result, d.err);
	ck_str(alert->broken, NULL);
	ck_str(labels_get(&alert->annotations, "n0"), NULL);
	ck_int(alert->annotations.len, 65);
	ck_has(alert->note, "annotation n0 was dropped: too long together, ");
	drop(&d);
}

/* Written anew they can be longer than the body was, and all of it has to fit into a message. */
TEST(annotations_that_are_no_text_are_bounded_in_all_alerts_together)
{
	auto_buf struct buf body = { 0 };
	size_t total = 0;

	buf_adds(&body, "{\"alerts\":[");
	for (int i = 0; i < 20; i++) {
		buf_addf(&body, "%s{\"labels\":{\"a\":\"b\"},\"annotations\":{", i ? "," : "");
		for (int j = 0; j < 60; j++) {
			buf_addf(&body, "%s\"n%d\":[\"", j ? "," : "", j);
			for (int k = 0; k < 2700; k++) {
				buf_addch(&body, '<');
			}
			buf_adds(&body, "\"]");
		}
		buf_adds(&body, "}}");
	}
	buf_adds(&body, "]}");

	struct decoded d = decode(buf_text(&body), body.len);

	must_ok(d.result, d.err);
	for (size_t i = 0; i < d.delivery.alerts_len; i++) {
		const struct labels *pairs = &d.delivery.alerts[i].annotations;

		for (size_t j = 0; j < pairs->len; j++) {
			total += strlen(pairs->items[j].value);
		}
	}
	ck(total > (size_t)8 * 1024 * 1024 && total < (size_t)8 * 1024 * 1024 + 32768);
	ck_has(d.delivery.alerts[19].note, "annotation n0 was dropped: too many are no text");
	ck_str(labels_get(&d.delivery.alerts[19].labels, "a"), "b");
	drop(&d);
}

TEST(a_broken_alert_keeps_what_is_valid)
{
	static const char body[] = "{\"alerts\":[{\"fingerprint\":\"abc\",\"labels\":{\"z\":[],"
				   "\"alertname\":\"A\",\"b\":\"c\"}}]}";
	struct decoded d = decode(body, sizeof(body) - 1);
	const struct alert *alert = d.delivery.alerts;

	must_ok(d.result, d.err);
	ck_str(alert->broken, "labels.z: expected string");
	ck_str(labels_get(&alert->labels, "alertname"), "A");
	ck_str(labels_get(&alert->labels, "b"), "c");
	ck_int(alert->labels.len, 2);
	ck_str(alert->fingerprint, "abc");
	drop(&d);
}

TEST(empty_labels_are_dropped_and_the_rest_is_sorted)
{
	static const char body[] = "{\"alerts\":[{\"labels\":{\"z\":\"1\",\"gone\":\"\","
				   "\"alertname\":\"A\"},\"annotations\":{\"kept\":\"\"}}],"
				   "\"truncatedAlerts\":3,\"notification_reason\":\"repeat\"}";
	struct decoded d = decode(body, sizeof(body) - 1);
	const struct alert *alert = d.delivery.alerts;

	must_ok(d.result, d.err);
	ck_int(alert->labels.len, 2);
	ck_str(alert->labels.items[0].name, "alertname");
	ck_str(alert->labels.items[1].name, "z");
	ck_int(alert->annotations.len, 1);
	ck_int(d.delivery.truncated, 3);
	ck_str(d.delivery.notification_reason, "repeat");
	ck_str(d.delivery.receiver, "");
	drop(&d);
}

TEST(a_body_that_can_never_succeed_says_what_was_expected)
{
	static const char *const rows[][2] = {
		{ "", "line 1 column" },
		{ "hello", "line 1 column" },
		{ "[]", "expected Alertmanager's webhook, an object with an `alerts` array" },
		{ "{}", "alerts: missing, expected array" },
		{ "{\"text\":\"hi\"}", "custom `payload:` needs it too" },
		{ "{\"alerts\":{}}", "alerts: expected array" },
		{ "{\"alerts\":[{\"labels\":{\"a\":\"1\",\"a\":\"2\"}}]}", "duplicate object key" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct decoded d = decode(rows[i][0], strlen(rows[i][0]));

		ck_int(d.result, -1);
		ck_int(d.err.code, ERR_INPUT);
		ck_has(d.err.msg, rows[i][1]);
		drop(&d);
	}
}

static struct decoded decode_one_with(size_t labels, size_t value_len)
{
	auto_buf struct buf body = { 0 };

	buf_adds(&body, "{\"alerts\":[{\"labels\":{\"alertname\":\"A\"");
	for (size_t i = 1; i < labels; i++) {
		buf_addf(&body, ",\"l%zu\":\"", i);
		for (size_t j = 0; j < value_len; j++) {
			buf_addch(&body, 'x');
		}
		buf_addch(&body, '"');
	}
	buf_adds(&body, "}}]}");
	return decode(buf_text(&body), body.len);
}

TEST(limits_of_an_alert_hold_exactly)
{
	static const struct {
		size_t labels;
		size_t value_len;
		const char *broken;
	} rows[] = {
		{ ALERT_LABELS_MAX, 1, NULL },
		{ ALERT_LABELS_MAX + 1, 1, "labels: more than 512" },
		{ 2, WEBHOOK_LABEL_MAX, NULL },
		{ 2, WEBHOOK_LABEL_MAX + 1, "labels.l1: too long" },
		{ 16, WEBHOOK_LABEL_MAX - 1, NULL },
		{ 17, WEBHOOK_LABEL_MAX, "labels: too long together" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct decoded d = decode_one_with(rows[i].labels, rows[i].value_len);

		must_ok(d.result, d.err);
		ck_str(d.delivery.alerts[0].broken, rows[i].broken);
		drop(&d);
	}
}

static void many(struct buf *body, size_t count)
{
	buf_adds(body, "{\"receiver\":\"r\",\"alerts\":[");
	for (size_t i = 0; i < count; i++) {
		buf_addf(body,
				"%s{\"status\":\"firing\",\"labels\":{\"alertname\":"
				"\"LowDiskSpace\","
				"\"instance\":\"db-%zu.example.net:9100\",\"severity\":\"warning\"}"
				","
				"\"annotations\":{\"summary\":\"disk of %zu is low\"},"
				"\"startsAt\":\"2026-11-22T22:40:42.468517Z\","
				"\"endsAt\":\"0001-01-01T00:00:00Z\",\"generatorURL\":\"\","
				"\"fingerprint\":\"2e1fcf8686b7e916\"}",
				i ? "," : "", i, i);
	}
	buf_adds(body, "]}");
}

#ifndef FOR_VALGRIND
/* Of the processor: what others do on the machine does not count. */
static int64_t cpu_ms(void)
{
	struct timespec used;

	must(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0);
	return used.tv_sec * INT64_C(1000) + used.tv_nsec / 1000000;
}

TEST(five_thousand_alerts_take_less_than_100_ms)
{
	auto_buf struct buf body = { 0 };
	int64_t best = INT64_MAX;

	many(&body, 5000);
	for (int i = 0; i < 3; i++) {
		int64_t begin = cpu_ms();
		struct decoded d = decode(buf_text(&body), body.len);
		int64_t took = cpu_ms() - begin;

		must_ok(d.result, d.err);
		ck_int(d.delivery.alerts_len, 5000);
		best = took < best ? took : best;
		drop(&d);
	}
	printf("  5000 alerts: %lld ms\n", (long long)best);
#ifndef __SANITIZE_ADDRESS__
	ck(best < 100);
#endif
}
#endif

TEST(ten_thousand_alerts_are_the_most)
{
	auto_buf struct buf body = { 0 };

	many(&body, DELIVERY_ALERTS_MAX);

	struct decoded d = decode(buf_text(&body), body.len);

	must_ok(d.result, d.err);
	drop(&d);
	buf_reset(&body);
	many(&body, DELIVERY_ALERTS_MAX + 1);
	d = decode(buf_text(&body), body.len);
	ck_int(d.result, -1);
	ck_has(d.err.msg, "alerts: 10001 of them");
	drop(&d);
}
