/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth - who is asking, and may they?
 *
 * The listeners are loopback or unix sockets: `alert` and `read` are open there. `operate` needs
 * the operator's token, "Authorization: Bearer TOKEN". Only digests are compared, in constant time.
 */
#ifndef FRONT_AUTH_H
#define FRONT_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "sys/digest.h"
#include "wire/routes.h"

/* Zeroed: nobody is the operator. */
struct auth {
	bool has_token;
	uint8_t token[DIGEST_SIZE];
};

/* Copies nothing but the digest; "" is no token. */
void auth_set_token(struct auth *auth, const char *token);

/*
 * Does authorization (the header, or NULL) give right? Returns who it is, "operator" or "anonymous"
 * (static), or NULL with ERR_UNAUTHORIZED, which says where the token is.
 */
const char *auth_check(const struct auth *auth, enum right right, const char *authorization,
		struct err *err);

/* The seal (domain/approval.h) of an approval of that digest (64 hex digits), in hex, for the
 * executor to see that the operator said it; text has DIGEST_TEXT_MAX. Returns text. */
const char *auth_seal(const struct auth *auth, const char *digest, char *text);

#endif
