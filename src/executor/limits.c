/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/limits.h"

#include <sys/resource.h>

struct cgroup_limits limits_of_cgroup(const struct step_limits *limits)
{
	return (struct cgroup_limits){
		.processes = limits->processes ? limits->processes : LIMITS_PROCESSES,
		.memory = limits->memory,
	};
}

size_t limits_of_processes(const struct step_limits *limits, const struct cgroups *cgroups,
		bool root, struct spawn_limit *rows)
{
	uint64_t cpu_s = (uint64_t)(limits->cpu_ms + 999) / 1000;
	bool memory = limits->memory && !cgroups_have_memory(cgroups);
	bool processes = limits->processes && !cgroups_have_processes(cgroups) && !root;
	uint64_t files = (uint64_t)limits->open_files;
	const struct {
		bool given;
		struct spawn_limit limit;
	} all[] = {
		{ files > 0, { RLIMIT_NOFILE, files, files } },
		{ files == 0, { RLIMIT_NOFILE, LIMITS_OPEN_FILES, RLIM_INFINITY } },
		{ limits->file_size > 0, { RLIMIT_FSIZE, (uint64_t)limits->file_size,
							 (uint64_t)limits->file_size } },
		{ cpu_s > 0, { RLIMIT_CPU, cpu_s, cpu_s + 1 } },
		{ memory, { RLIMIT_AS, (uint64_t)limits->memory, (uint64_t)limits->memory } },
		{ processes, { RLIMIT_NPROC, (uint64_t)limits->processes,
					     (uint64_t)limits->processes } },
	};
	size_t len = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i].given) {
			rows[len++] = all[i].limit;
		}
	}
	return len;
}
