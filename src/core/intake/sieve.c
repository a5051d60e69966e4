/* SPDX-License-Identifier: Apache-2.0 */
#include "core/intake/sieve.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "core/intake/beats.h"
#include "core/intake/consider.h"
#include "domain/ignore.h"
#include "domain/plan.h"
#include "store/episodes.h"

static bool is_ignored(struct intake *in, const struct subject *subject, char *reason)
{
	const struct ignore_rule *rule;
	struct err wrong;

	/* Not known to be ignored: it counts. */
	if (ignore_find(&in->config->ignore, &subject->alert->labels, &rule, &wrong) < 0) {
		log_warn("an alert could not be compared with `ignore`",
				LOG_STR("alertname", subject->alertname),
				LOG_STR("error", wrong.msg));
		return false;
	}
	if (rule) {
		ignore_say(rule, reason, PLAN_REASON_MAX);
	}
	return rule;
}

static void add_reason(char *reason, const char *more)
{
	size_t used = strlen(reason);

	snprintf(reason + used, PLAN_REASON_MAX - used, "%s", more);
}

/* It has an episode from before: that goes on while it fires. */
static int keep_up(struct intake *in, const struct subject *subject,
		const struct plan_episode *open, char *reason, struct err *err)
{
	char more[64];

	if (open->incident_id) {
		snprintf(more, sizeof(more), "; incident %" PRId64 " is over when it ends",
				open->incident_id);
		add_reason(reason, more);
	}
	const struct episode_row row = { .id = open->id,
		.delivery_id = in->delivery_id,
		.starts_at = subject->alert->starts_at,
		.last_seen = in->now };

	return episodes_again(in->ground->db, &row, err);
}

int sieve_take(struct intake *in, const struct subject *subject, bool *ret_taken, struct err *err)
{
	char reason[PLAN_REASON_MAX] = "";
	struct verdict verdict = { .decision = DECISION_HEARTBEAT, .reason = reason };
	const struct episode_sender sender = { in->msg->delivery.external_url, "", "",
		in->body_hash, subject->annotations };
	struct plan_episode open;
	bool beat = false;

	*ret_taken = false;
	if (in->own) {
		return 0;
	}
	if (beats_take(in, subject, &beat, reason, err) < 0) {
		return -1;
	}
	if (!beat) {
		verdict.decision = DECISION_IGNORED;
		if (!is_ignored(in, subject, reason)) {
			return 0;
		}
	}
	if (episodes_open(in->ground->db, subject->identity, &sender, &open, err) < 0) {
		return -1;
	}
	if (open.id && subject->alert->status == ALERT_RESOLVED) {
		return 0;
	}
	if (open.id && keep_up(in, subject, &open, reason, err) < 0) {
		return -1;
	}
	verdict.incident_id = open.incident_id;
	*ret_taken = true;
	return consider_record(in, subject, &verdict, err);
}
