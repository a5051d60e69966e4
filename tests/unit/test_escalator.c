#include "core/escalate/escalator.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/api/command/delivery_command.h"
#include "core/core.h"
#include "core/escalate/attention.h"
#include "core/escalate/paging.h"
#include "domain/incident.h"
#include "store/incidents.h"
#include "store/retention.h"
#include "sys/file.h"
#include "sys/migrate.h"
#include "test.h"

/*
 * The escalator of a core on a real store. Nothing is sent: what was told stands in the outbox.
 * Time passes by bringing what is due forward.
 */

#define RECEIVERS                                                          \
	"receivers:\n"                                                     \
	"  - { name: on-call, webhook_configs: [{ url: 'http://a/' }] }\n" \
	"  - { name: senior, webhook_configs: [{ url: 'http://b/' }] }\n"  \
	"  - { name: lead, webhook_configs: [{ url: 'http://c/' }] }\n"
#define LEVELS(hold)                                                              \
	"escalation:\n"                                                           \
	"  hold: " hold "\n"                                                      \
	"  levels:\n"                                                             \
	"    - { name: L1, receivers: [on-call], respond_within: 5m }\n"          \
	"    - { name: L2, receivers: [senior, on-call], respond_within: 10m }\n" \
	"    - { name: L3, receivers: [lead], respond_within: 15m }\n"
#define RULES                                                                               \
	"  raise:\n"                                                                        \
	"    - { level: L2, matchers: [alertname=Down], distinct: service, at_least: 2 }\n" \
	"    - { level: L3, matchers: [alertname=Down], distinct: service, at_least: 3 }\n"

static const char at_once[] = RECEIVERS LEVELS("0s");
static const char with_hold[] = RECEIVERS LEVELS("2m");
static const char with_rules[] = RECEIVERS LEVELS("0s") RULES;

static struct config *must_parse(const char *yaml)
{
	struct config_file file = { "test.yml", yaml, (uint32_t)strlen(yaml), CONFIG_YAML };
	struct config_files files = { .items = &file, .len = 1 };
	struct buf report = { 0 };
	struct err err;
	struct config *config = config_parse(&files, &report, &err);

	if (!config) {
		test_abort(__FILE__, __LINE__, "%s%s", buf_text(&report), err.msg);
	}
	buf_clear(&report);
	return config;
}

static void must_configure(struct core *core, const char *yaml)
{
	struct generation *generation = calloc(1, sizeof(*generation));
	struct err err;

	must(generation != NULL);
	generation->config = must_parse(yaml);
	generation->older = core->generations;
	core->generations = generation;
	must_ok(escalator_config_new(core, &err), err);
	must_ok(turn_end(&core->turn, &err), err);
}

static void must_start(struct core *core, const char *yaml)
{
	struct err err;

	*core = (struct core){ 0 };
	core->storage_fd = file_open_dir(AT_FDCWD, ".", &err);
	core->db = db_open("test.db", &err);
	must(core->db != NULL);
	must_ok(migrate(core->db, &err), err);
	core->turn.db = core->db;
	must_configure(core, yaml);
}

/* The end of a turn, as core_tick() has it. Returns what the tick does. */
static int64_t must_tick(struct core *core)
{
	struct err err;
	int64_t wait = escalator_tick(core, &err);

	if (wait == -2) {
		test_abort(__FILE__, __LINE__, "tick: %s", err.msg);
	}
	must_ok(turn_end(&core->turn, &err), err);
	return wait;
}

static void must_settle(struct core *core)
{
	for (int i = 0; i < 10 && must_tick(core) == 0; i++) {
	}
}

/* One alert arrives, without the end of the turn. */
static void deliver(
		struct core *core, enum alert_status status, const char *name, const char *service)
{
	static int64_t number;
	struct label labels[] = { { "alertname", name }, { "service", service } };
	struct alert alert = {
		.status = (uint8_t)status,
		.labels = { labels, 2 },
		.starts_at = clock_wall_ms() + number, /* after whatever has ended */
		.ends_at = status == ALERT_RESOLVED ? clock_wall_ms() + number : 0,
		.generator_url = "",
		.fingerprint = "f",
	};
	const struct msg_deliver msg = {
		.id = 1,
		.principal = "test",
		.delivery = { .receiver = "r",
				.group_key = "g",
				.external_url = "http://am",
				.notification_reason = "",
				.alerts = &alert,
				.alerts_len = 1 },
		.body = { (const unsigned char *)&number, sizeof(number) },
	};
	struct err err;

	number++;
	must_ok(receive_delivery(core, &msg, &err), err);
}

static void fires(struct core *core, const char *name, const char *service)
{
	deliver(core, ALERT_FIRING, name, service);
}

static void ends(struct core *core, const char *name, const char *service)
{
	deliver(core, ALERT_RESOLVED, name, service);
	must_settle(core);
}

static void must_sql(struct core *core, const char *sql)
{
	struct err err;

	must_ok(turn_write(&core->turn, &err), err);
	must_ok(db_exec(core->db, sql, &err), err);
	must_ok(turn_end(&core->turn, &err), err);
}

/* All rows of a query of one column, with a space between. Valid until the next call. */
static const char *rows(struct core *core, const char *sql)
{
	static char text[4096];
	struct stmt *s = db_stmt(core->db, sql);
	size_t used = 0;
	struct err err;

	*text = '\0';
	while (stmt_step(s, &err) == 1) {
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used ? " " : "",
				stmt_col_text(s, 0));
	}
	return text;
}

static const char told[] = "SELECT substr(key, 10) || '>' || receiver FROM outbox ORDER BY id";
static const char raised[] = "SELECT incident_id || '/' || generation || level FROM raise ORDER BY "
			     "id";

#define CK_TOLD(core, want)   ck_str(rows((core), told), (want))
#define CK_RAISED(core, want) ck_str(rows((core), raised), (want))

/* Whatever waits has waited long enough. */
static void time_is_up(struct core *core, const char *column)
{
	char sql[200];

	snprintf(sql, sizeof(sql), "UPDATE escalation SET %s = 5, look_at = 5 WHERE %s IS NOT NULL",
			column, column);
	must_sql(core, sql);
	core->escalator.next_at = 5;
	must_settle(core);
}

static const char waits[] = "SELECT coalesce(due_at - (SELECT max(at) FROM raise), 'off') FROM "
			    "escalation";

#define CK_WAITS(core, want) ck_str(rows((core), waits), (want))

TEST(without_levels_nobody_is_called)
{
	struct core core;

	must_start(&core, RECEIVERS);
	fires(&core, "Down", "argus");
	must_settle(&core);
	CK_TOLD(&core, "");
	ck_int(must_tick(&core), -1);
	core_clear(&core);
}

TEST(the_chain_goes_from_level_to_level_and_ends_with_the_last)
{
	struct core core;

	must_start(&core, at_once);
	fires(&core, "Down", "argus");
	must_settle(&core);
	CK_TOLD(&core, "1/1/initial>on-call");
	CK_WAITS(&core, "300000");
	time_is_up(&core, "due_at");
	CK_WAITS(&core, "600000");
	time_is_up(&core, "due_at");
	CK_WAITS(&core, "off");
	time_is_up(&core, "due_at");
	CK_TOLD(&core, "1/1/initial>on-call 1/1/level/L2>senior 1/1/level/L2>on-call "
		       "1/1/level/L3>lead");
	CK_RAISED(&core, "1/1L1 1/1L2 1/1L3");
	ck_int(core.counters.calls[1], 1);
	core_clear(&core);
}

TEST(each_call_says_why_and_the_level_of_the_incident_follows)
{
	struct core core;

	must_start(&core, at_once);
	fires(&core, "Down", "argus");
	must_settle(&core);
	time_is_up(&core, "due_at");
	ck_str(rows(&core, "SELECT why || '.' FROM raise ORDER BY id"),
			"no playbook matches this alert. nobody acknowledged within 5m of L1.");
	ck_str(rows(&core, "SELECT level FROM incident"), "L2");
	ck_str(rows(&core, "SELECT subject FROM outbox WHERE id = 2"),
			"[ESCALATION L2] Down on argus");
	ck_str(rows(&core, "SELECT text FROM timeline WHERE kind = 'raised' AND who IS NULL"),
			"L1 was called: no playbook matches this alert L2 was called: nobody "
			"acknowledged within 5m of L1");
	core_clear(&core);
}

TEST(acknowledged_the_chain_does_nothing_more)
{
	struct core core;
	struct err err;

	must_start(&core, at_once);
	fires(&core, "Down", "argus");
	must_settle(&core);
	must_sql(&core, "UPDATE incident SET acknowledged_at = 1");
	time_is_up(&core, "due_at");
	must_ok(turn_write(&core.turn, &err), err);
	must_ok(attention_say(&core, &(struct attention){ 1, 7, "run 7 failed", true }, &err), err);
	must_settle(&core);
	CK_RAISED(&core, "1/1L1");
	CK_WAITS(&core, "off");
	core_clear(&core);
}

TEST(a_run_that_failed_raises_once_and_its_own_level_is_called_first)
{
	struct core core;
	struct err err;

	must_start(&core, with_hold);
	fires(&core, "Down", "argus");
	must_sql(&core, "UPDATE escalation SET due_at = due_at + 60000");
	must_ok(turn_write(&core.turn, &err), err);
	must_ok(attention_say(&core, &(struct attention){ 1, 7, "run 7 failed", true }, &err), err);
	must_settle(&core);
	CK_RAISED(&core, "1/1L1 1/1L2");
	ck_str(rows(&core, "SELECT DISTINCT why FROM raise"), "run 7 failed");
	must_settle(&core);
	CK_RAISED(&core, "1/1L1 1/1L2");
	must_ok(turn_write(&core.turn, &err), err);
	must_ok(attention_call(&core, 1, "something else", &err), err);
	must_settle(&core);
	CK_RAISED(&core, "1/1L1 1/1L2");
	core_clear(&core);
}

static const char helped[] = RECEIVERS LEVELS("2m") "playbooks:\n"
						    "  - name: p\n"
						    "    matchers: [alertname=Down]\n"
						    "    incident: { level: L2 }\n"
						    "    steps: [{ name: s, run: ['true'] }]\n";

static void move(struct core *core, enum incident_event event)
{
	struct incident_facts incident;
	struct err err;

	must_ok(turn_write(&core->turn, &err), err);
	must_ok(incidents_facts(core->db, 1, &incident, &err), err);
	must_ok(incidents_move(core->db, &incident, event, 0, clock_wall_ms(), &err), err);
	if (event == INCIDENT_FIRE) {
		must_ok(escalator_fires(core, &incident, &err), err);
	}
	must_ok(turn_end(&core->turn, &err), err);
}

TEST(mitigated_or_resolved_within_the_hold_tells_nobody)
{
	struct core core;

	must_start(&core, helped);
	fires(&core, "Down", "argus");
	must_settle(&core);
	CK_TOLD(&core, "");
	move(&core, INCIDENT_MITIGATE);
	time_is_up(&core, "due_at");
	CK_TOLD(&core, "");
	ends(&core, "Down", "argus");
	CK_TOLD(&core, "");
	core_clear(&core);
}

#define LOW_AND_HIGH                                \
	"playbooks:\n"                              \
	"  - name: low\n"                           \
	"    matchers: [alertname=Low]\n"           \
	"    incident: { level: L1 }\n"             \
	"    steps: [{ name: s, run: ['true'] }]\n" \
	"  - name: high\n"                          \
	"    matchers: [alertname=High]\n"          \
	"    incident: { level: L2 }\n"             \
	"    steps: [{ name: s, run: ['true'] }]\n"
static const char own_holds[] =
		RECEIVERS "escalation:\n"
			  "  hold: 1h\n"
			  "  levels:\n"
			  "    - { name: L1, receivers: [on-call], respond_within: 5m }\n"
			  "    - { name: L2, receivers: [senior], respond_within: 10m, hold: 0s "
			  "}\n" LOW_AND_HIGH;

TEST(each_level_may_have_its_own_hold)
{
	struct core core;

	must_start(&core, own_holds);
	fires(&core, "Low", "argus");
	fires(&core, "High", "argus");
	must_settle(&core);
	CK_TOLD(&core, "2/1/initial>senior");
	core_clear(&core);
}

TEST(what_fired_before_there_were_levels_has_the_hold_of_its_level)
{
	struct core core;

	must_start(&core, RECEIVERS LOW_AND_HIGH);
	fires(&core, "Low", "argus");
	fires(&core, "High", "argus");
	must_settle(&core);
	CK_TOLD(&core, "");
	must_configure(&core, own_holds);
	must_settle(&core);
	CK_TOLD(&core, "2/1/initial>senior");
	core_clear(&core);
}

TEST(the_hold_ends_with_a_call_at_the_incidents_own_level)
{
	struct core core;

	must_start(&core, helped);
	fires(&core, "Down", "argus");
	must_settle(&core);
	time_is_up(&core, "due_at");
	CK_TOLD(&core, "1/1/initial>senior 1/1/initial>on-call");
	CK_RAISED(&core, "1/1L2");
	core_clear(&core);
}

TEST(mitigated_the_chain_stops_and_fires_again_with_its_time_anew)
{
	struct core core;

	must_start(&core, helped);
	fires(&core, "Down", "argus");
	must_settle(&core);
	time_is_up(&core, "due_at");
	move(&core, INCIDENT_MITIGATE);
	time_is_up(&core, "due_at");
	CK_WAITS(&core, "off");
	CK_RAISED(&core, "1/1L2");
	move(&core, INCIDENT_FIRE);
	must_settle(&core);
	CK_RAISED(&core, "1/1L2");
	time_is_up(&core, "due_at");
	CK_RAISED(&core, "1/1L2 1/1L3");
	core_clear(&core);
}

TEST(whoever_was_told_hears_that_it_is_over_once)
{
	struct core core;
	struct err err;

	must_start(&core, at_once);
	fires(&core, "Down", "argus");
	must_settle(&core);
	time_is_up(&core, "due_at");
	ends(&core, "Down", "argus");
	CK_TOLD(&core, "1/1/initial>on-call 1/1/level/L2>senior 1/1/level/L2>on-call "
		       "1/1/resolved>on-call 1/1/resolved>senior");
	must_ok(turn_write(&core.turn, &err), err);
	must_ok(escalator_over(&core, 1, &err), err);
	must_settle(&core);
	ck_int(must_tick(&core), -1);
	/* it comes back: another generation, a call of its own, from the level that it had */
	fires(&core, "Down", "argus");
	must_settle(&core);
	CK_RAISED(&core, "1/1L1 1/1L2 1/2L2");
	core_clear(&core);
}

TEST(updates_are_numbered_and_go_to_all_who_were_told)
{
	struct core core;

	must_start(&core, at_once);
	fires(&core, "Down", "argus");
	must_settle(&core);
	time_is_up(&core, "due_at");
	time_is_up(&core, "update_at");
	must_sql(&core, "UPDATE incident SET acknowledged_at = 1");
	time_is_up(&core, "update_at");
	CK_TOLD(&core, "1/1/initial>on-call 1/1/level/L2>senior 1/1/level/L2>on-call "
		       "1/1/update/1>on-call 1/1/update/1>senior "
		       "1/1/update/2>on-call 1/1/update/2>senior");
	core_clear(&core);
}

TEST(incidents_that_fire_together_are_raised_with_one_message)
{
	struct core core;

	must_start(&core, with_rules);
	fires(&core, "Down", "argus");
	fires(&core, "Slow", "iris");
	must_settle(&core);
	CK_TOLD(&core, "1/1/initial>on-call 2/1/initial>on-call");
	fires(&core, "Down", "hermes");
	must_settle(&core);
	CK_TOLD(&core, "1/1/initial>on-call 2/1/initial>on-call 3/1/initial>on-call "
		       "1/1/level/L2>senior 1/1/level/L2>on-call");
	CK_RAISED(&core, "1/1L1 2/1L1 3/1L1 1/1L2 3/1L2");
	ck_str(rows(&core, "SELECT why FROM raise WHERE id = 4"),
			"2 at the same time (service): argus, hermes");
	const char *text = rows(&core, "SELECT text FROM outbox WHERE receiver = 'senior'");

	ck_has(text, "Affected Services: argus, hermes\n");
	ck_has(text, "Incidents: 1 Down on argus; 3 Down on hermes\n");
	/* each is over by itself, for all who know of it */
	ends(&core, "Down", "hermes");
	ck_str(rows(&core, "SELECT receiver FROM outbox WHERE key = 'incident/3/1/resolved'"),
			"on-call senior");
	core_clear(&core);
}

TEST(all_at_once_call_every_level_that_a_rule_holds_for)
{
	struct core core;

	must_start(&core, with_rules);
	fires(&core, "Down", "argus");
	fires(&core, "Down", "hermes");
	fires(&core, "Down", "iris");
	must_settle(&core);
	CK_RAISED(&core, "1/1L1 2/1L1 3/1L1 1/1L2 2/1L2 3/1L2 1/1L3 2/1L3 3/1L3");
	ck_str(rows(&core, "SELECT count(*) FROM outbox WHERE receiver = 'lead'"), "1");
	core_clear(&core);
}

TEST(what_is_within_its_hold_does_not_count_yet)
{
	struct core core;

	must_start(&core, RECEIVERS LEVELS("2m") RULES "playbooks:\n"
						       "  - name: p\n"
						       "    matchers: [alertname=Down]\n"
						       "    steps: [{ name: s, run: ['true'] }]\n");
	fires(&core, "Down", "argus");
	fires(&core, "Down", "hermes");
	must_settle(&core);
	CK_RAISED(&core, "");
	time_is_up(&core, "due_at");
	CK_RAISED(&core, "1/1L1 2/1L1 1/1L2 2/1L2");
	core_clear(&core);
}

TEST(a_restart_in_the_middle_tells_nobody_twice_and_is_not_late)
{
	struct core core;

	must_start(&core, at_once);
	fires(&core, "Down", "argus");
	must_settle(&core);
	must_sql(&core, "UPDATE escalation SET due_at = 5, look_at = 5");
	core_clear(&core);
	must_start(&core, at_once);
	must_settle(&core);
	CK_RAISED(&core, "1/1L1 1/1L2");
	core_clear(&core);
	must_start(&core, at_once);
	must_settle(&core);
	CK_RAISED(&core, "1/1L1 1/1L2");
	/* what it did was not committed: it is done again */
	must_sql(&core, "UPDATE escalation SET due_at = 5, look_at = 5");
	core.escalator.next_at = 5;
	struct err err;

	must(escalator_tick(&core, &err) != -2);
	core_clear(&core);
	must_start(&core, at_once);
	CK_RAISED(&core, "1/1L1 1/1L2");
	must_settle(&core);
	CK_RAISED(&core, "1/1L1 1/1L2 1/1L3");
	core_clear(&core);
}

TEST(a_clock_set_back_while_it_was_down_does_not_hold_up_the_chain)
{
	struct core core;

	must_start(&core, at_once);
	fires(&core, "Down", "argus");
	must_settle(&core);
	must_sql(&core, "UPDATE escalation SET due_at = due_at + 86400000, look_at = look_at + "
			"86400000");
	core_clear(&core);
	must_start(&core, at_once);
	must_settle(&core);

	ck_int(strtol(rows(&core, waits), NULL, 10) <= 302000, 1);
	core_clear(&core);
}

TEST(other_levels_after_a_reload_hold_from_then_on)
{
	struct core core;

	must_start(&core, at_once);
	fires(&core, "Down", "argus");
	must_settle(&core);
	must_configure(&core, RECEIVERS "escalation:\n"
					"  levels:\n"
					"    - { name: L1, receivers: [on-call], respond_within: "
					"1m }\n"
					"    - { name: L3, receivers: [lead], respond_within: 1m "
					"}\n");
	must_settle(&core);
	CK_RAISED(&core, "1/1L1");
	must_sql(&core, "UPDATE told SET at = at - 1"); /* not in one millisecond with the next */
	time_is_up(&core, "due_at");
	CK_RAISED(&core, "1/1L1 1/1L3");
	/* without any level the chain stops, and whoever was told still hears of the end */
	must_configure(&core, RECEIVERS);
	ends(&core, "Down", "argus");
	CK_TOLD(&core, "1/1/initial>on-call 1/1/level/L3>lead 1/1/resolved>on-call "
		       "1/1/resolved>lead");
	core_clear(&core);
}

TEST(what_fires_when_levels_are_configured_first_is_taken_up)
{
	struct core core;

	must_start(&core, RECEIVERS);
	fires(&core, "Down", "argus");
	must_settle(&core);
	must_configure(&core, at_once);
	must_settle(&core);
	CK_TOLD(&core, "1/1/initial>on-call");
	core_clear(&core);
}

TEST(a_person_calls_the_level_that_is_wanted)
{
	struct core core;
	struct err err;

	must_start(&core, with_hold);
	fires(&core, "Down", "argus");
	must_sql(&core, "UPDATE escalation SET due_at = due_at + 60000");
	must_ok(turn_write(&core.turn, &err), err);
	must_ok(escalator_raise(&core, 1,
				&(struct call){ &core_config(&core)->escalation.levels[2], "help",
						"eve" },
				&err),
			err);
	must_settle(&core);
	CK_TOLD(&core, "1/1/level/L3>lead");
	ck_str(rows(&core, "SELECT by || ' ' || why FROM raise"), "eve help");
	ck_str(rows(&core, "SELECT who FROM timeline WHERE kind = 'raised'"), "eve");
	CK_WAITS(&core, "off");
	core_clear(&core);
}

TEST(a_rehearsal_calls_nobody)
{
	struct core core;
	struct label labels[] = { { "alertname", "Down" } };
	struct alert alert = { .labels = { labels, 1 }, .generator_url = "", .fingerprint = "f" };
	const struct msg_deliver msg = {
		.principal = "test",
		.dry_run = true,
		.body = { (const unsigned char *)"{}", 2 },
		.delivery = { .receiver = "r",
				.group_key = "",
				.external_url = "",
				.notification_reason = "",
				.alerts = &alert,
				.alerts_len = 1 },
	};
	struct err err;

	must_start(&core, at_once);
	must_ok(receive_delivery(&core, &msg, &err), err);
	must_settle(&core);
	CK_TOLD(&core, "");
	CK_RAISED(&core, "");
	core_clear(&core);
}

static void ignore_run(int64_t run_id, void *arg)
{
	(void)run_id;
	(void)arg;
}

TEST(what_is_old_goes_with_its_calls)
{
	struct core core;
	struct err err;
	int gone = 1;

	must_start(&core, at_once);
	fires(&core, "Down", "argus");
	must_settle(&core);
	ends(&core, "Down", "argus");
	fires(&core, "Down", "hermes");
	must_settle(&core);
	must_ok(turn_write(&core.turn, &err), err);
	for (int i = 0; i < 100 && gone > 0; i++) {
		gone = retention_sweep(core.db, INT64_MAX, ignore_run, NULL, &err);
	}
	must_ok(gone, err);
	must_ok(turn_end(&core.turn, &err), err);
	ck_str(rows(&core, "SELECT id FROM incident"), "2");
	CK_RAISED(&core, "2/1L1");
	ck_str(rows(&core, "SELECT incident_id FROM told"), "2");
	ck_str(rows(&core, "SELECT incident_id FROM escalation"), "2");
	core_clear(&core);
}
