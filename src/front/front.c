/* SPDX-License-Identifier: Apache-2.0 */
#include "front/front.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "front/dispatcher.h"

#define STOP_MAX_MS 15000
#define FILES_MAX   20000 /* descriptors that all listeners' connections may need */

struct front {
	struct loop *loop;
	struct dispatcher *dispatcher;
	struct channel *control;
	struct channel *core; /* NULL while there is none */
	int64_t stop_by_ms;   /* 0: not stopping */
};

/* A message that no descriptor may come with. */
static int no_descriptor(int fd, const char *what, struct err *err)
{
	if (fd < 0) {
		return 0;
	}
	close(fd);
	return err_set(err, ERR_INPUT, "%s: a descriptor came with it", what);
}

/* --- the core --- */

static int on_answer(void *arg, const void *msg, int fd, struct err *err)
{
	struct front *front = arg;

	if (no_descriptor(fd, "answer", err) < 0) {
		return -1;
	}
	return dispatcher_answer(front->dispatcher, msg, err);
}

static const struct message_handler core_handlers[MSG_IDS] = {
	[MSG_ANSWER] = { on_answer },
};

static int on_core_frame(void *arg, uint16_t type, const unsigned char *payload, size_t len, int fd,
		struct err *err)
{
	return message_dispatch(core_handlers, arg, type, payload, len, fd, err);
}

/* Replace the channel to the core by another, or by none. */
static void set_core(struct front *front, struct channel *core)
{
	struct channel *old = front->core;

	front->core = core;
	dispatcher_set_core(front->dispatcher, core);
	channel_free(old);
}

static void on_core_closed(void *arg, const struct err *why)
{
	if (why) {
		log_error("role broke the protocol", LOG_STR("role", role_names[ROLE_CORE]),
				LOG_STR("error", why->msg));
	}
	set_core(arg, NULL);
}

/* --- the executor --- */

static int on_setup(void *arg, const void *msg, int fd, struct err *err)
{
	struct front *front = arg;

	if (no_descriptor(fd, "setup", err) < 0) {
		return -1;
	}
	dispatcher_setup(front->dispatcher, msg);
	return 0;
}

static int on_listen(void *arg, const void *payload, int fd, struct err *err)
{
	struct front *front = arg;
	const struct msg_listen *msg = payload;

	if (fd < 0) {
		return err_set(err, ERR_INPUT, "listen: no socket came with it");
	}
	if (dispatcher_listen(front->dispatcher, fd, err) < 0) {
		return err_wrap(err, "listen on '%s'", msg->address);
	}
	log_info("listening", LOG_STR("address", msg->address));
	return 0;
}

static int on_peer(void *arg, const void *payload, int fd, struct err *err)
{
	static const struct channel_ops core_ops = { on_core_frame, on_core_closed };
	struct front *front = arg;
	const struct msg_peer *msg = payload;

	if (fd < 0) {
		return err_set(err, ERR_INPUT, "peer: no socket came with it");
	}
	if (msg->role != ROLE_CORE) {
		close(fd);
		return err_set(err, ERR_INPUT, "peer: role %d", msg->role);
	}
	set_core(front, channel_new(front->loop, fd, MESSAGE_LARGE_MAX, &core_ops, front));
	channel_batch(front->core);
	return 0;
}

static int on_reloaded(void *arg, const void *msg, int fd, struct err *err)
{
	struct front *front = arg;

	if (no_descriptor(fd, "reloaded", err) < 0) {
		return -1;
	}
	dispatcher_reloaded(front->dispatcher, msg);
	return 0;
}

static const struct message_handler control_handlers[MSG_IDS] = {
	[MSG_SETUP] = { on_setup },
	[MSG_LISTEN] = { on_listen },
	[MSG_PEER] = { on_peer },
	[MSG_RELOADED] = { on_reloaded },
};

static int on_control_frame(void *arg, uint16_t type, const unsigned char *payload, size_t len,
		int fd, struct err *err)
{
	return message_dispatch(control_handlers, arg, type, payload, len, fd, err);
}

static void on_control_closed(void *arg, const struct err *why)
{
	struct front *front = arg;

	if (why) {
		log_error("role broke the protocol", LOG_STR("role", role_names[ROLE_EXECUTOR]),
				LOG_STR("error", why->msg));
	}
	loop_stop(front->loop, why ? 1 : 0);
}

/* --- the role --- */

static void on_signal(void *arg, int signo)
{
	struct front *front = arg;

	if (signo == SIGTERM && front->stop_by_ms == 0) {
		front->stop_by_ms = clock_mono_ms() + STOP_MAX_MS;
		dispatcher_stop(front->dispatcher);
	}
}

static int64_t on_tick(void *arg)
{
	struct front *front = arg;
	int64_t wait = dispatcher_tick(front->dispatcher);

	channel_flush(front->core);
	if (front->stop_by_ms == 0) {
		return wait;
	}

	int64_t left = front->stop_by_ms - clock_mono_ms();

	if (dispatcher_is_idle(front->dispatcher) || left <= 0) {
		loop_stop(front->loop, 0);
		return 0;
	}
	return wait >= 0 && wait < left ? wait : left;
}

static int front_open(struct front *front, int control_fd, struct err *err)
{
	static const struct channel_ops control_ops = { on_control_frame, on_control_closed };
	static const int signals[] = { SIGTERM, SIGINT, 0 };

	front->loop = loop_new(err);
	if (!front->loop) {
		close(control_fd);
		return -1;
	}
	front->control = channel_new(
			front->loop, control_fd, MESSAGE_SMALL_MAX, &control_ops, front);
	front->dispatcher = dispatcher_new(front->loop, front->control);
	return loop_signals(front->loop, signals, on_signal, front, err);
}

static void front_close(struct front *front)
{
	dispatcher_free(front->dispatcher);
	channel_free(front->core);
	channel_free(front->control);
	loop_free(front->loop);
}

/* Every connection is a descriptor; the usual 1024 would starve them. */
static void raise_files_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < FILES_MAX) {
		limit.rlim_cur = limit.rlim_max < FILES_MAX ? limit.rlim_max : FILES_MAX;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int front_main(int control_fd)
{
	struct front front = { 0 };
	struct err err;
	int status = 1;

	signal(SIGPIPE, SIG_IGN);
	raise_files_limit();
	if (front_open(&front, control_fd, &err) < 0) {
		log_error("front cannot start", LOG_STR("error", err.msg));
	} else {
		status = loop_run(front.loop, on_tick, &front);
	}
	front_close(&front);
	return status;
}
