/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/channel.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "test.h"

#define FRAME_MAX (8 * 1024 * 1024)

struct raw_header {
	uint32_t len;
	uint16_t type;
	uint16_t fds;
};

/* One end: what it saw. */
struct end {
	struct channel *channel;
	size_t frames;
	size_t stop_at; /* stop the loop at so many frames */
	uint16_t last_type;
	struct buf last;
	struct buf largest;
	ino_t inodes[64]; /* of the descriptors that came, by frame; 0: none */
	int closed;
	bool broken;
	struct err why;
	int (*hook)(struct end *end, struct err *err);
};

static struct loop *loop;
static struct end a;
static struct end b;
static int raw; /* a bare socket instead of a */

static ino_t inode_of(int fd)
{
	struct stat st;

	must(fstat(fd, &st) == 0);
	return st.st_ino;
}

static int on_frame(void *arg, uint16_t type, const unsigned char *payload, size_t len, int fd,
		struct err *err)
{
	struct end *end = arg;

	end->last_type = type;
	buf_reset(&end->last);
	buf_add(&end->last, payload, len);
	if (len > end->largest.len) {
		buf_reset(&end->largest);
		buf_add(&end->largest, payload, len);
	}
	if (fd >= 0) {
		ck_int(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
		end->inodes[end->frames % 64] = inode_of(fd);
		close(fd);
	}
	end->frames++;
	if (end->stop_at && end->frames == end->stop_at) {
		loop_stop(loop, 0);
	}
	return end->hook ? end->hook(end, err) : 0;
}

static void on_closed(void *arg, const struct err *why)
{
	struct end *end = arg;

	end->closed++;
	end->broken = why != NULL;
	if (why) {
		end->why = *why;
	}
	loop_stop(loop, 0);
}

static const struct channel_ops ops = { .frame = on_frame, .closed = on_closed };

static void setup_b(int fds[2])
{
	struct err err;

	loop = loop_new(&err);
	must(loop);
	must_ok(channel_pair(fds, &err), err);
	b.channel = channel_new(loop, fds[1], FRAME_MAX, &ops, &b);
}

static void setup(void)
{
	int fds[2];

	setup_b(fds);
	a.channel = channel_new(loop, fds[0], FRAME_MAX, &ops, &a);
}

static void setup_raw(void)
{
	int fds[2];

	setup_b(fds);
	raw = fds[0];
}

static void teardown(void)
{
	channel_free(a.channel);
	channel_free(b.channel);
	loop_free(loop);
	buf_clear(&a.last);
	buf_clear(&b.last);
	buf_clear(&a.largest);
	buf_clear(&b.largest);
	if (raw) {
		close(raw);
	}
}

static int64_t tick_once(void *arg)
{
	int *turns = arg;

	if (--*turns < 0) {
		loop_stop(loop, 0);
	}
	return 0;
}

/* So many turns, without waiting. */
static void turn(int turns)
{
	loop_run(loop, tick_once, &turns);
}

static void run_until(struct end *end, size_t frames)
{
	end->stop_at = frames;
	if (end->frames < frames) {
		loop_run(loop, NULL, NULL);
	}
	ck_int(end->frames, frames);
}

static void must_write(const void *data, size_t len)
{
	must(send(raw, data, len, MSG_NOSIGNAL) == (ssize_t)len);
}

static void must_write_fds(const void *data, size_t len, const int *fds, size_t fds_len)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(8 * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { NULL, len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = CMSG_SPACE(fds_len * sizeof(int)),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	memcpy(&iov.iov_base, &data, sizeof(data));
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(fds_len * sizeof(int));
	memcpy(CMSG_DATA(cmsg), fds, fds_len * sizeof(int));
	must(sendmsg(raw, &msg, MSG_NOSIGNAL) == (ssize_t)len);
}

static size_t open_descriptors(void)
{
	size_t n = 0;

	for (int fd = 0; fd < 256; fd++) {
		n += fcntl(fd, F_GETFD) >= 0;
	}
	return n;
}

TEST(a_frame_arrives_as_it_was_sent)
{
	setup();
	channel_send(a.channel, 7, "hello", 5, -1);
	run_until(&b, 1);
	ck_int(b.last_type, 7);
	ck_str(buf_text(&b.last), "hello");
	channel_send(b.channel, 8, NULL, 0, -1);
	run_until(&a, 1);
	ck_int(a.last_type, 8);
	ck_int(a.last.len, 0);
	teardown();
}

TEST(many_small_frames_arrive_in_order_even_when_the_reader_is_slow)
{
	enum { N = 50000 };

	setup();
	for (uint32_t i = 0; i < N; i++) {
		channel_send(a.channel, 1, &i, sizeof(i), -1);
	}
	ck(channel_pending(a.channel) > 0);
	run_until(&b, N);

	uint32_t last;

	must(b.last.len == sizeof(last));
	memcpy(&last, b.last.data, sizeof(last));
	ck_int(last, N - 1);
	ck_int(channel_pending(a.channel), 0);
	teardown();
}

static size_t unread(int fd)
{
	int len = 0;

	must(ioctl(fd, FIONREAD, &len) == 0);
	return (size_t)len;
}

TEST(a_batch_waits_for_its_end_or_until_it_is_large)
{
	enum { FRAME = sizeof(struct raw_header) + 1000 };
	char payload[1000] = { 0 };

	setup_raw();
	channel_batch(b.channel);
	channel_send(b.channel, 1, payload, sizeof(payload), -1);
	channel_send(b.channel, 1, payload, sizeof(payload), -1);
	ck_int(unread(raw), 0);
	channel_flush(b.channel);
	ck_int(unread(raw), 2 * FRAME);
	ck_int(channel_pending(b.channel), 0);
	for (int i = 0; i < 20; i++) {
		channel_send(b.channel, 1, payload, sizeof(payload), -1);
	}
	ck(unread(raw) >= 2 * FRAME + CHANNEL_BATCH / FRAME * FRAME);
	ck(channel_pending(b.channel) > 0);
	channel_flush(NULL);
	teardown();
}

TEST(a_batch_keeps_the_order_of_frames_and_descriptors)
{
	char *filler = xcalloc(1, FRAME_MAX);

	setup();
	channel_batch(a.channel);
	channel_send(a.channel, 1, "a", 1, -1);
	channel_send(a.channel, 2, "b", 1, 0);
	channel_send(a.channel, 3, filler, FRAME_MAX, -1);
	channel_send(a.channel, 4, "d", 1, 1);
	ck(channel_pending(a.channel) > 0);
	channel_flush(a.channel);
	run_until(&b, 4);
	ck_int(b.last_type, 4);
	ck_int(b.inodes[0], 0);
	ck_int(b.inodes[1], inode_of(0));
	ck_int(b.inodes[2], 0);
	ck_int(b.inodes[3], inode_of(1));
	free(filler);
	teardown();
}

TEST(a_batch_for_a_peer_that_left_is_dropped)
{
	setup_raw();
	channel_batch(b.channel);
	close(raw);
	raw = 0;
	channel_send(b.channel, 1, "lost", 4, 0);
	channel_flush(b.channel);
	ck_int(b.closed, 0);
	loop_run(loop, NULL, NULL);
	ck_int(b.closed, 1);
	channel_flush(b.channel);
	ck_int(channel_pending(b.channel), 0);
	teardown();
}

TEST(a_huge_frame_arrives_whole)
{
	unsigned char *payload = xmalloc(FRAME_MAX);

	for (size_t i = 0; i < FRAME_MAX; i++) {
		payload[i] = (unsigned char)(i * 31 + i / 251);
	}
	setup();
	channel_send(a.channel, 1, "x", 1, -1);
	channel_send(a.channel, 2, payload, FRAME_MAX, -1);
	channel_send(a.channel, 3, "y", 1, -1);
	run_until(&b, 3);
	must(b.largest.len == FRAME_MAX);
	ck(!memcmp(b.largest.data, payload, FRAME_MAX));
	ck_str(buf_text(&b.last), "y");
	free(payload);
	teardown();
}

TEST(a_descriptor_arrives_with_its_own_frame)
{
	int pipes[2];

	setup();
	must(pipe2(pipes, O_CLOEXEC) == 0);
	channel_send(a.channel, 1, "a", 1, -1);
	channel_send(a.channel, 2, "b", 1, pipes[0]);
	channel_send(a.channel, 3, "c", 1, -1);
	channel_send(a.channel, 4, "d", 1, 0);
	run_until(&b, 4);
	ck_int(b.inodes[0], 0);
	ck_int(b.inodes[1], inode_of(pipes[0]));
	ck_int(b.inodes[2], 0);
	ck_int(b.inodes[3], inode_of(0));
	teardown();
}

/* Nothing is read meanwhile: the descriptors wait in the queue, long closed by the sender. */
TEST(queued_descriptors_keep_their_frames)
{
	ino_t inodes[20];
	char *filler = xcalloc(1, 300000);

	setup();
	for (size_t i = 0; i < 20; i++) {
		int fd = open("file", O_CREAT | O_RDWR | O_CLOEXEC, 0600);

		must(fd >= 0);
		must(unlink("file") == 0);
		inodes[i] = inode_of(fd);
		channel_send(a.channel, 1, filler, i == 0 ? 300000 : i, fd);
		close(fd);
		channel_send(a.channel, 2, "z", 1, -1);
	}
	ck(channel_pending(a.channel) > 0);
	run_until(&b, 40);
	for (size_t i = 0; i < 20; i++) {
		ck_int(b.inodes[2 * i], inodes[i]);
		ck_int(b.inodes[2 * i + 1], 0);
	}
	free(filler);
	teardown();
}

TEST(frames_in_single_bytes_are_put_together)
{
	struct raw_header header = { 3, 9, 0 };

	setup_raw();
	for (size_t i = 0; i < sizeof(header); i++) {
		must_write((char *)&header + i, 1);
		turn(2);
	}
	must_write("ab", 2);
	turn(2);
	ck_int(b.frames, 0);
	must_write("c", 1);
	turn(2);
	ck_int(b.frames, 1);
	ck_str(buf_text(&b.last), "abc");
	teardown();
}

TEST(a_descriptor_waits_for_the_rest_of_its_frame)
{
	struct raw_header header = { 2, 9, 1 };
	int fd = 0;

	setup_raw();
	must_write_fds(&header, 1, &fd, 1);
	turn(2);
	must_write((char *)&header + 1, sizeof(header) - 1);
	turn(2);
	must_write("ok", 2);
	turn(2);
	ck_int(b.frames, 1);
	ck_int(b.inodes[0], inode_of(0));
	teardown();
}

TEST(a_descriptor_that_belongs_to_no_frame_is_closed)
{
	struct raw_header header = { 0, 9, 0 };
	int fd = 0;

	setup_raw();

	size_t before = open_descriptors();

	must_write_fds(&header, sizeof(header), &fd, 1);
	turn(2);
	ck_int(b.frames, 1);
	ck_int(b.closed, 0);
	ck_int(open_descriptors(), before);
	header.len = 5; /* a frame that has begun and announces none */
	must_write_fds(&header, sizeof(header), &fd, 1);
	turn(2);
	ck_int(open_descriptors(), before);
	teardown();
}

TEST(a_frame_that_announces_a_descriptor_and_brings_none_ends_the_channel)
{
	struct raw_header header = { 0, 9, 1 };

	setup_raw();
	must_write(&header, sizeof(header));
	turn(2);
	ck_int(b.frames, 0);
	ck_int(b.closed, 1);
	ck_has(b.why.msg, "without its descriptor");
	teardown();
}

TEST(more_descriptors_than_one_end_the_channel_and_none_stays_open)
{
	struct raw_header header = { 0, 9, 1 };
	int fds[3] = { 0, 1, 2 };

	setup_raw();

	size_t before = open_descriptors();

	must_write_fds(&header, sizeof(header), fds, 3);
	turn(2);
	ck_int(b.closed, 1);
	ck(b.broken);
	ck_int(open_descriptors(), before - 1); /* the channel's own socket */
	teardown();
}

TEST(a_frame_longer_than_allowed_ends_the_channel_before_its_payload_comes)
{
	struct raw_header header = { FRAME_MAX + 1, 9, 0 };

	setup_raw();
	must_write(&header, sizeof(header));
	turn(2);
	ck_int(b.closed, 1);
	ck_int(b.why.code, ERR_INPUT);
	ck_has(b.why.msg, "8388609 bytes, at most 8388608");
	teardown();
}

TEST(a_frame_of_just_the_longest_length_is_allowed)
{
	struct raw_header header = { FRAME_MAX, 9, 0 };

	setup_raw();
	must_write(&header, sizeof(header));
	turn(2);
	ck_int(b.closed, 0);
	teardown();
}

TEST(a_frame_that_announces_two_descriptors_ends_the_channel)
{
	struct raw_header header = { 0, 9, 2 };

	setup_raw();
	must_write(&header, sizeof(header));
	turn(2);
	ck_int(b.closed, 1);
	ck_str(b.why.msg, "a frame with 2 descriptors");
	teardown();
}

TEST(a_peer_that_leaves_is_gone_after_its_last_frame)
{
	setup();
	channel_send(a.channel, 1, "last", 4, -1);
	channel_free(a.channel);
	a.channel = NULL;
	loop_run(loop, NULL, NULL);
	ck_int(b.frames, 1);
	ck_int(b.closed, 1);
	ck(!b.broken);
	turn(2);
	ck_int(b.closed, 1);
	teardown();
}

TEST(a_peer_that_leaves_within_a_frame_is_gone)
{
	struct raw_header header = { 100, 9, 0 };

	setup_raw();
	must_write(&header, sizeof(header));
	close(raw);
	raw = 0;
	loop_run(loop, NULL, NULL);
	ck_int(b.frames, 0);
	ck_int(b.closed, 1);
	ck(!b.broken);
	teardown();
}

TEST(a_failed_write_is_told_through_the_loop_after_what_still_came)
{
	setup();
	channel_send(a.channel, 1, "last", 4, -1);
	channel_free(a.channel);
	a.channel = NULL;
	channel_send(b.channel, 1, "lost", 4, -1);
	channel_send(b.channel, 1, "lost", 4, 0);
	ck_int(b.closed, 0);
	loop_run(loop, NULL, NULL);
	ck_int(b.frames, 1);
	ck_int(b.closed, 1);
	ck(!b.broken);
	channel_send(b.channel, 1, "lost", 4, 0);
	ck_int(channel_pending(b.channel), 0);
	teardown();
}

TEST(a_peer_that_only_stops_reading_is_noticed_at_the_next_write)
{
	setup_raw();
	must(shutdown(raw, SHUT_RD) == 0);
	turn(2);
	ck_int(b.closed, 0);
	channel_send(b.channel, 1, "lost", 4, -1);
	ck_int(b.closed, 0);
	loop_run(loop, NULL, NULL);
	ck_int(b.closed, 1);
	teardown();
}

TEST(a_queue_that_cannot_be_sent_is_dropped_when_the_peer_leaves)
{
	char *filler = xcalloc(1, 1000000);

	setup_raw();

	size_t before = open_descriptors();

	channel_send(b.channel, 1, filler, 1000000, 0);
	channel_send(b.channel, 1, filler, 1000000, 0);
	ck(channel_pending(b.channel) > 1000000);
	close(raw);
	raw = 0;
	loop_run(loop, NULL, NULL);
	ck_int(b.closed, 1);
	ck_int(channel_pending(b.channel), 0);
	ck_int(open_descriptors(), before - 2);
	free(filler);
	teardown();
}

static int free_in_frame(struct end *end, struct err *err)
{
	(void)err;
	channel_free(end->channel);
	end->channel = NULL;
	loop_stop(loop, 0);
	return 0;
}

TEST(a_channel_may_be_freed_in_its_own_callback)
{
	setup();
	b.hook = free_in_frame;
	for (int i = 0; i < 10; i++) {
		channel_send(a.channel, 1, "x", 1, -1);
	}
	loop_run(loop, NULL, NULL);
	ck_int(b.frames, 1);
	ck_int(b.closed, 0);
	loop_run(loop, NULL, NULL);
	ck_int(a.closed, 1);
	teardown();
}

static int refuse(struct end *end, struct err *err)
{
	(void)end;
	return err_set(err, ERR_INPUT, "I do not like it");
}

TEST(a_frame_that_the_owner_refuses_ends_the_channel)
{
	setup();
	b.hook = refuse;
	channel_send(a.channel, 1, "x", 1, -1);
	channel_send(a.channel, 1, "x", 1, -1);
	loop_run(loop, NULL, NULL);
	ck_int(b.frames, 1);
	ck_int(b.closed, 1);
	ck_str(b.why.msg, "I do not like it");
	teardown();
}

static int free_and_refuse(struct end *end, struct err *err)
{
	free_in_frame(end, err);
	return refuse(end, err);
}

TEST(a_freed_channel_is_not_reported_closed)
{
	setup();
	b.hook = free_and_refuse;
	channel_send(a.channel, 1, "x", 1, -1);
	loop_run(loop, NULL, NULL);
	ck_int(b.closed, 0);
	teardown();
}

static int echo(struct end *end, struct err *err)
{
	(void)err;
	channel_send(end->channel, end->last_type, end->last.data, end->last.len, -1);
	return 0;
}

TEST(an_answer_may_be_sent_from_the_callback)
{
	setup();
	b.hook = echo;
	for (int i = 0; i < 1000; i++) {
		channel_send(a.channel, 5, "ping", 4, -1);
	}
	run_until(&a, 1000);
	ck_str(buf_text(&a.last), "ping");
	teardown();
}
