/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/zone.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"

#define ZONE_FOLDER "/usr/share/zoneinfo/"
#define ZONE_MAX    64

static bool is_name(const char *zone)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_+-/";
	size_t len = strlen(zone);

	/* No '.', so that it does not lead out of the folder. */
	return len > 0 && len <= ZONE_MAX && strspn(zone, allowed) == len && *zone != '/';
}

/* The zone's file is there, can be read and begins like one. */
static bool is_readable(const char *path)
{
	struct stat status;
	char magic[4];
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	return fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	       read(fd, magic, sizeof(magic)) == (ssize_t)sizeof(magic) &&
	       memcmp(magic, "TZif", sizeof(magic)) == 0;
}

bool zone_exists(const char *zone)
{
	auto_free char *path = xasprintf(ZONE_FOLDER "%s", zone);

	if (!strcmp(zone, "UTC") || !strcmp(zone, "Local")) {
		return true;
	}
	return is_name(zone) && is_readable(path);
}

static void set_tz(const char *tz)
{
	if (tz) {
		setenv("TZ", tz, 1);
	} else {
		unsetenv("TZ");
	}
	tzset();
}

/* A whole path, after which TZDIR of the environment has no say. */
static bool in_named_zone(const char *zone, time_t seconds, struct tm *ret_local)
{
	auto_free char *tz = xasprintf(":" ZONE_FOLDER "%s", zone);
	const char *before = getenv("TZ");
	auto_free char *kept = before ? xstrdup(before) : NULL;
	bool ok;

	if (!is_readable(tz + 1)) {
		return false;
	}
	set_tz(tz);
	ok = localtime_r(&seconds, ret_local) != NULL;
	set_tz(kept);
	return ok;
}

int zone_local(const char *zone, int64_t wall_ms, struct tm *ret_local, struct err *err)
{
	time_t seconds = wall_ms / 1000;
	struct tm local;
	bool ok;

	if (!strcmp(zone, "UTC")) {
		ok = gmtime_r(&seconds, &local) != NULL;
	} else if (!strcmp(zone, "Local")) {
		tzset();
		ok = localtime_r(&seconds, &local) != NULL;
	} else {
		ok = is_name(zone) && in_named_zone(zone, seconds, &local);
	}
	if (!ok) {
		return err_set(err, ERR_IO, "the time zone '%s' cannot be read", zone);
	}
	*ret_local = local;
	return 0;
}
