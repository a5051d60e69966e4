#include "core/core.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "core/api/command/delivery_command.h"
#include "core/api/dispatch.h"
#include "core/run/outcome.h"
#include "core/run/recovery.h"
#include "core/storage/janitor.h"
#include "sys/file.h"
#include "sys/migrate.h"

/* A store up to this size is looked through at each start: about 0.1 s. */
#define CHECK_MAX (INT64_C(32) << 20)

const struct config *core_config(const struct core *core)
{
	return core->generations->config;
}

/*
 * Damaged, or (found at setup) newer than we are or not ours: no start will change that, and
 * nothing may be deleted but by people.
 */
static bool is_hopeless(const struct core *core, const struct err *err)
{
	return err->code == ERR_CORRUPT || (err->code == ERR_CONFLICT && !core->generations);
}

void core_fail(struct core *core, const struct err *err)
{
	bool hopeless = is_hopeless(core, err);

	if (core->failed) {
		return;
	}
	core->failed = true;
	if (hopeless) {
		log_error("the store cannot be used; put a backup in its place, or move "
			  "playbookd.db* away to begin with an empty one",
				LOG_STR("error", err->msg), LOG_STR("storage", core->storage_path));
	} else {
		log_error("the store failed; the core ends and is started again",
				LOG_STR("error", err->msg));
	}
	if (err->code == ERR_FULL) {
		space_give_up(&core->space);
	}
	loop_stop(core->loop, hopeless ? ROLE_EXIT_HOPELESS : 1);
}

/* A handler's verdict on the sender is 0: when the store failed it is not the sender's fault. */
static int settle(struct core *core, int rc, const struct err *err)
{
	if (rc < 0) {
		core_fail(core, err);
	}
	return 0;
}

/* Configurations that no run follows any more, but for the one in force. */
static void drop_generations(struct core *core)
{
	struct generation **link = &core->generations->older;

	while (*link) {
		struct generation *generation = *link;

		if (generation->refs) {
			link = &generation->older;
			continue;
		}
		*link = generation->older;
		config_free(generation->config);
		free(generation);
	}
}

static int on_setup(void *arg, const void *msg, int fd, struct err *err)
{
	const struct msg_setup *setup = msg;
	struct core *core = arg;
	auto_free char *path = xasprintf("%s/playbookd.db", setup->storage_path);

	(void)fd;
	if (core->db) {
		return err_set(err, ERR_INPUT, "setup came twice");
	}
	core->storage_path = xstrdup(setup->storage_path);
	core->external_url = xstrdup(setup->external_url);
	core->storage_fd = file_open_dir(AT_FDCWD, setup->storage_path, err);
	if (core->storage_fd < 0) {
		return settle(core, -1, err);
	}
	space_init(&core->space, core->storage_fd, setup->min_free);
	core->janitor.retention_ms = setup->retention_ms;
	core->db = db_open(path, err);
	if (!core->db || migrate(core->db, err) < 0 || db_check(core->db, CHECK_MAX, err) < 0) {
		return settle(core, -1, err);
	}
	core->turn.db = core->db;
	return 0;
}

/* Rooms that want to know of every configuration. */
static int tell_rooms(struct core *core, struct err *err)
{
	return outbox_config_new(core, err) < 0 ? -1 : escalator_config_new(core, err);
}

/* Of the first one recovery has told approvals. */
static int take_config(struct core *core, struct err *err)
{
	return approvals_follow(core, err) < 0 ? -1 : tell_rooms(core, err);
}

static int on_config(void *arg, const void *msg, int fd, struct err *err)
{
	const struct msg_config *config = msg;
	struct core *core = arg;
	const struct config_files files = { .items = config->files, .len = config->files_len };
	auto_buf struct buf report = { 0 };
	bool first = !core->generations;
	struct generation *generation;
	struct config *parsed;

	(void)fd;
	if (!core->db || core->failed) {
		return core->failed ? 0 : err_set(err, ERR_INPUT, "a configuration before setup");
	}
	parsed = config_parse(&files, &report, err);
	if (!parsed) {
		return err_set(err, ERR_INPUT, "a configuration with mistakes: %s",
				buf_text(&report));
	}
	generation = xcalloc(1, sizeof(*generation));
	generation->config = parsed;
	generation->older = core->generations;
	core->generations = generation;
	core->runner.queue_waits = true;
	if (prober_configure(core, err) < 0) {
		return settle(core, -1, err);
	}
	if (!first) {
		drop_generations(core);
		if (audit_reload(core, config->by, err) < 0) {
			return settle(core, -1, err);
		}
		return settle(core, take_config(core, err), err);
	}
	if (pause_load(core, err) < 0 || audit_load(core, err) < 0 || recovery_run(core, err) < 0 ||
			tell_rooms(core, err) < 0) {
		return settle(core, -1, err);
	}
	turn_send(&core->turn, core->control, MSG_READY, &(struct msg_ready){ 0 });
	return 0;
}

static int on_roles(void *arg, const void *msg, int fd, struct err *err)
{
	const struct msg_roles *roles = msg;
	struct daemon_state *daemon = &((struct core *)arg)->daemon;

	(void)fd;
	if (roles->roles_len > ROLES) {
		return err_set(err, ERR_INPUT, "%zu roles", roles->roles_len);
	}
	for (size_t i = 0; i < roles->roles_len; i++) {
		if (roles->roles[i].role >= ROLES) {
			return err_set(err, ERR_INPUT, "no role %d", roles->roles[i].role);
		}
		daemon->roles[i] = roles->roles[i];
	}
	daemon->roles_len = roles->roles_len;
	daemon->started_at = roles->started_at;
	daemon->config_loaded_at = roles->config_loaded_at;
	daemon->config_ok = roles->config_ok;
	free(daemon->config_path);
	daemon->config_path = xstrdup(roles->config_path);
	return 0;
}

static int on_started(void *arg, const void *msg, int fd, struct err *err)
{
	(void)fd;
	return settle(arg, outcome_started(arg, msg, err), err);
}

static int on_refused(void *arg, const void *msg, int fd, struct err *err)
{
	(void)fd;
	return settle(arg, outcome_refused(arg, msg, err), err);
}

static int on_ended(void *arg, const void *msg, int fd, struct err *err)
{
	(void)fd;
	return settle(arg, outcome_ended(arg, msg, err), err);
}

/* Not now: the sender tries again. */
static void answer_later(struct core *core, uint64_t id, const struct err *why)
{
	turn_send(&core->turn, core->front, MSG_ANSWER,
			&(struct msg_answer){ .id = id,
					.code = (uint8_t)why->code,
					.error = why->msg,
					.content_type = "" });
}

static int on_deliver(void *arg, const void *msg, int fd, struct err *err)
{
	const struct msg_deliver *deliver = msg;
	struct core *core = arg;
	struct err why;

	(void)fd;
	if (!deliver->dry_run && space_admit(&core->space, &why) < 0) {
		answer_later(core, deliver->id, &why);
		return 0;
	}
	return settle(arg, receive_delivery(arg, msg, err), err);
}

static int on_query(void *arg, const void *msg, int fd, struct err *err)
{
	const struct msg_query *query = msg;

	(void)fd;
	if (query->route >= ROUTES) {
		return err_set(err, ERR_INPUT, "no route %d", query->route);
	}
	return settle(arg, api_query(arg, query, err), err);
}

static int on_probed(void *arg, const void *msg, int fd, struct err *err)
{
	(void)fd;
	return settle(arg, outcome_probed(arg, msg, err), err);
}

static int on_notified(void *arg, const void *msg, int fd, struct err *err)
{
	(void)fd;
	return settle(arg, outbox_notified(arg, msg, err), err);
}

static const struct message_handler front_handlers[MSG_IDS] = {
	[MSG_DELIVER] = { on_deliver },
	[MSG_QUERY] = { on_query },
};

static const struct message_handler egress_handlers[MSG_IDS] = {
	[MSG_PROBED] = { on_probed },
	[MSG_NOTIFIED] = { on_notified },
};

static int front_frame(void *arg, uint16_t type, const unsigned char *payload, size_t len, int fd,
		struct err *err)
{
	const struct core *core = arg;

	if (core->failed) {
		return 0;
	}
	return message_dispatch(front_handlers, arg, type, payload, len, fd, err);
}

static int egress_frame(void *arg, uint16_t type, const unsigned char *payload, size_t len, int fd,
		struct err *err)
{
	const struct core *core = arg;

	if (core->failed) {
		return 0;
	}
	return message_dispatch(egress_handlers, arg, type, payload, len, fd, err);
}

static void drop_channel(struct core *core, struct channel **slot)
{
	turn_forget(&core->turn, *slot);
	channel_free(*slot);
	*slot = NULL;
}

static void say_broken(const char *peer, const struct err *why)
{
	if (why) {
		log_error("a role broke the protocol", LOG_STR("peer", peer),
				LOG_STR("error", why->msg));
	}
}

static void front_closed(void *arg, const struct err *why)
{
	struct core *core = arg;

	say_broken("front", why);
	drop_channel(core, &core->front);
}

static void egress_closed(void *arg, const struct err *why)
{
	struct core *core = arg;

	say_broken("egress", why);
	drop_channel(core, &core->egress);
}

static const struct channel_ops front_ops = { front_frame, front_closed };
static const struct channel_ops egress_ops = { egress_frame, egress_closed };

static int on_peer(void *arg, const void *msg, int fd, struct err *err)
{
	const struct msg_peer *peer = msg;
	struct core *core = arg;

	if (fd < 0 || !core->generations ||
			(peer->role != ROLE_FRONT && peer->role != ROLE_EGRESS)) {
		if (fd >= 0) {
			close(fd);
		}
		return core->failed ? 0 : err_set(err, ERR_INPUT, "a peer that cannot be");
	}
	if (peer->role == ROLE_FRONT) {
		drop_channel(core, &core->front);
		core->front = channel_new(core->loop, fd, MESSAGE_LARGE_MAX, &front_ops, core);
		channel_batch(core->front);
		return 0;
	}
	drop_channel(core, &core->egress);
	core->egress = channel_new(core->loop, fd, MESSAGE_SMALL_MAX, &egress_ops, core);
	outbox_egress_new(core);
	prober_egress_new(core);
	return settle(core, outcome_egress_new(core, err), err);
}

static const struct message_handler control_handlers[MSG_IDS] = {
	[MSG_SETUP] = { on_setup },
	[MSG_PEER] = { on_peer },
	[MSG_CONFIG] = { on_config },
	[MSG_ROLES] = { on_roles },
	[MSG_STARTED] = { on_started },
	[MSG_REFUSED] = { on_refused },
	[MSG_ENDED] = { on_ended },
	[MSG_PROBED] = { on_probed },
};

static int control_frame(void *arg, uint16_t type, const unsigned char *payload, size_t len, int fd,
		struct err *err)
{
	return message_dispatch(control_handlers, arg, type, payload, len, fd, err);
}

/* The parent is gone: what is not committed was not acknowledged. */
static void control_closed(void *arg, const struct err *why)
{
	struct core *core = arg;

	say_broken("executor", why);
	loop_stop(core->loop, why ? 1 : 0);
}

static const struct channel_ops control_ops = { control_frame, control_closed };

/* The shorter of two waits, of which -1 is none. */
static int64_t sooner(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* What is due in each room. Returns ms until the next is, -1 for none, -2 when the store failed. */
static int64_t do_what_is_due(struct core *core, struct err *err)
{
	static int64_t (*const rooms[])(struct core *, struct err *) = { pause_tick, approvals_tick,
		runner_tick, prober_tick, escalator_tick, outbox_tick, janitor_tick };
	int64_t wait = -1;

	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		int64_t next = rooms[i](core, err);

		if (next == -2) {
			return -2;
		}
		wait = sooner(wait, next);
	}
	return wait;
}

/* End of one turn: what is due, the commit, and out go the messages. */
static int64_t core_tick(void *arg)
{
	struct core *core = arg;
	struct err err;
	int64_t wait;

	if (core->failed || !core->db) {
		return -1;
	}
	wait = core->generations ? do_what_is_due(core, &err) : -1;
	core->counters.commits += db_in_transaction(core->db);
	if (wait == -2 || turn_end(&core->turn, &err) < 0) {
		core_fail(core, &err);
		return 0;
	}
	outcome_committed(core);
	return sooner(wait, space_tick(&core->space));
}

static void on_signal(void *arg, int signo)
{
	struct core *core = arg;

	/* INT and HUP of a terminal go to the whole group; what they mean is the parent's matter.
	 */
	if (signo == SIGTERM) {
		loop_stop(core->loop, 0);
	}
}

void core_clear(struct core *core)
{
	channel_free(core->front);
	channel_free(core->egress);
	channel_free(core->control);
	runner_clear(core);
	outbox_clear(core);
	prober_clear(core);
	pause_clear(&core->pause);
	clocks_clear(&core->clocks);
	turn_clear(&core->turn);
	db_close(core->db);
	while (core->generations) {
		struct generation *generation = core->generations;

		core->generations = generation->older;
		config_free(generation->config);
		free(generation);
	}
	for (size_t i = 0; i < core->counters.runs_len; i++) {
		free(core->counters.runs[i].playbook);
	}
	free(core->counters.runs);
	for (size_t i = 0; i < core->counters.notices_len; i++) {
		free(core->counters.notices[i].receiver);
	}
	free(core->counters.notices);
	free(core->daemon.config_path);
	free(core->storage_path);
	free(core->external_url);
	if (core->storage_fd >= 0) {
		close(core->storage_fd);
	}
	loop_free(core->loop);
}

int core_main(int control_fd)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, 0 };
	struct core core = { .storage_fd = -1 };
	struct err err;
	int status = 1;

	core.loop = loop_new(&err);
	if (!core.loop || loop_signals(core.loop, signals, on_signal, &core, &err) < 0) {
		log_error("the core cannot start", LOG_STR("error", err.msg));
		loop_free(core.loop);
		return 1;
	}
	core.control = channel_new(core.loop, control_fd, MESSAGE_LARGE_MAX, &control_ops, &core);
	status = loop_run(core.loop, core_tick, &core);
	core_clear(&core);
	return status;
}
