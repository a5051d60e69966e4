/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check - a named health check, as the configuration describes it, and the names of its states.
 * Plain data; everything lives in the configuration's arena.
 *
 * A check with an interval is looked at in the background (core/checks/prober) and by steps; one
 * without by steps only.
 *
 * The URL of a check may name params of the playbook that uses it, in its path and query only: the
 * loader refuses them anywhere before. What is put in is percent-encoded, so that no value can
 * change the host, the path's segments, or the request.
 */
#ifndef DOMAIN_CHECK_H
#define DOMAIN_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "domain/label.h"
#include "sys/digest.h"

enum check_kind { CHECK_HTTP, CHECK_TCP, CHECK_COMMAND, CHECK_KINDS };
/* "http", "tcp", "command". */
extern const char *const check_kind_names[CHECK_KINDS];

/* unknown: it was not probed yet, or could not be. */
enum check_status { CHECK_UNKNOWN, CHECK_HEALTHY, CHECK_FAILING, CHECK_STATUSES };
/* "unknown", "healthy", "failing". */
extern const char *const check_status_names[CHECK_STATUSES];

/* A value that a JSON answer must have. */
struct check_field {
	const char *path;  /* keys of objects and positions in lists, with dots between */
	const char *value; /* as text: of a string itself, else as JSON writes it */
};

struct check {
	const char *name;
	uint8_t kind;               /* enum check_kind */
	const char *url;            /* http */
	bool url_params;            /* url is a template that names params */
	int64_t status;             /* http: expected; default 200 */
	bool json;                  /* http: the body must be JSON */
	const char *contains;       /* http: the body must contain this; or NULL */
	struct check_field *fields; /* http: what the JSON must say */
	size_t fields_len;
	const char *address;     /* tcp: "host:port" */
	const char *const *argv; /* command: no templates; exit 0 is healthy */
	int64_t timeout_ms;      /* default 5 s */
	int64_t interval_ms;     /* 0: only when a step asks */
};

/*
 * Append the URL with params put in, each percent-encoded. ERR_INPUT: a param that is not there, or
 * a segment of the path that would be "." or "..", which means another path.
 */
int check_url(const struct check *check, const struct labels *params, struct buf *out,
		struct err *err);

/* Append what is probed, for operators: a URL without user and password, host:port, or a program
 * with its arguments. params (NULL: none are known) are put into a URL as far as they can be. */
void check_target(const struct check *check, const struct labels *params, struct buf *out);
/* Append what is expected of it, for operators: "200 + JSON with status = ok". */
void check_expected(const struct check *check, struct buf *out);

/* SHA-256 over what is looked at and what is expected: what was seen of one says nothing about
 * another. */
void check_definition(const struct check *check, uint8_t ret_digest[DIGEST_SIZE]);

#endif
