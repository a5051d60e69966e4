/* SPDX-License-Identifier: Apache-2.0 */
#include "core/storage/disk_space.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "sys/file.h"
#include "test.h"

static struct disk_space space;
static int64_t now = 1000;

static int64_t disk_free(void)
{
	struct statvfs st;

	must(statvfs(".", &st) == 0);
	return (int64_t)(st.f_bavail * st.f_frsize);
}

/* A disk of the test's own, on which nobody else takes or frees room. Root may have one. */
static void own_disk(void)
{
	if (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
			mount("none", test_dir(), "tmpfs", 0, "size=256m") == 0) {
		must(chdir(test_dir()) == 0);
	}
}

/* As a core that starts on a disk that must keep min_free. */
static void begin(int64_t min_free)
{
	struct err err;
	int fd = file_open_dir(AT_FDCWD, ".", &err);

	must(fd >= 0);
	disk_space_init(&space, fd, min_free, now);
}

/* When there is room again, the next turn is now. */
static void tick(void)
{
	struct deadline next = { DEADLINE_NEVER };
	bool was_degraded = space.degraded;

	disk_space_tick(&space, now, &next);
	ck_int(next.mono_ms, now + (space.degraded ? 1000 : was_degraded ? 0 : 5000));
}

static int64_t reserve_blocks(void)
{
	struct stat st;

	return stat("reserve", &st) == 0 ? (int64_t)st.st_blocks * 512 : -1;
}

TEST(the_reserve_takes_real_room)
{
	struct err err;

	begin(0);
	ck(!space.degraded || disk_free() < 3 * DISK_SPACE_RESERVE);
	ck_int(disk_space_admit(&space, now, &err), 0);
	tick();
	ck(space.reserve);
	ck(reserve_blocks() >= DISK_SPACE_RESERVE);
	disk_space_give_up(&space);
	ck_int(reserve_blocks(), -1);
	disk_space_give_up(&space);
}

TEST(a_reserve_of_the_last_start_is_kept_and_half_a_one_is_made_whole)
{
	struct stat first;
	struct stat second;

	begin(0);
	tick();
	must(stat("reserve", &first) == 0);
	begin(0);
	ck(space.reserve);
	tick();
	must(stat("reserve", &second) == 0);
	ck_int(second.st_mtim.tv_nsec, first.st_mtim.tv_nsec);

	must(truncate("reserve", DISK_SPACE_RESERVE / 2) == 0);
	begin(0);
	ck(!space.reserve);
	tick();
	ck(reserve_blocks() >= DISK_SPACE_RESERVE);
}

TEST(the_reserve_of_version_0_1_had_another_name)
{
	begin(0);
	tick();
	must(rename("reserve", "ballast") == 0);
	begin(0);
	ck(space.reserve);
	ck(access("ballast", F_OK) < 0);
}

TEST(with_less_room_than_must_be_nothing_new_is_taken_in)
{
	struct err err;

	own_disk();
	begin(disk_free() * 2);
	ck(space.degraded);
	ck_int(disk_space_admit(&space, now, &err), -1);
	ck_int(err.code, ERR_BUSY);
	ck_has(err.msg, "the disk is nearly full (");
	tick();
	ck_int(reserve_blocks(), -1);
}

TEST(it_ends_when_there_is_room_for_the_reserve_too)
{
	struct err err;

	own_disk();
	begin(disk_free() * 2);
	space.min_free = disk_free() - DISK_SPACE_RESERVE; /* enough, but not by two reserves */
	now += 1000;                                       /* it is measured again */
	ck_int(disk_space_admit(&space, now, &err), -1);
	space.min_free = 0;
	now += 1000; /* it is measured again */
	ck_int(disk_space_admit(&space, now, &err), 0);
	tick();
	ck(reserve_blocks() >= DISK_SPACE_RESERVE);
}

/* After it was given up nothing new may take the room that was freed. */
TEST(without_the_reserve_a_start_is_degraded_until_there_is_room_for_it)
{
	own_disk();
	begin(disk_free() - DISK_SPACE_RESERVE);
	ck(space.degraded);
	space.min_free = 0;
	now += 1000; /* it is measured again */
	tick();
	ck(!space.degraded);
	ck(space.reserve);
}
