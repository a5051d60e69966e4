/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/file.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

static void must_create(const char *path, const char *text)
{
	auto_fd int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);

	must(fd >= 0);
	must(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

static enum err_code read_code(const char *path, size_t max)
{
	auto_buf struct buf out = { 0 };
	struct err err = { .code = ERR_NONE };

	if (file_read(AT_FDCWD, path, max, &out, &err) < 0) {
		ck_int(out.len, 0);
		ck_str(buf_text(&out), "");
		ck(err.code != ERR_NONE);
	}
	return err.code;
}

TEST(a_file_is_read_whole_and_appended)
{
	auto_buf struct buf out = { 0 };
	struct err err;

	must_create("f", "world");
	buf_adds(&out, "hello ");
	must_ok(file_read(AT_FDCWD, "f", 5, &out, &err), err);
	ck_str(buf_text(&out), "hello world");
}

TEST(a_large_file_is_read_whole)
{
	auto_buf struct buf data = { 0 };
	auto_buf struct buf out = { 0 };
	struct err err;

	for (int i = 0; data.len < 1000000; i++) {
		buf_addf(&data, "%d,", i);
	}
	must_ok(file_write_durable(AT_FDCWD, "f", data.data, data.len, 0600, &err), err);
	must_ok(file_read(AT_FDCWD, "f", data.len, &out, &err), err);
	ck_int(out.len, data.len);
	ck_str(buf_text(&out), buf_text(&data));
}

TEST(a_file_longer_than_the_bound_is_refused)
{
	must_create("f", "12345");
	ck_int(read_code("f", 5), ERR_NONE);
	ck_int(read_code("f", 4), ERR_LIMIT);
	ck_int(read_code("f", 0), ERR_LIMIT);
	must_create("empty", "");
	ck_int(read_code("empty", 0), ERR_NONE);
}

TEST(an_empty_file_is_empty_text)
{
	auto_buf struct buf out = { 0 };
	struct err err;

	must_create("empty", "");
	must_ok(file_read(AT_FDCWD, "empty", 10, &out, &err), err);
	ck_int(out.len, 0);
	ck_str(buf_text(&out), "");
}

TEST(what_is_not_a_regular_file_is_refused)
{
	must_create("f", "x");
	must(symlink("f", "link") == 0);
	must(mkfifo("fifo", 0600) == 0);
	must(mkdir("folder", 0700) == 0);
	ck_int(read_code("none", 10), ERR_NOT_FOUND);
	ck_int(read_code("link", 10), ERR_IO);
	ck_int(read_code("fifo", 10), ERR_IO);
	ck_int(read_code("folder", 10), ERR_IO);
	ck_int(read_code("/dev/zero", 10), ERR_IO);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	must(lstat(path, &st) == 0);
	return st.st_mode & 07777;
}

TEST(a_written_file_replaces_the_old_one_with_the_mode_asked_for)
{
	auto_buf struct buf out = { 0 };
	struct err err;

	umask(0077);
	must(mkdir("d", 0700) == 0);
	must_create("d/f", "old and longer");
	must_create("d/f.tmp", "left over");
	must_ok(file_write_durable(AT_FDCWD, "d/f", "new", 3, 0644, &err), err);
	must_ok(file_read(AT_FDCWD, "d/f", 100, &out, &err), err);
	ck_str(buf_text(&out), "new");
	ck_int(mode_of("d/f"), 0644);
	ck_int(access("d/f.tmp", F_OK), -1);
}

TEST(writing_below_a_folder_descriptor_works)
{
	auto_buf struct buf out = { 0 };
	struct err err;
	auto_fd int dir = file_open_dir(AT_FDCWD, "d", &err);

	must(dir >= 0);
	must_ok(file_write_durable(dir, "f", "x", 1, 0600, &err), err);
	must_ok(file_read(dir, "f", 1, &out, &err), err);
	ck_int(access("d/f", F_OK), 0);
}

TEST(a_planted_link_is_replaced_not_followed)
{
	auto_buf struct buf out = { 0 };
	struct err err;

	must_create("victim", "safe");
	must(symlink("victim", "f.tmp") == 0);
	must(symlink("victim", "f") == 0);
	must_ok(file_write_durable(AT_FDCWD, "f", "evil", 4, 0600, &err), err);
	must_ok(file_read(AT_FDCWD, "victim", 10, &out, &err), err);
	ck_str(buf_text(&out), "safe");
}

/* The limit on file sizes stands for a full disk. */
TEST(a_write_that_fails_leaves_the_old_file)
{
	auto_buf struct buf out = { 0 };
	struct err err;
	struct rlimit limit = { 100, 100 };
	char data[200] = { 0 };

	must_create("f", "old");
	must(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	must(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	ck_int(file_write_durable(AT_FDCWD, "f", data, sizeof(data), 0600, &err), -1);
	ck_int(err.code, ERR_IO);
	ck_has(err.msg, "File too large");
	must_ok(file_read(AT_FDCWD, "f", 10, &out, &err), err);
	ck_str(buf_text(&out), "old");
	ck_int(access("f.tmp", F_OK), -1);
}

TEST(a_folder_is_created_privately_and_opened_again)
{
	struct err err;
	auto_fd int first = file_open_dir(AT_FDCWD, "d", &err);
	auto_fd int second = file_open_dir(AT_FDCWD, "d", &err);

	ck(first >= 0 && second >= 0);
	ck_int(mode_of("d"), 0700);
	must(symlink("d", "link") == 0);
	ck_int(file_open_dir(AT_FDCWD, "link", &err), -1);
	must_create("f", "");
	ck_int(file_open_dir(AT_FDCWD, "f", &err), -1);
	ck_int(err.code, ERR_IO);
}

static bool locked(const char *path)
{
	struct err err;
	bool is = false;

	must_ok(file_locked(AT_FDCWD, path, &is, &err), err);
	return is;
}

TEST(a_lock_is_seen_and_cannot_be_taken_twice)
{
	struct err err;
	int fd = file_lock(AT_FDCWD, "lock", &err);

	must(fd >= 0);
	ck_int(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_int(mode_of("lock"), 0600);
	ck(locked("lock"));
	ck(locked("lock"));
	ck_int(file_lock(AT_FDCWD, "lock", &err), -1);
	ck_int(err.code, ERR_BUSY);
	close(fd);
	ck(!locked("lock"));
	fd = file_lock(AT_FDCWD, "lock", &err);
	ck(fd >= 0);
	close(fd);
}

TEST(a_lock_lives_in_the_child_that_inherits_it)
{
	struct err err;
	int fd = file_lock(AT_FDCWD, "lock", &err);
	int pipes[2];
	char byte;

	must(fd >= 0);
	must(pipe(pipes) == 0);

	pid_t pid = fork();

	if (pid == 0) {
		close(pipes[1]);
		_exit(read(pipes[0], &byte, 1) == 0 ? 0 : 1);
	}
	close(fd);
	close(pipes[0]);
	ck(locked("lock"));
	close(pipes[1]);
	must(waitpid(pid, NULL, 0) == pid);
	ck(!locked("lock"));
}

TEST(no_file_is_not_locked_and_one_that_cannot_be_looked_at_is_an_error)
{
	struct err err;
	bool is = true;

	ck(!locked("none"));
	must(mkdir("folder", 0700) == 0);
	ck_int(file_locked(AT_FDCWD, "folder", &is, &err), -1);
	ck_int(err.code, ERR_IO);
	ck(is);
}

/* A looker holds a shared lock for a moment only: the taker tries again. */
TEST(looking_all_the_time_does_not_keep_a_lock_from_being_taken)
{
	struct err err;
	int fd = file_lock(AT_FDCWD, "lock", &err);

	must(fd >= 0);
	close(fd);

	pid_t pid = fork();

	if (pid == 0) {
		for (;;) {
			locked("lock");
			usleep(50);
		}
	}
	for (int i = 0; i < 2000; i++) {
		fd = file_lock(AT_FDCWD, "lock", &err);
		ck(fd >= 0);
		close(fd);
	}
	must(kill(pid, SIGKILL) == 0);
	must(waitpid(pid, NULL, 0) == pid);
}

TEST(a_folder_is_removed_with_what_is_in_it_and_nothing_else)
{
	struct err err;
	struct stat st;

	must(mkdir("keep", 0700) == 0 && mkdir("tree", 0700) == 0 && mkdir("tree/a", 0700) == 0);
	must(close(creat("keep/file", 0600)) == 0 && close(creat("tree/a/file", 0600)) == 0);
	must(symlink("../keep", "tree/link") == 0);
	must_ok(file_remove_tree(AT_FDCWD, "tree", &err), err);
	ck(stat("tree", &st) < 0);
	ck(stat("keep/file", &st) == 0);
	must_ok(file_remove_tree(AT_FDCWD, "tree", &err), err);
	must(symlink("keep", "link") == 0);
	ck_int(file_remove_tree(AT_FDCWD, "link", &err), -1);
	ck(stat("keep/file", &st) == 0);
}

TEST(a_folder_that_is_too_deep_is_not_removed)
{
	struct err err;
	char path[64] = "deep";

	for (int i = 0; i < FILE_TREE_DEPTH + 1; i++) {
		must(mkdir(path, 0700) == 0);
		strcat(path, "/d");
	}
	ck_int(file_remove_tree(AT_FDCWD, "deep", &err), -1);
}
