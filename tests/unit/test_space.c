#include "core/storage/disk_space.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "sys/file.h"
#include "test.h"

static struct space space;

static int64_t disk_free(void)
{
	struct statvfs st;

	must(statvfs(".", &st) == 0);
	return (int64_t)(st.f_bavail * st.f_frsize);
}

/* As a core that starts on a disk that must keep min_free. */
static void begin(int64_t min_free)
{
	struct err err;
	int fd = file_open_dir(AT_FDCWD, ".", &err);

	must(fd >= 0);
	space_init(&space, fd, min_free);
}

static int64_t ballast_blocks(void)
{
	struct stat st;

	return stat("ballast", &st) == 0 ? (int64_t)st.st_blocks * 512 : -1;
}

TEST(the_ballast_takes_real_room)
{
	struct err err;

	begin(0);
	ck(!space.degraded || disk_free() < 3 * SPACE_BALLAST);
	ck_int(space_admit(&space, &err), 0);
	space_tick(&space);
	ck(space.ballast);
	ck(ballast_blocks() >= SPACE_BALLAST);
	space_give_up(&space);
	ck_int(ballast_blocks(), -1);
	space_give_up(&space);
}

TEST(a_ballast_of_the_last_start_is_kept_and_half_a_one_is_made_whole)
{
	struct stat first;
	struct stat now;

	begin(0);
	space_tick(&space);
	must(stat("ballast", &first) == 0);
	begin(0);
	ck(space.ballast);
	space_tick(&space);
	must(stat("ballast", &now) == 0);
	ck_int(now.st_mtim.tv_nsec, first.st_mtim.tv_nsec);

	must(truncate("ballast", SPACE_BALLAST / 2) == 0);
	begin(0);
	ck(!space.ballast);
	space_tick(&space);
	ck(ballast_blocks() >= SPACE_BALLAST);
}

TEST(with_less_room_than_must_be_nothing_new_is_taken_in)
{
	struct err err;

	begin(disk_free() * 2);
	ck(space.degraded);
	ck_int(space_admit(&space, &err), -1);
	ck_int(err.code, ERR_BUSY);
	ck_has(err.msg, "the disk is nearly full (");
	space_tick(&space);
	ck_int(ballast_blocks(), -1);
}

TEST(it_ends_when_there_is_room_for_the_ballast_too)
{
	struct err err;

	begin(disk_free() * 2);
	space.min_free = disk_free() - SPACE_BALLAST; /* enough, but not by two ballasts */
	space.look_at = 0;
	ck_int(space_admit(&space, &err), -1);
	space.min_free = 0;
	space.look_at = 0;
	ck_int(space_admit(&space, &err), 0);
	space_tick(&space);
	ck(ballast_blocks() >= SPACE_BALLAST);
}

/* After it was given up nothing new may take the room that was freed. */
TEST(without_the_ballast_a_start_is_degraded_until_there_is_room_for_it)
{
	begin(disk_free() - SPACE_BALLAST);
	ck(space.degraded);
	space.min_free = 0;
	space.look_at = 0;
	space_tick(&space);
	ck(!space.degraded);
	ck(space.ballast);
}
