/* SPDX-License-Identifier: Apache-2.0 */
#include "core_world.h"
#include "peers.h"
#include "test.h"
#include "transcript.h"

#define MINUTE (INT64_C(60) * 1000)

static const char yaml[] =
		"receivers: [{ name: on-call, webhook_configs: [{ url: 'http://a/' }] }]\n"
		"escalation:\n"
		"  hold: 1m\n"
		"  update_every: 30m\n"
		"  levels: [{ name: L1, receivers: [on-call], respond_within: 60m }]\n"
		"checks: [{ name: page, http: { url: 'http://web/' } }]\n"
		"playbooks:\n"
		"  - name: restart\n"
		"    matchers: [alertname=Down]\n"
		"    incident: { group_by: [alertname] }\n"
		"    params: { service: { from: labels.service, pattern: '[a-z]+' } }\n"
		"    steps: [{ name: restart, run: [restart, '${service}'] }]\n"
		"    verify: [{ check: page }]\n"
		"  - name: ask\n"
		"    matchers: [alertname=Asks]\n"
		"    steps: [{ name: may it, approve: { within: 60m } },\n"
		"            { name: restart, run: [restart] }]\n"
		"  - name: each\n"
		"    matchers: [alertname=Each]\n"
		"    incident: { group_by: [alertname] }\n"
		"    params: { service: { from: labels.service, pattern: '[a-z]+' } }\n"
		"    steps: [{ name: may it, approve: { within: 60m } },\n"
		"            { name: restart, run: [restart, '${service}'] }]\n";

static const char *const argus[] = { "alertname", "Down", "service", "argus", NULL };
static const char *const twin[] = { "alertname", "Down", "replica", "2", "service", "argus", NULL };
static const char *const asks[] = { "alertname", "Asks", NULL };
static const char *const alone[] = { "alertname", "Alone", NULL };

static void begin(struct core *core)
{
	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(core, yaml);
}

/* One alert that began at `starts_at`, from the sender of that number. */
static void deliver(struct core *core, const char *const *labels, int64_t starts_at, int sender)
{
	const struct peers_alert alert = { .labels = labels, .starts_at = starts_at };

	peers_deliver(core,
			&(struct peers_delivery){ .alerts = &alert,
					.len = 1,
					.sender = sender == 1 ? "http://am-1" : "http://am-2" });
}

static void end(struct core *core, const char *const *labels, int64_t starts_at, int sender)
{
	const struct peers_alert alert = {
		.labels = labels, .resolved = true, .starts_at = starts_at
	};

	peers_deliver(core,
			&(struct peers_delivery){ .alerts = &alert,
					.len = 1,
					.sender = sender == 1 ? "http://am-1" : "http://am-2" });
}

static const char *told(struct core *core)
{
	return core_world_rows(core, "SELECT incident_id || ' ' || kind FROM outbox ORDER BY id");
}

/* Who was paged for the outage of two days ago hears that it is over, and is paged for this one. */
TEST(an_end_that_was_never_delivered_is_told_to_whoever_was_paged)
{
	int64_t began = core_world.wall_ms;
	struct core core;

	begin(&core);
	deliver(&core, alone, began, 1);
	core_world_wait(&core, MINUTE);
	ck_str(told(&core), "1 initial");
	core_world_exec(&core, "DELETE FROM outbox"); /* … and its updates */
	core_world_exec(&core, "UPDATE escalation SET update_at = NULL, update_ms = 0");
	core_world_wait(&core, 48 * 60 * MINUTE);
	deliver(&core, alone, core_world.wall_ms - 1000, 1);
	core_world_wait(&core, MINUTE);
	ck_str(core_world_rows(&core, "SELECT incident_id || ' ' || kind FROM outbox"
				      " WHERE kind <> 'update' ORDER BY id"),
			"1 resolved, 2 initial");
	core_world_end(&core);
}

/* It is the same incident again: nobody is told that it is over, and its promises begin anew. */
TEST(an_outage_that_opens_its_incident_again_begins_its_chain_anew)
{
	int64_t began = core_world.wall_ms;
	struct core core;

	begin(&core);
	deliver(&core, alone, began, 1);
	core_world_wait(&core, 5 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT update_at IS NOT NULL FROM escalation"), "1");
	deliver(&core, alone, core_world.wall_ms - 1000, 1);
	core_world_wait(&core, 5 * MINUTE);
	ck_str(told(&core), "1 initial, 1 initial");
	ck_str(core_world_rows(&core, "SELECT (update_at - %lld) / 60000 FROM escalation",
			       (long long)core_world.wall_ms),
			"25");
	core_world_end(&core);
}

/* The question was for the outage before; a yes to it would act on this one. */
TEST(a_question_of_an_outage_that_is_over_is_withdrawn)
{
	int64_t began = core_world.wall_ms;
	struct core core;

	begin(&core);
	deliver(&core, asks, began, 1);
	core_world_wait(&core, 20 * MINUTE);
	deliver(&core, asks, core_world.wall_ms - 1000, 1);
	ck_str(core_world_rows(&core, "SELECT status || ' ' || reason FROM run ORDER BY id"),
			"canceled incident 1 is resolved, awaiting_approval ");
	core_world_end(&core);
}

/* Another outage began while the late word of the last one waited: that is forgotten. */
TEST(a_late_alert_is_forgotten_when_another_outage_begins)
{
	int64_t began = core_world.wall_ms;
	struct core core;

	begin(&core);
	deliver(&core, alone, began, 1);
	core_world_wait(&core, MINUTE);
	end(&core, alone, began, 1);
	deliver(&core, alone, began, 2);
	ck_str(core_world_rows(&core, "SELECT count(*) FROM late_alert"), "1");
	core_world_wait(&core, MINUTE);
	deliver(&core, alone, core_world.wall_ms, 1);
	ck_str(core_world_rows(&core, "SELECT count(*) FROM late_alert"), "0");
	core_world_wait(&core, 10 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT status FROM episode ORDER BY id"),
			"resolved, firing");
	core_world_end(&core);
}

/* It was repaired by the run of another alert, and fires on: that repair is looked at. */
TEST(an_alert_that_shares_a_repair_and_fires_on_has_it_looked_at)
{
	int64_t began = core_world.wall_ms;
	struct core core;

	begin(&core);
	deliver(&core, argus, began, 1);
	deliver(&core, twin, began, 1);
	peers_do(&core, "1.0.1");
	peers_probed(&core, VERDICT_HEALTHY, "status 200");
	end(&core, argus, began, 1);
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "mitigated");
	core_world_wait(&core, 40 * MINUTE);
	deliver(&core, twin, began, 1);
	ck_str(core_world_rows(&core, "SELECT trigger FROM run ORDER BY id"), "alert, escalation");
	peers_probed(&core, VERDICT_FAILING, "status 502");
	ck_str(core_world_rows(&core, "SELECT status || ' ' || did_not_help FROM run ORDER BY id"),
			"succeeded 1, failed 0");
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "firing");
	core_world_end(&core);
}

/* An operator called it over, which canceled the runs of all that fires; then another opens it. */
TEST(an_incident_that_fires_and_has_nothing_under_way_says_so)
{
	static const char *const one[] = { "alertname", "Each", "service", "one", NULL };
	static const char *const two[] = { "alertname", "Each", "service", "two", NULL };
	struct core core;

	begin(&core);
	deliver(&core, one, core_world.wall_ms, 1);
	peers_ask(&core, &(struct peers_question){ ROUTE_RESOLVE, 1 });
	core_world_wait(&core, MINUTE);
	deliver(&core, two, core_world.wall_ms, 1);
	end(&core, two, core_world.wall_ms, 1);
	ck_str(core_world_rows(&core, "SELECT status FROM run ORDER BY id"), "canceled, canceled");
	ck_str(core_world_rows(&core, "SELECT status || ': ' || attention FROM incident"),
			"firing: run 2 (each) was canceled: its alert has ended; other alerts of the incident fire, and nothing is under way for them");
	core_world_end(&core);
}
