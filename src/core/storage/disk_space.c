/* SPDX-License-Identifier: Apache-2.0 */
#include "core/storage/disk_space.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

#define NAME          "reserve"
#define OLD_NAME      "ballast" /* of its file in version 0.1 */
#define LOOK_MS       250       /* at most so often */
#define LOOK_WELL_MS  5000      /* at least so often */
#define LOOK_SHORT_MS 1000      /* while degraded */
#define MIB           (1024.0 * 1024.0)

static bool enough(const struct disk_space *space)
{
	return space->free >= space->min_free &&
	       space->free - space->min_free >= 2 * DISK_SPACE_RESERVE;
}

/* A reserve that a crash left half made is none. */
static bool reserve_is_there(const struct disk_space *space)
{
	struct stat st;

	return fstatat(space->fd, NAME, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       st.st_size == DISK_SPACE_RESERVE && st.st_blocks >= DISK_SPACE_RESERVE / 512;
}

static int fill(int fd)
{
	errno = posix_fallocate(fd, 0, DISK_SPACE_RESERVE);
	return errno == 0 && fsync(fd) == 0 ? 0 : -1;
}

static void make_reserve(struct disk_space *space)
{
	auto_fd int fd = openat(space->fd, NAME,
			O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	space->reserve = fd >= 0 && fill(fd) == 0;
	if (space->reserve) {
		space->stated = false;
		return;
	}
	if (!space->stated) {
		log_warn("the reserve cannot be made; a full disk will be harder to survive",
				LOG_STR("error", strerror(errno)));
	}
	space->stated = true;
	unlinkat(space->fd, NAME, 0);
}

static void measure(struct disk_space *space, int64_t now)
{
	struct statvfs st;
	uint64_t free = 0;

	if (fstatvfs(space->fd, &st) < 0 ||
			__builtin_mul_overflow(st.f_bavail, st.f_frsize, &free)) {
		free = 0;
	}
	space->free = free < INT64_MAX ? (int64_t)free : INT64_MAX;
	space->look_at = now + LOOK_MS;
}

static void set_degraded(struct disk_space *space, bool degraded)
{
	if (space->degraded == degraded) {
		return;
	}
	space->degraded = degraded;
	if (degraded) {
		log_error("the disk is nearly full: deliveries get 503",
				LOG_INT("free_bytes", space->free),
				LOG_INT("min_free_bytes", space->min_free));
	} else {
		log_info("the disk has room again", LOG_INT("free_bytes", space->free));
	}
}

static void look(struct disk_space *space, int64_t now)
{
	measure(space, now);
	if (enough(space)) {
		set_degraded(space, false);
	} else if (space->free < space->min_free) {
		set_degraded(space, true);
	}
}

void disk_space_init(struct disk_space *space, int storage_fd, int64_t min_free, int64_t now)
{
	*space = (struct disk_space){ .fd = storage_fd, .min_free = min_free };
	renameat(storage_fd, OLD_NAME, storage_fd, NAME);
	space->reserve = reserve_is_there(space);
	measure(space, now);
	/* Without reserve it was given up: that ends when there is room for it. */
	set_degraded(space, space->free < min_free || (!space->reserve && !enough(space)));
}

void disk_space_tick(struct disk_space *space, int64_t now, struct deadline *next)
{
	bool was_degraded = space->degraded;

	if (now >= space->look_at) {
		look(space, now);
	}
	if (!space->reserve && enough(space)) {
		make_reserve(space);
	}
	if (was_degraded && !space->degraded) {
		deadline_by(next, now);
	}
	deadline_by(next, now + (space->degraded ? LOOK_SHORT_MS : LOOK_WELL_MS));
}

int disk_space_admit(struct disk_space *space, int64_t now, struct err *err)
{
	if (now >= space->look_at) {
		look(space, now);
	}
	if (!space->degraded) {
		return 0;
	}
	return err_set(err, ERR_BUSY,
			"the disk is nearly full (%.1f MiB are free, %.1f MiB must be): playbookd takes no deliveries until there is room",
			(double)space->free / MIB,
			(double)(space->min_free +
					(space->free < space->min_free ? 0
								       : 2 * DISK_SPACE_RESERVE)) /
					MIB);
}

void disk_space_give_up(struct disk_space *space)
{
	if (!space->reserve) {
		return;
	}
	if (unlinkat(space->fd, NAME, 0) == 0) {
		log_warn("the disk is full: the reserve is given up",
				LOG_INT("bytes", DISK_SPACE_RESERVE));
	}
	space->reserve = false;
}
