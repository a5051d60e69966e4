/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/command/follow_up_commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "core/api/read/read_incidents.h"
#include "core/notify/outbox.h"
#include "core/view/rows.h"

#define FOLLOW_UPS_MAX 100 /* of one incident */

CLEANUP_DEFINE(struct arena *, cleanup_arena, arena_free);

static int add_entry(struct reply *reply, int64_t incident_id, enum timeline_kind kind,
		const char *text, struct err *err)
{
	const struct timeline_row row = { .incident_id = incident_id,
		.at = reply->ground->turn.wall_ms,
		.kind = (uint8_t)kind,
		.who = reply->query->principal,
		.text = text };

	return timeline_add(reply->ground->db, &row, err);
}

/* Is the path's incident there? 1, or 0 with the reply's problem, or -1. */
static int find_incident(struct reply *reply, struct err *err)
{
	struct incident_facts incident;
	uint64_t id = reply->query->ids[0];

	if (incidents_facts(reply->ground->db, (int64_t)id, &incident, err) < 0) {
		return -1;
	}
	return incident.id ? 1 : reply_found(reply, 0, "incident", id);
}

static void write_follow_up(const struct follow_up_row *row, void *arg)
{
	rows_follow_up(arg, row);
}

/* May it be added? If not, why not becomes the problem. */
static int check_new(struct reply *reply, int64_t incident_id, struct err *err)
{
	const char *receiver = reply_arg(reply, "receiver");
	int64_t count = 0;

	if (follow_ups_count(reply->ground->db, incident_id, &count, err) < 0) {
		return -1;
	}
	if (count >= FOLLOW_UPS_MAX) {
		err_set(&reply->problem, ERR_CONFLICT, "the incident has %d follow-ups, no more",
				FOLLOW_UPS_MAX);
	} else if (receiver && !config_receiver(configs_now(&reply->ground->configs), receiver)) {
		err_set(&reply->problem, ERR_INPUT,
				"receiver: there is no receiver '%s' in the configuration",
				receiver);
	}
	return 0;
}

/* The follow-up goes to its receiver as a ticket. */
static int send_ticket(struct reply *reply, const struct follow_up_row *row, struct err *err)
{
	auto_free char *key = xasprintf("followup/%" PRId64, row->id);
	auto_free char *subject = xasprintf("Follow-up %" PRId64 " of incident %" PRId64 ": %.200s",
			row->id, row->incident_id, row->text);
	auto_free char *text = xasprintf("%s\n\nFollow-up %" PRId64 " of incident %" PRId64
					 ", for %s, requested by %s.\n",
			row->text, row->id, row->incident_id,
			*row->owner ? row->owner : "nobody yet", row->created_by);
	const struct notice notice = {
		.incident_id = row->incident_id,
		.key = key,
		.receiver = row->receiver,
		.kind = "ticket",
		.subject = subject,
		.text = text,
	};

	return row->receiver ? outbox_add(reply->api->notify, &notice, err) : 0;
}

int follow_up_commands_add(struct reply *reply, struct err *err)
{
	struct db *db = reply->ground->db;
	struct follow_up_row row = {
		.incident_id = (int64_t)reply->query->ids[0],
		.text = reply_arg(reply, "text"),
		.owner = reply_arg(reply, "owner") ? reply_arg(reply, "owner") : "",
		.receiver = reply_arg(reply, "receiver"),
		.created_at = reply->ground->turn.wall_ms,
		.created_by = reply->query->principal,
	};
	int rc = find_incident(reply, err);

	if (rc != 1) {
		return rc;
	}
	if (check_new(reply, row.incident_id, err) < 0) {
		return -1;
	}
	if (reply->problem.code != ERR_NONE) {
		return 0;
	}
	if (follow_ups_add(db, &row, &row.id, err) < 0) {
		return -1;
	}

	auto_free char *text = xasprintf("follow-up %" PRId64 "%s%s%s%s: %s", row.id,
			*row.owner ? " for " : "", row.owner, row.receiver ? ", sent to " : "",
			row.receiver ? row.receiver : "", row.text);

	if (send_ticket(reply, &row, err) < 0 ||
			add_entry(reply, row.incident_id, TIMELINE_FOLLOW_UP, text, err) < 0) {
		return -1;
	}
	return follow_ups_get(db, row.id, write_follow_up, &reply->w, err) < 0 ? -1 : 0;
}

/* A follow-up as it was, in the arena. */
struct earlier {
	struct arena *arena;
	struct follow_up_row row;
};

static void on_follow_up(const struct follow_up_row *row, void *arg)
{
	struct earlier *earlier = arg;

	earlier->row = *row;
	earlier->row.text = arena_strdup(earlier->arena, row->text);
	earlier->row.owner = arena_strdup(earlier->arena, row->owner);
	earlier->row.done_by = arena_strdup(earlier->arena, row->done_by);
}

static int check_change(struct reply *reply)
{
	const char *text = reply_arg(reply, "text");

	if (!text && !reply_arg(reply, "owner") && !reply_arg(reply, "done")) {
		return err_set(&reply->problem, ERR_INPUT,
				"expected at least one of done, owner, text");
	}
	if (text && !*text) {
		return err_set(&reply->problem, ERR_INPUT, "text: expected a text");
	}
	return 0;
}

/* Put in what is asked for, and say what that changes; "": nothing. */
static void apply_change(const struct reply *reply, struct follow_up_row *row, struct buf *changes)
{
	const char *done = reply_arg(reply, "done");
	const char *owner = reply_arg(reply, "owner");
	const char *text = reply_arg(reply, "text");

	if (text && strcmp(text, row->text) != 0) {
		buf_addf(changes, ": %s → %s", row->text, text);
		row->text = text;
	}
	if (owner && strcmp(owner, row->owner) != 0) {
		buf_addf(changes, ", owner: %s → %s", *row->owner ? row->owner : "(nobody)",
				*owner ? owner : "(nobody)");
		row->owner = owner;
	}
	if (done && (strcmp(done, "true") == 0) != (row->done_at != 0)) {
		buf_adds(changes, row->done_at ? ", not done after all" : ", done");
		row->done_by = row->done_at ? NULL : reply->query->principal;
		row->done_at = row->done_at ? 0 : reply->ground->turn.wall_ms;
	}
}

int follow_up_commands_change(struct reply *reply, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct db *db = reply->ground->db;
	int64_t id = (int64_t)reply->query->ids[0];
	struct earlier earlier = { .arena = arena };
	auto_buf struct buf changes = { 0 };
	int rc = follow_ups_get(db, id, on_follow_up, &earlier, err);

	if (rc != 1) {
		return reply_found(reply, rc, "follow-up", reply->query->ids[0]);
	}
	if (check_change(reply) < 0) {
		return 0;
	}
	apply_change(reply, &earlier.row, &changes);
	if (changes.len) {
		const char *text = arena_printf(
				arena, "follow-up %" PRId64 "%s", id, buf_text(&changes));

		if (follow_ups_change(db, &earlier.row, err) < 0 ||
				add_entry(reply, earlier.row.incident_id, TIMELINE_FOLLOW_UP, text,
						err) < 0) {
			return -1;
		}
	}
	return follow_ups_get(db, id, write_follow_up, &reply->w, err) < 0 ? -1 : 0;
}

/* Returns whether that changed something in ret_changed. */
static int mark(struct reply *reply, const struct checklist_row *row, bool done, bool *ret_changed,
		struct err *err)
{
	return done ? checklists_done(reply->ground->db, row, ret_changed, err)
		    : checklists_undone(reply->ground->db, row, ret_changed, err);
}

int follow_up_commands_check(struct reply *reply, struct err *err)
{
	const char *name = reply_arg(reply, "item");
	const char *note = reply_arg(reply, "note") ? reply_arg(reply, "note") : "";
	bool done = reply_arg_true(reply, "done");
	int item = checklist_parse(name);
	const struct checklist_row row = {
		.incident_id = (int64_t)reply->query->ids[0],
		.item = (uint8_t)item,
		.at = reply->ground->turn.wall_ms,
		.who = reply->query->principal,
		.note = note,
	};
	bool changed = false;
	int rc = find_incident(reply, err);

	if (rc != 1) {
		return rc;
	}
	if (item < 0) {
		err_set(&reply->problem, ERR_NOT_FOUND,
				"there is no item '%s'; there are document, review, update, schedule and create",
				name);
		return 0;
	}
	if (mark(reply, &row, done, &changed, err) < 0) {
		return -1;
	}
	if (changed) {
		auto_free char *text = xasprintf("%s: %s%s%s", checklist_texts[item],
				done ? "done" : "not done after all", *note ? ": " : "", note);

		if (add_entry(reply, row.incident_id, TIMELINE_CHECKED, text, err) < 0) {
			return -1;
		}
	}
	return read_incident(reply, err);
}
