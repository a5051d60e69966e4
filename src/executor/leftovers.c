/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/leftovers.h"

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
#define CHILDREN_TEXT_MAX (2 * LEFTOVERS_MAX) /* a pid is a digit and a space, or more */

void leftovers_adopt(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

ssize_t leftovers_list(pid_t *pids)
{
	char path[64];
	char text[CHILDREN_TEXT_MAX];
	char *at = text;
	ssize_t len = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());

	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n < 0) {
		return -1;
	}
	text[n] = '\0';
	/* "17 23 42 "; a number at the very end may be cut. */
	for (long pid = strtol(at, &at, 10); pid > 0 && *at; pid = strtol(at, &at, 10)) {
		pids[len++] = (pid_t)pid;
	}
	return len;
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
	pid_t pids[LEFTOVERS_MAX];
	ssize_t len = leftovers_list(pids);
	size_t count = 0;

	if (len < 0) {
		return 1;
	}
	for (ssize_t i = 0; i < len; i++) {
		if (spared && spared(arg, pids[i])) {
			continue;
		}
		count++;
		kill_child(pids[i]);
		if (reap) {
			waitpid(pids[i], NULL, WNOHANG);
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

size_t leftovers_signal_session(pid_t session, int signo)
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

size_t leftovers_kill(bool (*spared)(void *arg, pid_t pid), void *arg)
{
	return kill_all(spared, arg, false);
}

size_t leftovers_end(bool (*spared)(void *arg, pid_t pid), void *arg)
{
	return kill_all(spared, arg, true);
}
