/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "executor/shim.h"
#include "sys/file.h"
#include "test.h"
#include "wire/attempt.h"

/* One shim and what it left. */
struct
try {
	struct shim shim;
	struct strv argv;
	struct strv env;
	int handshake;
	pid_t pid;
	struct attempt_status status;
	struct buf output;
	int64_t took_ms;
};

static const struct cgroups no_cgroups;
static struct cgroups cgroups;

static const char *test_cgroup(void)
{
	static char name[CGROUP_NAME_MAX];

	snprintf(name, sizeof(name), "playbookd-test-shim.%d", getpid());
	return name;
}

static int must_create(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	must(fd >= 0);
	return fd;
}

/* A folder "a" as the executor prepares it, and a shim that waits in it; spoil is called in it. */
static void must_fork_spoiled(struct try *t, void (*spoil)(void))
{
	struct err err;
	int pair[2];
	char byte;

	must(mkdir("a", 0700) == 0);
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	t->shim.fds[SHIM_DIR] = open("a", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	t->shim.fds[SHIM_LOCK] = file_lock(t->shim.fds[SHIM_DIR], "lock", &err);
	must(t->shim.fds[SHIM_LOCK] >= 0);
	t->shim.fds[SHIM_OUTPUT] = must_create("a/output");
	t->shim.fds[SHIM_STATUS] = must_create("a/" SHIM_STATUS_TMP);
	must(posix_fallocate(t->shim.fds[SHIM_STATUS], 0, ATTEMPT_STATUS_MAX) == 0);
	t->shim.fds[SHIM_NULL_OUT] = open("/dev/null", O_RDWR | O_CLOEXEC);
	t->shim.fds[SHIM_NULL_ERR] = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (t->shim.fds[SHIM_STDIN] == 0) {
		t->shim.fds[SHIM_STDIN] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
	must(mkfifo("a/cancel", 0600) == 0);
	t->shim.fds[SHIM_CANCEL] = open("a/cancel", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	must(t->shim.fds[SHIM_CANCEL] >= 0);
	t->shim.fds[SHIM_HANDSHAKE] = pair[1];
	t->handshake = pair[0];
	t->shim.argv = &t->argv;
	t->shim.env = &t->env;
	t->shim.home = "/home/of-the-daemon";
	if (!t->shim.cgroups) {
		t->shim.cgroups = &no_cgroups;
	}
	t->shim.cgroup = test_cgroup();
	if (!t->shim.timeout_ms) {
		t->shim.timeout_ms = 60000;
	}
	fflush(stdout);
	t->pid = fork();
	must(t->pid >= 0);
	if (t->pid == 0) {
		if (spoil) {
			spoil();
		}
		shim_run(&t->shim);
	}
	for (int i = 0; i < SHIM_FDS; i++) {
		close(t->shim.fds[i]);
	}
	must(read(t->handshake, &byte, 1) == 1);
}

static void must_fork(struct try *t)
{
	must_fork_spoiled(t, NULL);
}

static void must_end(struct try *t)
{
	struct buf text = { 0 };
	struct err err;
	int status;

	must(waitpid(t->pid, &status, 0) == t->pid);
	ck_int(status, 0);
	must_ok(file_read(AT_FDCWD, "a/status", ATTEMPT_STATUS_MAX, &text, &err), err);
	must_ok(attempt_status_parse(buf_text(&text), text.len, &t->status, &err), err);
	must_ok(file_read(AT_FDCWD, "a/output", OUTPUT_HEAD + OUTPUT_TAIL, &t->output, &err), err);
	buf_clear(&text);
}

static void must_go(struct try *t)
{
	must(write(t->handshake, "g", 1) == 1);
	close(t->handshake);
}

static void must_run(struct try *t)
{
	int64_t begin = clock_mono_ms();

	must_fork(t);
	must_go(t);
	must_end(t);
	t->took_ms = clock_mono_ms() - begin;
}

static void clear(struct try *t)
{
	strv_clear(&t->argv);
	strv_clear(&t->env);
	buf_clear(&t->output);
}

static void set_script(struct try *t, const char *script)
{
	strv_add(&t->argv, "/bin/sh");
	strv_add(&t->argv, "-c");
	strv_add(&t->argv, script);
	strv_add(&t->env, "PATH=/usr/local/bin:/usr/bin:/bin");
}

static void ck_ended(const struct try *t, enum attempt_result result, int exit_code, int signo)
{
	ck_str(attempt_result_names[t->status.result], attempt_result_names[result]);
	ck_int(t->status.exit_code, exit_code);
	ck_int(t->status.signal, signo);
	ck(t->status.started_at > 0 && t->status.finished_at >= t->status.started_at);
}

/* No process of those whose pids stand in the file is there any more. */
static void ck_all_dead(const char *path, int expected)
{
	struct buf text = { 0 };
	struct err err;
	int count = 0;

	must_ok(file_read(AT_FDCWD, path, 4096, &text, &err), err);
	for (char *at = strtok((char *)text.data, "\n"); at; at = strtok(NULL, "\n")) {
		ck(kill((pid_t)atoi(at), 0) < 0 && errno == ESRCH);
		count++;
	}
	ck_int(count, expected);
	buf_clear(&text);
}

TEST(exit_code_and_both_outputs_are_recorded)
{
	struct try t = { 0 };

	set_script(&t, "echo one; echo two >&2; exit 7");
	must_run(&t);
	ck_ended(&t, ATTEMPT_EXITED, 7, 0);
	ck_str(buf_text(&t.output), "one\ntwo\n");
	ck_int(t.status.output_bytes, 8);
	ck(access("a/" SHIM_STATUS_TMP, F_OK) < 0);
	clear(&t);
}

TEST(signal_is_recorded)
{
	struct try t = { 0 };

	set_script(&t, "kill -KILL $$");
	must_run(&t);
	ck_ended(&t, ATTEMPT_SIGNALED, 0, SIGKILL);
	clear(&t);
}

TEST(long_output_keeps_head_and_tail)
{
	struct try t = { 0 };
	struct buf all = { 0 };

	set_script(&t, "seq 1 170000");
	must_run(&t);
	for (int i = 1; i <= 170000; i++) {
		buf_addf(&all, "%d\n", i);
	}
	must(all.len > 1000000);
	ck_ended(&t, ATTEMPT_EXITED, 0, 0);
	ck_int(t.status.output_bytes, all.len);
	ck_int(t.output.len, OUTPUT_HEAD + OUTPUT_TAIL);
	ck(memcmp(t.output.data, all.data, OUTPUT_HEAD) == 0);
	for (size_t at = all.len - OUTPUT_TAIL; at < all.len; at++) {
		must(t.output.data[OUTPUT_HEAD + (at - OUTPUT_HEAD) % OUTPUT_TAIL] == all.data[at]);
	}
	buf_clear(&all);
	clear(&t);
}

/* The file limit stands for a full disk: writes of output fail, the status does not. */
TEST(full_disk_drops_output_and_keeps_status)
{
	struct try t = { 0 };
	const struct rlimit limit = { 100000, 100000 };

	set_script(&t, "seq 1 170000; exit 3");
	must(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	must_run(&t);
	ck_ended(&t, ATTEMPT_EXITED, 3, 0);
	ck_int(t.output.len, 100000);
	ck(t.status.output_bytes > 1000000);
	clear(&t);
}

TEST(missing_program_is_not_an_exit_code)
{
	struct try t = { 0 };

	strv_add(&t.argv, "no-such-program");
	strv_add(&t.env, "PATH=/usr/bin:/bin");
	must_run(&t);
	ck_ended(&t, ATTEMPT_EXEC_FAILED, 0, 0);
	ck_int(t.status.sys_errno, ENOENT);
	ck_str(t.status.what, "no-such-program");
	clear(&t);
}

TEST(file_that_is_no_program_fails_to_execute)
{
	struct try t = { 0 };
	int fd = must_create("text");

	must(write(fd, "exit 0\n", 7) == 7 && fchmod(fd, 0755) == 0);
	close(fd);
	strv_addf(&t.argv, "%s/text", test_dir());
	must_run(&t);
	ck_ended(&t, ATTEMPT_EXEC_FAILED, 0, 0);
	ck_int(t.status.sys_errno, ENOEXEC);
	clear(&t);
}

TEST(missing_folder_says_so)
{
	struct try t = { .shim.cwd = "/no/such/folder" };

	set_script(&t, "true");
	must_run(&t);
	ck_ended(&t, ATTEMPT_EXEC_FAILED, 0, 0);
	ck_int(t.status.sys_errno, ENOENT);
	ck_has(t.status.what, "folder");
	clear(&t);
}

/* Everything it started ignores TERM, half of it in sessions of its own. */
TEST(deadline_kills_everything_the_step_started)
{
	struct try t = { .shim.timeout_ms = 500 };

	set_script(&t, "trap '' TERM HUP; cd \"$DIR\"; echo $$ >> pids\n"
		       "stay() { trap '' TERM HUP; while :; do sleep 0.1; done; }\n"
		       "(stay & echo $! >> pids)\n"
		       "setsid sh -c 'trap \"\" TERM HUP; echo $$ >> pids;"
		       " setsid sh -c \"echo \\$\\$ >> pids; while :; do sleep 0.1; done\" &"
		       " while :; do sleep 0.1; done' &\n"
		       "stay");
	strv_addf(&t.env, "DIR=%s", test_dir());
	must_run(&t);
	ck_ended(&t, ATTEMPT_TIMED_OUT, 0, SIGKILL);
	ck(t.took_ms >= 500 + SHIM_GRACE_MS && t.took_ms < 500 + SHIM_GRACE_MS + 2000);
	ck_all_dead("pids", 4);
	clear(&t);
}

static void must_cancel(void)
{
	int fd = open("a/cancel", O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	must(fd >= 0 && write(fd, "c", 1) == 1);
	close(fd);
}

static void must_wait_for(const char *path)
{
	for (int i = 0; access(path, F_OK) < 0; i++) {
		must(i < 1000);
		usleep(10000);
	}
}

TEST(canceled_step_ends_with_all_that_it_started)
{
	struct try t = { 0 };
	int64_t begin;

	set_script(&t, "cd \"$DIR\"; echo $$ >> pids\n"
		       "setsid sh -c 'trap \"\" TERM HUP; echo $$ >> pids; touch begun;"
		       " while :; do sleep 0.1; done' &\n"
		       "exec sleep 60");
	strv_addf(&t.env, "DIR=%s", test_dir());
	must_fork(&t);
	must_go(&t);
	must_wait_for("begun");
	begin = clock_mono_ms();
	must_cancel();
	must_end(&t);
	ck_ended(&t, ATTEMPT_CANCELED, 0, SIGTERM);
	ck(clock_mono_ms() - begin < SHIM_GRACE_MS);
	ck_all_dead("pids", 2);
	ck(access("a/cancel", F_OK) < 0);
	clear(&t);
}

TEST(canceled_step_that_ignores_term_is_killed_after_the_grace)
{
	struct try t = { 0 };
	int64_t begin;

	set_script(&t, "trap '' TERM; touch \"$DIR/begun\"; while :; do sleep 0.1; done");
	strv_addf(&t.env, "DIR=%s", test_dir());
	must_fork(&t);
	must_go(&t);
	must_wait_for("begun");
	begin = clock_mono_ms();
	must_cancel();
	must_cancel();
	must_end(&t);
	ck_ended(&t, ATTEMPT_CANCELED, 0, SIGKILL);
	ck(clock_mono_ms() - begin >= SHIM_GRACE_MS);
	clear(&t);
}

TEST(step_that_obeys_term_ends_before_the_grace)
{
	struct try t = { .shim.timeout_ms = 200 };

	set_script(&t, "exec sleep 60");
	must_run(&t);
	ck_ended(&t, ATTEMPT_TIMED_OUT, 0, SIGTERM);
	ck(t.took_ms < SHIM_GRACE_MS);
	clear(&t);
}

/* The step has ended when its process has, even though a daemon of it holds the pipe. */
TEST(leftover_that_holds_the_output_is_killed_after_a_moment)
{
	struct try t = { 0 };

	set_script(&t, "cd \"$DIR\"; setsid sh -c 'echo $$ > pids; exec sleep 1000' &\n"
		       "until [ -s pids ]; do sleep 0.01; done; echo done; exit 4");
	strv_addf(&t.env, "DIR=%s", test_dir());
	must_run(&t);
	ck_ended(&t, ATTEMPT_EXITED, 4, 0);
	ck_str(buf_text(&t.output), "done\n");
	ck(t.took_ms >= SHIM_DRAIN_MS && t.took_ms < SHIM_DRAIN_MS + 2000);
	ck_all_dead("pids", 1);
	clear(&t);
}

TEST(leftover_without_output_is_killed_at_once)
{
	struct try t = { 0 };

	set_script(&t, "cd \"$DIR\"; setsid sh -c 'echo $$ > pids; exec sleep 1000' >/dev/null 2>&1 &\n"
		       "until [ -s pids ]; do sleep 0.01; done");
	strv_addf(&t.env, "DIR=%s", test_dir());
	must_run(&t);
	ck_ended(&t, ATTEMPT_EXITED, 0, 0);
	ck(t.took_ms < SHIM_DRAIN_MS);
	ck_all_dead("pids", 1);
	clear(&t);
}

TEST(environment_is_exactly_what_was_given_and_home)
{
	struct try t = { 0 };
	static const char want[] = "B=x=y\0A=\nline\0HOME=/home/of-the-daemon";

	setenv("LEAK", "yes", 1);
	strv_add(&t.argv, "/usr/bin/env");
	strv_add(&t.argv, "-0");
	strv_add(&t.env, "B=x=y");
	strv_add(&t.env, "A=\nline");
	must_run(&t);
	ck_int(t.output.len, sizeof(want));
	ck(t.output.len == sizeof(want) && memcmp(t.output.data, want, sizeof(want)) == 0);
	clear(&t);
}

TEST(home_of_the_step_wins)
{
	struct try t = { 0 };

	strv_add(&t.argv, "/usr/bin/env");
	strv_add(&t.env, "HOME=/mine");
	must_run(&t);
	ck_str(buf_text(&t.output), "HOME=/mine\n");
	clear(&t);
}

TEST(step_has_three_descriptors)
{
	struct try t = { 0 };

	must(open("/dev/null", O_RDONLY) >= 0);
	set_script(&t, "n=0; while [ $n -lt 300 ]; do"
		       " [ -e /proc/self/fd/$n ] && echo $n; n=$((n + 1)); done");
	must_run(&t);
	ck_str(buf_text(&t.output), "0\n1\n2\n");
	clear(&t);
}

/* As the daemon may have been started by somebody who blocked and ignored everything. */
static void spoil_signals(void)
{
	sigset_t all;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

/* No shell here: it would set its own mask. */
TEST(step_starts_with_default_signals)
{
	struct try t = { 0 };

	strv_add(&t.argv, "/bin/grep");
	strv_add(&t.argv, "-E");
	strv_add(&t.argv, "^(SigBlk|SigIgn|NoNewPrivs)");
	strv_add(&t.argv, "/proc/self/status");
	must_fork_spoiled(&t, spoil_signals);
	must_go(&t);
	must_end(&t);
	ck_str(buf_text(&t.output),
			"SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nNoNewPrivs:\t1\n");
	clear(&t);
}

TEST(step_starts_in_the_documented_surroundings)
{
	struct try t = { 0 };

	umask(077);
	set_script(&t, "umask; pwd; ulimit -c; ulimit -Sn; nice; cat /proc/self/oom_score_adj; [ $(ps -o sid= -p $$) = $$ ] && echo own session");
	must_run(&t);
	ck_str(buf_text(&t.output), "0022\n/\n0\n1024\n0\n0\nown session\n");
	clear(&t);
}

/* All that /proc tells of limits, in a form that a diff shows well. */
static char *limits_text(const char *path)
{
	struct buf text = { 0 };
	struct err err;

	must_ok(file_read(AT_FDCWD, path, 65536, &text, &err), err);
	return buf_detach(&text);
}

/* The line of /proc/PID/limits that begins with name becomes "name soft hard". */
static void put_limit(char *limits, const char *name, const char *soft, const char *hard)
{
	char *line = strstr(limits, name);
	char new_text[48];

	must(line != NULL);
	snprintf(new_text, sizeof(new_text), "%-20s %-20s ", soft, hard);
	memcpy(line + 26, new_text, strlen(new_text));
}

TEST(limits_are_ours_but_for_the_documented_ones)
{
	struct try t = { 0 };
	char *want = limits_text("/proc/self/limits");
	char hard[24] = "";

	sscanf(strstr(want, "Max open files") + 26, "%*s %23s", hard);
	put_limit(want, "Max core file size", "0", "0");
	put_limit(want, "Max open files", "1024", hard);
	strv_add(&t.argv, "/bin/cat");
	strv_add(&t.argv, "/proc/self/limits");
	must_run(&t);
	ck_str(buf_text(&t.output), want);
	free(want);
	clear(&t);
}

TEST(limits_of_a_step_without_a_cgroup_are_those_of_each_process)
{
	struct try t = { .shim.limits = { 1 << 30, 0, 1 << 20, 60000, 64 } };
	char *want = limits_text("/proc/self/limits");

	put_limit(want, "Max core file size", "0", "0");
	put_limit(want, "Max open files", "64", "64");
	put_limit(want, "Max file size", "1048576", "1048576");
	put_limit(want, "Max cpu time", "60", "61");
	put_limit(want, "Max address space", "1073741824", "1073741824");
	strv_add(&t.argv, "/bin/cat");
	strv_add(&t.argv, "/proc/self/limits");
	must_run(&t);
	ck_str(buf_text(&t.output), want);
	free(want);
	clear(&t);
}

TEST(a_file_that_gets_too_long_ends_the_step)
{
	struct try t = { .shim.limits.file_size = 4096 };

	set_script(&t, "exec head -c 10000 /dev/zero > \"$DIR/file\"");
	strv_addf(&t.env, "DIR=%s", test_dir());
	must_run(&t);
	ck_ended(&t, ATTEMPT_SIGNALED, 0, SIGXFSZ);
	clear(&t);
}

/* It leads its session and its group, and has no terminal. */
TEST(step_leads_its_own_session_without_a_terminal)
{
	struct try t = { 0 };
	int pid, group, session, terminal;

	strv_add(&t.argv, "/bin/cat");
	strv_add(&t.argv, "/proc/self/stat");
	must_run(&t);
	must(sscanf(buf_text(&t.output), "%d (cat) R %*d %d %d %d", &pid, &group, &session,
			     &terminal) == 4);
	ck_int(group, pid);
	ck_int(session, pid);
	ck_int(terminal, 0);
	clear(&t);
}

TEST(new_privileges_are_had_only_when_the_step_says_so)
{
	struct try t = { .shim.new_privs = true };

	strv_add(&t.argv, "/bin/grep");
	strv_add(&t.argv, "NoNewPrivs");
	strv_add(&t.argv, "/proc/self/status");
	must_run(&t);
	ck_str(buf_text(&t.output), "NoNewPrivs:\t0\n");
	clear(&t);
}

/* A step of 30 processes that starts 100 children; what the machine can limit, is limited. */
TEST(a_bomb_is_bounded_and_leaves_nothing)
{
	struct try t = { .shim.limits.processes = 30, .shim.cgroups = &cgroups };

	cgroups_find(&cgroups);
	set_script(&t, "cd \"$DIR\"; n=0; while [ $n -lt 100 ]; do\n"
		       "setsid sh -c 'echo $$ >> pids; exec sleep 1000' >/dev/null 2>&1 &\n"
		       "n=$((n + 1)); done");
	strv_addf(&t.env, "DIR=%s", test_dir());
	must_run(&t);
	if (cgroups_have_processes(&cgroups)) {
		ck(t.status.exit_code != 0);
		ck_has(buf_text(&t.output), "fork");
	}
	ck(cgroup_remove(&cgroups, test_cgroup()));
	clear(&t);
}

/* A service in a session of its own stays, a child that did not go away ends, output or not. */
static void detach_leaves_the_service(const struct cgroups *where)
{
	struct try t = { .shim.detach = true, .shim.cgroups = where };
	struct buf pid = { 0 };
	struct err err;

	set_script(&t, "cd \"$DIR\"; sh -c 'echo $$ > pids; exec sleep 1000' &\n"
		       "setsid sh -c 'echo $$ > service; exec sleep 1000' &\n"
		       "until [ -s pids ] && [ -s service ]; do sleep 0.01; done; echo started");
	strv_addf(&t.env, "DIR=%s", test_dir());
	must_run(&t);
	ck_ended(&t, ATTEMPT_EXITED, 0, 0);
	ck(t.took_ms >= SHIM_DRAIN_MS && t.took_ms < SHIM_DRAIN_MS + 2000);
	ck_str(buf_text(&t.output), "started\n");
	ck_all_dead("pids", 1);
	must_ok(file_read(AT_FDCWD, "service", 64, &pid, &err), err);
	ck(kill((pid_t)atoi(buf_text(&pid)), SIGKILL) == 0);
	buf_clear(&pid);
	clear(&t);
}

TEST(detach_leaves_what_has_a_session_of_its_own)
{
	detach_leaves_the_service(NULL);
}

/* It is not waited for: the next step may need it. */
TEST(a_step_that_leaves_only_sessions_of_their_own_ends_at_once)
{
	struct try t = { .shim.detach = true };
	struct buf pid = { 0 };
	struct err err;

	set_script(&t, "cd \"$DIR\"; setsid sleep 1000 & echo $! > service");
	strv_addf(&t.env, "DIR=%s", test_dir());
	must_run(&t);
	ck(t.took_ms < SHIM_DRAIN_MS);
	must_ok(file_read(AT_FDCWD, "service", 64, &pid, &err), err);
	ck(kill((pid_t)atoi(buf_text(&pid)), SIGKILL) == 0);
	buf_clear(&pid);
	clear(&t);
}

TEST(detach_leaves_the_cgroup_of_what_it_leaves)
{
	cgroups_find(&cgroups);
	detach_leaves_the_service(&cgroups);
	for (int i = 0; i < 1000 && !cgroup_remove(&cgroups, test_cgroup()); i++) {
		usleep(1000);
	}
	ck(cgroup_remove(&cgroups, test_cgroup()));
}

TEST(a_deadline_leaves_nothing_of_a_step_that_detaches)
{
	struct try t = { .shim.detach = true, .shim.timeout_ms = 500 };

	set_script(&t, "cd \"$DIR\"; setsid sh -c 'echo $$ > pids; exec sleep 1000' & exec sleep 1000");
	strv_addf(&t.env, "DIR=%s", test_dir());
	must_run(&t);
	ck_ended(&t, ATTEMPT_TIMED_OUT, 0, SIGTERM);
	ck_all_dead("pids", 1);
	clear(&t);
}

TEST(without_go_the_step_certainly_does_not_run)
{
	struct try t = { 0 };

	set_script(&t, "touch \"$DIR/ran\"");
	strv_addf(&t.env, "DIR=%s", test_dir());
	must_fork(&t);
	close(t.handshake);
	must_end(&t);
	ck_str(attempt_result_names[t.status.result], "not_started");
	ck(access("ran", F_OK) < 0);
	clear(&t);
}

TEST(lock_is_held_while_the_shim_lives)
{
	struct try t = { 0 };
	bool locked = false;
	struct err err;

	set_script(&t, "true");
	must_fork(&t);
	must_ok(file_locked(AT_FDCWD, "a/lock", &locked, &err), err);
	ck(locked);
	must_go(&t);
	must_end(&t);
	must_ok(file_locked(AT_FDCWD, "a/lock", &locked, &err), err);
	ck(!locked);
	clear(&t);
}

TEST(shim_survives_the_signals_that_stop_daemons)
{
	struct try t = { 0 };

	set_script(&t, "exit 5");
	must_fork(&t);
	kill(t.pid, SIGTERM);
	kill(t.pid, SIGHUP);
	kill(t.pid, SIGINT);
	must_go(&t);
	must_end(&t);
	ck_ended(&t, ATTEMPT_EXITED, 5, 0);
	clear(&t);
}

TEST(stdin_is_the_given_file)
{
	struct try t = { 0 };
	int fd = must_create("alert");

	must(write(fd, "{\"a\":1}", 7) == 7 && lseek(fd, 0, SEEK_SET) == 0);
	t.shim.fds[SHIM_STDIN] = fd;
	set_script(&t, "cat; cat /dev/stdin");
	must_run(&t);
	ck_str(buf_text(&t.output), "{\"a\":1}{\"a\":1}");
	clear(&t);
}

/* Root becomes the user, with its groups and home; anybody else is told that this cannot be. */
TEST(user_is_taken_on_or_refused)
{
	struct try t = { .shim.user = geteuid() == 0 ? "daemon" : "root" };

	set_script(&t, "id -un; id -Gn; echo $HOME; echo x > /dev/stdout");
	must_run(&t);
	if (geteuid() != 0) {
		ck_ended(&t, ATTEMPT_EXEC_FAILED, 0, 0);
		ck_int(t.status.sys_errno, EPERM);
		ck_has(t.status.what, "user 'root'");
	} else {
		ck_ended(&t, ATTEMPT_EXITED, 0, 0);
		ck_str(buf_text(&t.output), "daemon\ndaemon\n/usr/sbin\nx\n");
	}
	clear(&t);
}

TEST(unknown_user_says_so)
{
	struct try t = { .shim.user = "nobody-of-that-name" };

	set_script(&t, "true");
	must_run(&t);
	ck_ended(&t, ATTEMPT_EXEC_FAILED, 0, 0);
	ck_str(t.status.what, "user 'nobody-of-that-name': no such user");
	clear(&t);
}
