/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/cgroup.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "sys/file.h"
#include "sys/spawn.h"
#include "test.h"

/* On a machine that gives us no cgroup, all of this holds too: nothing is limited, nothing fails.
 */

static struct cgroups cgroups;
static struct cgroup cgroup;
static char name[CGROUP_NAME_MAX];

static void must_open(const struct cgroup_limits *limits)
{
	struct err err;

	cgroups_find(&cgroups);
	snprintf(name, sizeof(name), "playbookd-test.%d", getpid());
	must_ok(cgroup_open(&cgroups, name, limits, &cgroup, &err), err);
}

/* A shell in the group, which waits for its standard input to end after its script. */
static pid_t must_spawn(const char *script)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char *const argv[] = { strdup("/bin/sh"), strdup("-c"), strdup(script), NULL };
	char *const env[] = { strdup("PATH=/usr/bin:/bin"), NULL };
	struct spawn_failure failure;
	pid_t pid = spawn_start(&(struct spawn){ .argv = argv,
						.env = env,
						.cwd = test_dir(),
						.fds = (int[]){ null, null, null },
						.fds_len = 3,
						.cgroup_fds = cgroup.entries,
						.cgroup_fds_len = cgroup.entries_len,
						.new_session = true,
						.die_with_parent = true },
			&failure);

	must(pid > 0);
	for (int i = 0; i < 3; i++) {
		free(argv[i]);
	}
	free(env[0]);
	close(null);
	return pid;
}

static int must_wait(pid_t pid)
{
	int status = 0;

	must(waitpid(pid, &status, 0) == pid);
	return status;
}

/* Groups take a moment to be empty after their processes were reaped. */
static void must_remove(void)
{
	cgroup_close(&cgroup);
	for (int i = 0; i < 1000 && !cgroup_remove(&cgroups, name); i++) {
		usleep(1000);
	}
	ck(cgroup_remove(&cgroups, name));
}

static size_t lines_with(const char *path, const char *part)
{
	struct buf text = { 0 };
	struct err err;
	size_t count = 0;

	must_ok(file_read(AT_FDCWD, path, 65536, &text, &err), err);
	for (const char *at = buf_text(&text); (at = strstr(at, part)); at++) {
		count++;
	}
	buf_clear(&text);
	return count;
}

TEST(a_process_enters_its_group_in_every_tree)
{
	char path[64];

	must_open(&(struct cgroup_limits){ 0 });
	ck_int(cgroup.entries_len, cgroups.len);

	pid_t pid = must_spawn("exec sleep 1000");

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	ck_int(lines_with(path, name), cgroups.len);
	ck_int(lines_with("/proc/self/cgroup", name), 0);
	kill(pid, SIGKILL);
	must_wait(pid);
	must_remove();
}

TEST(a_group_with_processes_stays)
{
	must_open(&(struct cgroup_limits){ 0 });

	pid_t pid = must_spawn("exec sleep 1000");

	ck_int(cgroup_remove(&cgroups, name), cgroups.len == 0);
	kill(pid, SIGKILL);
	must_wait(pid);
	must_remove();
}

TEST(kill_reaches_all_that_is_in_it_and_nobody_else)
{
	struct buf pids = { 0 };
	struct err err;

	must_open(&(struct cgroup_limits){ 0 });

	pid_t pid = must_spawn(
			"(setsid sh -c 'echo $$ > inner; exec sleep 1000' &)\n"
			"until [ -s inner ]; do sleep 0.01; done; echo > ready; exec sleep 1000");

	while (access("ready", F_OK) < 0) {
		usleep(1000);
	}
	must_ok(file_read(AT_FDCWD, "inner", 64, &pids, &err), err);

	pid_t inner = (pid_t)strtol(buf_text(&pids), NULL, 10);

	ck(kill(inner, 0) == 0);
	cgroup_kill(&cgroups, name);
	if (cgroups.len == 0) {
		kill(pid, SIGKILL);
		kill(inner, SIGKILL);
	}
	ck_int(WTERMSIG(must_wait(pid)), SIGKILL);
	must_remove();
	buf_clear(&pids);
}

TEST(processes_are_limited_where_there_is_a_controller)
{
	must_open(&(struct cgroup_limits){ .processes = 5 });

	pid_t pid = must_spawn("n=0; while [ $n -lt 9 ]; do sleep 1000 & n=$((n + 1)); done");

	/* The shell gives up when it cannot fork. */
	ck_int(WEXITSTATUS(must_wait(pid)) != 0, cgroups_have_processes(&cgroups));
	cgroup_kill(&cgroups, name);
	must_remove();
}

TEST(memory_is_limited_where_there_is_a_controller)
{
	must_open(&(struct cgroup_limits){ .memory = 32 << 20 });

	pid_t pid = must_spawn("exec head -c 100000000 /dev/zero | tail -c 90000000 > /dev/null");
	int status = must_wait(pid);

	ck_int(WIFSIGNALED(status) || WEXITSTATUS(status) != 0, cgroups_have_memory(&cgroups));
	cgroup_kill(&cgroups, name);
	must_remove();
}

static void count_name(void *arg, const char *found)
{
	*(size_t *)arg += strcmp(found, name) == 0;
}

TEST(groups_are_found_by_how_their_names_begin)
{
	size_t count = 0;

	must_open(&(struct cgroup_limits){ 0 });
	cgroups_each(&cgroups, "playbookd-test.", count_name, &count);
	ck_int(count, cgroups.len);
	must_remove();
	count = 0;
	cgroups_each(&cgroups, "playbookd-test.", count_name, &count);
	ck_int(count, 0);
}

TEST(without_any_tree_everything_succeeds_and_does_nothing)
{
	const struct cgroups none = { 0 };
	struct err err;

	must_ok(cgroup_open(&none, "x", &(struct cgroup_limits){ 5, 5 }, &cgroup, &err), err);
	ck_int(cgroup.entries_len, 0);
	cgroup_kill(&none, "x");
	cgroup_close(&cgroup);
	ck(cgroup_remove(&none, "x"));
	ck(!cgroups_have_processes(&none) && !cgroups_have_memory(&none));
}

TEST(a_group_that_cannot_be_made_leaves_nothing)
{
	struct cgroups broken = { 0 };
	struct err err;

	broken.len = 1;
	snprintf(broken.trees[0].path, sizeof(broken.trees[0].path), "/no/such/folder");
	ck_int(cgroup_open(&broken, "x", &(struct cgroup_limits){ 0 }, &cgroup, &err), -1);
	ck_str(err.msg, "cgroup 'x' in '/no/such/folder': No such file or directory");
	ck_int(cgroup.entries_len, 0);
}
