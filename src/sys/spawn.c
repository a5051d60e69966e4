/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strv.h"

enum stage {
	STAGE_FORK,
	STAGE_GROUP,
	STAGE_PARENT,
	STAGE_FDS,
	STAGE_LIMITS,
	STAGE_USER,
	STAGE_CWD,
	STAGE_EXEC
};

static const char *const stage_names[] = {
	[STAGE_FORK] = "fork",
	[STAGE_GROUP] = "enter its cgroup",
	[STAGE_PARENT] = "stay with its parent",
	[STAGE_FDS] = "set its descriptors",
	[STAGE_LIMITS] = "set its limits",
	[STAGE_USER] = "become its user",
	[STAGE_CWD] = "change to its folder",
	[STAGE_EXEC] = "execute",
};

/* All that the child needs, built before it is forked. */
struct plan {
	const struct spawn *spawn;
	char *const *programs; /* tried in order */
	struct rlimit limits[SPAWN_LIMITS_MAX];
	pid_t parent;
	int report;
};

struct report {
	int stage;
	int sys_errno;
};

int spawn_keep_fds(const int *fds, size_t len, int spare)
{
	int parked[SPAWN_FDS_MAX];
	int kept = 0;

	if (len > SPAWN_FDS_MAX) {
		errno = EINVAL;
		return -1;
	}
	for (size_t i = 0; i < len; i++) {
		parked[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, (int)len);
		if (parked[i] < 0) {
			return -1;
		}
	}
	if (spare >= 0) {
		kept = fcntl(spare, F_DUPFD_CLOEXEC, (int)len);
		if (kept < 0) {
			return -1;
		}
	}
	for (size_t i = 0; i < len; i++) {
		if (dup2(parked[i], (int)i) < 0) {
			return -1;
		}
	}
	if (spare < 0) {
		return close_range((unsigned)len, ~0U, 0);
	}
	if ((kept > (int)len && close_range((unsigned)len, (unsigned)kept - 1, 0) < 0) ||
			close_range((unsigned)kept + 1, ~0U, 0) < 0) {
		return -1;
	}
	return kept;
}

/* From here to child() runs in the child, on the parent's memory: system calls only. */

static void fail(int report, enum stage stage)
{
	struct report r = { stage, errno };
	ssize_t n = write(report, &r, sizeof(r));

	_exit(n == sizeof(r) ? 127 : 126);
}

static void default_signals(void)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };

	for (int i = 1; i < NSIG; i++) {
		sigaction(i, &sa, NULL);
	}
}

/* Lowering what we inherited may be forbidden; the step then keeps what the daemon has. */
static void normal_priority(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		ssize_t n = write(fd, "0", 1);

		(void)n;
		close(fd);
	}
	setpriority(PRIO_PROCESS, 0, 0);
}

static int set_limits(const struct plan *plan)
{
	const struct rlimit no_core = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &no_core) < 0) {
		return -1;
	}
	for (size_t i = 0; i < plan->spawn->limits_len; i++) {
		if (setrlimit((__rlimit_resource_t)plan->spawn->limits[i].resource,
				    &plan->limits[i]) < 0) {
			return -1;
		}
	}
	return 0;
}

/* Without root it can only be ourselves: spawn_user_find() saw to that. */
static int become(const struct spawn_user *user)
{
	if (geteuid() != 0) {
		return 0;
	}
	if (setgroups((size_t)user->gids_len, user->gids) < 0 ||
			setresgid(user->gid, user->gid, user->gid) < 0) {
		return -1;
	}
	return setresuid(user->uid, user->uid, user->uid);
}

/* ENOENT and EACCES go on to the next folder of PATH; the more telling of the two is kept. */
static void try_programs(const struct plan *plan)
{
	int saved = ENOENT;

	for (char *const *program = plan->programs; *program; program++) {
		execve(*program, plan->spawn->argv, plan->spawn->env);
		if (errno == EACCES) {
			saved = EACCES;
		} else if (errno != ENOENT && errno != ENOTDIR) {
			return;
		}
	}
	errno = saved;
}

/* The death signal is set late: becoming another user clears it. */
static int bind_to_parent(const struct plan *plan)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
		return -1;
	}
	if (getppid() != plan->parent) {
		errno = ESRCH;
		return -1;
	}
	return 0;
}

/* "0" is whoever writes it. */
static int enter_cgroups(const struct spawn *spawn)
{
	for (size_t i = 0; i < spawn->cgroup_fds_len; i++) {
		if (write(spawn->cgroup_fds[i], "0", 1) != 1) {
			return -1;
		}
	}
	return 0;
}

__attribute__((noreturn)) static void child(const struct plan *plan)
{
	const struct spawn *s = plan->spawn;
	sigset_t none;

	if (enter_cgroups(s) < 0) {
		fail(plan->report, STAGE_GROUP);
	}

	int report = spawn_keep_fds(s->fds, s->fds_len, plan->report);

	if (report < 0) {
		fail(plan->report, STAGE_FDS);
	}
	default_signals();
	if (s->new_session) {
		setsid();
	}
	if (s->normal_priority) {
		normal_priority();
	}
	umask(s->umask);
	if (set_limits(plan) < 0) {
		fail(report, STAGE_LIMITS);
	}
	if (s->user && become(s->user) < 0) {
		fail(report, STAGE_USER);
	}
	if (s->die_with_parent && bind_to_parent(plan) < 0) {
		fail(report, STAGE_PARENT);
	}
	if (s->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		fail(report, STAGE_USER);
	}
	if (chdir(s->cwd ? s->cwd : "/") < 0) {
		fail(report, STAGE_CWD);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	try_programs(plan);
	fail(report, STAGE_EXEC);
	_exit(127);
}

/* In the parent again. */

static const char *env_value(char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; *env; env++) {
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=') {
			return *env + len + 1;
		}
	}
	return NULL;
}

/* The paths at which the program may stand. */
static void find_programs(const struct spawn *spawn, struct strv *ret)
{
	const char *name = spawn->program ? spawn->program : spawn->argv[0];
	const char *path = env_value(spawn->env, "PATH");

	if (strchr(name, '/') || !path || !*name) {
		strv_add(ret, name);
		return;
	}
	while (*path) {
		size_t len = strcspn(path, ":");

		if (*path == '/') {
			strv_addf(ret, "%.*s/%s", (int)len, path, name);
		}
		path += len + (path[len] == ':');
	}
}

/* Returns the pid, or -1. The mask is full meanwhile, so that no handler of ours runs in the child.
 */
static pid_t fork_child(const struct plan *plan)
{
	sigset_t all, old;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);

	pid_t pid = vfork();

	if (pid == 0) {
		child(plan);
	}

	int saved = errno;

	sigprocmask(SIG_SETMASK, &old, NULL);
	errno = saved;
	return pid;
}

static void fill_failure(struct spawn_failure *ret, enum stage stage, int sys_errno)
{
	ret->doing = stage_names[stage];
	ret->sys_errno = sys_errno;
}

static pid_t await_exec(pid_t pid, int report, struct spawn_failure *ret_failure)
{
	struct report r = { 0 };
	ssize_t n;

	do {
		n = read(report, &r, sizeof(r));
	} while (n < 0 && errno == EINTR);
	if (n == 0) {
		return pid;
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
	}
	fill_failure(ret_failure, (enum stage)r.stage, r.sys_errno);
	return -1;
}

/* Where ours is lower, that stays. */
static int plan_limits(struct plan *plan)
{
	const struct spawn *spawn = plan->spawn;

	if (spawn->limits_len > SPAWN_LIMITS_MAX) {
		errno = EINVAL;
		return -1;
	}
	for (size_t i = 0; i < spawn->limits_len; i++) {
		const struct spawn_limit *want = &spawn->limits[i];
		struct rlimit ours;

		if (getrlimit((__rlimit_resource_t)want->resource, &ours) < 0) {
			return -1;
		}
		plan->limits[i].rlim_max = want->hard < ours.rlim_max ? want->hard : ours.rlim_max;
		plan->limits[i].rlim_cur = want->soft < plan->limits[i].rlim_max
							   ? want->soft
							   : plan->limits[i].rlim_max;
	}
	return 0;
}

pid_t spawn_start(const struct spawn *spawn, struct spawn_failure *ret_failure)
{
	auto_strv struct strv programs = { 0 };
	struct plan plan = { .spawn = spawn, .parent = getpid() };
	int pipe_fds[2];

	if (plan_limits(&plan) < 0) {
		fill_failure(ret_failure, STAGE_LIMITS, errno);
		return -1;
	}
	find_programs(spawn, &programs);
	plan.programs = strv_array(&programs);
	if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
		fill_failure(ret_failure, STAGE_FORK, errno);
		return -1;
	}
	plan.report = pipe_fds[1];

	auto_fd int report = pipe_fds[0];
	pid_t pid = fork_child(&plan);
	int saved = errno;

	close(pipe_fds[1]);
	if (pid < 0) {
		fill_failure(ret_failure, STAGE_FORK, saved);
		return -1;
	}
	return await_exec(pid, report, ret_failure);
}

int spawn_user_find(const char *name, struct spawn_user *ret_user, struct err *err)
{
	errno = 0;

	const struct passwd *pw = getpwnam(name);

	if (!pw) {
		return err_set(err, ERR_NOT_FOUND, "user '%s': %s", name,
				errno ? strerror(errno) : "no such user");
	}
	if (geteuid() != 0 && geteuid() != pw->pw_uid) {
		return err_set(err, ERR_FORBIDDEN,
				"user '%s': only root can start a step as another user", name);
	}

	struct spawn_user user = { .uid = pw->pw_uid, .gid = pw->pw_gid };

	user.gids_len = SPAWN_GIDS_MAX;
	snprintf(user.home, sizeof(user.home), "%s", pw->pw_dir);
	if (getgrouplist(name, user.gid, user.gids, &user.gids_len) < 0) {
		return err_set(err, ERR_LIMIT, "user '%s': in more than %d groups", name,
				SPAWN_GIDS_MAX);
	}
	*ret_user = user;
	return 0;
}

void spawn_own_home(char *home, size_t size)
{
	const struct passwd *pw = getpwuid(geteuid());

	snprintf(home, size, "%s", pw && *pw->pw_dir ? pw->pw_dir : "/");
}
