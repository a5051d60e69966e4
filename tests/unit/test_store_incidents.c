/* SPDX-License-Identifier: Apache-2.0 */
#include "store/incidents.h"

#include <stdio.h>
#include <string.h>

#include "stored.h"
#include "test.h"

static void take_incident(const struct incident_row *row, void *arg)
{
	char *text = arg;

	snprintf(text, 200, "%s gen %lld firing %lld mitigated %lld resolved %lld (%s)",
			incident_status_names[row->status], (long long)row->times_opened,
			(long long)row->firing, (long long)row->mitigated_at,
			(long long)row->resolved_at, row->attention ? row->attention : "-");
}

#define ck_incident(want)                                                    \
	do {                                                                 \
		ck_int(incidents_get(db, id, take_incident, text, &err), 1); \
		ck_str(text, want);                                          \
	} while (0)

TEST(an_incident_goes_its_way_and_can_be_opened_again)
{
	struct db *db = stored_with_delivery();
	int64_t id = stored_incident(db, 1);
	char text[200];
	struct err err;

	ck_incident("firing gen 1 firing 0 mitigated 0 resolved 0 (-)");
	stored_move(db, id, INCIDENT_FIRE, 1, 1000);
	must_ok(incidents_count(db, id, 1, &err), err);
	must_ok(incidents_attention(db, id, "look", &err), err);
	ck_incident("firing gen 1 firing 2 mitigated 0 resolved 0 (look)");
	stored_move(db, id, INCIDENT_MITIGATE, 0, 2000);
	ck_incident("mitigated gen 1 firing 2 mitigated 2000 resolved 0 (look)");
	must_ok(incidents_count(db, id, -1, &err), err);
	stored_move(db, id, INCIDENT_RESOLVE, -1, 3000);
	ck_incident("resolved gen 1 firing 0 mitigated 2000 resolved 3000 (-)");
	stored_move(db, id, INCIDENT_FIRE, 1, 4000);
	ck_incident("firing gen 2 firing 1 mitigated 0 resolved 0 (-)");
	stored_move(db, id, INCIDENT_CLOSE, 0, 5000);

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
	struct db *db = stored_with_delivery();
	int64_t id = stored_incident(db, 1);
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
	stored_move(db, id, INCIDENT_RESOLVE, 0, 3000);
	must_ok(incidents_of_group(db, hash, 3001, &facts, &err), err);
	ck_int(facts.id, 0);
	must_ok(incidents_of_group(db, hash, 3000, &facts, &err), err);
	ck_int(facts.id, id);
	ck_int(stored_incident(db, 1), id + 1);
	must_ok(incidents_of_group(db, hash, 3000, &facts, &err), err);
	ck_int(facts.id, id + 1);
	db_close(db);
}

/* With a clock that was set back between them, the older can have the later end. */
TEST(only_the_latest_incident_of_a_group_is_opened_again_and_none_beside_an_open_one)
{
	static const uint8_t hash[DIGEST_SIZE] = { 1 };
	struct db *db = stored_with_delivery();
	struct incident_facts facts;
	struct err err;
	int64_t older = stored_incident(db, 1);
	int64_t latest;

	stored_move(db, older, INCIDENT_RESOLVE, 0, 9000);
	latest = stored_incident(db, 1);
	stored_move(db, latest, INCIDENT_RESOLVE, 0, 2000);
	must_ok(incidents_of_group(db, hash, 3000, &facts, &err), err);
	ck_int(facts.id, 0);
	stored_move(db, older, INCIDENT_FIRE, 1, 1000);
	must_ok(incidents_of_group(db, hash, 1000, &facts, &err), err);
	ck_int(facts.id, older);
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
	struct db *db = stored_with_delivery();
	char text[100] = "";
	struct err err;
	int64_t open;

	for (uint8_t i = 1; i <= 5; i++) {
		stored_incident(db, i);
	}
	stored_move(db, 2, INCIDENT_CLOSE, 0, 1);
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
