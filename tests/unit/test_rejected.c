/* SPDX-License-Identifier: Apache-2.0 */
#include "front/rejected.h"

#include <stdlib.h>
#include <string.h>

#include "sys/loop.h"
#include "test.h"

/* What the core got. */
struct bench {
	struct loop *loop;
	struct channel *front;
	struct channel *core;
	size_t count;
	uint64_t missed;
	uint32_t body_len;
	uint8_t hash[DIGEST_SIZE];
};

static int on_rejected(void *arg, const void *payload, int fd, struct err *err)
{
	const struct msg_rejected *msg = payload;
	struct bench *bench = arg;

	(void)fd;
	(void)err;
	bench->count++;
	bench->missed += msg->missed;
	bench->body_len = msg->body.len;
	memcpy(bench->hash, msg->hash, DIGEST_SIZE);
	return 0;
}

static const struct message_handler handlers[MSG_IDS] = { [MSG_REJECTED] = { on_rejected } };

static int on_frame(void *arg, uint16_t type, const unsigned char *payload, size_t len, int fd,
		struct err *err)
{
	return message_dispatch(handlers, arg, type, payload, len, fd, err);
}

/* All has been read when the front is gone. */
static void on_closed(void *arg, const struct err *why)
{
	(void)why;
	loop_stop(((struct bench *)arg)->loop, 0);
}

static const struct channel_ops ops = { on_frame, on_closed };

static void start(struct bench *bench)
{
	struct err err;
	int fds[2];

	must_ok(channel_pair(fds, &err), err);
	bench->loop = loop_new(&err);
	bench->front = channel_new(bench->loop, fds[0], MESSAGE_LARGE_MAX, &ops, bench);
	bench->core = channel_new(bench->loop, fds[1], MESSAGE_LARGE_MAX, &ops, bench);
}

static int64_t until_sent(void *arg)
{
	struct bench *bench = arg;

	if (bench->front && !channel_pending(bench->front)) {
		channel_free(bench->front);
		bench->front = NULL;
	}
	return -1;
}

static void finish(struct bench *bench)
{
	loop_run(bench->loop, until_sent, bench);
	channel_free(bench->core);
	loop_free(bench->loop);
}

static void report(struct rejected *rejected, struct bench *bench, size_t len, int64_t now)
{
	char *body = calloc(1, len + 1);
	struct msg_rejected msg = { .principal = "anonymous",
		.client = "127.0.0.1",
		.status = 400,
		.error = "no",
		.size = len,
		.body = { (const unsigned char *)body, (uint32_t)len } };

	rejected_report(rejected, bench ? bench->front : NULL, &msg, now);
	free(body);
}

TEST(the_beginning_is_sent_with_the_hash_of_the_whole)
{
	struct rejected rejected = { 0 };
	struct bench bench = { 0 };
	uint8_t hash[DIGEST_SIZE];
	char *zeros = calloc(1, REJECTED_BODY_MAX + 1);

	start(&bench);
	report(&rejected, &bench, REJECTED_BODY_MAX + 1, 1000);
	finish(&bench);
	digest_sha256(zeros, REJECTED_BODY_MAX + 1, hash);
	ck_int(bench.count, 1);
	ck_int(bench.body_len, REJECTED_BODY_MAX);
	ck(!memcmp(bench.hash, hash, DIGEST_SIZE));
	free(zeros);
}

TEST(a_flood_is_counted_and_not_sent)
{
	struct rejected rejected = { 0 };
	struct bench bench = { 0 };

	start(&bench);
	for (int i = 0; i < 1000; i++) {
		report(&rejected, &bench, 1, 5000 + i / 2);
	}
	report(&rejected, &bench, 1, 5999);
	report(&rejected, &bench, 1, 6000);
	finish(&bench);
	ck_int(bench.count, REJECTED_PER_SECOND + 1);
	ck_int(bench.missed, 1001 - REJECTED_PER_SECOND);
}

TEST(what_is_rejected_without_a_core_is_counted_for_the_next)
{
	struct rejected rejected = { 0 };
	struct bench bench = { 0 };

	report(&rejected, NULL, 1, 1000);
	report(&rejected, NULL, 1, 1000);
	start(&bench);
	report(&rejected, &bench, 1, 1000);
	finish(&bench);
	ck_int(bench.count, 1);
	ck_int(bench.missed, 2);
}
