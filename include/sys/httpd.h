/* SPDX-License-Identifier: Apache-2.0 */
/*
 * httpd - HTTP/1.1 requests in, answers out, on libmicrohttpd driven from our loop.
 *
 * Calling sequence:
 *   1. httpd_new(), httpd_listen() for every socket; call httpd_tick() from the loop's tick;
 *   2. begun() when a request's head is there: it may answer already (the body is then dropped);
 *   3. whole() when its body is there too: it answers now, or later;
 *   4. httpd_reply() once for each request; the request is gone for the caller with it.
 * A client that went away meanwhile changes nothing: the answer is simply dropped.
 *
 * broken() comes instead of 2 or 3 for a request that is not well-formed or too long; it must
 * answer at once, and the connection is closed after.
 *
 * Limits: HTTPD_CONNECTIONS_MAX a listener; near it the one that has longest sent nothing whole is
 * closed; so is one each second while somebody waits who could not be accepted for want of a
 * descriptor. A request's head must be there CONN_HEAD_MS after the connection or the last answer,
 * its body CONN_BODY_MS after the head, and the answer read CONN_REPLY_MS after it was given
 * (conns.h), however busy the client looks. Of bodies above HTTPD_BODY_MAX only the beginning is
 * kept.
 */
#ifndef SYS_HTTPD_H
#define SYS_HTTPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "sys/head.h"
#include "sys/loop.h"

#define HTTPD_CONNECTIONS_MAX 1000
#define HTTPD_LISTENERS_MAX   16
#define HTTPD_BODY_MAX        ((size_t)16 * 1024 * 1024)
#define HTTPD_BEGINNING_MAX   ((size_t)64 * 1024)
#define HTTPD_URI_MAX         8192
#define HTTPD_PEER_TEXT_MAX   64

struct httpd;
struct httpd_request;

struct httpd_ops {
	void (*begun)(void *arg, struct httpd_request *request);
	void (*whole)(void *arg, struct httpd_request *request);
	/* ERR_INPUT or ERR_LIMIT. */
	void (*broken)(void *arg, struct httpd_request *request, const struct err *why);
};

/* Borrows loop and ops until httpd_free(). Caller frees with httpd_free(). */
struct httpd *httpd_new(struct loop *loop, const struct httpd_ops *ops, void *arg);
/* NULL is a no-op. Closes everything, unanswered requests too. Not from within a callback. */
void httpd_free(struct httpd *httpd);
/* Serve the listening socket fd. Takes fd, even on failure. */
int httpd_listen(struct httpd *httpd, int fd, struct err *err);
/* Accept no more connections, close those that are idle; the others are answered. */
void httpd_stop(struct httpd *httpd);
/* Do what is due. Returns the milliseconds until it wants to be called again; -1: no time. */
int64_t httpd_tick(struct httpd *httpd);
/* Requests that have begun and are not answered to their end. */
size_t httpd_busy(const struct httpd *httpd);

/* All borrowed until httpd_reply(). */
const char *httpd_method(const struct httpd_request *request);
/* As it was sent, nothing decoded: up to the '?', and what is behind it ("" when there is none). */
const char *httpd_path(const struct httpd_request *request);
const char *httpd_query(const struct httpd_request *request);
/* NULL when it was not sent. */
const char *httpd_header(const struct httpd_request *request, enum head_field header);
/* Is there a body, by the head? */
bool httpd_has_body(const struct httpd_request *request);
/* Longer than HTTPD_BODY_MAX, by the head? */
bool httpd_body_too_long(const struct httpd_request *request);
/* Will it be read to its end before an answer leaves? Else an answer now is the only one. */
bool httpd_body_arrives(const struct httpd_request *request);
/* Its bytes, by the head, or else as many as have arrived. */
uint64_t httpd_body_size(const struct httpd_request *request);
/* NUL-terminated beyond len. Of one that is too long: its first HTTPD_BEGINNING_MAX bytes. */
const char *httpd_body(const struct httpd_request *request, size_t *ret_len);
/* "127.0.0.1", or "unix"; text has HTTPD_PEER_TEXT_MAX. Returns text. */
const char *httpd_peer(const struct httpd_request *request, char *text);
/* Did it come over a unix socket? */
bool httpd_is_unix(const struct httpd_request *request);

struct httpd_field {
	const char *name;
	const char *value;
};

struct httpd_answer {
	int status;
	const char *content_type;
	const struct httpd_field *fields; /* more headers, ended by a NULL name; or NULL */
	bool close;                       /* the connection, after it */
};

/* Answer. Copies answer; takes body's bytes, so body is empty after. */
void httpd_reply(
		struct httpd_request *request, const struct httpd_answer *answer, struct buf *body);

#endif
