/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mail - a notice as an Internet message (RFC 5322) of plain text in UTF-8.
 *
 * Its Message-ID is made of the notice's id and time, the same however often it is sent; all about
 * one thread refer to the same id, so that mail programs show them together. Control characters in
 * a header become spaces, so that nothing in it can begin another header; a subject that is not
 * ASCII is encoded (RFC 2047). The body is quoted-printable: it passes through every server, and no
 * line is long. Lines end in CRLF.
 */
#ifndef DOMAIN_MAIL_H
#define DOMAIN_MAIL_H

#include <stdint.h>

#include "base/buf.h"

struct mail {
	const char *from; /* an address */
	const char *to;   /* addresses, separated by commas */
	const char *subject;
	const char *text;
	int64_t id;
	int64_t time_ms;  /* wall, when it was written */
	int64_t incident; /* the thread; 0: none */
};

/* Append the message to out. */
void mail_write(const struct mail *mail, struct buf *out);

#endif
