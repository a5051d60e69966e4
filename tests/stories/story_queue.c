/* SPDX-License-Identifier: Apache-2.0 */
#include "core_world.h"
#include "peers.h"
#include "test.h"
#include "transcript.h"

#define MINUTE (INT64_C(60) * 1000)

/* Until 23:00; each test begins at 22:40. */
static const char yaml[] =
		"time_intervals:\n"
		"  - name: backup\n"
		"    time_intervals: [{ times: [{ start_time: '22:45', end_time: '23:00' }] }]\n"
		"playbooks:\n"
		"  - name: move\n"
		"    matchers: [alertname=Full]\n"
		"    params: { disk: { from: labels.disk, pattern: '[a-z]+' } }\n"
		"    guards: { lock: 'disks', mute_time_intervals: [backup] }\n"
		"    steps: [{ name: move, run: [move, '${disk}'] }]\n"
		"  - name: trim\n"
		"    matchers: [alertname=Slow]\n"
		"    params: { disk: { from: labels.disk, pattern: '[a-z]+' } }\n"
		"    guards: { max_concurrent: 1 }\n"
		"    steps: [{ name: trim, run: [trim, '${disk}'] }]\n"
		"  - name: restart\n"
		"    matchers: [alertname=Down]\n"
		"    incident: { group_by: [disk] }\n"
		"    params: { disk: { from: labels.disk, pattern: '[a-z]+' } }\n"
		"    guards: { max_targets: { distinct: disk, at_most: 2, per: 10m } }\n"
		"    steps: [{ name: restart, run: [restart, '${disk}'] }]\n";

static void fires(struct core *core, const char *name, const char *disk)
{
	peers_fires(core, PAIRS("alertname", name, "disk", disk));
}

static void command(struct core *core, enum route route, const char *const *args)
{
	peers_ask(core, &(struct peers_question){ route, .args = args });
}

TEST(a_run_waits_for_its_lock)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	fires(&core, "Full", "a");
	peers_started(&core, "1.0.1");
	fires(&core, "Full", "b");
	core_world_wait(&core, MINUTE);
	peers_exited(&core, "1.0.1", 0);
	CK_STORY("00:00 the core starts\n"
		 "00:00 Full a fires\n"
		 "00:00 delivery 1: queued run 1\n"
		 "00:00 incident 1 firing\n"
		 "00:00 run 1 (move) running\n"
		 "00:00 START 1.0.1\n"
		 "00:00 1.0.1 started\n"
		 "00:00 GO 1.0.1\n"
		 "00:00 Full b fires\n"
		 "00:00 delivery 2: queued run 2\n"
		 "00:00 run 2 (move) queued\n"
		 "01:00 1.0.1 exited 0\n"
		 "01:00 incident 1 needs an operator: run 1 (move) collected evidence; nothing was changed or verified\n"
		 "01:00 run 1 (move) succeeded: all steps done\n"
		 "01:00 run 2 (move) running\n"
		 "01:00 START 2.0.1\n");
	core_world_end(&core);
}

TEST(a_run_waits_until_there_are_fewer_of_its_playbook)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	fires(&core, "Slow", "a");
	fires(&core, "Slow", "b");
	fires(&core, "Full", "a");
	transcript_forget();
	peers_do(&core, "1.0.1");
	CK_STORY("00:00 1.0.1 started\n"
		 "00:00 GO 1.0.1\n"
		 "00:00 1.0.1 exited 0\n"
		 "00:00 incident 1 needs an operator: run 1 (trim) collected evidence; nothing was changed or verified\n"
		 "00:00 run 1 (trim) succeeded: all steps done\n"
		 "00:00 run 2 (trim) running\n"
		 "00:00 START 2.0.1\n");
	core_world_end(&core);
}

/* What is queued starts after it; an alert that arrives meanwhile gets no run at all. */
TEST(a_run_waits_for_the_end_of_the_pause)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	fires(&core, "Full", "a");
	fires(&core, "Full", "b");
	peers_started(&core, "1.0.1");
	transcript_forget();
	command(&core, ROUTE_PAUSE_BEGIN, PAIRS("for", "120000", "reason", "a move"));
	fires(&core, "Full", "c");
	core_world_wait(&core, MINUTE);
	peers_exited(&core, "1.0.1", 0);
	core_world_wait(&core, MINUTE);
	CK_STORY("00:00 eve: pause for=120000 reason=a move\n"
		 "00:00 paused: a move\n"
		 "00:00 Full c fires\n"
		 "00:00 delivery 3: paused: paused by eve since 2025-11-22T22:40:00.000Z until 2025-11-22T22:42:00.000Z: a move\n"
		 "00:00 incident 1 needs an operator: paused by eve since 2025-11-22T22:40:00.000Z until 2025-11-22T22:42:00.000Z: a move\n"
		 "01:00 1.0.1 exited 0\n"
		 "01:00 incident 1 needs an operator: run 1 (move) collected evidence; nothing was changed or verified\n"
		 "01:00 run 1 (move) succeeded: all steps done\n"
		 "02:00 run 2 (move) running\n"
		 "02:00 paused: no more\n"
		 "02:00 START 2.0.1\n");
	core_world_end(&core);
}

TEST(an_operator_ends_the_pause)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	command(&core, ROUTE_PAUSE_BEGIN, PAIRS("reason", "hands off"));
	command(&core, ROUTE_PLAYBOOK_RUN, PAIRS("params.disk", "a", "playbook", "move"));
	command(&core, ROUTE_PLAYBOOK_RUN,
			PAIRS("force", "true", "params.disk", "b", "playbook", "move", "reason",
					"I know"));
	core_world_wait(&core, 60 * MINUTE);
	command(&core, ROUTE_PAUSE_END, NULL);
	CK_STORY("00:00 the core starts\n"
		 "00:00 eve: pause reason=hands off\n"
		 "00:00 paused: hands off\n"
		 "00:00 eve: run params.disk=a playbook=move\n"
		 "00:00 refused: paused by eve since 2025-11-22T22:40:00.000Z: hands off\n"
		 "00:00 eve: run force=true params.disk=b playbook=move reason=I know\n"
		 "00:00 decision: queued run 1\n"
		 "00:00 run 1 (move) running\n"
		 "00:00 START 1.0.1\n"
		 "60:00 eve: resume\n"
		 "60:00 paused: no more\n");
	core_world_end(&core);
}

TEST(a_run_waits_for_the_end_of_a_time_interval)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	fires(&core, "Full", "a");
	fires(&core, "Full", "b");
	peers_started(&core, "1.0.1");
	core_world_wait(&core, 6 * MINUTE);
	transcript_forget();
	peers_exited(&core, "1.0.1", 0);
	fires(&core, "Full", "c");
	core_world_wait(&core, 14 * MINUTE);
	CK_STORY("06:00 1.0.1 exited 0\n"
		 "06:00 incident 1 needs an operator: run 1 (move) collected evidence; nothing was changed or verified\n"
		 "06:00 run 1 (move) succeeded: all steps done\n"
		 "06:00 Full c fires\n"
		 "06:00 delivery 3: muted: muted: within time interval 'backup' (UTC, now 22:46 Sat)\n"
		 "06:00 incident 1 needs an operator: muted: within time interval 'backup' (UTC, now 22:46 Sat)\n"
		 "20:00 run 2 (move) running\n"
		 "20:00 START 2.0.1\n");
	core_world_end(&core);
}

/* Three at once are one outage: an operator is paged once, and the other incidents point there. */
TEST(more_targets_than_a_playbook_is_for_need_an_operator_once)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	fires(&core, "Down", "a");
	fires(&core, "Down", "b");
	transcript_forget();
	fires(&core, "Down", "c");
	fires(&core, "Down", "d");
	CK_STORY("00:00 Down c fires\n"
		 "00:00 delivery 3: too_many_targets: max_targets: 2 other values of disk had a run within 10m, 2 at most: this is bigger than one target\n"
		 "00:00 incident 3 firing\n"
		 "00:00 incident 3 needs an operator: max_targets: 2 other values of disk had a run within 10m, 2 at most: this is bigger than one target\n"
		 "00:00 Down d fires\n"
		 "00:00 delivery 4: too_many_targets: max_targets: 2 other values of disk had a run within 10m, 2 at most: this is bigger than one target; the on-call engineer was paged for incident 3\n"
		 "00:00 incident 4 firing\n"
		 "00:00 incident 4 needs an operator: max_targets: 2 other values of disk had a run within 10m, 2 at most: this is bigger than one target; the on-call engineer was paged for incident 3\n");
	core_world_end(&core);
}

TEST(a_run_that_waits_is_canceled)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	fires(&core, "Full", "a");
	fires(&core, "Full", "b");
	peers_started(&core, "1.0.1");
	transcript_forget();
	peers_ask(&core, &(struct peers_question){ ROUTE_RUN_CANCEL, 2 });
	peers_ask(&core, &(struct peers_question){
					 ROUTE_RUN_CANCEL, 1, .args = PAIRS("reason", "enough") });
	peers_ended(&core, "1.0.1", &(struct attempt_status){ .result = ATTEMPT_CANCELED });
	CK_STORY("00:00 eve: cancel run 2\n"
		 "00:00 incident 1 needs an operator: run 2 (move) canceled: canceled by eve\n"
		 "00:00 run 2 (move) canceled: canceled by eve\n"
		 "00:00 eve: cancel run 1 reason=enough\n"
		 "00:00 CANCEL 1.0.1\n"
		 "00:00 1.0.1 canceled\n"
		 "00:00 incident 1 needs an operator: run 1 (move) canceled: canceled by eve: enough\n"
		 "00:00 run 1 (move) canceled: canceled by eve: enough\n");
	core_world_end(&core);
}

/* --- nothing starts for what is over; no two runs of one playbook and target at once --- */

static void resolves(struct core *core, const char *name, const char *disk)
{
	peers_resolves(core, PAIRS("alertname", name, "disk", disk));
}

/* They have an incident, but neither a lock nor any other guard. */
static const char plain[] = "playbooks:\n"
			    "  - name: heal\n"
			    "    matchers: [alertname=Sick]\n"
			    "    incident: { group_by: [alertname, node] }\n"
			    "    params: { disk: { from: labels.disk, pattern: '[a-z]+' } }\n"
			    "    steps: [{ name: heal, run: [heal, '${disk}'] }]\n"
			    "    verify: [{ name: see, run: [see] }]\n";

static void is_sick(struct core *core, const char *disk, const char *node)
{
	peers_fires(core, PAIRS("alertname", "Sick", "disk", disk, "node", node));
}

static void is_well(struct core *core, const char *disk, const char *node)
{
	peers_resolves(core, PAIRS("alertname", "Sick", "disk", disk, "node", node));
}

TEST(a_run_that_waits_when_its_alert_is_over_never_starts)
{
	static const char *const zeros =
			"0000000000000000000000000000000000000000000000000000000000000000";
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	fires(&core, "Slow", "a");
	fires(&core, "Down", "b");
	peers_do(&core, "2.0.1");
	command(&core, ROUTE_PAUSE_BEGIN, PAIRS("reason", "hands off"));
	command(&core, ROUTE_PAUSE_END, NULL);
	peers_started(&core, "1.0.1");
	transcript_forget();
	fires(&core, "Full", "a");
	fires(&core, "Full", "b");
	peers_started(&core, "3.0.1");
	resolves(&core, "Full", "b");
	peers_ask(&core, &(struct peers_question){
					 ROUTE_RUN_APPROVE, 4, .args = PAIRS("digest", zeros) });
	peers_exited(&core, "3.0.1", 0);
	CK_STORY("00:00 Full a fires\n"
		 "00:00 delivery 3: queued run 3\n"
		 "00:00 incident 3 firing\n"
		 "00:00 run 3 (move) running\n"
		 "00:00 START 3.0.1\n"
		 "00:00 Full b fires\n"
		 "00:00 delivery 4: queued run 4\n"
		 "00:00 run 4 (move) queued\n"
		 "00:00 3.0.1 started\n"
		 "00:00 GO 3.0.1\n"
		 "00:00 Full b is resolved\n"
		 "00:00 delivery 5: resolved: ended at 2025-11-22T22:40:00.000Z\n"
		 "00:00 run 4 (move) canceled: its alert has ended\n"
		 "00:00 eve: approve run 4 digest=…\n"
		 "00:00 refused: its alert has ended: run 4 was canceled\n"
		 "00:00 3.0.1 exited 0\n"
		 "00:00 incident 3 needs an operator: run 3 (move) collected evidence; nothing was changed or verified\n"
		 "00:00 run 3 (move) succeeded: all steps done\n");
	core_world_end(&core);
}

/* What had begun goes on, and what had not is canceled: nobody has to do that first. */
TEST(an_operator_resolves_an_incident_whose_run_waits)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	fires(&core, "Slow", "a");
	peers_started(&core, "1.0.1");
	peers_fires(&core, PAIRS("alertname", "Slow", "disk", "b", "instance", "n2"));
	transcript_forget();
	peers_ask(&core, &(struct peers_question){ ROUTE_RESOLVE, 1 });
	peers_ask(&core, &(struct peers_question){ ROUTE_CLOSE, 2 });
	peers_exited(&core, "1.0.1", 0);
	CK_STORY("00:00 eve: resolve incident 1\n"
		 "00:00 refused: run 1 is running: wait for its end, or cancel it first\n"
		 "00:00 eve: close incident 2\n"
		 "00:00 incident 2 closed\n"
		 "00:00 run 2 (trim) canceled: incident 2 is closed\n"
		 "00:00 1.0.1 exited 0\n"
		 "00:00 incident 1 needs an operator: run 1 (trim) collected evidence; nothing was changed or verified\n"
		 "00:00 run 1 (trim) succeeded: all steps done\n");
	core_world_end(&core);
}

/* A cooldown counts from a run that did something. */
TEST(a_run_that_never_began_does_not_stand_in_the_way_of_the_next)
{
	static const char cool[] =
			"playbooks:\n"
			"  - name: heal\n"
			"    matchers: [alertname=Sick]\n"
			"    guards: { cooldown: 1h }\n"
			"    steps: [{ name: may it, approve: {} }, { name: heal, run: [heal] }]\n";
	struct core core;

	transcript_begin();
	core_world_start(&core, cool);
	for (int i = 0; i < 2; i++) {
		is_sick(&core, "a", "n");
		is_well(&core, "a", "n");
		core_world_wait(&core, MINUTE);
	}
	transcript_forget();
	is_sick(&core, "a", "n");
	CK_STORY("02:00 Sick a n fires\n"
		 "02:00 delivery 5: awaiting_approval run 3: playbook heal waits for approval: may it\n"
		 "02:00 incident 1 firing\n"
		 "02:00 incident 1 needs an operator: run 3 (heal) waits for approval: may it\n"
		 "02:00 run 3 (heal) awaiting_approval\n");
	core_world_end(&core);
}

/* It ended and began again while its run goes on: that may have been too early to help. */
TEST(one_target_has_one_run_of_a_playbook_at_a_time)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, plain);
	is_sick(&core, "a", "n");
	peers_started(&core, "1.0.1");
	is_well(&core, "a", "n");
	core_world_wait(&core, MINUTE);
	transcript_forget();
	is_sick(&core, "a", "n");
	command(&core, ROUTE_PLAYBOOK_RUN,
			PAIRS("force", "true", "params.disk", "a", "playbook", "heal", "reason",
					"now"));
	peers_exited(&core, "1.0.1", 0);
	peers_do(&core, "1.1.1");
	CK_STORY("01:00 Sick a n fires\n"
		 "01:00 delivery 3: queued run 2\n"
		 "01:00 incident 1 firing\n"
		 "01:00 run 2 (heal) queued: waits for run 1, which does the same\n"
		 "01:00 eve: run force=true params.disk=a playbook=heal reason=now\n"
		 "01:00 decision: queued run 3\n"
		 "01:00 run 3 (heal) queued: waits for run 1, which does the same\n"
		 "01:00 1.0.1 exited 0\n"
		 "01:00 run 1 (heal) verifying\n"
		 "01:00 START 1.1.1\n"
		 "01:00 1.1.1 started\n"
		 "01:00 GO 1.1.1\n"
		 "01:00 1.1.1 exited 0\n"
		 "01:00 incident 1 mitigated\n"
		 "01:00 run 1 (heal) succeeded: verified\n"
		 "01:00 run 2 (heal) running\n"
		 "01:00 run 3 (heal) queued: waits for run 2, which does the same\n"
		 "01:00 START 2.0.1\n");
	core_world_end(&core);
}

/* One run is for both incidents: neither's end cancels it, and both have its result. */
TEST(an_alert_that_wants_what_waits_already_gets_no_second_run)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, plain);
	command(&core, ROUTE_PLAYBOOK_RUN, PAIRS("params.disk", "a", "playbook", "heal"));
	peers_started(&core, "1.0.1");
	is_sick(&core, "a", "n");
	transcript_forget();
	is_sick(&core, "a", "o");
	is_well(&core, "a", "n");
	is_sick(&core, "a", "p");
	peers_exited(&core, "1.0.1", 0);
	peers_do(&core, "1.1.1");
	peers_do(&core, "2.0.1");
	peers_do(&core, "2.1.1");
	is_sick(&core, "a", "p");
	CK_STORY("00:00 Sick a o fires\n"
		 "00:00 delivery 2: duplicate run 2: run 2 (queued) does the same\n"
		 "00:00 incident 2 firing\n"
		 "00:00 Sick a n is resolved\n"
		 "00:00 delivery 3: resolved: ended at 2025-11-22T22:40:00.000Z\n"
		 "00:00 incident 1 resolved\n"
		 "00:00 Sick a p fires\n"
		 "00:00 delivery 4: duplicate run 2: run 2 (queued) does the same\n"
		 "00:00 incident 3 firing\n"
		 "00:00 1.0.1 exited 0\n"
		 "00:00 run 1 (heal) verifying\n"
		 "00:00 START 1.1.1\n"
		 "00:00 1.1.1 started\n"
		 "00:00 GO 1.1.1\n"
		 "00:00 1.1.1 exited 0\n"
		 "00:00 run 1 (heal) succeeded: verified\n"
		 "00:00 run 2 (heal) running\n"
		 "00:00 START 2.0.1\n"
		 "00:00 2.0.1 started\n"
		 "00:00 GO 2.0.1\n"
		 "00:00 2.0.1 exited 0\n"
		 "00:00 run 2 (heal) verifying\n"
		 "00:00 START 2.1.1\n"
		 "00:00 2.1.1 started\n"
		 "00:00 GO 2.1.1\n"
		 "00:00 2.1.1 exited 0\n"
		 "00:00 incident 2 mitigated\n"
		 "00:00 incident 3 mitigated\n"
		 "00:00 run 2 (heal) succeeded: verified\n"
		 "00:00 Sick a p fires\n"
		 "00:00 delivery 5: repeat run 2: still firing, occurrence 2 since 2025-11-22T22:40:00.000Z; run 2 (succeeded) was made for this episode\n");
	core_world_end(&core);
}

/* The second incident needs an operator for the question of the first, and has it answered. */
TEST(an_alert_that_wants_what_asks_already_has_an_operator_told)
{
	static const char asks[] =
			"playbooks:\n"
			"  - name: flush\n"
			"    matchers: [alertname=Sick]\n"
			"    incident: { group_by: [alertname, node] }\n"
			"    params: { disk: { from: labels.disk, pattern: '[a-z]+' } }\n"
			"    steps: [{ name: may it, approve: {} }, { name: flush, run: [flush] }]\n";
	struct core core;

	transcript_begin();
	core_world_start(&core, asks);
	is_sick(&core, "a", "n");
	transcript_forget();
	is_sick(&core, "a", "o");
	is_sick(&core, "a", "o");
	is_well(&core, "a", "n");
	is_well(&core, "a", "o");
	CK_STORY("00:00 Sick a o fires\n"
		 "00:00 delivery 2: duplicate run 1: run 1 (awaiting_approval) does the same\n"
		 "00:00 incident 2 firing\n"
		 "00:00 incident 2 needs an operator: run 1 (flush) waits for approval: may it\n"
		 "00:00 Sick a o fires\n"
		 "00:00 delivery 3: repeat run 1: still firing, occurrence 2 since 2025-11-22T22:40:00.000Z; run 1 (awaiting_approval) was made for this episode\n"
		 "00:00 Sick a n is resolved\n"
		 "00:00 delivery 4: resolved: ended at 2025-11-22T22:40:00.000Z\n"
		 "00:00 incident 1 resolved\n"
		 "00:00 incident 1 needs an operator: no more\n"
		 "00:00 Sick a o is resolved\n"
		 "00:00 delivery 5: resolved: ended at 2025-11-22T22:40:00.000Z\n"
		 "00:00 incident 2 resolved\n"
		 "00:00 incident 2 needs an operator: no more\n"
		 "00:00 run 1 (flush) canceled: incident 1 is resolved\n");
	core_world_end(&core);
}
