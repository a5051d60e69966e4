/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/channel.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

#define READ_CHUNK (256 * 1024)
/* An empty buffer larger than this is given back: one huge frame shall not cost memory for ever. */
#define KEEP_MAX (1024 * 1024)
/* One may wait for the rest of its frame, one comes with a read. */
#define FDS_MAX 2

struct header {
	uint32_t len;
	uint16_t type;
	uint16_t fds;
};

/* A descriptor that waits to be sent with the byte at this position of the stream. */
struct out_fd {
	uint64_t at;
	int fd;
};

struct channel {
	struct loop_watch *watch; /* NULL: ended */
	int fd;
	size_t frame_max;
	const struct channel_ops *ops;
	void *arg;

	struct buf in;
	int in_fds[FDS_MAX];
	size_t in_fds_len;

	struct buf out;
	size_t out_done; /* bytes of out that are sent already */
	uint64_t out_at; /* position in the stream of the next byte to send */
	struct out_fd *out_fds;
	size_t out_fds_len;
	size_t out_fds_cap;

	bool batch; /* frames wait for channel_flush() */
	bool full;  /* the socket takes no more now: the loop says when */
	bool gone;  /* a write failed: reported through the loop */
	bool busy;  /* within on_event() */
	bool freed; /* by a callback; the memory goes when on_event() ends */
};

int channel_pair(int ret_fds[2], struct err *err)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ret_fds) < 0) {
		return err_set(err, ERR_IO, "create a socket pair: %s", strerror(errno));
	}
	return 0;
}

static void drop_out(struct channel *channel)
{
	for (size_t i = 0; i < channel->out_fds_len; i++) {
		close(channel->out_fds[i].fd);
	}
	channel->out_fds_len = 0;
	buf_clear(&channel->out);
	channel->out_done = 0;
}

static void drop_in_fds(struct channel *channel)
{
	for (size_t i = 0; i < channel->in_fds_len; i++) {
		close(channel->in_fds[i]);
	}
	channel->in_fds_len = 0;
}

static void disconnect(struct channel *channel)
{
	if (!channel->watch) {
		return;
	}
	loop_remove(channel->watch);
	channel->watch = NULL;
	close(channel->fd);
	drop_out(channel);
	drop_in_fds(channel);
}

static void destroy(struct channel *channel)
{
	buf_clear(&channel->in);
	free(channel->out_fds);
	free(channel);
}

void channel_free(struct channel *channel)
{
	if (!channel) {
		return;
	}
	disconnect(channel);
	channel->freed = true;
	if (!channel->busy) {
		destroy(channel);
	}
}

static void end(struct channel *channel, const struct err *why)
{
	disconnect(channel);
	channel->ops->closed(channel->arg, why);
}

/* Sending */

/* sendmsg() of iov, with fd when it is not -1. Returns the bytes taken, 0 for none now, -1: gone.
 */
static ssize_t put(struct channel *channel, struct iovec *iov, size_t iov_len, int fd)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = iov_len };
	ssize_t n;

	if (fd >= 0) {
		msg.msg_control = control.space;
		msg.msg_controllen = sizeof(control.space);

		struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	}
	do {
		n = sendmsg(channel->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n >= 0) {
		channel->out_at += (uint64_t)n;
		return n;
	}
	return errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM || errno == ETOOMANYREFS ? 0
											       : -1;
}

static void want_events(struct channel *channel)
{
	channel->full = channel->out.len > channel->out_done;
	loop_change(channel->watch, channel->full || channel->gone ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/* EPOLLOUT makes sure that the loop calls us even when the peer left its reading side only. */
static void lose(struct channel *channel)
{
	channel->gone = true;
	drop_out(channel);
	want_events(channel);
}

/* The bytes that may go in one call: a descriptor must be sent with the first byte of its frame. */
static size_t sendable(const struct channel *channel, int *ret_fd)
{
	size_t len = channel->out.len - channel->out_done;
	const struct out_fd *fds = channel->out_fds;
	size_t i = 0;

	*ret_fd = -1;
	if (channel->out_fds_len && fds[0].at == channel->out_at) {
		*ret_fd = fds[0].fd;
		i = 1;
	}
	if (i < channel->out_fds_len && fds[i].at - channel->out_at < len) {
		len = (size_t)(fds[i].at - channel->out_at);
	}
	return len;
}

static void sent(struct channel *channel, size_t len, bool with_fd)
{
	channel->out_done += len;
	if (channel->out_done == channel->out.len) {
		channel->out_done = 0;
		if (channel->out.cap > KEEP_MAX) {
			buf_clear(&channel->out);
		} else {
			buf_reset(&channel->out);
		}
	} else if (channel->out_done > channel->out.len / 2) {
		buf_consume(&channel->out, channel->out_done);
		channel->out_done = 0;
	}
	if (with_fd) {
		close(channel->out_fds[0].fd);
		channel->out_fds_len--;
		memmove(channel->out_fds, channel->out_fds + 1,
				channel->out_fds_len * sizeof(*channel->out_fds));
	}
}

static void flush(struct channel *channel)
{
	while (channel->out.len > channel->out_done) {
		int fd;
		struct iovec iov = { channel->out.data + channel->out_done, 0 };

		iov.iov_len = sendable(channel, &fd);

		ssize_t n = put(channel, &iov, 1, fd);

		if (n < 0) {
			lose(channel);
			return;
		}
		if (n == 0) {
			break;
		}
		sent(channel, (size_t)n, fd >= 0);
	}
	want_events(channel);
}

/* Keep a descriptor for the frame whose first byte will be the next one added to out. */
static int keep_fd(struct channel *channel, int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (copy < 0) {
		return -1;
	}

	struct out_fd *slot = mem_push((void **)&channel->out_fds, channel->out_fds_len,
			&channel->out_fds_cap, sizeof(*channel->out_fds));

	slot->at = channel->out_at + channel_pending(channel);
	slot->fd = copy;
	channel->out_fds_len++;
	return 0;
}

/* Add what is left of a frame of which done bytes are sent already. */
static void keep(struct channel *channel, const struct header *header, const void *payload,
		size_t done)
{
	size_t in_header = done < sizeof(*header) ? done : sizeof(*header);
	size_t in_payload = done - in_header;

	buf_add(&channel->out, (const unsigned char *)header + in_header,
			sizeof(*header) - in_header);
	if (header->len > in_payload) {
		buf_add(&channel->out, (const unsigned char *)payload + in_payload,
				header->len - in_payload);
	}
}

void channel_batch(struct channel *channel)
{
	channel->batch = true;
}

void channel_flush(struct channel *channel)
{
	if (channel && channel->watch && !channel->full && channel_pending(channel) > 0) {
		flush(channel);
	}
}

void channel_send(struct channel *channel, uint16_t type, const void *payload, size_t len, int fd)
{
	struct header header = { (uint32_t)len, type, fd >= 0 };
	struct iovec iov[2] = { { &header, sizeof(header) }, { 0 } };
	bool wait = channel->batch && channel_pending(channel) + len < CHANNEL_BATCH;
	ssize_t n = 0;

	assert(len <= UINT32_MAX);
	if (!channel->watch || channel->gone) {
		return;
	}
	if (!wait && channel_pending(channel) == 0) {
		/* sendmsg() does not write, though its iovec is not const */
		memcpy(&iov[1].iov_base, &payload, sizeof(payload));
		iov[1].iov_len = len;
		n = put(channel, iov, len ? 2 : 1, fd);
	}
	if (n < 0 || (n == 0 && fd >= 0 && keep_fd(channel, fd) < 0)) {
		lose(channel);
		return;
	}
	if ((size_t)n < sizeof(header) + len) {
		keep(channel, &header, payload, (size_t)n);
	}
	if (!wait) {
		channel_flush(channel);
	}
}

size_t channel_pending(const struct channel *channel)
{
	return channel->out.len - channel->out_done;
}

/* Receiving */

/* Room for what is missing of the first frame, but never much more than was sent already. */
static size_t read_size(const struct channel *channel)
{
	struct header header;
	size_t have = channel->in.len;

	if (have < sizeof(header)) {
		return READ_CHUNK;
	}
	memcpy(&header, channel->in.data, sizeof(header));

	size_t missing = sizeof(header) + header.len - have;
	size_t most = have > READ_CHUNK ? have : READ_CHUNK;

	return missing > most ? most : missing > READ_CHUNK ? missing : READ_CHUNK;
}

static int take_fds(struct channel *channel, struct msghdr *msg, struct err *err)
{
	bool too_many = msg->msg_flags & MSG_CTRUNC;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
			continue;
		}
		for (size_t at = 0; CMSG_LEN(at + sizeof(int)) <= c->cmsg_len; at += sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + at, sizeof(fd));
			if (channel->in_fds_len < FDS_MAX) {
				channel->in_fds[channel->in_fds_len++] = fd;
			} else {
				close(fd);
				too_many = true;
			}
		}
	}
	return too_many ? err_set(err, ERR_INPUT, "a descriptor too many, or one that was lost")
			: 0;
}

/* Returns the bytes read, 0 for none now, -1: gone (code ERR_NONE) or a mistake of the peer. */
static ssize_t receive(struct channel *channel, struct err *err)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { NULL, read_size(channel) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = CMSG_LEN(sizeof(int)),
	};
	ssize_t n;

	iov.iov_base = buf_reserve(&channel->in, iov.iov_len);
	do {
		n = recvmsg(channel->fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == ENOMEM || errno == ENOBUFS)) {
		return 0;
	}
	if (n <= 0) {
		return -1;
	}
	buf_grew(&channel->in, (size_t)n);
	return take_fds(channel, &msg, err) < 0 ? -1 : n;
}

static int check_header(const struct channel *channel, const struct header *header, struct err *err)
{
	if (header->len > channel->frame_max) {
		return err_set(err, ERR_INPUT, "a frame of %u bytes, at most %zu are allowed",
				header->len, channel->frame_max);
	}
	if (header->fds > 1) {
		return err_set(err, ERR_INPUT, "a frame with %u descriptors", header->fds);
	}
	return 0;
}

/* Give one whole frame to the owner. */
static int hand_out(struct channel *channel, const struct header *header,
		const unsigned char *payload, struct err *err)
{
	int fd = -1;

	if (header->fds) {
		if (!channel->in_fds_len) {
			return err_set(err, ERR_INPUT, "a frame without its descriptor");
		}
		fd = channel->in_fds[0];
		channel->in_fds_len--;
		memmove(channel->in_fds, channel->in_fds + 1, channel->in_fds_len * sizeof(int));
	}
	return channel->ops->frame(channel->arg, header->type, payload, header->len, fd, err);
}

/* Close what belongs to no frame: only a frame that has begun may still own one. */
static void drop_stray_fds(struct channel *channel, const struct header *begun)
{
	if (channel->in_fds_len > 1 || channel->in.len == 0 ||
			(channel->in.len >= sizeof(*begun) && !begun->fds)) {
		drop_in_fds(channel);
	}
}

static void forget(struct channel *channel, size_t len)
{
	if (len) {
		buf_consume(&channel->in, len);
	}
	if (channel->in.len == 0 && channel->in.cap > KEEP_MAX) {
		buf_clear(&channel->in);
	}
}

/* All whole frames that are there. A callback may have freed the channel when this returns. */
static int hand_out_all(struct channel *channel, struct err *err)
{
	struct header header = { 0 };
	size_t at = 0;

	while (channel->in.len - at >= sizeof(header)) {
		memcpy(&header, channel->in.data + at, sizeof(header));
		if (check_header(channel, &header, err) < 0) {
			return -1;
		}
		if (channel->in.len - at - sizeof(header) < header.len) {
			break;
		}
		if (hand_out(channel, &header, channel->in.data + at + sizeof(header), err) < 0) {
			return -1;
		}
		if (channel->freed) {
			return 0;
		}
		at += sizeof(header) + header.len;
	}
	forget(channel, at);
	drop_stray_fds(channel, &header);
	return 0;
}

static void on_readable(struct channel *channel)
{
	struct err err = { .code = ERR_NONE };
	ssize_t n = receive(channel, &err);

	if (n > 0 && hand_out_all(channel, &err) < 0) {
		n = -1;
	}
	if (channel->freed) {
		return;
	}
	if (n < 0 || (n == 0 && channel->gone)) {
		end(channel, err.code == ERR_NONE ? NULL : &err);
	}
}

static void on_event(void *arg, uint32_t events)
{
	struct channel *channel = arg;

	channel->busy = true;
	if ((events & EPOLLOUT) && !channel->gone) {
		flush(channel);
	}
	if ((events & ~(uint32_t)EPOLLOUT) || channel->gone) {
		on_readable(channel);
	}
	channel->busy = false;
	if (channel->freed) {
		destroy(channel);
	}
}

struct channel *channel_new(struct loop *loop, int fd, size_t frame_max,
		const struct channel_ops *ops, void *arg)
{
	struct channel *channel = xcalloc(1, sizeof(*channel));

	channel->fd = fd;
	channel->frame_max = frame_max;
	channel->ops = ops;
	channel->arg = arg;
	channel->watch = loop_add(loop, fd, EPOLLIN, on_event, channel);
	return channel;
}
