/* SPDX-License-Identifier: Apache-2.0 */
#include "core/upstream/fetching.h"

#include <string.h>

#include "base/jsonw.h"
#include "base/log.h"
#include "core/escalate/attention.h"
#include "core/intake/cut.h"
#include "core/intake/intake.h"
#include "core/run/run_request.h"
#include "core/upstream/watching.h"
#include "store/cuts.h"
#include "store/episodes.h"
#include "store/incidents.h"
#include "wire/json_labels.h"

#define ROWS_MAX 1000           /* that are looked at at a time */
#define BY       "alertmanager" /* the principal of what is fetched */

CLEANUP_DEFINE(struct arena *, cleanup_arena, arena_free);

/* Rows of the store, in arena. */
struct cut_rows {
	struct arena *arena;
	struct cut_row *items;
	size_t len;
};

static struct cut_rows rows_new(struct arena *arena)
{
	return (struct cut_rows){ arena, arena_calloc(arena, ROWS_MAX, sizeof(struct cut_row)), 0 };
}

static void on_row(const struct cut_row *row, void *arg)
{
	struct cut_rows *rows = arg;
	struct cut_row *copy = &rows->items[rows->len];

	if (rows->len == ROWS_MAX) {
		return;
	}
	rows->len++;
	*copy = *row;
	copy->external_url = arena_strdup(rows->arena, row->external_url);
	copy->receiver = arena_strdup(rows->arena, row->receiver);
	copy->group_key = arena_strdup(rows->arena, row->group_key);
	copy->group_labels = arena_strdup(rows->arena, row->group_labels);
}

/* --- what is asked for --- */

/* The one that delivered it; when none has that URL, each is asked. */
static bool is_for(const struct upstream_room *room, size_t peer, const char *external_url)
{
	for (size_t k = 0; k < room->peers_len; k++) {
		if (watching_is_sender(&room->peers[k], external_url)) {
			return k == peer;
		}
	}
	return true;
}

static bool is_asked(const struct upstream_peer *peer, int64_t delivery_id)
{
	for (size_t i = 0; i < peer->cuts_len; i++) {
		if (peer->cuts[i] == delivery_id) {
			return true;
		}
	}
	return false;
}

int fetching_cuts(struct upstream_room *room, size_t peer, struct arena *arena, struct msg_ask *msg,
		struct err *err)
{
	struct upstream_peer *its = &room->peers[peer];
	struct cut_rows rows = rows_new(arena);

	its->cuts_len = 0;
	msg->cuts = arena_calloc(arena, ASK_CUTS_MAX, sizeof(*msg->cuts));
	if (cuts_each(room->ground->db, ROWS_MAX, on_row, &rows, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < rows.len && its->cuts_len < ASK_CUTS_MAX; i++) {
		struct ask_group *group = &msg->cuts[its->cuts_len];
		const struct cut_row *row = &rows.items[i];
		struct err wrong;

		if (is_asked(its, row->delivery_id) || !is_for(room, peer, row->external_url) ||
				json_labels(row->group_labels, arena, &group->labels, &wrong) < 0) {
			continue;
		}
		group->id = (uint64_t)row->delivery_id;
		group->receiver = row->receiver;
		its->cuts[its->cuts_len++] = row->delivery_id;
	}
	msg->cuts_len = its->cuts_len;
	return 0;
}

/* --- what comes --- */

/* Is the alert unknown? 1 or 0; -1: the store failed. */
static int is_news(struct db *db, const struct alert *alert, int64_t asked_at, struct err *err)
{
	const uint8_t no_body[DIGEST_SIZE] = { 0 };
	const struct episode_sender sender = { "", "", "", no_body, "" };
	struct plan_episode open;
	struct plan_episode last = { 0 };
	uint8_t identity[DIGEST_SIZE];

	labels_identity(&alert->labels, identity);
	if (episodes_open(db, identity, &sender, &open, err) < 0 ||
			episodes_last(db, identity, &sender, &last, err) < 0) {
		return -1;
	}
	return !open.id && (!last.id || last.last_seen < asked_at);
}

/* As Alertmanager would have sent them, so that it can be replayed. */
static void write_body(struct arena *arena, const struct delivery *delivery, struct buf *out)
{
	struct jsonw w = jsonw_begin(out);

	jsonw_object(&w, NULL);
	jsonw_str(&w, "version", "4");
	jsonw_str(&w, "receiver", delivery->receiver);
	jsonw_str(&w, "status", "firing");
	jsonw_str(&w, "groupKey", delivery->group_key);
	jsonw_str(&w, "externalURL", delivery->external_url);
	jsonw_array(&w, "alerts");
	for (size_t i = 0; i < delivery->alerts_len; i++) {
		jsonw_raw(&w, NULL, run_request_alert_json(arena, &delivery->alerts[i]));
	}
	jsonw_close(&w);
	jsonw_close(&w);
	jsonw_end(&w);
}

static int deliver(struct intake_room *room, struct arena *arena, const struct delivery *delivery,
		struct err *err)
{
	auto_buf struct buf body = { 0 };
	auto_buf struct buf answer = { 0 };
	struct msg_deliver msg = { .principal = BY, .key = "", .delivery = *delivery };

	write_body(arena, delivery, &body);
	msg.body = (struct bytes){ body.data, (uint32_t)body.len };
	return intake_deliver(room, &msg, &answer, err);
}

static int take_in(struct intake_room *room, const struct cut_row *cut,
		const struct msg_fetched *msg, int64_t asked_at, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct delivery delivery = {
		.receiver = cut->receiver,
		.group_key = cut->group_key,
		.external_url = cut->external_url,
		.notification_reason = "",
		.alerts = arena_calloc(arena, msg->alerts_len, sizeof(*delivery.alerts)),
	};

	if (turn_write(&room->ground->turn, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < msg->alerts_len; i++) {
		int news = is_news(room->ground->db, &msg->alerts[i], asked_at, err);

		if (news < 0) {
			return -1;
		}
		if (news) {
			delivery.alerts[delivery.alerts_len++] = msg->alerts[i];
		}
	}
	if (!delivery.alerts_len) {
		return 0;
	}
	log_info("alerts that were cut are fetched", LOG_INT("delivery", cut->delivery_id),
			LOG_INT("alerts", (int64_t)delivery.alerts_len));
	return deliver(room, arena, &delivery, err);
}

int fetching_take(struct upstream_room *room, const struct upstream_peer *peer,
		const struct msg_fetched *msg, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct cut_rows rows = rows_new(arena);

	if (!is_asked(peer, (int64_t)msg->group)) {
		return 0;
	}
	if (cuts_of(room->ground->db, (int64_t)msg->group, on_row, &rows, err) < 0) {
		return -1;
	}
	return rows.len ? take_in(room->intake, &rows.items[0], msg, peer->asked_at, err) : 0;
}

/* --- how it ends --- */

/* The incident may have said that they are missing. */
static int forget_why(struct upstream_room *room, const struct cut_row *row, struct err *err)
{
	char why[CUT_WHY_MAX];

	return row->stated_at ? incidents_attention_over(room->ground->db, row->incident_id,
						cut_say_why(row->delivery_id, row->alerts, why),
						err)
			      : 0;
}

static int done(struct upstream_room *room, int64_t delivery_id, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct cut_rows rows = rows_new(arena);

	if (cuts_of(room->ground->db, delivery_id, on_row, &rows, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < rows.len; i++) {
		if (forget_why(room, &rows.items[i], err) < 0) {
			return -1;
		}
	}
	return cuts_done(room->ground->db, delivery_id, err);
}

int fetching_done(struct upstream_room *room, struct upstream_peer *peer, struct err *err)
{
	if (peer->cuts_len && turn_write(&room->ground->turn, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < peer->cuts_len; i++) {
		if (done(room, peer->cuts[i], err) < 0) {
			return -1;
		}
	}
	peer->cuts_len = 0;
	return 0;
}

static int state(struct upstream_room *room, const struct cut_row *row, struct err *err)
{
	char why[CUT_WHY_MAX];
	int64_t now = room->ground->turn.wall_ms;

	cut_say_why(row->delivery_id, row->alerts, why);
	if (turn_write(&room->ground->turn, err) < 0 ||
			cuts_stated(room->ground->db, row, now, err) < 0) {
		return -1;
	}
	return attention_state(room->escalate, row->incident_id, why, err);
}

static int overdue(struct upstream_room *room, const struct cut_row *row, struct err *err)
{
	int64_t waits_ms = room->ground->turn.wall_ms - row->at;

	if (!row->stated_at && (waits_ms >= FETCHING_PATIENCE_MS || !room->peers_len)) {
		return state(room, row, err);
	}
	if (row->stated_at && (waits_ms >= FETCHING_GIVE_UP_MS || !room->peers_len)) {
		return turn_write(&room->ground->turn, err) < 0
				       ? -1
				       : cuts_done(room->ground->db, row->delivery_id, err);
	}
	return 0;
}

int fetching_overdue(struct upstream_room *room, bool *ret_any, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct cut_rows rows = rows_new(arena);

	if (cuts_each(room->ground->db, ROWS_MAX, on_row, &rows, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < rows.len; i++) {
		if (overdue(room, &rows.items[i], err) < 0) {
			return -1;
		}
	}
	*ret_any = rows.len > 0;
	return 0;
}
