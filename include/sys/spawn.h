/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn - start one program with exactly what it is given, and nothing of ours.
 *
 * The child gets default signals, an empty signal mask, the descriptors that are listed and no
 * other, the given environment and folder. Everything is built before the fork; what fails after
 * it, up to and including execve, comes back to the caller, and no child is left then.
 */
#ifndef SYS_SPAWN_H
#define SYS_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define SPAWN_FDS_MAX    16
#define SPAWN_LIMITS_MAX 8
#define SPAWN_GIDS_MAX   64

/* Who the child becomes. */
struct spawn_user {
	uid_t uid;
	gid_t gid;
	gid_t gids[SPAWN_GIDS_MAX];
	int gids_len;
	char home[256];
};

/* A resource limit, soft and hard. Where ours is lower, that stays. */
struct spawn_limit {
	int resource; /* RLIMIT_… */
	uint64_t soft;
	uint64_t hard;
};

/* Zero means: leave as it is. */
struct spawn {
	const char *program;           /* a path; NULL: argv[0], by env's PATH when it has no '/' */
	char *const *argv;             /* NULL-terminated */
	char *const *env;              /* NULL-terminated */
	const char *cwd;               /* NULL: "/" */
	const int *fds;                /* these become 0, 1, 2 … */
	size_t fds_len;                /* at most SPAWN_FDS_MAX */
	const struct spawn_user *user; /* NULL: who we are */
	mode_t umask;
	bool new_session;     /* its own session and group */
	bool normal_priority; /* nice and OOM score 0 */
	bool no_new_privs;
	bool die_with_parent; /* SIGKILL when the caller ends */
	const struct spawn_limit *limits;
	size_t limits_len;     /* at most SPAWN_LIMITS_MAX */
	const int *cgroup_fds; /* cgroup.procs files, open for writing: it enters these cgroups first */
	size_t cgroup_fds_len;
};

/* What failed, and its errno. */
struct spawn_failure {
	const char *doing; /* "execute", "change to its folder", …; static */
	int sys_errno;
};

/*
 * Start it. Returns the child's pid, whose execve has succeeded, or -1 with ret_failure set. Caller
 * reaps the child.
 */
pid_t spawn_start(const struct spawn *spawn, struct spawn_failure *ret_failure);

/* Look up a user, its groups and home. ERR_NOT_FOUND, ERR_FORBIDDEN (we may not become another),
 * ERR_LIMIT too many groups: "user 'x': …". */
int spawn_user_find(const char *name, struct spawn_user *ret_user, struct err *err);
/* The home of the user that we are; home has spawn_user's size. "/" when it has none. */
void spawn_own_home(char *home, size_t size);

/*
 * Make fds the descriptors 0, 1, 2 … of this process and close all others but spare (-1: none),
 * which may get another number, that is returned; it stays close-on-exec. Returns -1 with errno
 * when that failed (with spare -1: 0 when it worked). Safe after fork.
 */
int spawn_keep_fds(const int *fds, size_t len, int spare);

#endif
