/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/step_cgroups.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "wire/attempt.h"

void step_cgroups_init(struct step_cgroups *cgroups, int storage_fd)
{
	struct stat st = { 0 };

	*cgroups = (struct step_cgroups){ .storage_fd = storage_fd };
	fstat(storage_fd, &st);
	snprintf(cgroups->prefix, sizeof(cgroups->prefix), "playbookd-%lx-%lx.",
			(unsigned long)st.st_dev, (unsigned long)st.st_ino);
	cgroups_find(&cgroups->trees);
	log_info("step limits",
			LOG_STR("memory", cgroups_have_memory(&cgroups->trees) ? "cgroup"
									       : "each process"),
			LOG_STR("processes", cgroups_have_processes(&cgroups->trees)
							     ? "cgroup"
							     : "each user but root"));
}

const char *step_cgroups_name(
		const struct step_cgroups *cgroups, const struct attempt_id *id, char *name)
{
	snprintf(name, CGROUP_NAME_MAX, "%s%" PRIu64 ".%" PRIu32 ".%" PRIu32, cgroups->prefix,
			id->run, id->step, id->attempt);
	return name;
}

const char *step_cgroups_check_name(const struct step_cgroups *cgroups, uint64_t id, char *name)
{
	snprintf(name, CGROUP_NAME_MAX, "%scheck.%" PRIu64, cgroups->prefix, id);
	return name;
}

static void on_check_cgroup(void *arg, const char *name)
{
	struct step_cgroups *cgroups = arg;

	cgroup_kill(&cgroups->trees, name);
	cgroup_remove(&cgroups->trees, name);
}

void step_cgroups_end_checks(struct step_cgroups *cgroups)
{
	char prefix[CGROUP_NAME_MAX];

	snprintf(prefix, sizeof(prefix), "%scheck.", cgroups->prefix);
	cgroups_each(&cgroups->trees, prefix, on_check_cgroup, cgroups);
}

static void on_cgroup(void *arg, const char *name)
{
	struct step_cgroups *cgroups = arg;
	struct attempt_status status;
	enum attempt_state state;
	struct attempt_id id;
	char same[CGROUP_NAME_MAX];
	struct err err;

	if (sscanf(name + strlen(cgroups->prefix), "%" SCNu64 ".%" SCNu32 ".%" SCNu32, &id.run,
			    &id.step, &id.attempt) != 3 ||
			strcmp(step_cgroups_name(cgroups, &id, same), name) != 0 ||
			attempt_look(cgroups->storage_fd, &id, &state, &status, &err) < 0 ||
			state == ATTEMPT_ALIVE) {
		return;
	}
	if (state == ATTEMPT_VANISHED) {
		cgroup_kill(&cgroups->trees, name);
	}
	if (!cgroup_remove(&cgroups->trees, name) && state == ATTEMPT_VANISHED) {
		cgroups->dying = true;
	}
}

void step_cgroups_sweep(struct step_cgroups *cgroups)
{
	cgroups->dying = false;
	cgroups_each(&cgroups->trees, cgroups->prefix, on_cgroup, cgroups);
}
