/* SPDX-License-Identifier: Apache-2.0 */
#include "core/checks/prober.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "core/state/probes.h"
#include "sys/loop.h"

static const size_t in_flight_max[] = { PROBER_EGRESS_MAX, PROBER_COMMANDS_MAX };
static const char *const who[] = { "egress", "the executor" };

/* Who looks: the position in in_flight. */
static size_t looker(const struct watch *watch)
{
	return watch->check->kind == CHECK_COMMAND;
}

static void watches_free(struct watch *items, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		free(items[i].last_error);
	}
	free(items);
}

void prober_clear(struct checks_room *checks)
{
	watches_free(checks->watches, checks->len);
	*checks = (struct checks_room){ .ground = checks->ground, .storage = checks->storage };
}

static struct watch *find(const struct checks_room *checks, const char *name)
{
	for (size_t i = 0; i < checks->len; i++) {
		if (strcmp(checks->watches[i].check->name, name) == 0) {
			return &checks->watches[i];
		}
	}
	return NULL;
}

const struct watch *prober_find(const struct checks_room *checks, const char *name)
{
	return find(checks, name);
}

/* at, or what was to be done sooner than that; 0 is never. */
static int64_t sooner(int64_t at, int64_t planned)
{
	return planned && planned < at ? planned : at;
}

static void plan_save(struct checks_room *checks, struct watch *watch, bool changed)
{
	int64_t now = checks->ground->turn.mono_ms;

	watch->unsaved = true;
	checks->save_ms = sooner(now + PROBER_SAVE_MS, checks->save_ms);
	if (changed) {
		watch->changed = true;
		checks->change_ms = sooner(now + PROBER_CHANGE_MS, checks->change_ms);
	}
}

/* --- what is asked --- */

static void ask(struct checks_room *checks, struct watch *watch, int64_t now)
{
	struct msg_probe_command msg = { .id = watch->probe_id, .check = watch->check->name };

	watch->asked_ms = now;
	if (watch->check->kind != CHECK_COMMAND) {
		probes_ask(checks->ground, watch->probe_id, watch->check, watch->check->url);
		return;
	}
	memcpy(msg.config_hash, configs_now(&checks->ground->configs)->hash, DIGEST_SIZE);
	turn_send(&checks->ground->turn, checks->ground->links.control, MSG_PROBE_COMMAND, &msg);
}

static int64_t give_up_ms(const struct watch *watch)
{
	return watch->asked_ms + watch->check->timeout_ms +
	       (looker(watch) ? PROBER_COMMAND_MARGIN_MS : PROBER_MARGIN_MS);
}

/* --- what was seen --- */

static void settle(struct checks_room *checks, struct watch *watch, enum check_status status,
		const char *detail)
{
	int64_t now = checks->ground->turn.wall_ms;
	bool changed = status != watch->status;

	checks->in_flight[looker(watch)]--;
	watch->probe_id = 0;
	watch->duration_ms = checks->ground->turn.mono_ms - watch->asked_ms;
	watch->last_at = now;
	if (status != CHECK_HEALTHY) {
		free(watch->last_error);
		watch->last_error = xstrdup(detail);
		watch->last_error_at = now;
	}
	if (changed) {
		watch->status = (uint8_t)status;
		watch->since = now;
		log_info("check changed", LOG_STR("check", watch->check->name),
				LOG_STR("status", check_status_names[status]),
				LOG_STR("detail", detail));
	}
	plan_save(checks, watch, changed);
	checks->next_ms = checks->waits ? 0 : sooner(watch->due_ms, checks->next_ms);
}

void prober_probed(struct checks_room *checks, const struct msg_probed *msg)
{
	static const enum check_status meaning[VERDICTS] = {
		[VERDICT_FAILING] = CHECK_FAILING,
		[VERDICT_HEALTHY] = CHECK_HEALTHY,
		[VERDICT_UNKNOWN] = CHECK_UNKNOWN,
	};

	for (size_t i = 0; msg->id && i < checks->len; i++) {
		if (checks->watches[i].probe_id == msg->id) {
			settle(checks, &checks->watches[i], meaning[msg->verdict], msg->detail);
			return;
		}
	}
}

void prober_egress_new(struct checks_room *checks)
{
	int64_t now = checks->ground->turn.mono_ms;

	for (size_t i = 0; i < checks->len; i++) {
		struct watch *watch = &checks->watches[i];

		if (watch->probe_id && !looker(watch)) {
			ask(checks, watch, now);
		}
	}
}

/* --- when --- */

/* From now on it is due again and again; what was missed is left out. */
static void begin(struct checks_room *checks, struct watch *watch, int64_t now)
{
	checks->in_flight[looker(watch)]++;
	watch->probe_id = probes_next_id(checks->ground);
	watch->due_ms += watch->check->interval_ms;
	if (watch->due_ms <= now) {
		watch->due_ms = now + watch->check->interval_ms;
	}
	ask(checks, watch, now);
}

/* The first that finds no room is the first the next time, so that each has its turn. */
static void leave_out(struct checks_room *checks, size_t i)
{
	if (!checks->waits) {
		checks->waits = true;
		checks->first = i;
	}
}

/* Look at what is due, give up who does not answer; when is the next to be done? */
static void look(struct checks_room *checks, int64_t now)
{
	int64_t next = now + LOOP_WAIT_MAX_MS;
	size_t first = checks->first;

	checks->waits = false;
	for (size_t k = 0; k < checks->len; k++) {
		size_t i = (first + k) % checks->len;
		struct watch *watch = &checks->watches[i];

		if (watch->probe_id && now >= give_up_ms(watch)) {
			auto_free char *why = xasprintf("no answer from %s", who[looker(watch)]);

			settle(checks, watch, CHECK_UNKNOWN, why);
		}
		if (!watch->probe_id && now >= watch->due_ms) {
			if (checks->in_flight[looker(watch)] >= in_flight_max[looker(watch)]) {
				leave_out(checks, i);
				continue;
			}
			begin(checks, watch, now);
		}
		next = sooner(watch->probe_id ? give_up_ms(watch) : watch->due_ms, next);
	}
	checks->next_ms = next;
	checks->looked_ms = now;
}

static int64_t next_look(const struct checks_room *checks)
{
	int64_t grain = checks->looked_ms + PROBER_GRAIN_MS;

	return checks->next_ms > grain ? checks->next_ms : grain;
}

/* --- what is written down --- */

struct check_change prober_change(const struct watch *watch)
{
	bool well = watch->status == CHECK_HEALTHY;

	return (struct check_change){ watch->since, check_status_names[watch->status],
		!well && watch->last_error ? watch->last_error : "" };
}

static int save_one(struct checks_room *checks, struct watch *watch, struct err *err)
{
	const struct check_row row = { .name = watch->check->name,
		.definition = watch->definition,
		.status = watch->status,
		.since = watch->since,
		.last_at = watch->last_at,
		.duration_ms = watch->duration_ms,
		.last_error = watch->last_error,
		.last_error_at = watch->last_error_at };
	const struct check_change change = prober_change(watch);

	if (turn_write(&checks->ground->turn, err) < 0 ||
			checks_save(checks->ground->db, &row, err) < 0 ||
			(watch->changed && checks_change(checks->ground->db, row.name, &change,
							   err) < 0)) {
		return -1;
	}
	watch->unsaved = false;
	watch->changed = false;
	return 0;
}

static int save(struct checks_room *checks, int64_t now, struct err *err)
{
	bool all = checks->save_ms && now >= checks->save_ms;

	if (!all && !(checks->change_ms && now >= checks->change_ms)) {
		return 0;
	}
	if (checks->storage->space.degraded) {
		checks->change_ms = checks->change_ms ? now + PROBER_SAVE_MS : 0;
		checks->save_ms = now + PROBER_SAVE_MS;
		return 0;
	}
	for (size_t i = 0; i < checks->len; i++) {
		struct watch *watch = &checks->watches[i];

		if ((watch->changed || (all && watch->unsaved)) &&
				save_one(checks, watch, err) < 0) {
			return -1;
		}
	}
	checks->change_ms = 0;
	checks->save_ms = all ? 0 : checks->save_ms;
	return 0;
}

int prober_tick(struct checks_room *checks, struct deadline *next, struct err *err)
{
	int64_t now = checks->ground->turn.mono_ms;

	if (checks->len && now >= next_look(checks)) {
		look(checks, now);
	}
	if (save(checks, now, err) < 0) {
		return -1;
	}
	if (checks->len) {
		deadline_by(next, sooner(sooner(next_look(checks), checks->change_ms),
						  checks->save_ms));
	}
	return 0;
}

/* --- another configuration --- */

/* What is known moves on to the same check of the new configuration. */
static void take_over(struct watch *to, struct watch *from)
{
	const struct check *check = to->check;
	int64_t due_ms = to->due_ms;
	bool same_interval = from->check && from->check->interval_ms == check->interval_ms;

	*to = *from;
	to->check = check;
	to->due_ms = same_interval ? from->due_ms : due_ms;
	from->last_error = NULL;
}

/* It means something else now, so nothing is known. */
static void begin_anew(struct checks_room *checks, struct watch *watch, bool was_known)
{
	watch->status = CHECK_UNKNOWN;
	watch->since = checks->ground->turn.wall_ms;
	plan_save(checks, watch, was_known);
}

/* Everything that is read from the store, when it is read for the first time. */
struct stored {
	struct watch *items;
	char **names;
	size_t len, cap, names_cap;
};

static void on_row(const struct check_row *row, void *arg)
{
	struct stored *stored = arg;
	struct watch *watch = mem_push(
			(void **)&stored->items, stored->len, &stored->cap, sizeof(*watch));
	char **name = mem_push(
			(void **)&stored->names, stored->len, &stored->names_cap, sizeof(*name));

	*name = xstrdup(row->name);
	memcpy(watch->definition, row->definition, DIGEST_SIZE);
	watch->status = row->status;
	watch->since = row->since;
	watch->last_at = row->last_at;
	watch->last_error_at = row->last_error_at;
	watch->last_error = row->last_error ? xstrdup(row->last_error) : NULL;
	watch->duration_ms = row->duration_ms;
	stored->len++;
}

/* What was known before: in memory, or, the first time, in the store. */
static int take_stored(struct checks_room *checks, struct stored *ret, struct err *err)
{

	if (!checks->configured) {
		return checks_each(checks->ground->db, on_row, ret, err);
	}
	ret->items = checks->watches;
	ret->len = checks->len;
	ret->names = xcalloc(ret->len + 1, sizeof(*ret->names));
	for (size_t i = 0; i < ret->len; i++) {
		ret->names[i] = xstrdup(checks->watches[i].check->name);
	}
	return 0;
}

static void stored_free(struct stored *stored)
{
	for (size_t i = 0; i < stored->len; i++) {
		free(stored->names[i]);
	}
	free(stored->names);
	watches_free(stored->items, stored->len);
}

/* The checks that have an interval, with nothing known, the first looks spread. */
static void make_watches(const struct config *config, struct checks_room *checks)
{
	int64_t now = checks->ground->turn.mono_ms;

	checks->watches = xcalloc(config->checks_len + 1, sizeof(*checks->watches));
	for (size_t i = 0; i < config->checks_len; i++) {
		if (config->checks[i].interval_ms) {
			checks->watches[checks->len++].check = &config->checks[i];
		}
	}
	for (size_t i = 0; i < checks->len; i++) {
		struct watch *watch = &checks->watches[i];
		int64_t within = watch->check->interval_ms < PROBER_SPREAD_MS
						 ? watch->check->interval_ms
						 : PROBER_SPREAD_MS;

		check_definition(watch->check, watch->definition);
		watch->due_ms = now + within * (int64_t)i / (int64_t)checks->len;
	}
}

/* The check is no more, or not in the background. */
static int forget(struct checks_room *checks, const char *name, struct err *err)
{
	return turn_write(&checks->ground->turn, err) < 0
			       ? -1
			       : checks_forget(checks->ground->db, name, err);
}

int prober_configure(struct checks_room *checks, struct err *err)
{
	struct checks_room next = { .ground = checks->ground,
		.storage = checks->storage,
		.configured = true,
		.next_ms = checks->ground->turn.mono_ms,
		.change_ms = checks->change_ms,
		.save_ms = checks->save_ms };
	struct stored stored = { 0 };
	int rc = take_stored(checks, &stored, err);

	make_watches(configs_now(&checks->ground->configs), &next);
	for (size_t i = 0; rc == 0 && i < stored.len; i++) {
		struct watch *watch = find(&next, stored.names[i]);
		struct watch *before = &stored.items[i];

		if (!watch) {
			rc = forget(checks, stored.names[i], err);
		} else if (memcmp(watch->definition, before->definition, DIGEST_SIZE) == 0) {
			take_over(watch, before);
		} else {
			begin_anew(&next, watch, true);
		}
	}
	for (size_t i = 0; i < next.len; i++) {
		if (!next.watches[i].since) {
			begin_anew(&next, &next.watches[i], false);
		}
		next.in_flight[looker(&next.watches[i])] += next.watches[i].probe_id != 0;
	}
	stored_free(&stored);
	*checks = next;
	return rc;
}
