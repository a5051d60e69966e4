/* SPDX-License-Identifier: Apache-2.0 */
#include "store/run_episodes.h"

#include <stdio.h>
#include <string.h>

#include "core/run/over.h"
#include "core/run/run_incidents.h"
#include "core/run/wanted.h"
#include "core_world.h"
#include "peers.h"
#include "store/retention.h"
#include "store/runs.h"
#include "test.h"

/* Two incidents, of which one run is for both; it waits for one that an operator started. */
static const char yaml[] = "playbooks:\n"
			   "  - name: heal\n"
			   "    matchers: [alertname=Sick]\n"
			   "    incident: { group_by: [alertname, node] }\n"
			   "    steps: [{ name: heal, run: [heal] }]\n";

static const char *const sick_n[] = { "alertname", "Sick", "node", "n", NULL };
static const char *const sick_o[] = { "alertname", "Sick", "node", "o", NULL };

static void begin(struct core *core)
{
	core_world_start(core, yaml);
	peers_ask(core, &(struct peers_question){
					ROUTE_PLAYBOOK_RUN, .args = PAIRS("playbook", "heal") });
	peers_fires(core, sick_n);
	peers_fires(core, sick_o);
	ck_str(core_world_rows(core, "SELECT id || ' ' || status FROM run"), "1 running, 2 queued");
}

static const char *claim_of(struct core *core, int64_t run_id)
{
	static char text[100];
	struct run_claim claim;
	struct err err;

	if (run_episodes_claim(core->ground.db, run_id, &claim, &err) != 1) {
		return "none";
	}
	snprintf(text, sizeof(text), "%s%s%s %s, incident %lld %s", claim.by_hand ? "by hand " : "",
			claim.started_once ? "begun " : "", claim.fires ? "fires" : "over",
			run_status_names[claim.status], (long long)claim.incident_id,
			incident_status_names[claim.incident_status]);
	return text;
}

TEST(a_run_is_claimed_by_the_alerts_that_fire)
{
	struct core core;

	begin(&core);
	ck_str(claim_of(&core, 1), "by hand begun fires running, incident 0 firing");
	ck_str(claim_of(&core, 2), "fires queued, incident 1 firing");
	peers_resolves(&core, sick_n);
	ck_str(claim_of(&core, 2), "fires queued, incident 1 resolved");
	core_world_exec(&core, "UPDATE episode SET status = 'resolved'");
	ck_str(claim_of(&core, 2), "over queued, incident 1 resolved");
	ck_str(claim_of(&core, 9), "none");
	core_world_end(&core);
}

TEST(a_run_is_for_its_own_incident_and_the_open_ones_that_joined)
{
	struct run_incidents incidents = { 0 };
	struct core core;
	struct err err;

	begin(&core);
	must_ok(run_episodes_add(core.ground.db, 2, 2, 2, &err), err); /* as it is already */
	must_ok(run_incidents_list(core.ground.db, 2, 1, &incidents, &err), err);
	must(incidents.len == 2);
	ck_int(incidents.items[0], 1);
	ck_int(incidents.items[1], 2);
	incidents.len = 0;
	core_world_exec(&core, "UPDATE incident SET status = 'resolved'");
	must_ok(run_incidents_list(core.ground.db, 2, 1, &incidents, &err), err);
	ck_int(incidents.len, 1);
	incidents.len = 0;
	must_ok(run_incidents_list(core.ground.db, 1, 0, &incidents, &err), err);
	ck_int(incidents.len, 0);
	must_ok(run_episodes_waiting(core.ground.db, 2, run_incidents_on_id, &incidents, &err),
			err);
	must(incidents.len == 1);
	ck_int(incidents.items[0], 2);
	core_world_exec(&core, "UPDATE run SET status = 'running' WHERE id = 2");
	incidents.len = 0;
	must_ok(run_episodes_waiting(core.ground.db, 2, run_incidents_on_id, &incidents, &err),
			err);
	ck_int(incidents.len, 0);
	run_incidents_clear(&incidents);
	core_world_end(&core);
}

TEST(what_is_over_is_seen_where_it_waits_and_where_it_would_start)
{
	struct over over;
	struct core core;
	struct err err;

	begin(&core);
	must_ok(over_look(core.ground.db, 2, &over, &err), err);
	ck(!over.is);
	must_ok(wanted_after_end(&core.run, 1, &err), err);
	ck_str(core_world_rows(&core, "SELECT status FROM run WHERE id = 2"), "queued");
	/* Behind the core's back: it finds out when the run would leave the queue. */
	core_world_exec(&core, "UPDATE episode SET status = 'resolved'");
	core_world_exec(&core, "UPDATE incident SET status = 'resolved'");
	must_ok(over_look(core.ground.db, 2, &over, &err), err);
	ck(over.is && !over.started_once);
	ck_str(over.why, "incident 1 is resolved");
	ck_str(over.done, "");
	peers_do(&core, "1.0.1");
	ck_str(core_world_rows(&core, "SELECT status || ': ' || reason FROM run WHERE id = 2"),
			"canceled: incident 1 is resolved");
	core_world_end(&core);
}

/* It would leave no trace in the store, but in the metrics and the log. */
TEST(a_dry_run_of_an_end_cancels_nothing)
{
	const struct peers_alert ends[] = { { .labels = sick_n, .resolved = true },
		{ .labels = sick_o, .resolved = true } };
	struct core core;

	begin(&core);
	peers_deliver(&core, &(struct peers_delivery){ .alerts = ends, .len = 2, .dry_run = true });
	ck_str(core_world_rows(&core, "SELECT status FROM run WHERE id = 2"), "queued");
	ck_int(core.ground.counters.runs_len, 0);
	peers_deliver(&core, &(struct peers_delivery){ .alerts = ends, .len = 2 });
	ck_str(core_world_rows(&core, "SELECT status FROM run WHERE id = 2"), "canceled");
	ck_int(core.ground.counters.runs_len, 1);
	core_world_end(&core);
}

/* The store does not let it happen, whatever the queue says. */
TEST(no_two_runs_of_a_target_are_under_way)
{
	const struct run_cursor running = { .status = RUN_RUNNING };
	struct run_facts facts;
	uint8_t target[DIGEST_SIZE];
	struct core core;
	struct err err;
	struct stmt *s;
	size_t len;

	begin(&core);
	s = db_stmt(core.ground.db, "SELECT target FROM run WHERE id = 2");
	must(stmt_step(s, &err) == 1);
	memcpy(target, stmt_col_blob(s, 0, &len), DIGEST_SIZE);
	stmt_reset(s);
	must_ok(runs_under_way(core.ground.db, target, &facts, &err), err);
	ck_int(facts.id, 1);
	must_ok(runs_waiting(core.ground.db, target, &facts, &err), err);
	ck_int(facts.id, 2);
	ck_int(runs_move(core.ground.db, 2, RUN_QUEUED, &running, 5000, &err), -1);
	ck_int(err.code, ERR_BUG);
	must_ok(runs_wait(core.ground.db, 2, "", &err), err);
	must_ok(runs_wait(core.ground.db, 1, "it runs", &err), err);
	ck_str(core_world_rows(&core, "SELECT id || reason FROM run"), "1, 2");
	peers_do(&core, "1.0.1");
	must_ok(runs_under_way(core.ground.db, target, &facts, &err), err);
	ck_int(facts.id, 2);
	must_ok(runs_waiting(core.ground.db, target, &facts, &err), err);
	ck_int(facts.id, 0);
	core_world_end(&core);
}

static enum retention_answer on_removed(int64_t run_id, void *arg)
{
	(void)run_id;
	(void)arg;
	return RETENTION_GONE;
}

/* In both orders: the run goes before the incident that joined it, or after that. */
TEST(what_joined_a_run_goes_with_it_or_with_its_incident)
{
	struct core core;
	struct err err;

	begin(&core);
	peers_resolves(&core, sick_n);
	peers_do(&core, "1.0.1");
	peers_do(&core, "2.0.1");
	peers_fires(&core, PAIRS("alertname", "Sick", "node", "p"));
	ck_str(core_world_rows(&core, "SELECT run_id || '.' || episode_id FROM run_also"), "2.2");
	while (retention_sweep(core.ground.db, INT64_MAX, on_removed, NULL, &err) > 0) {
	}
	ck_str(core_world_rows(&core, "SELECT id FROM run"), "3");
	ck_str(core_world_rows(&core, "SELECT id FROM incident"), "2, 3");
	ck_str(core_world_rows(&core, "SELECT run_id FROM run_also"), "");
	must_ok(run_episodes_add(core.ground.db, 3, 2, 2, &err), err);
	peers_resolves(&core, sick_o);
	while (retention_sweep(core.ground.db, INT64_MAX, on_removed, NULL, &err) > 0) {
	}
	ck_str(core_world_rows(&core, "SELECT id FROM incident"), "3");
	ck_str(core_world_rows(&core, "SELECT run_id FROM run_also"), "");
	core_world_end(&core);
}

/* Waiting without a lock, a guard or a pause: its turn does not come while another one has it. */
TEST(a_run_that_never_began_is_as_if_it_had_not_been)
{
	struct run_facts facts;
	struct core core;
	struct err err;

	begin(&core);
	peers_resolves(&core, sick_o);
	peers_resolves(&core, sick_n);
	ck_str(core_world_rows(&core, "SELECT status FROM run WHERE id = 2"), "canceled");
	must_ok(runs_of_episode(core.ground.db, 1, "heal", &facts, &err), err);
	ck_int(facts.id, 0);
	core_world_wait(&core, 60000);
	peers_fires(&core, sick_n);
	peers_fires(&core, sick_o);
	ck_str(core_world_rows(&core, "SELECT decision FROM decision WHERE delivery_id > 4"),
			"queued, duplicate");
	core_world_exec(&core, "UPDATE run SET started_at = 1, finished_at = 2 WHERE id = 2");
	must_ok(runs_of_episode(core.ground.db, 1, "heal", &facts, &err), err);
	ck_int(facts.id, 2);
	must_ok(runs_of_episode(core.ground.db, 2, "heal", &facts, &err), err);
	ck_int(facts.id, 2);
	core_world_end(&core);
}
