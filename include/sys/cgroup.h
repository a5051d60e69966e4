/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup - groups of processes with limits, for what a step starts.
 *
 * Linux has one tree of groups (v2), or one tree for each controller (v1), or v1 trees for limits
 * and a v2 tree without controllers (hybrid). cgroups_find() looks which of them we may use, by
 * trying; a group is then a folder of the same name in each of those trees, below the group that we
 * are in ourselves:
 *
 *	v1 pids, v1 memory    limits; its processes are killed one by one
 *	v2                    limits, when it has the controllers; cgroup.kill
 *
 * A v2 group may either have processes or hand controllers on to groups below it. So, when nobody
 * else is in our group, we move to a group CGROUP_OWN below it first; else v2 has no controllers
 * for us. Nothing here is needed for correctness: without any tree all calls succeed and do
 * nothing.
 */
#ifndef SYS_CGROUP_H
#define SYS_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CGROUP_TREES_MAX 3
#define CGROUP_NAME_MAX  128
#define CGROUP_OWN       "playbookd-daemon"

struct cgroup_tree {
	char path[PATH_MAX]; /* the folder in which groups are made */
	bool v2;
	bool processes; /* has the controller */
	bool memory;
};

/* The trees that we may use; zeroed: none. Plain data, may be copied by fork. */
struct cgroups {
	struct cgroup_tree trees[CGROUP_TREES_MAX];
	size_t len;
};

/* Look for them, and move to CGROUP_OWN where that is needed. To be called before any child is
 * started that should be there, too. Leaves nothing when there is no tree. */
void cgroups_find(struct cgroups *ret);
bool cgroups_have_processes(const struct cgroups *cgroups);
bool cgroups_have_memory(const struct cgroups *cgroups);

/* 0: none. */
struct cgroup_limits {
	int64_t processes; /* and threads */
	int64_t memory;    /* bytes, without swap */
};

/* A group that was made: the files into which a process writes "0" to enter it. */
struct cgroup {
	const struct cgroups *cgroups;
	char name[CGROUP_NAME_MAX];
	int entries[CGROUP_TREES_MAX];
	size_t entries_len;
};

/*
 * Make the group name, or take it as it is, with limits as far as there are controllers. Borrows
 * cgroups. ERR_IO; nothing is left then. Caller closes with cgroup_close().
 */
int cgroup_open(const struct cgroups *cgroups, const char *name, const struct cgroup_limits *limits,
		struct cgroup *ret, struct err *err);
/* Close the entries; the group stays. */
void cgroup_close(struct cgroup *cgroup);

/* Kill everything that is in it now, and let nothing more be forked in it. */
void cgroup_kill(const struct cgroups *cgroups, const char *name);
/* Remove it. Does nothing while there are processes in it. Returns whether it is gone. */
bool cgroup_remove(const struct cgroups *cgroups, const char *name);

/* Call fn for every group whose name begins with prefix; once for each tree that has it. */
void cgroups_each(const struct cgroups *cgroups, const char *prefix,
		void (*fn)(void *arg, const char *name), void *arg);

#endif
