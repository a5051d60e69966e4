#include "core/api/command/incident_commands.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/api/dispatch.h"
#include "core/core.h"
#include "store/incidents.h"
#include "store/timeline.h"
#include "sys/file.h"
#include "sys/migrate.h"
#include "test.h"

/* A core on a real store in the test's folder, with one incident. What it says is seen in its turn.
 */

static void ignore_closed(void *arg, const struct err *why)
{
	(void)arg;
	(void)why;
}

static const struct channel_ops silent = { NULL, ignore_closed };

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
	must_ok(incidents_add(core->db, &row, &id, &err), err);
	must_ok(timeline_add(core->db,
				&(struct timeline_row){ .incident_id = id,
						.at = 1000,
						.kind = TIMELINE_OPENED,
						.text = "t" },
				&err),
			err);
	must_ok(incidents_count(core->db, id, 1, &err), err);
	return id;
}

static void must_start(struct core *core)
{
	static const char yaml[] =
			"playbooks:\n"
			"  - { name: p, matchers: [a=b], steps: [{ name: s, wait: 1s }] }\n";
	struct config_file file = { "test.yml", yaml, (uint32_t)strlen(yaml) };
	struct config_files files = { .items = &file, .len = 1 };
	struct buf report = { 0 };
	struct err err;
	int fds[2];

	*core = (struct core){ 0 };
	core->loop = loop_new(&err);
	must(core->loop != NULL);
	must_ok(channel_pair(fds, &err), err);
	core->front = channel_new(core->loop, fds[0], MESSAGE_LARGE_MAX, &silent, core);
	core->db = db_open("test.db", &err);
	must(core->db != NULL);
	must_ok(migrate(core->db, &err), err);
	core->turn.db = core->db;
	core->generations = calloc(1, sizeof(*core->generations));
	must(core->generations != NULL);
	core->generations->config = config_parse(&files, &report, &err);
	must(core->generations->config != NULL);
	buf_clear(&report);
	add_incident(core, "L2");
}

static void end(struct core *core)
{
	channel_free(core->front);
	turn_clear(&core->turn);
	db_close(core->db);
	config_free(core->generations->config);
	free(core->generations);
	loop_free(core->loop);
}

struct told {
	uint8_t code;
	char text[20000];
};

/* args: name, value, … NULL; sorted by name. */
static const char *ask(struct core *core, enum route route, uint64_t id, const char *const *args)
{
	static struct told told;
	struct label items[8];
	struct msg_query query = {
		.id = 1, .route = (uint16_t)route, .ids = { id }, .principal = "eve", .key = ""
	};
	struct arena *arena = arena_new();
	struct msg_answer answer;
	const struct held *held;
	struct err err;
	size_t len = 0;

	for (; args && args[0]; args += 2) {
		items[len++] = (struct label){ args[0], args[1] };
	}
	query.args = (struct labels){ items, len };
	must_ok(api_query(core, &query, &err), err);
	held = &core->turn.held[core->turn.held_len - 1];
	must_ok(wire_decode(message_types[MSG_ANSWER], core->turn.payloads.data + held->offset,
				held->len, arena, &answer, &err),
			err);
	snprintf(told.text, sizeof(told.text), "%s%s%.*s", answer.code ? "refused: " : "",
			answer.error, answer.code ? 0 : (int)answer.content.len,
			(const char *)answer.content.data);
	arena_free(arena);
	return told.text;
}

#define ARGS(...)                               \
	(const char *const[])                   \
	{                                       \
		__VA_ARGS__ __VA_OPT__(, ) NULL \
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
	must_ok(timeline_list(core->db, &query, add_entry, &out, &err), err);
	return buf_text(&out);
}

static void must_sql(struct core *core, const char *sql)
{
	struct err err;

	must_ok(db_exec(core->db, sql, &err), err);
}

TEST(what_may_be_said_of_an_incident_follows_from_its_state)
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
		char sql[200];

		unlink("test.db");
		unlink("test.db-wal");
		unlink("test.db-shm");
		must_start(&core);
		snprintf(sql, sizeof(sql), "UPDATE incident SET status = '%s', attention = 'x'",
				rows[i].status);
		must_sql(&core, sql);
		ck_has(ask(&core, rows[i].route, 1, NULL), rows[i].says);
		end(&core);
	}
}

TEST(nothing_is_said_of_an_incident_that_is_not_there)
{
	static const enum route asked[] = { ROUTE_ACKNOWLEDGE, ROUTE_NOTE, ROUTE_RESOLVE,
		ROUTE_CLOSE, ROUTE_CHANGE, ROUTE_CHECKLIST_ITEM, ROUTE_FOLLOW_UP_ADD,
		ROUTE_TIMELINE, ROUTE_POSTMORTEM };
	struct core core;

	must_start(&core);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		ck_str(ask(&core, asked[i], 7, ARGS("item", "review", "text", "t", "title", "t")),
				"refused: there is no incident 7");
	}
	ck_str(ask(&core, ROUTE_FOLLOW_UP_CHANGE, 7, ARGS("done", "true")),
			"refused: there is no follow-up 7");
	end(&core);
}

TEST(the_first_word_is_kept_and_the_second_changes_nothing)
{
	struct core core;

	must_start(&core);
	ask(&core, ROUTE_ACKNOWLEDGE, 1, ARGS("note", "mine"));
	must_sql(&core, "UPDATE incident SET acknowledged_by = 'bob'");
	ck_has(ask(&core, ROUTE_ACKNOWLEDGE, 1, NULL), "\"acknowledgedBy\":\"bob\"");
	ask(&core, ROUTE_RESOLVE, 1, ARGS("reason", "over"));
	ck_has(ask(&core, ROUTE_ACKNOWLEDGE, 1, NULL), "\"acknowledgedBy\":\"bob\"");
	ask(&core, ROUTE_RESOLVE, 1, ARGS("reason", "over again"));
	ask(&core, ROUTE_CLOSE, 1, NULL);
	ask(&core, ROUTE_CLOSE, 1, ARGS("reason", "really"));
	ck_str(timeline(&core, 1), "2 acknowledged eve: mine\n"
				   "3 resolved eve: over; 1 of its alerts still fires\n"
				   "4 closed eve: 1 of its alerts still fires\n");
	end(&core);
}

TEST(what_goes_on_for_an_incident_keeps_it_from_being_called_over)
{
	struct core core;

	must_start(&core);
	must_sql(&core, "INSERT INTO run (incident_id, generation, playbook, target, trigger,"
			" requested_by, config_hash, status, reason, alertname, alert, "
			"alert_status,"
			" queued_at) VALUES (1, 1, 'p', x'00', 'manual', 'x', x'00', 'verifying', "
			"'',"
			" '', '', '', 1)");
	ck_str(ask(&core, ROUTE_RESOLVE, 1, NULL),
			"refused: run 1 is verifying: wait for its end, or cancel it first");
	ck_str(ask(&core, ROUTE_CLOSE, 1, NULL),
			"refused: run 1 is verifying: wait for its end, or cancel it first");
	must_sql(&core, "UPDATE run SET status = 'failed', finished_at = 2");
	ck_has(ask(&core, ROUTE_CLOSE, 1, NULL), "\"status\":\"closed\"");
	end(&core);
}

TEST(a_change_is_told_from_what_to_what)
{
	struct core core;

	must_start(&core);
	ck_has(ask(&core, ROUTE_CHANGE, 1,
			       ARGS("major", "true", "rootCause", "a cat", "severity", "low",
					       "title", "t")),
			"\"rootCause\":\"a cat\"");
	ask(&core, ROUTE_CHANGE, 1, ARGS("major", "true", "rootCause", "a dog"));
	ck_has(ask(&core, ROUTE_CHANGE, 1, ARGS("rootCause", "")), "\"rootCause\":null");
	ck_str(timeline(&core, 1), "2 changed eve: severity: critical → low\n"
				   "3 changed eve: rootCause: (none) → a cat\n"
				   "4 changed eve: major: false, by its level → true\n"
				   "5 changed eve: rootCause: a cat → a dog\n"
				   "6 changed eve: rootCause: a dog → (none)\n");
	ck_has(ask(&core, ROUTE_CHANGE, 1, NULL), "refused: expected at least one of title, ");
	ck_str(ask(&core, ROUTE_CHANGE, 1, ARGS("title", "")), "refused: title: expected a text");
	end(&core);
}

TEST(the_level_says_what_is_major_until_people_do)
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
	ask(&core, ROUTE_CHANGE, 2, ARGS("major", "false"));
	ask(&core, ROUTE_CHANGE, 4, ARGS("major", "true"));
	ck_has(ask(&core, ROUTE_INCIDENT, 2, NULL), "\"major\":false,\"postmortemDue\":false");
	ck_has(ask(&core, ROUTE_INCIDENT, 4, NULL), "\"major\":true,\"postmortemDue\":true");
	ask(&core, ROUTE_CHECKLIST_ITEM, 4, ARGS("done", "true", "item", "schedule"));
	ck_has(ask(&core, ROUTE_INCIDENT, 4, NULL), "\"major\":true,\"postmortemDue\":false");
	ck_has(ask(&core, ROUTE_INCIDENTS, 0, ARGS("major", "true")), "[{\"id\":4,");
	ck(!strstr(ask(&core, ROUTE_INCIDENTS, 0, ARGS("major", "true")), "\"id\":2,"));
	ck_has(ask(&core, ROUTE_INCIDENTS, 0, ARGS("major", "false")), "[{\"id\":2,");
	ck(!strstr(ask(&core, ROUTE_INCIDENTS, 0, ARGS("major", "false")), "\"id\":3,"));
	end(&core);
}

TEST(an_item_of_the_checklist_keeps_who_did_it_first)
{
	struct core core;

	must_start(&core);
	ck_has(ask(&core, ROUTE_CHECKLIST_ITEM, 1,
			       ARGS("done", "true", "item", "review", "note", "fine")),
			"\"name\":\"review\",\"text\":\"Review alert "
			"effectiveness\",\"done\":true,");
	must_sql(&core, "UPDATE checklist SET who = 'bob'");
	ck_has(ask(&core, ROUTE_CHECKLIST_ITEM, 1, ARGS("done", "true", "item", "review")),
			"\"by\":\"bob\",\"note\":\"fine\"");
	ck_has(ask(&core, ROUTE_CHECKLIST_ITEM, 1, ARGS("done", "false", "item", "review")),
			"\"name\":\"review\",\"text\":\"Review alert "
			"effectiveness\",\"done\":false,"
			"\"at\":null,\"by\":null,\"note\":null}");
	ask(&core, ROUTE_CHECKLIST_ITEM, 1, ARGS("done", "false", "item", "review"));
	ck_has(ask(&core, ROUTE_CHECKLIST_ITEM, 1, ARGS("done", "true", "item", "party")),
			"refused: there is no item 'party'; there are document, ");
	ck_str(timeline(&core, 1),
			"2 checked eve: Review alert effectiveness: done: fine\n"
			"3 checked eve: Review alert effectiveness: not done after all\n");
	end(&core);
}

TEST(a_follow_up_is_done_by_somebody_and_may_be_undone)
{
	struct core core;

	must_start(&core);
	ck_has(ask(&core, ROUTE_FOLLOW_UP_ADD, 1, ARGS("owner", "bob", "text", "more disk")),
			"{\"id\":1,\"incidentId\":1,\"text\":\"more disk\",\"owner\":\"bob\","
			"\"receiver\":null,");
	ck_has(ask(&core, ROUTE_FOLLOW_UP_CHANGE, 1, ARGS("done", "true")), "\"doneBy\":\"eve\"");
	ask(&core, ROUTE_FOLLOW_UP_CHANGE, 1, ARGS("done", "true"));
	ck_has(ask(&core, ROUTE_FOLLOW_UPS, 0, ARGS("done", "true")), "\"id\":1,");
	ck_has(ask(&core, ROUTE_FOLLOW_UPS, 0, ARGS("done", "false")), "{\"followUps\":[],");
	ck_has(ask(&core, ROUTE_FOLLOW_UP_CHANGE, 1,
			       ARGS("done", "false", "owner", "", "text", "two disks")),
			"\"text\":\"two disks\",\"owner\":\"\",");
	ck_str(timeline(&core, 1),
			"2 follow_up eve: follow-up 1 for bob: more disk\n"
			"3 follow_up eve: follow-up 1, done\n"
			"4 follow_up eve: follow-up 1: more disk → two disks, owner: bob → "
			"(nobody), not done after all\n");
	ck_has(ask(&core, ROUTE_FOLLOW_UP_CHANGE, 1, NULL), "refused: expected at least one of");
	ck_has(ask(&core, ROUTE_FOLLOW_UP_CHANGE, 1, ARGS("text", "")), "refused: text: ");
	ck_str(ask(&core, ROUTE_FOLLOW_UP_ADD, 1, ARGS("receiver", "nobody", "text", "t")),
			"refused: receiver: there is no 'nobody' in the configuration");
	end(&core);
}

TEST(an_incident_has_so_many_follow_ups_and_no_more)
{
	struct core core;

	must_start(&core);
	for (int i = 0; i < 100; i++) {
		ck_has(ask(&core, ROUTE_FOLLOW_UP_ADD, 1, ARGS("text", "t")), "\"incidentId\":1,");
	}
	ck_str(ask(&core, ROUTE_FOLLOW_UP_ADD, 1, ARGS("text", "t")),
			"refused: the incident has 100 follow-ups, no more");
	ck_has(ask(&core, ROUTE_FOLLOW_UPS, 0, ARGS("limit", "2")), "\"nextCursor\":\"99\"");
	ck_has(ask(&core, ROUTE_FOLLOW_UPS, 0, ARGS("cursor", "2", "limit", "2")),
			"\"nextCursor\":null");
	end(&core);
}

TEST(a_timeline_is_read_page_by_page)
{
	struct core core;

	must_start(&core);
	for (int i = 0; i < 4; i++) {
		ask(&core, ROUTE_NOTE, 1, ARGS("text", "a\nb"));
	}
	ck_has(ask(&core, ROUTE_NOTE, 1, ARGS("text", "a\nb")), "{\"id\":6,\"at\":\"2");
	ck_has(ask(&core, ROUTE_TIMELINE, 1, ARGS("limit", "2")), "\"nextCursor\":\"2\"");
	ck_has(ask(&core, ROUTE_TIMELINE, 1, ARGS("cursor", "2", "limit", "2")),
			"{\"timeline\":[{\"id\":3,");
	ck_has(ask(&core, ROUTE_TIMELINE, 1, ARGS("cursor", "4", "limit", "2")),
			"\"nextCursor\":null");
	ck_str(ask(&core, ROUTE_TIMELINE, 1, ARGS("cursor", "6")),
			"{\"timeline\":[],\"nextCursor\":null}");
	end(&core);
}
