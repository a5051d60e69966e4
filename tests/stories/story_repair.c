/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "core_world.h"
#include "peers.h"
#include "test.h"
#include "transcript.h"

#define MINUTE (INT64_C(60) * 1000)

static const char yaml[] =
		"receivers:\n"
		"  - { name: on-call, webhook_configs: [{ url: 'http://a/' }] }\n"
		"  - { name: senior, webhook_configs: [{ url: 'http://b/' }] }\n"
		"  - { name: lead, webhook_configs: [{ url: 'http://c/' }] }\n"
		"escalation:\n"
		"  hold: 2m\n"
		"  levels:\n"
		"    - { name: L1, receivers: [on-call], respond_within: 5m }\n"
		"    - { name: L2, receivers: [senior], respond_within: 10m }\n"
		"    - { name: L3, receivers: [lead], respond_within: 15m }\n"
		"checks:\n"
		"  - { name: page, http: { url: 'http://web/${service}' } }\n"
		"playbooks:\n"
		"  - name: restart\n"
		"    matchers: [alertname=Down]\n"
		"    params: { service: { from: labels.service, pattern: '[a-z]+' } }\n"
		"    steps: [{ name: restart, run: [systemctl, restart, '${service}'] }]\n"
		"    verify: [{ check: page, within: 30s, every: 10s }]\n"
		"    rescue: [{ name: evidence, run: [journalctl, -u, '${service}'] }]\n";

static const char *const argus[] = { "alertname", "Down", "service", "argus", NULL };

TEST(an_alert_is_repaired)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, argus);
	peers_started(&core, "1.0.1");
	core_world_wait(&core, 5000);
	peers_exited(&core, "1.0.1", 0);
	core_world_wait(&core, 1000);
	peers_probed(&core, VERDICT_FAILING, "status 502");
	core_world_wait(&core, 10000);
	peers_probed(&core, VERDICT_HEALTHY, "status 200");
	core_world_wait(&core, 5 * MINUTE);
	peers_resolves(&core, argus);
	core_world_wait(&core, 5 * MINUTE);
	CK_STORY("00:00 the core starts\n"
		 "00:00 Down argus fires\n"
		 "00:00 delivery 1: queued run 1\n"
		 "00:00 incident 1 firing\n"
		 "00:00 run 1 (restart) running\n"
		 "00:00 START 1.0.1\n"
		 "00:00 1.0.1 started\n"
		 "00:00 GO 1.0.1\n"
		 "00:05 1.0.1 exited 0\n"
		 "00:05 run 1 (restart) verifying\n"
		 "00:05 PROBE 1 http://web/argus\n"
		 "00:06 probe 1 failing: status 502\n"
		 "00:16 PROBE 2 http://web/argus\n"
		 "00:16 probe 2 healthy: status 200\n"
		 "00:16 incident 1 mitigated\n"
		 "00:16 run 1 (restart) succeeded: verified\n"
		 "05:16 Down argus is resolved\n"
		 "05:16 delivery 2: resolved: ended at 2025-11-22T22:45:16.000Z\n"
		 "05:16 incident 1 resolved\n");
	core_world_end(&core);
}

/* The rescue step collects evidence, then operators are paged, level by level. */
TEST(a_remedy_fails_and_operators_are_paged_until_one_acknowledges)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, argus);
	peers_started(&core, "1.0.1");
	core_world_wait(&core, 3000);
	peers_exited(&core, "1.0.1", 1);
	peers_do(&core, "1.2.1");
	CK_STORY("00:00 the core starts\n"
		 "00:00 Down argus fires\n"
		 "00:00 delivery 1: queued run 1\n"
		 "00:00 incident 1 firing\n"
		 "00:00 run 1 (restart) running\n"
		 "00:00 START 1.0.1\n"
		 "00:00 1.0.1 started\n"
		 "00:00 GO 1.0.1\n"
		 "00:03 1.0.1 exited 1\n"
		 "00:03 run 1 (restart) running: restart: exit status 1\n"
		 "00:03 START 1.2.1\n"
		 "00:03 1.2.1 started\n"
		 "00:03 GO 1.2.1\n"
		 "00:03 1.2.1 exited 0\n"
		 "00:03 incident 1 needs an operator: run 1 (restart) failed: restart: exit status 1\n"
		 "00:03 run 1 (restart) failed: restart: exit status 1\n"
		 "00:03 page L1 of incident 1: run 1 (restart) failed: restart: exit status 1\n"
		 "00:03 page L2 of incident 1: run 1 (restart) failed: restart: exit status 1\n"
		 "00:03 NOTIFY 1 on-call initial\n"
		 "00:03 NOTIFY 2 senior escalation\n"
		 "00:03 notification 1 sent\n"
		 "00:03 notification 2 sent\n");
	core_world_wait(&core, 9 * MINUTE);
	peers_ask(&core, &(struct peers_question){ ROUTE_ACKNOWLEDGE, 1, .by = "adam" });
	core_world_wait(&core, 31 * MINUTE);
	peers_resolves(&core, argus);
	core_world_wait(&core, 60 * MINUTE);
	CK_STORY("09:03 adam: acknowledge incident 1\n"
		 "30:03 NOTIFY 3 on-call update\n"
		 "30:03 NOTIFY 4 senior update\n"
		 "30:03 notification 3 sent\n"
		 "30:03 notification 4 sent\n"
		 "40:03 Down argus is resolved\n"
		 "40:03 delivery 2: resolved: ended at 2025-11-22T23:20:03.000Z\n"
		 "40:03 incident 1 resolved\n"
		 "40:03 incident 1 needs an operator: no more\n"
		 "40:03 NOTIFY 5 on-call resolved\n"
		 "40:03 NOTIFY 6 senior resolved\n"
		 "40:03 notification 5 sent\n"
		 "40:03 notification 6 sent\n");
	core_world_end(&core);
}

/* The second Alertmanager of a pair, a retry of the first, and a repeat after the interval. */
TEST(an_alert_that_is_delivered_again_runs_nothing_twice)
{
	const struct peers_alert alert = { .labels = argus, .starts_at = core_world.wall_ms };
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_deliver(&core, &(struct peers_delivery){ .alerts = &alert, .len = 1 });
	core_world_wait(&core, 1000);
	peers_deliver(&core,
			&(struct peers_delivery){ .alerts = &alert, .len = 1, .same_body = true });
	core_world_wait(&core, 1000);
	peers_deliver(&core, &(struct peers_delivery){
					     .alerts = &alert, .len = 1, .sender = "http://twin" });
	core_world_wait(&core, 5 * MINUTE);
	peers_deliver(&core, &(struct peers_delivery){ .alerts = &alert, .len = 1 });
	CK_STORY("00:00 the core starts\n"
		 "00:00 Down argus fires\n"
		 "00:00 delivery 1: queued run 1\n"
		 "00:00 incident 1 firing\n"
		 "00:00 run 1 (restart) running\n"
		 "00:00 START 1.0.1\n"
		 "00:01 Down argus fires\n"
		 "00:01 delivery 2: duplicate: the same delivery arrived 1s ago\n"
		 "00:02 Down argus fires\n"
		 "00:02 delivery 3: duplicate: another Alertmanager sent it 1s ago\n"
		 "02:00 page L1 of incident 1: it fires, and no run has helped yet\n"
		 "02:00 NOTIFY 1 on-call initial\n"
		 "02:00 notification 1 sent\n"
		 "05:02 Down argus fires\n"
		 "05:02 delivery 4: repeat run 1: still firing, occurrence 4 since 2025-11-22T22:40:00.000Z; run 1 (running) was made for this episode\n");
	core_world_end(&core);
}

TEST(alerts_of_one_group_are_one_incident_with_a_run_for_each_target)
{
	static const char grouped[] =
			"playbooks:\n"
			"  - name: restart\n"
			"    matchers: [alertname=Down]\n"
			"    incident: { group_by: [alertname] }\n"
			"    params: { service: { from: labels.service, pattern: '[a-z]+' } }\n"
			"    steps: [{ name: restart, run: [systemctl, restart, '${service}'] }]\n";
	const struct peers_alert alerts[] = {
		{ .labels = argus },
		{ .labels = PAIRS("alertname", "Down", "service", "iris") },
		{ .labels = PAIRS("alertname", "Down", "service", "../etc") },
		{ .labels = PAIRS("alertname", "Other") },
	};
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, grouped);
	peers_deliver(&core, &(struct peers_delivery){ .alerts = alerts, .len = 4 });
	CK_STORY("00:00 the core starts\n"
		 "00:00 Down argus fires\n"
		 "00:00 Down iris fires\n"
		 "00:00 Down ../etc fires\n"
		 "00:00 Other fires\n"
		 "00:00 delivery 1: queued run 1\n"
		 "00:00 delivery 1: queued run 2\n"
		 "00:00 delivery 1: rejected_param: param 'service': '../etc' does not match '[a-z]+'\n"
		 "00:00 delivery 1: unmatched: no playbook matches this alert\n"
		 "00:00 incident 1 firing\n"
		 "00:00 incident 2 firing\n"
		 "00:00 incident 1 needs an operator: param 'service': '../etc' does not match '[a-z]+'\n"
		 "00:00 incident 2 needs an operator: no playbook matches this alert\n"
		 "00:00 run 1 (restart) running\n"
		 "00:00 run 2 (restart) running\n"
		 "00:00 START 1.0.1\n"
		 "00:00 START 2.0.1\n");
	core_world_wait(&core, 1000);
	peers_resolves(&core, argus);
	peers_resolves(&core, alerts[2].labels);
	CK_STORY("00:01 Down argus is resolved\n"
		 "00:01 delivery 2: resolved: ended at 2025-11-22T22:40:01.000Z\n"
		 "00:01 Down ../etc is resolved\n"
		 "00:01 delivery 3: resolved: ended at 2025-11-22T22:40:01.000Z\n");
	peers_resolves(&core, alerts[1].labels);
	CK_STORY("00:01 Down iris is resolved\n"
		 "00:01 delivery 4: resolved: ended at 2025-11-22T22:40:01.000Z\n"
		 "00:01 incident 1 resolved\n"
		 "00:01 incident 1 needs an operator: no more\n");
	core_world_end(&core);
}

/* It looked well, and fires on: that run did not help, and an operator is needed. */
TEST(an_alert_that_fires_on_after_its_repair_is_looked_at_again)
{
	const struct peers_alert alert = { .labels = argus, .starts_at = core_world.wall_ms };
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_deliver(&core, &(struct peers_delivery){ .alerts = &alert, .len = 1 });
	peers_do(&core, "1.0.1");
	peers_probed(&core, VERDICT_HEALTHY, "status 200");
	core_world_wait(&core, 4 * 60 * MINUTE);
	transcript_forget();
	peers_deliver(&core, &(struct peers_delivery){ .alerts = &alert,
					     .len = 1,
					     .reason = "repeat interval elapsed" });
	peers_probed(&core, VERDICT_HEALTHY, "status 200");
	CK_STORY("240:00 Down argus fires\n"
		 "240:00 delivery 2: repeat run 2: still firing, occurrence 2 since 2025-11-22T22:40:00.000Z; run 1 was verified, and the alert still fires: run 2 verifies again\n"
		 "240:00 run 2 (restart) verifying\n"
		 "240:00 PROBE 2 http://web/argus\n"
		 "240:00 probe 2 healthy: status 200\n"
		 "240:00 incident 1 needs an operator: run 2 (restart) verified again, but the alert still fires: look at what it measures\n"
		 "240:00 run 2 (restart) succeeded: verified\n"
		 "240:00 page L1 of incident 1: run 2 (restart) verified again, but the alert still fires: look at what it measures\n"
		 "240:00 NOTIFY 1 on-call initial\n"
		 "240:00 notification 1 sent\n");
	ck_str(core_world_rows(&core, "SELECT did_not_help FROM run WHERE id = 1"), "0");
	core_world_end(&core);
}

TEST(a_precheck_may_decline_the_run)
{
	static const char prechecked[] = "playbooks:\n"
					 "  - name: restart\n"
					 "    matchers: [alertname=Down]\n"
					 "    precheck: { name: ask, run: [is-it-busy] }\n"
					 "    steps: [{ name: restart, run: [restart] }]\n";
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, prechecked);
	peers_fires(&core, argus);
	peers_started(&core, "1.0.1");
	peers_wrote(&core, "1.0.1", 75, "looking\na backup is running\n");
	CK_STORY("00:00 the core starts\n"
		 "00:00 Down argus fires\n"
		 "00:00 delivery 1: queued run 1\n"
		 "00:00 incident 1 firing\n"
		 "00:00 run 1 (restart) running\n"
		 "00:00 START 1.0.1\n"
		 "00:00 1.0.1 started\n"
		 "00:00 GO 1.0.1\n"
		 "00:00 1.0.1 exited 75\n"
		 "00:00 incident 1 needs an operator: run 1 (restart) canceled: precheck: a backup is running\n"
		 "00:00 run 1 (restart) canceled: precheck: a backup is running\n");
	ck(core_world_folder("1.0.1")->output == NULL); /* it is in the store now */
	ck_str(peers_ask(&core, &(struct peers_question){ ROUTE_OUTPUT, 1 }).text,
			"looking\na backup is running\n");
	core_world_end(&core);
}

TEST(a_step_is_tried_again_after_its_delay)
{
	static const char retried[] = "playbooks:\n"
				      "  - name: restart\n"
				      "    matchers: [alertname=Down]\n"
				      "    steps:\n"
				      "      - { name: restart, run: [restart], idempotent: true,\n"
				      "          retry: { attempts: 3, delay: 10s } }\n";
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, retried);
	peers_fires(&core, argus);
	for (int i = 1; i <= 3; i++) {
		char attempt[16];

		snprintf(attempt, sizeof(attempt), "1.0.%d", i);
		peers_started(&core, attempt);
		core_world_wait(&core, 1000);
		peers_exited(&core, attempt, i == 3 ? 0 : 1);
		core_world_wait(&core, 10000);
	}
	CK_STORY("00:00 the core starts\n"
		 "00:00 Down argus fires\n"
		 "00:00 delivery 1: queued run 1\n"
		 "00:00 incident 1 firing\n"
		 "00:00 run 1 (restart) running\n"
		 "00:00 START 1.0.1\n"
		 "00:00 1.0.1 started\n"
		 "00:00 GO 1.0.1\n"
		 "00:01 1.0.1 exited 1\n"
		 "00:11 START 1.0.2\n"
		 "00:11 1.0.2 started\n"
		 "00:11 GO 1.0.2\n"
		 "00:12 1.0.2 exited 1\n"
		 "00:22 START 1.0.3\n"
		 "00:22 1.0.3 started\n"
		 "00:22 GO 1.0.3\n"
		 "00:23 1.0.3 exited 0\n"
		 "00:23 incident 1 needs an operator: run 1 (restart) collected evidence; nothing was changed or verified\n"
		 "00:23 run 1 (restart) succeeded: all steps done\n");
	core_world_end(&core);
}

/* Alertmanager sends max_alerts of a group at most, and says how many it left out. */
TEST(alerts_that_alertmanager_cut_need_an_operator)
{
	const struct peers_alert alert = { .labels = argus };
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_deliver(&core,
			&(struct peers_delivery){ .alerts = &alert, .len = 1, .truncated = 3 });
	CK_STORY("00:00 the core starts\n"
		 "00:00 Down argus fires\n"
		 "00:00 delivery 1: queued run 1\n"
		 "00:00 incident 1 firing\n"
		 "00:00 incident 1 needs an operator: Alertmanager cut 3 alerts from delivery 1 (max_alerts); look for them there\n"
		 "00:00 run 1 (restart) running\n"
		 "00:00 page L1 of incident 1: Alertmanager cut 3 alerts from delivery 1 (max_alerts); look for them there\n"
		 "00:00 START 1.0.1\n"
		 "00:00 NOTIFY 1 on-call initial\n"
		 "00:00 notification 1 sent\n");
	core_world_end(&core);
}
