/* SPDX-License-Identifier: Apache-2.0 */
#include "front/webhook.h"

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
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
	{ "{}", "labels: missing, expected object", ALERT_FIRING, 0, 0 },
	{ "{\"labels\":[]}", "labels: expected object", ALERT_FIRING, 0, 0 },
	{ "{\"labels\":{\"service\":\"a\"}}", "labels.alertname: missing", ALERT_FIRING, 0, 0 },
	{ "{\"labels\":{\"alertname\":\"\"}}", "labels.alertname: missing", ALERT_FIRING, 0, 0 },
	{ "{\"labels\":{\"alertname\":\"A\",\"service\":5}}", "labels.service: expected string",
			ALERT_FIRING, 0, 0 },
	{ "{\"labels\":{\"alertname\":\"A\",\"service\":\"a\\u0000b\"}}",
			"labels.service: contains U+0000", ALERT_FIRING, 0, 0 },
	{ "{\"labels\":{\"alertname\":\"A\",\"s\\u0000\":\"a\"}}", "the name contains U+0000",
			ALERT_FIRING, 0, 0 },
	{ "{\"labels\":{\"alertname\":\"A\",\"\":\"a\"}}", "labels.: the name is empty",
			ALERT_FIRING, 0, 0 },
	{ "{\"labels\":{\"alertname\":\"A\"},\"annotations\":{\"n\":[]}}",
			"annotations.n: expected string", ALERT_FIRING, 0, 0 },
	{ "{\"labels\":{\"alertname\":\"A\"},\"annotations\":7}", "annotations: expected object",
			ALERT_FIRING, 0, 0 },
	{ "{\"status\":\"on\",\"labels\":{\"alertname\":\"A\"}}",
			"status: expected firing or resolved", ALERT_FIRING, 0, 0 },
	{ "{\"labels\":{\"alertname\":\"A\"},\"startsAt\":\"yesterday\"}",
			"startsAt: ", ALERT_FIRING, 0, 0 },
	{ "{\"labels\":{\"alertname\":\"A\"},\"startsAt\":5}", "startsAt: expected string",
			ALERT_FIRING, 0, 0 },
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
		if (odd[i].broken) {
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

TEST(a_broken_alert_keeps_what_is_valid)
{
	static const char body[] = "{\"alerts\":[{\"fingerprint\":\"abc\",\"labels\":{\"z\":1,"
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
		{ "{\"alerts\":[],\"groupKey\":7}", "groupKey: expected string" },
		{ "{\"alerts\":[],\"truncatedAlerts\":-1}", "truncatedAlerts: expected whole" },
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
		{ ALERT_LABELS_MAX + 1, 1, "labels.*: more than 64" },
		{ 2, WEBHOOK_LABEL_MAX, NULL },
		{ 2, WEBHOOK_LABEL_MAX + 1, "labels.l1: too long" },
		{ 16, WEBHOOK_LABEL_MAX - 1, NULL },
		{ 17, WEBHOOK_LABEL_MAX, "labels and annotations: too long together" },
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
TEST(five_thousand_alerts_take_less_than_100_ms)
{
	auto_buf struct buf body = { 0 };
	int64_t best = INT64_MAX;

	many(&body, 5000);
	for (int i = 0; i < 3; i++) {
		int64_t begin = clock_mono_ms();
		struct decoded d = decode(buf_text(&body), body.len);
		int64_t took = clock_mono_ms() - begin;

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
