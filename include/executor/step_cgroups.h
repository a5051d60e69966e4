/* SPDX-License-Identifier: Apache-2.0 */
/*
 * step_cgroups - the cgroups of attempts and background checks: their names, and the end of those
 * that a shim could not end itself.
 *
 * The name says whose it is: playbookd-DEVICE-INODE.RUN.STEP.ATTEMPT, or .check.ID, with device and
 * inode of the storage directory, so that several daemons do not touch each other's.
 */
#ifndef EXECUTOR_STEP_CGROUPS_H
#define EXECUTOR_STEP_CGROUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/cgroup.h"
#include "wire/message.h"

struct step_cgroups {
	struct cgroups trees;
	char prefix[64];
	int storage_fd;
	bool dying; /* processes of an ended attempt are being killed */
};

/* Find out what can be had, and log it. Borrows storage_fd. */
void step_cgroups_init(struct step_cgroups *cgroups, int storage_fd);

/* name has CGROUP_NAME_MAX. Returns name. */
const char *step_cgroups_name(
		const struct step_cgroups *cgroups, const struct attempt_id *id, char *name);

/* The cgroup of a background check. */
const char *step_cgroups_check_name(const struct step_cgroups *cgroups, uint64_t id, char *name);
/* End what the checks of an earlier executor left. */
void step_cgroups_end_checks(struct step_cgroups *cgroups);

/*
 * Look at every cgroup of ours: while its attempt's shim lives, it is the shim's. When that is gone
 * without a status, what is in it is killed. When there is a status, the shim left it on purpose
 * (detach). Empty ones are removed. While cgroups->dying, to be called again after SIGCHLD.
 */
void step_cgroups_sweep(struct step_cgroups *cgroups);

#endif
