/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone - what the clock on the wall shows in a time zone.
 *
 * A zone is a name of the IANA database as it is installed (package tzdata), "UTC", or "Local":
 * that of the environment or of /etc/localtime. The C library reads the database's files whenever
 * another zone is asked for, so a process that asks must be allowed to read them.
 *
 * Changes TZ of the environment for the time of a call, and puts it back: not for threads.
 */
#ifndef SYS_ZONE_H
#define SYS_ZONE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"

/* Is there such a zone? */
bool zone_exists(const char *zone);

/*
 * wall_ms (clock_wall_ms()) in the zone. ERR_IO: its file cannot be read now; the C library would
 * take it for UTC without a word.
 */
int zone_local(const char *zone, int64_t wall_ms, struct tm *ret_local, struct err *err);

#endif
