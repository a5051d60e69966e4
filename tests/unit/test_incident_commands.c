/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/command/incident_commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core_world.h"
#include "peers.h"
#include "store/incidents.h"
#include "store/timeline.h"
#include "test.h"

static const char yaml[] = "playbooks:\n"
			   "  - { name: p, matchers: [a=b], steps: [{ name: s, wait: 1s }] }\n";

static int64_t add_incident(struct core *core, const char *level)
{
	static uint8_t group[DIGEST_SIZE];
	const struct incident_row row = { .title = "t",
		.level = level,
		.severity = "critical",
		.service = "argus",
		.alertname = "Down",
		.labels = "{}",
		.annotations = "{}",
		.group_hash = group,
		.opened_at = 1000 };
	struct err err;
	int64_t id;

	group[0]++;
	must_ok(incidents_add(core->ground.db, &row, &id, &err), err);
	must_ok(timeline_add(core->ground.db,
				&(struct timeline_row){ .incident_id = id,
						.at = 1000,
						.kind = TIMELINE_OPENED,
						.text = "t" },
				&err),
			err);
	must_ok(incidents_count(core->ground.db, id, 1, &err), err);
	return id;
}

/* A core with one incident. */
static void must_start(struct core *core)
{
	core_world_start(core, yaml);
	add_incident(core, "L2");
}

/* The answer. */
static const char *ask(struct core *core, enum route route, uint64_t id, const char *const *args)
{
	static char text[sizeof(((struct peers_answer *)0)->text) + 16];
	struct peers_answer answer =
			peers_ask(core, &(struct peers_question){ route, id, .args = args });

	snprintf(text, sizeof(text), "%s%s", answer.code ? "refused: " : "", answer.text);
	return text;
}

static void add_entry(const struct timeline_row *row, void *arg)
{
	struct buf *out = arg;

	buf_addf(out, "%" PRId64 " %s %s: %s\n", row->id, row->kind_name, row->who ? row->who : "-",
			row->text);
}

/* The incident's timeline from its second entry on. */
static const char *timeline(struct core *core, int64_t id)
{
	static struct buf out;
	const struct timeline_query query = { id, 1, 1000 };
	struct err err;

	buf_reset(&out);
	must_ok(timeline_list(core->ground.db, &query, add_entry, &out, &err), err);
	return buf_text(&out);
}

TEST(what_may_be_done_to_an_incident_follows_from_its_state)
{
	static const struct {
		enum route route;
		const char *status;
		const char *says;
	} rows[] = {
		{ ROUTE_ACKNOWLEDGE, "firing", "\"acknowledgedBy\":\"eve\"" },
		{ ROUTE_ACKNOWLEDGE, "mitigated", "\"acknowledgedBy\":\"eve\"" },
		{ ROUTE_ACKNOWLEDGE, "resolved", "refused: the incident is resolved" },
		{ ROUTE_ACKNOWLEDGE, "closed", "refused: the incident is closed" },
		{ ROUTE_RESOLVE, "firing", "\"status\":\"resolved\"" },
		{ ROUTE_RESOLVE, "mitigated", "\"resolvedBy\":\"eve\"" },
		{ ROUTE_RESOLVE, "resolved", "\"resolvedBy\":null" },
		{ ROUTE_RESOLVE, "closed", "refused: the incident is closed" },
		{ ROUTE_CLOSE, "firing", "\"closedBy\":\"eve\"" },
		{ ROUTE_CLOSE, "mitigated", "\"status\":\"closed\"" },
		{ ROUTE_CLOSE, "resolved", "\"status\":\"closed\"" },
		{ ROUTE_CLOSE, "closed", "\"closedBy\":null" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct core core;

		must_start(&core);
		core_world_exec(&core, "UPDATE incident SET status = '%s', attention = 'x'",
				rows[i].status);
		ck_has(ask(&core, rows[i].route, 1, NULL), rows[i].says);
		core_world_end(&core);
		core_world_remove_store();
	}
}

TEST(nothing_is_done_to_an_incident_that_is_not_there)
{
	static const enum route asked[] = { ROUTE_ACKNOWLEDGE, ROUTE_NOTE, ROUTE_RESOLVE,
		ROUTE_CLOSE, ROUTE_CHANGE, ROUTE_CHECKLIST_ITEM, ROUTE_FOLLOW_UP_ADD,
		ROUTE_TIMELINE, ROUTE_POSTMORTEM };
	struct core core;

	must_start(&core);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		ck_str(ask(&core, asked[i], 7, PAIRS("item", "review", "text", "t", "title", "t")),
				"refused: there is no incident 7");
	}
	ck_str(ask(&core, ROUTE_FOLLOW_UP_CHANGE, 7, PAIRS("done", "true")),
			"refused: there is no follow-up 7");
	core_world_end(&core);
}

TEST(the_first_command_is_kept_and_the_second_changes_nothing)
{
	struct core core;

	must_start(&core);
	ask(&core, ROUTE_ACKNOWLEDGE, 1, PAIRS("note", "mine"));
	core_world_exec(&core, "UPDATE incident SET acknowledged_by = 'bob'");
	ck_has(ask(&core, ROUTE_ACKNOWLEDGE, 1, NULL), "\"acknowledgedBy\":\"bob\"");
	ask(&core, ROUTE_RESOLVE, 1, PAIRS("reason", "over"));
	ck_has(ask(&core, ROUTE_ACKNOWLEDGE, 1, NULL), "\"acknowledgedBy\":\"bob\"");
	ask(&core, ROUTE_RESOLVE, 1, PAIRS("reason", "over again"));
	ask(&core, ROUTE_CLOSE, 1, NULL);
	ask(&core, ROUTE_CLOSE, 1, PAIRS("reason", "really"));
	ck_str(timeline(&core, 1), "2 acknowledged eve: mine\n"
				   "3 resolved eve: over; 1 of its alerts still fires\n"
				   "4 closed eve: 1 of its alerts still fires\n");
	core_world_end(&core);
}

TEST(a_run_that_goes_on_keeps_its_incident_from_being_resolved)
{
	struct core core;

	must_start(&core);
	core_world_exec(&core,
			"INSERT INTO run (incident_id, generation, playbook, target, trigger,"
			" requested_by, config_hash, status, reason, alertname, alert,"
			" alert_status,"
			" queued_at) VALUES (1, 1, 'p', x'00', 'manual', 'x', x'00', 'verifying',"
			" '', '', '', '', 1)");
	ck_str(ask(&core, ROUTE_RESOLVE, 1, NULL),
			"refused: run 1 is verifying: wait for its end, or cancel it first");
	ck_str(ask(&core, ROUTE_CLOSE, 1, NULL),
			"refused: run 1 is verifying: wait for its end, or cancel it first");
	core_world_exec(&core, "UPDATE run SET status = 'failed', finished_at = 2");
	ck_has(ask(&core, ROUTE_CLOSE, 1, NULL), "\"status\":\"closed\"");
	core_world_end(&core);
}

TEST(a_change_is_written_down_from_what_to_what)
{
	struct core core;

	must_start(&core);
	ck_has(ask(&core, ROUTE_CHANGE, 1,
			       PAIRS("major", "true", "rootCause", "a cat", "severity", "low",
					       "title", "t")),
			"\"rootCause\":\"a cat\"");
	ask(&core, ROUTE_CHANGE, 1, PAIRS("major", "true", "rootCause", "a dog"));
	ck_has(ask(&core, ROUTE_CHANGE, 1, PAIRS("rootCause", "")), "\"rootCause\":null");
	ck_str(timeline(&core, 1), "2 changed eve: severity: critical → low\n"
				   "3 changed eve: rootCause: (none) → a cat\n"
				   "4 changed eve: major: false, by its level → true\n"
				   "5 changed eve: rootCause: a cat → a dog\n"
				   "6 changed eve: rootCause: a dog → (none)\n");
	ck_has(ask(&core, ROUTE_CHANGE, 1, NULL), "refused: expected at least one of title, ");
	ck_str(ask(&core, ROUTE_CHANGE, 1, PAIRS("title", "")), "refused: title: expected a text");
	core_world_end(&core);
}

TEST(the_level_says_what_is_major_until_an_operator_does)
{
	struct core core;

	must_start(&core);
	add_incident(&core, "L3");
	add_incident(&core, "L4");
	add_incident(&core, NULL);
	ck_has(ask(&core, ROUTE_INCIDENT, 1, NULL), "\"major\":false,\"postmortemDue\":false");
	ck_has(ask(&core, ROUTE_INCIDENT, 2, NULL), "\"major\":true,\"postmortemDue\":true");
	ck_has(ask(&core, ROUTE_INCIDENT, 3, NULL), "\"major\":true,\"postmortemDue\":true");
	ck_has(ask(&core, ROUTE_INCIDENT, 4, NULL), "\"major\":false,\"postmortemDue\":false");
	ask(&core, ROUTE_CHANGE, 2, PAIRS("major", "false"));
	ask(&core, ROUTE_CHANGE, 4, PAIRS("major", "true"));
	ck_has(ask(&core, ROUTE_INCIDENT, 2, NULL), "\"major\":false,\"postmortemDue\":false");
	ck_has(ask(&core, ROUTE_INCIDENT, 4, NULL), "\"major\":true,\"postmortemDue\":true");
	ask(&core, ROUTE_CHECKLIST_ITEM, 4, PAIRS("done", "true", "item", "schedule"));
	ck_has(ask(&core, ROUTE_INCIDENT, 4, NULL), "\"major\":true,\"postmortemDue\":false");
	ck_has(ask(&core, ROUTE_INCIDENTS, 0, PAIRS("major", "true")), "[{\"id\":4,");
	ck(!strstr(ask(&core, ROUTE_INCIDENTS, 0, PAIRS("major", "true")), "\"id\":2,"));
	ck_has(ask(&core, ROUTE_INCIDENTS, 0, PAIRS("major", "false")), "[{\"id\":2,");
	ck(!strstr(ask(&core, ROUTE_INCIDENTS, 0, PAIRS("major", "false")), "\"id\":3,"));
	core_world_end(&core);
}

TEST(an_item_of_the_checklist_keeps_who_did_it_first)
{
	struct core core;

	must_start(&core);
	ck_has(ask(&core, ROUTE_CHECKLIST_ITEM, 1,
			       PAIRS("done", "true", "item", "review", "note", "fine")),
			"\"name\":\"review\",\"text\":\"Review alert effectiveness\",\"done\":true,");
	core_world_exec(&core, "UPDATE checklist SET who = 'bob'");
	ck_has(ask(&core, ROUTE_CHECKLIST_ITEM, 1, PAIRS("done", "true", "item", "review")),
			"\"by\":\"bob\",\"note\":\"fine\"");
	ck_has(ask(&core, ROUTE_CHECKLIST_ITEM, 1, PAIRS("done", "false", "item", "review")),
			"\"name\":\"review\",\"text\":\"Review alert effectiveness\",\"done\":false,"
			"\"at\":null,\"by\":null,\"note\":null}");
	ask(&core, ROUTE_CHECKLIST_ITEM, 1, PAIRS("done", "false", "item", "review"));
	ck_has(ask(&core, ROUTE_CHECKLIST_ITEM, 1, PAIRS("done", "true", "item", "party")),
			"refused: there is no item 'party'; there are document, ");
	ck_str(timeline(&core, 1),
			"2 checked eve: Review alert effectiveness: done: fine\n"
			"3 checked eve: Review alert effectiveness: not done after all\n");
	core_world_end(&core);
}

TEST(a_follow_up_is_done_by_somebody_and_may_be_undone)
{
	struct core core;

	must_start(&core);
	ck_has(ask(&core, ROUTE_FOLLOW_UP_ADD, 1, PAIRS("owner", "bob", "text", "more disk")),
			"{\"id\":1,\"incidentId\":1,\"text\":\"more disk\",\"owner\":\"bob\","
			"\"receiver\":null,");
	ck_has(ask(&core, ROUTE_FOLLOW_UP_CHANGE, 1, PAIRS("done", "true")), "\"doneBy\":\"eve\"");
	ask(&core, ROUTE_FOLLOW_UP_CHANGE, 1, PAIRS("done", "true"));
	ck_has(ask(&core, ROUTE_FOLLOW_UPS, 0, PAIRS("done", "true")), "\"id\":1,");
	ck_has(ask(&core, ROUTE_FOLLOW_UPS, 0, PAIRS("done", "false")), "{\"followUps\":[],");
	ck_has(ask(&core, ROUTE_FOLLOW_UP_CHANGE, 1,
			       PAIRS("done", "false", "owner", "", "text", "two disks")),
			"\"text\":\"two disks\",\"owner\":\"\",");
	ck_str(timeline(&core, 1),
			"2 follow_up eve: follow-up 1 for bob: more disk\n"
			"3 follow_up eve: follow-up 1, done\n"
			"4 follow_up eve: follow-up 1: more disk → two disks, owner: bob → (nobody), not done after all\n");
	ck_has(ask(&core, ROUTE_FOLLOW_UP_CHANGE, 1, NULL), "refused: expected at least one of");
	ck_has(ask(&core, ROUTE_FOLLOW_UP_CHANGE, 1, PAIRS("text", "")), "refused: text: ");
	ck_str(ask(&core, ROUTE_FOLLOW_UP_ADD, 1, PAIRS("receiver", "nobody", "text", "t")),
			"refused: receiver: there is no receiver 'nobody' in the configuration");
	core_world_end(&core);
}

TEST(an_incident_has_so_many_follow_ups_and_no_more)
{
	struct core core;

	must_start(&core);
	for (int i = 0; i < 100; i++) {
		ck_has(ask(&core, ROUTE_FOLLOW_UP_ADD, 1, PAIRS("text", "t")), "\"incidentId\":1,");
	}
	ck_str(ask(&core, ROUTE_FOLLOW_UP_ADD, 1, PAIRS("text", "t")),
			"refused: the incident has 100 follow-ups, no more");
	ck_has(ask(&core, ROUTE_FOLLOW_UPS, 0, PAIRS("limit", "2")), "\"nextCursor\":\"99\"");
	ck_has(ask(&core, ROUTE_FOLLOW_UPS, 0, PAIRS("cursor", "2", "limit", "2")),
			"\"nextCursor\":null");
	core_world_end(&core);
}

TEST(a_timeline_is_read_page_by_page)
{
	struct core core;

	must_start(&core);
	for (int i = 0; i < 4; i++) {
		ask(&core, ROUTE_NOTE, 1, PAIRS("text", "a\nb"));
	}
	ck_has(ask(&core, ROUTE_NOTE, 1, PAIRS("text", "a\nb")), "{\"id\":6,\"at\":\"2");
	ck_has(ask(&core, ROUTE_TIMELINE, 1, PAIRS("limit", "2")), "\"nextCursor\":\"2\"");
	ck_has(ask(&core, ROUTE_TIMELINE, 1, PAIRS("cursor", "2", "limit", "2")),
			"{\"timeline\":[{\"id\":3,");
	ck_has(ask(&core, ROUTE_TIMELINE, 1, PAIRS("cursor", "4", "limit", "2")),
			"\"nextCursor\":null");
	ck_str(ask(&core, ROUTE_TIMELINE, 1, PAIRS("cursor", "6")),
			"{\"timeline\":[],\"nextCursor\":null}");
	core_world_end(&core);
}
