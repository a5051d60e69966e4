/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channel - frames over a stream socket pair, watched by a loop.
 *
 * A frame is {u32 payload length, u16 type, u16 descriptors} in host order and the payload; at most
 * one descriptor travels with it, attached to its first byte. Received descriptors are given out in
 * order to the frames that announce one; one that belongs to no frame is closed. Sending never
 * blocks: what the socket does not take is kept and sent when it does. A frame longer than
 * frame_max, or one that breaks the format, ends the channel.
 *
 * A system call and a wake-up for every frame are most of what a small frame costs: a channel with
 * many of them a turn sends them in batches, and its owner calls channel_flush() at the turn's end.
 */
#ifndef SYS_CHANNEL_H
#define SYS_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "sys/loop.h"

/* Small enough that the peer works on one batch while the next one is made. */
#define CHANNEL_BATCH 16384

struct channel;

struct channel_ops {
	/*
	 * A frame came. payload is valid during the call. fd is the descriptor that came with it,
	 * now the callee's to close, or -1. Returns 0, or -1 with err set: the peer broke the
	 * protocol, the channel ends and closed() is called with that err.
	 */
	int (*frame)(void *arg, uint16_t type, const unsigned char *payload, size_t len, int fd,
			struct err *err);
	/*
	 * The peer is gone (why NULL) or broke the protocol (why says how). Called once, after all
	 * whole frames that the peer had sent, never from within channel_send(). The owner calls
	 * channel_free() in it or later.
	 */
	void (*closed)(void *arg, const struct err *why);
};

/* Two connected, non-blocking, close-on-exec sockets. */
int channel_pair(int ret_fds[2], struct err *err);

/* Takes fd. Borrows loop and ops until channel_free(). frame_max bounds the payload accepted. */
struct channel *channel_new(struct loop *loop, int fd, size_t frame_max,
		const struct channel_ops *ops, void *arg);
/* NULL is a no-op. Closes the socket; what was not sent yet is dropped. Allowed in a callback. */
void channel_free(struct channel *channel);

/*
 * Queue a frame and send what the socket takes now. Copies payload. fd (or -1) is duplicated, so
 * the caller may close it after. A channel whose peer is gone drops the frame; one that cannot
 * duplicate fd ends, through the loop.
 */
void channel_send(struct channel *channel, uint16_t type, const void *payload, size_t len, int fd);
/* From now on frames wait for channel_flush(), or until CHANNEL_BATCH bytes have come together. */
void channel_batch(struct channel *channel);
/* Send what the socket takes now. NULL is a no-op. */
void channel_flush(struct channel *channel);
/* Bytes that wait to be sent. */
size_t channel_pending(const struct channel *channel);

#endif
