/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct test *first;
static struct test **last = &first;
static bool failed;
static char dir[64];

void test_register(struct test *test)
{
	*last = test;
	last = &test->next;
}

const char *test_dir(void)
{
	return dir;
}

void test_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	failed = true;
	printf("  %s:%d: ", file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

void test_abort(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("  %s:%d: ", file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

void test_ck_int(const char *file, int line, const char *what, int64_t got, int64_t want)
{
	if (got != want) {
		test_fail(file, line, "%s is %" PRId64 ", expected %" PRId64, what, got, want);
	}
}

void test_ck_str(const char *file, int line, const char *what, const char *got, const char *want)
{
	if (!got || !want ? got != want : strcmp(got, want) != 0) {
		test_fail(file, line, "%s is '%s', expected '%s'", what, got ? got : "(null)",
				want ? want : "(null)");
	}
}

void test_ck_has(const char *file, int line, const char *what, const char *got, const char *part)
{
	if (!got || !strstr(got, part)) {
		test_fail(file, line, "%s is '%s', expected '%s' in it", what, got ? got : "(null)",
				part);
	}
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* In the child: run the test in its folder; the exit status is the verdict. */
static void run_child(const struct test *test)
{
	setpgid(0, 0);
	alarm(100);
	if (chdir(dir) < 0) {
		perror(dir);
		_exit(1);
	}
	test->fn();
	fflush(stdout);
	exit(failed ? 1 : 0);
}

static bool run(const struct test *test)
{
	int status = 0;

	snprintf(dir, sizeof(dir), "/tmp/playbookd-test-XXXXXX");
	if (!mkdtemp(dir)) {
		perror(dir);
		return false;
	}
	fflush(stdout);

	pid_t pid = fork();

	if (pid == 0) {
		run_child(test);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror("fork");
		return false;
	}
	kill(-pid, SIGKILL);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);

	bool ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;

	if (WIFSIGNALED(status)) {
		printf("  killed by signal %d\n", WTERMSIG(status));
	}
	printf("%s %s\n", ok ? "ok" : "not ok", test->name);
	return ok;
}

int main(int argc, char **argv)
{
	bool all = true;

	for (const struct test *test = first; test; test = test->next) {
		if (argc < 2 || strstr(test->name, argv[1])) {
			all &= run(test);
		}
	}
	return all ? 0 : 1;
}
