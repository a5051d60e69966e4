/* SPDX-License-Identifier: Apache-2.0 */
#include "asked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alertmanagers.h"
#include "domain/upstream.h"

#define LOOKS 3 /* two, and the one that was under way */

/* A firing alert of an open incident. */
struct row {
	int64_t episode;
	int64_t incident;
	unsigned identity;
	bool held;
	int64_t held_at;
};

struct rows {
	struct row items[IDENTITIES];
	size_t len;
};

static struct rows before;
static struct rows after;
static int64_t last_notice; /* of before */

static unsigned identity_of(const char *labels)
{
	for (unsigned i = 0; i < IDENTITIES; i++) {
		if (!strcmp(world_labels(i), labels)) {
			return i;
		}
	}
	abort();
}

static void read_rows(struct rows *rows)
{
	static const char sql[] = "SELECT e.id, i.id, e.labels, i.hold, i.held_at FROM episode e"
				  " JOIN incident i ON i.id = e.incident_id"
				  " WHERE e.status = 'firing'"
				  " AND i.status IN ('firing', 'mitigated')";
	struct stmt *s = db_stmt(world.core->ground.db, sql);
	struct err err;

	for (rows->len = 0; stmt_step(s, &err) == 1; rows->len++) {
		const char *hold = stmt_col_text(s, 3);

		if (rows->len == IDENTITIES) {
			abort();
		}
		rows->items[rows->len] = (struct row){ stmt_col_int(s, 0), stmt_col_int(s, 1),
			identity_of(stmt_col_text(s, 2)), hold && !strcmp(hold, "suppressed"),
			stmt_col_int(s, 4) };
	}
}

static int64_t number(const char *sql, int64_t id)
{
	struct stmt *s = db_stmt(world.core->ground.db, sql);
	struct err err;
	int64_t number = 0;

	stmt_int(s, ":id", id);
	if (stmt_step(s, &err) == 1) {
		number = stmt_col_int(s, 0);
		stmt_reset(s);
	}
	return number;
}

static const struct row *find_episode(const struct rows *rows, int64_t episode)
{
	for (size_t i = 0; i < rows->len; i++) {
		if (rows->items[i].episode == episode) {
			return &rows->items[i];
		}
	}
	return NULL;
}

static const struct row *find_incident(const struct rows *rows, int64_t incident)
{
	for (size_t i = 0; i < rows->len; i++) {
		if (rows->items[i].incident == incident) {
			return &rows->items[i];
		}
	}
	return NULL;
}

/* All of them were asked about it as it is now, often enough. */
static bool is_known(unsigned identity)
{
	for (unsigned k = 0; k < ALERTMANAGERS; k++) {
		if (alertmanagers.looks[k][identity] < LOOKS) {
			return false;
		}
	}
	return true;
}

void asked_watch(void)
{
	if (!world.asked) {
		return;
	}
	memset(alertmanagers.delivered, 0, sizeof(alertmanagers.delivered));
	world.people_acted = false;
	read_rows(&before);
	last_notice = number("SELECT coalesce(max(id), :id) FROM outbox", 0);
}

/* What fires anew, or again, is to be looked at anew. One that cannot be asked says nothing. */
static void note_turn(void)
{
	for (size_t i = 0; i < after.len; i++) {
		if (!find_episode(&before, after.items[i].episode)) {
			alertmanagers_changed(after.items[i].identity);
		}
	}
	for (unsigned k = 0; k < ALERTMANAGERS; k++) {
		if (!world.core->upstream.peers[k].up) {
			memset(alertmanagers.looks[k], 0, sizeof(alertmanagers.looks[k]));
		}
	}
}

/* Did it fire in truth, when each that has a word was asked last? */
static bool fired(unsigned identity)
{
	if (!world.truth[identity].firing) {
		return false;
	}
	for (unsigned k = 0; k < ALERTMANAGERS; k++) {
		if (alertmanagers.said_at[k] &&
				alertmanagers.begun_at[identity] >= alertmanagers.said_at[k]) {
			return false;
		}
	}
	return true;
}

static const char *complain_of_ends(void)
{
	static const char sql[] = "SELECT status <> 'firing' FROM episode WHERE id = :id";

	for (size_t i = 0; i < before.len; i++) {
		const struct row *row = &before.items[i];

		if (!find_episode(&after, row->episode) && number(sql, row->episode) &&
				!alertmanagers.delivered[row->identity] && fired(row->identity)) {
			return "it ended by absence, and it fires";
		}
	}
	return NULL;
}

static bool is_said_to_be_silenced(unsigned identity)
{
	for (unsigned k = 0; k < ALERTMANAGERS; k++) {
		if (alertmanagers.said[k][identity] == UPSTREAM_SUPPRESSED) {
			return true;
		}
	}
	return false;
}

static bool is_silenced(unsigned identity)
{
	return alertmanagers_silence(identity) || !world.truth[identity].firing;
}

static const char *complain_of_holds(void)
{
	for (size_t i = 0; i < after.len; i++) {
		const struct row *row = &after.items[i];
		const struct row *was = find_incident(&before, row->incident);

		if (!row->held) {
			continue;
		}
		if (!(was && was->held) && !is_said_to_be_silenced(row->identity)) {
			return "it is held, and nobody says that it is silenced";
		}
		if (world.right && !is_silenced(row->identity) && is_known(row->identity)) {
			return "it is held, and not silenced any more";
		}
	}
	return NULL;
}

static bool is_delivered(int64_t incident)
{
	for (size_t i = 0; i < after.len; i++) {
		if (after.items[i].incident == incident &&
				alertmanagers.delivered[after.items[i].identity]) {
			return true;
		}
	}
	return false;
}

static const char *complain_of_pages(void)
{
	static const char sql[] = "SELECT incident_id FROM outbox WHERE id > :id"
				  " AND kind IN ('initial', 'escalation', 'update')";
	struct stmt *s = db_stmt(world.core->ground.db, sql);
	const char *complaint = NULL;
	struct err err;

	stmt_int(s, ":id", last_notice);
	while (stmt_step(s, &err) == 1) {
		int64_t incident = stmt_col_int(s, 0);
		const struct row *was = find_incident(&before, incident);
		const struct row *is = find_incident(&after, incident);

		if (was && is && was->held && is->held && was->held_at == is->held_at &&
				!is_delivered(incident) && !world.people_acted) {
			complaint = "it is held, and somebody was paged for it";
		}
	}
	return complaint;
}

static const char *complain_of_what_is_over(void)
{
	for (size_t i = 0; i < after.len; i++) {
		unsigned identity = after.items[i].identity;

		if (!world.truth[identity].firing && is_known(identity)) {
			return "it has ended, all looks say so, and people go on to be paged for it";
		}
	}
	return NULL;
}

const char *asked_complaint(void)
{
	const char *complaint;

	if (!world.asked) {
		return NULL;
	}
	alertmanagers_note(); /* what this event changed was asked about by no look yet */
	read_rows(&after);
	note_turn();
	complaint = complain_of_holds();
	complaint = complaint ? complaint : complain_of_pages();
	if (world.right) {
		complaint = complaint ? complaint : complain_of_ends();
		complaint = complaint ? complaint : complain_of_what_is_over();
	}
	return complaint;
}

const char *asked_complaint_at_rest(void)
{
	bool fires;

	if (!world.right) {
		return NULL;
	}
	read_rows(&after);
	for (size_t i = 0; i < after.len; i++) {
		if (!world.truth[after.items[i].identity].firing) {
			return "it has ended, nobody told, and nobody found out";
		}
		fires = false;
		for (size_t j = 0; j < after.len; j++) {
			fires |= after.items[j].incident == after.items[i].incident &&
				 !is_silenced(after.items[j].identity);
		}
		if (fires == after.items[i].held) {
			return fires ? "it fires, and is held" : "it is silenced, and not held";
		}
	}
	return NULL;
}
