/* SPDX-License-Identifier: Apache-2.0 */
#include "store/timeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "domain/escalation.h"
#include "store/checklists.h"
#include "store/deliveries.h"
#include "store/follow_ups.h"
#include "store/incidents.h"
#include "store/reports.h"
#include "store/retention.h"
#include "store/runs.h"
#include "stored.h"
#include "sys/migrate.h"
#include "test.h"

/* An incident of an alert of that name, with those columns on. */
static void add_incident(struct db *db, int id, const char *alertname, const char *set)
{
	char sql[1000];

	snprintf(sql, sizeof(sql),
			"INSERT INTO incident (id, status, title, severity, service, alertname,"
			" labels, annotations, group_hash, generation, firing, opened_at)"
			" VALUES (%d, 'resolved', 't', '', '', '%s', '{}', '{}', x'%064d', 1, 0,"
			" 1000); UPDATE incident SET %s WHERE id = %d",
			id, alertname, id, set, id);
	stored_sql(db, sql);
}

static void add_entry(struct db *db, int64_t incident, enum timeline_kind kind)
{
	const struct timeline_row row = {
		.incident_id = incident, .at = 5, .kind = (uint8_t)kind, .text = "x"
	};
	struct err err;

	must_ok(timeline_add(db, &row, &err), err);
}

TEST(alerts_are_listed_until_there_are_many)
{
	struct db *db = stored_open();

	add_incident(db, 1, "a", "status = 'firing'");
	for (int i = 0; i < TIMELINE_ALERTS_MAX + 50; i++) {
		add_entry(db, 1, TIMELINE_JOINED);
	}
	ck_int(stored_count(db, "SELECT count(*) FROM timeline"), TIMELINE_ALERTS_MAX + 1);
	for (int i = 0; i < 3; i++) {
		add_entry(db, 1, TIMELINE_LEFT);
		add_entry(db, 1, TIMELINE_NOTE);
	}
	ck_int(stored_count(db, "SELECT count(*) FROM timeline"), TIMELINE_ALERTS_MAX + 5);
	ck_int(stored_count(db, "SELECT count(*) FROM timeline WHERE text LIKE 'from here on such"
				" alerts are counted%'"),
			2);
	ck_int(stored_count(db, "SELECT max(id) FROM timeline"), TIMELINE_ALERTS_MAX + 5);
	db_close(db);
}

TEST(a_person_is_called_for_once)
{
	struct db *db = stored_open();
	struct err err;

	add_incident(db, 1, "a", "status = 'firing'");
	add_entry(db, 1, TIMELINE_ATTENTION);
	must_ok(incidents_attention(db, 1, "look", &err), err);
	add_entry(db, 1, TIMELINE_ATTENTION);
	ck_int(stored_count(db, "SELECT count(*) FROM timeline"), 1);
	must_ok(incidents_attention(db, 1, NULL, &err), err);
	add_entry(db, 1, TIMELINE_ATTENTION);
	ck_int(stored_count(db, "SELECT count(*) FROM timeline"), 2);
	stored_sql(db, "UPDATE incident SET status = 'closed'");
	add_entry(db, 1, TIMELINE_ATTENTION);
	must_ok(incidents_attention(db, 1, "look", &err), err);
	ck_int(stored_count(db, "SELECT count(*) FROM timeline"), 2);
	ck_int(stored_count(db, "SELECT count(*) FROM incident WHERE attention IS NOT NULL"), 0);
	db_close(db);
}

TEST(what_is_opened_again_is_in_nobodys_hand)
{
	struct db *db = stored_open();
	struct incident_facts facts;
	struct err err;

	add_incident(db, 1, "a", "resolved_by = 'eve'");
	must_ok(incidents_acknowledge(db, 1, "eve", 7, &err), err);
	must_ok(incidents_facts(db, 1, &facts, &err), err);
	must_ok(incidents_move(db, &facts, INCIDENT_FIRE, 1, 9, &err), err);
	ck_int(stored_count(db, "SELECT count(*) FROM incident WHERE acknowledged_at IS NULL AND"
				" acknowledged_by IS NULL AND resolved_by IS NULL"),
			1);
	db_close(db);
}

/* The incidents of a list, as bits by id. */
static bool take_bit(const struct incident_row *row, void *arg)
{
	uint32_t *bits = arg;

	*bits |= UINT32_C(1) << row->id;
	return true;
}

static void ck_major(const struct incident_row *row, void *arg)
{
	const enum incident_judgement *said = arg;

	ck_int(row->major, incident_is_major(*said, escalation_level_parse(row->level)));
	ck_int(row->major_said, *said != INCIDENT_UNJUDGED);
}

/* The list's SQL says the same as incident_is_major(), whatever the level and whatever was said. */
TEST(major_in_a_list_is_what_the_domain_says)
{
	static const char *const levels[] = { "NULL", "'L1'", "'L2'", "'L3'", "'L4'" };
	static const char *const judgements[] = { "NULL", "0", "1" };
	const struct incident_query is_major = { .major = "true" }, is_not = { .major = "false" };
	struct db *db = stored_open();
	uint32_t want = 0, all = 0, major = 0, minor = 0;
	struct err err;
	int id = 0;

	for (uint8_t level = 0; level < 5; level++) {
		for (int i = INCIDENT_UNJUDGED; i <= INCIDENT_MAJOR; i++) {
			enum incident_judgement said = (enum incident_judgement)i;
			char set[100];

			snprintf(set, sizeof(set), "level = %s, major = %s", levels[level],
					judgements[i]);
			add_incident(db, ++id, "a", set);
			ck_int(incidents_get(db, id, ck_major, &said, &err), 1);
			all |= UINT32_C(1) << id;
			want |= incident_is_major(said, level) ? UINT32_C(1) << id : 0;
		}
	}
	must_ok(incidents_each(db, &is_major, take_bit, &major, &err), err);
	must_ok(incidents_each(db, &is_not, take_bit, &minor, &err), err);
	ck_int(major, want);
	ck_int(minor, all & ~want);
	db_close(db);
}

TEST(the_first_who_has_it_in_hand_is_kept)
{
	struct db *db = stored_open();
	struct err err;

	add_incident(db, 1, "a", "status = 'firing'");
	must_ok(incidents_acknowledge(db, 1, "eve", 7, &err), err);
	must_ok(incidents_acknowledge(db, 1, "bob", 8, &err), err);
	ck_int(stored_count(db,
			       "SELECT acknowledged_at FROM incident WHERE acknowledged_by = 'eve'"),
			7);
	db_close(db);
}

TEST(closing_calls_nobody_any_more)
{
	struct db *db = stored_open();
	struct incident_facts facts;
	struct err err;

	add_incident(db, 1, "a", "status = 'firing', attention = 'look'");
	must_ok(incidents_facts(db, 1, &facts, &err), err);
	must_ok(incidents_move(db, &facts, INCIDENT_CLOSE, 0, 9, &err), err);
	ck_int(stored_count(db, "SELECT count(*) FROM incident WHERE attention IS NULL"), 1);
	db_close(db);
}

static enum retention_answer take_removed(int64_t run_id, void *arg)
{
	(void)run_id;
	(void)arg;
	return RETENTION_GONE;
}

static void sweep(struct db *db)
{
	struct err err;
	int gone;

	while ((gone = retention_sweep(db, 3000, take_removed, NULL, &err)) > 0) {
	}
	ck_int(gone, 0);
}

TEST(an_old_incident_takes_with_it_what_people_wrote)
{
	struct db *db = stored_open();

	for (int id = 1; id <= 3; id++) {
		add_incident(db, id, "a", "resolved_at = 2000");
		add_entry(db, id, TIMELINE_OPENED);
	}
	stored_sql(db, "INSERT INTO checklist VALUES (1, 'review', 1, 'eve', '')");
	stored_sql(db, "INSERT INTO follow_up (incident_id, text, owner, created_at, created_by)"
		       " VALUES (1, 't', '', 1, 'eve'), (3, 't', '', 1, 'eve')");
	sweep(db);
	ck_int(stored_count(db, "SELECT count(*) FROM incident"), 1);
	ck_int(stored_count(db, "SELECT count(*) FROM timeline"), 1);
	ck_int(stored_count(db, "SELECT count(*) FROM checklist"), 0);
	ck_int(stored_count(db, "SELECT count(*) FROM follow_up"), 1);
	db_close(db);
}

TEST(the_number_of_a_follow_up_is_never_given_twice)
{
	struct db *db = stored_open();

	for (int id = 1; id <= 3; id++) {
		add_incident(db, id, "a", "resolved_at = 2000");
	}
	stored_sql(db, "INSERT INTO follow_up (incident_id, text, owner, created_at, created_by)"
		       " VALUES (1, 't', '', 1, 'eve'), (2, 't', '', 1, 'eve')");
	sweep(db);
	ck_int(stored_count(db, "SELECT sum(id) FROM incident"), 2 + 3);
	ck_int(stored_count(db, "SELECT max(id) FROM follow_up"), 2);
	db_close(db);
}

static void add_effect(const char *alertname, const struct report_effect *e, void *arg)
{
	struct buf *out = arg;

	buf_addf(out,
			"%s: %" PRId64 " = %" PRId64 " open + %" PRId64 " remediated + %" PRId64
			" people + %" PRId64 " itself; runs %" PRId64 "/%" PRId64 "; mtta %" PRId64
			"/%" PRId64 "; mttr %" PRId64 "/%" PRId64 "\n",
			alertname, e->incidents, e->open, e->remediated, e->by_people, e->by_itself,
			e->runs_helped, e->runs, e->mtta_ms, e->acknowledged, e->mttr_ms,
			e->resolved);
}

static const char *effects(struct db *db, const struct report_query *query)
{
	static struct buf out;
	struct err err;

	buf_reset(&out);
	must_ok(reports_alerts(db, query, add_effect, &out, &err), err);
	return buf_text(&out);
}

static void add_run(struct db *db, int incident, const char *status, const char *verify)
{
	char sql[1000];

	snprintf(sql, sizeof(sql),
			"INSERT INTO run (incident_id, generation, playbook, target, trigger,"
			" requested_by, config_hash, status, reason, alertname, alert,"
			" alert_status, queued_at) VALUES (%d, 1, 'p', x'00', 'manual', 'x',"
			" x'00', '%s', '', '', '', '', 1);"
			"INSERT INTO step SELECT max(id), 0, 1, '%s', 'check', 'c', '[]',"
			" 'succeeded', '', NULL, NULL, NULL, NULL, NULL, 1, 2, 0 FROM run",
			incident, status, verify);
	stored_sql(db, sql);
}

TEST(what_came_of_alerts_is_summed_up)
{
	struct db *db = stored_open();

	add_incident(db, 1, "a", "status = 'firing', acknowledged_at = 1400");
	add_incident(db, 2, "a", "mitigated_at = 1500, resolved_at = 2000");
	add_incident(db, 3, "a", "resolved_at = 4000");
	add_run(db, 3, "succeeded", "verify");
	add_incident(db, 4, "a", "resolved_at = 3000");
	add_run(db, 4, "succeeded", "steps");
	add_run(db, 4, "failed", "verify");
	add_incident(db, 5, "a", "resolved_at = 3000, acknowledged_at = 1600");
	add_incident(db, 6, "a", "status = 'closed'");
	add_incident(db, 7, "b", "resolved_at = 1000, opened_at = 5000");
	ck_str(effects(db, &(struct report_query){ .limit = 9 }),
			"a: 6 = 1 open + 2 remediated + 2 people + 1 itself; runs 1/3; mtta 500/2; mttr 2000/4\n"
			"b: 1 = 0 open + 0 remediated + 0 people + 1 itself; runs 0/0; mtta 0/0; mttr 0/1\n");
	ck_has(effects(db, &(struct report_query){ .alertname = "b", .limit = 9 }), "b: 1 = ");
	ck_str(effects(db, &(struct report_query){ .alertname = "c", .limit = 9 }), "");
	ck_has(effects(db, &(struct report_query){ .since = 1001, .limit = 9 }), "b: 1 = ");
	ck_has(effects(db, &(struct report_query){ .until = 5000, .limit = 9 }), "a: 6 = ");
	ck_int(strncmp(effects(db, &(struct report_query){ .limit = 1 }), "a: ", 3), 0);
	db_close(db);
}

static void count_decision(const struct decision_row *row, void *arg)
{
	snprintf((char *)arg + strlen(arg), 20, "%s ", row->decision);
}

TEST(decisions_about_an_incident_are_those_of_its_alerts)
{
	struct db *db = stored_open();
	char text[200] = "";
	struct err err;

	add_incident(db, 1, "a", "id = 1");
	add_incident(db, 2, "a", "id = 2");
	stored_sql(db, "INSERT INTO delivery VALUES (1, 1, '', '', '', '', '', 1, 0, NULL, x'', x'',"
		       " NULL)");
	stored_sql(db, "INSERT INTO episode (identity, status, incident_id, fingerprint, labels,"
		       " annotations, generator_url, starts_at, first_seen, last_seen, occurrences,"
		       " last_delivery_id) VALUES (x'01', 'firing', 1, 'f', '{}', '{}', '', 1, 1, 1,"
		       " 1, 1), (x'02', 'resolved', 1, 'f', '{}', '{}', '', 1, 1, 1, 1, 1)");
	stored_sql(db, "INSERT INTO decision (delivery_id, position, at, fingerprint, alertname,"
		       " decision, reason, incident_id) VALUES (1, 0, 1, 'f', 'a', 'queued', '', 1),"
		       " (1, 1, 1, 'f', 'a', 'repeat', '', 2), (1, 2, 1, 'f', 'a', 'resolved', '',"
		       " 1)");
	must_ok(decisions_about(db, 1, 10, count_decision, text, &err), err);
	ck_str(text, "queued resolved ");
	db_close(db);
}

TEST(an_incident_from_before_has_a_timeline_too)
{
	struct err err;
	struct db *db = db_open("test.db", &err);

	must(db != NULL);
	must_ok(migrate_steps(db, migrations, 1, &err), err);
	stored_sql(db, "INSERT INTO incident (status, title, severity, service, labels, annotations,"
		       " group_hash, generation, firing, opened_at, resolved_at) VALUES ('resolved',"
		       " 't', '', '', '{\"alertname\":\"Down\"}', '{}', x'00', 1, 0, 1000, 2000)");
	must_ok(migrate(db, &err), err);
	ck_int(stored_count(db, "SELECT count(*) FROM incident WHERE alertname = 'Down'"), 1);
	ck_int(stored_count(db, "SELECT at FROM timeline WHERE id = 1 AND kind = 'opened'"), 1000);
	ck_int(stored_count(db, "SELECT at FROM timeline WHERE id = 2 AND kind = 'resolved'"),
			2000);
	db_close(db);
}
