/* SPDX-License-Identifier: Apache-2.0 */
#include "core/upstream/watching.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/upstreams.h"

#define SENDERS_MAX 4096 /* that are remembered in memory */

/* --- senders --- */

static size_t find_sender(const struct upstream_room *room, const char *external_url)
{
	size_t i = 0;

	while (i < room->senders_len && strcmp(room->senders[i].external_url, external_url) != 0) {
		i++;
	}
	return i;
}

/* Its position, a new one if need be; SIZE_MAX when it has no name, or there are too many. */
static size_t sender_of(struct upstream_room *room, const char *external_url)
{
	size_t i = external_url && *external_url ? find_sender(room, external_url) : SIZE_MAX;
	void *items = room->senders;
	struct upstream_sender *slot;

	if (i < room->senders_len || i == SIZE_MAX) {
		return i;
	}
	if (room->senders_len == SENDERS_MAX) {
		return SIZE_MAX;
	}
	slot = mem_push(&items, room->senders_len, &room->senders_cap, sizeof(*slot));
	room->senders = items;
	slot->external_url = xstrdup(external_url);
	return room->senders_len++;
}

static void on_sender(const char *alertmanager, const char *external_url, void *arg)
{
	struct upstream_room *room = arg;
	size_t i = sender_of(room, external_url);

	for (size_t k = 0; i != SIZE_MAX && k < room->peers_len; k++) {
		if (strcmp(room->peers[k].name, alertmanager) == 0) {
			room->senders[i].covers[k] = true;
		}
	}
}

/* Its name has no slash at its end. */
bool watching_is_sender(const struct upstream_peer *peer, const char *external_url)
{
	size_t len = strlen(peer->name);

	return strncmp(peer->name, external_url, len) == 0 &&
	       strspn(external_url + len, "/") == strlen(external_url + len);
}

int watching_learn(struct upstream_room *room, const struct upstream_watch *watch, size_t peer,
		struct err *err)
{
	struct upstream_sender *sender =
			watch->sender == SIZE_MAX ? NULL : &room->senders[watch->sender];

	if (!sender || sender->covers[peer]) {
		return 0;
	}
	sender->covers[peer] = true;
	return turn_write(&room->ground->turn, err) < 0
			       ? -1
			       : upstreams_sender_add(room->ground->db, room->peers[peer].name,
						 sender->external_url, room->ground->turn.wall_ms,
						 err);
}

/* --- watches --- */

static void free_watches(struct upstream_watch *watches, size_t len, size_t peers)
{
	for (size_t i = 0; i < len; i++) {
		for (size_t k = 0; k < peers && watches[i].sayings; k++) {
			free(watches[i].sayings[k].why);
		}
		free(watches[i].sayings);
		free(watches[i].held);
	}
	free(watches);
}

static void forget_watches(struct upstream_room *room)
{
	free_watches(room->watches, room->watches_len, room->peers_len);
	free(room->by_identity);
	room->watches = NULL;
	room->by_identity = NULL;
	room->watches_len = 0;
}

/* Those that are read, beside those that are known: both in one order. */
struct merging {
	struct upstream_room *room;
	struct upstream_watch *items;
	size_t len, cap;
	size_t known; /* of the room's, the first that is not passed */
};

static bool is_before(const struct upstream_watch *watch, const struct upstream_row *row)
{
	return watch->incident_id != row->incident_id ? watch->incident_id < row->incident_id
						      : watch->episode_id < row->episode_id;
}

static struct upstream_watch *find_known(struct merging *merging, const struct upstream_row *row)
{
	struct upstream_room *room = merging->room;

	while (merging->known < room->watches_len &&
			is_before(&room->watches[merging->known], row)) {
		merging->known++;
	}
	return merging->known < room->watches_len && room->watches[merging->known].episode_id ==
								     row->episode_id
			       ? &room->watches[merging->known]
			       : NULL;
}

static void note_sender(struct merging *merging, struct upstream_watch *watch,
		const struct upstream_row *row)
{
	struct upstream_room *room = merging->room;

	watch->sender = sender_of(room, row->external_url);
	for (size_t k = 0; k < room->peers_len && watch->sender != SIZE_MAX; k++) {
		struct upstream_word *word = &watch->sayings[k].word;

		word->covers = room->senders[watch->sender].covers[k];
		word->listed |= watching_is_sender(&room->peers[k], row->external_url);
	}
}

static void on_row(const struct upstream_row *row, void *arg)
{
	struct merging *merging = arg;
	struct upstream_watch *known = find_known(merging, row);
	void *items = merging->items;
	struct upstream_watch *watch =
			mem_push(&items, merging->len, &merging->cap, sizeof(*watch));

	merging->items = items;
	merging->len++;
	watch->episode_id = row->episode_id;
	watch->incident_id = row->incident_id;
	memcpy(watch->identity, row->identity, DIGEST_SIZE);
	watch->last_seen = row->last_seen;
	watch->longest_gap_ms = row->longest_gap_ms;
	watch->hold = row->hold;
	watch->held_at = row->held_at;
	watch->held_until = row->held_until;
	watch->held = row->held ? xstrdup(row->held) : NULL;
	if (known) {
		watch->listed_at = known->listed_at;
		watch->sayings = TAKE(known->sayings);
	} else {
		watch->sayings = xcalloc(merging->room->peers_len + 1, sizeof(*watch->sayings));
	}
	note_sender(merging, watch, row);
}

static int by_identity(const void *a, const void *b)
{
	const struct upstream_watch *const *left = a;
	const struct upstream_watch *const *right = b;

	return memcmp((*left)->identity, (*right)->identity, DIGEST_SIZE);
}

static void sort_by_identity(struct upstream_room *room)
{
	room->by_identity = xcalloc(room->watches_len + 1, sizeof(struct upstream_watch *));
	for (size_t i = 0; i < room->watches_len; i++) {
		room->by_identity[i] = &room->watches[i];
		room->held |= room->watches[i].hold != UPSTREAM_NOT_HELD;
	}
	qsort(room->by_identity, room->watches_len, sizeof(struct upstream_watch *), by_identity);
}

struct upstream_watch *watching_find(
		const struct upstream_room *room, const uint8_t identity[DIGEST_SIZE])
{
	struct upstream_watch key;
	const struct upstream_watch *pointer = &key;
	struct upstream_watch **found;

	if (!room->watches_len) {
		return NULL;
	}
	memcpy(key.identity, identity, DIGEST_SIZE);
	found = bsearch(&pointer, room->by_identity, room->watches_len,
			sizeof(struct upstream_watch *), by_identity);
	return found ? *found : NULL;
}

static void note_full(struct upstream_room *room)
{
	bool full = room->watches_len == ASK_ALERTS_MAX;

	if (full && !room->full) {
		log_warn("more alerts fire than Alertmanager is asked about",
				LOG_INT("alerts", ASK_ALERTS_MAX));
	}
	room->full = full;
}

int watching_refresh(struct upstream_room *room, struct err *err)
{
	struct merging merging = { .room = room };
	int rc = upstreams_watch(room->ground->db, ASK_ALERTS_MAX, on_row, &merging, err);

	forget_watches(room);
	room->watches = merging.items;
	room->watches_len = merging.len;
	room->held = false;
	sort_by_identity(room);
	note_full(room);
	return rc < 0 ? -1 : 0;
}

/* --- peers --- */

static void free_peers(struct upstream_peer *peers, size_t len)
{
	for (size_t k = 0; k < len; k++) {
		free(peers[k].name);
		free(peers[k].error);
	}
	free(peers);
}

static void forget_senders(struct upstream_room *room)
{
	for (size_t i = 0; i < room->senders_len; i++) {
		free(room->senders[i].external_url);
	}
	free(room->senders);
	room->senders = NULL;
	room->senders_len = 0;
	room->senders_cap = 0;
}

void watching_clear(struct upstream_room *room)
{
	forget_watches(room);
	forget_senders(room);
	free_peers(room->peers, room->peers_len);
	*room = (struct upstream_room){
		.ground = room->ground, .escalate = room->escalate, .intake = room->intake
	};
}

/* What is known of the Alertmanager itself stays. */
static void take_over(struct upstream_peer *to, struct upstream_peer *from, size_t len)
{
	for (size_t k = 0; k < len; k++) {
		if (strcmp(from[k].name, to->of->http.name) != 0) {
			continue;
		}
		to->up = from[k].up;
		to->asked = from[k].asked;
		to->last_answer_at = from[k].last_answer_at;
		to->start = from[k].start;
		to->error = TAKE(from[k].error);
	}
	to->name = xstrdup(to->of->http.name);
}

int watching_configure(struct upstream_room *room, struct err *err)
{
	const struct config *config = configs_now(&room->ground->configs);
	int64_t now = room->ground->turn.wall_ms;
	size_t len = config->alertmanagers_len;
	struct upstream_peer *peers = xcalloc(len + 1, sizeof(*peers));

	for (size_t k = 0; k < len; k++) {
		peers[k].of = &config->alertmanagers[k];
		take_over(&peers[k], room->peers, room->peers_len);
	}
	forget_watches(room);
	forget_senders(room);
	free_peers(room->peers, room->peers_len);
	if (!room->started) {
		room->listens_at = now;
	}
	if (!room->started || !room->peers_len) {
		room->answered_at = now;
	}
	room->started = true;
	room->peers = peers;
	room->peers_len = len;
	room->open = true;
	room->stale_ms = 0;
	return upstreams_senders(room->ground->db, on_sender, room, err) < 0 ? -1 : 0;
}
