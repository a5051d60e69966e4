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
	transcript_forget();
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
	transcript_forget();
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
	transcript_forget();
	deliver(&core, &late);
	ck_str(core_world_rows(&core, "SELECT status FROM episode"), "firing");
	CK_STORY("00:00 Down argus is resolved\n"
		 "00:00 delivery 2: duplicate: it ended at 2025-11-22T22:35:00.000Z, before the present episode began\n");
	core_world_end(&core);
}

/* The rest of the delivery is taken in, and an operator knows. */
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
		 "00:00 incident 2 firing\n"
		 "00:00 incident 2 needs an operator: 1 alert of delivery 1 cannot be read and is lost: labels.service: expected string; mend the rule or the sender, then close this\n"
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

/* --- ends that are never told, and those that are told too soon --- */

static const char *const critical[] = { "alertname", "Down", "service", "argus", "severity",
	"critical", NULL };
static const char *const warning[] = { "alertname", "Down", "service", "argus", "severity",
	"warning", NULL };

static void repaired(struct core *core, const struct peers_alert *alert)
{
	core_world.egress_takes = true;
	core_world_start(core, yaml);
	deliver(core, alert);
	peers_do(core, "1.0.1");
	peers_probed(core, VERDICT_HEALTHY, "status 200");
}

/* It ended while it was silenced. Two days later it fires again: another incident, nobody's yet. */
TEST(an_outage_after_an_end_that_was_never_told_is_another)
{
	struct peers_alert alert = { .labels = argus, .starts_at = core_world.wall_ms };
	struct core core;

	transcript_begin();
	repaired(&core, &alert);
	peers_ask(&core, &(struct peers_question){ ROUTE_ACKNOWLEDGE, 1 });
	core_world_wait(&core, 48 * 60 * MINUTE);
	alert.starts_at = core_world.wall_ms - 1000;
	transcript_forget();
	deliver(&core, &alert);
	CK_STORY("2880:00 Down argus fires\n"
		 "2880:00 delivery 2: queued run 2\n"
		 "2880:00 incident 1 resolved\n"
		 "2880:00 incident 2 firing\n"
		 "2880:00 incident 1 is held: no more\n"
		 "2880:00 run 2 (restart) running\n"
		 "2880:00 START 2.0.1\n");
	ck_str(core_world_rows(&core,
			       "SELECT id || status || coalesce(resolved_at - opened_at, '')"
			       " || coalesce(acknowledged_by, '') FROM incident ORDER BY id"),
			"1resolved0eve, 2firing");
	core_world_end(&core);
}

/* The same within minutes: the same incident, opened again. Its acknowledgement was of the last. */
TEST(an_outage_soon_after_an_end_that_was_never_told_opens_the_incident_again)
{
	struct peers_alert alert = { .labels = argus, .starts_at = core_world.wall_ms };
	struct core core;

	transcript_begin();
	repaired(&core, &alert);
	peers_ask(&core, &(struct peers_question){ ROUTE_ACKNOWLEDGE, 1 });
	core_world_wait(&core, 5 * MINUTE);
	alert.starts_at = core_world.wall_ms - 1000;
	transcript_forget();
	deliver(&core, &alert);
	CK_STORY("05:00 Down argus fires\n"
		 "05:00 delivery 2: queued run 2\n"
		 "05:00 incident 1 firing\n"
		 "05:00 run 2 (restart) running\n"
		 "05:00 START 2.0.1\n");
	ck_str(core_world_rows(&core,
			       "SELECT generation || coalesce(acknowledged_by, '') FROM incident"),
			"2");
	core_world_end(&core);
}

/* An operator called it over, and the alert never ended in between, as far as we know. */
TEST(an_outage_after_an_incident_was_resolved_by_hand_is_another)
{
	struct peers_alert alert = { .labels = argus, .starts_at = core_world.wall_ms };
	struct core core;

	transcript_begin();
	repaired(&core, &alert);
	peers_ask(&core, &(struct peers_question){ ROUTE_RESOLVE, 1 });
	core_world_wait(&core, 48 * 60 * MINUTE);
	alert.starts_at = core_world.wall_ms - 1000;
	transcript_forget();
	deliver(&core, &alert);
	CK_STORY("2880:00 Down argus fires\n"
		 "2880:00 delivery 2: queued run 2\n"
		 "2880:00 incident 2 firing\n"
		 "2880:00 run 2 (restart) running\n"
		 "2880:00 START 2.0.1\n");
	core_world_end(&core);
}

/* Its end was told too soon: a resend was missed. The sender that told of it takes it back. */
TEST(an_alert_that_is_back_with_its_old_start_fires)
{
	struct peers_alert alert = { .labels = argus, .starts_at = core_world.wall_ms };
	struct core core;

	transcript_begin();
	repaired(&core, &alert);
	alert.resolved = true;
	deliver(&core, &alert);
	core_world_wait(&core, 4 * MINUTE);
	alert.resolved = false;
	transcript_forget();
	deliver(&core, &alert);
	CK_STORY("04:00 Down argus fires\n"
		 "04:00 delivery 3: queued run 2\n"
		 "04:00 incident 1 firing\n"
		 "04:00 run 2 (restart) running\n"
		 "04:00 START 2.0.1\n");
	core_world_end(&core);
}

static void deliver_late(struct core *core, const struct peers_alert *alert)
{
	peers_deliver(core, &(struct peers_delivery){
					    .alerts = alert, .len = 1, .sender = "http://am-2" });
}

/* The other of a pair, cut off, says that it fires on: that counts when its end does not come. */
TEST(a_late_alert_fires_by_the_clock)
{
	struct peers_alert alert = { .labels = argus, .starts_at = core_world.wall_ms };
	struct core core;

	transcript_begin();
	repaired(&core, &alert);
	alert.resolved = true;
	deliver(&core, &alert);
	core_world_wait(&core, MINUTE);
	alert.resolved = false;
	transcript_forget();
	deliver_late(&core, &alert);
	core_world_wait(&core, 5 * MINUTE);
	deliver_late(&core, &alert);
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "resolved");
	core_world_wait(&core, MINUTE);
	CK_STORY("01:00 Down argus fires\n"
		 "01:00 delivery 3: duplicate: this episode ended at 2025-11-22T22:40:00.000Z, as another sender says; unless its end is delivered again, it fires at 2025-11-22T22:47:00.000Z\n"
		 "06:00 Down argus fires\n"
		 "06:00 delivery 4: duplicate: this episode ended at 2025-11-22T22:40:00.000Z, as another sender says; unless its end is delivered again, it fires at 2025-11-22T22:47:00.000Z\n"
		 "07:00 incident 1 firing\n"
		 "07:00 run 2 (restart) running\n"
		 "07:00 START 2.0.1\n");
	ck_str(core_world_rows(&core, "SELECT count(*) FROM late_alert"), "0");
	core_world_end(&core);
}

/* It was only late: its sender tells of the end, too. */
TEST(a_late_alert_whose_end_comes_is_forgotten)
{
	struct peers_alert alert = { .labels = argus, .starts_at = core_world.wall_ms };
	struct core core;

	transcript_begin();
	repaired(&core, &alert);
	alert.resolved = true;
	deliver(&core, &alert);
	alert.resolved = false;
	transcript_forget();
	deliver_late(&core, &alert);
	core_world_wait(&core, 5 * MINUTE);
	alert.resolved = true;
	deliver_late(&core, &alert);
	core_world_wait(&core, 10 * MINUTE);
	CK_STORY("00:00 Down argus fires\n"
		 "00:00 delivery 3: duplicate: this episode ended at 2025-11-22T22:40:00.000Z, as another sender says; unless its end is delivered again, it fires at 2025-11-22T22:46:00.000Z\n"
		 "05:00 Down argus is resolved\n"
		 "05:00 delivery 4: duplicate: known to have ended at 2025-11-22T22:40:00.000Z\n");
	ck_str(core_world_rows(&core, "SELECT count(*) FROM late_alert"), "0");
	core_world_end(&core);
}

/* Alerts of that name were ignored in the meantime. */
TEST(a_late_alert_that_is_ignored_by_then_does_not_fire)
{
	static const char ignoring[] = "ignore: [{ matchers: [alertname=Down], reason: r }]\n"
				       "playbooks: []\n";
	struct peers_alert alert = { .labels = argus, .starts_at = core_world.wall_ms };
	struct core core;

	transcript_begin();
	repaired(&core, &alert);
	alert.resolved = true;
	deliver(&core, &alert);
	alert.resolved = false;
	deliver_late(&core, &alert);
	core_world_reload(&core, ignoring);
	core_world_wait(&core, 10 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "resolved");
	ck_str(core_world_rows(&core, "SELECT decision FROM decision WHERE delivery_id = 3"),
			"duplicate, ignored");
	core_world_end(&core);
}

/* A peer is a whole outage behind: what it says of the last one changes nothing of this one. */
TEST(a_peer_that_tells_of_the_outage_before_does_not_end_this_one)
{
	struct peers_alert old = { .labels = argus, .starts_at = core_world.wall_ms };
	struct peers_alert present = { .labels = argus };
	struct core core;

	transcript_begin();
	repaired(&core, &old);
	core_world_wait(&core, MINUTE);
	old.resolved = true;
	old.ends_at = core_world.wall_ms;
	deliver(&core, &old);
	core_world_wait(&core, MINUTE);
	present.starts_at = core_world.wall_ms;
	deliver(&core, &present);
	core_world_wait(&core, MINUTE);
	old.resolved = false;
	deliver_late(&core, &old);
	old.resolved = true;
	deliver_late(&core, &old);
	ck_str(core_world_rows(&core, "SELECT status FROM episode ORDER BY id"),
			"resolved, firing");
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "firing");
	core_world_end(&core);
}

/* The clock is set back by a day while it waits: it does not wait for a day. */
TEST(a_late_alert_waits_minutes_whatever_the_clock_says)
{
	struct peers_alert alert = { .labels = argus, .starts_at = core_world.wall_ms };
	struct core core;

	transcript_begin();
	repaired(&core, &alert);
	alert.resolved = true;
	deliver(&core, &alert);
	alert.resolved = false;
	deliver_late(&core, &alert);
	core_world.wall_ms -= 24 * 60 * MINUTE;
	core_world_wait(&core, 7 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT count(*) FROM late_alert"), "0");
	ck_str(core_world_rows(&core, "SELECT status FROM incident WHERE id = 1"), "firing");
	core_world_end(&core);
}

/* It waits in the store. */
TEST(a_late_alert_fires_after_a_restart)
{
	struct peers_alert alert = { .labels = argus, .starts_at = core_world.wall_ms };
	struct core core;

	transcript_begin();
	repaired(&core, &alert);
	alert.resolved = true;
	deliver(&core, &alert);
	alert.resolved = false;
	deliver_late(&core, &alert);
	core_world_end(&core);
	core_world_start(&core, yaml);
	core_world_wait(&core, 7 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT status FROM incident WHERE id = 1"), "firing");
	core_world_end(&core);
}

/* --- one body with an end and a beginning of the same trouble --- */

static void deliver_both(struct core *core, bool end_first)
{
	const struct peers_alert end = {
		.labels = critical, .resolved = true, .starts_at = core_world.wall_ms - 5 * MINUTE
	};
	const struct peers_alert begin = { .labels = warning,
		.starts_at = core_world.wall_ms - 4 * MINUTE };
	const struct peers_alert alerts[] = { end_first ? end : begin, end_first ? begin : end };

	peers_deliver(core, &(struct peers_delivery){ .alerts = alerts, .len = 2 });
}

static void end_and_begin(bool end_first)
{
	const struct peers_alert alert = { .labels = critical,
		.starts_at = core_world.wall_ms - 5 * MINUTE };
	struct core core;

	transcript_begin();
	repaired(&core, &alert);
	transcript_forget();
	deliver_both(&core, end_first);
	ck_str(core_world_rows(&core, "SELECT status || firing || generation FROM incident"),
			"mitigated11");
	ck_str(core_world_rows(&core, "SELECT kind FROM timeline WHERE kind IN"
				      " ('resolved', 'reopened', 'fired', 'joined', 'left')"),
			"joined, left");
	ck_str(core_world_rows(&core, "SELECT decision FROM decision WHERE delivery_id = 2"),
			"duplicate, resolved");
	core_world_end(&core);
}

TEST(an_incident_of_which_an_alert_fires_at_the_end_was_never_resolved)
{
	end_and_begin(true);
}

TEST(an_incident_of_which_an_alert_fires_at_the_end_was_never_resolved_either)
{
	end_and_begin(false);
}

/* The remedy of the incident ended before this one began: it gets one of its own. */
TEST(an_alert_that_begins_after_the_repair_is_repaired_too)
{
	const struct peers_alert first = { .labels = critical, .starts_at = core_world.wall_ms };
	struct peers_alert second = { .labels = warning };
	struct core core;

	transcript_begin();
	repaired(&core, &first);
	core_world_wait(&core, 10 * MINUTE);
	second.starts_at = core_world.wall_ms - 1000;
	transcript_forget();
	deliver(&core, &second);
	CK_STORY("10:00 Down argus warning fires\n"
		 "10:00 delivery 2: queued run 2\n"
		 "10:00 incident 1 firing\n"
		 "10:00 run 2 (restart) running\n"
		 "10:00 START 2.0.1\n");
	ck_str(core_world_rows(&core, "SELECT severity FROM incident"), "critical");
	core_world_end(&core);
}

/* --- what an alert says of itself --- */

TEST(an_incident_has_the_worst_severity_and_the_newest_annotations)
{
	struct peers_alert mild = { .labels = warning,
		.starts_at = core_world.wall_ms,
		.annotations = PAIRS("summary", "9% left") };
	const struct peers_alert bad = { .labels = critical,
		.starts_at = core_world.wall_ms,
		.annotations = PAIRS("summary", "none left") };
	struct core core;

	transcript_begin();
	core_world_start(&core, yaml);
	deliver(&core, &mild);
	mild.annotations = PAIRS("summary", "1% left");
	deliver(&core, &mild);
	deliver(&core, &bad);
	mild.annotations = NULL; /* as of an end: what is known stays */
	deliver(&core, &mild);
	ck_str(core_world_rows(&core, "SELECT severity || annotations FROM incident"),
			"critical{\"summary\":\"1% left\"}");
	ck_str(core_world_rows(&core, "SELECT annotations FROM episode ORDER BY id"),
			"{\"summary\":\"1% left\"}, {\"summary\":\"none left\"}");
	core_world_end(&core);
}
