/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smtp - one mail to a server that is connected, greeted, in TLS and logged in to: what is said to
 * it and what its answers mean (RFC 5321). No socket: whoever has one passes on the bytes.
 *
 *	smtp_begin(&smtp, &mail);
 *	send smtp.out, and smtp_hear() what comes, until smtp.state is not SMTP_GOES_ON
 *
 * libcurl would do this too, but it waits for the last answer in place, and everything else with
 * it.
 */
#ifndef SYS_SMTP_H
#define SYS_SMTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/strv.h"

#define SMTP_REPLY_MAX 8192 /* bytes of one answer, all its lines together */

enum smtp_state { SMTP_GOES_ON, SMTP_TAKEN, SMTP_REFUSED };

struct smtp_mail {
	const char *from;
	const char *to;   /* addresses, separated by commas */
	const char *text; /* headers and body, its lines end in CRLF */
	size_t text_len;
};

struct smtp {
	struct buf out; /* to be sent; the caller consumes it */
	enum smtp_state state;
	int code;       /* of the last answer; 0: none, or it was no SMTP */
	char error[64]; /* of SMTP_REFUSED, in words: "RCPT: 550" */
	/* its own */
	struct strv to;
	struct buf text; /* ready to be sent */
	struct buf reply;
	size_t reply_len; /* of all its lines so far */
	unsigned step;
	size_t told; /* recipients */
};

/* Copies mail. Caller frees with smtp_clear(). */
void smtp_begin(struct smtp *smtp, const struct smtp_mail *mail);
/* The server said this. */
void smtp_hear(struct smtp *smtp, const void *data, size_t len);
/* Empty after. */
void smtp_clear(struct smtp *smtp);

#endif
