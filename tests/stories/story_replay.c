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
			   "    guards: { cooldown: 10m }\n"
			   "    steps: [{ name: restart, run: [restart, '${service}'] }]\n";

static const char *const argus[] = { "alertname", "Down", "service", "argus", NULL };
static const char *const iris[] = { "alertname", "Down", "service", "iris", NULL };

static struct peers_answer replay(struct core *core, const char *const *args, const char *key)
{
	return peers_ask(core, &(struct peers_question){ ROUTE_INCIDENT_REPLAY, 1, .args = args,
					       .key = key });
}

/* Both targets had their run. */
static void begin(struct core *core)
{
	transcript_begin();
	core_world_start(core, yaml);
	peers_fires(core, argus);
	peers_fires(core, iris);
	peers_do(core, "1.0.1");
	peers_do(core, "2.0.1");
	transcript_forget();
}

TEST(an_operator_asks_first_what_a_replay_would_do)
{
	struct core core;

	begin(&core);
	replay(&core, PAIRS("dry_run", "true"), "k");
	core_world_wait(&core, 10 * MINUTE);
	replay(&core, PAIRS("dry_run", "true"), "k");
	replay(&core, PAIRS("dry_run", "false"), "k");
	CK_STORY("00:00 eve: replay incident 1 dry_run=true\n"
		 "00:00 decision: cooldown: cooldown: last run 1 ended 0s ago, next at 22:50:00 UTC\n"
		 "00:00 decision: cooldown: cooldown: last run 2 ended 0s ago, next at 22:50:00 UTC\n"
		 "10:00 eve: replay incident 1 dry_run=true\n"
		 "10:00 decision: dry_run: dry run: playbook restart would be queued\n"
		 "10:00 decision: dry_run: dry run: playbook restart would be queued\n"
		 "10:00 eve: replay incident 1 dry_run=false\n"
		 "10:00 decision: queued run 3\n"
		 "10:00 decision: queued run 4\n"
		 "10:00 run 3 (restart) running\n"
		 "10:00 run 4 (restart) running\n"
		 "10:00 START 3.0.1\n"
		 "10:00 START 4.0.1\n");
	core_world_end(&core);
}

TEST(a_replay_is_guarded_unless_an_operator_overrides_that)
{
	struct core core;

	begin(&core);
	replay(&core, NULL, NULL);
	replay(&core, PAIRS("force", "true"), NULL);
	replay(&core, PAIRS("force", "true", "reason", "it was the cable"), NULL);
	CK_STORY("00:00 eve: replay incident 1\n"
		 "00:00 refused: cooldown: last run 1 ended 0s ago, next at 22:50:00 UTC\n"
		 "00:00 eve: replay incident 1 force=true\n"
		 "00:00 refused: reason: missing or empty: force needs a reason, which stays with the run\n"
		 "00:00 eve: replay incident 1 force=true reason=it was the cable\n"
		 "00:00 decision: queued run 3\n"
		 "00:00 decision: queued run 4\n"
		 "00:00 run 3 (restart) running\n"
		 "00:00 run 4 (restart) running\n"
		 "00:00 START 3.0.1\n"
		 "00:00 START 4.0.1\n");
	core_world_end(&core);
}

TEST(the_same_key_replays_once)
{
	struct core core;
	struct peers_answer first;

	begin(&core);
	core_world_wait(&core, 10 * MINUTE);
	first = replay(&core, NULL, "k");
	ck_str(replay(&core, NULL, "k").text, first.text);
	ck_str(core_world_rows(&core, "SELECT count(*) FROM run"), "4");
	core_world_end(&core);
}

TEST(a_closed_incident_is_not_replayed)
{
	struct core core;

	begin(&core);
	peers_ask(&core, &(struct peers_question){ ROUTE_CLOSE, 1 });
	replay(&core, NULL, NULL);
	CK_STORY("00:00 eve: close incident 1\n"
		 "00:00 incident 1 closed\n"
		 "00:00 incident 1 needs an operator: no more\n"
		 "00:00 eve: replay incident 1\n"
		 "00:00 refused: the incident is closed\n");
	core_world_end(&core);
}

/* The front sends the body again that the core has kept. */
TEST(a_delivery_is_replayed)
{
	const struct peers_alert alert = { .labels = argus };
	const struct peers_delivery again = { .alerts = &alert, .len = 1, .replay_of = 1 };
	const struct peers_delivery overriding = {
		.alerts = &alert, .len = 1, .replay_of = 1, .override_guards = true
	};
	struct core core;

	begin(&core);
	peers_deliver(&core, &again);
	peers_deliver(&core, &overriding);
	CK_STORY("00:00 Down argus fires, replayed\n"
		 "00:00 delivery 3: cooldown run 1: cooldown: last run 1 ended 0s ago, next at 22:50:00 UTC\n"
		 "00:00 incident 1 needs an operator: cooldown: last run 1 ended 0s ago, next at 22:50:00 UTC\n"
		 "00:00 Down argus fires, replayed\n"
		 "00:00 delivery 4: queued run 3\n"
		 "00:00 run 3 (restart) running\n"
		 "00:00 START 3.0.1\n");
	ck_str(core_world_rows(&core, "SELECT replay_of FROM delivery WHERE id > 2"), "1, 1");
	core_world_end(&core);
}

TEST(a_dry_run_of_a_delivery_writes_nothing)
{
	const struct peers_alert alerts[] = { { .labels = argus }, { .labels = iris } };
	struct core core;

	transcript_begin();
	core_world_start(&core, yaml);
	peers_deliver(&core,
			&(struct peers_delivery){ .alerts = alerts, .len = 2, .dry_run = true });
	CK_STORY("00:00 the core starts\n"
		 "00:00 Down argus fires, a dry run\n"
		 "00:00 Down iris fires, a dry run\n"
		 "00:00 decision: queued run 1\n"
		 "00:00 decision: queued run 2\n");
	ck_str(core_world_rows(&core, "SELECT count(*) FROM delivery"), "0");
	ck_str(core_world_rows(&core, "SELECT count(*) FROM episode"), "0");
	core_world_end(&core);
}

/* The whole daemon only looks: each alert needs an operator. */
TEST(with_dry_run_in_the_configuration_no_run_starts)
{
	static const char dry[] = "global: { dry_run: true }\n"
				  "playbooks:\n"
				  "  - name: restart\n"
				  "    matchers: [alertname=Down]\n"
				  "    steps: [{ name: restart, run: [restart] }]\n";
	struct core core;

	transcript_begin();
	core_world_start(&core, dry);
	peers_fires(&core, argus);
	peers_ask(&core, &(struct peers_question){ ROUTE_PLAYBOOK_RUN,
					 .args = PAIRS("force", "true", "playbook", "restart",
							 "reason", "I know") });
	CK_STORY("00:00 the core starts\n"
		 "00:00 Down argus fires\n"
		 "00:00 delivery 1: dry_run: dry run: playbook restart would be queued\n"
		 "00:00 incident 1 firing\n"
		 "00:00 incident 1 needs an operator: dry run: playbook restart would be queued\n"
		 "00:00 eve: run force=true playbook=restart reason=I know\n"
		 "00:00 refused: dry run: playbook restart would be queued\n");
	core_world_end(&core);
}

/* Two alerts, one target: the same is not done twice. */
TEST(a_replay_does_once_what_several_alerts_ask_for)
{
	static const char once[] =
			"playbooks:\n"
			"  - name: restart\n"
			"    matchers: [alertname=Down]\n"
			"    incident: { group_by: [alertname] }\n"
			"    params: { service: { from: labels.service, pattern: '[a-z]+' } }\n"
			"    steps: [{ name: restart, run: [restart, '${service}'] }]\n";
	const struct peers_alert alerts[] = {
		{ .labels = PAIRS("alertname", "Down", "disk", "a", "service", "argus") },
		{ .labels = PAIRS("alertname", "Down", "disk", "b", "service", "argus") },
		{ .labels = PAIRS("alertname", "Down", "service", "../etc") },
	};
	struct core core;

	transcript_begin();
	core_world_start(&core, once);
	peers_deliver(&core, &(struct peers_delivery){ .alerts = alerts, .len = 3 });
	peers_do(&core, "1.0.1");
	transcript_forget();
	replay(&core, NULL, NULL);
	CK_STORY("00:00 eve: replay incident 1\n"
		 "00:00 decision: queued run 2\n"
		 "00:00 decision: duplicate run 2: run 2 does the same\n"
		 "00:00 decision: rejected_param: param 'service': '../etc' does not match '[a-z]+'\n"
		 "00:00 run 2 (restart) running\n"
		 "00:00 START 2.0.1\n");
	core_world_end(&core);
}

TEST(what_has_no_playbook_is_not_replayed)
{
	static const char without[] =
			"playbooks: [{ name: other, matchers: [a=b], steps: [{ name: s, wait: 1s }] }]\n";
	struct core core;

	begin(&core);
	core_world_reload(&core, without);
	replay(&core, NULL, NULL);
	peers_fires(&core, PAIRS("alertname", "Other"));
	peers_ask(&core, &(struct peers_question){ ROUTE_INCIDENT_REPLAY, 2 });
	peers_ask(&core, &(struct peers_question){ ROUTE_INCIDENT_REPLAY, 7 });
	CK_STORY("00:00 the configuration is read again\n"
		 "00:00 eve: replay incident 1\n"
		 "00:00 refused: its playbook 'restart' is not in the configuration any more\n"
		 "00:00 Other fires\n"
		 "00:00 delivery 3: unmatched: no playbook matches this alert\n"
		 "00:00 incident 2 firing\n"
		 "00:00 incident 2 needs an operator: no playbook matches this alert\n"
		 "00:00 eve: replay incident 2\n"
		 "00:00 refused: no playbook matched this incident\n"
		 "00:00 eve: replay incident 7\n"
		 "00:00 refused: there is no incident 7\n");
	core_world_end(&core);
}
