/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/roles.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strv.h"
#include "executor/storage.h"
#include "sys/channel.h"
#include "sys/spawn.h"

/* An alert of START_ALERT_MAX and what goes with it. */
#define FRAME_MAX (MESSAGE_SMALL_MAX + 64 * 1024)
#define LINGER_MS 1000 /* how long a role may live on without its control channel */

struct role_process {
	struct roles *owner;
	enum role role;
	pid_t pid; /* 0: down */
	struct channel *channel;
	int64_t started_wall;
	int64_t started_mono;
	int64_t start_at; /* mono; while down */
	int64_t kill_at;  /* mono; 0: not */
	int64_t pause_ms;
	uint64_t restarts;
};

struct roles {
	struct loop *loop;
	struct roles_options options;
	const struct roles_ops *ops;
	void *arg;
	int64_t core_stop_at; /* mono; while stopping, until core and egress were asked to stop */
	bool stopping;
	bool hopeless;                    /* a role said that it cannot work */
	struct role_process items[ROLES]; /* the executor's own is not used */
};

/* Who talks to whom. */
static const enum role links[][2] = {
	{ ROLE_FRONT, ROLE_CORE },
	{ ROLE_CORE, ROLE_EGRESS },
};

static int64_t earlier(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

static int on_frame(void *arg, uint16_t type, const unsigned char *payload, size_t len, int fd,
		struct err *err)
{
	struct role_process *p = arg;

	return p->owner->ops->frame(p->owner->arg, p->role, type, payload, len, fd, err);
}

/* A role that breaks the protocol is killed; one that closed its channel is about to end. */
static void on_closed(void *arg, const struct err *why)
{
	struct role_process *p = arg;

	channel_free(p->channel);
	p->channel = NULL;
	if (why) {
		log_error("role broke the protocol", LOG_STR("role", role_names[p->role]),
				LOG_INT("pid", p->pid), LOG_STR("error", why->msg));
		kill(p->pid, SIGKILL);
	} else if (p->kill_at == 0) {
		p->kill_at = clock_mono_ms() + LINGER_MS;
	}
}

static const struct channel_ops channel_ops = { on_frame, on_closed };

struct roles *roles_new(struct loop *loop, const struct roles_options *options,
		const struct roles_ops *ops, void *arg)
{
	struct roles *roles = xcalloc(1, sizeof(*roles));

	roles->loop = loop;
	roles->options = *options;
	roles->ops = ops;
	roles->arg = arg;
	for (enum role role = ROLE_CORE; role < ROLES; role++) {
		roles->items[role] = (struct role_process){
			.owner = roles, .role = role, .start_at = 1
		};
	}
	return roles;
}

void roles_free(struct roles *roles)
{
	if (!roles) {
		return;
	}
	for (enum role role = ROLE_CORE; role < ROLES; role++) {
		struct role_process *p = &roles->items[role];

		if (p->pid) {
			kill(p->pid, SIGKILL);
			waitpid(p->pid, NULL, 0);
		}
		channel_free(p->channel);
	}
	free(roles);
}

/* A start that failed, or a life that was short, makes the next pause longer. */
static void plan_start(struct role_process *p, int64_t now)
{
	if (now - p->started_mono >= ROLES_STEADY_MS) {
		p->pause_ms = 0;
		p->start_at = now;
		return;
	}
	p->pause_ms = p->pause_ms ? p->pause_ms * 2 : ROLES_PAUSE_MIN_MS;
	if (p->pause_ms > ROLES_PAUSE_MAX_MS) {
		p->pause_ms = ROLES_PAUSE_MAX_MS;
	}
	p->start_at = now + p->pause_ms;
}

/* Of the environment only the time zone goes on: time intervals may be in "Local". */
static pid_t spawn_role(const struct roles *roles, enum role role, int control,
		struct spawn_failure *ret_failure)
{
	auto_strv struct strv argv = { 0 };
	const char *zone = getenv("TZ");
	auto_free char *tz = zone ? xasprintf("TZ=%s", zone) : NULL;
	auto_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int fds[] = { null, null, STDERR_FILENO, control, roles->options.lock_fd };

	strv_add(&argv, "playbookd");
	strv_addf(&argv, "--role=%s", role_names[role]);
	strv_addf(&argv, "--log.level=%s", roles->options.log_level);
	strv_addf(&argv, "--log.format=%s", roles->options.log_format);
	static_assert(STORAGE_LOCK_FD == ROLES_CONTROL_FD + 1, "the order in fds");
	return spawn_start(&(struct spawn){ .program = roles->options.program,
					   .argv = strv_array(&argv),
					   .env = (char *[]){ tz, NULL },
					   .fds = fds,
					   .fds_len = role == ROLE_CORE ? 5 : 4,
					   .umask = 077,
					   .new_session = true,
					   .die_with_parent = true },
			ret_failure);
}

/* Give both ends of a link a new pair. */
static void connect_link(struct roles *roles, enum role a, enum role b)
{
	int fds[2];
	struct err err;

	if (!roles->items[a].pid || !roles->items[b].pid) {
		return;
	}
	if (channel_pair(fds, &err) < 0) {
		log_error("roles not connected", LOG_STR("error", err.msg));
		kill(roles->items[b].pid, SIGKILL);
		return;
	}
	roles_send(roles, a, MSG_PEER, &(struct msg_peer){ .role = (uint8_t)b }, fds[0]);
	roles_send(roles, b, MSG_PEER, &(struct msg_peer){ .role = (uint8_t)a }, fds[1]);
	close(fds[0]);
	close(fds[1]);
}

static int start_process(struct role_process *p)
{
	struct roles *roles = p->owner;
	struct spawn_failure failure = { 0 };
	struct err err;
	int fds[2];

	if (channel_pair(fds, &err) < 0) {
		log_error("role not started", LOG_STR("role", role_names[p->role]),
				LOG_STR("error", err.msg));
		return -1;
	}
	p->pid = spawn_role(roles, p->role, fds[1], &failure);
	close(fds[1]);
	if (p->pid < 0) {
		log_error("role not started", LOG_STR("role", role_names[p->role]),
				LOG_STR("failed", failure.doing),
				LOG_STR("error", strerror(failure.sys_errno)));
		close(fds[0]);
		p->pid = 0;
		return -1;
	}
	p->channel = channel_new(roles->loop, fds[0], FRAME_MAX, &channel_ops, p);
	return 0;
}

static void start_role(struct role_process *p, int64_t now)
{
	struct roles *roles = p->owner;

	p->started_mono = now;
	p->kill_at = 0;
	if (start_process(p) < 0) {
		plan_start(p, now);
		return;
	}
	p->start_at = 0;
	p->started_wall = clock_wall_ms();
	roles->ops->started(roles->arg, p->role);
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
		if (links[i][0] == p->role || links[i][1] == p->role) {
			connect_link(roles, links[i][0], links[i][1]);
		}
	}
	roles->ops->changed(roles->arg, p->role);
}

static void tell_to_end(struct role_process *p, int64_t kill_at)
{
	p->start_at = 0;
	if (p->pid) {
		kill(p->pid, SIGTERM);
		p->kill_at = kill_at;
	}
}

/* The front first, so that nothing new comes in while the core finishes. */
void roles_stop(struct roles *roles)
{
	int64_t now = clock_mono_ms();

	if (!roles->stopping) {
		roles->stopping = true;
		roles->core_stop_at = now + ROLES_DRAIN_MS;
		tell_to_end(&roles->items[ROLE_FRONT], now + ROLES_STOP_MS);
	}
}

static void stop_others(struct roles *roles, int64_t now)
{
	int64_t kill_at = roles->core_stop_at - ROLES_DRAIN_MS + ROLES_STOP_MS;

	if (roles->core_stop_at && (!roles->items[ROLE_FRONT].pid || now >= roles->core_stop_at)) {
		roles->core_stop_at = 0;
		tell_to_end(&roles->items[ROLE_CORE], kill_at);
		tell_to_end(&roles->items[ROLE_EGRESS], kill_at);
	}
}

bool roles_hopeless(const struct roles *roles)
{
	return roles->hopeless;
}

bool roles_stopped(const struct roles *roles)
{
	for (enum role role = ROLE_CORE; role < ROLES; role++) {
		if (roles->items[role].pid) {
			return false;
		}
	}
	return roles->stopping;
}

static int64_t tick_one(struct role_process *p, int64_t now)
{
	if (!p->pid && !p->owner->stopping && p->start_at <= now) {
		start_role(p, now);
	}
	if (p->pid && p->kill_at && p->kill_at <= now) {
		kill(p->pid, SIGKILL);
		p->kill_at = 0;
	}
	if (p->pid) {
		return p->kill_at;
	}
	return p->owner->stopping ? 0 : p->start_at;
}

int64_t roles_tick(struct roles *roles)
{
	int64_t now = clock_mono_ms();
	int64_t due = 0;

	if (roles->stopping) {
		stop_others(roles, now);
		due = roles->core_stop_at;
	}
	for (enum role role = ROLE_CORE; role < ROLES; role++) {
		due = earlier(due, tick_one(&roles->items[role], now));
	}
	if (due == 0) {
		return -1;
	}
	return due > now ? due - now : 0;
}

static void log_death(const struct role_process *p, int status)
{
	enum log_level level = p->owner->stopping ? LOG_INFO : LOG_ERROR;

	if (WIFSIGNALED(status)) {
		LOG_AT(level, "role ended", LOG_STR("role", role_names[p->role]),
				LOG_INT("pid", p->pid),
				LOG_STR("signal", sigabbrev_np(WTERMSIG(status))), LOG_END);
		return;
	}
	LOG_AT(level, "role ended", LOG_STR("role", role_names[p->role]), LOG_INT("pid", p->pid),
			LOG_INT("status", WEXITSTATUS(status)), LOG_END);
}

static void on_death(struct role_process *p, int status)
{
	log_death(p, status);
	if (WIFEXITED(status) && WEXITSTATUS(status) == ROLE_EXIT_HOPELESS) {
		p->owner->hopeless = true;
	}
	channel_free(p->channel);
	p->channel = NULL;
	p->pid = 0;
	p->kill_at = 0;
	if (!p->owner->stopping) {
		p->restarts += !p->owner->hopeless;
		plan_start(p, clock_mono_ms());
	}
	p->owner->ops->changed(p->owner->arg, p->role);
}

void roles_reap(struct roles *roles)
{
	for (enum role role = ROLE_CORE; role < ROLES; role++) {
		struct role_process *p = &roles->items[role];
		int status;

		if (p->pid && waitpid(p->pid, &status, WNOHANG) == p->pid) {
			on_death(p, status);
		}
	}
}

void roles_send(struct roles *roles, enum role role, enum message_id id, const void *msg, int fd)
{
	if (roles->items[role].channel) {
		message_send(roles->items[role].channel, id, msg, fd);
	}
}

void roles_report(const struct roles *roles, struct role_state *ret_rows)
{
	for (enum role role = ROLE_CORE; role < ROLES; role++) {
		const struct role_process *p = &roles->items[role];

		*ret_rows++ = (struct role_state){ .role = (uint8_t)role,
			.pid = p->pid,
			.started_at = p->pid ? p->started_wall : 0,
			.restarts = p->restarts };
	}
}
