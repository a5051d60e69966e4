/* SPDX-License-Identifier: Apache-2.0 */
/*
 * httpc - look at an HTTP server or a TCP port once, post something or send a mail, from the
 * owner's loop (libcurl).
 *
 * Calling sequence:
 *   1. httpc_new();
 *   2. httpc_start() for each look, any number at once;
 *   3. the owner's tick calls httpc_tick() in every turn of the loop, which calls done() of what
 *      has ended: exactly once for each, never from within httpc_start(). A look that is
 *      cancelled, or that lives when httpc_free() is called, is never reported.
 *
 * A look is a GET of an http: or https: URL on a connection of its own, a TCP connect, or what a
 * struct httpc_send says. It follows no redirect, uses no proxy, cookie, .netrc or environment,
 * decompresses nothing, and verifies TLS against the system's CA bundle, or the one it was given.
 * Addresses that are link-local, multicast or unspecified are never connected to, whatever name led
 * there: metadata services live there.
 *
 * A mail goes by SMTP: with TLS from the first byte on port 465, else with STARTTLS, which must
 * succeed unless it may do without TLS (and then is not tried).
 *
 * Limits: HTTPC_BODY_MAX bytes of body unless the request says otherwise, HTTPC_HEADERS_MAX bytes
 * of headers; more is a failure, but what answers a POST is cut.
 * Units:  timeout_ms is for the whole look, with the name's resolution.
 */
#ifndef SYS_HTTPC_H
#define SYS_HTTPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "sys/loop.h"

#define HTTPC_BODY_MAX       (64 * 1024)
#define HTTPC_HEADERS_MAX    (32 * 1024)
#define HTTPC_TIMEOUT_MAX_MS (10 * 60 * 1000)

struct httpc;
struct httpc_look;

/* How it ended. Borrowed: valid during done(). */
struct httpc_result {
	bool ok;          /* there is an answer of any status; of a TCP look: it is connected;
			     of a mail: it was taken */
	int status;       /* HTTP status; 0 of a TCP look, and when not ok. Of a mail: the last
			     code that the server said to it, also when not ok; 0: none */
	const char *body; /* followed by a NUL, may contain others; "" when not ok */
	size_t body_len;
	const char *error; /* when not ok, in words: "connect to localhost:3001: Connection
			      refused", "timed out after 3s"; never has the URL's path, query or
			      credentials in it. "" when ok */
};

/* What is sent; members that are not said to be needed may be NULL. Copied. */
struct httpc_send {
	const char *body; /* NULL, and no `from`: it is a GET that logs in */
	size_t body_len;
	const char *content_type;  /* of a POST: needed */
	const char *authorization; /* of a POST or GET: the header's value */
	const char *username;
	const char *password; /* with username */
	const char *ca;       /* PEM of the CAs that count, instead of the system's */
	const char *from;     /* of a mail: needed, and says that it is one */
	const char *to;       /* of a mail: addresses, separated by commas */
	const char *hello;    /* of a mail: what we call ourselves */
	bool require_tls;     /* of a mail */
};

/* What to look at: one of url and address, the other NULL. Copied. */
struct httpc_request {
	const char *url;     /* http: or https: */
	const char *address; /* "host:port", "[::1]:port": a TCP look, or the mail server */
	const struct httpc_send *send; /* NULL: only look */
	int64_t timeout_ms;            /* 1 to HTTPC_TIMEOUT_MAX_MS */
	size_t body_max;               /* bytes of the answer; 0: HTTPC_BODY_MAX */
	/* May start and cancel looks, but not call httpc_free(). */
	void (*done)(void *arg, const struct httpc_result *result);
	void *arg;
};

/* Borrows loop until httpc_free(). ERR_IO. */
struct httpc *httpc_new(struct loop *loop, struct err *err);
/* NULL is a no-op. Cancels what is left. */
void httpc_free(struct httpc *httpc);

/*
 * Start a look. Returns it, to be used with httpc_cancel() until its done() was called; or NULL
 * with ERR_INPUT when the request makes no sense. Owned by httpc.
 */
struct httpc_look *httpc_start(
		struct httpc *httpc, const struct httpc_request *request, struct err *err);
/* Ends and frees it; done() is not called. NULL is a no-op. */
void httpc_cancel(struct httpc_look *look);

/* Report what has ended. Returns in how many ms it wants to be called again, or -1: when a
 * descriptor was ready. */
int64_t httpc_tick(struct httpc *httpc);

#endif
