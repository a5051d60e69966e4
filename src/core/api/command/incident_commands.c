/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/command/incident_commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "core/api/read/read_incidents.h"
#include "core/escalate/escalator.h"
#include "core/run/wanted.h"
#include "core/view/rows.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

CLEANUP_DEFINE(struct arena *, cleanup_arena, arena_free);

/* An operator does something about an incident. */
struct doing {
	struct reply *reply;
	struct incident_facts incident;
	int64_t now;
	const char *who;
};

/* Returns 1 when the incident is there; else 0 with the reply's problem, or -1. */
static int begin(struct doing *doing, struct reply *reply, struct err *err)
{
	uint64_t id = reply->query->ids[0];

	*doing = (struct doing){
		.reply = reply, .now = reply->ground->turn.wall_ms, .who = reply->query->principal
	};
	if (incidents_facts(reply->ground->db, (int64_t)id, &doing->incident, err) < 0) {
		return -1;
	}
	if (!doing->incident.id) {
		return reply_found(reply, 0, "incident", id);
	}
	return 1;
}

/* The entry that the timeline is to have; it is logged. */
static struct timeline_row entry_of(
		const struct doing *doing, enum timeline_kind kind, const char *text)
{
	log_info("incident changed", LOG_INT("incident", doing->incident.id),
			LOG_STR("what", timeline_kind_names[kind]), LOG_STR("by", doing->who));
	return (struct timeline_row){ .incident_id = doing->incident.id,
		.at = doing->now,
		.kind = (uint8_t)kind,
		.who = doing->who,
		.text = text };
}

static int add_entry(const struct doing *doing, enum timeline_kind kind, const char *text,
		struct err *err)
{
	const struct timeline_row row = entry_of(doing, kind, text);

	return timeline_add(doing->reply->ground->db, &row, err);
}

static const char *arg_or(const struct doing *doing, const char *name, const char *otherwise)
{
	const char *value = reply_arg(doing->reply, name);

	return value ? value : otherwise;
}

static void on_acknowledged(const struct incident_row *row, void *arg)
{
	*(bool *)arg = row->acknowledged_at != 0;
}

int incident_commands_acknowledge(struct reply *reply, struct err *err)
{
	struct db *db = reply->ground->db;
	bool done = false;
	struct doing doing;
	int rc = begin(&doing, reply, err);

	if (rc != 1) {
		return rc;
	}
	if (incidents_get(db, doing.incident.id, on_acknowledged, &done, err) < 0) {
		return -1;
	}
	if (!done && doing.incident.status >= INCIDENT_RESOLVED) {
		err_set(&reply->problem, ERR_CONFLICT, "the incident is %s",
				incident_status_names[doing.incident.status]);
		return 0;
	}
	if (!done && (incidents_acknowledge(db, doing.incident.id, doing.who, doing.now, err) < 0 ||
				     add_entry(&doing, TIMELINE_ACKNOWLEDGED,
						     arg_or(&doing, "note", ""), err) < 0)) {
		return -1;
	}
	return read_incident(reply, err);
}

static void write_entry(const struct timeline_row *row, void *arg)
{
	rows_timeline_entry(arg, row);
}

int incident_commands_note(struct reply *reply, struct err *err)
{
	struct db *db = reply->ground->db;
	struct timeline_row row;
	struct doing doing;
	int64_t id;
	int rc = begin(&doing, reply, err);

	if (rc != 1) {
		return rc;
	}
	row = entry_of(&doing, TIMELINE_NOTE, reply_arg(reply, "text"));
	if (timeline_add_note(db, &row, &id, err) < 0) {
		return -1;
	}

	const struct timeline_query query = { doing.incident.id, id - 1, 1 };

	return timeline_list(db, &query, write_entry, &reply->w, err);
}

/* May it end? A run that would still act on it becomes the problem. One that waits for something is
 * canceled instead. */
static int check_runs(struct doing *doing, struct err *err)
{
	struct run_facts run;

	if (runs_unfinished(doing->reply->ground->db, doing->incident.id, &run, err) < 0) {
		return -1;
	}
	if (run.id) {
		err_set(&doing->reply->problem, ERR_CONFLICT,
				"run %" PRId64 " is %s: wait for its end, or cancel it first",
				run.id, run_status_names[run.status]);
	}
	return 0;
}

/* What is said, and whether alerts of the incident still fire then. */
static int move(struct doing *doing, enum incident_event event, enum incident_status status,
		struct err *err)
{
	struct db *db = doing->reply->ground->db;
	const char *reason = arg_or(doing, "reason", "");
	int64_t firing = doing->incident.status <= INCIDENT_RESOLVED ? doing->incident.firing : 0;
	auto_buf struct buf text = { 0 };

	buf_adds(&text, reason);
	if (firing) {
		buf_addf(&text, "%s%" PRId64 " of its alerts still fire%s", *reason ? "; " : "",
				firing, firing == 1 ? "s" : "");
	}
	if (incidents_move(db, &doing->incident, event, 0, doing->now, err) < 0 ||
			incidents_moved_by(db, doing->incident.id, status, doing->who, err) < 0) {
		return -1;
	}
	if (add_entry(doing, status == INCIDENT_CLOSED ? TIMELINE_CLOSED : TIMELINE_RESOLVED,
			    buf_text(&text), err) < 0 ||
			wanted_after_end(doing->reply->api->run, doing->incident.id, err) < 0) {
		return -1;
	}
	return escalator_over(doing->reply->api->escalate, doing->incident.id, err);
}

int incident_commands_resolve(struct reply *reply, struct err *err)
{
	struct doing doing;
	int rc = begin(&doing, reply, err);

	if (rc != 1) {
		return rc;
	}
	if (doing.incident.status == INCIDENT_CLOSED) {
		err_set(&reply->problem, ERR_CONFLICT, "the incident is closed");
		return 0;
	}
	if (doing.incident.status != INCIDENT_RESOLVED) {
		if (check_runs(&doing, err) < 0) {
			return -1;
		}
		if (reply->problem.code != ERR_NONE) {
			return 0;
		}
		if (move(&doing, INCIDENT_RESOLVE, INCIDENT_RESOLVED, err) < 0) {
			return -1;
		}
	}
	return read_incident(reply, err);
}

int incident_commands_close(struct reply *reply, struct err *err)
{
	struct doing doing;
	int rc = begin(&doing, reply, err);

	if (rc != 1) {
		return rc;
	}
	if (doing.incident.status != INCIDENT_CLOSED) {
		if (check_runs(&doing, err) < 0) {
			return -1;
		}
		if (reply->problem.code != ERR_NONE) {
			return 0;
		}
		if (move(&doing, INCIDENT_CLOSE, INCIDENT_CLOSED, err) < 0) {
			return -1;
		}
	}
	return read_incident(reply, err);
}

/* The fields that operators change, as they are now, in an arena. */
struct fields {
	struct arena *arena;
	const char *old[5];
};

/* By name, in the order of struct fields. */
static const char *const field_names[] = { "title", "severity", "rootCause", "resolution",
	"major" };

static void on_fields(const struct incident_row *row, void *arg)
{
	struct fields *fields = arg;
	struct arena *arena = fields->arena;
	const char *major = row->major ? "true" : "false";

	fields->old[0] = arena_strdup(arena, row->title);
	fields->old[1] = arena_strdup(arena, row->severity);
	fields->old[2] = arena_strdup(arena, row->root_cause ? row->root_cause : "");
	fields->old[3] = arena_strdup(arena, row->resolution ? row->resolution : "");
	fields->old[4] = row->major_said ? major : arena_printf(arena, "%s, by its level", major);
}

static int check_change(struct reply *reply)
{
	const char *title = reply_arg(reply, "title");
	size_t given = 0;

	for (size_t i = 0; i < LEN(field_names); i++) {
		given += reply_arg(reply, field_names[i]) != NULL;
	}
	if (!given) {
		return err_set(&reply->problem, ERR_INPUT,
				"expected at least one of title, severity, rootCause, resolution, major");
	}
	if (title && !*title) {
		return err_set(&reply->problem, ERR_INPUT, "title: expected a text");
	}
	return 0;
}

/* An entry for each field that is another now, from what to what. */
static int tell_changes(const struct doing *doing, const struct fields *fields, struct err *err)
{
	for (size_t i = 0; i < LEN(field_names); i++) {
		const char *old = fields->old[i];
		const char *new = arg_or(doing, field_names[i], old);

		if (!strcmp(old, new)) {
			continue;
		}
		const char *text = arena_printf(fields->arena, "%s: %s → %s", field_names[i],
				*old ? old : "(none)", *new ? new : "(none)");

		if (add_entry(doing, TIMELINE_CHANGED, text, err) < 0) {
			return -1;
		}
	}
	return 0;
}

int incident_commands_change(struct reply *reply, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct db *db = reply->ground->db;
	const struct incident_change change = {
		.title = reply_arg(reply, "title"),
		.severity = reply_arg(reply, "severity"),
		.root_cause = reply_arg(reply, "rootCause"),
		.resolution = reply_arg(reply, "resolution"),
		.major = reply_arg(reply, "major"),
	};
	struct fields fields = { .arena = arena };
	struct doing doing;
	int rc = begin(&doing, reply, err);

	if (rc != 1) {
		return rc;
	}
	if (check_change(reply) < 0) {
		return 0;
	}
	if (incidents_get(db, doing.incident.id, on_fields, &fields, err) < 0 ||
			incidents_change(db, doing.incident.id, &change, err) < 0 ||
			tell_changes(&doing, &fields, err) < 0) {
		return -1;
	}
	return read_incident(reply, err);
}
