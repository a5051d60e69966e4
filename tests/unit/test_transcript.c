/* SPDX-License-Identifier: Apache-2.0 */
#include "transcript.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core_world.h"
#include "peers.h"
#include "test.h"

static const char yaml[] =
		"playbooks: [{ name: p, matchers: [alertname=Down], steps: [{ name: s, wait: 1m }] }]\n";

static void happen(struct core *core)
{
	transcript_begin();
	core_world_start(core, yaml);
	peers_fires(core, PAIRS("alertname", "Down"));
	core_world_wait(core, 60000);
}

TEST(a_story_is_told_with_its_times)
{
	struct core core;

	happen(&core);
	CK_STORY("00:00 the core starts\n"
		 "00:00 Down fires\n"
		 "00:00 delivery 1: queued run 1\n"
		 "00:00 incident 1 firing\n"
		 "00:00 run 1 (p) running\n"
		 "01:00 incident 1 needs an operator: run 1 (p) collected evidence; nothing was changed or verified\n"
		 "01:00 run 1 (p) succeeded: all steps done\n");
	CK_STORY(""); /* it is told once */
	core_world_end(&core);
}

/* A test that fails, in a process of its own: what it prints is in the file. */
static void fail_into(const char *path)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct core core;

		must(freopen(path, "w", stdout) != NULL);
		happen(&core);
		CK_STORY("00:00 the core starts\n"
			 "00:00 Down fires\n"
			 "00:00 delivery 1: queued run 7\n"
			 "00:00 incident 1 firing\n"
			 "00:00 run 1 (p) running\n"
			 "00:30 run 1 (p) failed\n");
		fflush(stdout);
		_exit(0);
	}
	must(pid > 0 && waitpid(pid, NULL, 0) == pid);
}

TEST(a_story_that_went_otherwise_is_shown_line_by_line)
{
	char text[4096];
	size_t len;
	FILE *file;

	fail_into("said");
	file = fopen("said", "r");
	must(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	fclose(file);
	ck_has(text, "the story went otherwise (- was expected, + happened):\n"
		     "      00:00 the core starts\n"
		     "      00:00 Down fires\n"
		     "    - 00:00 delivery 1: queued run 7\n"
		     "    + 00:00 delivery 1: queued run 1\n"
		     "      00:00 incident 1 firing\n"
		     "      00:00 run 1 (p) running\n"
		     "    - 00:30 run 1 (p) failed\n"
		     "    + 01:00 incident 1 needs an operator: ");
}
