/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/egress.h"

#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/log.h"
#include "egress/asker.h"
#include "egress/deliver.h"
#include "egress/probe.h"
#include "sys/channel.h"
#include "sys/loop.h"
#include "wire/message.h"

struct egress {
	struct loop *loop;
	struct channel *control;
	struct channel *core; /* NULL while there is none */
	struct probes *probes;
	struct deliver *deliver;
	struct asker *asker;
};

/* --- the core --- */

static int on_probe(void *arg, const void *msg, int fd, struct err *err)
{
	struct egress *egress = arg;

	(void)fd;
	(void)err;
	probes_start(egress->probes, msg);
	return 0;
}

static int on_notify(void *arg, const void *msg, int fd, struct err *err)
{
	struct egress *egress = arg;

	(void)fd;
	(void)err;
	deliver_start(egress->deliver, msg);
	return 0;
}

static int on_ask(void *arg, const void *msg, int fd, struct err *err)
{
	struct egress *egress = arg;

	(void)fd;
	return asker_ask(egress->asker, msg, err);
}

static const struct message_handler core_handlers[MSG_IDS] = {
	[MSG_PROBE] = { on_probe },
	[MSG_NOTIFY] = { on_notify },
	[MSG_ASK] = { on_ask },
};

static int on_core_frame(void *arg, uint16_t type, const unsigned char *payload, size_t len, int fd,
		struct err *err)
{
	return message_dispatch(core_handlers, arg, type, payload, len, fd, err);
}

static void drop_core(struct egress *egress)
{
	probes_cancel(egress->probes);
	deliver_cancel(egress->deliver);
	asker_cancel(egress->asker);
	channel_free(egress->core);
	egress->core = NULL;
}

static void on_core_closed(void *arg, const struct err *why)
{
	if (why) {
		log_error("role broke the protocol", LOG_STR("role", role_names[ROLE_CORE]),
				LOG_STR("error", why->msg));
	}
	drop_core(arg);
}

static void on_probed(void *arg, const struct msg_probed *result)
{
	struct egress *egress = arg;

	message_send(egress->core, MSG_PROBED, result, -1);
}

static void on_notified(void *arg, const struct msg_notified *result)
{
	struct egress *egress = arg;

	message_send(egress->core, MSG_NOTIFIED, result, -1);
}

static void on_listed(void *arg, const struct msg_listed *msg)
{
	message_send(((struct egress *)arg)->core, MSG_LISTED, msg, -1);
}

static void on_fetched(void *arg, const struct msg_fetched *msg)
{
	message_send(((struct egress *)arg)->core, MSG_FETCHED, msg, -1);
}

static void on_asked(void *arg, const struct msg_asked *msg)
{
	message_send(((struct egress *)arg)->core, MSG_ASKED, msg, -1);
}

/* --- the executor --- */

static int on_receivers(void *arg, const void *msg, int fd, struct err *err)
{
	struct egress *egress = arg;

	(void)fd;
	(void)err;
	deliver_receivers(egress->deliver, msg);
	asker_alertmanagers(egress->asker, msg);
	return 0;
}

static int on_sync(void *arg, const void *msg, int fd, struct err *err)
{
	const struct msg_sync *sync = msg;
	struct egress *egress = arg;

	(void)fd;
	(void)err;
	message_send(egress->control, MSG_SYNCED, &(struct msg_synced){ .number = sync->number },
			-1);
	return 0;
}

static int on_setup(void *arg, const void *msg, int fd, struct err *err)
{
	(void)arg;
	(void)msg;
	(void)fd;
	(void)err;
	return 0;
}

static int on_peer(void *arg, const void *msg, int fd, struct err *err)
{
	static const struct channel_ops core_ops = { on_core_frame, on_core_closed };
	struct egress *egress = arg;
	const struct msg_peer *peer = msg;

	if (peer->role != ROLE_CORE) {
		close(fd);
		return err_set(err, ERR_INPUT, "peer: role %d", peer->role);
	}
	drop_core(egress);
	egress->core = channel_new(egress->loop, fd, MESSAGE_SMALL_MAX, &core_ops, egress);
	return 0;
}

static const struct message_handler control_handlers[MSG_IDS] = {
	[MSG_SETUP] = { on_setup },
	[MSG_PEER] = { on_peer },
	[MSG_RECEIVERS] = { on_receivers },
	[MSG_SYNC] = { on_sync },
};

static int on_control_frame(void *arg, uint16_t type, const unsigned char *payload, size_t len,
		int fd, struct err *err)
{
	return message_dispatch(control_handlers, arg, type, payload, len, fd, err);
}

static void on_control_closed(void *arg, const struct err *why)
{
	struct egress *egress = arg;

	if (why) {
		log_error("role broke the protocol", LOG_STR("role", role_names[ROLE_EXECUTOR]),
				LOG_STR("error", why->msg));
	}
	loop_stop(egress->loop, why ? 1 : 0);
}

/* INT and HUP of a terminal go to the whole group; what they mean is the parent's matter. */
static void on_signal(void *arg, int signo)
{
	struct egress *egress = arg;

	if (signo == SIGTERM) {
		loop_stop(egress->loop, 0);
	}
}

/* -1 is never. */
static int64_t sooner(int64_t a, int64_t b)
{
	return b < 0 || (a >= 0 && a < b) ? a : b;
}

static int64_t on_tick(void *arg)
{
	struct egress *egress = arg;
	int64_t probes = probes_tick(egress->probes);
	int64_t deliver = deliver_tick(egress->deliver);
	int64_t asker = asker_tick(egress->asker);

	return sooner(sooner(probes, deliver), asker);
}

/* --- the role --- */

static int egress_open(struct egress *egress, int control_fd, struct err *err)
{
	static const struct channel_ops control_ops = { on_control_frame, on_control_closed };
	static const struct asker_ops asker_ops = { on_listed, on_fetched, on_asked };
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, 0 };

	egress->loop = loop_new(err);
	if (!egress->loop || loop_signals(egress->loop, signals, on_signal, egress, err) < 0) {
		close(control_fd);
		return -1;
	}
	egress->control = channel_new(
			egress->loop, control_fd, MESSAGE_LARGE_MAX, &control_ops, egress);
	egress->probes = probes_new(egress->loop, on_probed, egress, err);
	if (!egress->probes) {
		return -1;
	}
	egress->deliver = deliver_new(egress->loop, on_notified, egress, err);
	if (!egress->deliver) {
		return -1;
	}
	egress->asker = asker_new(egress->loop, &asker_ops, egress, err);
	return egress->asker ? 0 : -1;
}

static void egress_close(struct egress *egress)
{
	channel_free(egress->core);
	channel_free(egress->control);
	probes_free(egress->probes);
	deliver_free(egress->deliver);
	asker_free(egress->asker);
	loop_free(egress->loop);
}

int egress_main(int control_fd)
{
	struct egress egress = { 0 };
	struct err err;
	int status = 1;

	signal(SIGPIPE, SIG_IGN);
	if (egress_open(&egress, control_fd, &err) < 0) {
		log_error("egress cannot start", LOG_STR("error", err.msg));
	} else {
		status = loop_run(egress.loop, on_tick, &egress);
	}
	egress_close(&egress);
	return status;
}
