/* SPDX-License-Identifier: Apache-2.0 */
#include "front/auth.h"

#include <string.h>
#include <strings.h>

#include "domain/approval.h"

void auth_set_token(struct auth *auth, const char *token)
{
	auth->has_token = *token != '\0';
	digest_sha256(token, strlen(token), auth->token);
}

const char *auth_seal(const struct auth *auth, const char *digest, char *text)
{
	uint8_t approved[DIGEST_SIZE] = { 0 };
	uint8_t seal[DIGEST_SIZE];

	digest_parse(digest, approved);
	approval_seal(auth->token, approved, seal);
	return digest_text(seal, text);
}

static bool is_operator(const struct auth *auth, const char *authorization)
{
	static const char scheme[] = "Bearer ";
	uint8_t given[DIGEST_SIZE];

	if (!auth->has_token || strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0) {
		return false;
	}
	authorization += sizeof(scheme) - 1;
	digest_sha256(authorization, strlen(authorization), given);
	return digest_equal(given, auth->token);
}

const char *auth_check(const struct auth *auth, enum right right, const char *authorization,
		struct err *err)
{
	if (right != RIGHT_OPERATE) {
		return "anonymous";
	}
	if (authorization && is_operator(auth, authorization)) {
		return "operator";
	}
	err_set(err, ERR_UNAUTHORIZED,
			"%s: send 'Authorization: Bearer TOKEN' with the content of operator.token in the storage directory",
			authorization ? "this is not the operator's token"
				      : "this needs the operator's token");
	return NULL;
}
