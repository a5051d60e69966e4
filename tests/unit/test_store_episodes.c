/* SPDX-License-Identifier: Apache-2.0 */
#include "store/episodes.h"

#include <stdio.h>
#include <string.h>

#include "store/late_alerts.h"
#include "store/runs.h"
#include "stored.h"
#include "test.h"

static const uint8_t seven[DIGEST_SIZE] = { 7 };
static const uint8_t eight[DIGEST_SIZE] = { 8 };

/* A delivery from that sender which told of the end of the alert. */
static void must_end(struct db *db, const char *external_url)
{
	char sql[600];

	snprintf(sql, sizeof(sql),
			"INSERT INTO delivery (id, received_at, principal, external_url, receiver,"
			" group_key, notification_reason, alerts, truncated, body_hash, body)"
			" VALUES (1, 1, 'p', '%s', 'r', 'g', '', 1, 0, x'00', x'');"
			"INSERT INTO episode (id, identity, status, fingerprint, labels, annotations,"
			" generator_url, starts_at, ends_at, first_seen, last_seen, occurrences,"
			" last_delivery_id) VALUES (1, x'07%062d', 'resolved', 'f', '{}',"
			" '{}', '', 100, 200, 100, 200, 1, 1)",
			external_url, 0);
	stored_sql(db, sql);
}

static bool is_same(struct db *db, const char *external_url, const char *group_key,
		const char *receiver)
{
	const struct episode_sender sender = { external_url, group_key, receiver, eight, "{}" };
	struct plan_episode last;
	struct err err;

	must_ok(episodes_last(db, seven, &sender, &last, &err), err);
	ck_int(last.id, 1);
	return last.same_sender;
}

/* Two routes of one Alertmanager do not deliver one after the other. */
TEST(the_sender_of_an_end_is_known_by_url_group_and_receiver)
{
	struct db *db = stored_open();

	must_end(db, "http://am");
	ck(is_same(db, "http://am", "g", "r"));
	ck(!is_same(db, "http://am-2", "g", "r"));
	ck(!is_same(db, "http://am", "g2", "r"));
	ck(!is_same(db, "http://am", "g", "r2"));
	db_close(db);
}

TEST(senders_without_a_url_are_not_distinguished)
{
	struct db *db = stored_open();

	must_end(db, "");
	ck(!is_same(db, "", "g", "r"));
	db_close(db);
}

/* Retention may have removed it. */
TEST(an_end_whose_delivery_is_gone_has_no_known_sender)
{
	struct db *db = stored_open();

	must_end(db, "http://am");
	stored_sql(db, "DELETE FROM delivery");
	ck(!is_same(db, "http://am", "g", "r"));
	db_close(db);
}

static int add_run(struct db *db, struct err *err)
{
	static const struct labels none;
	const struct run_row row = { .incident_id = 1,
		.episode_id = 1,
		.times_opened = 1,
		.playbook = "p",
		.target = seven,
		.trigger = "alert",
		.requested_by = "x",
		.config_hash = seven,
		.alertname = "Down",
		.alert = "{}",
		.alert_status = "firing",
		.queued_at = 1 };
	int64_t id;

	return runs_add(db, &row, &none, &id, err);
}

TEST(an_episode_has_one_run_of_a_playbook_and_target_even_after_that_ended)
{
	struct db *db = stored_open();
	struct err err;

	must_end(db, "http://am");
	stored_sql(db, "INSERT INTO incident (id, status, title, severity, service, labels,"
		       " annotations, group_hash, generation, firing, opened_at)"
		       " VALUES (1, 'firing', 't', '', '', '{}', '{}', x'01', 1, 1, 1)");
	must_ok(add_run(db, &err), err);
	stored_sql(db, "UPDATE run SET status = 'succeeded', started_at = 2, finished_at = 3");
	ck_int(add_run(db, &err), -1);
	ck_int(err.code, ERR_CONFLICT);
	/* … but one that never began, since its alert had ended, is as if it had not been */
	stored_sql(db, "UPDATE run SET status = 'canceled', started_at = NULL");
	must_ok(add_run(db, &err), err);
	db_close(db);
}

static void take_late(const struct late_alert_row *row, void *arg)
{
	snprintf(arg, 100, "%s %s %lld %d", row->labels, row->principal, (long long)row->due_at,
			memcmp(row->identity, seven, DIGEST_SIZE) == 0);
}

TEST(a_late_alert_waits_once_and_until_it_is_due)
{
	struct late_alert_row row = { .identity = seven,
		.due_at = 500,
		.principal = "eve",
		.fingerprint = "f",
		.labels = "{}",
		.annotations = "{}",
		.generator_url = "" };
	struct db *db = stored_open();
	char text[100] = "";
	struct err err;
	int64_t due;

	must_ok(late_alerts_add(db, &row, &due, &err), err);
	ck_int(due, 500);
	row.due_at = 900;
	must_ok(late_alerts_add(db, &row, &due, &err), err);
	ck_int(due, 500);
	must_ok(late_alerts_first(db, 1000, &due, &err), err);
	ck_int(due, 500);
	ck_int(late_alerts_due(db, 499, take_late, text, &err), 0);
	ck_int(late_alerts_due(db, 500, take_late, text, &err), 1);
	ck_str(text, "{} eve 500 1");
	must_ok(late_alerts_first(db, 300, &due, &err), err); /* the clock was set back */
	ck_int(due, 300);
	must_ok(late_alerts_remove(db, seven, &err), err);
	must_ok(late_alerts_first(db, 300, &due, &err), err);
	ck_int(due, 0);
	db_close(db);
}

static void fire_again(struct db *db, const struct episode_row *row)
{
	struct err err;

	must_ok(episodes_again(db, row, &err), err);
}

TEST(one_open_episode_for_each_identity)
{
	static const uint8_t hash[DIGEST_SIZE] = { 1 };
	static const uint8_t other[DIGEST_SIZE] = { 2 };
	const struct episode_sender same = { "http://am-1", "g", "r", hash, "{}" };
	const struct episode_sender twin = { "http://am-2", "g", "r", other, "{\"a\":\"b\"}" };
	uint8_t identity[DIGEST_SIZE] = { 7 };
	struct db *db = stored_with_delivery();
	struct plan_episode episode;
	struct err err;
	int64_t id = stored_episode(db, 7, "firing");
	const struct episode_row again = { .identity = identity,
		.status = "firing",
		.fingerprint = "",
		.labels = "{}",
		.annotations = "{}",
		.generator_url = "",
		.delivery_id = 1 };
	int64_t none;

	ck_int(episodes_add(db, &again, &none, &err), -1);
	ck_int(err.code, ERR_CONFLICT);

	must_ok(episodes_open(db, identity, &same, &episode, &err), err);
	ck_int(episode.id, id);
	ck(episode.same_sender && episode.same_body && episode.same_annotations);
	must_ok(episodes_open(db, identity, &twin, &episode, &err), err);
	ck(!episode.same_sender && !episode.same_body && !episode.same_annotations);

	fire_again(db, &(struct episode_row){
				       id, .delivery_id = 1, .starts_at = 400, .last_seen = 2000 });
	fire_again(db, &(struct episode_row){
				       id, .delivery_id = 1, .starts_at = 600, .last_seen = 3000 });
	fire_again(db, &(struct episode_row){ id, .delivery_id = 1, .last_seen = 3000,
				       .annotations = twin.annotations });
	must_ok(episodes_open(db, identity, &same, &episode, &err), err);
	ck_int(episode.starts_at, 400);
	ck_int(episode.last_seen, 3000);
	ck_int(episode.occurrences, 4);
	ck(!episode.same_annotations);
	must_ok(episodes_open(db, identity, &twin, &episode, &err), err);
	ck(episode.same_annotations);

	/* the delivery that told of it last may be gone before the episode */
	fire_again(db, &(struct episode_row){ id, .delivery_id = 99, .last_seen = 3000 });
	must_ok(episodes_open(db, identity, &same, &episode, &err), err);
	ck_int(episode.id, id);
	ck(!episode.same_sender && !episode.same_body);

	must_ok(episodes_end(db,
				&(struct episode_row){ id, .delivery_id = 1, .ends_at = 2500,
						.last_seen = 4000 },
				&err),
			err);
	must_ok(episodes_open(db, identity, &same, &episode, &err), err);
	ck_int(episode.id, 0);
	must_ok(episodes_last(db, identity, &same, &episode, &err), err);
	ck_int(episode.id, id);
	ck_int(episode.ends_at, 2500);
	db_close(db);
}
