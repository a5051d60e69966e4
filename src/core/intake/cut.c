/* SPDX-License-Identifier: Apache-2.0 */
#include "core/intake/cut.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "wire/json_labels.h"

#define RECEIVER_MAX 1024

const char *cut_say_why(int64_t delivery_id, int64_t alerts, char *text)
{
	snprintf(text, CUT_WHY_MAX,
			"Alertmanager cut %" PRId64 " alerts from delivery %" PRId64
			" (max_alerts); look for them there",
			alerts, delivery_id);
	return text;
}

bool cut_wanted(const struct intake *in)
{
	const struct delivery *delivery = &in->msg->delivery;

	return in->config->alertmanagers_len > 0 && !in->msg->replay_of && !in->msg->dry_run &&
	       strlen(delivery->receiver) <= RECEIVER_MAX &&
	       strlen(json_labels_text(in->arena, &delivery->group_labels)) <= ASK_LABELS_MAX;
}

int cut_note(struct intake *in, int64_t incident_id, struct err *err)
{
	const struct delivery *delivery = &in->msg->delivery;
	const struct cut_row row = {
		.delivery_id = in->delivery_id,
		.incident_id = incident_id,
		.at = in->now,
		.alerts = (int64_t)delivery->truncated,
		.external_url = delivery->external_url,
		.receiver = delivery->receiver,
		.group_key = delivery->group_key,
		.group_labels = json_labels_text(in->arena, &delivery->group_labels),
	};

	return cuts_add(in->ground->db, &row, err);
}
