/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits - what a step may use, as a cgroup's limits and as resource limits of its processes.
 *
 * What all processes of a step use together can only be limited by a cgroup. Where there is none
 * for it, each process has a limit of its own instead: of its address space for `memory`; of all
 * processes of the step's user for `processes`, which means nothing for root. So 512 processes are
 * the default in a cgroup only: a user may have more than that already.
 */
#ifndef EXECUTOR_LIMITS_H
#define EXECUTOR_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

#include "domain/playbook.h"
#include "sys/cgroup.h"
#include "sys/spawn.h"

#define LIMITS_PROCESSES  512  /* of a step that says nothing */
#define LIMITS_OPEN_FILES 1024 /* the soft limit of a step that says nothing */

/* What the cgroup of a step limits. */
struct cgroup_limits limits_of_cgroup(const struct step_limits *limits);

/*
 * The resource limits beside it, into rows, which has SPAWN_LIMITS_MAX. cgroups: those in use.
 * root: does the step run as root? Returns how many.
 */
size_t limits_of_processes(const struct step_limits *limits, const struct cgroups *cgroups,
		bool root, struct spawn_limit *rows);

#endif
