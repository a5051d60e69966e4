#include "core/api/command/incident_commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/api/read/read_incidents.h"
#include "core/core.h"
#include "core/escalate/escalator.h"
#include "core/view/rows.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

CLEANUP_DEFINE(struct arena *, cleanup_arena, arena_free);

/* Somebody says something of an incident. */
struct word {
	struct reply *reply;
	struct incident_facts incident;
	int64_t now;
	const char *who;
};

/* Returns 1 when the incident is there; else 0 with the reply's problem, or -1. */
static int begin(struct word *word, struct reply *reply, struct err *err)
{
	uint64_t id = reply->query->ids[0];

	*word = (struct word){
		.reply = reply, .now = clock_wall_ms(), .who = reply->query->principal
	};
	if (incidents_facts(reply->core->db, (int64_t)id, &word->incident, err) < 0) {
		return -1;
	}
	if (!word->incident.id) {
		return reply_found(reply, 0, "incident", id);
	}
	return 1;
}

static int tell(const struct word *word, enum timeline_kind kind, const char *text, struct err *err)
{
	const struct timeline_row row = { .incident_id = word->incident.id,
		.at = word->now,
		.kind = (uint8_t)kind,
		.who = word->who,
		.text = text };

	log_info("people's word on an incident", LOG_INT("incident", word->incident.id),
			LOG_STR("what", timeline_kind_names[kind]), LOG_STR("by", word->who));
	return timeline_add(word->reply->core->db, &row, err);
}

static const char *arg_or(const struct word *word, const char *name, const char *otherwise)
{
	const char *value = reply_arg(word->reply, name);

	return value ? value : otherwise;
}

static void see_acknowledged(const struct incident_row *row, void *arg)
{
	*(bool *)arg = row->acknowledged_at != 0;
}

int people_acknowledge(struct reply *reply, struct err *err)
{
	struct db *db = reply->core->db;
	bool done = false;
	struct word word;
	int rc = begin(&word, reply, err);

	if (rc != 1) {
		return rc;
	}
	if (incidents_get(db, word.incident.id, see_acknowledged, &done, err) < 0) {
		return -1;
	}
	if (!done && word.incident.status >= INCIDENT_RESOLVED) {
		err_set(&reply->problem, ERR_CONFLICT, "the incident is %s",
				incident_status_names[word.incident.status]);
		return 0;
	}
	if (!done && (incidents_acknowledge(db, word.incident.id, word.who, word.now, err) < 0 ||
				     tell(&word, TIMELINE_ACKNOWLEDGED, arg_or(&word, "note", ""),
						     err) < 0)) {
		return -1;
	}
	return api_incident(reply, err);
}

static void write_entry(const struct timeline_row *row, void *arg)
{
	rows_timeline_entry(arg, row);
}

int people_note(struct reply *reply, struct err *err)
{
	struct db *db = reply->core->db;
	struct word word;
	int64_t last;
	int rc = begin(&word, reply, err);

	if (rc != 1) {
		return rc;
	}
	if (tell(&word, TIMELINE_NOTE, reply_arg(reply, "text"), err) < 0 ||
			timeline_last(db, word.incident.id, &last, err) < 0) {
		return -1;
	}

	const struct timeline_query query = { word.incident.id, last - 1, 1 };

	return timeline_list(db, &query, write_entry, &reply->w, err);
}

/* May it be called over? What is about to act on it becomes the problem. */
static int check_runs(struct word *word, struct err *err)
{
	struct run_facts run;

	if (runs_unfinished(word->reply->core->db, word->incident.id, &run, err) < 0) {
		return -1;
	}
	if (run.id) {
		err_set(&word->reply->problem, ERR_CONFLICT,
				"run %" PRId64 " is %s: wait for its end, or cancel it first",
				run.id, run_status_names[run.status]);
	}
	return 0;
}

/* What is said, and whether alerts of the incident still fire then. */
static int move(struct word *word, enum incident_event event, enum incident_status status,
		struct err *err)
{
	struct db *db = word->reply->core->db;
	const char *reason = arg_or(word, "reason", "");
	int64_t firing = word->incident.status <= INCIDENT_RESOLVED ? word->incident.firing : 0;
	auto_buf struct buf text = { 0 };

	buf_adds(&text, reason);
	if (firing) {
		buf_addf(&text, "%s%" PRId64 " of its alerts still fire%s", *reason ? "; " : "",
				firing, firing == 1 ? "s" : "");
	}
	if (incidents_move(db, &word->incident, event, 0, word->now, err) < 0 ||
			incidents_moved_by(db, word->incident.id, status, word->who, err) < 0) {
		return -1;
	}
	if (tell(word, status == INCIDENT_CLOSED ? TIMELINE_CLOSED : TIMELINE_RESOLVED,
			    buf_text(&text), err) < 0) {
		return -1;
	}
	return escalator_over(word->reply->core, word->incident.id, err);
}

int people_resolve(struct reply *reply, struct err *err)
{
	struct word word;
	int rc = begin(&word, reply, err);

	if (rc != 1) {
		return rc;
	}
	if (word.incident.status == INCIDENT_CLOSED) {
		err_set(&reply->problem, ERR_CONFLICT, "the incident is closed");
		return 0;
	}
	if (word.incident.status != INCIDENT_RESOLVED) {
		if (check_runs(&word, err) < 0) {
			return -1;
		}
		if (reply->problem.code != ERR_NONE) {
			return 0;
		}
		if (move(&word, INCIDENT_RESOLVE, INCIDENT_RESOLVED, err) < 0) {
			return -1;
		}
	}
	return api_incident(reply, err);
}

int people_close(struct reply *reply, struct err *err)
{
	struct word word;
	int rc = begin(&word, reply, err);

	if (rc != 1) {
		return rc;
	}
	if (word.incident.status != INCIDENT_CLOSED) {
		if (check_runs(&word, err) < 0) {
			return -1;
		}
		if (reply->problem.code != ERR_NONE) {
			return 0;
		}
		if (move(&word, INCIDENT_CLOSE, INCIDENT_CLOSED, err) < 0) {
			return -1;
		}
	}
	return api_incident(reply, err);
}

/* The fields that people change: what they are now, in an arena. */
struct fields {
	struct arena *arena;
	const char *old[5];
};

/* By name, in the order of struct fields. */
static const char *const field_names[] = { "title", "severity", "rootCause", "resolution",
	"major" };

static void see_fields(const struct incident_row *row, void *arg)
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
				"expected at least one of title, severity, rootCause, resolution, "
				"major");
	}
	if (title && !*title) {
		return err_set(&reply->problem, ERR_INPUT, "title: expected a text");
	}
	return 0;
}

/* An entry for each field that is another now, from what to what. */
static int tell_changes(const struct word *word, const struct fields *fields, struct err *err)
{
	for (size_t i = 0; i < LEN(field_names); i++) {
		const char *old = fields->old[i];
		const char *new = arg_or(word, field_names[i], old);

		if (!strcmp(old, new)) {
			continue;
		}
		const char *text = arena_printf(fields->arena, "%s: %s → %s", field_names[i],
				*old ? old : "(none)", *new ? new : "(none)");

		if (tell(word, TIMELINE_CHANGED, text, err) < 0) {
			return -1;
		}
	}
	return 0;
}

int people_change(struct reply *reply, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct db *db = reply->core->db;
	const struct incident_change change = {
		.title = reply_arg(reply, "title"),
		.severity = reply_arg(reply, "severity"),
		.root_cause = reply_arg(reply, "rootCause"),
		.resolution = reply_arg(reply, "resolution"),
		.major = reply_arg(reply, "major"),
	};
	struct fields fields = { .arena = arena };
	struct word word;
	int rc = begin(&word, reply, err);

	if (rc != 1) {
		return rc;
	}
	if (check_change(reply) < 0) {
		return 0;
	}
	if (incidents_get(db, word.incident.id, see_fields, &fields, err) < 0 ||
			incidents_change(db, word.incident.id, &change, err) < 0 ||
			tell_changes(&word, &fields, err) < 0) {
		return -1;
	}
	return api_incident(reply, err);
}
