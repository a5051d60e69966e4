#include "executor/groups.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "wire/attempt.h"

void groups_init(struct groups *groups, int storage_fd)
{
	struct stat st = { 0 };

	*groups = (struct groups){ .storage_fd = storage_fd };
	fstat(storage_fd, &st);
	snprintf(groups->prefix, sizeof(groups->prefix), "playbookd-%lx-%lx.",
			(unsigned long)st.st_dev, (unsigned long)st.st_ino);
	cgroups_find(&groups->cgroups);
	log_info("limits of steps",
			LOG_STR("memory", cgroups_have_memory(&groups->cgroups) ? "cgroup"
										: "each process"),
			LOG_STR("processes", cgroups_have_processes(&groups->cgroups)
							     ? "cgroup"
							     : "each user but root"));
}

const char *groups_name(const struct groups *groups, const struct attempt_id *id, char *name)
{
	snprintf(name, CGROUP_NAME_MAX, "%s%" PRIu64 ".%" PRIu32 ".%" PRIu32, groups->prefix,
			id->run, id->step, id->attempt);
	return name;
}

const char *groups_check_name(const struct groups *groups, uint64_t id, char *name)
{
	snprintf(name, CGROUP_NAME_MAX, "%scheck.%" PRIu64, groups->prefix, id);
	return name;
}

static void end_check(void *arg, const char *name)
{
	struct groups *groups = arg;

	cgroup_kill(&groups->cgroups, name);
	cgroup_remove(&groups->cgroups, name);
}

void groups_end_checks(struct groups *groups)
{
	char prefix[CGROUP_NAME_MAX];

	snprintf(prefix, sizeof(prefix), "%scheck.", groups->prefix);
	cgroups_each(&groups->cgroups, prefix, end_check, groups);
}

static void look_at(void *arg, const char *name)
{
	struct groups *groups = arg;
	struct attempt_status status;
	enum attempt_state state;
	struct attempt_id id;
	char same[CGROUP_NAME_MAX];
	struct err err;

	if (sscanf(name + strlen(groups->prefix), "%" SCNu64 ".%" SCNu32 ".%" SCNu32, &id.run,
			    &id.step, &id.attempt) != 3 ||
			strcmp(groups_name(groups, &id, same), name) != 0 ||
			attempt_look(groups->storage_fd, &id, &state, &status, &err) < 0 ||
			state == ATTEMPT_ALIVE) {
		return;
	}
	if (state == ATTEMPT_VANISHED) {
		cgroup_kill(&groups->cgroups, name);
	}
	if (!cgroup_remove(&groups->cgroups, name) && state == ATTEMPT_VANISHED) {
		groups->dying = true;
	}
}

void groups_sweep(struct groups *groups)
{
	groups->dying = false;
	cgroups_each(&groups->cgroups, groups->prefix, look_at, groups);
}
