/* SPDX-License-Identifier: Apache-2.0 */
#include "core/escalate/escalator.h"

#include <stdlib.h>

#include "core/escalate/attention.h"
#include "core_world.h"
#include "domain/incident.h"
#include "peers.h"
#include "store/incidents.h"
#include "test.h"

#define MINUTE (INT64_C(60) * 1000)

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
#define HELP(level)     \
	"playbooks:\n"  \
	"  - name: p\n" \
	"    matchers: [alertname=Down]\n" level "    steps: [{ name: s, run: ['true'] }]\n"
#define RULES                                                                               \
	"  raise:\n"                                                                        \
	"    - { level: L2, matchers: [alertname=Down], distinct: service, at_least: 2 }\n" \
	"    - { level: L3, matchers: [alertname=Down], distinct: service, at_least: 3 }\n"

static const char at_once[] = RECEIVERS LEVELS("0s");
static const char held[] = RECEIVERS LEVELS("2m") HELP("");
static const char held_at_l2[] = RECEIVERS LEVELS("2m") HELP("    incident: { level: L2 }\n");
static const char with_rules[] = RECEIVERS LEVELS("0s") RULES;

static void fires(struct core *core, const char *name, const char *service)
{
	peers_fires(core, PAIRS("alertname", name, "service", service));
}

static void ends(struct core *core, const char *name, const char *service)
{
	peers_resolves(core, PAIRS("alertname", name, "service", service));
}

static void acknowledge(struct core *core)
{
	ck_int(peers_ask(core, &(struct peers_question){ ROUTE_ACKNOWLEDGE, 1 }).code, ERR_NONE);
}

/* Incident 1 needs an operator; failed: since a run failed. */
static void needs_operator(struct core *core, const char *why, bool failed)
{
	const struct attention attention = { 1, failed ? 7 : 0, why, failed };
	struct err err;

	turn_begin(&core->ground.turn);
	must_ok(turn_write(&core->ground.turn, &err), err);
	must_ok(attention_raise(&core->escalate, &attention, &err), err);
	core_world_wait(core, 0);
}

static const char notified[] = "SELECT substr(key, 10) || '>' || receiver FROM outbox ORDER BY id";
static const char paged[] =
		"SELECT incident_id || '/' || generation || level FROM raise ORDER BY id";
/* How long the chain of incident 1 waits for its next level. */
static const char waits[] = "SELECT coalesce(due_at - (SELECT max(at) FROM raise), 'off')"
			    " FROM escalation";

#define CK_NOTIFIED(core, want) ck_str(core_world_rows((core), notified), (want))
#define CK_PAGED(core, want)    ck_str(core_world_rows((core), paged), (want))
#define CK_WAITS(core, want)    ck_str(core_world_rows((core), waits), (want))

/* When the room wants to be asked again; -1: never. */
static int64_t room_waits(struct core *core)
{
	struct deadline next = { DEADLINE_NEVER };
	struct err err;

	must_ok(escalator_tick(&core->escalate, &next, &err), err);
	return deadline_wait(&next, core_world.mono_ms);
}

TEST(without_levels_nobody_is_paged)
{
	struct core core;

	core_world_start(&core, RECEIVERS);
	fires(&core, "Down", "argus");
	CK_NOTIFIED(&core, "");
	ck_int(room_waits(&core), -1);
	core_world_end(&core);
}

TEST(the_chain_goes_from_level_to_level_and_ends_with_the_last)
{
	struct core core;

	core_world_start(&core, at_once);
	fires(&core, "Down", "argus");
	CK_NOTIFIED(&core, "1/1/initial>on-call");
	CK_WAITS(&core, "300000");
	core_world_wait(&core, 5 * MINUTE - 1);
	CK_PAGED(&core, "1/1L1");
	core_world_wait(&core, 1);
	CK_PAGED(&core, "1/1L1, 1/1L2");
	CK_WAITS(&core, "600000");
	core_world_wait(&core, 10 * MINUTE);
	CK_WAITS(&core, "off");
	core_world_wait(&core, 14 * MINUTE);
	CK_NOTIFIED(&core,
			"1/1/initial>on-call, 1/1/level/L2>senior, 1/1/level/L2>on-call, 1/1/level/L3>lead");
	CK_PAGED(&core, "1/1L1, 1/1L2, 1/1L3");
	ck_int(core.ground.counters.pages[1], 1);
	core_world_end(&core);
}

TEST(each_page_says_why_and_the_level_of_the_incident_follows)
{
	struct core core;

	core_world_start(&core, at_once);
	fires(&core, "Down", "argus");
	core_world_wait(&core, 5 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT why FROM raise ORDER BY id"),
			"no playbook matches this alert, nobody acknowledged within 5m of L1");
	ck_str(core_world_rows(&core, "SELECT level FROM incident"), "L2");
	ck_str(core_world_rows(&core, "SELECT subject FROM outbox WHERE id = 2"),
			"[ESCALATION L2] Down on argus");
	ck_str(core_world_rows(&core, "SELECT text FROM timeline WHERE kind = 'raised'"
				      " AND who IS NULL"),
			"L1 was paged: no playbook matches this alert, L2 was paged: nobody acknowledged within 5m of L1");
	core_world_end(&core);
}

TEST(acknowledged_the_chain_does_nothing_more)
{
	struct core core;

	core_world_start(&core, at_once);
	fires(&core, "Down", "argus");
	acknowledge(&core);
	core_world_wait(&core, 5 * MINUTE);
	needs_operator(&core, "run 7 failed", true);
	CK_PAGED(&core, "1/1L1");
	CK_WAITS(&core, "off");
	core_world_end(&core);
}

TEST(a_run_that_failed_raises_once_and_its_own_level_is_paged_first)
{
	struct core core;

	core_world_start(&core, held);
	fires(&core, "Down", "argus");
	CK_PAGED(&core, "");
	needs_operator(&core, "run 7 failed", true);
	CK_PAGED(&core, "1/1L1, 1/1L2");
	ck_str(core_world_rows(&core, "SELECT DISTINCT why FROM raise"), "run 7 failed");
	core_world_tick(&core);
	CK_PAGED(&core, "1/1L1, 1/1L2");
	needs_operator(&core, "something else", false);
	CK_PAGED(&core, "1/1L1, 1/1L2");
	core_world_end(&core);
}

/* An event of incident 1, as other rooms let it happen. */
static void move(struct core *core, enum incident_event event)
{
	struct turn *turn = &core->ground.turn;
	struct incident_facts incident;
	struct err err;

	turn_begin(turn);
	must_ok(turn_write(turn, &err), err);
	must_ok(incidents_facts(core->ground.db, 1, &incident, &err), err);
	must_ok(incidents_move(core->ground.db, &incident, event, 0, turn->wall_ms, &err), err);
	if (event == INCIDENT_FIRE) {
		must_ok(escalator_fires(&core->escalate, &incident, &err), err);
	}
	core_world_wait(core, 0);
}

TEST(mitigated_or_resolved_within_the_hold_notifies_nobody)
{
	struct core core;

	core_world_start(&core, held_at_l2);
	fires(&core, "Down", "argus");
	CK_NOTIFIED(&core, "");
	move(&core, INCIDENT_MITIGATE);
	core_world_wait(&core, 2 * MINUTE);
	CK_NOTIFIED(&core, "");
	ends(&core, "Down", "argus");
	CK_NOTIFIED(&core, "");
	core_world_end(&core);
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
static const char own_holds[] = RECEIVERS
		"escalation:\n"
		"  hold: 1h\n"
		"  levels:\n"
		"    - { name: L1, receivers: [on-call], respond_within: 5m }\n"
		"    - { name: L2, receivers: [senior], respond_within: 10m, hold: 0s }\n" LOW_AND_HIGH;

TEST(each_level_may_have_its_own_hold)
{
	struct core core;

	core_world_start(&core, own_holds);
	fires(&core, "Low", "argus");
	fires(&core, "High", "argus");
	CK_NOTIFIED(&core, "2/1/initial>senior");
	core_world_end(&core);
}

TEST(what_fired_before_there_were_levels_has_the_hold_of_its_level)
{
	struct core core;

	core_world_start(&core, RECEIVERS LOW_AND_HIGH);
	fires(&core, "Low", "argus");
	fires(&core, "High", "argus");
	CK_NOTIFIED(&core, "");
	core_world_reload(&core, own_holds);
	CK_NOTIFIED(&core, "2/1/initial>senior");
	core_world_end(&core);
}

TEST(the_hold_ends_with_a_page_at_the_incidents_own_level)
{
	struct core core;

	core_world_start(&core, held_at_l2);
	fires(&core, "Down", "argus");
	core_world_wait(&core, 2 * MINUTE);
	CK_NOTIFIED(&core, "1/1/initial>senior, 1/1/initial>on-call");
	CK_PAGED(&core, "1/1L2");
	core_world_end(&core);
}

TEST(mitigated_the_chain_stops_and_fires_again_with_its_time_anew)
{
	struct core core;

	core_world_start(&core, held_at_l2);
	fires(&core, "Down", "argus");
	core_world_wait(&core, 2 * MINUTE);
	move(&core, INCIDENT_MITIGATE);
	core_world_wait(&core, 10 * MINUTE);
	CK_WAITS(&core, "off");
	CK_PAGED(&core, "1/1L2");
	move(&core, INCIDENT_FIRE);
	core_world_wait(&core, 10 * MINUTE - 1);
	CK_PAGED(&core, "1/1L2");
	core_world_wait(&core, 1);
	CK_PAGED(&core, "1/1L2, 1/1L3");
	core_world_end(&core);
}

TEST(whoever_was_notified_is_notified_of_the_end_once)
{
	struct core core;
	struct err err;

	core_world_start(&core, at_once);
	fires(&core, "Down", "argus");
	core_world_wait(&core, 5 * MINUTE);
	ends(&core, "Down", "argus");
	CK_NOTIFIED(&core,
			"1/1/initial>on-call, 1/1/level/L2>senior, 1/1/level/L2>on-call, 1/1/resolved>on-call, 1/1/resolved>senior");
	turn_begin(&core.ground.turn);
	must_ok(turn_write(&core.ground.turn, &err), err);
	must_ok(escalator_over(&core.escalate, 1, &err), err);
	core_world_wait(&core, 0);
	CK_NOTIFIED(&core,
			"1/1/initial>on-call, 1/1/level/L2>senior, 1/1/level/L2>on-call, 1/1/resolved>on-call, 1/1/resolved>senior");
	ck_int(room_waits(&core), -1);
	/* it comes back: another opening, a page of its own, from the level that it had */
	core_world_wait(&core, 1000);
	fires(&core, "Down", "argus");
	CK_PAGED(&core, "1/1L1, 1/1L2, 1/2L2");
	core_world_end(&core);
}

TEST(updates_are_numbered_and_go_to_all_who_were_notified)
{
	struct core core;

	core_world_start(&core, RECEIVERS LEVELS("0s") "  update_every: 7m\n");
	fires(&core, "Down", "argus");
	core_world_wait(&core, 7 * MINUTE);
	acknowledge(&core);
	core_world_wait(&core, 7 * MINUTE);
	CK_NOTIFIED(&core,
			"1/1/initial>on-call, 1/1/level/L2>senior, 1/1/level/L2>on-call, 1/1/update/1>on-call, 1/1/update/1>senior, 1/1/update/2>on-call, 1/1/update/2>senior");
	core_world_end(&core);
}

TEST(incidents_that_fire_together_are_raised_with_one_message)
{
	struct core core;
	const char *text;

	core_world_start(&core, with_rules);
	fires(&core, "Down", "argus");
	fires(&core, "Slow", "iris");
	CK_NOTIFIED(&core, "1/1/initial>on-call, 2/1/initial>on-call");
	fires(&core, "Down", "hermes");
	CK_NOTIFIED(&core,
			"1/1/initial>on-call, 2/1/initial>on-call, 3/1/initial>on-call, 1/1/level/L2>senior, 1/1/level/L2>on-call");
	CK_PAGED(&core, "1/1L1, 2/1L1, 3/1L1, 1/1L2, 3/1L2");
	ck_str(core_world_rows(&core, "SELECT why FROM raise WHERE id = 4"),
			"2 firing at the same time (service): argus, hermes");
	text = core_world_rows(&core, "SELECT text FROM outbox WHERE receiver = 'senior'");
	ck_has(text, "Affected Services: argus, hermes\n");
	ck_has(text, "Incidents: 1 Down on argus; 3 Down on hermes\n");
	/* each is over by itself, for all who know of it */
	ends(&core, "Down", "hermes");
	ck_str(core_world_rows(&core, "SELECT receiver FROM outbox"
				      " WHERE key = 'incident/3/1/resolved'"),
			"on-call, senior");
	core_world_end(&core);
}

TEST(all_at_once_page_every_level_that_a_rule_holds_for)
{
	const struct peers_alert alerts[] = {
		{ .labels = PAIRS("alertname", "Down", "service", "argus") },
		{ .labels = PAIRS("alertname", "Down", "service", "hermes") },
		{ .labels = PAIRS("alertname", "Down", "service", "iris") },
	};
	struct core core;

	core_world_start(&core, with_rules);
	peers_deliver(&core, &(struct peers_delivery){ .alerts = alerts, .len = 3 });
	CK_PAGED(&core, "1/1L1, 2/1L1, 3/1L1, 1/1L2, 2/1L2, 3/1L2, 1/1L3, 2/1L3, 3/1L3");
	ck_str(core_world_rows(&core, "SELECT count(*) FROM outbox WHERE receiver = 'lead'"), "1");
	core_world_end(&core);
}

TEST(what_is_within_its_hold_does_not_count_yet)
{
	struct core core;

	core_world_start(&core, RECEIVERS LEVELS("2m") RULES HELP(""));
	fires(&core, "Down", "argus");
	fires(&core, "Down", "hermes");
	CK_PAGED(&core, "");
	core_world_wait(&core, 2 * MINUTE);
	CK_PAGED(&core, "1/1L1, 2/1L1, 1/1L2, 2/1L2");
	core_world_end(&core);
}

TEST(a_restart_in_the_middle_notifies_nobody_twice_and_is_not_late)
{
	struct deadline next = { DEADLINE_NEVER };
	struct core core;
	struct err err;

	core_world_start(&core, at_once);
	fires(&core, "Down", "argus");
	core_world_end(&core);
	core_world_pass(5 * MINUTE);
	core_world_start(&core, at_once);
	CK_PAGED(&core, "1/1L1, 1/1L2");
	core_world_end(&core);
	core_world_start(&core, at_once);
	CK_PAGED(&core, "1/1L1, 1/1L2");
	/* what it did was not committed: it is done again */
	core_world_pass(10 * MINUTE);
	turn_begin(&core.ground.turn);
	must_ok(escalator_tick(&core.escalate, &next, &err), err);
	CK_PAGED(&core, "1/1L1, 1/1L2, 1/1L3");
	core_world_end(&core);
	core_world_open(&core, CORE_WORLD_STORE);
	CK_PAGED(&core, "1/1L1, 1/1L2");
	core_world_end(&core);
	core_world_start(&core, at_once);
	CK_PAGED(&core, "1/1L1, 1/1L2, 1/1L3");
	core_world_end(&core);
}

TEST(a_clock_set_back_while_it_was_down_does_not_hold_up_the_chain)
{
	struct core core;

	core_world_start(&core, at_once);
	fires(&core, "Down", "argus");
	core_world_end(&core);
	core_world.wall_ms -= 24 * 60 * MINUTE;
	core_world_start(&core, at_once);
	ck_int(strtoll(core_world_rows(&core, "SELECT due_at FROM escalation"), NULL, 10),
			core_world.wall_ms + 5 * MINUTE);
	core_world_wait(&core, 5 * MINUTE);
	CK_PAGED(&core, "1/1L1, 1/1L2");
	core_world_end(&core);
}

TEST(other_levels_after_a_reload_hold_from_then_on)
{
	struct core core;

	core_world_start(&core, at_once);
	fires(&core, "Down", "argus");
	core_world_reload(&core,
			RECEIVERS "escalation:\n"
				  "  levels:\n"
				  "    - { name: L1, receivers: [on-call], respond_within: 1m }\n"
				  "    - { name: L3, receivers: [lead], respond_within: 1m }\n");
	CK_PAGED(&core, "1/1L1");
	core_world_wait(&core, 5 * MINUTE);
	CK_PAGED(&core, "1/1L1, 1/1L3");
	/* without any level the chain stops, and whoever was notified is still told of the end */
	core_world_reload(&core, RECEIVERS);
	ends(&core, "Down", "argus");
	CK_NOTIFIED(&core,
			"1/1/initial>on-call, 1/1/level/L3>lead, 1/1/resolved>on-call, 1/1/resolved>lead");
	core_world_end(&core);
}

TEST(what_fires_when_levels_are_configured_first_is_taken_up)
{
	struct core core;

	core_world_start(&core, RECEIVERS);
	fires(&core, "Down", "argus");
	core_world_reload(&core, at_once);
	CK_NOTIFIED(&core, "1/1/initial>on-call");
	core_world_end(&core);
}

TEST(an_operator_pages_the_level_that_is_wanted)
{
	const struct peers_question escalates = { ROUTE_INCIDENT_ESCALATE, 1,
		.args = PAIRS("level", "L3", "reason", "help") };
	struct core core;

	core_world_start(&core, held);
	fires(&core, "Down", "argus");
	ck_int(peers_ask(&core, &escalates).code, ERR_NONE);
	CK_NOTIFIED(&core, "1/1/level/L3>lead");
	ck_str(core_world_rows(&core, "SELECT by || ' ' || why FROM raise"), "eve help");
	ck_str(core_world_rows(&core, "SELECT who FROM timeline WHERE kind = 'raised'"), "eve");
	CK_WAITS(&core, "off");
	core_world_end(&core);
}

TEST(a_dry_run_pages_nobody)
{
	const struct peers_alert alert = { .labels = PAIRS("alertname", "Down") };
	struct core core;

	core_world_start(&core, at_once);
	peers_deliver(&core,
			&(struct peers_delivery){ .alerts = &alert, .len = 1, .dry_run = true });
	CK_NOTIFIED(&core, "");
	CK_PAGED(&core, "");
	core_world_end(&core);
}

TEST(what_is_old_goes_with_its_pages)
{
	struct core core;

	core_world_start(&core, at_once);
	fires(&core, "Down", "argus");
	ends(&core, "Down", "argus");
	fires(&core, "Down", "hermes");
	core.storage.retention_ms = 1000;
	core_world_wait(&core, 60000);
	ck_str(core_world_rows(&core, "SELECT id FROM incident"), "2");
	CK_PAGED(&core, "2/1L1");
	ck_str(core_world_rows(&core, "SELECT incident_id FROM told"), "2");
	ck_str(core_world_rows(&core, "SELECT incident_id FROM escalation"), "2");
	core_world_end(&core);
}
