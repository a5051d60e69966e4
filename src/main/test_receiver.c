/* SPDX-License-Identifier: Apache-2.0 */
#include "main/test_receiver.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/load.h"
#include "config/secrets.h"
#include "egress/deliver.h"
#include "sys/loop.h"

struct trial {
	struct loop *loop;
	struct deliver *deliver;
	const struct receiver *receiver;
	size_t left; /* endpoints that have not answered */
	bool good;
};

/* A notice's id is its endpoint's position, from 1. */
static void on_notified(void *arg, const struct msg_notified *result)
{
	struct trial *trial = arg;
	const struct endpoint *endpoint = &trial->receiver->endpoints[result->id - 1];

	if (result->how == NOTIFIED_SENT) {
		printf("%s: sent\n", endpoint->name);
	} else {
		printf("%s: failed: %s\n", endpoint->name, result->reason);
		trial->good = false;
	}
	fflush(stdout);
	trial->left--;
}

static int64_t on_tick(void *arg)
{
	struct trial *trial = arg;
	int64_t wait = deliver_tick(trial->deliver);

	if (trial->left == 0) {
		loop_stop(trial->loop, trial->good ? 0 : 1);
		return 0;
	}
	return wait;
}

static void begin(struct trial *trial)
{
	char host[256] = "this machine";
	auto_free char *text = NULL;

	gethostname(host, sizeof(host) - 1);
	text = xasprintf(
			"This is a test of the receiver '%s', sent by hand from %s.\nNothing is wrong.\n",
			trial->receiver->name, host);
	for (size_t i = 0; i < trial->receiver->endpoints_len; i++) {
		const struct msg_notify notice = {
			.id = i + 1,
			.key = "test",
			.receiver = trial->receiver->name,
			.endpoint = trial->receiver->endpoints[i].name,
			.kind = "test",
			.subject = "playbookd: test notification",
			.text = text,
			.created_at = clock_wall_ms(),
		};

		deliver_start(trial->deliver, &notice);
	}
}

static int notify(const struct secrets *secrets, const struct receiver *receiver)
{
	struct trial trial = {
		.receiver = receiver, .left = receiver->endpoints_len, .good = true
	};
	struct err err;
	int status = 1;

	signal(SIGPIPE, SIG_IGN);
	trial.loop = loop_new(&err);
	trial.deliver = trial.loop ? deliver_new(trial.loop, on_notified, &trial, &err) : NULL;
	if (trial.deliver) {
		deliver_receivers(trial.deliver, &(struct msg_receivers){ secrets->receivers,
								 secrets->receivers_len });
		begin(&trial);
		status = loop_run(trial.loop, on_tick, &trial);
	} else {
		fprintf(stderr, "playbookd: %s\n", err.msg);
	}
	deliver_free(trial.deliver);
	loop_free(trial.loop);
	return status;
}

static int notify_by_config(const char *path, const struct config *config, const char *name)
{
	const struct receiver *receiver = config_receiver(config, name);
	struct secrets secrets = { 0 };
	auto_buf struct buf report = { 0 };
	struct err err;
	int status;

	if (!receiver) {
		fprintf(stderr, "%s: there is no receiver '%s'\n", path, name);
		return 1;
	}
	if (secrets_read(config, &secrets, &report, &err) < 0) {
		fprintf(stderr, "%s%s: %s\n", buf_text(&report), path, err.msg);
		return 1;
	}
	status = notify(&secrets, receiver);
	secrets_clear(&secrets);
	return status;
}

int test_receiver(const char *config_path, const char *name)
{
	struct config_files files = { 0 };
	struct config *config = NULL;
	auto_buf struct buf report = { 0 };
	struct err err;
	int status = 1;

	if (load_files(config_path, &files, &report, &err) == 0) {
		config = load_config(&files, &report, &err);
	}
	files_clear(&files);
	if (config) {
		status = notify_by_config(config_path, config, name);
	} else {
		fprintf(stderr, "%s%s: %s\n", buf_text(&report), config_path, err.msg);
	}
	config_free(config);
	return status;
}
