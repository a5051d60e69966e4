/* SPDX-License-Identifier: Apache-2.0 */
#include "core/run/unknown_runs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/escalate/attention.h"
#include "core/escalate/escalator.h"
#include "store/incidents.h"
#include "store/runs.h"
#include "store/timeline.h"
#include "sys/file.h"

#define RANGES_MAX 12 /* "3 to 7" of the ids that are named */
#define TITLE      "runs that the store does not know of: "

struct ids {
	int64_t *items;
	size_t len, cap;
};

static void ids_add(struct ids *ids, int64_t id)
{
	void *items = ids->items;
	int64_t *slot = mem_push(&items, ids->len, &ids->cap, sizeof(*slot));

	ids->items = items;
	ids->len++;
	*slot = id;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* "3 to 7, 9" of ids in order. */
static void write_ids(const struct ids *ids, struct buf *out)
{
	size_t ranges = 0;
	size_t end;

	for (size_t i = 0; i < ids->len; i = end) {
		for (end = i + 1; end < ids->len && ids->items[end] == ids->items[end - 1] + 1;) {
			end++;
		}
		if (ranges++ == RANGES_MAX) {
			buf_adds(out, " and more");
			return;
		}
		buf_addf(out, "%s%" PRId64, i ? ", " : "", ids->items[i]);
		if (end > i + 1) {
			buf_addf(out, " to %" PRId64, ids->items[end - 1]);
		}
	}
}

/* The id that a folder's name spells in the one way that we do, or 0. */
static int64_t read_id(const char *name)
{
	int64_t id = 0;

	if (*name == '0') {
		return 0;
	}
	for (; *name >= '0' && *name <= '9' && id <= UNKNOWN_RUNS_ID_MAX; name++) {
		id = id * 10 + (*name - '0');
	}
	return *name || id > UNKNOWN_RUNS_ID_MAX ? 0 : id;
}

static DIR *open_dir(int dirfd, const char *path)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0) {
		close(fd);
	}
	return dir;
}

/* All folders of runs that are not in the store. Logs a folder that cannot be read. */
static int collect(struct run_room *run, struct ids *ret, struct err *err)
{
	DIR *dir = open_dir(run->ground->storage_fd, "runs");
	const struct dirent *entry;
	bool known;
	int rc = 0;

	if (!dir) {
		if (errno != ENOENT) {
			log_error("run folders cannot be read", LOG_STR("error", strerror(errno)));
		}
		return 0;
	}
	while (rc == 0 && (entry = readdir(dir))) {
		int64_t id = read_id(entry->d_name);

		known = true;
		rc = id ? runs_known(run->ground->db, id, &known, err) : 0;
		if (!known && rc == 0) {
			ids_add(ret, id);
		}
	}
	closedir(dir);
	return rc;
}

/* Does a step of it run still? What cannot be looked at does: never take that for a free lock. */
static bool is_running(const struct run_room *run, int64_t id)
{
	auto_free char *path = xasprintf("runs/%" PRId64, id);
	DIR *dir = open_dir(run->ground->storage_fd, path);
	const struct dirent *entry;
	bool running = !dir && errno != ENOENT;

	while (dir && !running && (entry = readdir(dir))) {
		auto_free char *lock = xasprintf("%s/lock", entry->d_name);
		struct err ignored;

		if (entry->d_name[0] != '.' &&
				file_locked(dirfd(dir), lock, &running, &ignored) < 0) {
			running = true;
		}
	}
	if (dir) {
		closedir(dir);
	}
	return running;
}

/* As long as these are the newest, they are the same ones, and have their incident. The text is
 * hashed into the store: it stays. */
static void group_of(int64_t highest, uint8_t ret_hash[DIGEST_SIZE])
{
	auto_free char *key = xasprintf("orphan runs up to %" PRId64, highest);

	digest_sha256(key, strlen(key), ret_hash);
}

static int open_incident(struct run_room *run, const uint8_t hash[DIGEST_SIZE], const char *title,
		int64_t *ret_id, struct err *err)
{
	uint8_t level = escalation_opening_level(
			&configs_now(&run->ground->configs)->escalation, NULL);
	const struct incident_row row = { .title = title,
		.level = escalation_level_name(level),
		.severity = "",
		.service = "",
		.labels = "{}",
		.annotations = "{}",
		.group_hash = hash,
		.opened_at = run->ground->turn.wall_ms };
	struct timeline_row entry = {
		.at = row.opened_at, .kind = TIMELINE_OPENED, .text = "found at the start"
	};
	struct incident_facts incident;

	if (incidents_add(run->ground->db, &row, ret_id, err) < 0) {
		return -1;
	}
	entry.incident_id = *ret_id;
	if (timeline_add(run->ground->db, &entry, err) < 0 ||
			incidents_facts(run->ground->db, *ret_id, &incident, err) < 0) {
		return -1;
	}
	return escalator_fires(run->escalate, &incident, err);
}

static void write_why(const struct run_room *run, const struct ids *ids, struct buf *out)
{
	struct ids running = { 0 };

	for (size_t i = 0; i < ids->len; i++) {
		if (is_running(run, ids->items[i])) {
			ids_add(&running, ids->items[i]);
		}
	}
	if (running.len) {
		buf_adds(out, "a step still runs, and is left alone, of run ");
		write_ids(&running, out);
		buf_adds(out, "; ");
	}
	buf_adds(out, "nobody knows how far they got: check what they were to do, then remove their folders under runs/ (new runs are counted from above them)");
	free(running.items);
}

/* Log them at each start, and open one incident, which pages. */
static int state(struct run_room *run, const struct ids *ids, struct err *err)
{
	auto_buf struct buf title = { 0 };
	auto_buf struct buf why = { 0 };
	uint8_t hash[DIGEST_SIZE];
	bool known;
	int64_t id;

	buf_adds(&title, TITLE);
	write_ids(ids, &title);
	write_why(run, ids, &why);
	log_error(buf_text(&title), LOG_INT("runs", (int64_t)ids->len),
			LOG_STR("next", buf_text(&why)));
	group_of(run->unknown.highest, hash);
	if (incidents_group_known(run->ground->db, hash, &known, err) < 0) {
		return -1;
	}
	if (known) {
		return 0;
	}
	if (turn_write(&run->ground->turn, err) < 0 ||
			open_incident(run, hash, buf_text(&title), &id, err) < 0) {
		return -1;
	}
	return attention_state(run->escalate, id, buf_text(&why), err);
}

int unknown_runs_look(struct run_room *run, struct err *err)
{
	struct ids ids = { 0 };
	int rc = collect(run, &ids, err);

	run->unknown = (struct unknown_runs){ .count = (int64_t)ids.len };
	if (rc == 0 && ids.len) {
		qsort(ids.items, ids.len, sizeof(*ids.items), compare);
		run->unknown.highest = ids.items[ids.len - 1];
		rc = state(run, &ids, err);
	}
	free(ids.items);
	return rc;
}
