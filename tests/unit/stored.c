/* SPDX-License-Identifier: Apache-2.0 */
#include "stored.h"

#include <string.h>

#include "store/deliveries.h"
#include "store/episodes.h"
#include "store/incidents.h"
#include "store/runs.h"
#include "sys/migrate.h"
#include "test.h"

struct db *stored_open(void)
{
	struct err err;
	struct db *db = db_open("test.db", &err);

	must(db != NULL);
	must_ok(migrate(db, &err), err);
	return db;
}

void stored_sql(struct db *db, const char *sql)
{
	struct err err;

	must_ok(db_exec(db, sql, &err), err);
}

int64_t stored_count(struct db *db, const char *sql)
{
	struct stmt *s = db_stmt(db, sql);
	struct err err;
	int64_t count;

	must(stmt_step(s, &err) == 1);
	count = stmt_col_int(s, 0);
	stmt_reset(s);
	return count;
}

struct db *stored_with_delivery(void)
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
	struct db *db = stored_open();
	struct err err;
	int64_t id;

	must_ok(deliveries_add(db, &row, &id, &err), err);
	must(id == 1);
	return db;
}

int64_t stored_incident(struct db *db, uint8_t group)
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

int64_t stored_episode(struct db *db, uint8_t identity, const char *status)
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

int stored_run(struct db *db, int64_t incident, uint8_t target, const char *trigger,
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

void stored_move(struct db *db, int64_t id, enum incident_event event, int change, int64_t now)
{
	struct incident_facts facts;
	struct err err;

	must_ok(incidents_facts(db, id, &facts, &err), err);
	must_ok(incidents_move(db, &facts, event, change, now, &err), err);
}

void stored_past_run(struct db *db, const struct stored_past *run)
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

void stored_ended(struct db *db, int64_t queued_at, const char *status, const char *value)
{
	uint8_t ended = (uint8_t)run_status_parse(status);

	stored_past_run(db, &(struct stored_past){ .queued_at = queued_at,
					    .started_at = ended == RUN_QUEUED ? 0 : queued_at,
					    .finished_at = queued_at + 10,
					    .status = ended,
					    .value = value });
}
