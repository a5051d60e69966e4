/* SPDX-License-Identifier: Apache-2.0 */
#include "store/approvals.h"
#include "store/deliveries.h"
#include "store/episodes.h"
#include "store/guard_facts.h"
#include "store/idempotency.h"
#include "store/incidents.h"
#include "store/pauses.h"
#include "store/retention.h"
#include "store/runs.h"
#include "store/steps.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "sys/migrate.h"
#include "test.h"

/* A real database in the test's folder, with one delivery in it. */
static struct db *must_open(void)
{
	static const uint8_t hash[DIGEST_SIZE] = { 1 };
	const struct delivery_row row = { .received_at = 1000,
		.principal = "127.0.0.1",
		.external_url = "http://am-1",
		.receiver = "r",
		.group_key = "{}",
		.notification_reason = "",
		.alerts = 1,
		.body_hash = hash,
		.body = "{\"a\":1}",
		.body_len = 7 };
	struct err err;
	struct db *db = db_open("test.db", &err);
	int64_t id;

	must(db != NULL);
	must_ok(migrate(db, &err), err);
	must_ok(deliveries_add(db, &row, &id, &err), err);
	must(id == 1);
	return db;
}

static int64_t must_add_incident(struct db *db, uint8_t group)
{
	uint8_t hash[DIGEST_SIZE] = { group };
	const struct incident_row row = { .title = "t",
		.level = "L2",
		.severity = "critical",
		.service = "argus",
		.playbook = "p",
		.labels = "{}",
		.annotations = "{}",
		.group_hash = hash,
		.opened_at = 1000 };
	struct err err;
	int64_t id;

	must_ok(incidents_add(db, &row, &id, &err), err);
	return id;
}

static int64_t must_add_episode(struct db *db, uint8_t identity, const char *status)
{
	uint8_t bytes[DIGEST_SIZE] = { identity };
	const struct episode_row row = { .identity = bytes,
		.status = status,
		.fingerprint = "f",
		.labels = "{}",
		.annotations = "{}",
		.generator_url = "",
		.starts_at = 500,
		.ends_at = strcmp(status, "firing") ? 900 : 0,
		.first_seen = 1000,
		.last_seen = 1000,
		.occurrences = 1,
		.delivery_id = 1 };
	struct err err;
	int64_t id;

	must_ok(episodes_add(db, &row, &id, &err), err);
	return id;
}

static int add_run(struct db *db, int64_t incident, uint8_t target, const char *trigger,
		int64_t *ret_id, struct err *err)
{
	uint8_t bytes[DIGEST_SIZE] = { target };
	struct label items[] = { { "service", "argus" }, { "zone", "" } };
	const struct labels params = { items, 2 };
	const struct run_row row = { .incident_id = incident,
		.times_opened = 1,
		.playbook = "p",
		.target = bytes,
		.trigger = trigger,
		.requested_by = "x",
		.config_hash = bytes,
		.alertname = "Down",
		.alert = "{}",
		.alert_status = "firing",
		.queued_at = 1000 };

	return runs_add(db, &row, &params, ret_id, err);
}

static void take_delivery(const struct delivery_row *row, void *arg)
{
	char *text = arg;

	snprintf(text, 100, "%lld %s %.*s", (long long)row->id, row->external_url,
			(int)row->body_len, row->body ? (const char *)row->body : "");
}

static void take_decision_delivery(const struct decision_row *row, void *arg)
{
	*(int64_t *)arg += row->delivery_id;
}

TEST(a_delivery_keeps_its_raw_body)
{
	struct db *db = must_open();
	char text[100] = "";
	struct err err;

	ck_int(deliveries_get(db, 1, take_delivery, text, &err), 1);
	ck_str(text, "1 http://am-1 {\"a\":1}");
	ck_int(deliveries_get(db, 2, take_delivery, text, &err), 0);
	ck_int(deliveries_list(db, 0, 10, take_delivery, text, &err), 0);
	ck_str(text, "1 http://am-1 ");
	ck_int(deliveries_list(db, 1, 10, take_delivery, strcpy(text, "none"), &err), 0);
	ck_str(text, "none");
	db_close(db);
}

static void take_decision(const struct decision_row *row, void *arg)
{
	char *text = arg;

	snprintf(text + strlen(text), 20, "%lld:%lld ", (long long)row->delivery_id,
			(long long)row->position);
}

TEST(decisions_are_listed_newest_first_and_by_fingerprint)
{
	struct db *db = must_open();
	struct decision_row row = {
		.delivery_id = 1, .alertname = "a", .decision = "queued", .reason = ""
	};
	char text[200] = "";
	struct err err;

	for (row.position = 0; row.position < 5; row.position++) {
		row.fingerprint = row.position % 2 ? "odd" : "even";
		must_ok(decisions_add(db, &row, &err), err);
	}
	must_ok(decisions_list(db, &(struct decision_query){ .limit = 3 }, take_decision, text,
				&err),
			err);
	ck_str(text, "1:4 1:3 1:2 ");
	text[0] = '\0';
	must_ok(decisions_list(db,
				&(struct decision_query){ .before_delivery = 1,
						.before_position = 3,
						.limit = 9 },
				take_decision, text, &err),
			err);
	ck_str(text, "1:2 1:1 1:0 ");
	text[0] = '\0';
	must_ok(decisions_list(db,
				&(struct decision_query){ .fingerprint = "odd",
						.decision = "queued",
						.limit = 9 },
				take_decision, text, &err),
			err);
	ck_str(text, "1:3 1:1 ");
	db_close(db);
}

TEST(a_word_that_is_no_decision_is_refused_by_the_database)
{
	struct db *db = must_open();
	const struct decision_row row = { .delivery_id = 1,
		.fingerprint = "",
		.alertname = "",
		.decision = "done",
		.reason = "" };
	struct err err;

	ck_int(decisions_add(db, &row, &err), -1);
	ck_int(err.code, ERR_CONFLICT);
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
	struct db *db = must_open();
	struct plan_episode episode;
	struct err err;
	int64_t id = must_add_episode(db, 7, "firing");
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

static void take_incident(const struct incident_row *row, void *arg)
{
	char *text = arg;

	snprintf(text, 200, "%s gen %lld firing %lld mitigated %lld resolved %lld (%s)",
			incident_status_names[row->status], (long long)row->times_opened,
			(long long)row->firing, (long long)row->mitigated_at,
			(long long)row->resolved_at, row->attention ? row->attention : "-");
}

static void must_move(struct db *db, int64_t id, enum incident_event event, int change, int64_t now)
{
	struct incident_facts facts;
	struct err err;

	must_ok(incidents_facts(db, id, &facts, &err), err);
	must_ok(incidents_move(db, &facts, event, change, now, &err), err);
}

#define ck_incident(want)                                                    \
	do {                                                                 \
		ck_int(incidents_get(db, id, take_incident, text, &err), 1); \
		ck_str(text, want);                                          \
	} while (0)

TEST(an_incident_goes_its_way_and_can_be_opened_again)
{
	struct db *db = must_open();
	int64_t id = must_add_incident(db, 1);
	char text[200];
	struct err err;

	ck_incident("firing gen 1 firing 0 mitigated 0 resolved 0 (-)");
	must_move(db, id, INCIDENT_FIRE, 1, 1000);
	must_ok(incidents_count(db, id, 1, &err), err);
	must_ok(incidents_attention(db, id, "look", &err), err);
	ck_incident("firing gen 1 firing 2 mitigated 0 resolved 0 (look)");
	must_move(db, id, INCIDENT_MITIGATE, 0, 2000);
	ck_incident("mitigated gen 1 firing 2 mitigated 2000 resolved 0 (look)");
	must_ok(incidents_count(db, id, -1, &err), err);
	must_move(db, id, INCIDENT_RESOLVE, -1, 3000);
	ck_incident("resolved gen 1 firing 0 mitigated 2000 resolved 3000 (-)");
	must_move(db, id, INCIDENT_FIRE, 1, 4000);
	ck_incident("firing gen 2 firing 1 mitigated 0 resolved 0 (-)");
	must_move(db, id, INCIDENT_CLOSE, 0, 5000);

	struct incident_facts facts;

	must_ok(incidents_facts(db, id, &facts, &err), err);
	ck_int(incidents_move(db, &facts, INCIDENT_FIRE, 1, 6000, &err), -1);
	ck_int(err.code, ERR_BUG);
	ck_str(err.msg, "incident 1: a closed incident cannot take event 0");

	facts.status = INCIDENT_FIRING; /* as it was before somebody else closed it */
	ck_int(incidents_move(db, &facts, INCIDENT_MITIGATE, 0, 6000, &err), -1);
	ck_int(err.code, ERR_BUG);
	ck_str(err.msg, "incident 1: it is not firing any more, and cannot become mitigated");
	ck_incident("closed gen 2 firing 1 mitigated 0 resolved 0 (-)");
	db_close(db);
}

/* Invariant I6. */
TEST(one_open_incident_for_each_group)
{
	static const uint8_t hash[DIGEST_SIZE] = { 1 };
	struct db *db = must_open();
	int64_t id = must_add_incident(db, 1);
	const struct incident_row row = { .title = "t",
		.severity = "",
		.service = "",
		.labels = "{}",
		.annotations = "{}",
		.group_hash = hash };
	struct incident_facts facts;
	struct err err;
	int64_t none;

	ck_int(incidents_add(db, &row, &none, &err), -1);
	ck_int(err.code, ERR_CONFLICT);
	must_move(db, id, INCIDENT_RESOLVE, 0, 3000);
	must_ok(incidents_of_group(db, hash, 3001, &facts, &err), err);
	ck_int(facts.id, 0);
	must_ok(incidents_of_group(db, hash, 3000, &facts, &err), err);
	ck_int(facts.id, id);
	ck_int(must_add_incident(db, 1), id + 1);
	must_ok(incidents_of_group(db, hash, 3000, &facts, &err), err);
	ck_int(facts.id, id + 1);
	db_close(db);
}

/* With a clock that was set back between them, the older can have the later end. */
TEST(only_the_latest_incident_of_a_group_is_opened_again_and_none_beside_an_open_one)
{
	static const uint8_t hash[DIGEST_SIZE] = { 1 };
	struct db *db = must_open();
	struct incident_facts facts;
	struct err err;
	int64_t older = must_add_incident(db, 1);
	int64_t latest;

	must_move(db, older, INCIDENT_RESOLVE, 0, 9000);
	latest = must_add_incident(db, 1);
	must_move(db, latest, INCIDENT_RESOLVE, 0, 2000);
	must_ok(incidents_of_group(db, hash, 3000, &facts, &err), err);
	ck_int(facts.id, 0);
	must_move(db, older, INCIDENT_FIRE, 1, 1000);
	must_ok(incidents_of_group(db, hash, 1000, &facts, &err), err);
	ck_int(facts.id, older);
	db_close(db);
}

TEST(an_alert_causes_one_run_for_each_target_of_an_incident)
{
	static const uint8_t target[DIGEST_SIZE] = { 5 };
	struct db *db = must_open();
	int64_t incident = must_add_incident(db, 1);
	struct run_facts facts;
	struct err err;
	int64_t id;
	int64_t other;

	must_ok(add_run(db, incident, 5, "alert", &id, &err), err);
	ck_int(add_run(db, incident, 5, "alert", &other, &err), -1);
	ck_int(err.code, ERR_CONFLICT);
	must_ok(add_run(db, incident, 6, "alert", &other, &err), err);
	must_ok(runs_once(db, incident, 1, target, &facts, &err), err);
	ck_int(facts.id, id);
	ck_int(facts.status, RUN_QUEUED);
	must_ok(runs_once(db, incident, 2, target, &facts, &err), err);
	ck_int(facts.id, 0);
	must_ok(add_run(db, incident, 5, "replay", &other, &err), err);
	must_ok(runs_last(db, target, &facts, &err), err);
	ck_int(facts.id, other);
	db_close(db);
}

static void take_run(const struct run_row *row, void *arg)
{
	char *text = arg;

	snprintf(text + strlen(text), 100, "%lld %s %s %lld %lld;", (long long)row->id,
			run_status_names[row->status], run_status_names[row->pending_status],
			(long long)row->started_at, (long long)row->finished_at);
}

static bool take_queued(const struct run_row *row, void *arg)
{
	take_run(row, arg);
	return true;
}

TEST(a_run_leaves_the_queue_and_ends)
{
	struct db *db = must_open();
	struct arena *arena = arena_new();
	struct run_cursor cursor = { .status = RUN_RUNNING };
	struct labels params;
	char text[300] = "";
	struct err err;
	int64_t id;

	must_ok(add_run(db, 0, 5, "manual", &id, &err), err);
	must_ok(runs_queued(db, take_queued, text, &err), err);
	must_ok(runs_move(db, id, RUN_QUEUED, &cursor, 2000, &err), err);
	must_ok(runs_queued(db, take_queued, text, &err), err);
	cursor.pending_status = RUN_TIMED_OUT;
	must_ok(runs_move(db, id, RUN_RUNNING, &cursor, 2500, &err), err);
	must_ok(runs_active(db, take_run, text, &err), err);
	cursor.status = RUN_TIMED_OUT;
	must_ok(runs_move(db, id, RUN_RUNNING, &cursor, 3000, &err), err);
	must_ok(runs_active(db, take_run, text, &err), err);
	ck_int(runs_get(db, id, take_run, text, &err), 1);
	ck_str(text, "1 queued queued 0 0;1 running timed_out 2000 0;"
		     "1 timed_out timed_out 2000 3000;");
	must_ok(runs_params(db, id, arena, &params, &err), err);
	ck_int(params.len, 2);
	ck_str(params.items[0].value, "argus");
	ck_str(params.items[1].name, "zone");
	arena_free(arena);
	db_close(db);
}

/* A status that is not final may stay, while what the run will end with changes. */
TEST(a_run_moves_only_by_an_arrow_and_from_what_it_is)
{
	struct run_cursor cursor = { .status = RUN_RUNNING };
	struct db *db = must_open();
	char text[300] = "";
	struct err err;
	int64_t id;

	must_ok(add_run(db, 0, 5, "manual", &id, &err), err);

	/* no such arrow */
	cursor.status = RUN_FAILED;
	ck_int(runs_move(db, id, RUN_QUEUED, &cursor, 2000, &err), -1);
	ck_int(err.code, ERR_BUG);
	ck_str(err.msg, "run 1: a run that is queued cannot become failed");

	/* another was faster */
	cursor.status = RUN_VERIFYING;
	ck_int(runs_move(db, id, RUN_RUNNING, &cursor, 2000, &err), -1);
	ck_int(err.code, ERR_BUG);
	ck_str(err.msg, "run 1: it is not running any more, and cannot become verifying");
	ck_int(runs_move(db, 7, RUN_RUNNING, &cursor, 2000, &err), -1);
	ck_str(err.msg, "run 7: it is not running any more, and cannot become verifying");
	ck_int(runs_get(db, id, take_run, text, &err), 1);
	ck_str(text, "1 queued queued 0 0;");

	/* what is over stays over */
	cursor.status = RUN_CANCELED;
	must_ok(runs_move(db, id, RUN_QUEUED, &cursor, 2000, &err), err);
	ck_int(runs_move(db, id, RUN_CANCELED, &cursor, 3000, &err), -1);
	ck_str(err.msg, "run 1: a run that is canceled cannot become canceled");
	text[0] = '\0';
	ck_int(runs_get(db, id, take_run, text, &err), 1);
	ck_str(text, "1 canceled queued 0 2000;");
	db_close(db);
}

TEST(the_first_who_cancels_is_kept_and_only_what_waits_follows_a_configuration)
{
	static const uint8_t hash[DIGEST_SIZE] = { 9 };
	const struct run_cursor running = { .status = RUN_RUNNING };
	const struct run_cursor canceled = { .status = RUN_CANCELED };
	struct db *db = must_open();
	struct err err;
	int64_t id;

	must_ok(add_run(db, 0, 5, "manual", &id, &err), err);
	must_ok(runs_follow(db, id, hash, &err), err);
	must_ok(runs_move(db, id, RUN_QUEUED, &running, 2000, &err), err);
	ck_int(runs_follow(db, id, hash, &err), -1);
	ck_int(err.code, ERR_BUG);
	ck_has(err.msg, "run 1: it does not wait any more");
	must_ok(runs_cancel(db, id, "eve", &err), err);
	ck_int(runs_cancel(db, id, "bob", &err), -1);
	ck_int(err.code, ERR_BUG);
	ck_str(err.msg, "run 1: it is over, or canceled already");
	must_ok(runs_move(db, id, RUN_RUNNING, &canceled, 3000, &err), err);
	must_ok(add_run(db, 0, 6, "manual", &id, &err), err);
	must_ok(runs_move(db, id, RUN_QUEUED, &canceled, 3000, &err), err);
	ck_int(runs_cancel(db, id, "bob", &err), -1);
	db_close(db);
}

TEST(a_question_that_is_answered_is_not_asked_anew)
{
	struct approval_row row = { .binding = { .step = 0, .expires_at = 5000 },
		.name = "may it" };
	struct approval_answer answer = { .decision = APPROVAL_CANCELED, .now = 2000 };
	struct db *db = must_open();
	struct err err;
	bool taken;

	must_ok(add_run(db, 0, 5, "manual", &answer.run_id, &err), err);
	row.binding.run = (uint64_t)answer.run_id;
	must_ok(approvals_add(db, &row, &err), err);
	must_ok(approvals_rebind(db, &row, &err), err);
	must_ok(approvals_decide(db, &answer, &taken, &err), err);
	ck(taken);
	ck_int(approvals_rebind(db, &row, &err), -1);
	ck_int(err.code, ERR_BUG);
	ck_str(err.msg, "run 1: its question is answered already");
	must_ok(approvals_decide(db, &answer, &taken, &err), err);
	ck(!taken);
	db_close(db);
}

static void take_step(const struct step_row *row, void *arg)
{
	char *text = arg;

	snprintf(text + strlen(text), 200, "%lld.%lld %s %s exit %lld kept %lld of %lld '%.*s';",
			(long long)row->step, (long long)row->attempt,
			step_status_names[row->status], row->reason, (long long)row->exit_code,
			(long long)row->kept_bytes, (long long)row->output_bytes,
			(int)row->tail_len, row->tail ? row->tail : "");
}

static void take_output(const struct step_row *row, const struct step_output *output, void *arg)
{
	char *text = arg;

	snprintf(text, 100, "%lld.%lld %.*s|%.*s", (long long)row->step, (long long)row->attempt,
			(int)output->head_len, (const char *)output->head, (int)output->tail_len,
			(const char *)output->tail);
}

TEST(an_attempt_is_written_once_and_keeps_its_output)
{
	struct db *db = must_open();
	const struct step_output output = { "head", 4, "tail", 4 };
	struct step_row row = { .step = 2,
		.attempt = 1,
		.phase = "steps",
		.kind = "run",
		.name = "n",
		.argv = "[]",
		.status = STEP_STARTING,
		.reason = "",
		.exit_code = -1,
		.started_at = 1000 };
	char text[400] = "";
	struct err err;

	must_ok(add_run(db, 0, 5, "manual", &row.run_id, &err), err);
	must_ok(steps_add(db, &row, &err), err);
	ck_int(steps_add(db, &row, &err), -1);
	ck_int(err.code, ERR_CONFLICT);
	row.pid = 77;
	must_ok(steps_started(db, &row, &err), err);
	must_ok(steps_list(db, row.run_id, take_step, text, &err), err);
	ck_str(text, "2.1 running  exit -1 kept 0 of 0 '';");
	ck_int(steps_started(db, &row, &err), -1);
	ck_int(err.code, ERR_BUG);
	ck_str(err.msg, "run 1, step 2, attempt 1: it is not starting any more");
	row.status = STEP_FAILED;
	row.exit_code = 3;
	row.output_bytes = 100;
	row.reason = "exit status 3";
	row.finished_at = 2000;
	must_ok(steps_ended(db, &row, &err), err);
	ck_int(steps_ended(db, &row, &err), -1);
	ck_int(err.code, ERR_BUG);
	ck_str(err.msg, "run 1, step 2, attempt 1: it has ended already");
	must_ok(steps_output_keep(db, &row, &output, &err), err);
	text[0] = '\0';
	must_ok(steps_of(db, row.run_id, 2, take_step, text, &err), err);
	ck_str(text, "2.1 failed exit status 3 exit 3 kept 8 of 100 'il';");
	ck_int(steps_output_get(db, row.run_id, 2, 0, take_output, text, &err), 1);
	ck_str(text, "2.1 head|tail");
	ck_int(steps_output_get(db, row.run_id, 2, 2, take_output, text, &err), 0);
	ck_int(steps_output_get(db, row.run_id, 1, 0, take_output, text, &err), 0);
	db_close(db);
}

TEST(a_probe_goes_on_in_its_one_row)
{
	struct db *db = must_open();
	struct step_row row = { .step = 0,
		.attempt = 1,
		.phase = "verify",
		.kind = "check",
		.name = "n",
		.argv = "[]",
		.status = STEP_WAITING,
		.reason = "",
		.exit_code = -1,
		.started_at = 1000 };
	char text[400] = "";
	struct err err;

	must_ok(add_run(db, 0, 5, "manual", &row.run_id, &err), err);
	must_ok(steps_add(db, &row, &err), err);
	row.attempt = 2;
	row.reason = "status 502";
	must_ok(steps_probe_again(db, &row, &err), err);
	must_ok(steps_list(db, row.run_id, take_step, text, &err), err);
	ck_str(text, "0.2 waiting status 502 exit -1 kept 0 of 0 '';");
	db_close(db);
}

static bool two_at_most(const struct incident_row *row, void *arg)
{
	char *text = arg;

	snprintf(text + strlen(text), 20, "%lld ", (long long)row->id);
	return strlen(text) < 4;
}

TEST(incidents_are_listed_newest_first_by_keyset)
{
	struct db *db = must_open();
	char text[100] = "";
	struct err err;
	int64_t open;

	for (uint8_t i = 1; i <= 5; i++) {
		must_add_incident(db, i);
	}
	must_move(db, 2, INCIDENT_CLOSE, 0, 1);
	must_ok(incidents_each(db, &(struct incident_query){ .before = 4 }, two_at_most, text,
				&err),
			err);
	ck_str(text, "3 2 ");
	text[0] = '\0';
	must_ok(incidents_each(db, &(struct incident_query){ .status = "closed" }, two_at_most,
				text, &err),
			err);
	ck_str(text, "2 ");
	must_ok(incidents_open_count(db, &open, &err), err);
	ck_int(open, 4);
	db_close(db);
}

TEST(a_run_is_the_next_one_or_as_high_as_it_must_be)
{
	static const struct {
		int64_t at_least;
		int64_t id;
	} rows[] = { { 0, 1 }, { 0, 2 }, { 2, 3 }, { 4, 4 }, { 9, 9 }, { 9, 10 }, { 0, 11 } };
	struct db *db = must_open();
	const struct labels params = { 0 };
	struct err err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint8_t bytes[DIGEST_SIZE] = { (uint8_t)i };
		const struct run_row row = { .id = rows[i].at_least,
			.playbook = "p",
			.target = bytes,
			.trigger = "manual",
			.requested_by = "x",
			.config_hash = bytes,
			.alertname = "Down",
			.alert = "{}",
			.alert_status = "firing" };
		int64_t id = 0;

		must_ok(runs_add(db, &row, &params, &id, &err), err);
		ck_int(id, rows[i].id);
	}
	db_close(db);
}

/* A run of playbook p at times, of which 0 is none. */
struct past_run {
	int64_t queued_at;
	int64_t started_at;
	int64_t finished_at;
	uint8_t status; /* enum run_status */
	const char *trigger;
	const char *value;
};

static void must_add_run(struct db *db, const struct past_run *run)
{
	static uint8_t target;
	uint8_t bytes[DIGEST_SIZE] = { ++target };
	const struct labels params = { 0 };
	bool waits = run->status == RUN_AWAITING_APPROVAL && !run->started_at;
	enum run_status from = waits ? RUN_AWAITING_APPROVAL : RUN_QUEUED;
	const struct run_row row = { .playbook = "p",
		.status = from,
		.target = bytes,
		.trigger = run->trigger ? run->trigger : "manual",
		.requested_by = "x",
		.config_hash = bytes,
		.distinct_value = run->value,
		.alertname = "Down",
		.alert = "{}",
		.alert_status = "firing",
		.queued_at = run->queued_at };
	struct run_cursor cursor = { .status = RUN_RUNNING };
	struct err err;
	int64_t id;

	must_ok(runs_add(db, &row, &params, &id, &err), err);
	if (run->started_at) {
		must_ok(runs_move(db, id, from, &cursor, run->started_at, &err), err);
		from = RUN_RUNNING;
	}
	if (run->started_at && run->status == RUN_REJECTED) {
		cursor.status = RUN_AWAITING_APPROVAL;
		must_ok(runs_move(db, id, from, &cursor, run->started_at, &err), err);
		from = RUN_AWAITING_APPROVAL;
	}
	if (run->status != from && (run->finished_at || !run_status_final(run->status))) {
		cursor.status = run->status;
		must_ok(runs_move(db, id, from, &cursor, run->finished_at, &err), err);
	}
}

/* It started at once, and ended soon after; status is a final one or "queued". */
static void must_add_ended(struct db *db, int64_t queued_at, const char *status, const char *value)
{
	uint8_t ended = (uint8_t)run_status_parse(status);

	must_add_run(db, &(struct past_run){ .queued_at = queued_at,
					 .started_at = ended == RUN_QUEUED ? 0 : queued_at,
					 .finished_at = queued_at + 10,
					 .status = ended,
					 .value = value });
}

TEST(limit_counts_the_runs_of_its_window_exactly)
{
	struct db *db = must_open();
	int64_t count;
	int64_t oldest;
	struct err err;

	must_add_ended(db, 100, "succeeded", NULL);
	must_add_ended(db, 200, "failed", NULL);
	must_add_ended(db, 300, "queued", NULL);
	must_ok(guard_facts_limit(db, "p", 100, 3, &count, &oldest, &err), err);
	ck_int(count, 3);
	ck_int(oldest, 100);
	must_ok(guard_facts_limit(db, "p", 101, 3, &count, &oldest, &err), err);
	ck_int(count, 2);
	ck_int(oldest, 0);
	must_ok(guard_facts_limit(db, "p", 0, 2, &count, &oldest, &err), err);
	ck_int(count, 2);
	ck_int(oldest, 200);
	must_ok(guard_facts_limit(db, "other", 0, 2, &count, &oldest, &err), err);
	ck_int(count, 0);
	must_ok(guard_facts_starts(db, 101, 10, &count, &err), err);
	ck_int(count, 2);
	must_ok(guard_facts_starts(db, 0, 2, &count, &err), err);
	ck_int(count, 2);
	db_close(db);
}

TEST(limit_max_targets_and_max_starts_count_the_same_runs)
{
	static const struct {
		struct past_run run;
		bool counts;
	} rows[] = {
		{ { 50, 100, 150, RUN_SUCCEEDED }, true },
		{ { 50, 99, 150, RUN_SUCCEEDED }, false },
		{ { 100, 100, 0, RUN_RUNNING }, true },
		{ { 50, 99, 0, RUN_VERIFYING }, false },
		/* What has not started may start now, however long it has waited. */
		{ { 1, 0, 0, RUN_QUEUED }, true },
		{ { 1, 0, 0, RUN_AWAITING_APPROVAL }, true },
		/* It waits for another yes: it started when it started. */
		{ { 50, 100, 0, RUN_AWAITING_APPROVAL }, true },
		{ { 50, 99, 0, RUN_AWAITING_APPROVAL }, false },
		/* What ended before it started did nothing. */
		{ { 110, 0, 120, RUN_CANCELED }, false },
		{ { 110, 0, 120, RUN_REJECTED }, false },
		{ { 110, 0, 120, RUN_INTERRUPTED }, false },
		{ { 50, 110, 120, RUN_CANCELED }, true },
		{ { 50, 110, 120, RUN_REJECTED }, true },
		{ { 50, 110, 120, RUN_INTERRUPTED }, true },
		/* It only looks again. */
		{ { 110, 0, 0, RUN_QUEUED, "escalation" }, false },
		{ { 110, 0, 0, RUN_VERIFYING, "escalation" }, false },
		{ { 50, 110, 120, RUN_SUCCEEDED, "escalation" }, false },
		{ { 50, 110, 120, RUN_SUCCEEDED, "replay" }, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct past_run run = rows[i].run;
		struct db *db = must_open();
		int64_t limit, oldest, starts, targets;
		struct err err;

		run.value = "a";
		must_add_run(db, &run);
		must_ok(guard_facts_limit(db, "p", 100, 9, &limit, &oldest, &err), err);
		must_ok(guard_facts_starts(db, 100, 9, &starts, &err), err);
		must_ok(guard_facts_targets(db, "p", "b", 100, &targets, &err), err);
		if (limit != rows[i].counts || starts != limit || targets != limit) {
			test_fail(__FILE__, __LINE__, "row %zu: %d %d %d", i, (int)limit,
					(int)starts, (int)targets);
		}
		db_close(db);
		must(unlink("test.db") == 0);
	}
}

TEST(limit_says_when_the_next_may_start)
{
	static const struct {
		int64_t runs, count, oldest;
	} rows[] = {
		{ 1, 1, 0 }, /* the one that waits is the latest of all */
		{ 2, 2, 300 },
		{ 3, 3, 200 },
		{ 4, 3, 0 },
	};
	struct db *db = must_open();
	int64_t count, oldest;
	struct err err;

	must_add_ended(db, 100, "succeeded", NULL);
	must_add_run(db, &(struct past_run){ 10, 300, 310, RUN_FAILED });
	must_add_ended(db, 200, "failed", NULL);
	must_add_ended(db, 50, "queued", NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		must_ok(guard_facts_limit(db, "p", 101, rows[i].runs, &count, &oldest, &err), err);
		ck_int(count, rows[i].count);
		ck_int(oldest, rows[i].oldest);
	}
	must_ok(guard_facts_limit(db, "other", 0, 2, &count, &oldest, &err), err);
	ck_int(count, 0);
	must_ok(guard_facts_starts(db, 101, 2, &count, &err), err);
	ck_int(count, 2);
	db_close(db);
}

TEST(breaker_counts_failures_since_the_last_run_that_helped)
{
	struct db *db = must_open();
	struct guard_run last;
	struct guard_run trial;
	int64_t failures;
	struct err err;

	must_add_ended(db, 100, "failed", NULL);
	must_add_ended(db, 200, "succeeded", NULL);
	must_ok(guard_facts_breaker(db, "p", 3, &failures, &last, &trial, &err), err);
	ck_int(failures, 0);
	must_add_ended(db, 300, "failed", NULL);
	must_add_ended(db, 400, "timed_out", NULL);
	must_add_ended(db, 450, "canceled", NULL);
	must_add_ended(db, 500, "interrupted", NULL);
	must_ok(guard_facts_breaker(db, "p", 9, &failures, &last, &trial, &err), err);
	ck_int(failures, 3);
	ck_int(last.id, 6);
	ck_int(last.at, 510);
	ck_int(trial.id, 0);
	must_add_ended(db, 600, "queued", NULL);
	must_ok(guard_facts_breaker(db, "p", 2, &failures, &last, &trial, &err), err);
	ck_int(failures, 2);
	ck_int(trial.id, 7);
	must_ok(db_exec(db, "UPDATE run SET did_not_help = 1 WHERE id = 2", &err), err);
	must_ok(guard_facts_breaker(db, "p", 9, &failures, &last, &trial, &err), err);
	ck_int(failures, 5);
	db_close(db);
}

TEST(max_targets_counts_other_values_once)
{
	struct db *db = must_open();
	int64_t others;
	struct err err;

	must_add_ended(db, 100, "failed", "a");
	must_add_ended(db, 200, "failed", "b");
	must_add_ended(db, 300, "failed", "b");
	must_add_ended(db, 400, "failed", "c");
	must_ok(guard_facts_targets(db, "p", "c", 0, &others, &err), err);
	ck_int(others, 2);
	must_ok(guard_facts_targets(db, "p", "d", 200, &others, &err), err);
	ck_int(others, 2);
	must_ok(guard_facts_targets(db, "p", "d", 201, &others, &err), err);
	ck_int(others, 2);
	must_ok(guard_facts_targets(db, "p", "d", 301, &others, &err), err);
	ck_int(others, 1);
	db_close(db);
}

TEST(who_was_called_for_all_targets_is_told_while_the_incident_is_open_and_the_window_lasts)
{
	struct db *db = must_open();
	int64_t first = must_add_incident(db, 1);
	int64_t second = must_add_incident(db, 2);
	struct guard_outage call = { "p", first, 1000 };
	int64_t called = 0;
	struct err err;

	must_ok(guard_facts_outage(db, &call, 100, &called, &err), err);
	ck_int(called, 0);
	must_ok(guard_facts_note_outage(db, &call, &err), err);
	call = (struct guard_outage){ "p", second, 1099 };
	must_ok(guard_facts_outage(db, &call, 100, &called, &err), err);
	ck_int(called, first);
	called = 0;
	call.now = 1100;
	must_ok(guard_facts_outage(db, &call, 100, &called, &err), err);
	ck_int(called, 0);
	call.now = 999; /* the clock was set back */
	must_ok(guard_facts_outage(db, &call, 100, &called, &err), err);
	ck_int(called, 0);
	call.now = 1050;
	call.playbook = "q";
	must_ok(guard_facts_outage(db, &call, 100, &called, &err), err);
	ck_int(called, 0);
	call.playbook = "p";
	must_move(db, first, INCIDENT_RESOLVE, 0, 1050);
	must_ok(guard_facts_outage(db, &call, 100, &called, &err), err);
	ck_int(called, 0);
	must_ok(guard_facts_note_outage(db, &call, &err), err);
	must_ok(guard_facts_outage(db, &call, 100, &called, &err), err);
	ck_int(called, second);
	db_close(db);
}

static void must_hold(struct db *db, int64_t id, int64_t lock, int64_t playbook)
{
	const struct run_row row = { .id = id, .lock = "l", .playbook = "p" };
	struct run_holding holding;
	struct err err;

	must_ok(runs_holding(db, &row, &holding, &err), err);
	ck_int(holding.lock, lock);
	ck_int(holding.playbook, playbook);
}

TEST(a_run_that_has_begun_and_waits_holds_its_lock)
{
	struct db *db = must_open();
	struct err err;

	must_add_ended(db, 100, "failed", NULL);
	must_add_ended(db, 200, "failed", NULL);
	must_ok(db_exec(db,
				"UPDATE run SET lock = 'l', started_at = NULL, finished_at = NULL,"
				" status = 'awaiting_approval'",
				&err),
			err);
	must_hold(db, 0, 0, 0);
	must_ok(db_exec(db, "UPDATE run SET started_at = 5", &err), err);
	must_hold(db, 0, 2, 2);
	must_hold(db, 1, 1, 1);
	must_ok(db_exec(db, "UPDATE run SET status = 'queued' WHERE id = 1", &err), err);
	must_hold(db, 0, 2, 2);
	must_ok(db_exec(db, "UPDATE run SET lock = 'm' WHERE id = 1", &err), err);
	must_hold(db, 0, 1, 2);
	must_ok(db_exec(db, "UPDATE run SET status = 'running'", &err), err);
	must_hold(db, 0, 0, 0);
	db_close(db);
}

TEST(a_run_that_was_not_let_or_waits_did_not_help)
{
	struct db *db = must_open();
	int64_t incident = must_add_incident(db, 1);
	int64_t count = 0;
	struct err err;
	int64_t run;

	must_ok(add_run(db, incident, 1, "manual", &run, &err), err);
	must_ok(runs_unhelpful(db, incident, &count, &err), err);
	ck_int(count, 0);
	must_ok(db_exec(db, "UPDATE run SET status = 'awaiting_approval'", &err), err);
	must_ok(runs_unhelpful(db, incident, &count, &err), err);
	ck_int(count, 1);
	must_ok(db_exec(db, "UPDATE run SET status = 'rejected'", &err), err);
	must_ok(runs_unhelpful(db, incident, &count, &err), err);
	ck_int(count, 1);
	db_close(db);
}

static enum retention_answer take_removed(int64_t run_id, void *arg)
{
	char *text = arg;

	snprintf(text + strlen(text), 20, "%lld ", (long long)run_id);
	return RETENTION_GONE;
}

static int64_t must_count(struct db *db, const char *sql)
{
	struct stmt *s = db_stmt(db, sql);
	struct err err;
	int64_t count;

	must(stmt_step(s, &err) == 1);
	count = stmt_col_int(s, 0);
	stmt_reset(s);
	return count;
}

TEST(retention_removes_what_is_over_and_old_and_keeps_what_is_open)
{
	struct db *db = must_open();
	int64_t over = must_add_incident(db, 1);
	int64_t open = must_add_incident(db, 2);
	char text[100] = "";
	struct err err;
	int64_t run;
	int gone;

	must_add_episode(db, 7, "firing");
	must_ok(add_run(db, over, 1, "manual", &run, &err), err);
	must_ok(add_run(db, open, 2, "manual", &run, &err), err);
	must_add_ended(db, 100, "failed", NULL);
	must_add_ended(db, 5000, "failed", NULL);
	must_ok(db_exec(db, "UPDATE run SET status = 'failed', finished_at = 1000 WHERE id <= 2",
				&err),
			err);
	must_ok(db_exec(db,
				"INSERT INTO approval (run_id, step, name, asked_at, expires_at,"
				" config_hash, work, digest)"
				" VALUES (1, 0, 'n', 1, 2, x'', x'', x'');"
				"INSERT INTO target_call VALUES ('p', 1, 5)",
				&err),
			err);
	must_move(db, over, INCIDENT_RESOLVE, 0, 2000);
	while ((gone = retention_sweep(db, 3000, take_removed, text, &err)) > 0) {
	}
	ck_int(gone, 0);
	ck_str(text, "3 1 ");
	ck_int(must_count(db, "SELECT count(*) FROM run"), 2);
	ck_int(must_count(db, "SELECT min(id) FROM run"), 2);
	ck_int(must_count(db, "SELECT min(id) FROM incident"), open);
	ck_int(must_count(db, "SELECT count(*) FROM approval"), 0);
	ck_int(must_count(db, "SELECT count(*) FROM target_call"), 0);
	/* The newest delivery stays, and so does the one that an open episode needs. */
	ck_int(must_count(db, "SELECT count(*) FROM delivery"), 1);
	ck_int(must_count(db, "SELECT count(*) FROM episode"), 1);
	db_close(db);
}

static void take_order(const struct idempotency_row *row, void *arg)
{
	snprintf(arg, 100, "%d %s %lld", row->hash[0], row->answer, (long long)row->at);
}

TEST(an_order_is_kept_once_by_principal_route_and_key)
{
	static const uint8_t hash[DIGEST_SIZE] = { 7 };
	struct db *db = must_open();
	struct idempotency_row row = { "eve", "run", "k", hash, "{}", 1000 };
	char text[100] = "";
	struct err err = { 0 };

	ck_int(idempotency_get(db, &row, take_order, text, &err), 0);
	must_ok(idempotency_add(db, &row, &err), err);
	ck_int(idempotency_get(db, &row, take_order, text, &err), 1);
	ck_str(text, "7 {} 1000");
	ck_int(idempotency_add(db, &row, &err), -1);
	ck_int(err.code, ERR_CONFLICT);
	row.principal = "mallory";
	ck_int(idempotency_get(db, &row, take_order, text, &err), 0);
	row.route = "cancel";
	must_ok(idempotency_add(db, &row, &err), err);
	row.at = 5000;
	row.key = "l";
	must_ok(idempotency_add(db, &row, &err), err);
	ck_int(retention_sweep(db, 5000, take_removed, text, &err), 2);
	ck_int(must_count(db, "SELECT count(*) FROM idempotency"), 1);
	db_close(db);
}

static void take_pause(const struct pause_row *row, void *arg)
{
	snprintf(arg, 100, "%s by %s at %lld since %lld until %lld after %lld", row->reason,
			row->by, (long long)row->at, (long long)row->since, (long long)row->until,
			(long long)row->after_delivery);
}

TEST(one_pause_is_on_at_a_time_and_all_are_kept)
{
	struct db *db = must_open();
	struct pause_row row = { .at = 2000, .reason = "one", .by = "eve" };
	char text[100] = "";
	struct err err = { 0 };

	ck_int(pauses_on(db, take_pause, text, &err), 0);
	must_ok(pauses_add(db, &row, &err), err);
	ck_int(pauses_on(db, take_pause, text, &err), 1);
	ck_str(text, "one by eve at 2000 since 2000 until 0 after 1");
	ck_int(pauses_add(db, &row, &err), -1);
	ck_int(err.code, ERR_CONFLICT);
	must_ok(pauses_end(db, 3000, "eve", &err), err);
	ck_int(pauses_on(db, take_pause, text, &err), 0);
	row = (struct pause_row){
		.at = 3000, .since = 2000, .until = 4000, .reason = "two", .by = "bob"
	};
	must_ok(pauses_add(db, &row, &err), err);
	ck_int(pauses_on(db, take_pause, text, &err), 1);
	ck_str(text, "two by bob at 3000 since 2000 until 4000 after 0");
	ck_int(must_count(db, "SELECT count(*) FROM pause"), 2);
	db_close(db);
}

TEST(decisions_of_later_deliveries_only_can_be_asked_for)
{
	static const uint8_t hash[DIGEST_SIZE] = { 1 };
	struct db *db = must_open();
	const struct delivery_row delivery = { .principal = "",
		.external_url = "",
		.receiver = "",
		.group_key = "",
		.notification_reason = "",
		.body_hash = hash,
		.body = "{}",
		.body_len = 2 };
	struct decision_row row = { .delivery_id = 1,
		.fingerprint = "f",
		.alertname = "Down",
		.decision = "paused",
		.reason = "r" };
	const struct decision_query query = {
		.decision = "paused", .after_delivery = 1, .limit = 10
	};
	int64_t seen = 0;
	struct err err;

	must_ok(decisions_add(db, &row, &err), err);
	must_ok(deliveries_add(db, &delivery, &row.delivery_id, &err), err);
	must_ok(decisions_add(db, &row, &err), err);
	must_ok(decisions_list(db, &query, take_decision_delivery, &seen, &err), err);
	ck_int(seen, 2);
	db_close(db);
}

TEST(retention_removes_old_deliveries_but_not_those_of_open_episodes)
{
	static const uint8_t hash[DIGEST_SIZE] = { 1 };
	struct db *db = must_open();
	struct delivery_row row = { .principal = "",
		.external_url = "",
		.receiver = "",
		.group_key = "",
		.notification_reason = "",
		.body_hash = hash,
		.body = "{}",
		.body_len = 2 };
	char text[100] = "";
	struct err err;
	int64_t id;

	must_add_episode(db, 7, "firing");
	for (row.received_at = 2000; row.received_at < 2100; row.received_at++) {
		must_ok(deliveries_add(db, &row, &id, &err), err);
	}
	ck_int(retention_sweep(db, 2090, take_removed, text, &err), RETENTION_BATCH);
	ck_int(retention_sweep(db, 2090, take_removed, text, &err), 90 - RETENTION_BATCH);
	ck_int(retention_sweep(db, 2090, take_removed, text, &err), 0);
	ck_int(must_count(db, "SELECT count(*) FROM delivery"), 11);
	ck_int(must_count(db, "SELECT min(id) FROM delivery"), 1);
	ck_int(retention_sweep(db, 9000, take_removed, text, &err), 9);
	db_close(db);
}

TEST(what_runs_did_after_now_they_did_now)
{
	static const struct {
		int64_t queued_at, started_at, finished_at; /* 0: not */
		int64_t queued_then, started_then, finished_then;
	} rows[] = {
		{ 500, 600, 800, 500, 600, 800 },
		{ 900, 900, 5000, 900, 900, 1000 },
		{ 900, 3000, 0, 900, 1000, 0 },
		{ 7000, 8000, 9000, 1000, 1000, 1000 },
		{ 7000, 0, 9000, 1000, 0, 1000 },
	};
	struct db *db = must_open();
	int64_t count = 0;
	int64_t oldest = 0;
	struct err err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		must_add_run(db, &(struct past_run){ .queued_at = rows[i].queued_at,
						 .started_at = rows[i].started_at,
						 .finished_at = rows[i].finished_at,
						 .status = rows[i].started_at ? RUN_FAILED
									      : RUN_CANCELED });
	}
	must_ok(guard_facts_set_back(db, 1000, &err), err);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char sql[200];

		snprintf(sql, sizeof(sql),
				"SELECT count(*) FROM run WHERE id = %zu AND queued_at = %lld"
				" AND coalesce(started_at, 0) = %lld"
				" AND coalesce(finished_at, 0) = %lld",
				i + 1, (long long)rows[i].queued_then,
				(long long)rows[i].started_then, (long long)rows[i].finished_then);
		ck_int(must_count(db, sql), 1);
	}
	must_ok(guard_facts_limit(db, "p", 950, 2, &count, &oldest, &err), err);
	ck_int(oldest, 1000);
	db_close(db);
}
