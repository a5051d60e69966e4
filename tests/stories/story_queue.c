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
	transcript_skip();
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
	transcript_skip();
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
	transcript_skip();
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
	transcript_skip();
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
	transcript_skip();
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
