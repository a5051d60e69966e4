/* SPDX-License-Identifier: Apache-2.0 */
#include "core/intake/watchdog.h"
#include "core_world.h"
#include "peers.h"
#include "test.h"
#include "transcript.h"

#define MINUTE (INT64_C(60) * 1000)

#define LEVELS                                                                      \
	"receivers: [{ name: on-call, webhook_configs: [{ url: 'http://a/' }] },\n" \
	"  { name: senior, webhook_configs: [{ url: 'http://b/' }] }]\n"            \
	"escalation:\n"                                                             \
	"  levels:\n"                                                               \
	"    - { name: L1, receivers: [on-call], respond_within: 60m }\n"           \
	"    - { name: L2, receivers: [senior], respond_within: 60m }\n"
#define BEAT "heartbeats: [{ name: prom, matchers: [alertname=Watchdog], every: 10m, level: L2 }]\n"

static const char *const watchdog[] = { "alertname", "Watchdog", "prometheus", "a", NULL };
static const char *const other[] = { "alertname", "Watchdog", "prometheus", "b", NULL };

static void begin(struct core *core, const char *yaml)
{
	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(core, yaml);
	transcript_forget();
}

TEST(a_heartbeat_that_does_not_come_pages_and_its_return_ends_that)
{
	struct core core;

	begin(&core, LEVELS BEAT);
	core_world_wait(&core, 5 * MINUTE);
	peers_fires(&core, watchdog);
	core_world_wait(&core, 5 * MINUTE);
	peers_fires(&core, watchdog);
	core_world_wait(&core, 12 * MINUTE);
	peers_fires(&core, watchdog);
	core_world_wait(&core, 9 * MINUTE);
	CK_STORY("05:00 Watchdog a fires\n"
		 "05:00 delivery 1: heartbeat: heartbeat prom: the first one\n"
		 "10:00 Watchdog a fires\n"
		 "10:00 delivery 2: heartbeat: heartbeat prom: the last one came 5m before\n"
		 "20:00 incident 1 firing\n"
		 "20:00 incident 1 needs an operator: heartbeat prom has not come for 10m (the last one: 2025-11-22 22:50 UTC): its sender may be down, and nobody would hear of its other alerts\n"
		 "20:00 page L2 of incident 1: heartbeat prom has not come for 10m (the last one: 2025-11-22 22:50 UTC): its sender may be down, and nobody would hear of its other alerts\n"
		 "20:00 NOTIFY 1 senior initial\n"
		 "20:00 notification 1 sent\n"
		 "22:00 Watchdog a fires\n"
		 "22:00 delivery 4: heartbeat: heartbeat prom: the last one came 12m before\n"
		 "22:00 incident 1 resolved\n"
		 "22:00 incident 1 needs an operator: no more\n"
		 "22:00 NOTIFY 2 senior resolved\n"
		 "22:00 notification 2 sent\n");
	ck_str(core_world_rows(&core,
			       "SELECT decision || ': ' || reason FROM decision WHERE delivery_id = 5"),
			"resolved: heartbeat prom came again, 2m after it was missed");
	ck_str(core_world_rows(&core, "SELECT text FROM timeline WHERE kind = 'resolved'"),
			"its last alert ended: HeartbeatMissing heartbeat=prom: heartbeat prom came again, 2m after it was missed");
	core_world_end(&core);
}

/* One of a pair is enough; an end, a replay and a dry run are no beats. */
TEST(each_firing_alert_that_matches_is_a_beat_and_nothing_else_is)
{
	const struct peers_alert alert = { .labels = watchdog };
	struct core core;

	begin(&core, LEVELS BEAT);
	peers_fires(&core, watchdog);
	core_world_wait(&core, 6 * MINUTE);
	peers_fires(&core, other);
	core_world_wait(&core, 9 * MINUTE);
	transcript_forget();
	peers_resolves(&core, watchdog);
	peers_deliver(&core,
			&(struct peers_delivery){ .alerts = &alert, .len = 1, .replay_of = 1 });
	peers_deliver(&core,
			&(struct peers_delivery){ .alerts = &alert, .len = 1, .dry_run = true });
	CK_STORY("15:00 Watchdog a is resolved\n"
		 "15:00 delivery 3: heartbeat: heartbeat prom: one that is resolved is no beat\n"
		 "15:00 Watchdog a fires, replayed\n"
		 "15:00 delivery 4: heartbeat: heartbeat prom: a replay is no beat\n"
		 "15:00 Watchdog a fires, a dry run\n"
		 "15:00 decision: heartbeat: heartbeat prom: a dry run is no beat\n");
	core_world_wait(&core, MINUTE - 1);
	ck_str(core_world_rows(&core, "SELECT count(*) FROM incident"), "0");
	core_world_wait(&core, 1);
	ck_str(core_world_rows(&core, "SELECT level || ' ' || labels FROM incident"),
			"L2 {\"alertname\":\"HeartbeatMissing\",\"heartbeat\":\"prom\"}");
	core_world_end(&core);
}

/* Two senders, two heartbeats: the one that stops is missed, whatever the other does. */
TEST(a_heartbeat_of_its_own_for_each_of_two_senders)
{
	static const char two[] = LEVELS
			"heartbeats:\n"
			"  - { name: a, matchers: [alertname=Watchdog, prometheus=a], every: 10m }\n"
			"  - { name: b, matchers: [alertname=Watchdog, prometheus=b], every: 10m }\n"
			"  - { name: any, matchers: [alertname=Watchdog], every: 10m }\n";
	const struct peers_alert both[] = { { .labels = watchdog }, { .labels = other } };
	struct core core;

	begin(&core, two);
	peers_deliver(&core, &(struct peers_delivery){ .alerts = both, .len = 2 });
	for (int i = 0; i < 4; i++) {
		core_world_wait(&core, 4 * MINUTE);
		peers_fires(&core, watchdog);
	}
	ck_str(core_world_rows(&core, "SELECT status || ' ' || labels FROM incident"),
			"firing {\"alertname\":\"HeartbeatMissing\",\"heartbeat\":\"b\"}");
	ck_str(core_world_rows(&core, "SELECT name FROM heartbeat WHERE missing_at IS NULL"),
			"a, any");
	ck_str(core_world_rows(&core, "SELECT reason FROM decision WHERE delivery_id = 1"),
			"heartbeat a: the first one; heartbeat any: the first one, heartbeat b: the first one; heartbeat any: the last one came 0s before");
	core_world_end(&core);
}

/* Whoever is restarted, or reads another configuration, waits anew: that alone pages nobody. */
TEST(a_start_alone_never_pages)
{
	struct core core;

	begin(&core, LEVELS BEAT);
	peers_fires(&core, watchdog);
	core_world_wait(&core, 9 * MINUTE);
	core_world_end(&core);
	core_world_pass(60 * MINUTE);
	core_world_start(&core, LEVELS BEAT);
	core_world_wait(&core, 9 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT count(*) FROM incident"), "0");
	core_world_wait(&core, MINUTE);
	ck_has(core_world_rows(&core, "SELECT attention FROM incident"),
			"(the last one: 2025-11-22 22:40 UTC)");
	core_world_end(&core);
}

TEST(what_is_missing_stays_so_over_a_restart_and_is_paged_once)
{
	struct core core;

	begin(&core, LEVELS BEAT);
	core_world_wait(&core, 10 * MINUTE);
	core_world_end(&core);
	core_world_start(&core, LEVELS BEAT);
	transcript_forget();
	core_world_wait(&core, 40 * MINUTE);
	core_world_reload(&core, LEVELS BEAT "global: { dry_run: true }\n");
	core_world_wait(&core, 9 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT count(*) FROM outbox WHERE kind <> 'update'"), "1");
	ck_str(core_world_rows(&core, "SELECT missing_at - 1763851200000 FROM heartbeat"),
			"600000");
	peers_fires(&core, watchdog);
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "resolved");
	ck_str(core_world_rows(&core, "SELECT missing_at FROM heartbeat"), "-");
	core_world_end(&core);
}

TEST(a_missing_heartbeat_that_the_configuration_drops_is_over)
{
	struct core core;

	begin(&core, LEVELS BEAT);
	core_world_wait(&core, 10 * MINUTE);
	transcript_forget();
	core_world_reload(&core, LEVELS);
	ck_str(core_world_rows(&core, "SELECT count(*) FROM heartbeat"), "0");
	ck_str(core_world_rows(&core, "SELECT reason FROM decision WHERE decision = 'resolved'"),
			"heartbeat prom is not in the configuration any more");
	CK_STORY("10:00 the configuration is read again\n"
		 "10:00 incident 1 resolved\n"
		 "10:00 incident 1 needs an operator: no more\n"
		 "10:00 NOTIFY 2 senior resolved\n"
		 "10:00 notification 2 sent\n");
	core_world_end(&core);
}

/* While the core was down somebody took it out of the configuration. */
TEST(one_that_was_dropped_while_the_core_was_down_is_over_too)
{
	struct core core;

	begin(&core, LEVELS BEAT);
	core_world_wait(&core, 10 * MINUTE);
	core_world_end(&core);
	core_world_start(&core, LEVELS);
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "resolved");
	core_world_end(&core);
}

TEST(a_heartbeat_waits_anew_when_it_is_defined_otherwise)
{
	static const char longer[] = LEVELS
			"heartbeats: [{ name: prom, matchers: [alertname=Watchdog], every: 11m }]\n";
	struct core core;

	begin(&core, LEVELS BEAT);
	core_world_wait(&core, 9 * MINUTE);
	core_world_reload(&core, LEVELS BEAT "global: { dry_run: true }\n");
	core_world_wait(&core, MINUTE / 2);
	core_world_reload(&core, longer);
	core_world_wait(&core, 10 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT count(*) FROM incident"), "0");
	core_world_wait(&core, MINUTE);
	ck_str(core_world_rows(&core, "SELECT level FROM incident"), "L1");
	core_world_end(&core);
}

/* Another name, or a playbook more, changes nothing of how long it is waited for. */
TEST(another_configuration_with_the_same_heartbeat_goes_on_waiting)
{
	struct core core;

	begin(&core, LEVELS BEAT);
	core_world_wait(&core, 9 * MINUTE);
	core_world_reload(&core, LEVELS BEAT "global: { dry_run: true }\n");
	core_world_wait(&core, MINUTE);
	ck_str(core_world_rows(&core, "SELECT count(*) FROM incident"), "1");
	core_world_end(&core);
}

/* The clock that can be set decides nothing. */
TEST(a_clock_that_is_set_misses_nothing_and_hides_nothing)
{
	struct core core;

	begin(&core, LEVELS BEAT);
	peers_fires(&core, watchdog);
	core_world.wall_ms += 24 * 60 * MINUTE;
	core_world_wait(&core, 9 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT count(*) FROM incident"), "0");
	core_world.wall_ms -= 48 * 60 * MINUTE;
	core_world_wait(&core, MINUTE);
	ck_str(core_world_rows(&core, "SELECT count(*) FROM incident"), "1");
	core_world.wall_ms -= 48 * 60 * MINUTE;
	peers_fires(&core, watchdog);
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "resolved");
	core_world_end(&core);
}

/* A machine that was suspended has heard nothing, and missed nothing. */
TEST(a_process_that_did_not_run_waits_anew)
{
	struct core core;

	begin(&core, LEVELS BEAT);
	core_world_wait(&core, 5 * MINUTE);
	core_world_pass(60 * MINUTE);
	core_world_wait(&core, 9 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT count(*) FROM incident"), "0");
	core_world_wait(&core, MINUTE);
	ck_str(core_world_rows(&core, "SELECT count(*) FROM incident"), "1");
	core_world_end(&core);
}

/* The kill switch keeps runs from starting, and pages all the same. */
TEST(a_heartbeat_that_is_missing_while_paused_pages)
{
	static const char with_playbook[] =
			LEVELS BEAT "playbooks:\n"
				    "  - name: look\n"
				    "    matchers: [alertname=HeartbeatMissing]\n"
				    "    steps: [{ name: look, run: [look] }]\n";
	struct core core;

	begin(&core, with_playbook);
	peers_ask(&core, &(struct peers_question){ ROUTE_PAUSE_BEGIN, 0,
					 .args = PAIRS("reason", "hands off") });
	transcript_forget();
	core_world_wait(&core, 10 * MINUTE);
	CK_STORY("10:00 incident 1 firing\n"
		 "10:00 incident 1 needs an operator: paused by eve since 2025-11-22T22:40:00.000Z: hands off\n"
		 "10:00 page L1 of incident 1: paused by eve since 2025-11-22T22:40:00.000Z: hands off\n"
		 "10:00 NOTIFY 1 on-call initial\n"
		 "10:00 notification 1 sent\n");
	core_world_end(&core);
}

/* An operator may write a playbook for it. */
TEST(a_playbook_may_be_for_a_heartbeat_that_is_missing)
{
	static const char with_playbook[] =
			LEVELS BEAT "playbooks:\n"
				    "  - name: look\n"
				    "    matchers: [alertname=HeartbeatMissing]\n"
				    "    steps: [{ name: look, run: [look] }]\n";
	struct core core;

	begin(&core, with_playbook);
	core_world_wait(&core, 10 * MINUTE);
	CK_STORY("10:00 incident 1 firing\n"
		 "10:00 run 1 (look) running\n"
		 "10:00 page L1 of incident 1: it fires, and no run has helped yet\n"
		 "10:00 START 1.0.1\n"
		 "10:00 NOTIFY 1 on-call initial\n"
		 "10:00 notification 1 sent\n");
	core_world_end(&core);
}

/* The operator closes the incident: it stays closed while nothing comes. */
TEST(a_closed_incident_of_a_missing_heartbeat_stays_closed_until_it_is_missed_again)
{
	struct core core;

	begin(&core, LEVELS BEAT);
	core_world_wait(&core, 10 * MINUTE);
	peers_ask(&core, &(struct peers_question){ ROUTE_CLOSE, 1 });
	core_world_wait(&core, 60 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "closed");
	peers_fires(&core, watchdog);
	core_world_wait(&core, 10 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "closed, firing");
	core_world_end(&core);
}

/* Whoever ignores all alerts has not switched off what watches them. */
TEST(what_playbookd_raises_itself_is_never_ignored)
{
	static const char all[] = LEVELS BEAT "ignore: [{ matchers: ['alertname=~.+'] }]\n"
					      "global: { unmatched: ignore }\n";
	struct core core;

	begin(&core, all);
	peers_fires(&core, watchdog);
	core_world_wait(&core, 10 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "firing");
	core_world_end(&core);
}

/* It was an incident when nobody knew that it always fires. */
TEST(an_incident_of_the_heartbeat_itself_is_over_when_it_ends)
{
	struct core core;

	begin(&core, LEVELS "ignore: []\n");
	peers_fires(&core, watchdog);
	core_world_reload(&core, LEVELS BEAT);
	transcript_forget();
	core_world_wait(&core, 5 * MINUTE);
	peers_fires(&core, watchdog);
	peers_resolves(&core, watchdog);
	CK_STORY("05:00 Watchdog a fires\n"
		 "05:00 delivery 2: heartbeat: heartbeat prom: the first one; incident 1 is over when it ends\n"
		 "05:00 Watchdog a is resolved\n"
		 "05:00 delivery 3: resolved: ended at 2025-11-22T22:45:00.000Z\n"
		 "05:00 incident 1 resolved\n"
		 "05:00 incident 1 needs an operator: no more\n"
		 "05:00 NOTIFY 2 on-call resolved\n"
		 "05:00 notification 2 sent\n");
	core_world_end(&core);
}

TEST(the_heartbeats_can_be_read)
{
	struct core core;
	struct peers_answer answer;

	begin(&core, LEVELS BEAT);
	peers_fires(&core, watchdog);
	core_world_wait(&core, 10 * MINUTE);
	answer = peers_ask(&core, &(struct peers_question){ ROUTE_HEARTBEATS, 0 });
	ck_str(answer.text,
			"{\"heartbeats\":[{\"name\":\"prom\",\"matchers\":[{\"name\":\"alertname\",\"op\":\"=\",\"value\":\"Watchdog\"}],"
			"\"everyMs\":600000,\"level\":\"L2\",\"lastAt\":\"2025-11-22T22:40:00.000Z\",\"missingSince\":\"2025-11-22T22:50:00.000Z\"}]}");
	answer = peers_ask(&core, &(struct peers_question){ ROUTE_METRICS, 0 });
	ck_has(answer.text, "playbookd_heartbeat_last_seconds{name=\"prom\"} 1763851200.000\n");
	ck_has(answer.text, "playbookd_heartbeat_missing{name=\"prom\"} 1\n");
	ck_has(answer.text, "playbookd_decisions_total{decision=\"heartbeat\"} 1\n");
	core_world_end(&core);
}
