/* SPDX-License-Identifier: Apache-2.0 */
#include "core/storage/janitor.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core_world.h"
#include "peers.h"
#include "store/retention.h"
#include "sys/file.h"
#include "test.h"

#define MINUTE (INT64_C(60) * 1000)

static const char yaml[] = "playbooks:\n"
			   "  - name: act\n"
			   "    matchers: [alertname=Down]\n"
			   "    steps: [{ name: one, run: [true] }]\n";

/* Run number `id` begins and ends, and leaves its folder behind. */
static void must_run(struct core *core, int id)
{
	char attempt[24];
	char path[32];
	struct err err;

	snprintf(attempt, sizeof(attempt), "%d.0.1", id);
	peers_ask(core, &(struct peers_question){
					ROUTE_PLAYBOOK_RUN, .args = PAIRS("playbook", "act") });
	peers_do(core, attempt);
	snprintf(path, sizeof(path), "runs/%d", id);
	close(file_open_dir(core->ground.storage_fd, "runs", &err));
	must_ok(mkdir(path, 0700), err);
}

static const char *runs_text(struct core *core)
{
	return core_world_rows(core, "SELECT id FROM run ORDER BY id");
}

static bool has_folder(int id)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "runs/%d", id);
	return stat(path, &st) == 0;
}

/* So deep that nobody removes it. */
static void make_stuck(int id)
{
	char path[256];

	snprintf(path, sizeof(path), "runs/%d", id);
	for (int i = 0; i < FILE_TREE_DEPTH + 2; i++) {
		strcat(path, "/x");
		must(mkdir(path, 0700) == 0);
	}
}

/* An operator helps. */
static void mend(int id)
{
	char path[64];
	struct err err;

	snprintf(path, sizeof(path), "runs/%d/x/x/x", id);
	must_ok(file_remove_tree(AT_FDCWD, path, &err), err);
}

/* How many lines of the log have said that the folder of the run is stuck. */
static int count_said(int id)
{
	char wanted[80];
	char line[1024];
	FILE *log = fopen("log", "r");
	int count = 0;

	must(log != NULL);
	snprintf(wanted, sizeof(wanted), "msg=\"run folder cannot be removed\" run=%d error=", id);
	while (fgets(line, sizeof(line), log)) {
		count += strstr(line, wanted) != NULL;
	}
	fclose(log);
	return count;
}

static void log_to_file(void)
{
	int fd = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600);

	must(fd >= 0 && dup2(fd, STDERR_FILENO) == STDERR_FILENO);
	close(fd);
}

TEST(without_retention_all_stays)
{
	struct core core;

	core_world_start(&core, yaml);
	must_run(&core, 1);
	must_run(&core, 2);
	core_world_wait(&core, 1000 * MINUTE);
	ck_str(runs_text(&core), "1, 2");
	ck(has_folder(1));
	core_world_end(&core);
}

TEST(what_is_old_goes_with_its_folder_but_for_the_newest)
{
	struct core core;

	core_world_start(&core, yaml);
	core.storage.retention_ms = 5 * MINUTE;
	must_run(&core, 1);
	core_world_wait(&core, 4 * MINUTE);
	must_run(&core, 2);
	ck_str(runs_text(&core), "1, 2");
	core_world_wait(&core, 2 * MINUTE);
	ck_str(runs_text(&core), "2");
	ck(!has_folder(1));
	core_world_wait(&core, 1000 * MINUTE);
	ck_str(runs_text(&core), "2");
	ck(has_folder(2));
	core_world_end(&core);
}

TEST(many_go_a_few_at_a_time)
{
	struct core core;

	core_world_start(&core, yaml);
	for (int id = 1; id <= RETENTION_BATCH + 10; id++) {
		must_run(&core, id);
	}
	core.storage.retention_ms = MINUTE;
	core.storage.sweep_ms = core_world.mono_ms + 2 * MINUTE;
	core_world_wait(&core, 2 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT count(*) FROM run"), "10");
	core_world_wait(&core, 100);
	ck_str(core_world_rows(&core, "SELECT count(*) FROM run"), "1");
	core_world_end(&core);
}

/* Else the next start would page an operator for a run that the store does not know. */
TEST(the_rows_of_a_run_stay_until_its_folder_is_gone)
{
	struct core core;

	log_to_file();
	core_world_start(&core, yaml);
	core.storage.retention_ms = MINUTE;
	for (int id = 1; id <= 4; id++) {
		must_run(&core, id);
	}
	make_stuck(1);
	make_stuck(2);
	core_world_wait(&core, 2 * MINUTE);
	ck_str(runs_text(&core), "1, 2, 4");
	ck_str(core_world_rows(&core, "SELECT run_id FROM step ORDER BY run_id"), "1, 2, 4");
	ck(!has_folder(3));
	ck_int(count_said(1), 1);
	ck_int(count_said(2), 1);
	ck_int(count_said(3), 0);

	mend(1);
	core_world_wait(&core, MINUTE + 1000);
	ck_str(runs_text(&core), "2, 4");
	ck_int(count_said(1), 1);
	ck_int(count_said(2), 2);
	core_world_end(&core);

	core_world_start(&core, yaml);
	ck_int(core.run.unknown.count, 0);
	core_world_end(&core);
}

TEST(more_folders_that_are_stuck_than_go_at_a_time_do_not_stop_the_others)
{
	struct core core;

	log_to_file();
	core_world_start(&core, yaml);
	for (int id = 1; id <= RETENTION_BATCH + 10; id++) {
		must_run(&core, id);
	}
	for (int id = 1; id <= RETENTION_BATCH + 5; id++) {
		make_stuck(id);
	}
	core.storage.retention_ms = MINUTE;
	core_world_wait(&core, 2 * MINUTE + 1000);
	ck_str(core_world_rows(&core, "SELECT count(*) FROM run"), "56");
	ck_str(core_world_rows(&core, "SELECT id FROM run WHERE id > 55"), "60");
	ck_int(count_said(1), 1);
	core_world_end(&core);
}

/* However many are stuck, a turn tries a few, and the log names a few. */
TEST(a_turn_is_bounded_however_many_folders_are_stuck)
{
	struct core core;
	int named = 0;

	log_to_file();
	core_world_start(&core, yaml);
	for (int id = 1; id <= 120; id++) {
		must_run(&core, id);
		make_stuck(id);
	}
	core.storage.retention_ms = MINUTE;
	core.storage.sweep_ms = core_world.mono_ms + 2 * MINUTE;
	core_world_pass(2 * MINUTE);
	core_world_tick(&core);
	ck_int((int64_t)core.storage.stuck_len, 50);
	core_world_wait(&core, 100);
	ck_int((int64_t)core.storage.stuck_len, 100);
	core_world_wait(&core, 1000);
	ck_int((int64_t)core.storage.stuck_len, 0);
	ck_str(core_world_rows(&core, "SELECT count(*) FROM run"), "120");
	for (int id = 1; id <= 120; id++) {
		named += count_said(id);
	}
	ck_int(named, 20);
	core_world_end(&core);
}
