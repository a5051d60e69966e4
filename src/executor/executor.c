/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/executor.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/load.h"
#include "config/secrets.h"
#include "executor/attempts.h"
#include "executor/commands.h"
#include "executor/detached.h"
#include "executor/leftovers.h"
#include "executor/listen.h"
#include "executor/permit.h"
#include "executor/reloads.h"
#include "executor/roles.h"
#include "executor/storage.h"
#include "sys/loop.h"
#include "wire/message.h"

#define NOFILE 65536 /* descriptors the front may need, when we are allowed that many */

struct executor {
	const struct executor_options *options;
	struct loop *loop;
	struct storage storage;
	struct listener listeners[EXECUTOR_LISTEN_MAX];
	size_t listeners_len;
	struct config_versions config_versions;
	uint8_t seal_key[DIGEST_SIZE];
	struct config_files files; /* of the newest */
	struct secrets secrets;    /* of the newest */
	struct attempts *attempts;
	struct commands *commands;
	struct roles *roles;
	struct reloads reloads;
	int64_t started_at;
	int64_t config_loaded_at;
	bool config_ok;
	bool hopeless;  /* a role said so, and all ends */
	bool leftovers; /* a shim was killed, and what it watched is being ended */
	struct detached detached;
};

static void send_core(void *arg, enum message_id id, const void *msg)
{
	struct executor *e = arg;

	roles_send(e->roles, ROLE_CORE, id, msg, -1);
}

static void send_config(struct executor *e, const char *by)
{
	send_core(e, MSG_CONFIG,
			&(struct msg_config){ .files = e->files.items,
					.files_len = e->files.len,
					.by = by });
}

static void send_receivers(struct executor *e)
{
	roles_send(e->roles, ROLE_EGRESS, MSG_RECEIVERS,
			&(struct msg_receivers){ .receivers = e->secrets.receivers,
					.receivers_len = e->secrets.receivers_len,
					.alertmanagers = e->secrets.alertmanagers,
					.alertmanagers_len = e->secrets.alertmanagers_len },
			-1);
}

static void send_roles(struct executor *e)
{
	struct role_state rows[ROLES - 1];

	roles_report(e->roles, rows);
	send_core(e, MSG_ROLES,
			&(struct msg_roles){ .roles = rows,
					.roles_len = ROLES - 1,
					.started_at = e->started_at,
					.config_loaded_at = e->config_loaded_at,
					.config_ok = e->config_ok,
					.config_path = e->options->config_path });
}

/* After all that it has been sent. Only core and egress take part. */
static void send_sync(struct executor *e, enum role role)
{
	roles_send(e->roles, role, MSG_SYNC, &(struct msg_sync){ .number = e->reloads.number }, -1);
}

static void on_started(void *arg, enum role role)
{
	struct executor *e = arg;
	const struct msg_setup setup = { .storage_path = e->storage.path,
		.external_url = e->options->external_url,
		.operator_token = role == ROLE_FRONT ? e->storage.token : "",
		.retention_ms = e->options->retention_ms,
		.min_free = e->options->min_free };

	roles_send(e->roles, role, MSG_SETUP, &setup, -1);
	if (role == ROLE_CORE) {
		send_config(e, "");
	}
	if (role == ROLE_EGRESS) {
		send_receivers(e);
	}
	for (size_t i = 0; role == ROLE_FRONT && i < e->listeners_len; i++) {
		roles_send(e->roles, role, MSG_LISTEN,
				&(struct msg_listen){ .address = e->listeners[i].address },
				e->listeners[i].fd);
	}
}

static void on_changed(void *arg, enum role role)
{
	struct executor *e = arg;
	struct role_state rows[ROLES - 1];

	roles_report(e->roles, rows);
	if (role == ROLE_CORE && rows[ROLE_CORE - 1].pid == 0) {
		attempts_core_gone(e->attempts);
		commands_drop(e->commands);
	}
	if (role == ROLE_FRONT && rows[ROLE_FRONT - 1].pid == 0) {
		reloads_forget_requests(&e->reloads);
	}
	send_roles(e);
	if (role != ROLE_FRONT) {
		send_sync(e, role);
	}
}

/* Read and check the files; on success they are what the executor goes by. */
static int load(struct executor *e, struct buf *report, struct err *err)
{
	struct config_files files = { 0 };
	struct secrets secrets = { 0 };
	struct config *config = NULL;

	if (load_files(e->options->config_path, &files, report, err) == 0) {
		config = load_config(&files, report, err);
	}
	e->config_ok = config && secrets_read(config, &secrets, report, err) == 0;
	if (!e->config_ok) {
		config_free(config);
		files_clear(&files);
		return -1;
	}
	config_versions_push_take(&e->config_versions, config);
	files_clear(&e->files);
	e->files = files;
	secrets_clear(&e->secrets);
	e->secrets = secrets;
	e->config_loaded_at = clock_wall_ms();
	return 0;
}

static void log_report(const struct buf *report, const struct err *err)
{
	const char *rest = buf_text(report);

	while (*rest) {
		size_t len = strcspn(rest, "\n");
		auto_free char *line = xstrndup(rest, len);

		log_error("configuration mistake", LOG_STR("error", line));
		rest += len + (rest[len] == '\n');
	}
	log_error("configuration not loaded: the previous one stays in force",
			LOG_STR("error", err->msg));
}

/* The report is a line for each mistake; an answer is one line. */
static void make_one_line(const struct buf *report, struct err *err)
{
	auto_free char *why = xstrdup(report->len ? buf_text(report) : err->msg);

	err_set(err, ERR_INPUT,
			"the configuration was not loaded: the previous one stays in force: %s",
			why);
	for (char *c = err->msg; *c; c++) {
		if (*c == '\n') {
			*c = c[1] ? ';' : '\0';
		}
	}
}

static void log_reload(const struct executor *e, const struct reload *done)
{
	const struct config *newest = e->config_versions.items[0];

	if (done->result.code == ERR_NONE) {
		log_info("configuration in force", LOG_STR("path", e->options->config_path),
				LOG_INT("playbooks", newest->playbooks_len),
				LOG_INT("checks", newest->checks_len));
	} else if (done->result.code == ERR_BUSY) {
		log_error("configuration not in force yet", LOG_STR("error", done->result.msg));
	}
}

static void answer_reloads(struct executor *e)
{
	struct reload done;

	while (reloads_take(&e->reloads, clock_mono_ms(), &done)) {
		log_reload(e, &done);
		if (done.request) {
			roles_send(e->roles, ROLE_FRONT, MSG_RELOADED,
					&(struct msg_reloaded){ .id = done.request,
							.code = (uint8_t)done.result.code,
							.error = done.result.msg },
					-1);
		}
	}
}

/* As by asked. request: the front's, which is answered; 0: it was not the front. */
static void reload(struct executor *e, const char *by, uint64_t request)
{
	auto_buf struct buf report = { 0 };
	struct err err = { 0 };

	answer_reloads(e);
	if (load(e, &report, &err) < 0) {
		log_report(&report, &err);
		make_one_line(&report, &err);
	} else {
		send_receivers(e);
		send_config(e, by);
	}
	send_roles(e);
	reloads_add(&e->reloads, request, &err, clock_mono_ms());
	send_sync(e, ROLE_CORE);
	send_sync(e, ROLE_EGRESS);
}

static int on_reload(void *arg, const void *msg, int fd, struct err *err)
{
	const struct msg_reload *request = msg;

	(void)fd;
	(void)err;
	reload(arg, request->principal, request->id);
	return 0;
}

static int on_core_synced(void *arg, const void *msg, int fd, struct err *err)
{
	const struct msg_synced *synced = msg;
	struct executor *e = arg;

	(void)fd;
	return reloads_synced(&e->reloads, ROLE_CORE, synced->number, err);
}

static int on_egress_synced(void *arg, const void *msg, int fd, struct err *err)
{
	const struct msg_synced *synced = msg;
	struct executor *e = arg;

	(void)fd;
	return reloads_synced(&e->reloads, ROLE_EGRESS, synced->number, err);
}

static int on_ready(void *arg, const void *msg, int fd, struct err *err)
{
	struct executor *e = arg;

	(void)msg;
	(void)fd;
	(void)err;
	for (size_t i = 0; i < e->listeners_len; i++) {
		log_info("ready to receive alerts", LOG_STR("address", e->listeners[i].address));
	}
	return 0;
}

static int on_start(void *arg, const void *msg, int fd, struct err *err)
{
	struct executor *e = arg;

	(void)fd;
	(void)err;
	attempts_start(e->attempts, &e->config_versions, msg);
	return 0;
}

static int on_probe_command(void *arg, const void *msg, int fd, struct err *err)
{
	struct executor *e = arg;

	(void)fd;
	(void)err;
	commands_start(e->commands, &e->config_versions, msg);
	return 0;
}

static int on_cancel(void *arg, const void *msg, int fd, struct err *err)
{
	const struct msg_cancel *cancel = msg;
	struct executor *e = arg;

	(void)fd;
	(void)err;
	attempts_cancel(e->attempts, &cancel->id);
	return 0;
}

static int on_go(void *arg, const void *msg, int fd, struct err *err)
{
	const struct msg_go *go = msg;
	struct executor *e = arg;

	(void)fd;
	(void)err;
	attempts_go(e->attempts, &go->id);
	return 0;
}

/* What each role may say to us; anything else breaks the protocol. */
static const struct message_handler handlers[ROLES][MSG_IDS] = {
	[ROLE_CORE] = {
		[MSG_START] = { on_start },
		[MSG_GO] = { on_go },
		[MSG_CANCEL] = { on_cancel },
		[MSG_READY] = { on_ready },
		[MSG_PROBE_COMMAND] = { on_probe_command },
		[MSG_SYNCED] = { on_core_synced },
	},
	[ROLE_FRONT] = {
		[MSG_RELOAD] = { on_reload },
	},
	[ROLE_EGRESS] = {
		[MSG_SYNCED] = { on_egress_synced },
	},
};

static int on_frame(void *arg, enum role role, uint16_t type, const unsigned char *payload,
		size_t len, int fd, struct err *err)
{
	return message_dispatch(handlers[role], arg, type, payload, len, fd, err);
}

static const struct roles_ops roles_ops = { on_started, on_frame, on_changed };

static void close_listeners(struct executor *e)
{
	for (size_t i = 0; i < e->listeners_len; i++) {
		listen_close(&e->listeners[i]);
	}
	e->listeners_len = 0;
}

static void stop(struct executor *e, const char *reason)
{
	log_info("stopping", LOG_STR("reason", reason),
			LOG_INT("running_steps", attempts_count(e->attempts)));
	close_listeners(e);
	attempts_stop(e->attempts);
	commands_drop(e->commands);
	roles_stop(e->roles);
}

static bool is_known(void *arg, pid_t pid)
{
	const struct executor *e = arg;
	struct role_state rows[ROLES - 1];

	roles_report(e->roles, rows);
	for (size_t i = 0; i < ROLES - 1; i++) {
		if (rows[i].pid == pid) {
			return true;
		}
	}
	return attempts_have(e->attempts, pid) || commands_have(e->commands, pid);
}

static bool is_spared(void *arg, pid_t pid)
{
	const struct executor *e = arg;

	return is_known(arg, pid) || detached_has(&e->detached, pid);
}

/*
 * A shim that was killed leaves us its step, which is ended. What was there before it was killed
 * was left by a step on purpose.
 */
static void on_child(struct executor *e)
{
	roles_reap(e->roles);
	if (roles_hopeless(e->roles) && !e->hopeless) {
		e->hopeless = true;
		stop(e, "a role cannot work: its error is logged above");
	}
	e->leftovers |= attempts_reap(e->attempts);
	e->leftovers |= commands_reap(e->commands);
	detached_reap(&e->detached, is_known, e);
	if (e->leftovers) {
		e->leftovers = leftovers_end(is_spared, e) > 0;
	} else {
		detached_note(&e->detached, is_known, e);
	}
}

static void on_signal(void *arg, int signo)
{
	struct executor *e = arg;

	if (signo == SIGCHLD) {
		on_child(e);
	} else if (signo == SIGHUP) {
		reload(e, "SIGHUP", 0);
	} else {
		stop(e, sigabbrev_np(signo));
	}
}

static int64_t on_tick(void *arg)
{
	struct executor *e = arg;

	if (roles_stopped(e->roles)) {
		loop_stop(e->loop, e->hopeless ? ROLE_EXIT_HOPELESS : 0);
		return 0;
	}
	answer_reloads(e);

	int64_t roles = roles_tick(e->roles);
	int64_t reloads = reloads_wait(&e->reloads, clock_mono_ms());

	return reloads < 0 || (roles >= 0 && roles < reloads) ? roles : reloads;
}

static int open_listeners(struct executor *e, struct err *err)
{
	const struct strv *listen = e->options->listen;

	if (listen->len > EXECUTOR_LISTEN_MAX) {
		return err_set(err, ERR_LIMIT, "more than %d --web.listen-address",
				EXECUTOR_LISTEN_MAX);
	}
	for (size_t i = 0; i < listen->len; i++) {
		if (listen_open(listen->items[i], &e->listeners[i], err) < 0) {
			return -1;
		}
		e->listeners_len++;
	}
	return 0;
}

/* Everything up to the first role. */
static int open_all(struct executor *e, struct buf *report, struct err *err)
{
	static const int signals[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP, 0 };

	if (load(e, report, err) < 0 ||
			storage_open(e->options->storage_path, &e->storage, err) < 0 ||
			open_listeners(e, err) < 0) {
		return -1;
	}
	digest_sha256(e->storage.token, strlen(e->storage.token), e->seal_key);
	e->config_versions.seal_key = e->seal_key;
	e->loop = loop_new(err);
	if (!e->loop || loop_signals(e->loop, signals, on_signal, e, err) < 0) {
		return -1;
	}
	e->attempts = attempts_new(e->loop, e->storage.fd, send_core, e, err);
	if (!e->attempts) {
		return -1;
	}
	e->commands = commands_new(attempts_cgroups(e->attempts), send_core, e);
	e->roles = roles_new(e->loop,
			&(struct roles_options){ .program = e->options->program,
					.log_level = e->options->log_level,
					.log_format = e->options->log_format,
					.lock_fd = e->storage.lock_fd },
			&roles_ops, e);
	return 0;
}

static void close_all(struct executor *e)
{
	roles_free(e->roles);
	commands_free(e->commands);
	attempts_free(e->attempts);
	close_listeners(e);
	loop_free(e->loop);
	storage_close(&e->storage);
	files_clear(&e->files);
	secrets_clear(&e->secrets);
	config_versions_clear(&e->config_versions);
}

/* Inherited by the roles; what a step gets is set in sys/spawn. */
static void set_limits(void)
{
	const struct rlimit no_core = { 0, 0 };
	struct rlimit nofile;

	umask(077);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_CORE, &no_core);
	if (getrlimit(RLIMIT_NOFILE, &nofile) == 0) {
		nofile.rlim_cur = nofile.rlim_max < NOFILE ? nofile.rlim_max : NOFILE;
		setrlimit(RLIMIT_NOFILE, &nofile);
	}
}

int executor_main(const struct executor_options *options)
{
	struct executor e = { .options = options,
		.storage = { .fd = -1, .lock_fd = -1 },
		.started_at = clock_wall_ms() };
	auto_buf struct buf report = { 0 };
	struct err err;
	int status;

	set_limits();
	leftovers_adopt();
	if (open_all(&e, &report, &err) < 0) {
		fprintf(stderr, "%splaybookd: %s\n", buf_text(&report), err.msg);
		close_all(&e);
		return err_exit_status(err.code);
	}
	log_info("started", LOG_STR("config", options->config_path),
			LOG_STR("storage", e.storage.path),
			LOG_INT("playbooks", e.config_versions.items[0]->playbooks_len));
	status = loop_run(e.loop, on_tick, &e);
	close_all(&e);
	log_info("stopped", LOG_INT("status", status));
	return status;
}
