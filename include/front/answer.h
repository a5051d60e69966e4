/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer - what goes back over HTTP: Prometheus's envelope, errors, and plain text.
 *
 *	{"status":"success","data":{…}}
 *	{"status":"error","errorType":"bad_data","error":"alerts: missing, expected array"}
 *
 * Each answers the request and counts it. Errors are one line, since Alertmanager logs them whole.
 */
#ifndef FRONT_ANSWER_H
#define FRONT_ANSWER_H

#include "base/buf.h"
#include "base/err.h"
#include "front/meter.h"
#include "sys/httpd.h"
#include "wire/wire.h"

/* Where an answer goes, and what it is counted as. */
struct answer_to {
	struct meter *meter;
	struct httpd_request *request;
	const struct route_row *row; /* NULL: no such route */
};

/* data is JSON; borrowed for the call. Empty: null. */
void answer_data(const struct answer_to *to, struct bytes data);
/* Text of any type. Takes its bytes. */
void answer_text(const struct answer_to *to, const char *content_type, struct buf *text);
/* allow: the methods, for ERR_METHOD; else NULL. */
void answer_error(const struct answer_to *to, const struct err *err, const char *allow);

#endif
