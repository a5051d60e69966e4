/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/message.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "test.h"

static const struct msg_listen listening = { "127.0.0.1:9098" };
static const struct msg_go go = { { 7, 2, 3 } };

static struct {
	int calls;
	int fd;
	char text[64];
} seen;

static int on_listen(void *arg, const void *msg, int fd, struct err *err)
{
	const struct msg_listen *in = msg;

	(void)err;
	ck(arg == &seen);
	seen.calls++;
	seen.fd = fd;
	snprintf(seen.text, sizeof(seen.text), "%s", in->address);
	return 0;
}

static int on_go(void *arg, const void *msg, int fd, struct err *err)
{
	const struct msg_go *in = msg;

	(void)arg;
	ck_int(fd, -1);
	ck_int(in->id.attempt, 3);
	return err_set(err, ERR_INPUT, "not now");
}

static const struct message_handler handlers[MSG_IDS] = {
	[MSG_LISTEN] = { on_listen },
	[MSG_GO] = { on_go },
};

static int dispatch(uint16_t type, const struct buf *payload, int fd, struct err *err)
{
	return message_dispatch(handlers, &seen, type, payload->data, payload->len, fd, err);
}

TEST(a_message_reaches_its_handler_with_its_descriptor)
{
	auto_buf struct buf payload = { 0 };
	struct err err;
	int fd = dup(0);

	wire_encode(message_types[MSG_LISTEN], &listening, &payload);
	must_ok(dispatch(MSG_LISTEN, &payload, fd, &err), err);
	ck_int(seen.calls, 1);
	ck_int(seen.fd, fd);
	ck_str(seen.text, "127.0.0.1:9098");
	ck_int(close(fd), 0);
}

TEST(a_handler_may_refuse)
{
	auto_buf struct buf payload = { 0 };
	struct err err;

	wire_encode(message_types[MSG_GO], &go, &payload);
	ck_int(dispatch(MSG_GO, &payload, -1, &err), -1);
	ck_str(err.msg, "not now");
}

static void ck_not_dispatched(uint16_t type, const struct buf *payload, int fd, const char *part)
{
	struct err err = { 0 };

	ck_int(dispatch(type, payload, fd, &err), -1);
	ck_int(err.code, ERR_INPUT);
	ck_has(err.msg, part);
	ck(fd < 0 || fcntl(fd, F_GETFD) < 0);
	ck_int(seen.calls, 0);
}

TEST(what_is_not_for_us_is_refused_and_its_descriptor_closed)
{
	auto_buf struct buf payload = { 0 };

	wire_encode(message_types[MSG_LISTEN], &listening, &payload);
	ck_not_dispatched(0, &payload, dup(0), "unknown message 0");
	ck_not_dispatched(MSG_IDS, &payload, dup(0), "unknown message");
	ck_not_dispatched(UINT16_MAX, &payload, dup(0), "unknown message 65535");
	ck_not_dispatched(MSG_PEER, &payload, dup(0), "peer: not a message for this role");
	ck_not_dispatched(MSG_GO, &payload, dup(0), "go: an unexpected descriptor");
	ck_not_dispatched(MSG_LISTEN, &payload, -1, "listen: no descriptor");
	buf_addch(&payload, 'x');
	ck_not_dispatched(MSG_LISTEN, &payload, dup(0), "listen: bytes behind the end");
}

/* Through a real channel. */

static struct loop *loop;

static int on_frame(void *arg, uint16_t type, const unsigned char *payload, size_t len, int fd,
		struct err *err)
{
	loop_stop(loop, 0);
	return message_dispatch(handlers, arg, type, payload, len, fd, err);
}

static void on_closed(void *arg, const struct err *why)
{
	(void)arg;
	must(!why);
}

TEST(a_sent_message_is_dispatched_at_the_other_end)
{
	static const struct channel_ops ops = { .frame = on_frame, .closed = on_closed };
	struct err err;
	int fds[2];

	loop = loop_new(&err);
	must(loop);
	must_ok(channel_pair(fds, &err), err);

	struct channel *a = channel_new(loop, fds[0], MESSAGE_SMALL_MAX, &ops, &seen);
	struct channel *b = channel_new(loop, fds[1], MESSAGE_SMALL_MAX, &ops, &seen);

	message_send(a, MSG_LISTEN, &listening, 0);
	loop_run(loop, NULL, NULL);
	ck_int(seen.calls, 1);
	ck(seen.fd > 2);
	close(seen.fd);
	channel_free(a);
	channel_free(b);
	loop_free(loop);
}
