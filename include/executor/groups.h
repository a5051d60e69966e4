/*
 * groups - the cgroups of attempts: what they are called, and what becomes of those that a shim
 * could not end.
 *
 * The name says whose it is: playbookd-DEVICE-INODE.RUN.STEP.ATTEMPT, or .check.ID, with device and
 * inode of the storage directory, so that several daemons do not touch each other's.
 */
#ifndef EXECUTOR_GROUPS_H
#define EXECUTOR_GROUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/cgroup.h"
#include "wire/message.h"

struct groups {
	struct cgroups cgroups;
	char prefix[64];
	int storage_fd;
	bool dying; /* processes of an ended attempt are being killed */
};

/* Find out what can be had, and log it. Borrows storage_fd. */
void groups_init(struct groups *groups, int storage_fd);

/* name has CGROUP_NAME_MAX. Returns name. */
const char *groups_name(const struct groups *groups, const struct attempt_id *id, char *name);

/* The group of a background check. */
const char *groups_check_name(const struct groups *groups, uint64_t id, char *name);
/* End what the checks of an earlier executor left. */
void groups_end_checks(struct groups *groups);

/*
 * Look at every group of ours: while its attempt's shim lives, it is the shim's. When that is gone
 * without a status, what is in it is killed. When there is a status, the shim left it on purpose
 * (detach). Empty ones are removed. While groups->dying, to be called again after SIGCHLD.
 */
void groups_sweep(struct groups *groups);

#endif
