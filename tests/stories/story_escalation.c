/* SPDX-License-Identifier: Apache-2.0 */
#include "core_world.h"
#include "peers.h"
#include "test.h"
#include "transcript.h"

#define MINUTE (INT64_C(60) * 1000)

/* No playbook is for Down; Slow has one, which has a minute to help. */
static const char yaml[] =
		"receivers:\n"
		"  - { name: on-call, webhook_configs: [{ url: 'http://a/' }] }\n"
		"  - { name: senior, webhook_configs: [{ url: 'http://b/' }] }\n"
		"  - { name: lead, webhook_configs: [{ url: 'http://c/' }] }\n"
		"escalation:\n"
		"  hold: 1m\n"
		"  update_every: 20m\n"
		"  levels:\n"
		"    - { name: L1, receivers: [on-call], respond_within: 5m }\n"
		"    - { name: L2, receivers: [senior], respond_within: 10m }\n"
		"    - { name: L3, receivers: [lead], respond_within: 15m }\n"
		"  raise:\n"
		"    - { level: L2, matchers: [alertname=Down], distinct: service, at_least: 2 }\n"
		"playbooks:\n"
		"  - name: trim\n"
		"    matchers: [alertname=Slow]\n"
		"    steps: [{ name: trim, run: [trim] }]\n";

static const char *const down_argus[] = { "alertname", "Down", "service", "argus", NULL };
static const char *const down_iris[] = { "alertname", "Down", "service", "iris", NULL };
static const char *const slow[] = { "alertname", "Slow", "service", "argus", NULL };

static void command(struct core *core, enum route route, const char *const *args)
{
	peers_ask(core, &(struct peers_question){ route, 1, .args = args });
}

TEST(nobody_acknowledges_and_each_level_is_paged_in_its_time)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, down_argus);
	core_world_wait(&core, 30 * MINUTE);
	CK_STORY("00:00 the core starts\n"
		 "00:00 Down argus fires\n"
		 "00:00 delivery 1: unmatched: no playbook matches this alert\n"
		 "00:00 incident 1 firing\n"
		 "00:00 incident 1 needs an operator: no playbook matches this alert\n"
		 "00:00 page L1 of incident 1: no playbook matches this alert\n"
		 "00:00 NOTIFY 1 on-call initial\n"
		 "00:00 notification 1 sent\n"
		 "05:00 page L2 of incident 1: nobody acknowledged within 5m of L1\n"
		 "05:00 NOTIFY 2 senior escalation\n"
		 "05:00 notification 2 sent\n"
		 "15:00 page L3 of incident 1: nobody acknowledged within 10m of L2\n"
		 "15:00 NOTIFY 3 lead escalation\n"
		 "15:00 notification 3 sent\n"
		 "20:00 NOTIFY 4 on-call update\n"
		 "20:00 NOTIFY 5 senior update\n"
		 "20:00 NOTIFY 6 lead update\n"
		 "20:00 notification 4 sent\n"
		 "20:00 notification 5 sent\n"
		 "20:00 notification 6 sent\n");
	core_world_end(&core);
}

TEST(an_acknowledgement_stops_the_chain_but_not_the_updates)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, down_argus);
	core_world_wait(&core, 6 * MINUTE);
	command(&core, ROUTE_ACKNOWLEDGE, PAIRS("note", "on my way"));
	core_world_wait(&core, 15 * MINUTE);
	peers_resolves(&core, down_argus);
	core_world_wait(&core, 60 * MINUTE);
	CK_STORY("00:00 the core starts\n"
		 "00:00 Down argus fires\n"
		 "00:00 delivery 1: unmatched: no playbook matches this alert\n"
		 "00:00 incident 1 firing\n"
		 "00:00 incident 1 needs an operator: no playbook matches this alert\n"
		 "00:00 page L1 of incident 1: no playbook matches this alert\n"
		 "00:00 NOTIFY 1 on-call initial\n"
		 "00:00 notification 1 sent\n"
		 "05:00 page L2 of incident 1: nobody acknowledged within 5m of L1\n"
		 "05:00 NOTIFY 2 senior escalation\n"
		 "05:00 notification 2 sent\n"
		 "06:00 eve: acknowledge incident 1 note=on my way\n"
		 "20:00 NOTIFY 3 on-call update\n"
		 "20:00 NOTIFY 4 senior update\n"
		 "20:00 notification 3 sent\n"
		 "20:00 notification 4 sent\n"
		 "21:00 Down argus is resolved\n"
		 "21:00 delivery 2: resolved: ended at 2025-11-22T23:01:00.000Z\n"
		 "21:00 incident 1 resolved\n"
		 "21:00 incident 1 needs an operator: no more\n"
		 "21:00 NOTIFY 5 on-call resolved\n"
		 "21:00 NOTIFY 6 senior resolved\n"
		 "21:00 notification 5 sent\n"
		 "21:00 notification 6 sent\n");
	core_world_end(&core);
}

TEST(a_remedy_has_its_hold_before_anybody_is_paged)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, slow);
	peers_started(&core, "1.0.1");
	core_world_wait(&core, MINUTE);
	peers_exited(&core, "1.0.1", 0);
	CK_STORY("00:00 the core starts\n"
		 "00:00 Slow argus fires\n"
		 "00:00 delivery 1: queued run 1\n"
		 "00:00 incident 1 firing\n"
		 "00:00 run 1 (trim) running\n"
		 "00:00 START 1.0.1\n"
		 "00:00 1.0.1 started\n"
		 "00:00 GO 1.0.1\n"
		 "01:00 page L1 of incident 1: it fires, and no run has helped yet\n"
		 "01:00 NOTIFY 1 on-call initial\n"
		 "01:00 notification 1 sent\n"
		 "01:00 1.0.1 exited 0\n"
		 "01:00 incident 1 needs an operator: run 1 (trim) collected evidence; nothing was changed or verified\n"
		 "01:00 run 1 (trim) succeeded: all steps done\n");
	core_world_end(&core);
}

TEST(a_resolved_alert_within_its_hold_pages_nobody)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, slow);
	core_world_wait(&core, MINUTE / 2);
	peers_resolves(&core, slow);
	core_world_wait(&core, 60 * MINUTE);
	CK_STORY("00:00 the core starts\n"
		 "00:00 Slow argus fires\n"
		 "00:00 delivery 1: queued run 1\n"
		 "00:00 incident 1 firing\n"
		 "00:00 run 1 (trim) running\n"
		 "00:00 START 1.0.1\n"
		 "00:30 Slow argus is resolved\n"
		 "00:30 delivery 2: resolved: ended at 2025-11-22T22:40:30.000Z\n"
		 "00:30 incident 1 resolved\n");
	core_world_end(&core);
}

/* Each was L1's; both together are L2's, with one message. */
TEST(two_incidents_correlate)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, down_argus);
	core_world_wait(&core, MINUTE);
	peers_fires(&core, down_iris);
	core_world_wait(&core, MINUTE);
	peers_resolves(&core, down_iris);
	CK_STORY("00:00 the core starts\n"
		 "00:00 Down argus fires\n"
		 "00:00 delivery 1: unmatched: no playbook matches this alert\n"
		 "00:00 incident 1 firing\n"
		 "00:00 incident 1 needs an operator: no playbook matches this alert\n"
		 "00:00 page L1 of incident 1: no playbook matches this alert\n"
		 "00:00 NOTIFY 1 on-call initial\n"
		 "00:00 notification 1 sent\n"
		 "01:00 Down iris fires\n"
		 "01:00 delivery 2: unmatched: no playbook matches this alert\n"
		 "01:00 incident 2 firing\n"
		 "01:00 incident 2 needs an operator: no playbook matches this alert\n"
		 "01:00 page L1 of incident 2: no playbook matches this alert\n"
		 "01:00 page L2 of incident 1: 2 firing at the same time (service): argus, iris\n"
		 "01:00 page L2 of incident 2: 2 firing at the same time (service): argus, iris\n"
		 "01:00 NOTIFY 2 on-call initial\n"
		 "01:00 NOTIFY 3 senior escalation\n"
		 "01:00 notification 2 sent\n"
		 "01:00 notification 3 sent\n"
		 "02:00 Down iris is resolved\n"
		 "02:00 delivery 3: resolved: ended at 2025-11-22T22:42:00.000Z\n"
		 "02:00 incident 2 resolved\n"
		 "02:00 incident 2 needs an operator: no more\n"
		 "02:00 NOTIFY 4 on-call resolved\n"
		 "02:00 NOTIFY 5 senior resolved\n"
		 "02:00 notification 4 sent\n"
		 "02:00 notification 5 sent\n");
	core_world_end(&core);
}

TEST(an_operator_pages_a_level_and_none_is_paged_twice)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, down_argus);
	command(&core, ROUTE_INCIDENT_ESCALATE, PAIRS("level", "L3", "reason", "it burns"));
	command(&core, ROUTE_INCIDENT_ESCALATE, PAIRS("level", "L2", "reason", "still"));
	command(&core, ROUTE_INCIDENT_ESCALATE, PAIRS("reason", "still"));
	core_world_wait(&core, 19 * MINUTE);
	CK_STORY("00:00 the core starts\n"
		 "00:00 Down argus fires\n"
		 "00:00 delivery 1: unmatched: no playbook matches this alert\n"
		 "00:00 incident 1 firing\n"
		 "00:00 incident 1 needs an operator: no playbook matches this alert\n"
		 "00:00 page L1 of incident 1: no playbook matches this alert\n"
		 "00:00 NOTIFY 1 on-call initial\n"
		 "00:00 notification 1 sent\n"
		 "00:00 eve: escalate incident 1 level=L3 reason=it burns\n"
		 "00:00 page L3 of incident 1: it burns\n"
		 "00:00 NOTIFY 2 lead escalation\n"
		 "00:00 notification 2 sent\n"
		 "00:00 eve: escalate incident 1 level=L2 reason=still\n"
		 "00:00 refused: L3 was paged already: a level is never lowered, and none is paged twice\n"
		 "00:00 eve: escalate incident 1 reason=still\n"
		 "00:00 refused: L3 was paged: there is no level above\n");
	core_world_end(&core);
}

TEST(an_operator_calls_an_incident_over_and_everybody_is_notified)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, down_argus);
	command(&core, ROUTE_RESOLVE, PAIRS("reason", "a drill"));
	command(&core, ROUTE_INCIDENT_ESCALATE, PAIRS("reason", "still"));
	core_world_wait(&core, 60 * MINUTE);
	CK_STORY("00:00 the core starts\n"
		 "00:00 Down argus fires\n"
		 "00:00 delivery 1: unmatched: no playbook matches this alert\n"
		 "00:00 incident 1 firing\n"
		 "00:00 incident 1 needs an operator: no playbook matches this alert\n"
		 "00:00 page L1 of incident 1: no playbook matches this alert\n"
		 "00:00 NOTIFY 1 on-call initial\n"
		 "00:00 notification 1 sent\n"
		 "00:00 eve: resolve incident 1 reason=a drill\n"
		 "00:00 incident 1 resolved\n"
		 "00:00 incident 1 needs an operator: no more\n"
		 "00:00 NOTIFY 2 on-call resolved\n"
		 "00:00 notification 2 sent\n"
		 "00:00 eve: escalate incident 1 reason=still\n"
		 "00:00 refused: incident 1 is resolved\n");
	core_world_end(&core);
}

/* Within reopen_within it is the same incident, opened once more, at the level that it had. */
TEST(an_incident_that_fires_again_is_paged_again)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, down_argus);
	core_world_wait(&core, 5 * MINUTE);
	command(&core, ROUTE_ACKNOWLEDGE, NULL);
	peers_resolves(&core, down_argus);
	core_world_wait(&core, MINUTE);
	transcript_forget();
	peers_fires(&core, down_argus);
	core_world_wait(&core, 5 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT acknowledged_at FROM incident"), "-");
	CK_STORY("06:00 Down argus fires\n"
		 "06:00 delivery 3: unmatched: no playbook matches this alert\n"
		 "06:00 incident 1 firing\n"
		 "06:00 incident 1 needs an operator: no playbook matches this alert\n"
		 "06:00 page L2 of incident 1, opened 2 times: no playbook matches this alert\n"
		 "06:00 NOTIFY 5 senior initial\n"
		 "06:00 notification 5 sent\n");
	core_world_end(&core);
}

/* Of as many incidents, whatever they are of. */
TEST(a_rule_may_count_incidents)
{
	static const char counted[] =
			"receivers: [{ name: on-call, webhook_configs: [{ url: 'http://a/' }] }]\n"
			"escalation:\n"
			"  levels:\n"
			"    - { name: L1, receivers: [on-call], respond_within: 5m }\n"
			"    - { name: L2, receivers: [on-call], respond_within: 0 }\n"
			"  raise: [{ level: L2, matchers: ['alertname=~\".+\"'], at_least: 2 }]\n";
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, counted);
	peers_fires(&core, down_argus);
	transcript_forget();
	peers_fires(&core, slow);
	CK_STORY("00:00 Slow argus fires\n"
		 "00:00 delivery 2: unmatched: no playbook matches this alert\n"
		 "00:00 incident 2 firing\n"
		 "00:00 incident 2 needs an operator: no playbook matches this alert\n"
		 "00:00 page L1 of incident 2: no playbook matches this alert\n"
		 "00:00 page L2 of incident 1: 2 incidents firing at the same time\n"
		 "00:00 page L2 of incident 2: 2 incidents firing at the same time\n"
		 "00:00 NOTIFY 2 on-call initial\n"
		 "00:00 notification 2 sent\n"
		 "00:00 NOTIFY 3 on-call escalation\n"
		 "00:00 notification 3 sent\n");
	core_world_end(&core);
}

/* It was mitigated before there were levels, and has no chain yet. */
TEST(an_operator_pages_for_an_incident_that_is_older_than_the_levels)
{
	static const char before[] = "checks: [{ name: page, http: { url: 'http://web/' } }]\n"
				     "playbooks:\n"
				     "  - name: trim\n"
				     "    matchers: [alertname=Slow]\n"
				     "    steps: [{ name: trim, run: [trim] }]\n"
				     "    verify: [{ check: page }]\n";
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, before);
	peers_fires(&core, slow);
	command(&core, ROUTE_INCIDENT_ESCALATE, PAIRS("reason", "help"));
	peers_do(&core, "1.0.1");
	peers_probed(&core, VERDICT_HEALTHY, "status 200");
	core_world_reload(&core, yaml);
	transcript_forget();
	command(&core, ROUTE_INCIDENT_ESCALATE, PAIRS("reason", "look at it"));
	core_world_wait(&core, 6 * MINUTE);
	CK_STORY("00:00 eve: escalate incident 1 reason=look at it\n"
		 "00:00 page L1 of incident 1: look at it\n"
		 "00:00 NOTIFY 1 on-call escalation\n"
		 "00:00 notification 1 sent\n");
	core_world_end(&core);
}
