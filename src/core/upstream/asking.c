/* SPDX-License-Identifier: Apache-2.0 */
#include "core/upstream/asking.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "core/state/probes.h"
#include "core/upstream/fetching.h"
#include "core/upstream/holding.h"
#include "core/upstream/watching.h"
#include "store/upstreams.h"

#define REQUESTS 3                         /* of one look, one after the other */
#define AWAY_MS  (INT64_C(10) * 60 * 1000) /* without a look around */

CLEANUP_DEFINE(struct arena *, cleanup_arena, arena_free);

static struct upstream_peer *find_peer(const struct upstream_room *room, uint64_t look)
{
	for (size_t k = 0; look && k < room->peers_len; k++) {
		if (room->peers[k].look == look) {
			return &room->peers[k];
		}
	}
	return NULL;
}

static size_t place_of(const struct upstream_room *room, const struct upstream_peer *peer)
{
	return (size_t)(peer - room->peers);
}

/* --- a look begins --- */

/* All that are watched, a batch a message; the groups go with the last. */
static void send(struct upstream_room *room, struct upstream_peer *peer, const struct msg_ask *rest)
{
	struct ground *ground = room->ground;
	auto_buf struct buf identities = { 0 };
	size_t i = 0;

	do {
		struct msg_ask msg = { .id = peer->look, .alertmanager = peer->name };

		buf_reset(&identities);
		for (size_t n = 0; i < room->watches_len && n < ASK_BATCH_MAX; i++, n++) {
			struct upstream_saying *saying =
					&room->watches[i].sayings[place_of(room, peer)];

			saying->look = peer->look;
			saying->seen = false;
			buf_add(&identities, room->watches[i].identity, DIGEST_SIZE);
		}
		msg.identities = (struct bytes){ identities.data, (uint32_t)identities.len };
		msg.more = i < room->watches_len;
		if (!msg.more) {
			msg.cuts = rest->cuts;
			msg.cuts_len = rest->cuts_len;
		}
		turn_send(&ground->turn, ground->links.egress, MSG_ASK, &msg);
	} while (i < room->watches_len);
}

static int begin_look(struct upstream_room *room, struct upstream_peer *peer, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct ground *ground = room->ground;
	struct msg_ask rest = { 0 };

	if (fetching_cuts(room, place_of(room, peer), arena, &rest, err) < 0) {
		return -1;
	}
	peer->look = probes_next_id(ground);
	peer->asked_ms = ground->turn.mono_ms;
	peer->asked_at = ground->turn.wall_ms;
	peer->due_ms = peer->asked_ms + peer->of->ask_every_ms;
	send(room, peer, &rest);
	return 0;
}

/* --- what it says --- */

void asking_listed(struct upstream_room *room, const struct msg_listed *msg)
{
	struct upstream_peer *peer = find_peer(room, msg->id);

	for (size_t i = 0; peer && i < msg->alerts_len; i++) {
		const struct listed *listed = &msg->alerts[i];
		struct upstream_watch *watch = watching_find(room, listed->identity);
		struct upstream_saying *saying =
				watch ? &watch->sayings[place_of(room, peer)] : NULL;

		if (!saying || saying->look != msg->id) {
			continue;
		}
		saying->seen = true;
		saying->state = listed->state;
		saying->until = listed->until;
		free(saying->why);
		saying->why = listed->state == UPSTREAM_SUPPRESSED ? xstrdup(listed->why) : NULL;
	}
}

int asking_fetched(struct upstream_room *room, const struct msg_fetched *msg, struct err *err)
{
	const struct upstream_peer *peer = find_peer(room, msg->id);

	return peer ? fetching_take(room, peer, msg, err) : 0;
}

/* --- a look ends --- */

static int take_word(struct upstream_room *room, struct upstream_peer *peer,
		struct upstream_watch *watch, struct err *err)
{
	int64_t now = room->ground->turn.wall_ms;
	struct upstream_saying *saying = &watch->sayings[place_of(room, peer)];
	struct upstream_word *word = &saying->word;

	word->answered = saying->look == peer->look;
	word->settled = upstream_is_settled(&peer->start, peer->of->settle_ms, peer->asked_at);
	if (!word->answered) {
		return 0;
	}
	/* It was delivered since the look before: those in a row begin anew. */
	if (watch->last_seen >= saying->looked_at) {
		word->missed = 0;
	}
	saying->looked_at = peer->asked_at;
	if (!saying->seen) {
		word->state = UPSTREAM_NOT_LISTED;
		word->missed = word->settled ? (uint8_t)(word->missed + 1) : 0;
		word->missed = word->missed > UPSTREAM_LOOKS ? UPSTREAM_LOOKS : word->missed;
		return 0;
	}
	word->state = saying->state;
	word->missed = 0;
	word->listed = true;
	watch->listed_at = now;
	return watching_learn(room, watch, place_of(room, peer), err);
}

/* It could not be asked: what it said before is not what it says now. */
static void forget_words(struct upstream_room *room, const struct upstream_peer *peer)
{
	for (size_t i = 0; i < room->watches_len; i++) {
		struct upstream_word *word = &room->watches[i].sayings[place_of(room, peer)].word;

		word->answered = false;
		word->missed = 0;
	}
}

static void note_start(struct upstream_room *room, struct upstream_peer *peer, int64_t started_at)
{
	struct upstream_start *start = &peer->start;
	int64_t now = room->ground->turn.wall_ms;

	if (start->started_at != started_at) {
		*start = (struct upstream_start){ .started_at = started_at,
			.seen_at = now,
			.is_restart = start->started_at != 0 };
	} else if (!peer->up && now - peer->last_answer_at > peer->of->settle_ms) {
		start->back_at = now;
	}
}

static void note_failure(struct upstream_room *room, struct upstream_peer *peer, const char *error)
{
	if (peer->up || !peer->asked) {
		log_warn("Alertmanager cannot be asked", LOG_STR("alertmanager", peer->name),
				LOG_STR("error", error));
	}
	free(peer->error);
	peer->error = xstrdup(error);
	peer->up = false;
	peer->asked = true;
	peer->look = 0;
	forget_words(room, peer);
}

static void note_answer(
		struct upstream_room *room, struct upstream_peer *peer, const struct msg_asked *msg)
{
	note_start(room, peer, msg->started_at);
	if (peer->asked && !peer->up) {
		log_info("Alertmanager can be asked again", LOG_STR("alertmanager", peer->name));
	}
	free(peer->error);
	peer->error = NULL;
	peer->up = true;
	peer->asked = true;
	peer->last_answer_at = room->ground->turn.wall_ms;
	peer->looked_at = peer->asked_at;
	room->answered_at = peer->last_answer_at;
}

/* Is another one asked at the same time, and has not answered? Its word may be another one. */
static bool others_are_asked(const struct upstream_room *room, const struct upstream_peer *peer)
{
	for (size_t k = 0; k < room->peers_len; k++) {
		if (room->peers[k].look && room->peers[k].asked_ms == peer->asked_ms) {
			return true;
		}
	}
	return false;
}

static int look_over(struct upstream_room *room, struct err *err)
{
	return watching_refresh(room, err) < 0 ? -1 : holding_decide(room, err);
}

int asking_asked(struct upstream_room *room, const struct msg_asked *msg, struct err *err)
{
	struct upstream_peer *peer = find_peer(room, msg->id);

	if (!peer) {
		return 0;
	}
	if (!msg->answered) {
		note_failure(room, peer, msg->error);
		return others_are_asked(room, peer) ? 0 : look_over(room, err);
	}
	note_answer(room, peer, msg);
	if (watching_refresh(room, err) < 0 ||
			(!msg->left_out && fetching_done(room, peer, err) < 0)) {
		return -1;
	}
	for (size_t i = 0; i < room->watches_len; i++) {
		if (take_word(room, peer, &room->watches[i], err) < 0) {
			return -1;
		}
	}
	peer->look = 0;
	return others_are_asked(room, peer) ? 0 : holding_decide(room, err);
}

void asking_egress_new(struct upstream_room *room)
{
	for (size_t k = 0; k < room->peers_len; k++) {
		room->peers[k].look = 0;
		room->peers[k].due_ms = 0;
	}
}

/* --- when --- */

static int64_t give_up_ms(const struct upstream_peer *peer)
{
	return peer->asked_ms + REQUESTS * peer->of->http.timeout_ms + ASKING_MARGIN_MS;
}

/* Ask who is due. What is watched is read once. */
static int ask(struct upstream_room *room, struct deadline *next, struct err *err)
{
	int64_t now = room->ground->turn.mono_ms;
	bool read = false;

	for (size_t k = 0; k < room->peers_len; k++) {
		struct upstream_peer *peer = &room->peers[k];

		if (peer->look && now >= give_up_ms(peer)) {
			note_failure(room, peer, "no answer from egress");
			room->stale_ms = 0;
		}
		if (!peer->look && now >= peer->due_ms) {
			if (!read && watching_refresh(room, err) < 0) {
				return -1;
			}
			read = true;
			if (begin_look(room, peer, err) < 0) {
				return -1;
			}
		}
		deadline_by(next, peer->look ? give_up_ms(peer) : peer->due_ms);
	}
	return 0;
}

/* Alerts were delivered since it last looked: an incident may be open, or held no more. */
static int note_deliveries(struct upstream_room *room, struct err *err)
{
	const struct counters *counters = &room->ground->counters;

	if (room->cut != counters->truncated_alerts) {
		room->cut = counters->truncated_alerts;
		room->open = true;
		for (size_t k = 0; k < room->peers_len; k++) {
			room->peers[k].due_ms = 0;
		}
	}
	if (room->deliveries == counters->deliveries) {
		return 0;
	}
	room->deliveries = counters->deliveries;
	if (!room->open) {
		return upstreams_any_open(room->ground->db, &room->open, err);
	}
	return room->held ? look_over(room, err) : 0;
}

/* The machine slept, or its clock was set: so long nothing could be received. */
static void note_away(struct upstream_room *room)
{
	int64_t now = room->ground->turn.wall_ms;

	if (room->seen_at && now - room->seen_at > AWAY_MS) {
		room->listens_at = now;
	}
	room->seen_at = now;
}

/* From time to time: what is stale, what was not fetched, is there anything at all? */
static int look_around(struct upstream_room *room, struct err *err)
{
	bool cut = false;

	note_away(room);
	room->stale_ms = room->ground->turn.mono_ms + ASKING_STALE_MS;
	if (look_over(room, err) < 0 || fetching_overdue(room, &cut, err) < 0) {
		return -1;
	}
	room->open = room->watches_len > 0 || cut;
	return 0;
}

int asking_tick(struct upstream_room *room, struct deadline *next, struct err *err)
{
	if (note_deliveries(room, err) < 0) {
		return -1;
	}
	if (room->open && room->ground->turn.mono_ms >= room->stale_ms &&
			look_around(room, err) < 0) {
		return -1;
	}
	if (!room->open) {
		return 0;
	}
	deadline_by(next, room->stale_ms);
	return ask(room, next, err);
}
