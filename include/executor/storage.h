/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storage - the storage directory: ours alone, used by one daemon at a time.
 *
 * Its lock is held by the executor and, as descriptor STORAGE_LOCK_FD, by the core, so that no
 * second daemon writes this store while either of the two lives.
 */
#ifndef EXECUTOR_STORAGE_H
#define EXECUTOR_STORAGE_H

#include <limits.h>

#include "base/err.h"

#define STORAGE_LOCK_FD   4    /* in the core; its control channel is 3 */
#define STORAGE_WAIT_MS   3000 /* how long a start waits for the daemon before it to end */
#define STORAGE_TOKEN_MAX 65

struct storage {
	char path[PATH_MAX]; /* absolute */
	int fd;              /* the directory */
	int lock_fd;
	char token[STORAGE_TOKEN_MAX]; /* operator.token's; 64 hex digits */
};

/*
 * Make path (0700) when it is missing, lock it, and make the operator's token at the first start.
 * ERR_FORBIDDEN when it is not ours alone, ERR_BUSY when another daemon uses it (the pid is in the
 * message), ERR_IO. Caller closes with storage_close().
 */
int storage_open(const char *path, struct storage *ret_storage, struct err *err);
void storage_close(struct storage *storage);

#endif
