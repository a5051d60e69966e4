/* SPDX-License-Identifier: Apache-2.0 */
#include "core_world.h"
#include "peers.h"
#include "test.h"
#include "transcript.h"

#define MINUTE (INT64_C(60) * 1000)

#define LEVELS                                                                      \
	"receivers: [{ name: on-call, webhook_configs: [{ url: 'http://a/' }] }]\n" \
	"escalation:\n"                                                             \
	"  hold: 1h\n"                                                              \
	"  levels: [{ name: L1, receivers: [on-call], respond_within: 5m }]\n"
#define REPAIR                                             \
	"playbooks:\n"                                     \
	"  - name: restart\n"                              \
	"    matchers: ['alertname=~\"Down|Watchdog\"']\n" \
	"    steps: [{ name: restart, run: [restart] }]\n"
#define IGNORE "ignore: [{ matchers: [alertname=Down], reason: it is being moved }]\n"

static const char *const watchdog[] = { "alertname", "Watchdog", "severity", "none", NULL };
static const char *const down[] = { "alertname", "Down", "service", "argus", NULL };

static void begin(struct core *core, const char *yaml)
{
	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(core, yaml);
	transcript_forget();
}

/* Though a playbook would match it; and its end, which nobody knows the beginning of. */
TEST(what_always_fires_is_recorded_and_causes_nothing)
{
	struct core core;

	begin(&core, LEVELS REPAIR);
	peers_fires(&core, watchdog);
	core_world_wait(&core, 10 * MINUTE);
	peers_fires(&core, watchdog);
	peers_resolves(&core, watchdog);
	core_world_wait(&core, 60 * MINUTE);
	CK_STORY("00:00 Watchdog none fires\n"
		 "00:00 delivery 1: ignored: the configuration ignores alertname=Watchdog: it always fires\n"
		 "10:00 Watchdog none fires\n"
		 "10:00 delivery 2: ignored: the configuration ignores alertname=Watchdog: it always fires\n"
		 "10:00 Watchdog none is resolved\n"
		 "10:00 delivery 3: ignored: the configuration ignores alertname=Watchdog: it always fires\n");
	ck_str(core_world_rows(&core, "SELECT count(*) FROM episode"), "0");
	core_world_end(&core);
}

TEST(an_empty_ignore_switches_the_default_off)
{
	struct core core;

	begin(&core, "ignore: []\n" LEVELS);
	peers_fires(&core, watchdog);
	CK_STORY("00:00 Watchdog none fires\n"
		 "00:00 delivery 1: unmatched: no playbook matches this alert\n"
		 "00:00 incident 1 firing\n"
		 "00:00 incident 1 needs an operator: no playbook matches this alert\n"
		 "00:00 page L1 of incident 1: no playbook matches this alert\n"
		 "00:00 NOTIFY 1 on-call initial\n"
		 "00:00 notification 1 sent\n");
	core_world_end(&core);
}

/* It fires while the configuration changes: what is known of it is seen through. */
TEST(an_incident_from_before_is_over_when_its_ignored_alert_ends)
{
	struct core core;

	begin(&core, LEVELS);
	peers_fires(&core, down);
	core_world_wait(&core, 2 * MINUTE);
	core_world_reload(&core, IGNORE LEVELS REPAIR);
	transcript_forget();
	peers_fires(&core, down);
	core_world_wait(&core, MINUTE);
	ck_str(core_world_rows(&core, "SELECT occurrences FROM episode"), "2");
	peers_resolves(&core, down);
	peers_fires(&core, down);
	CK_STORY("02:00 Down argus fires\n"
		 "02:00 delivery 2: ignored: the configuration ignores alertname=Down: it is being moved; incident 1 is over when it ends\n"
		 "03:00 Down argus is resolved\n"
		 "03:00 delivery 3: resolved: ended at 2025-11-22T22:43:00.000Z\n"
		 "03:00 incident 1 resolved\n"
		 "03:00 incident 1 needs an operator: no more\n"
		 "03:00 NOTIFY 2 on-call resolved\n"
		 "03:00 notification 2 sent\n"
		 "03:00 Down argus fires\n"
		 "03:00 delivery 4: ignored: the configuration ignores alertname=Down: it is being moved\n");
	core_world_end(&core);
}

TEST(what_is_ignored_no_more_is_new)
{
	struct core core;

	begin(&core, IGNORE LEVELS REPAIR);
	peers_fires(&core, down);
	core_world_reload(&core, LEVELS REPAIR);
	transcript_forget();
	core_world_wait(&core, 5 * MINUTE);
	peers_fires(&core, down);
	CK_STORY("05:00 Down argus fires\n"
		 "05:00 delivery 2: queued run 1\n"
		 "05:00 incident 1 firing\n"
		 "05:00 run 1 (restart) running\n"
		 "05:00 START 1.0.1\n");
	core_world_end(&core);
}

TEST(a_replay_is_ignored_too_and_a_dry_run_leaves_nothing_behind)
{
	const struct peers_alert alert = { .labels = down };
	struct core core;

	begin(&core, LEVELS);
	peers_fires(&core, down);
	core_world_reload(&core, IGNORE LEVELS REPAIR);
	transcript_forget();
	peers_deliver(&core,
			&(struct peers_delivery){ .alerts = &alert, .len = 1, .replay_of = 1 });
	peers_deliver(&core,
			&(struct peers_delivery){ .alerts = &alert, .len = 1, .dry_run = true });
	ck_str(core_world_rows(&core, "SELECT occurrences FROM episode"), "2");
	CK_STORY("00:00 Down argus fires, replayed\n"
		 "00:00 delivery 2: ignored: the configuration ignores alertname=Down: it is being moved; incident 1 is over when it ends\n"
		 "00:00 Down argus fires, a dry run\n"
		 "00:00 decision: ignored: the configuration ignores alertname=Down: it is being moved; incident 1 is over when it ends\n");
	core_world_end(&core);
}

/* `unmatched: ignore` holds while the configuration says so, not while the alert fires. */
TEST(an_alert_that_no_playbook_was_for_is_heard_when_one_is)
{
	static const char *const quiet = "global: { unmatched: ignore }\n" LEVELS;
	static const char *const with_repair = "global: { unmatched: ignore }\n" LEVELS REPAIR;
	struct core core;

	begin(&core, quiet);
	peers_fires(&core, down);
	core_world_wait(&core, 5 * MINUTE);
	peers_fires(&core, down);
	core_world_reload(&core, with_repair);
	core_world_wait(&core, 5 * MINUTE);
	peers_fires(&core, down);
	core_world_wait(&core, 5 * MINUTE);
	peers_fires(&core, down);
	CK_STORY("00:00 Down argus fires\n"
		 "00:00 delivery 1: unmatched: no playbook matches this alert\n"
		 "05:00 Down argus fires\n"
		 "05:00 delivery 2: repeat: still firing, occurrence 2 since 2025-11-22T22:40:00.000Z\n"
		 "05:00 the configuration is read again\n"
		 "10:00 Down argus fires\n"
		 "10:00 delivery 3: queued run 1\n"
		 "10:00 incident 1 firing\n"
		 "10:00 run 1 (restart) running\n"
		 "10:00 START 1.0.1\n"
		 "15:00 Down argus fires\n"
		 "15:00 delivery 4: repeat run 1: still firing, occurrence 4 since 2025-11-22T22:40:00.000Z; run 1 (running) was made for this episode\n");
	core_world_end(&core);
}

TEST(an_alert_without_a_playbook_is_heard_when_unmatched_is_no_more_ignored)
{
	struct core core;

	begin(&core, "global: { unmatched: ignore }\n" LEVELS);
	peers_fires(&core, down);
	core_world_reload(&core, LEVELS);
	core_world_wait(&core, 5 * MINUTE);
	transcript_forget();
	peers_fires(&core, down);
	core_world_wait(&core, MINUTE);
	peers_resolves(&core, down);
	CK_STORY("05:00 Down argus fires\n"
		 "05:00 delivery 2: unmatched: no playbook matches this alert\n"
		 "05:00 incident 1 firing\n"
		 "05:00 incident 1 needs an operator: no playbook matches this alert\n"
		 "05:00 page L1 of incident 1: no playbook matches this alert\n"
		 "05:00 NOTIFY 1 on-call initial\n"
		 "05:00 notification 1 sent\n"
		 "06:00 Down argus is resolved\n"
		 "06:00 delivery 3: resolved: ended at 2025-11-22T22:46:00.000Z\n"
		 "06:00 incident 1 resolved\n"
		 "06:00 incident 1 needs an operator: no more\n"
		 "06:00 NOTIFY 2 on-call resolved\n"
		 "06:00 notification 2 sent\n");
	core_world_end(&core);
}
