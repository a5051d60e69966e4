/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/limits.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/buf.h"
#include "test.h"

static struct cgroups with_controllers = { .len = 1,
	.trees = { { .processes = true, .memory = true } } };
static struct cgroups without;

static const char *resource_name(int resource)
{
	switch (resource) {
	case RLIMIT_NOFILE:
		return "nofile";
	case RLIMIT_FSIZE:
		return "fsize";
	case RLIMIT_CPU:
		return "cpu";
	case RLIMIT_AS:
		return "as";
	case RLIMIT_NPROC:
		return "nproc";
	default:
		return "?";
	}
}

static void ck_limits(int line, const struct step_limits *limits, const struct cgroups *cgroups,
		bool root, const char *want)
{
	struct spawn_limit rows[SPAWN_LIMITS_MAX];
	size_t len = limits_of_processes(limits, cgroups, root, rows);
	struct buf got = { 0 };

	for (size_t i = 0; i < len; i++) {
		buf_addf(&got, "%s %lld ", resource_name(rows[i].resource),
				(long long)rows[i].soft);
		if (rows[i].hard != rows[i].soft) {
			buf_addf(&got, "(%lld) ", (long long)rows[i].hard);
		}
	}
	test_ck_str(__FILE__, line, "limits", buf_text(&got), want);
	buf_clear(&got);
}

static const struct step_limits nothing;
static const struct step_limits all = { 1 << 20, 30, 4096, 1500, 64 };

TEST(what_a_cgroup_limits_is_no_resource_limit)
{
	ck_limits(__LINE__, &nothing, &with_controllers, false, "nofile 1024 (-1) ");
	ck_limits(__LINE__, &nothing, &without, false, "nofile 1024 (-1) ");
	ck_limits(__LINE__, &all, &with_controllers, false, "nofile 64 fsize 4096 cpu 2 (3) ");
	ck_limits(__LINE__, &all, &without, false,
			"nofile 64 fsize 4096 cpu 2 (3) as 1048576 nproc 30 ");
	ck_limits(__LINE__, &all, &without, true, "nofile 64 fsize 4096 cpu 2 (3) as 1048576 ");
}

TEST(a_group_has_at_most_512_processes_unless_the_step_says_otherwise)
{
	ck_int(limits_of_cgroup(&nothing).processes, 512);
	ck_int(limits_of_cgroup(&nothing).memory, 0);
	ck_int(limits_of_cgroup(&all).processes, 30);
	ck_int(limits_of_cgroup(&all).memory, 1 << 20);
}
