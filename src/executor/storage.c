/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "sys/digest.h"
#include "sys/file.h"

#define RETRY_MS 50

static int open_folder(const char *path, struct storage *storage, struct err *err)
{
	struct stat st;

	storage->fd = file_open_dir(AT_FDCWD, path, err);
	if (storage->fd < 0) {
		return -1;
	}
	if (fstat(storage->fd, &st) < 0 || !realpath(path, storage->path)) {
		return err_set(err, ERR_IO, "storage '%s': %s", path, strerror(errno));
	}
	if (st.st_uid != geteuid()) {
		return err_set(err, ERR_FORBIDDEN,
				"storage '%s' belongs to user %u, but playbookd runs as user %u",
				path, st.st_uid, geteuid());
	}
	if (st.st_mode & (S_IWGRP | S_IWOTH)) {
		return err_set(err, ERR_FORBIDDEN,
				"storage '%s' is writable by group or others: chmod go-w it", path);
	}
	return 0;
}

static int in_use(const char *path, int fd, struct err *err)
{
	auto_buf struct buf pid = { 0 };
	struct err ignored;

	if (file_read(fd, "lock", 16, &pid, &ignored) < 0 || pid.len == 0) {
		return err_set(err, ERR_BUSY, "storage '%s' is in use by another playbookd", path);
	}
	return err_set(err, ERR_BUSY, "storage '%s' is in use by another playbookd (pid %.*s)",
			path, (int)strcspn(buf_text(&pid), "\n"), buf_text(&pid));
}

static int take_lock(const char *path, struct storage *storage, struct err *err)
{
	int64_t give_up = clock_mono_ms() + STORAGE_WAIT_MS;
	const struct timespec pause = { .tv_nsec = RETRY_MS * 1000000L };

	storage->lock_fd = file_lock(storage->fd, "lock", err);
	while (storage->lock_fd < 0) {
		if (err->code != ERR_BUSY) {
			return -1;
		}
		if (clock_mono_ms() >= give_up) {
			return in_use(path, storage->fd, err);
		}
		nanosleep(&pause, NULL);
		storage->lock_fd = file_lock(storage->fd, "lock", err);
	}
	/* The pid is for operators only: the lock is what counts. */
	if (ftruncate(storage->lock_fd, 0) == 0) {
		dprintf(storage->lock_fd, "%d\n", getpid());
	}
	return 0;
}

static int read_token(struct storage *storage, struct err *err)
{
	auto_buf struct buf text = { 0 };
	const size_t len = STORAGE_TOKEN_MAX - 1;

	if (file_read(storage->fd, "operator.token", STORAGE_TOKEN_MAX, &text, err) < 0) {
		return -1;
	}
	if (strspn(buf_text(&text), "0123456789abcdef") != len ||
			(text.len != len && strcmp(buf_text(&text) + len, "\n") != 0)) {
		return err_set(err, ERR_INPUT,
				"'operator.token' is not 64 hex digits: remove it to get a new one");
	}
	memcpy(storage->token, buf_text(&text), len);
	return 0;
}

static int make_token(struct storage *storage, struct err *err)
{
	uint8_t secret[DIGEST_SIZE];
	char line[STORAGE_TOKEN_MAX + 1];

	if (faccessat(storage->fd, "operator.token", F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		return read_token(storage, err);
	}
	digest_random(secret, sizeof(secret));
	digest_text(secret, storage->token);
	snprintf(line, sizeof(line), "%s\n", storage->token);
	return file_write_durable(storage->fd, "operator.token", line, strlen(line), 0600, err);
}

int storage_open(const char *path, struct storage *ret_storage, struct err *err)
{
	struct storage storage = { .fd = -1, .lock_fd = -1 };

	if (open_folder(path, &storage, err) < 0 || take_lock(path, &storage, err) < 0 ||
			make_token(&storage, err) < 0) {
		storage_close(&storage);
		return -1;
	}
	*ret_storage = storage;
	return 0;
}

void storage_close(struct storage *storage)
{
	cleanup_fd(&storage->lock_fd);
	cleanup_fd(&storage->fd);
}
