/* SPDX-License-Identifier: Apache-2.0 */
#include "core/intake/beats.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "domain/plan.h"
#include "store/heartbeats.h"

/* Why an alert of a heartbeat does not count; NULL: it does. */
static const char *no_beat(const struct intake *in, const struct subject *subject)
{
	if (subject->alert->status == ALERT_RESOLVED) {
		return "one that is resolved is no beat";
	}
	if (in->msg->replay_of) {
		return "a replay is no beat";
	}
	return in->msg->dry_run ? "a dry run is no beat" : NULL;
}

static void say(const struct intake *in, const struct pulse *pulse, const char *why_not,
		char *reason)
{
	size_t used = strlen(reason);
	auto_buf struct buf text = { 0 };
	char ago[CLOCK_TEXT_MAX];

	buf_addf(&text, "%sheartbeat %s: ", used ? "; " : "", pulse->heartbeat->name);
	if (why_not) {
		buf_adds(&text, why_not);
	} else if (pulse->last_at) {
		buf_addf(&text, "the last one came %s before",
				duration_format(in->now - pulse->last_at, ago));
	} else {
		buf_adds(&text, "the first one");
	}
	snprintf(reason + used, PLAN_REASON_MAX - used, "%s", buf_text(&text));
}

static int note(struct intake *in, struct pulse *pulse, struct err *err)
{
	pulse->facts.beat_at = in->ground->turn.mono_ms;
	pulse->facts.beaten = true;
	pulse->last_at = in->now;
	return heartbeats_put(in->ground->db,
			&(struct heartbeat_row){
					pulse->heartbeat->name, pulse->last_at, pulse->missing_at },
			err);
}

static bool is_of(const struct pulse *pulse, const struct labels *labels)
{
	const struct heartbeat *heartbeat = pulse->heartbeat;
	bool match = false;
	struct err wrong;

	if (matchers_match(heartbeat->matchers, heartbeat->matchers_len, labels, &match, &wrong) <
			0) {
		log_warn("an alert could not be compared with a heartbeat",
				LOG_STR("heartbeat", heartbeat->name), LOG_STR("error", wrong.msg));
	}
	return match;
}

int beats_take(struct intake *in, const struct subject *subject, bool *ret_found, char *reason,
		struct err *err)
{
	const char *why_not = no_beat(in, subject);

	*ret_found = false;
	reason[0] = '\0';
	for (size_t i = 0; i < in->room->pulses_len; i++) {
		struct pulse *pulse = &in->room->pulses[i];

		if (!is_of(pulse, &subject->alert->labels)) {
			continue;
		}
		*ret_found = true;
		say(in, pulse, why_not, reason);
		if (!why_not && note(in, pulse, err) < 0) {
			return -1;
		}
	}
	return 0;
}
