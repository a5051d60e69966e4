/* SPDX-License-Identifier: Apache-2.0 */
/*
 * approval - the digests of a question: an operator who answers an `approve` step approves them.
 *
 *	work     all that the run would do: every step of its playbook with the params put in, and
 *	         the checks that they name. The same work is the same whatever file it stands in.
 *	digest   the work of this run, by this configuration, at this step, until this time: what is
 *	         shown with the question, and what the answer must bring back
 *	seal     the front's proof that an operator with the token sent this digest:
 *	         a MAC under the SHA-256 of that token, which executor and front have and the core
 *	         does not. The executor checks it.
 */
#ifndef DOMAIN_APPROVAL_H
#define DOMAIN_APPROVAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "domain/label.h"
#include "domain/playbook.h"
#include "sys/digest.h"

/* Borrows everything. checks: all that the configuration has. */
struct approval_subject {
	const struct playbook *playbook;
	const struct labels *params;
	const struct check *checks;
	size_t checks_len;
};

/* The work. Fails only when a template names no param, which the loader does not let through. */
int approval_work(const struct approval_subject *subject, uint8_t ret_work[DIGEST_SIZE],
		struct err *err);

/* What an approval is good for. */
struct approval_binding {
	uint64_t run;
	uint32_t step; /* the approve step's index */
	int64_t expires_at;
	uint8_t config_hash[DIGEST_SIZE];
	uint8_t work[DIGEST_SIZE];
};

void approval_digest(const struct approval_binding *binding, uint8_t ret_digest[DIGEST_SIZE]);
void approval_seal(const uint8_t key[DIGEST_SIZE], const uint8_t digest[DIGEST_SIZE],
		uint8_t ret_seal[DIGEST_SIZE]);

/* Does the approve step have to be asked? By its `when`, as far as the params alone can tell. */
enum approval_need {
	APPROVAL_NEEDED,
	APPROVAL_LEFT_OUT, /* a param is another one */
	APPROVAL_OPEN,     /* that depends on how earlier steps ended */
};

enum approval_need approval_need(const struct step *step, const struct labels *params);

/* The index of the approve step that is nearest before index in the phase steps, or -1. */
int approval_before(const struct playbook *playbook, size_t index);

#endif
