/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/detached.h"

#include <sys/wait.h>

#include "executor/leftovers.h"

void detached_note(struct detached *detached, bool (*known)(void *arg, pid_t pid), void *arg)
{
	pid_t pids[LEFTOVERS_MAX];
	ssize_t len = leftovers_list(pids);

	if (len < 0) {
		return;
	}
	detached->len = 0;
	for (ssize_t i = 0; i < len && detached->len < DETACHED_MAX; i++) {
		if (!known(arg, pids[i])) {
			detached->pids[detached->len++] = pids[i];
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

static void forget(struct detached *detached, pid_t pid)
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
		forget(detached, info.si_pid);
	}
}
