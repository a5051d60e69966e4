/* SPDX-License-Identifier: Apache-2.0 */
#include "core/core_role.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "config/load.h"
#include "core/api/command/delivery_command.h"
#include "core/api/dispatch.h"
#include "core/checks/prober.h"
#include "core/intake/rejects.h"
#include "core/notify/outbox.h"
#include "core/run/outcome.h"
#include "core/upstream/asking.h"
#include "sys/file.h"
#include "sys/migrate.h"

/* A store up to this size is looked through at each start: about 0.1 s. */
#define CHECK_MAX (INT64_C(32) << 20)

/* A handler's verdict on the sender is 0: when the store failed it is not the sender's fault. */
static int settle(struct core *core, int rc, const struct err *err)
{
	if (rc < 0) {
		core_fail(core, err);
	}
	return 0;
}

/* --- messages of the executor --- */

static int on_setup(void *arg, const void *msg, int fd, struct err *err)
{
	const struct msg_setup *setup = msg;
	struct core *core = arg;
	struct ground *ground = &core->ground;
	auto_free char *path = xasprintf("%s/playbookd.db", setup->storage_path);

	(void)fd;
	if (ground->db) {
		return err_set(err, ERR_INPUT, "setup came twice");
	}
	ground->storage_path = xstrdup(setup->storage_path);
	ground->external_url = xstrdup(setup->external_url);
	ground->storage_fd = file_open_dir(AT_FDCWD, setup->storage_path, err);
	if (ground->storage_fd < 0) {
		return settle(core, -1, err);
	}
	disk_space_init(&core->storage.space, ground->storage_fd, setup->min_free,
			ground->turn.mono_ms);
	core->storage.retention_ms = setup->retention_ms;
	core_open(core, db_open(path, err));
	if (!ground->db || migrate(ground->db, err) < 0 ||
			db_check(ground->db, CHECK_MAX, err) < 0) {
		return settle(core, -1, err);
	}
	return 0;
}

static int take_first(struct core *core, struct err *err)
{
	struct ground *ground = &core->ground;

	if (core_begin(core, err) < 0) {
		return -1;
	}
	turn_send(&ground->turn, ground->links.control, MSG_READY, &(struct msg_ready){ 0 });
	return 0;
}

static int on_config(void *arg, const void *msg, int fd, struct err *err)
{
	const struct msg_config *config = msg;
	struct core *core = arg;
	struct ground *ground = &core->ground;
	const struct config_files files = { .items = config->files, .len = config->files_len };
	auto_buf struct buf report = { 0 };
	bool first = !ground->configs.newest;
	struct config *parsed;

	(void)fd;
	if (!ground->db) {
		return err_set(err, ERR_INPUT, "a configuration before setup");
	}
	parsed = load_config(&files, &report, err);
	if (!parsed) {
		return err_set(err, ERR_INPUT, "a configuration with mistakes: %s",
				buf_text(&report));
	}
	configs_add(&ground->configs, parsed);
	if (first) {
		return settle(core, take_first(core, err), err);
	}
	if (audit_chain_reload(ground, config->by, err) < 0) {
		return settle(core, -1, err);
	}
	return settle(core, core_config_new(core, err), err);
}

/* After the commit of what came before: the messages of a turn are held until then. */
static int on_sync(void *arg, const void *msg, int fd, struct err *err)
{
	const struct msg_sync *sync = msg;
	struct ground *ground = &((struct core *)arg)->ground;

	(void)fd;
	(void)err;
	turn_send(&ground->turn, ground->links.control, MSG_SYNCED,
			&(struct msg_synced){ .number = sync->number });
	return 0;
}

static int on_roles(void *arg, const void *msg, int fd, struct err *err)
{
	const struct msg_roles *roles = msg;
	struct daemon_state *daemon = &((struct core *)arg)->ground.daemon;

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
	struct core *core = arg;

	(void)fd;
	return settle(core, outcome_started(&core->run, msg, err), err);
}

static int on_refused(void *arg, const void *msg, int fd, struct err *err)
{
	struct core *core = arg;

	(void)fd;
	return settle(core, outcome_refused(&core->run, msg, err), err);
}

static int on_ended(void *arg, const void *msg, int fd, struct err *err)
{
	struct core *core = arg;

	(void)fd;
	return settle(core, outcome_ended(&core->run, msg, err), err);
}

/* Of a run's step, or else of a check in the background. */
static int on_probed(void *arg, const void *msg, int fd, struct err *err)
{
	struct core *core = arg;
	bool taken;

	(void)fd;
	if (outcome_probed(&core->run, msg, &taken, err) < 0) {
		return settle(core, -1, err);
	}
	if (!taken) {
		prober_probed(&core->checks, msg);
	}
	return 0;
}

/* --- messages of the front and of egress --- */

static int on_deliver(void *arg, const void *msg, int fd, struct err *err)
{
	const struct msg_deliver *deliver = msg;
	struct core *core = arg;
	struct err why;

	(void)fd;
	if (!deliver->dry_run && disk_space_admit(&core->storage.space, core->ground.turn.mono_ms,
						 &why) < 0) {
		delivery_command_refuse(&core->api, deliver, &why);
		return 0;
	}
	return settle(core, delivery_command(&core->api, deliver, err), err);
}

static int on_rejected(void *arg, const void *msg, int fd, struct err *err)
{
	struct core *core = arg;
	struct err why;

	(void)fd;
	if (disk_space_admit(&core->storage.space, core->ground.turn.mono_ms, &why) < 0) {
		rejects_count(&core->intake, msg);
		return 0;
	}
	return settle(core, rejects_keep(&core->intake, msg, err), err);
}

static int on_query(void *arg, const void *msg, int fd, struct err *err)
{
	const struct msg_query *query = msg;
	struct core *core = arg;

	(void)fd;
	if (query->route >= ROUTES) {
		return err_set(err, ERR_INPUT, "no route %d", query->route);
	}
	return settle(core, dispatch_query(&core->api, query, err), err);
}

static int on_notified(void *arg, const void *msg, int fd, struct err *err)
{
	struct core *core = arg;

	(void)fd;
	return settle(core, outbox_notified(&core->notify, msg, err), err);
}

static int on_listed(void *arg, const void *msg, int fd, struct err *err)
{
	struct core *core = arg;

	(void)fd;
	(void)err;
	asking_listed(&core->upstream, msg);
	return 0;
}

static int on_fetched(void *arg, const void *msg, int fd, struct err *err)
{
	struct core *core = arg;

	(void)fd;
	return settle(core, asking_fetched(&core->upstream, msg, err), err);
}

static int on_asked(void *arg, const void *msg, int fd, struct err *err)
{
	struct core *core = arg;

	(void)fd;
	return settle(core, asking_asked(&core->upstream, msg, err), err);
}

/* --- channels --- */

static int front_frame(void *arg, uint16_t type, const unsigned char *payload, size_t len, int fd,
		struct err *err)
{
	return core_role_frame(arg, ROLE_FRONT, type, payload, len, fd, err);
}

static int egress_frame(void *arg, uint16_t type, const unsigned char *payload, size_t len, int fd,
		struct err *err)
{
	return core_role_frame(arg, ROLE_EGRESS, type, payload, len, fd, err);
}

static int control_frame(void *arg, uint16_t type, const unsigned char *payload, size_t len, int fd,
		struct err *err)
{
	return core_role_frame(arg, ROLE_EXECUTOR, type, payload, len, fd, err);
}

static void drop_channel(struct core *core, struct channel **slot)
{
	turn_forget(&core->ground.turn, *slot);
	channel_free(*slot);
	*slot = NULL;
}

static void log_broken(enum role role, const struct err *why)
{
	if (why) {
		log_error("role broke the protocol", LOG_STR("role", role_names[role]),
				LOG_STR("error", why->msg));
	}
}

static void front_closed(void *arg, const struct err *why)
{
	struct core *core = arg;

	log_broken(ROLE_FRONT, why);
	drop_channel(core, &core->ground.links.front);
}

static void egress_closed(void *arg, const struct err *why)
{
	struct core *core = arg;

	log_broken(ROLE_EGRESS, why);
	drop_channel(core, &core->ground.links.egress);
}

/* The parent is gone: what is not committed was not acknowledged. */
static void control_closed(void *arg, const struct err *why)
{
	struct core *core = arg;

	log_broken(ROLE_EXECUTOR, why);
	loop_stop(core->loop, why ? 1 : 0);
}

static const struct channel_ops front_ops = { front_frame, front_closed };
static const struct channel_ops egress_ops = { egress_frame, egress_closed };
static const struct channel_ops control_ops = { control_frame, control_closed };

static int on_peer(void *arg, const void *msg, int fd, struct err *err)
{
	const struct msg_peer *peer = msg;
	struct core *core = arg;
	struct links *links = &core->ground.links;

	if (fd < 0 || !core->ground.configs.newest ||
			(peer->role != ROLE_FRONT && peer->role != ROLE_EGRESS)) {
		if (fd >= 0) {
			close(fd);
		}
		return err_set(err, ERR_INPUT, "a peer that cannot be");
	}
	if (peer->role == ROLE_FRONT) {
		drop_channel(core, &links->front);
		links->front = channel_new(core->loop, fd, MESSAGE_LARGE_MAX, &front_ops, core);
		channel_batch(links->front);
		return 0;
	}
	drop_channel(core, &links->egress);
	links->egress = channel_new(core->loop, fd, MESSAGE_SMALL_MAX, &egress_ops, core);
	core_egress_new(core);
	return 0;
}

/* By the role that sends them. */
static const struct message_handler handlers[ROLES][MSG_IDS] = {
	[ROLE_EXECUTOR] = {
		[MSG_SETUP] = { on_setup },
		[MSG_PEER] = { on_peer },
		[MSG_CONFIG] = { on_config },
		[MSG_ROLES] = { on_roles },
		[MSG_SYNC] = { on_sync },
		[MSG_STARTED] = { on_started },
		[MSG_REFUSED] = { on_refused },
		[MSG_ENDED] = { on_ended },
		[MSG_PROBED] = { on_probed },
	},
	[ROLE_FRONT] = {
		[MSG_DELIVER] = { on_deliver },
		[MSG_QUERY] = { on_query },
		[MSG_REJECTED] = { on_rejected },
	},
	[ROLE_EGRESS] = {
		[MSG_PROBED] = { on_probed },
		[MSG_NOTIFIED] = { on_notified },
		[MSG_LISTED] = { on_listed },
		[MSG_FETCHED] = { on_fetched },
		[MSG_ASKED] = { on_asked },
	},
};

int core_role_frame(struct core *core, enum role from, uint16_t type, const unsigned char *payload,
		size_t len, int fd, struct err *err)
{
	if (core->failure.code != ERR_NONE) {
		if (fd >= 0) {
			close(fd);
		}
		return 0;
	}
	turn_begin(&core->ground.turn);
	return message_dispatch(handlers[from], core, type, payload, len, fd, err);
}

/* --- the process --- */

static void on_signal(void *arg, int signo)
{
	struct core *core = arg;

	/* INT and HUP of a terminal go to the whole group; what they mean is the parent's matter.
	 */
	if (signo == SIGTERM) {
		loop_stop(core->loop, 0);
	}
}

int core_role_main(int control_fd)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, 0 };
	struct core core = { 0 };
	struct err err;
	int status = 1;

	core_init(&core, &ports_real);
	core.loop = loop_new(&err);
	if (!core.loop || loop_signals(core.loop, signals, on_signal, &core, &err) < 0) {
		log_error("core cannot start", LOG_STR("error", err.msg));
		loop_free(core.loop);
		return 1;
	}
	core.ground.links.control =
			channel_new(core.loop, control_fd, MESSAGE_LARGE_MAX, &control_ops, &core);
	status = loop_run(core.loop, core_tick, &core);
	core_clear(&core);
	return status;
}
