#include "executor/strays.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "sys/file.h"

#define STAT_MAX          4096
#define CHILDREN_TEXT_MAX 4096 /* those beyond it are found when these are gone */

void strays_adopt(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* "17 23 42 ", our children. False: nobody knows, for want of a descriptor. */
static bool read_children(char text[CHILDREN_TEXT_MAX])
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());

	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, CHILDREN_TEXT_MAX - 1);

	text[n > 0 ? n : 0] = '\0';
	return n >= 0;
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

	if (!read_children(text)) {
		return 1;
	}
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

/* Field 6 of /proc/PID/stat, behind the state in field 3; -1 of a process that has ended. The name
 * in field 2 may contain anything, so count from its last bracket. */
static pid_t session_of(pid_t pid)
{
	auto_buf struct buf text = { 0 };
	struct err err;
	char path[32];
	char state;
	int session;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (file_read(AT_FDCWD, path, STAT_MAX, &text, &err) < 0) {
		return -1;
	}

	const char *at = strrchr(buf_text(&text), ')');

	if (!at || sscanf(at + 1, " %c %*d %*d %d", &state, &session) != 2 || strchr("ZX", state)) {
		return -1;
	}
	return (pid_t)session;
}

/* The descriptor holds on to the process, so that no other can have got its pid in between. */
static bool signal_if_in(pid_t pid, pid_t session, int signo)
{
	if (session_of(pid) != session) {
		return false;
	}

	auto_fd int fd = pidfd_open(pid, 0);

	if (fd < 0 || session_of(pid) != session) {
		return false;
	}
	return pidfd_send_signal(fd, signo, NULL, 0) == 0;
}

size_t strays_signal_session(pid_t session, int signo)
{
	DIR *dir = opendir("/proc");
	size_t count = 0;

	for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
		pid_t pid = (pid_t)atoi(entry->d_name);

		if (pid > 0) {
			count += signal_if_in(pid, session, signo);
		}
	}
	if (dir) {
		closedir(dir);
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

	if (!read_children(text)) {
		return;
	}
	detached->len = 0;
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
