#include "executor/strays.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

#define CHILDREN_TEXT_MAX 4096 /* those beyond it are found when these are gone */

void strays_adopt(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* "17 23 42 ", our children. */
static void read_children(char text[CHILDREN_TEXT_MAX])
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());

	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, CHILDREN_TEXT_MAX - 1);

	text[n > 0 ? n : 0] = '\0';
}

/* Nobody else can reap our children, so no pid here can have become another process. */
static void kill_child(pid_t pid)
{
	if (getpgid(pid) == pid) {
		kill(-pid, SIGKILL);
	}
	kill(pid, SIGKILL);
}

static size_t kill_all(bool (*spared)(void *arg, pid_t pid), void *arg, bool reap)
{
	char text[CHILDREN_TEXT_MAX];
	char *at = text;
	size_t count = 0;

	read_children(text);
	/* A number at the very end may be cut. */
	for (long pid = strtol(at, &at, 10); pid > 0 && *at; pid = strtol(at, &at, 10)) {
		if (spared && spared(arg, (pid_t)pid)) {
			continue;
		}
		count++;
		kill_child((pid_t)pid);
		if (reap) {
			waitpid((pid_t)pid, NULL, WNOHANG);
		}
	}
	return count;
}

size_t strays_kill(bool (*spared)(void *arg, pid_t pid), void *arg)
{
	return kill_all(spared, arg, false);
}

size_t strays_end(bool (*spared)(void *arg, pid_t pid), void *arg)
{
	return kill_all(spared, arg, true);
}

void detached_note(struct detached *detached, bool (*known)(void *arg, pid_t pid), void *arg)
{
	char text[CHILDREN_TEXT_MAX];
	char *at = text;

	detached->len = 0;
	read_children(text);
	for (long pid = strtol(at, &at, 10); pid > 0 && *at; pid = strtol(at, &at, 10)) {
		if (!known(arg, (pid_t)pid) && detached->len < STRAYS_DETACHED_MAX) {
			detached->pids[detached->len++] = (pid_t)pid;
		}
	}
}

bool detached_has(const struct detached *detached, pid_t pid)
{
	for (size_t i = 0; i < detached->len; i++) {
		if (detached->pids[i] == pid) {
			return true;
		}
	}
	return false;
}

static void detached_forget(struct detached *detached, pid_t pid)
{
	for (size_t i = 0; i < detached->len; i++) {
		if (detached->pids[i] == pid) {
			detached->pids[i] = detached->pids[--detached->len];
			return;
		}
	}
}

void detached_reap(struct detached *detached, bool (*known)(void *arg, pid_t pid), void *arg)
{
	for (;;) {
		siginfo_t info = { 0 };

		/* Those that are known are reaped by who started them; each sends a signal of its
		 * own. */
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0 ||
				known(arg, info.si_pid)) {
			return;
		}
		waitpid(info.si_pid, NULL, WNOHANG);
		detached_forget(detached, info.si_pid);
	}
}
