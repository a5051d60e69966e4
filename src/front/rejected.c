/* SPDX-License-Identifier: Apache-2.0 */
#include "front/rejected.h"

#include "sys/digest.h"

/* May one more be sent in this second? */
static bool admit(struct rejected *rejected, int64_t now)
{
	if (rejected->sent == 0 || now - rejected->second >= 1000) {
		rejected->second = now;
		rejected->sent = 0;
	}
	return rejected->sent++ < REJECTED_PER_SECOND;
}

void rejected_report(struct rejected *rejected, struct channel *core, struct msg_rejected *msg,
		int64_t now)
{
	if (!core || !admit(rejected, now)) {
		rejected->missed++;
		return;
	}
	digest_sha256(msg->body.data, msg->body.len, msg->hash);
	if (msg->body.len > REJECTED_BODY_MAX) {
		msg->body.len = REJECTED_BODY_MAX;
	}
	msg->missed = rejected->missed;
	rejected->missed = 0;
	message_send(core, MSG_REJECTED, msg, -1);
}
