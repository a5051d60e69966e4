/* SPDX-License-Identifier: Apache-2.0 */
#include "core_world.h"
#include "peers.h"
#include "test.h"
#include "transcript.h"

#define MINUTE (INT64_C(60) * 1000)

static const char yaml[] =
		"checks:\n"
		"  - { name: there, command: [test, -e, /tmp] }\n"
		"  - { name: page, http: { url: 'http://web/${what}' } }\n"
		"playbooks:\n"
		"  - name: program\n"
		"    matchers: [alertname=Program]\n"
		"    steps:\n"
		"      - { name: first, run: [first], on_failure: continue }\n"
		"      - { name: second, run: [second], when: [steps.first=timed_out] }\n"
		"  - name: command\n"
		"    matchers: [alertname=Command]\n"
		"    steps: [{ name: act, run: [act] }]\n"
		"    verify: [{ check: there, within: 30s, every: 10s }]\n"
		"  - name: named\n"
		"    matchers: [alertname=Named]\n"
		"    params: { what: { from: labels.what, pattern: '.*' } }\n"
		"    steps: [{ name: look, check: '${what}' }]\n";

static void fires(struct core *core, const char *name)
{
	peers_fires(core, PAIRS("alertname", name));
}

TEST(a_step_that_times_out_may_be_followed_by_another)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	fires(&core, "Program");
	peers_started(&core, "1.0.1");
	transcript_forget();
	core_world_wait(&core, MINUTE);
	peers_ended(&core, "1.0.1", &(struct attempt_status){ .result = ATTEMPT_TIMED_OUT });
	peers_do(&core, "1.1.1");
	CK_STORY("01:00 1.0.1 timed_out\n"
		 "01:00 START 1.1.1\n"
		 "01:00 1.1.1 started\n"
		 "01:00 GO 1.1.1\n"
		 "01:00 1.1.1 exited 0\n"
		 "01:00 incident 1 needs an operator: run 1 (program) collected evidence; nothing was changed or verified\n"
		 "01:00 run 1 (program) succeeded: all steps done\n");
	core_world_end(&core);
}

TEST(a_step_that_is_killed_has_failed_and_the_next_is_passed_over)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	fires(&core, "Program");
	peers_started(&core, "1.0.1");
	transcript_forget();
	peers_ended(&core, "1.0.1",
			&(struct attempt_status){ .result = ATTEMPT_SIGNALED, .signal = 9 });
	ck_str(core_world_rows(&core, "SELECT status || ': ' || reason FROM step"),
			"failed: ended by signal 9 (SIGKILL), skipped: when steps.first=\"timed_out\": it is \"failed\"");
	CK_STORY("00:00 1.0.1 signaled\n"
		 "00:00 incident 1 needs an operator: run 1 (program) collected evidence; nothing was changed or verified\n"
		 "00:00 run 1 (program) succeeded: all steps done\n");
	core_world_end(&core);
}

static const char *finished_after_ms(struct core *core)
{
	return core_world_rows(
			core, "SELECT finished_at - started_at FROM step WHERE name = 'first'");
}

/* The shim writes when that was by its own clock; a core that was busy hears of it later. */
TEST(a_step_ended_when_its_program_did_and_not_when_the_core_hears_of_it)
{
	struct core core;

	core_world_start(&core, yaml);
	fires(&core, "Program");
	peers_started(&core, "1.0.1");
	core_world_wait(&core, MINUTE);
	peers_ended(&core, "1.0.1",
			&(struct attempt_status){ .result = ATTEMPT_EXITED,
					.finished_at = core_world.wall_ms - 20000 });
	ck_str(finished_after_ms(&core), "40000");
	core_world_end(&core);
}

/* The turn began before the end, or a clock was set back: nothing that follows is to precede it. */
TEST(a_step_did_not_end_after_the_core_heard_of_it)
{
	struct core core;

	core_world_start(&core, yaml);
	fires(&core, "Program");
	peers_started(&core, "1.0.1");
	core_world_wait(&core, MINUTE);
	peers_ended(&core, "1.0.1",
			&(struct attempt_status){ .result = ATTEMPT_EXITED,
					.finished_at = core_world.wall_ms + 20000 });
	ck_str(finished_after_ms(&core), "60000");
	ck_str(core_world_rows(&core,
			       "SELECT count(*) FROM step a JOIN step b ON b.run_id = a.run_id AND b.step > a.step"
			       " WHERE b.started_at < a.finished_at"),
			"0");
	core_world_end(&core);
}

/* For want of descriptors: it is tried for a second, then the run goes on without it. */
TEST(an_output_that_cannot_be_read_holds_up_a_run_for_a_second)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	fires(&core, "Program");
	peers_started(&core, "1.0.1");
	core_world_folder("1.0.1")->unreadable = true;
	transcript_forget();
	peers_wrote(&core, "1.0.1", 0, "all is well\n");
	core_world_wait(&core, 500);
	CK_STORY("00:00 1.0.1 exited 0\n");
	core_world_wait(&core, 500);
	CK_STORY("00:00 incident 1 needs an operator: run 1 (program) collected evidence; nothing was changed or verified\n"
		 "00:00 run 1 (program) succeeded: all steps done\n");
	ck(core_world_folder("1.0.1")->output != NULL); /* it stays in its folder */
	core_world_end(&core);
}

TEST(a_check_may_be_a_program_which_the_executor_runs)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	fires(&core, "Command");
	peers_do(&core, "1.0.1");
	peers_started(&core, "1.1.1");
	peers_exited(&core, "1.1.1", 1);
	core_world_wait(&core, 10000);
	peers_refused(&core, "1.1.2", REFUSED_LATER, "no room");
	peers_refused(&core, "1.1.3", REFUSED_LATER, "no room");
	core_world_wait(&core, 1000);
	peers_do(&core, "1.1.4");
	CK_STORY("00:00 the core starts\n"
		 "00:00 Command fires\n"
		 "00:00 delivery 1: queued run 1\n"
		 "00:00 incident 1 firing\n"
		 "00:00 run 1 (command) running\n"
		 "00:00 START 1.0.1\n"
		 "00:00 1.0.1 started\n"
		 "00:00 GO 1.0.1\n"
		 "00:00 1.0.1 exited 0\n"
		 "00:00 run 1 (command) verifying\n"
		 "00:00 START 1.1.1\n"
		 "00:00 1.1.1 started\n"
		 "00:00 GO 1.1.1\n"
		 "00:00 1.1.1 exited 1\n"
		 "00:10 START 1.1.2\n"
		 "00:10 1.1.2 refused: no room\n"
		 "00:10 START 1.1.3\n"
		 "00:10 1.1.3 refused: no room\n"
		 "00:11 START 1.1.4\n"
		 "00:11 1.1.4 started\n"
		 "00:11 GO 1.1.4\n"
		 "00:11 1.1.4 exited 0\n"
		 "00:11 incident 1 mitigated\n"
		 "00:11 run 1 (command) succeeded: verified\n");
	core_world_end(&core);
}

/* Its name comes from a label. */
TEST(a_check_that_is_not_there_has_failed)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, PAIRS("alertname", "Named", "what", "none"));
	peers_fires(&core, PAIRS("alertname", "Named", "what", "page"));
	CK_STORY("00:00 the core starts\n"
		 "00:00 Named none fires\n"
		 "00:00 delivery 1: queued run 1\n"
		 "00:00 incident 1 firing\n"
		 "00:00 incident 1 needs an operator: run 1 (named) failed: look: there is no check of that name\n"
		 "00:00 run 1 (named) failed: look: there is no check of that name\n"
		 "00:00 Named page fires\n"
		 "00:00 delivery 2: queued run 2\n"
		 "00:00 run 2 (named) running\n"
		 "00:00 PROBE 1 http://web/page\n");
	core_world_end(&core);
}

TEST(a_step_that_is_never_to_be_started_has_failed)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	fires(&core, "Command");
	transcript_forget();
	peers_refused(&core, "1.0.1", REFUSED_NEVER, "there is no user 'x'");
	CK_STORY("00:00 1.0.1 refused: there is no user 'x'\n"
		 "00:00 incident 1 needs an operator: run 1 (command) failed: act: refused: there is no user 'x'\n"
		 "00:00 run 1 (command) failed: act: refused: there is no user 'x'\n");
	core_world_end(&core);
}

/* Before its word go it certainly did not run; behind it nobody knows. */
TEST(a_shim_is_killed_before_and_after_its_step_began)
{
	struct core core;

	transcript_begin();
	core_world_start(&core, yaml);
	fires(&core, "Command");
	transcript_forget();
	peers_vanished(&core, "1.0.1");
	peers_started(&core, "1.0.2");
	peers_vanished(&core, "1.0.2");
	CK_STORY("00:00 1.0.1 vanished\n"
		 "00:00 START 1.0.2\n"
		 "00:00 1.0.2 started\n"
		 "00:00 GO 1.0.2\n"
		 "00:00 1.0.2 vanished\n"
		 "00:00 incident 1 needs an operator: run 1 (command) interrupted: act: it was started, and nobody knows how it ended\n"
		 "00:00 run 1 (command) interrupted: act: it was started, and nobody knows how it ended\n");
	ck_str(core_world_rows(&core, "SELECT status FROM step ORDER BY attempt"),
			"not_started, interrupted");
	core_world_end(&core);
}
