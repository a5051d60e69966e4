/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/listing.h"

#include <string.h>

#include "base/buf.h"
#include "test.h"

static const char down[] =
		"{\"annotations\":{\"summary\":\"it is down\"},\"endsAt\":\"2026-11-28T08:10:00.000Z\","
		"\"fingerprint\":\"2e1fcf8686b7e916\",\"receivers\":[{\"name\":\"team.db\"},"
		"{\"name\":\"playbookd\"}],\"startsAt\":\"2026-11-28T08:00:00.000Z\",\"status\":"
		"{\"inhibitedBy\":[],\"silencedBy\":[\"8c0d\",\"9d1e\"],\"mutedBy\":[\"nights\"],"
		"\"state\":\"suppressed\"},\"updatedAt\":\"x\",\"generatorURL\":\"http://p/\","
		"\"labels\":{\"alertname\":\"Down\",\"instance\":\"n1\",\"empty\":\"\"}}";

static void on_alert(const struct listing_alert *alert, void *arg)
{
	struct buf *out = arg;
	uint8_t identity[DIGEST_SIZE];

	labels_identity(&alert->alert.labels, identity);
	ck(!memcmp(identity, alert->identity, sizeof(identity)));
	buf_addf(out, "%s %d", labels_value(&alert->alert.labels, "alertname"), alert->state);
	for (size_t i = 0; i < alert->silenced_by.len; i++) {
		buf_addf(out, " s=%s", alert->silenced_by.items[i]);
	}
	for (size_t i = 0; i < alert->inhibited_by.len; i++) {
		buf_addf(out, " i=%s", alert->inhibited_by.items[i]);
	}
	for (size_t i = 0; i < alert->muted_by.len; i++) {
		buf_addf(out, " m=%s", alert->muted_by.items[i]);
	}
	for (const char **name = alert->receivers; *name; name++) {
		buf_addf(out, " r=%s", *name);
	}
	buf_addf(out, " %zu labels at %lld; ", alert->alert.labels.len,
			(long long)alert->alert.starts_at);
}

/* What is read of body, or why it is worth nothing. */
static const char *read_alerts(const char *body)
{
	static struct buf out;
	struct err err = { 0 };

	buf_reset(&out);
	if (listing_alerts(body, strlen(body), on_alert, &out, &err) < 0) {
		ck_int(err.code, ERR_INPUT);
		buf_adds(&out, err.msg);
	}
	return buf_text(&out);
}

static const char *in_list(const char *item)
{
	static struct buf out;

	buf_reset(&out);
	buf_addf(&out, "[%s]", item);
	return buf_text(&out);
}

TEST(alerts_are_read_with_why_they_are_suppressed)
{
	ck_str(read_alerts("[]"), "");
	ck_str(read_alerts(in_list(down)),
			"Down 2 s=8c0d s=9d1e m=nights r=team.db r=playbookd 2 labels at 1795852800000; ");
	/* Before 0.27 there is no mutedBy; unprocessed is listed, and not suppressed. */
	ck_str(read_alerts("[{\"labels\":{\"a\":\"b\"},\"status\":{\"state\":\"unprocessed\","
			   "\"silencedBy\":null,\"inhibitedBy\":[\"2e1f\"]}},"
			   "{\"labels\":{\"alertname\":\"B\"},\"status\":{\"state\":\"active\"}}]"),
			" 1 i=2e1f 1 labels at 0; B 1 1 labels at 0; ");
}

TEST(an_answer_that_is_not_as_expected_is_worth_nothing)
{
	static const struct {
		const char *body;
		const char *want;
	} cases[] = {
		{ "", "expected a list, whole" },
		{ "{}", "expected a list, whole" },
		{ "[3]", "[0]: expected object" },
		{ "[{}]", "[0]: labels: missing, expected object" },
		{ "[{\"labels\":{},\"status\":{}}]", "[0]: state: missing, expected string" },
		{ "[{\"labels\":{\"a\":1},\"status\":{\"state\":\"active\"}}]",
				"[0]: a: expected string" },
		{ "[{\"labels\":{\"a\":\"\\u0000\"},\"status\":{\"state\":\"active\"}}]",
				"[0]: a: expected string" },
		{ "[{\"labels\":{},\"status\":{\"state\":\"active\",\"silencedBy\":[1]}}]",
				"[0]: status: expected names" },
		{ "[{\"labels\":{},\"status\":{\"state\":\"active\"},\"receivers\":[{}]}]",
				"[0]: receivers: expected names" },
		{ "[{\"labels\":{},\"status\":{\"state\":\"active\"},\"startsAt\":\"now\"}]",
				"[0]: 'now' is no RFC 3339 time" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got = read_alerts(cases[i].body);

		/* What clock_parse() says in words is its own. */
		if (!strstr(cases[i].want, "RFC")) {
			ck_str(got, cases[i].want);
		}
		ck(*got);
	}
}

static void on_silence(const struct listing_silence *silence, void *arg)
{
	buf_addf(arg, "%s by %s until %lld: %s; ", silence->id, silence->created_by,
			(long long)silence->ends_at, silence->comment);
}

TEST(silences_are_read)
{
	static const char body[] =
			"[{\"id\":\"8c0d\",\"createdBy\":\"alice\",\"comment\":\"disk\\nis replaced\","
			"\"endsAt\":\"2026-11-28T10:00:00.000Z\",\"matchers\":[],\"status\":{}},"
			"{\"id\":\"9d1e\",\"endsAt\":\"2026-11-28T10:00:00Z\"}]";
	struct buf out = { 0 };
	struct err err;

	must_ok(listing_silences(body, strlen(body), on_silence, &out, &err), err);
	ck_has(buf_text(&out), "8c0d by alice until 1795860000000: disk\nis replaced; ");
	ck_has(buf_text(&out), "; 9d1e by  until 1795860000000: ; ");
	ck_int(listing_silences("[{\"id\":\"x\"}]", 12, on_silence, &out, &err), -1);
	buf_clear(&out);
}

TEST(the_status_says_since_when_it_runs)
{
	static const char body[] = "{\"cluster\":{},\"uptime\":\"2026-11-28T08:00:00.123Z\"}";
	int64_t at = 0;
	struct err err;

	must_ok(listing_status(body, strlen(body), &at, &err), err);
	ck_int(at, INT64_C(1795852800123));
	ck_int(listing_status("{}", 2, &at, &err), -1);
	ck_int(listing_status("[]", 2, &at, &err), -1);
	ck_int(listing_status("x", 1, &at, &err), -1);
}

TEST(an_alert_belongs_to_a_receiver_and_a_group)
{
	struct label items[] = { { "alertname", "Down" }, { "instance", "n1" } };
	struct label other[] = { { "alertname", "Down" }, { "instance", "n2" } };
	const char *receivers[] = { "team.db", NULL };
	const struct listing_alert alert = { .alert = { .labels = { items, 2 } },
		.receivers = receivers };

	ck(listing_is_of(&alert, "team\\.db", &(struct labels){ items, 2 }));
	ck(listing_is_of(&alert, "team.db", &(struct labels){ items, 1 }));
	ck(listing_is_of(&alert, "team\\.db", &(struct labels){ 0 }));
	ck(!listing_is_of(&alert, "team\\.d", &(struct labels){ 0 }));
	ck(!listing_is_of(&alert, "team\\.dbx", &(struct labels){ 0 }));
	ck(!listing_is_of(&alert, "teamXdb", &(struct labels){ 0 }));
	ck(!listing_is_of(&alert, "team\\.db", &(struct labels){ other, 2 }));
}
