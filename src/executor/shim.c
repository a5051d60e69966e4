/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "executor/leftovers.h"
#include "executor/limits.h"
#include "sys/spawn.h"
#include "wire/attempt.h"

#define CHUNK        (64 * 1024)
#define PIPE_SIZE    (256 * 1024)
#define READS_A_TURN 64
#define POLL_MAX_MS  10000 /* poll's clock stands still during suspend; ours does not */
#define RESCAN_MS    20

/* A step that runs. */
struct step_process {
	const struct shim *shim;
	struct attempt_status status;
	pid_t pid;   /* also its group and session; not reaped before all is killed */
	int output;  /* read end of its output; -1 after end of file */
	int signals; /* signalfd of SIGCHLD */
	bool ended;
	bool canceled;
	bool output_full; /* the disk took no more: only count */
	int64_t deadline; /* of what we wait for now */
	unsigned char chunk[CHUNK];
};

static int64_t left_ms(int64_t deadline)
{
	int64_t left = deadline - clock_mono_ms();

	if (left < 0) {
		return 0;
	}
	return left < POLL_MAX_MS ? left : POLL_MAX_MS;
}

/* Room for it was allocated before the step was started, so a full disk does not stop it. */
static void write_status(const struct shim *shim, const struct attempt_status *status)
{
	auto_buf struct buf text = { 0 };

	attempt_status_format(status, &text);

	ssize_t n = pwrite(SHIM_STATUS, text.data, text.len, 0);

	if (n != (ssize_t)text.len || ftruncate(SHIM_STATUS, n) < 0) {
		_exit(1);
	}
	if (shim->forget) {
		return;
	}
	if (fsync(SHIM_STATUS) < 0 || renameat(SHIM_DIR, SHIM_STATUS_TMP, SHIM_DIR, "status") < 0) {
		_exit(1);
	}
	unlinkat(SHIM_DIR, "cancel", 0);
	fsync(SHIM_DIR);
}

/* Byte n of the output has its place; see wire/attempt.h. */
static void keep_output(struct step_process *p, const unsigned char *data, size_t len)
{
	uint64_t at = p->status.output_bytes;

	p->status.output_bytes += len;
	while (len > 0 && !p->output_full) {
		uint64_t place = at < OUTPUT_HEAD ? at
						  : OUTPUT_HEAD + (at - OUTPUT_HEAD) % OUTPUT_TAIL;
		uint64_t end = at < OUTPUT_HEAD ? OUTPUT_HEAD : OUTPUT_HEAD + OUTPUT_TAIL;
		size_t room = end - place < len ? (size_t)(end - place) : len;
		ssize_t n = pwrite(SHIM_OUTPUT, data, room, (off_t)place);

		if (n <= 0) {
			p->output_full = n == 0 || errno != EINTR;
			continue;
		}
		data += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
}

static void drain(struct step_process *p)
{
	for (int i = 0; i < READS_A_TURN && p->output >= 0; i++) {
		ssize_t n = read(p->output, p->chunk, sizeof(p->chunk));

		if (n > 0) {
			keep_output(p, p->chunk, (size_t)n);
		} else if (n == 0) {
			close(p->output);
			p->output = -1;
		} else if (errno != EINTR) {
			return;
		}
	}
}

/*
 * Reap what the step left; we are its reaper. The step's own process stays a zombie, so that
 * its pid and group cannot become somebody else's while we may still signal them.
 */
static void reap(struct step_process *p)
{
	siginfo_t info = { 0 };

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) {
		if (info.si_pid != p->pid) {
			waitpid(info.si_pid, NULL, 0);
			info.si_pid = 0;
			continue;
		}
		p->ended = true;
		p->status.result = info.si_code == CLD_EXITED ? ATTEMPT_EXITED : ATTEMPT_SIGNALED;
		p->status.exit_code = info.si_code == CLD_EXITED ? info.si_status : 0;
		p->status.signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
		return;
	}
}

/* One turn: output, or a child that ended, or a word from outside, or time. */
static void wait_turn(struct step_process *p)
{
	struct signalfd_siginfo info;
	struct pollfd fds[] = {
		{ .fd = p->signals, .events = POLLIN },
		{ .fd = p->output, .events = POLLIN },
		{ .fd = p->canceled ? -1 : SHIM_CANCEL, .events = POLLIN },
	};
	char byte;

	if (poll(fds, sizeof(fds) / sizeof(*fds), (int)left_ms(p->deadline)) <= 0) {
		return;
	}
	drain(p);
	p->canceled |= read(SHIM_CANCEL, &byte, 1) >= 0;
	if (fds[0].revents) {
		ssize_t n = read(p->signals, &info, sizeof(info));

		(void)n;
		reap(p);
	}
}

static void wait_end(struct step_process *p, int64_t ms)
{
	p->deadline = clock_mono_ms() + ms;
	while (!p->ended && clock_mono_ms() < p->deadline) {
		wait_turn(p);
	}
}

/* Until the step has ended, its time is over or it is canceled. */
static void wait_work(struct step_process *p)
{
	p->deadline = clock_mono_ms() + p->shim->timeout_ms;
	while (!p->ended && !p->canceled && clock_mono_ms() < p->deadline) {
		wait_turn(p);
	}
}

static void wait_output(struct step_process *p, int64_t ms)
{
	drain(p);
	p->deadline = clock_mono_ms() + ms;
	while (p->output >= 0 && clock_mono_ms() < p->deadline) {
		wait_turn(p);
	}
}

/* Of all that has ended, the step's own process last: its pid and session were kept for this. */
static void reap_all(struct step_process *p)
{
	while (waitpid(p->pid, NULL, WNOHANG) < 0 && errno == EINTR) {
	}
	p->pid = 0;
	while (waitpid(-1, NULL, WNOHANG) > 0) {
	}
}

/* Signal the step's session again and again until nobody is in it or ms are over. */
static void wait_session(struct step_process *p, int signo, int64_t ms)
{
	int64_t give_up = clock_mono_ms() + ms;

	while (leftovers_signal_session(p->pid, signo) > 0 && clock_mono_ms() < give_up) {
		p->deadline = clock_mono_ms() + RESCAN_MS;
		wait_turn(p);
	}
}

/* Who makes a session of its own, which takes a moment, means to stay; the others end. */
static void leave_detached(struct step_process *p)
{
	wait_session(p, 0, SHIM_DRAIN_MS);
	wait_session(p, SIGKILL, SHIM_KILL_MS);
	drain(p);
	reap_all(p);
}

/*
 * Kill all that the step left. Children of what dies become ours, so killing our own children
 * until there are none reaches everything, however it hid itself.
 */
static void kill_all(struct step_process *p)
{
	int64_t give_up = clock_mono_ms() + SHIM_KILL_MS;

	kill(-p->pid, SIGKILL);
	cgroup_kill(p->shim->cgroups, p->shim->cgroup);
	if (!p->ended) {
		wait_end(p, SHIM_KILL_MS);
	}
	while (waitpid(p->pid, NULL, WNOHANG) < 0 && errno == EINTR) {
	}
	p->pid = 0;
	while (clock_mono_ms() < give_up) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid < 0 && errno == ECHILD) {
			break;
		}
		if (pid == 0) {
			leftovers_kill(NULL, NULL);
			p->deadline = clock_mono_ms() + RESCAN_MS;
			wait_turn(p);
		}
	}
	drain(p);
}

static void watch(struct step_process *p)
{
	wait_work(p);
	if (!p->ended) {
		enum attempt_result why = p->canceled ? ATTEMPT_CANCELED : ATTEMPT_TIMED_OUT;

		kill(-p->pid, SIGTERM);
		wait_end(p, SHIM_GRACE_MS);
		kill_all(p);
		p->status.result = (uint8_t)why;
		return;
	}
	if (p->shim->detach) {
		leave_detached(p);
		return;
	}
	wait_output(p, SHIM_DRAIN_MS);
	kill_all(p);
}

static void not_begun(struct attempt_status *status, enum attempt_result result, int sys_errno,
		const char *what)
{
	status->result = (uint8_t)result;
	status->sys_errno = sys_errno;
	snprintf(status->what, sizeof(status->what), "%.*s", ATTEMPT_WHAT_MAX - 1, what);
}

static void exec_failed(struct attempt_status *status, int sys_errno, const char *what)
{
	not_begun(status, ATTEMPT_EXEC_FAILED, sys_errno, what);
}

/* No process or descriptor is to be had: that is the machine's fault, and passes. */
static void not_now(struct attempt_status *status, int sys_errno, const char *what)
{
	not_begun(status, ATTEMPT_NOT_STARTED, sys_errno, what);
}

/* Who the step runs as, and that user's home unless the step set its own. */
static int prepare_user(struct step_process *p, struct spawn_user *user, struct strv *env)
{
	const struct shim *shim = p->shim;
	struct err err;
	bool has_home = false;

	if (shim->user && spawn_user_find(shim->user, user, &err) < 0) {
		exec_failed(&p->status, err.code == ERR_FORBIDDEN ? EPERM : ENOENT, err.msg);
		return -1;
	}
	for (size_t i = 0; i < shim->env->len; i++) {
		strv_add(env, shim->env->items[i]);
		has_home |= strncmp(shim->env->items[i], "HOME=", 5) == 0;
	}
	if (!has_home) {
		strv_addf(env, "HOME=%s", shim->user ? user->home : shim->home);
	}
	return 0;
}

static int open_output(struct step_process *p, const struct spawn_user *user)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0) {
		not_now(&p->status, errno, "a pipe for its output");
		return -1;
	}
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	fcntl(fds[0], F_SETPIPE_SZ, PIPE_SIZE);
	if (p->shim->user && fchown(fds[1], user->uid, user->gid) < 0) {
		/* Then the step cannot open /dev/stdout by name; nothing else is lost. */
	}
	p->output = fds[0];
	return fds[1];
}

static void spawn_failed(struct step_process *p, const struct spawn_failure *failure)
{
	bool exec = strcmp(failure->doing, "execute") == 0;
	char what[ATTEMPT_WHAT_MAX];

	if (strcmp(failure->doing, "fork") == 0) {
		not_now(&p->status, failure->sys_errno, failure->doing);
		return;
	}
	snprintf(what, sizeof(what), "%s%s%s", exec ? "" : failure->doing, exec ? "" : ": ",
			p->shim->argv->items[0]);
	exec_failed(&p->status, failure->sys_errno, what);
}

static int start(struct step_process *p)
{
	const struct shim *shim = p->shim;
	const struct cgroup_limits cgroup_limits = limits_of_cgroup(&shim->limits);
	struct spawn_limit limits[SPAWN_LIMITS_MAX];
	auto_strv struct strv env = { 0 };
	struct spawn_user user = { 0 };
	struct spawn_failure failure;
	struct cgroup cgroup;
	struct err err;

	if (prepare_user(p, &user, &env) < 0) {
		return -1;
	}

	auto_fd int out = open_output(p, &user);

	if (out < 0) {
		return -1;
	}
	if (cgroup_open(shim->cgroups, shim->cgroup, &cgroup_limits, &cgroup, &err) < 0) {
		exec_failed(&p->status, EIO, err.msg);
		return -1;
	}

	bool root = geteuid() == 0 && (!shim->user || user.uid == 0);
	size_t limits_len = limits_of_processes(&shim->limits, shim->cgroups, root, limits);

	p->pid = spawn_start(&(struct spawn){ .argv = strv_array(shim->argv),
					     .env = strv_array(&env),
					     .cwd = shim->cwd,
					     .fds = (int[]){ SHIM_STDIN, out, out },
					     .fds_len = 3,
					     .user = shim->user ? &user : NULL,
					     .umask = 022,
					     .new_session = true,
					     .normal_priority = true,
					     .no_new_privs = !shim->new_privs,
					     .die_with_parent = true,
					     .limits = limits,
					     .limits_len = limits_len,
					     .cgroup_fds = cgroup.entries,
					     .cgroup_fds_len = cgroup.entries_len },
			&failure);
	cgroup_close(&cgroup);
	if (p->pid < 0) {
		spawn_failed(p, &failure);
		return -1;
	}
	return 0;
}

/* The executor is our parent still, but nothing of it is ours: it may die, or be stopped from a
 * terminal, and the step goes on. */
static int detach(const struct shim *shim, sigset_t *ret_child)
{
	const int ignored[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGXFSZ };

	setsid();
	prctl(PR_SET_NAME, "playbookd-shim");
	leftovers_adopt();
	umask(077);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++) {
		signal(ignored[i], SIG_IGN);
	}
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(ret_child);
	sigaddset(ret_child, SIGCHLD);
	sigprocmask(SIG_SETMASK, ret_child, NULL);
	return spawn_keep_fds(shim->fds, SHIM_FDS, -1);
}

static bool wait_for_go(void)
{
	char byte = 'r';
	ssize_t n = write(SHIM_HANDSHAKE, &byte, 1);

	do {
		n = read(SHIM_HANDSHAKE, &byte, 1);
	} while (n < 0 && errno == EINTR);
	close(SHIM_HANDSHAKE);
	return n == 1;
}

void shim_run(const struct shim *shim)
{
	static struct step_process p;
	sigset_t child;

	if (detach(shim, &child) < 0) {
		_exit(1);
	}
	p = (struct step_process){ .shim = shim, .output = -1 };
	p.signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (p.signals < 0) {
		_exit(1);
	}
	p.status.result = ATTEMPT_NOT_STARTED;
	if (wait_for_go()) {
		p.status.started_at = clock_wall_ms();
		if (start(&p) == 0) {
			watch(&p);
		}
	}
	cgroup_remove(shim->cgroups, shim->cgroup);
	p.status.finished_at = clock_wall_ms();
	write_status(shim, &p.status);
	_exit(0);
}
