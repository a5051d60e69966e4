/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core_world.h"
#include "peers.h"
#include "test.h"
#include "transcript.h"

#define MINUTE (INT64_C(60) * 1000)

#define RECEIVERS "receivers: [{ name: on-call, webhook_configs: [{ url: 'http://a/' }] }]\n"
#define LEVELS          \
	"escalation:\n" \
	"  hold: 1m\n"  \
	"  levels: [{ name: L1, receivers: [on-call], respond_within: 60m }]\n"
#define CHECKS "checks: [{ name: page, http: { url: 'http://web/' } }]\n"
#define REPAIR                                                                \
	CHECKS                                                                \
	"playbooks:\n"                                                        \
	"  - name: restart\n"                                                 \
	"    matchers: [alertname=NotReady]\n"                                \
	"    incident: { group_by: [alertname] }\n"                           \
	"    params: { node: { from: labels.node, pattern: '[a-z0-9]+' } }\n" \
	"    steps: [{ name: restart, run: [restart, '${node}'] }]\n"         \
	"    verify: [{ check: page }]\n"

static const char plain[] = RECEIVERS LEVELS;

/* What kube-state-metrics says: instance is the exporter, whichever node is meant. */
#define NODE(name) PAIRS("alertname", "NotReady", "instance", "10.0.1.7:8443", "node", name)

static void begin(struct core *core, const char *yaml)
{
	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(core, yaml);
}

static void acknowledge(struct core *core)
{
	peers_ask(core, &(struct peers_question){ ROUTE_ACKNOWLEDGE, 1 });
}

/* One node, of which an operator knows. */
static void begin_with_n7(struct core *core, const char *yaml)
{
	begin(core, yaml);
	peers_fires(core, NODE("n7"));
	acknowledge(core);
	core_world_wait(core, MINUTE);
	transcript_forget();
}

TEST(alerts_that_join_what_is_acknowledged_are_told_together_and_once)
{
	const struct peers_alert both[] = { { .labels = NODE("n7") }, { .labels = NODE("n8") },
		{ .labels = NODE("n9") } };
	struct core core;

	begin_with_n7(&core, plain);
	peers_deliver(&core, &(struct peers_delivery){ .alerts = both, .len = 3 });
	core_world_wait(&core, MINUTE);
	peers_deliver(&core, &(struct peers_delivery){ .alerts = both, .len = 3 });
	core_world_wait(&core, 25 * MINUTE);
	CK_STORY("01:00 NotReady 10.0.1.7:8443 n7 fires\n"
		 "01:00 NotReady 10.0.1.7:8443 n8 fires\n"
		 "01:00 NotReady 10.0.1.7:8443 n9 fires\n"
		 "01:00 delivery 2: repeat: still firing, occurrence 2 since 2025-11-22T22:40:00.000Z\n"
		 "01:00 delivery 2: unmatched: no playbook matches this alert\n"
		 "01:00 delivery 2: unmatched: no playbook matches this alert\n"
		 "01:00 NOTIFY 2 on-call update\n"
		 "01:00 notification 2 sent\n"
		 "02:00 NotReady 10.0.1.7:8443 n7 fires\n"
		 "02:00 NotReady 10.0.1.7:8443 n8 fires\n"
		 "02:00 NotReady 10.0.1.7:8443 n9 fires\n"
		 "02:00 delivery 3: repeat: still firing, occurrence 3 since 2025-11-22T22:40:00.000Z\n"
		 "02:00 delivery 3: repeat: still firing, occurrence 2 since 2025-11-22T22:41:00.000Z\n"
		 "02:00 delivery 3: repeat: still firing, occurrence 2 since 2025-11-22T22:41:00.000Z\n");
	ck_has(core_world_rows(&core, "SELECT text FROM outbox WHERE id = 2"),
			"\nReason: 2 more alerts fire: NotReady node=n8; NotReady node=n9\n");
	ck_has(core_world_rows(&core, "SELECT text FROM outbox WHERE id = 2"),
			"\nStatus: Acknowledged, somebody works on it\n");
	ck_has(core_world_rows(&core, "SELECT text FROM outbox WHERE id = 2"),
			"\nAlerts: node=n7; node=n8; node=n9");
	ck_str(core_world_rows(&core, "SELECT acknowledged_by FROM incident"), "eve");
	core_world_end(&core);
}

TEST(an_alert_that_was_there_when_it_was_acknowledged_is_no_news)
{
	struct core core;

	begin(&core, plain);
	peers_fires(&core, NODE("n7"));
	peers_fires(&core, NODE("n8"));
	acknowledge(&core);
	core_world_wait(&core, MINUTE);
	peers_resolves(&core, NODE("n8"));
	core_world_wait(&core, MINUTE);
	transcript_forget();
	peers_fires(&core, NODE("n8"));
	CK_STORY("02:00 NotReady 10.0.1.7:8443 n8 fires\n"
		 "02:00 delivery 4: unmatched: no playbook matches this alert\n");
	core_world_end(&core);
}

/* It was told, has ended, and is back: that was told. */
TEST(one_that_joined_and_comes_back_is_told_once)
{
	struct core core;

	begin_with_n7(&core, plain);
	peers_fires(&core, NODE("n8"));
	peers_resolves(&core, NODE("n8"));
	core_world_wait(&core, MINUTE);
	peers_fires(&core, NODE("n8"));
	ck_str(core_world_rows(&core, "SELECT count(*) FROM outbox WHERE kind = 'update'"), "1");
	core_world_end(&core);
}

TEST(each_that_joins_later_is_told_again)
{
	struct core core;

	begin_with_n7(&core, plain);
	peers_fires(&core, NODE("n8"));
	peers_fires(&core, NODE("n9"));
	ck_has(core_world_rows(&core, "SELECT text FROM outbox WHERE id = 3"),
			"\nReason: another alert fires: NotReady node=n9\n");
	ck_str(core_world_rows(&core, "SELECT count(*) FROM outbox WHERE kind = 'update'"), "2");
	core_world_end(&core);
}

/* As long as nobody has acknowledged it, its chain goes on. */
TEST(what_joins_before_anybody_has_acknowledged_is_told_by_the_chain)
{
	struct core core;

	begin(&core, plain);
	peers_fires(&core, NODE("n7"));
	peers_fires(&core, NODE("n8"));
	core_world_wait(&core, MINUTE);
	ck_str(core_world_rows(&core, "SELECT kind FROM outbox"), "initial");
	core_world_end(&core);
}

/* Within its hold: nobody was notified who could be told now. */
TEST(when_nobody_was_paged_yet_those_of_the_first_level_are_told)
{
	struct core core;

	begin(&core, RECEIVERS LEVELS REPAIR);
	peers_fires(&core, NODE("n7"));
	acknowledge(&core);
	core_world_wait(&core, 5 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT count(*) FROM outbox"), "0");
	transcript_forget();
	peers_fires(&core, NODE("n8"));
	core_world_wait(&core, 5 * MINUTE);
	CK_STORY("05:00 NotReady 10.0.1.7:8443 n8 fires\n"
		 "05:00 delivery 2: queued run 2\n"
		 "05:00 run 2 (restart) running\n"
		 "05:00 START 2.0.1\n"
		 "05:00 NOTIFY 1 on-call update\n"
		 "05:00 notification 1 sent\n");
	peers_resolves(&core, NODE("n7"));
	peers_resolves(&core, NODE("n8"));
	ck_str(core_world_rows(&core, "SELECT receiver || ' ' || kind FROM outbox"),
			"on-call update, on-call resolved");
	core_world_end(&core);
}

TEST(one_that_joins_what_is_repaired_and_acknowledged_is_told)
{
	struct core core;

	begin(&core, RECEIVERS LEVELS REPAIR);
	peers_fires(&core, NODE("n7"));
	core_world_wait(&core, MINUTE);
	acknowledge(&core);
	peers_do(&core, "1.0.1");
	peers_probed(&core, VERDICT_HEALTHY, "status 200");
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "mitigated");
	transcript_forget();
	peers_fires(&core, NODE("n8"));
	CK_STORY("01:00 NotReady 10.0.1.7:8443 n8 fires\n"
		 "01:00 delivery 2: queued run 2\n"
		 "01:00 incident 1 firing\n"
		 "01:00 run 2 (restart) running\n"
		 "01:00 START 2.0.1\n"
		 "01:00 NOTIFY 2 on-call update\n"
		 "01:00 notification 2 sent\n");
	core_world_end(&core);
}

/* What is over is told as that. */
TEST(nothing_is_said_of_one_that_joins_what_is_over_in_the_same_delivery)
{
	const struct peers_alert all[] = { { .labels = NODE("n8") },
		{ .labels = NODE("n8"), .resolved = true },
		{ .labels = NODE("n7"), .resolved = true } };
	struct core core;

	begin_with_n7(&core, plain);
	peers_deliver(&core, &(struct peers_delivery){ .alerts = all, .len = 3 });
	ck_str(core_world_rows(&core, "SELECT kind FROM outbox"), "initial, resolved");
	core_world_end(&core);
}

/* The acknowledgement of the outage before is none of this one, and its alerts are not known. */
TEST(what_was_part_of_the_outage_before_is_news_in_this_one)
{
	struct core core;

	begin(&core, plain);
	peers_fires(&core, NODE("n7"));
	peers_fires(&core, NODE("n8"));
	acknowledge(&core);
	core_world_wait(&core, MINUTE);
	peers_resolves(&core, NODE("n7"));
	peers_resolves(&core, NODE("n8"));
	core_world_wait(&core, MINUTE);
	peers_fires(&core, NODE("n7"));
	acknowledge(&core);
	core_world_wait(&core, MINUTE);
	transcript_forget();
	peers_fires(&core, NODE("n8"));
	CK_STORY("03:00 NotReady 10.0.1.7:8443 n8 fires\n"
		 "03:00 delivery 6: unmatched: no playbook matches this alert\n"
		 "03:00 NOTIFY 4 on-call update\n"
		 "03:00 notification 4 sent\n");
	core_world_end(&core);
}

TEST(a_dry_run_tells_nobody_and_neither_does_a_site_without_levels)
{
	const struct peers_alert n8 = { .labels = NODE("n8") };
	struct core core;

	begin_with_n7(&core, plain);
	peers_deliver(&core, &(struct peers_delivery){ .alerts = &n8, .len = 1, .dry_run = true });
	ck_str(core_world_rows(&core, "SELECT count(*) FROM outbox WHERE kind = 'update'"), "0");
	core_world_reload(&core, RECEIVERS);
	peers_fires(&core, NODE("n8"));
	ck_str(core_world_rows(&core, "SELECT count(*) FROM outbox WHERE kind = 'update'"), "0");
	core_world_end(&core);
}

TEST(of_many_that_join_at_once_some_are_named)
{
	struct peers_alert alerts[13];
	const char *pairs[13][7];
	char names[13][16];
	struct core core;

	for (int i = 0; i < 13; i++) {
		const char *const labels[] = { "alertname", "NotReady", "instance", "10.0.1.7:8443",
			"node", names[i], NULL };

		snprintf(names[i], sizeof(names[i]), "m%02d", i);
		memcpy(pairs[i], labels, sizeof(labels));
		alerts[i] = (struct peers_alert){ .labels = pairs[i] };
	}
	begin_with_n7(&core, plain);
	peers_deliver(&core, &(struct peers_delivery){ .alerts = alerts, .len = 13 });
	ck_has(core_world_rows(&core, "SELECT text FROM outbox WHERE id = 2"),
			"\nReason: 13 more alerts fire: NotReady node=m00; NotReady node=m01; ");
	ck_has(core_world_rows(&core, "SELECT text FROM outbox WHERE id = 2"),
			"NotReady node=m09; and 3 more\n");
	ck_has(core_world_rows(&core, "SELECT text FROM outbox WHERE id = 2"),
			"\nAlerts: node=n7; node=m00; ");
	ck_has(core_world_rows(&core, "SELECT text FROM outbox WHERE id = 2"),
			"node=m08; and 4 more");
	ck_str(core_world_rows(&core, "SELECT count(*) FROM outbox WHERE kind = 'update'"), "1");
	core_world_end(&core);
}

/* A group_by for all keeps nodes apart, and says so in the title. */
TEST(with_a_group_by_for_all_each_node_has_an_incident_of_its_own)
{
	struct core core;

	begin(&core, "global: { group_by: [alertname, node] }\n" RECEIVERS LEVELS);
	peers_fires(&core, NODE("n7"));
	peers_fires(&core, NODE("n8"));
	ck_str(core_world_rows(&core, "SELECT title FROM incident"),
			"NotReady node=n7 on 10.0.1.7:8443, NotReady node=n8 on 10.0.1.7:8443");
	core_world_end(&core);
}
