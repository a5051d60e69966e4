/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/egress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "egress/probe.h"
#include "sys/channel.h"
#include "sys/loop.h"
#include "wire/message.h"

#include "server.h"
#include "test.h"

/* A role of its own process, between us as its executor and as its core. */
struct trial {
	struct loop *loop;
	struct channel *control;
	struct channel *core; /* NULL once it was cut off */
	pid_t pid;
	size_t awaited; /* how many reports end the wait */
	size_t reports;
	size_t ok;
	uint64_t last_id;
	char detail[512];
};

static int on_probed(void *arg, const void *msg, int fd, struct err *err)
{
	struct trial *trial = arg;
	const struct msg_probed *probed = msg;

	(void)fd;
	(void)err;
	trial->reports++;
	trial->ok += probed->verdict == VERDICT_HEALTHY;
	trial->last_id = probed->id;
	snprintf(trial->detail, sizeof(trial->detail), "%s", probed->detail);
	if (trial->reports == trial->awaited) {
		loop_stop(trial->loop, 0);
	}
	return 0;
}

static int on_synced(void *arg, const void *msg, int fd, struct err *err)
{
	struct trial *trial = arg;
	const struct msg_synced *synced = msg;

	(void)fd;
	(void)err;
	trial->last_id = synced->number;
	loop_stop(trial->loop, 0);
	return 0;
}

static const struct message_handler handlers[MSG_IDS] = {
	[MSG_PROBED] = { on_probed },
	[MSG_SYNCED] = { on_synced },
};

static int on_frame(void *arg, uint16_t type, const unsigned char *payload, size_t len, int fd,
		struct err *err)
{
	return message_dispatch(handlers, arg, type, payload, len, fd, err);
}

static void on_control_closed(void *arg, const struct err *why)
{
	struct trial *trial = arg;

	(void)why;
	channel_free(TAKE(trial->control));
	loop_stop(trial->loop, 0);
}

static void on_core_closed(void *arg, const struct err *why)
{
	struct trial *trial = arg;

	(void)why;
	channel_free(TAKE(trial->core));
	loop_stop(trial->loop, 0);
}

static const struct channel_ops control_ops = { on_frame, on_control_closed };
static const struct channel_ops core_ops = { on_frame, on_core_closed };

/* Give the role a new core, which is us again. */
static void send_peer(struct trial *trial)
{
	struct msg_peer peer = { ROLE_CORE };
	struct err err;
	int fds[2];

	must_ok(channel_pair(fds, &err), err);
	channel_free(trial->core);
	trial->core = channel_new(trial->loop, fds[0], MESSAGE_SMALL_MAX, &core_ops, trial);
	message_send(trial->control, MSG_PEER, &peer, fds[1]);
	close(fds[1]);
}

static void trial_begin(struct trial *trial)
{
	struct msg_setup setup = { "/", "", "", 0 };
	struct err err;
	int fds[2];

	*trial = (struct trial){ 0 };
	must_ok(channel_pair(fds, &err), err);
	trial->pid = fork();
	must(trial->pid >= 0);
	if (trial->pid == 0) {
		close(fds[0]);
		exit(egress_main(fds[1]));
	}
	close(fds[1]);
	trial->loop = loop_new(&err);
	must(trial->loop);
	trial->control = channel_new(trial->loop, fds[0], MESSAGE_SMALL_MAX, &control_ops, trial);
	message_send(trial->control, MSG_SETUP, &setup, -1);
}

static void wait_reports(struct trial *trial, size_t n)
{
	trial->reports = 0;
	trial->ok = 0;
	trial->awaited = n;
	loop_run(trial->loop, NULL, NULL);
}

/* How the role ended, which it does when its control channel is closed. */
static int end_status(struct trial *trial)
{
	int status = -1;

	channel_free(TAKE(trial->control));
	must(waitpid(trial->pid, &status, 0) == trial->pid);
	channel_free(TAKE(trial->core));
	loop_free(trial->loop);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const char *url_of(int port)
{
	static char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/api/health", port);
	return url;
}

static struct msg_probe http_probe(int port)
{
	return (struct msg_probe){ .id = 7,
		.kind = CHECK_HTTP,
		.url = url_of(port),
		.address = "",
		.status = 200,
		.timeout_ms = 5000 };
}

static void ck_probe(const struct msg_probe *probe, bool ok, const char *detail)
{
	struct trial trial;

	trial_begin(&trial);
	send_peer(&trial);
	message_send(trial.core, MSG_PROBE, probe, -1);
	wait_reports(&trial, 1);
	ck_int(trial.reports, 1);
	ck_int(trial.last_id, probe->id);
	ck_int(trial.ok, ok);
	ck_str(trial.detail, detail);
	ck_int(end_status(&trial), 0);
}

static void serve_ok(int fd)
{
	server_text(fd, "HTTP/1.1 200 Fine\r\n\r\n{\"status\": \"healthy\"}");
}

static void serve_502(int fd)
{
	server_text(fd, "HTTP/1.1 502 Bad Gateway\r\n\r\n{\"status\": \"healthy\"}");
}

static void serve_text(int fd)
{
	server_text(fd, "HTTP/1.1 200 OK\r\n\r\nall is well");
}

static void serve_silence(int fd)
{
	(void)fd;
	pause();
}

static void serve_endless(int fd)
{
	static const char block[65536];

	server_text(fd, "HTTP/1.1 200 OK\r\n\r\n");
	for (;;) {
		server_write(fd, block, sizeof(block));
	}
}

TEST(the_expected_status_passes)
{
	struct msg_probe probe = http_probe(server_start(serve_ok));

	ck_probe(&probe, true, "200 OK");
}

TEST(another_status_fails)
{
	struct msg_probe probe = http_probe(server_start(serve_502));

	ck_probe(&probe, false, "status 502, expected 200");
	probe.status = 502;
	ck_probe(&probe, true, "502");
}

TEST(a_body_of_json_passes_and_another_fails)
{
	struct msg_probe probe = http_probe(server_start(serve_ok));

	probe.json = 1;
	ck_probe(&probe, true, "200 OK");
	probe.url = url_of(server_start(serve_text));
	ck_probe(&probe, false, "the answer is not JSON");
}

TEST(a_body_that_contains_the_text_passes_and_another_fails)
{
	struct msg_probe probe = http_probe(server_start(serve_text));

	probe.contains = "is well";
	ck_probe(&probe, true, "200 OK");
	probe.contains = "healthy";
	ck_probe(&probe, false, "the answer does not contain 'healthy'");
}

TEST(a_refused_connection_fails)
{
	int port = server_refused_port();
	struct msg_probe probe = http_probe(port);
	char detail[96];

	snprintf(detail, sizeof(detail), "connect to 127.0.0.1:%d: Connection refused", port);
	ck_probe(&probe, false, detail);
}

TEST(silence_fails_after_the_timeout)
{
	struct msg_probe probe = http_probe(server_start(serve_silence));

	probe.timeout_ms = 200;
	ck_probe(&probe, false, "timed out after 200ms");
}

TEST(an_endless_answer_fails)
{
	struct msg_probe probe = http_probe(server_start(serve_endless));

	ck_probe(&probe, false, "the answer is longer than 64 KiB");
}

TEST(an_open_port_passes_and_a_closed_one_fails)
{
	char address[64];
	char detail[96];
	struct msg_probe probe = {
		.id = 9, .kind = CHECK_TCP, .url = "", .address = address, .timeout_ms = 5000
	};

	snprintf(address, sizeof(address), "127.0.0.1:%d", server_start_raw(serve_silence));
	ck_probe(&probe, true, "connected");
	snprintf(address, sizeof(address), "127.0.0.1:%d", server_refused_port());
	snprintf(detail, sizeof(detail), "connect to %s: Connection refused", address);
	ck_probe(&probe, false, detail);
}

TEST(a_probe_without_sense_fails)
{
	struct msg_probe probe = { .id = 1,
		.kind = CHECK_HTTP,
		.url = "file:///etc/passwd",
		.address = "",
		.timeout_ms = 5000 };

	ck_probe(&probe, false, "the URL is neither http: nor https:");
	probe.url = "http://127.0.0.1/";
	probe.timeout_ms = 0;
	ck_probe(&probe, false, "the timeout is not between 1 ms and 600000 ms");
}

/* 300 at once: 256 of them pass, and the end of these makes room again. */
TEST(too_many_probes_at_once_fail)
{
	struct trial trial;
	struct msg_probe probe = http_probe(server_start(serve_silence));

	trial_begin(&trial);
	probe.timeout_ms = 1000;
	send_peer(&trial);
	for (probe.id = 1; probe.id <= PROBES_MAX + 44; probe.id++) {
		message_send(trial.core, MSG_PROBE, &probe, -1);
	}
	wait_reports(&trial, 44);
	ck_str(trial.detail, "too many probes in flight");
	ck_int(trial.last_id, PROBES_MAX + 44);
	wait_reports(&trial, PROBES_MAX);
	ck_str(trial.detail, "timed out after 1s");
	probe.url = url_of(server_start(serve_ok));
	message_send(trial.core, MSG_PROBE, &probe, -1);
	wait_reports(&trial, 1);
	ck_str(trial.detail, "200 OK");
	ck_int(end_status(&trial), 0);
}

TEST(the_executor_is_answered_when_egress_has_taken_over_what_it_sent)
{
	struct trial trial;

	trial_begin(&trial);
	message_send(trial.control, MSG_RECEIVERS, &(struct msg_receivers){ 0 }, -1);
	message_send(trial.control, MSG_SYNC, &(struct msg_sync){ .number = 3 }, -1);
	loop_run(trial.loop, NULL, NULL);
	ck_int(trial.last_id, 3);
	ck_int(end_status(&trial), 0);
}

TEST(a_new_core_takes_the_place_of_the_old_one)
{
	struct trial trial;
	struct msg_probe probe = http_probe(server_start(serve_silence));

	trial_begin(&trial);
	probe.timeout_ms = 60000;
	send_peer(&trial);
	message_send(trial.core, MSG_PROBE, &probe, -1);
	send_peer(&trial);
	probe.url = url_of(server_start(serve_ok));
	probe.id = 8;
	message_send(trial.core, MSG_PROBE, &probe, -1);
	wait_reports(&trial, 1);
	ck_int(trial.last_id, 8);
	ck_str(trial.detail, "200 OK");
	ck_int(end_status(&trial), 0);
}

TEST(a_core_that_breaks_the_protocol_is_cut_off_and_the_next_is_served)
{
	struct trial trial;
	struct msg_probe probe = { .kind = CHECK_COMMAND, .url = "", .address = "" };

	trial_begin(&trial);
	send_peer(&trial);
	message_send(trial.core, MSG_PROBE, &probe, -1);
	wait_reports(&trial, 1);
	ck(!trial.core);
	send_peer(&trial);
	message_send(trial.core, MSG_READY, &(struct msg_ready){ 0 }, -1);
	wait_reports(&trial, 1);
	ck(!trial.core);
	ck_int(trial.reports, 0);

	send_peer(&trial);
	probe = http_probe(server_start(serve_ok));
	message_send(trial.core, MSG_PROBE, &probe, -1);
	wait_reports(&trial, 1);
	ck_str(trial.detail, "200 OK");
	ck_int(end_status(&trial), 0);
}

/* How the role ends, by itself, after this frame. */
static int status_after(uint16_t id, const struct wire_type *type, const void *msg, int fd)
{
	struct trial trial;
	auto_buf struct buf payload = { 0 };
	int status = -1;

	trial_begin(&trial);
	wire_encode(type, msg, &payload);
	channel_send(trial.control, id, payload.data, payload.len, fd);
	must(waitpid(trial.pid, &status, 0) == trial.pid);
	channel_free(trial.control);
	loop_free(trial.loop);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(an_executor_that_breaks_the_protocol_ends_the_role)
{
	const struct wire_type *peer = message_types[MSG_PEER];
	int fd = STDIN_FILENO;

	ck_int(status_after(MSG_READY, message_types[MSG_READY], &(struct msg_ready){ 0 }, -1), 1);
	ck_int(status_after(MSG_PEER, peer, &(struct msg_peer){ ROLE_CORE }, -1), 1);
	ck_int(status_after(MSG_PEER, peer, &(struct msg_peer){ ROLE_FRONT }, fd), 1);
	ck_int(status_after(MSG_IDS, peer, &(struct msg_peer){ ROLE_CORE }, -1), 1);
}

TEST(the_end_of_the_executor_ends_the_role_while_probes_run)
{
	struct trial trial;
	struct msg_probe probe = http_probe(server_start(serve_silence));
	int64_t begin_ms = clock_mono_ms();

	trial_begin(&trial);
	send_peer(&trial);
	probe.timeout_ms = 60000;
	message_send(trial.core, MSG_PROBE, &probe, -1);
	ck_int(end_status(&trial), 0);
	ck(clock_mono_ms() - begin_ms < 10000);
}
