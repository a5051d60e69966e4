/* SPDX-License-Identifier: Apache-2.0 */
#include "core/intake/rejects.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "base/utf8.h"
#include "core/intake/own_alert.h"
#include "store/deliveries.h"
#include "store/rejected_bodies.h"

#define SUMMARY_MAX  512
#define RECEIVER_MAX 256              /* bytes of a receiver's name in a label */
#define LOOK_MAX_MS  (60 * 60 * 1000) /* a clock that is set may make it due sooner */

/* --- bodies --- */

static const struct own_alert undecodable = {
	.alertname = "UndecodableDelivery", .summary = "", .happens = true
};

void rejects_count(struct intake_room *room, const struct msg_rejected *msg)
{
	room->ground->counters.rejected_deliveries += 1 + msg->missed;
}

static int add_body(struct intake_room *room, const struct msg_rejected *msg, int64_t *ret_id,
		int64_t *ret_count, struct err *err)
{
	const struct rejected_body_row row = {
		.hash = msg->hash,
		.last_at = room->ground->turn.wall_ms,
		.status = msg->status,
		.error = msg->error,
		.principal = msg->principal,
		.client = msg->client,
		.size = (int64_t)msg->size,
		.body = msg->body.data,
		.body_len = msg->body.len,
	};

	return rejected_bodies_add(room->ground->db, &row, ret_id, ret_count, err);
}

int rejects_keep(struct intake_room *room, const struct msg_rejected *msg, struct err *err)
{
	struct own_alert own = undecodable;
	char summary[SUMMARY_MAX];
	int64_t id = 0;
	int64_t count = 0;

	rejects_count(room, msg);
	if (turn_write(&room->ground->turn, err) < 0 || add_body(room, msg, &id, &count, err) < 0) {
		return -1;
	}
	if (count == 1) {
		log_warn("delivery rejected, its alerts are lost", LOG_INT("rejected", id),
				LOG_STR("client", msg->client), LOG_INT("status", msg->status),
				LOG_STR("error", msg->error));
	}
	room->rejects.is_loaded = true;
	room->rejects.last_at = room->ground->turn.wall_ms;
	snprintf(summary, sizeof(summary),
			"a delivery from %s was answered %d, and its alerts are lost: %.200s; GET /api/v1/rejected-deliveries/%" PRId64
			" has it. This ends when none was rejected for 24h",
			msg->client, msg->status, msg->error, id);
	own.summary = summary;
	return own_alert_fires(room, &own, err);
}

int rejects_tick(struct intake_room *room, struct deadline *next, struct err *err)
{
	struct rejects *rejects = &room->rejects;
	const struct turn *turn = &room->ground->turn;
	int64_t left;

	if (!rejects->is_loaded &&
			rejected_bodies_last_at(room->ground->db, &rejects->last_at, err) < 0) {
		return -1;
	}
	rejects->is_loaded = true;
	if (!rejects->last_at) {
		return 0;
	}
	left = rejects->last_at + REJECTS_END_MS - turn->wall_ms;
	if (left > 0) {
		deadline_by(next, turn->mono_ms + (left < LOOK_MAX_MS ? left : LOOK_MAX_MS));
		return 0;
	}
	rejects->last_at = 0;
	return own_alert_ends(room, &undecodable, err);
}

/* --- alerts --- */

/* The first broken alert of a delivery, and how many there are. */
static size_t count_broken(const struct delivery *delivery, const struct alert **ret_first)
{
	size_t count = 0;

	for (size_t i = delivery->alerts_len; i > 0; i--) {
		if (delivery->alerts[i - 1].broken) {
			*ret_first = &delivery->alerts[i - 1];
			count++;
		}
	}
	return count;
}

static void on_decision(const struct decision_row *row, void *arg)
{
	*(int64_t *)arg = row->delivery_id;
}

/* The delivery that had the newest one. */
static int find_delivery(struct intake_room *room, int64_t *ret_id, struct err *err)
{
	const struct decision_query query = { .decision = decision_names[DECISION_REJECTED_ALERT],
		.limit = 1 };

	return decisions_list(room->ground->db, &query, on_decision, ret_id, err);
}

static int page(struct intake_room *room, const char *receiver, const char *summary,
		struct err *err)
{
	const struct label labels[] = { { "receiver", receiver }, { NULL, NULL } };
	const struct own_alert own = { .alertname = "UnreadableAlert",
		.labels = *receiver ? labels : NULL,
		.summary = summary,
		.happens = true };

	return own_alert_fires(room, &own, err);
}

int rejects_alerts(struct intake_room *room, const struct msg_deliver *msg, struct err *err)
{
	const struct alert *first = NULL;
	size_t count = count_broken(&msg->delivery, &first);
	char receiver[RECEIVER_MAX];
	char summary[SUMMARY_MAX];
	int64_t id = 0;

	if (count == 0 || msg->dry_run || msg->replay_of) {
		return 0;
	}
	if (find_delivery(room, &id, err) < 0) {
		return -1;
	}
	utf8_copy(msg->delivery.receiver, receiver, sizeof(receiver));
	log_warn("alert cannot be read", LOG_INT("delivery", id), LOG_STR("receiver", receiver),
			LOG_STR("error", first->broken), LOG_INT("alerts", (int64_t)count));
	snprintf(summary, sizeof(summary),
			"%zu alert%s of delivery %" PRId64
			" cannot be read and %s lost: %.300s; mend the rule or the sender, then close this",
			count, count == 1 ? "" : "s", id, count == 1 ? "is" : "are", first->broken);
	return page(room, receiver, summary, err);
}
