/* SPDX-License-Identifier: Apache-2.0 */
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

#define FILE_TREE_DEPTH 4

/*
 * Append the whole of the regular file path below dirfd (AT_FDCWD) to out. ERR_NOT_FOUND, ERR_LIMIT
 * when longer than max, ERR_IO. A symbolic link, FIFO or device is refused, not followed or opened.
 */
int file_read(int dirfd, const char *path, size_t max, struct buf *out, struct err *err);

/*
 * Write data to "PATH.tmp", fsync, rename over path, fsync the folder. A PATH.tmp of an earlier try
 * is replaced; there may be one writer at a time. mode is exact, whatever the umask.
 */
int file_write_durable(int dirfd, const char *path, const void *data, size_t len, mode_t mode,
		struct err *err);

/*
 * Open (creating it with mode 0700) the folder path below dirfd; O_NOFOLLOW. Returns its descriptor
 * or -1. Caller closes.
 */
int file_open_dir(int dirfd, const char *path, struct err *err);

/*
 * Remove the folder path below dirfd and what is in it, FILE_TREE_DEPTH folders deep at most. Links
 * are removed, not followed. A folder that is not there is fine.
 */
int file_remove_tree(int dirfd, const char *path, struct err *err);

/*
 * Open or create path (0600) and take an exclusive flock, which lasts until every copy of the
 * descriptor is closed. Returns the descriptor that holds it, or -1: ERR_BUSY when somebody else
 * holds it.
 */
int file_lock(int dirfd, const char *path, struct err *err);

/*
 * Is path's lock held by somebody? False too when there is no such file. -1 with ERR_IO when it
 * could not be looked at: never take that for a free lock.
 */
int file_locked(int dirfd, const char *path, bool *ret_locked, struct err *err);

#endif
