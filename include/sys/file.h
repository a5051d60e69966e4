/*
 * file - whole files, read with a bound and written so that they are there after a power cut.
 */
#ifndef SYS_FILE_H
#define SYS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* Append the whole of the regular file path below dirfd (AT_FDCWD) to out. ERR_NOT_FOUND, ERR_LIMIT
 * when longer than max, ERR_IO. Symbolic links are not followed. */
int file_read(int dirfd, const char *path, size_t max, struct buf *out, struct err *err);

/* Write data to a temporary file beside path, fsync, rename over path, fsync the folder. */
int file_write_durable(int dirfd, const char *path, const void *data, size_t len, mode_t mode,
		struct err *err);

/* Open (creating it with mode 0700) the folder path below dirfd; O_NOFOLLOW. Returns its descriptor
 * or -1. */
int file_open_dir(int dirfd, const char *path, struct err *err);

/* Open or create path (0600) and take an exclusive flock. Returns the descriptor that holds it, or
 * -1: ERR_BUSY when somebody else holds it. */
int file_lock(int dirfd, const char *path, struct err *err);

/* Is path's lock held by somebody? False too when there is no such file. */
bool file_locked(int dirfd, const char *path);

#endif
