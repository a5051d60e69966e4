/* SPDX-License-Identifier: Apache-2.0 */
#include "core/core.h"

#include "base/log.h"
#include "core/checks/prober.h"
#include "core/escalate/escalator.h"
#include "core/intake/intake.h"
#include "core/intake/late.h"
#include "core/intake/newcomers.h"
#include "core/intake/rejects.h"
#include "core/intake/watchdog.h"
#include "core/notify/outbox.h"
#include "core/run/outcome.h"
#include "core/run/recovery.h"
#include "core/run/supervisor.h"
#include "core/storage/janitor.h"
#include "core/upstream/asking.h"
#include "core/upstream/watching.h"

/* --- the rooms --- */

static int pause_of(struct core *core, struct deadline *next, struct err *err)
{
	return pause_tick(&core->ground, next, err);
}

static int upstream_tick(struct core *core, struct deadline *next, struct err *err)
{
	return asking_tick(&core->upstream, next, err);
}

static int upstream_config_new(struct core *core, struct err *err)
{
	return watching_configure(&core->upstream, err);
}

static void upstream_egress_new(struct core *core)
{
	asking_egress_new(&core->upstream);
}

static void upstream_clear(struct core *core)
{
	watching_clear(&core->upstream);
}

static void intake_clear(struct core *core)
{
	watchdog_clear(&core->intake);
	newcomers_clear(&core->intake);
}

static int run_tick(struct core *core, struct deadline *next, struct err *err)
{
	return supervisor_tick(&core->run, next, err);
}

static int run_config_new(struct core *core, struct err *err)
{
	return supervisor_config_new(&core->run, err);
}

static void run_egress_new(struct core *core)
{
	outcome_egress_new(&core->run);
}

static void run_committed(struct core *core, struct deadline *next)
{
	(void)next;
	outcome_committed(&core->run);
}

static void run_clear(struct core *core)
{
	supervisor_clear(&core->run);
}

static int escalate_tick(struct core *core, struct deadline *next, struct err *err)
{
	return escalator_tick(&core->escalate, next, err);
}

static int escalate_config_new(struct core *core, struct err *err)
{
	return escalator_config_new(&core->escalate, err);
}

static int notify_tick(struct core *core, struct deadline *next, struct err *err)
{
	return outbox_tick(&core->notify, next, err);
}

static int notify_config_new(struct core *core, struct err *err)
{
	return outbox_config_new(&core->notify, err);
}

static void notify_egress_new(struct core *core)
{
	outbox_egress_new(&core->notify);
}

static void notify_clear(struct core *core)
{
	outbox_clear(&core->notify);
}

static int checks_tick(struct core *core, struct deadline *next, struct err *err)
{
	return prober_tick(&core->checks, next, err);
}

static int checks_config_new(struct core *core, struct err *err)
{
	return prober_configure(&core->checks, err);
}

static void checks_egress_new(struct core *core)
{
	prober_egress_new(&core->checks);
}

static void checks_clear(struct core *core)
{
	prober_clear(&core->checks);
}

static int storage_tick(struct core *core, struct deadline *next, struct err *err)
{
	return janitor_tick(&core->storage, next, err);
}

/* The reserve takes its time to make: no answer waits for it. */
static void storage_committed(struct core *core, struct deadline *next)
{
	disk_space_tick(&core->storage.space, core->ground.turn.mono_ms, next);
}

static void storage_clear(struct core *core)
{
	janitor_clear(&core->storage);
}

static int intake_tick_of(struct core *core, struct deadline *next, struct err *err)
{
	if (intake_tick(&core->intake, next, err) < 0 || newcomers_tell(&core->intake, err) < 0 ||
			rejects_tick(&core->intake, next, err) < 0) {
		return -1;
	}
	return watchdog_tick(&core->intake, next, err);
}

static int intake_config_new(struct core *core, struct err *err)
{
	return late_load(&core->intake, err) < 0 ? -1 : watchdog_configure(&core->intake, err);
}

/* The calls that each room wants. NULL: not this one. */
struct room {
	const char *name;
	int (*tick)(struct core *core, struct deadline *next, struct err *err);
	int (*config_new)(struct core *core, struct err *err); /* the one before is still there */
	void (*egress_new)(struct core *core);
	void (*committed)(struct core *core, struct deadline *next);
	void (*clear)(struct core *core);
};

static const struct room rooms[] = {
	{ "state", pause_of, NULL, NULL, NULL, NULL },
	{ "upstream", upstream_tick, upstream_config_new, upstream_egress_new, NULL,
			upstream_clear },
	{ "intake", intake_tick_of, intake_config_new, NULL, NULL, intake_clear },
	{ "run", run_tick, run_config_new, run_egress_new, run_committed, run_clear },
	{ "escalate", escalate_tick, escalate_config_new, NULL, NULL, NULL },
	{ "notify", notify_tick, notify_config_new, notify_egress_new, NULL, notify_clear },
	{ "checks", checks_tick, checks_config_new, checks_egress_new, NULL, checks_clear },
	{ "storage", storage_tick, NULL, NULL, storage_committed, storage_clear },
};

#define ROOMS (sizeof(rooms) / sizeof(rooms[0]))

void core_init(struct core *core, const struct ports *ports)
{
	struct ground *ground = &core->ground;

	ground->ports = ports;
	ground->turn.ports = ports;
	ground->storage_fd = -1;
	core->storage.ground = ground;
	core->checks.ground = ground;
	core->checks.storage = &core->storage;
	core->notify.ground = ground;
	core->escalate.ground = ground;
	core->escalate.notify = &core->notify;
	core->run.ground = ground;
	core->run.storage = &core->storage;
	core->run.notify = &core->notify;
	core->run.escalate = &core->escalate;
	core->intake.ground = ground;
	core->intake.escalate = &core->escalate;
	core->intake.run = &core->run;
	core->upstream.ground = ground;
	core->upstream.escalate = &core->escalate;
	core->upstream.intake = &core->intake;
	core->api = (struct api_room){ ground, &core->storage, &core->checks, &core->notify,
		&core->escalate, &core->run, &core->intake, &core->upstream };
}

void core_open(struct core *core, struct db *db)
{
	core->ground.db = db;
	core->ground.turn.db = db;
}

int core_config_new(struct core *core, struct err *err)
{
	turn_begin(&core->ground.turn);
	for (size_t i = 0; i < ROOMS; i++) {
		if (rooms[i].config_new && rooms[i].config_new(core, err) < 0) {
			return -1;
		}
	}
	configs_drop_unused(&core->ground.configs);
	return 0;
}

int core_begin(struct core *core, struct err *err)
{
	struct ground *ground = &core->ground;

	turn_begin(&ground->turn);
	/* Opening a store may have taken minutes, and deadlines count from now. */
	turn_stamp(&ground->turn);
	if (pause_load(ground, err) < 0 || audit_chain_load(ground, err) < 0 ||
			recovery_run(&core->run, err) < 0) {
		return -1;
	}
	return core_config_new(core, err);
}

void core_egress_new(struct core *core)
{
	turn_begin(&core->ground.turn);
	for (size_t i = 0; i < ROOMS; i++) {
		if (rooms[i].egress_new) {
			rooms[i].egress_new(core);
		}
	}
}

/* --- a store that fails --- */

/*
 * Damaged, or (found at setup) newer than we are or not ours: no start will change that, and only
 * an operator may delete anything.
 */
static bool is_hopeless(const struct core *core, const struct err *err)
{
	return err->code == ERR_CORRUPT ||
	       (err->code == ERR_CONFLICT && !core->ground.configs.newest);
}

void core_fail(struct core *core, const struct err *err)
{
	bool hopeless = is_hopeless(core, err);

	if (core->failure.code != ERR_NONE) {
		return;
	}
	core->failure = *err;
	if (err->code == ERR_NONE) {
		core->failure.code = ERR_BUG;
	}
	if (hopeless) {
		log_error("the store cannot be used; put a backup in its place, or move playbookd.db* away to begin with an empty one",
				LOG_STR("error", err->msg),
				LOG_STR("storage", core->ground.storage_path));
	} else {
		log_error("the store failed; the core ends and is started again",
				LOG_STR("error", err->msg), LOG_STR("room", core->ticking));
	}
	if (err->code == ERR_FULL) {
		disk_space_give_up(&core->storage.space);
	}
	if (core->loop) {
		loop_stop(core->loop, hopeless ? ROLE_EXIT_HOPELESS : 1);
	}
}

/* --- its turn --- */

static int tick_rooms(struct core *core, struct deadline *next, struct err *err)
{
	for (size_t i = 0; i < ROOMS; i++) {
		core->ticking = rooms[i].name;
		if (rooms[i].tick(core, next, err) < 0) {
			return -1;
		}
	}
	core->ticking = NULL;
	return 0;
}

int64_t core_tick(void *arg)
{
	struct core *core = arg;
	struct ground *ground = &core->ground;
	struct deadline next = { DEADLINE_NEVER };
	struct err err = { 0 };

	if (core->failure.code != ERR_NONE || !ground->db) {
		return -1;
	}
	turn_begin(&ground->turn);
	if (ground->configs.newest && tick_rooms(core, &next, &err) < 0) {
		core_fail(core, &err);
		return 0;
	}
	ground->counters.commits += db_in_transaction(ground->db);
	if (turn_end(&ground->turn, &err) < 0) {
		core_fail(core, &err);
		return 0;
	}
	for (size_t i = 0; i < ROOMS; i++) {
		if (rooms[i].committed) {
			rooms[i].committed(core, &next);
		}
	}
	return deadline_wait(&next, ground->ports->mono_ms());
}

void core_clear(struct core *core)
{
	for (size_t i = 0; i < ROOMS; i++) {
		if (rooms[i].clear) {
			rooms[i].clear(core);
		}
	}
	ground_clear(&core->ground);
	loop_free(core->loop);
}
