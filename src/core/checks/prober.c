#include "core/checks/prober.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/core.h"

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

void prober_clear(struct core *core)
{
	watches_free(core->prober.items, core->prober.len);
	core->prober = (struct prober){ 0 };
}

static struct watch *find(const struct prober *prober, const char *name)
{
	for (size_t i = 0; i < prober->len; i++) {
		if (strcmp(prober->items[i].check->name, name) == 0) {
			return &prober->items[i];
		}
	}
	return NULL;
}

const struct watch *prober_find(const struct core *core, const char *name)
{
	return find(&core->prober, name);
}

/* at, or what was to be done sooner than that; 0 is never. */
static int64_t sooner(int64_t at, int64_t planned)
{
	return planned && planned < at ? planned : at;
}

static void plan_save(struct prober *prober, struct watch *watch, bool changed)
{
	int64_t now = clock_mono_ms();

	watch->unsaved = true;
	prober->save_ms = sooner(now + PROBER_SAVE_MS, prober->save_ms);
	if (changed) {
		watch->changed = true;
		prober->change_ms = sooner(now + PROBER_CHANGE_MS, prober->change_ms);
	}
}

/* --- what is asked --- */

void prober_ask_egress(struct core *core, uint64_t id, const struct check *check, const char *url)
{
	turn_send(&core->turn, core->egress, MSG_PROBE,
			&(struct msg_probe){ .id = id,
					.kind = check->kind,
					.url = url,
					.address = check->address,
					.status = check->status,
					.json = check->json,
					.contains = check->contains,
					.fields = check->fields,
					.fields_len = check->fields_len,
					.timeout_ms = check->timeout_ms });
}

static void ask(struct core *core, struct watch *watch, int64_t now)
{
	struct msg_probe_command msg = { .id = watch->probe_id, .check = watch->check->name };

	watch->asked_ms = now;
	if (watch->check->kind != CHECK_COMMAND) {
		prober_ask_egress(core, watch->probe_id, watch->check, watch->check->url);
		return;
	}
	memcpy(msg.config_hash, core_config(core)->hash, DIGEST_SIZE);
	turn_send(&core->turn, core->control, MSG_PROBE_COMMAND, &msg);
}

static int64_t give_up_ms(const struct watch *watch)
{
	return watch->asked_ms + watch->check->timeout_ms +
	       (looker(watch) ? PROBER_COMMAND_MARGIN_MS : PROBER_MARGIN_MS);
}

/* --- what was seen --- */

static void settle(struct prober *prober, struct watch *watch, enum check_status status,
		const char *detail)
{
	int64_t now = clock_wall_ms();
	bool changed = status != watch->status;

	prober->in_flight[looker(watch)]--;
	watch->probe_id = 0;
	watch->duration_ms = clock_mono_ms() - watch->asked_ms;
	watch->last_at = now;
	if (status != CHECK_HEALTHY) {
		free(watch->last_error);
		watch->last_error = xstrdup(detail);
		watch->last_error_at = now;
	}
	if (changed) {
		watch->status = (uint8_t)status;
		watch->since = now;
		log_info("check", LOG_STR("name", watch->check->name),
				LOG_STR("status", check_status_names[status]),
				LOG_STR("detail", detail));
	}
	plan_save(prober, watch, changed);
	prober->next_ms = prober->waits ? 0 : sooner(watch->due_ms, prober->next_ms);
}

void prober_probed(struct core *core, const struct msg_probed *msg)
{
	static const enum check_status meaning[VERDICTS] = {
		[VERDICT_FAILING] = CHECK_FAILING,
		[VERDICT_HEALTHY] = CHECK_HEALTHY,
		[VERDICT_UNKNOWN] = CHECK_UNKNOWN,
	};
	struct prober *prober = &core->prober;

	for (size_t i = 0; msg->id && i < prober->len; i++) {
		if (prober->items[i].probe_id == msg->id) {
			settle(prober, &prober->items[i], meaning[msg->verdict], msg->detail);
			return;
		}
	}
}

void prober_egress_new(struct core *core)
{
	struct prober *prober = &core->prober;
	int64_t now = clock_mono_ms();

	for (size_t i = 0; i < prober->len; i++) {
		struct watch *watch = &prober->items[i];

		if (watch->probe_id && !looker(watch)) {
			ask(core, watch, now);
		}
	}
}

/* --- when --- */

/* From now on it is due again and again; what was missed is left out. */
static void begin(struct core *core, struct watch *watch, int64_t now)
{
	core->prober.in_flight[looker(watch)]++;
	watch->probe_id = ++core->runner.probes;
	watch->due_ms += watch->check->interval_ms;
	if (watch->due_ms <= now) {
		watch->due_ms = now + watch->check->interval_ms;
	}
	ask(core, watch, now);
}

/* The first that finds no room is the first the next time, so that each has its turn. */
static void leave_out(struct prober *prober, size_t i)
{
	if (!prober->waits) {
		prober->waits = true;
		prober->first = i;
	}
}

/* Look at what is due, give up who does not answer; when is the next to be done? */
static void look(struct core *core, int64_t now)
{
	struct prober *prober = &core->prober;
	int64_t next = now + LOOP_WAIT_MAX_MS;
	size_t first = prober->first;

	prober->waits = false;
	for (size_t k = 0; k < prober->len; k++) {
		size_t i = (first + k) % prober->len;
		struct watch *watch = &prober->items[i];

		if (watch->probe_id && now >= give_up_ms(watch)) {
			auto_free char *why = xasprintf("no answer from %s", who[looker(watch)]);

			settle(prober, watch, CHECK_UNKNOWN, why);
		}
		if (!watch->probe_id && now >= watch->due_ms) {
			if (prober->in_flight[looker(watch)] >= in_flight_max[looker(watch)]) {
				leave_out(prober, i);
				continue;
			}
			begin(core, watch, now);
		}
		next = sooner(watch->probe_id ? give_up_ms(watch) : watch->due_ms, next);
	}
	prober->next_ms = next;
	prober->looked_ms = now;
}

static int64_t next_look(const struct prober *prober)
{
	int64_t grain = prober->looked_ms + PROBER_GRAIN_MS;

	return prober->next_ms > grain ? prober->next_ms : grain;
}

/* --- what is written down --- */

struct check_change prober_change(const struct watch *watch)
{
	bool well = watch->status == CHECK_HEALTHY;

	return (struct check_change){ watch->since, check_status_names[watch->status],
		!well && watch->last_error ? watch->last_error : "" };
}

static int save_one(struct core *core, struct watch *watch, struct err *err)
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

	if (turn_write(&core->turn, err) < 0 || checks_save(core->db, &row, err) < 0 ||
			(watch->changed && checks_change(core->db, row.name, &change, err) < 0)) {
		return -1;
	}
	watch->unsaved = false;
	watch->changed = false;
	return 0;
}

static int save(struct core *core, int64_t now, struct err *err)
{
	struct prober *prober = &core->prober;
	bool all = prober->save_ms && now >= prober->save_ms;

	if (!all && !(prober->change_ms && now >= prober->change_ms)) {
		return 0;
	}
	if (core->space.degraded) {
		prober->change_ms = prober->change_ms ? now + PROBER_SAVE_MS : 0;
		prober->save_ms = now + PROBER_SAVE_MS;
		return 0;
	}
	for (size_t i = 0; i < prober->len; i++) {
		struct watch *watch = &prober->items[i];

		if ((watch->changed || (all && watch->unsaved)) && save_one(core, watch, err) < 0) {
			return -1;
		}
	}
	prober->change_ms = 0;
	prober->save_ms = all ? 0 : prober->save_ms;
	return 0;
}

int64_t prober_tick(struct core *core, struct err *err)
{
	struct prober *prober = &core->prober;
	int64_t now = clock_mono_ms();
	int64_t next;

	if (prober->len && now >= next_look(prober)) {
		look(core, now);
	}
	if (save(core, now, err) < 0) {
		return -2;
	}
	if (!prober->len) {
		return -1;
	}
	next = sooner(sooner(next_look(prober), prober->change_ms), prober->save_ms);
	return next > now ? next - now : 0;
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
static void begin_anew(struct prober *prober, struct watch *watch, bool was_known)
{
	watch->status = CHECK_UNKNOWN;
	watch->since = clock_wall_ms();
	plan_save(prober, watch, was_known);
}

/* Everything that is read from the store, when it is read for the first time. */
struct stored {
	struct watch *items;
	char **names;
	size_t len, cap, names_cap;
};

static void take_row(const struct check_row *row, void *arg)
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
static int take_stored(struct core *core, struct stored *ret, struct err *err)
{
	struct prober *prober = &core->prober;

	if (!prober->configured) {
		return checks_each(core->db, take_row, ret, err);
	}
	ret->items = prober->items;
	ret->len = prober->len;
	ret->names = xcalloc(ret->len + 1, sizeof(*ret->names));
	for (size_t i = 0; i < ret->len; i++) {
		ret->names[i] = xstrdup(prober->items[i].check->name);
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
static void make_watches(const struct config *config, struct prober *prober)
{
	int64_t now = clock_mono_ms();

	prober->items = xcalloc(config->checks_len + 1, sizeof(*prober->items));
	for (size_t i = 0; i < config->checks_len; i++) {
		if (config->checks[i].interval_ms) {
			prober->items[prober->len++].check = &config->checks[i];
		}
	}
	for (size_t i = 0; i < prober->len; i++) {
		struct watch *watch = &prober->items[i];
		int64_t within = watch->check->interval_ms < PROBER_SPREAD_MS
						 ? watch->check->interval_ms
						 : PROBER_SPREAD_MS;

		check_definition(watch->check, watch->definition);
		watch->due_ms = now + within * (int64_t)i / (int64_t)prober->len;
	}
}

/* The check is no more, or not in the background. */
static int forget(struct core *core, const char *name, struct err *err)
{
	return turn_write(&core->turn, err) < 0 ? -1 : checks_forget(core->db, name, err);
}

int prober_configure(struct core *core, struct err *err)
{
	struct prober next = { .configured = true,
		.next_ms = clock_mono_ms(),
		.change_ms = core->prober.change_ms,
		.save_ms = core->prober.save_ms };
	struct stored stored = { 0 };
	int rc = take_stored(core, &stored, err);

	make_watches(core_config(core), &next);
	for (size_t i = 0; rc == 0 && i < stored.len; i++) {
		struct watch *watch = find(&next, stored.names[i]);
		struct watch *before = &stored.items[i];

		if (!watch) {
			rc = forget(core, stored.names[i], err);
		} else if (memcmp(watch->definition, before->definition, DIGEST_SIZE) == 0) {
			take_over(watch, before);
		} else {
			begin_anew(&next, watch, true);
		}
	}
	for (size_t i = 0; i < next.len; i++) {
		if (!next.items[i].since) {
			begin_anew(&next, &next.items[i], false);
		}
		next.in_flight[looker(&next.items[i])] += next.items[i].probe_id != 0;
	}
	stored_free(&stored);
	core->prober = next;
	return rc;
}
