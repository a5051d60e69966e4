/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The system's own sys/file.h is hidden by ours. LOCK_* are in fcntl.h. */
int flock(int fd, int operation);

/* file_locked() holds a shared lock for a moment; file_lock() outwaits it. */
#define LOCK_TRIES    10
#define LOCK_PAUSE_NS 1000000

#define READ_CHUNK 65536

static int open_regular(
		int dirfd, const char *path, int flags, struct stat *ret_stat, struct err *err)
{
	auto_fd int fd = openat(
			dirfd, path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);

	if (fd < 0) {
		return err_set(err, errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO,
				"open '%s': %s", path, strerror(errno));
	}
	if (fstat(fd, ret_stat) < 0) {
		return err_set(err, ERR_IO, "stat '%s': %s", path, strerror(errno));
	}
	if (!S_ISREG(ret_stat->st_mode)) {
		return err_set(err, ERR_IO, "open '%s': not a regular file", path);
	}
	return take_fd(&fd);
}

/* Read at most room bytes more. Returns how many, 0 at the end. */
static ssize_t read_more(int fd, size_t room, struct buf *out)
{
	size_t len = room < READ_CHUNK ? room : READ_CHUNK;
	ssize_t n;

	do {
		n = read(fd, buf_reserve(out, len), len);
	} while (n < 0 && errno == EINTR);
	if (n > 0) {
		buf_grew(out, (size_t)n);
	}
	return n;
}

int file_read(int dirfd, const char *path, size_t max, struct buf *out, struct err *err)
{
	struct stat st;
	auto_fd int fd = open_regular(dirfd, path, O_RDONLY, &st, err);
	size_t done = 0;

	if (fd < 0) {
		return -1;
	}
	while (done <= max) {
		ssize_t n = read_more(fd, max - done + 1, out);

		if (n < 0) {
			buf_cut(out, out->len - done);
			return err_set(err, ERR_IO, "read '%s': %s", path, strerror(errno));
		}
		if (n == 0) {
			return 0;
		}
		done += (size_t)n;
	}
	buf_cut(out, out->len - done);
	return err_set(err, ERR_LIMIT, "read '%s': longer than %zu bytes", path, max);
}

static int write_all(int fd, const void *data, size_t len)
{
	const unsigned char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return -1;
		}
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_temporary(int dirfd, const char *path, const void *data, size_t len, mode_t mode,
		struct err *err)
{
	if (unlinkat(dirfd, path, 0) < 0 && errno != ENOENT) {
		return err_set(err, ERR_IO, "remove '%s': %s", path, strerror(errno));
	}

	auto_fd int fd = openat(
			dirfd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0) {
		return err_set(err, ERR_IO, "create '%s': %s", path, strerror(errno));
	}
	if (write_all(fd, data, len) < 0 || fchmod(fd, mode) < 0 || fsync(fd) < 0) {
		return err_set(err, ERR_IO, "write '%s': %s", path, strerror(errno));
	}
	return 0;
}

/* A rename is durable only when its folder is. */
static int sync_parent(int dirfd, const char *path, struct err *err)
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", path);

	const char *parent = dirname(copy);
	auto_fd int fd = openat(dirfd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0) {
		return err_set(err, ERR_IO, "sync folder '%s': %s", parent, strerror(errno));
	}
	return 0;
}

int file_write_durable(int dirfd, const char *path, const void *data, size_t len, mode_t mode,
		struct err *err)
{
	char temporary[PATH_MAX];

	if (snprintf(temporary, sizeof(temporary), "%s.tmp", path) >= (int)sizeof(temporary)) {
		return err_set(err, ERR_INPUT, "a path longer than %zu bytes", sizeof(temporary));
	}
	if (write_temporary(dirfd, temporary, data, len, mode, err) < 0) {
		goto undo_create;
	}
	if (renameat(dirfd, temporary, dirfd, path) < 0) {
		err_set(err, ERR_IO, "rename '%s': %s", temporary, strerror(errno));
		goto undo_create;
	}
	return sync_parent(dirfd, path, err);

undo_create:
	unlinkat(dirfd, temporary, 0);
	return -1;
}

int file_open_dir(int dirfd, const char *path, struct err *err)
{
	if (mkdirat(dirfd, path, 0700) < 0 && errno != EEXIST) {
		return err_set(err, ERR_IO, "create folder '%s': %s", path, strerror(errno));
	}

	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0) {
		return err_set(err, ERR_IO, "open folder '%s': %s", path, strerror(errno));
	}
	return fd;
}

/* flock() without waiting. 1 taken, 0 held by somebody else, -1 with errno. */
static int try_flock(int fd, int operation)
{
	int rc;

	do {
		rc = flock(fd, operation | LOCK_NB);
	} while (rc < 0 && errno == EINTR);
	if (rc == 0) {
		return 1;
	}
	return errno == EWOULDBLOCK ? 0 : -1;
}

int file_lock(int dirfd, const char *path, struct err *err)
{
	struct stat st;
	auto_fd int fd = open_regular(dirfd, path, O_RDWR | O_CREAT, &st, err);
	int rc = 0;

	if (fd < 0) {
		return -1;
	}
	for (int i = 0; rc == 0 && i < LOCK_TRIES; i++) {
		if (i) {
			nanosleep(&(struct timespec){ .tv_nsec = LOCK_PAUSE_NS }, NULL);
		}
		rc = try_flock(fd, LOCK_EX);
	}
	if (rc < 0) {
		return err_set(err, ERR_IO, "lock '%s': %s", path, strerror(errno));
	}
	if (rc == 0) {
		return err_set(err, ERR_BUSY, "lock '%s': held by another process", path);
	}
	return take_fd(&fd);
}

int file_locked(int dirfd, const char *path, bool *ret_locked, struct err *err)
{
	struct stat st;
	auto_fd int fd = open_regular(dirfd, path, O_RDONLY, &st, err);

	if (fd < 0 && err->code == ERR_NOT_FOUND) {
		*ret_locked = false;
		return 0;
	}
	if (fd < 0) {
		return -1;
	}

	/* shared, so that two who look never see each other */
	int rc = try_flock(fd, LOCK_SH);

	if (rc < 0) {
		return err_set(err, ERR_IO, "look at the lock '%s': %s", path, strerror(errno));
	}
	*ret_locked = rc == 0;
	return 0;
}

static int remove_tree(int dirfd, const char *path, int depth, struct err *err);

static int remove_entry(int dirfd, const char *name, int depth, struct err *err)
{
	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT) {
		return 0;
	}
	if (errno != EISDIR || depth == 0) {
		return err_set(err, ERR_IO, "remove '%s': %s", name, strerror(errno));
	}
	return remove_tree(dirfd, name, depth - 1, err);
}

static int remove_tree(int dirfd, const char *path, int depth, struct err *err)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int rc = 0;

	if (fd < 0 && errno == ENOENT) {
		return 0;
	}
	if (!dir) {
		err_set(err, ERR_IO, "open '%s': %s", path, strerror(errno));
		if (fd >= 0) {
			close(fd);
		}
		return -1;
	}
	while (rc == 0 && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
			rc = remove_entry(fd, entry->d_name, depth, err);
		}
	}
	closedir(dir);
	if (rc == 0 && unlinkat(dirfd, path, AT_REMOVEDIR) < 0 && errno != ENOENT) {
		rc = err_set(err, ERR_IO, "remove '%s': %s", path, strerror(errno));
	}
	return rc;
}

int file_remove_tree(int dirfd, const char *path, struct err *err)
{
	return remove_tree(dirfd, path, FILE_TREE_DEPTH - 1, err);
}
