/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/leftovers.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "executor/detached.h"
#include "test.h"

static struct detached detached;

static bool nobody(void *arg, pid_t pid)
{
	(void)arg;
	(void)pid;
	return false;
}

static pid_t must_fork(void)
{
	pid_t pid = fork();

	must(pid >= 0);
	if (pid == 0) {
		for (;;) {
			pause();
		}
	}
	return pid;
}

static void must_allow_descriptors(rlim_t count)
{
	struct rlimit limit;

	must(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_cur = count;
	must(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

TEST(what_was_left_on_purpose_is_not_forgotten_for_want_of_a_descriptor)
{
	pid_t pid = must_fork();

	detached_note(&detached, nobody, NULL);
	ck(detached_has(&detached, pid));
	must_allow_descriptors(0);
	detached_note(&detached, nobody, NULL);
	must_allow_descriptors(100);
	ck(detached_has(&detached, pid));
	kill(pid, SIGKILL);
	must(waitpid(pid, NULL, 0) == pid);
}

TEST(leftovers_are_not_taken_for_gone_for_want_of_a_descriptor)
{
	pid_t pid = must_fork();

	must_allow_descriptors(0);
	ck(leftovers_end(NULL, NULL) > 0);
	must_allow_descriptors(100);
	ck_int(waitpid(pid, NULL, WNOHANG), 0);
	ck(leftovers_end(NULL, NULL) > 0);
	for (int i = 0; i < 1000 && leftovers_end(NULL, NULL) > 0; i++) {
		usleep(1000);
	}
	ck_int(leftovers_end(NULL, NULL), 0);
}
