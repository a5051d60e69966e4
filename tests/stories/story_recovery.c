/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core_world.h"
#include "peers.h"
#include "sys/file.h"
#include "test.h"
#include "transcript.h"

#define MINUTE (INT64_C(60) * 1000)

static const char yaml[] =
		"receivers:\n"
		"  - { name: on-call, webhook_configs: [{ url: 'http://a/' }] }\n"
		"escalation:\n"
		"  hold: 1h\n"
		"  levels: [{ name: L1, receivers: [on-call], respond_within: 0 }]\n"
		"checks:\n"
		"  - { name: page, http: { url: 'http://web/' } }\n"
		"playbooks:\n"
		"  - name: restart\n"
		"    matchers: [alertname=Down]\n"
		"    steps: [{ name: restart, run: [restart] }, { name: pause, wait: 1m }]\n"
		"    verify: [{ check: page, within: 1m, every: 10s }]\n"
		"    rescue: [{ name: evidence, run: [journal] }]\n";

static const char *const down[] = { "alertname", "Down", NULL };

static void restart(struct core *core)
{
	core_world_end(core);
	core_world_start(core, yaml);
}

/* What was not committed was not answered: whoever asked asks again. */
TEST(the_core_is_killed_before_its_commit)
{
	const struct peers_question start = { ROUTE_PLAYBOOK_RUN,
		.args = PAIRS("playbook", "restart") };
	struct core core;

	transcript_begin();
	core_world_start(&core, yaml);
	peers_say(&core, &start);
	restart(&core);
	peers_ask(&core, &start);
	CK_STORY("00:00 the core starts\n"
		 "00:00 eve: run playbook=restart\n"
		 "00:00 the core is killed\n"
		 "00:00 the core starts\n"
		 "00:00 eve: run playbook=restart\n"
		 "00:00 decision: queued run 1\n"
		 "00:00 run 1 (restart) running\n"
		 "00:00 START 1.0.1\n");
	core_world_end(&core);
}

/* Nobody prepared the attempt: it certainly never ran, and the next one is started. */
TEST(the_core_is_killed_between_START_and_STARTED)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, down);
	transcript_forget();
	restart(&core);
	peers_do(&core, "1.0.2");
	CK_STORY("00:00 the core is killed\n"
		 "00:00 the core starts\n"
		 "00:00 START 1.0.2\n"
		 "00:00 1.0.2 started\n"
		 "00:00 GO 1.0.2\n"
		 "00:00 1.0.2 exited 0\n");
	core_world_end(&core);
}

/* The attempt was prepared, and waits for its word go, which never comes: its shim gives up. */
TEST(the_core_is_killed_between_STARTED_and_GO)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, down);
	transcript_forget();
	core_world_folder("1.0.1")->state = ATTEMPT_ALIVE;
	restart(&core);
	core_world_wait(&core, 1000);
	core_world_folder("1.0.1")->status.result = ATTEMPT_NOT_STARTED;
	core_world_folder("1.0.1")->state = ATTEMPT_ENDED;
	core_world_wait(&core, 1000);
	CK_STORY("00:00 the core is killed\n"
		 "00:00 the core starts\n"
		 "00:01 START 1.0.2\n");
	core_world_end(&core);
}

/* A step outlives the core; its end is taken in by the next, whenever it was. */
TEST(the_core_is_killed_while_a_step_runs)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, down);
	peers_started(&core, "1.0.1");
	transcript_forget();
	restart(&core);
	core_world_wait(&core, 5000);
	core_world_folder("1.0.1")->state = ATTEMPT_ENDED;
	core_world_folder("1.0.1")->status.result = ATTEMPT_EXITED;
	core_world_wait(&core, 1000);
	CK_STORY("00:00 the core is killed\n"
		 "00:00 the core starts\n");
	core_world_end(&core);
	core_world_pass(30000);
	core_world_start(&core, yaml);
	core_world_wait(&core, 30000);
	CK_STORY("00:06 the core is killed\n"
		 "00:36 the core starts\n"
		 "01:05 run 1 (restart) verifying\n"
		 "01:05 PROBE 1 http://web/\n");
	restart(&core);
	peers_probed(&core, VERDICT_HEALTHY, "200");
	CK_STORY("01:06 the core is killed\n"
		 "01:06 the core starts\n"
		 "01:06 PROBE 1 http://web/\n"
		 "01:06 probe 1 healthy: 200\n"
		 "01:06 incident 1 mitigated\n"
		 "01:06 run 1 (restart) succeeded: verified\n");
	core_world_end(&core);
}

/* Machine and shim were killed with it: nobody knows how far the step came. */
TEST(the_machine_dies_while_a_step_runs)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, down);
	peers_started(&core, "1.0.1");
	transcript_forget();
	core_world_folder("1.0.1")->state = ATTEMPT_VANISHED;
	restart(&core);
	CK_STORY("00:00 the core is killed\n"
		 "00:00 the core starts\n"
		 "00:00 incident 1 needs an operator: run 1 (restart) interrupted: restart: it was started, and nobody knows how it ended\n"
		 "00:00 run 1 (restart) interrupted: restart: it was started, and nobody knows how it ended\n"
		 "00:00 page L1 of incident 1: run 1 (restart) interrupted: restart: it was started, and nobody knows how it ended\n"
		 "00:00 NOTIFY 1 on-call initial\n"
		 "00:00 notification 1 sent\n");
	core_world_end(&core);
}

/* A backup of the store was restored: runs that came after it left only their folders. */
TEST(folders_of_runs_that_the_store_does_not_know_page_an_operator_once)
{
	static const char *const folders[] = { "runs", "runs/3", "runs/4", "runs/7", "runs/x",
		"runs/08" };
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	core_world_end(&core);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		must(mkdir(folders[i], 0700) == 0);
	}
	core_world_start(&core, yaml);
	restart(&core);
	peers_fires(&core, down);
	CK_STORY("00:00 the core starts\n"
		 "00:00 the core is killed\n"
		 "00:00 the core starts\n"
		 "00:00 incident 1 firing\n"
		 "00:00 incident 1 needs an operator: nobody knows how far they got: check what they were to do, then remove their folders under runs/ (new runs are counted from above them)\n"
		 "00:00 page L1 of incident 1: nobody knows how far they got: check what they were to do, then remove their folders under runs/ (new runs are counted from above them)\n"
		 "00:00 NOTIFY 1 on-call initial\n"
		 "00:00 notification 1 sent\n"
		 "00:00 the core is killed\n"
		 "00:00 the core starts\n"
		 "00:00 Down fires\n"
		 "00:00 delivery 1: queued run 8\n"
		 "00:00 incident 2 firing\n"
		 "00:00 run 8 (restart) running\n"
		 "00:00 START 8.0.1\n");
	core_world_end(&core);
}

/* It is left alone. */
TEST(a_step_of_a_run_that_the_store_does_not_know_runs_still)
{
	struct core core;
	struct err err;
	int lock;

	must(mkdir("runs", 0700) == 0 && mkdir("runs/3", 0700) == 0 &&
			mkdir("runs/3/0.1", 0700) == 0);
	lock = file_lock(AT_FDCWD, "runs/3/0.1/lock", &err);
	must(lock >= 0);
	transcript_begin();
	core_world_start(&core, yaml);
	CK_STORY("00:00 the core starts\n"
		 "00:00 incident 1 firing\n"
		 "00:00 incident 1 needs an operator: a step still runs, and is left alone, of run 3; nobody knows how far they got: check what they were to do, then remove their folders under runs/ (new runs are counted from above them)\n"
		 "00:00 page L1 of incident 1: a step still runs, and is left alone, of run 3; nobody knows how far they got: check what they were to do, then remove their folders under runs/ (new runs are counted from above them)\n"
		 "00:00 NOTIFY 1 on-call initial\n");
	close(lock);
	core_world_end(&core);
}

/* The run had failed, and only its rescue was left: it has failed still. */
TEST(the_configuration_of_a_run_is_gone_when_the_core_starts)
{
	static const char other[] =
			"playbooks: [{ name: other, matchers: [a=b], steps: [{ name: s, wait: 1s }] }]\n";
	struct core core;

	transcript_begin();
	core_world_start(&core, yaml);
	peers_fires(&core, down);
	peers_started(&core, "1.0.1");
	peers_exited(&core, "1.0.1", 1);
	transcript_forget();
	core_world_end(&core);
	core_world_start(&core, other);
	CK_STORY("00:00 the core is killed\n"
		 "00:00 the core starts\n"
		 "00:00 incident 1 needs an operator: run 1 (restart) failed: restart: exit status 1\n"
		 "00:00 run 1 (restart) failed: restart: exit status 1\n");
	core_world_end(&core);
}

TEST(a_queued_run_whose_playbook_left_the_configuration_does_not_start)
{
	static const char other[] =
			"playbooks: [{ name: other, matchers: [a=b], steps: [{ name: s, wait: 1s }] }]\n";
	struct core core;

	transcript_begin();
	core_world_start(&core, yaml);
	core.storage.space.degraded = true;
	peers_ask(&core, &(struct peers_question){ ROUTE_PLAYBOOK_RUN,
					 .args = PAIRS("playbook", "restart") });
	core.storage.space.degraded = false;
	core_world_reload(&core, other);
	CK_STORY("00:00 the core starts\n"
		 "00:00 eve: run playbook=restart\n"
		 "00:00 decision: queued run 1\n"
		 "00:00 run 1 (restart) queued\n"
		 "00:00 the configuration is read again\n"
		 "00:00 run 1 (restart) interrupted: the configuration changed before it started: its playbook is gone\n");
	core_world_end(&core);
}
