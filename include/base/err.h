/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err - what went wrong, and what the caller can do about it.
 *
 * A struct err lives on the caller's stack and is passed last. A function that can fail returns
 * 0 or -1 (or a pointer or NULL); on failure err holds one sentence for operators. Success leaves
 * err untouched. A function either reports an error (logs, answers) or returns it, never both.
 *
 *	if (fd < 0) {
 *		return err_set(err, ERR_IO, "open '%s': %s", path, strerror(errno));
 *	}
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define ERR_MSG_MAX 1024

/*
 * Codes say what the caller can do, not where it broke.
 * X(code, Prometheus errorType, HTTP status, exit status)
 */
#define ERR_CODES(X)                                   \
	X(ERR_NONE, "none", 200, 0)                    \
	X(ERR_INPUT, "bad_data", 400, 1)               \
	X(ERR_UNAUTHORIZED, "unauthorized", 401, 1)    \
	X(ERR_FORBIDDEN, "forbidden", 403, 1)          \
	X(ERR_NOT_FOUND, "not_found", 404, 1)          \
	X(ERR_METHOD, "method_not_allowed", 405, 1)    \
	X(ERR_CONFLICT, "conflict", 409, 1)            \
	X(ERR_LIMIT, "too_large", 413, 1)              \
	X(ERR_MEDIA, "unsupported_media_type", 415, 1) \
	X(ERR_BUSY, "unavailable", 503, 4)             \
	X(ERR_IO, "unavailable", 503, 1)               \
	X(ERR_DB, "unavailable", 503, 1)               \
	X(ERR_FULL, "unavailable", 503, 1)             \
	X(ERR_CORRUPT, "unavailable", 503, 3)          \
	X(ERR_BUG, "internal", 500, 70)

enum err_code {
#define X(code, type, http, exit) code,
	ERR_CODES(X)
#undef X
};

struct err {
	enum err_code code;
	char msg[ERR_MSG_MAX]; /* one sentence, no newline at the end */
};

/* Set code and message; too long a message is cut. Returns -1 always. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));

/* Put "context: " before the message; the code stays. Returns -1 always. */
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prometheus's errorType for code: "bad_data", "not_found", … */
const char *err_type(enum err_code code);
int err_http_status(enum err_code code);
int err_exit_status(enum err_code code);

#endif
