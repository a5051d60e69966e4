/* SPDX-License-Identifier: Apache-2.0 */
#include "core_world.h"
#include "peers.h"
#include "test.h"
#include "transcript.h"

#define MINUTE (INT64_C(60) * 1000)

static const char yaml[] = "playbooks:\n"
			   "  - name: restart\n"
			   "    matchers: [alertname=Down]\n"
			   "    incident: { group_by: [alertname] }\n"
			   "    params: { service: { from: labels.service, pattern: '[a-z]+' } }\n"
			   "    steps: [{ name: restart, run: [restart, '${service}'] }]\n"
			   "    verify: [{ check: page }]\n"
			   "checks: [{ name: page, http: { url: 'http://web/' } }]\n";

static const char *const argus[] = { "alertname", "Down", "service", "argus", NULL };
static const char *const iris[] = { "alertname", "Down", "service", "iris", NULL };

static void deliver(struct core *core, const struct peers_alert *alert)
{
	peers_deliver(core, &(struct peers_delivery){ .alerts = alert, .len = 1 });
}

TEST(an_alert_that_fires_on_after_its_incident_was_closed_is_only_noted)
{
	const struct peers_alert alert = { .labels = argus, .starts_at = core_world.wall_ms };
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	deliver(&core, &alert);
	peers_do(&core, "1.0.1");
	peers_probed(&core, VERDICT_FAILING, "status 502");
	peers_ask(&core, &(struct peers_question){ ROUTE_CLOSE, 1 });
	core_world_wait(&core, 5 * MINUTE);
	transcript_skip();
	deliver(&core, &alert);
	peers_resolves(&core, argus);
	CK_STORY("05:00 Down argus fires\n"
		 "05:00 delivery 2: repeat: still firing, occurrence 2 since 2025-11-22T22:40:00.000Z; incident 1 is closed\n"
		 "05:00 Down argus is resolved\n"
		 "05:00 delivery 3: resolved: ended at 2025-11-22T22:45:00.000Z\n");
	core_world_end(&core);
}

/* Another alert of the group fires while the first is thought repaired. */
TEST(an_alert_of_the_group_takes_a_mitigated_incident_back)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, argus);
	peers_do(&core, "1.0.1");
	peers_probed(&core, VERDICT_HEALTHY, "status 200");
	transcript_skip();
	peers_fires(&core, iris);
	CK_STORY("00:00 Down iris fires\n"
		 "00:00 delivery 2: queued run 2\n"
		 "00:00 incident 1 firing\n"
		 "00:00 run 2 (restart) running\n"
		 "00:00 START 2.0.1\n");
	core_world_end(&core);
}

TEST(the_end_of_an_alert_that_nobody_has_seen_is_noted)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_resolves(&core, argus);
	CK_STORY("00:00 the core starts\n"
		 "00:00 Down argus is resolved\n"
		 "00:00 delivery 1: resolved: it was not known to be firing\n");
	core_world_end(&core);
}

/* Alertmanager may send the end of an episode when the next has begun already. */
TEST(a_late_end_does_not_end_the_present_episode)
{
	const struct peers_alert late = { .labels = argus,
		.resolved = true,
		.starts_at = core_world.wall_ms - 10 * MINUTE,
		.ends_at = core_world.wall_ms - 5 * MINUTE };
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, argus);
	transcript_skip();
	deliver(&core, &late);
	ck_str(core_world_rows(&core, "SELECT status FROM episode"), "firing");
	CK_STORY("00:00 Down argus is resolved\n"
		 "00:00 delivery 2: duplicate: it ended at 2025-11-22T22:35:00.000Z, before the present episode began\n");
	core_world_end(&core);
}

/* The rest of the delivery is taken in. */
TEST(an_alert_that_cannot_be_read_is_set_aside)
{
	const struct peers_alert alerts[] = {
		{ .labels = PAIRS("alertname", "Down"),
				.broken = "labels.service: expected string" },
		{ .labels = argus },
	};
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_deliver(&core, &(struct peers_delivery){ .alerts = alerts, .len = 2 });
	CK_STORY("00:00 the core starts\n"
		 "00:00 Down fires\n"
		 "00:00 Down argus fires\n"
		 "00:00 delivery 1: rejected_alert: labels.service: expected string\n"
		 "00:00 delivery 1: queued run 1\n"
		 "00:00 incident 1 firing\n"
		 "00:00 run 1 (restart) running\n"
		 "00:00 START 1.0.1\n");
	core_world_end(&core);
}

TEST(an_alert_that_no_playbook_is_for_may_open_no_incident)
{
	static const char quiet[] =
			"global: { unmatched: ignore }\n"
			"playbooks: [{ name: p, matchers: [a=b], steps: [{ name: s, wait: 1s }] }]\n";
	struct core core;

	transcript_begin();
	core_world_start(&core, quiet);
	peers_fires(&core, argus);
	CK_STORY("00:00 the core starts\n"
		 "00:00 Down argus fires\n"
		 "00:00 delivery 1: unmatched: no playbook matches this alert\n");
	core_world_end(&core);
}
