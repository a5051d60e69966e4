/* SPDX-License-Identifier: Apache-2.0 */
#include "store/heartbeats.h"

#include <stdio.h>
#include <string.h>

#include "store/episodes.h"
#include "stored.h"
#include "sys/migrate.h"
#include "test.h"

static void print_row(const struct heartbeat_row *row, void *arg)
{
	char *out = arg;

	snprintf(out + strlen(out), 256 - strlen(out), "%s %d %d;", row->name, (int)row->last_at,
			(int)row->missing_at);
}

TEST(a_heartbeat_is_kept_replaced_and_forgotten)
{
	struct db *db = stored_open();
	char out[256] = "";
	struct err err;

	must_ok(heartbeats_put(db, &(struct heartbeat_row){ "b", 5, 0 }, &err), err);
	must_ok(heartbeats_put(db, &(struct heartbeat_row){ "a", 0, 7 }, &err), err);
	must_ok(heartbeats_put(db, &(struct heartbeat_row){ "b", 6, 9 }, &err), err);
	must_ok(heartbeats_each(db, print_row, out, &err), err);
	ck_str(out, "a 0 7;b 6 9;");
	must_ok(heartbeats_forget(db, "a", &err), err);
	must_ok(heartbeats_forget(db, "nobody", &err), err);
	out[0] = '\0';
	must_ok(heartbeats_each(db, print_row, out, &err), err);
	ck_str(out, "b 6 9;");
	db_close(db);
}

/* The decisions of before are there, and the new words may be written. */
TEST(the_migration_keeps_what_was_decided)
{
	static const char delivery[] =
			"INSERT INTO delivery (id, received_at, principal, external_url, receiver,"
			" group_key, notification_reason, alerts, truncated, replay_of, body_hash, body)"
			" VALUES (1, 1, 'p', 'u', 'r', 'g', '', 1, 0, NULL, x'00', x'')";
	static const char decision[] =
			"INSERT INTO decision VALUES (1, 0, 5, 'f', 'Down', 'unmatched', 'why', NULL, 3, 4)";
	static const char ignored[] =
			"INSERT INTO decision VALUES (1, 1, 5, 'f', 'Down', 'ignored', 'why', NULL, NULL, NULL)";
	static const char nonsense[] =
			"INSERT INTO decision VALUES (1, 2, 5, 'f', 'Down', 'nonsense', 'why', NULL, NULL, NULL)";
	static const char kept[] =
			"SELECT decision || reason || incident_id || run_id FROM decision WHERE position = 0";
	struct err err;
	struct db *db = db_open("test.db", &err);
	size_t before = 0;
	struct stmt *s;

	while (strcmp(migrations[before].name + 5, "heartbeat") != 0) {
		before++;
	}
	must_ok(migrate_steps(db, migrations, before, &err), err);
	must_ok(db_exec(db, delivery, &err), err);
	must_ok(db_exec(db, decision, &err), err);
	ck(db_exec(db, ignored, &err) < 0);
	must_ok(migrate(db, &err), err);
	must_ok(db_exec(db, ignored, &err), err);
	ck(db_exec(db, nonsense, &err) < 0);
	s = db_stmt(db, kept);
	must(stmt_step(s, &err) == 1);
	ck_str(stmt_col_text(s, 0), "unmatchedwhy34");
	stmt_reset(s);
	db_close(db);
}

/* An alert that had no incident gets one, and keeps it. */
TEST(an_episode_joins_one_incident)
{
	static const uint8_t identity[DIGEST_SIZE];
	static const char incidents[] =
			"INSERT INTO incident (id, status, title, severity, service, labels, annotations,"
			" group_hash, generation, firing, opened_at) VALUES"
			" (7, 'firing', 't', '', '', '{}', '{}', x'01', 1, 0, 1),"
			" (8, 'firing', 't', '', '', '{}', '{}', x'02', 1, 0, 1)";
	struct episode_row row = { .identity = identity,
		.status = "firing",
		.fingerprint = "f",
		.labels = "{}",
		.annotations = "{}",
		.generator_url = "" };
	struct plan_episode open;
	struct db *db = stored_open();
	struct err err;
	int64_t id;

	must_ok(db_exec(db, incidents, &err), err);
	must_ok(episodes_add(db, &row, &id, &err), err);
	must_ok(episodes_join(db, id, 7, &err), err);
	must_ok(episodes_join(db, id, 8, &err), err);
	must_ok(episodes_open(db, identity, &(struct episode_sender){ "", "", "", identity, "" },
				&open, &err),
			err);
	ck_int(open.incident_id, 7);
	db_close(db);
}
