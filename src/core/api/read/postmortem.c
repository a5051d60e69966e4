/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/read/postmortem.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/report.h"
#include "store/checklists.h"
#include "store/deliveries.h"
#include "store/episodes.h"
#include "store/follow_ups.h"
#include "store/incidents.h"
#include "store/notices.h"
#include "store/reports.h"
#include "store/runs.h"
#include "store/steps.h"
#include "store/timeline.h"
#include "wire/json_labels.h"

/* How much of each is listed. */
#define ALERTS_MAX     200
#define ENTRIES_MAX    2000
#define RUNS_MAX       50
#define STEPS_MAX      200
#define DECISIONS_MAX  10000 /* that are looked at; the report has sums */
#define KINDS_MAX      100
#define NOTIFIED_MAX   500
#define FOLLOW_UPS_MAX 1000
#define TAIL_LOADED    4096
#define TAIL_LINES     10
#define TAIL_MAX       1500

CLEANUP_DEFINE(struct arena *, cleanup_arena, arena_free);

/* The report in the making; all its strings and lists live in the arena. */
struct gathering {
	struct arena *arena;
	struct report report;
	int64_t now;
	int64_t decisions; /* looked at */
};

static const char *keep(struct gathering *g, const char *text)
{
	return arena_strdup(g->arena, text ? text : "");
}

static void on_incident(const struct incident_row *row, void *arg)
{
	struct gathering *g = arg;

	g->report = (struct report){
		.id = row->id,
		.now = g->now,
		.title = keep(g, row->title),
		.status = incident_status_names[row->status],
		.level = keep(g, row->level),
		.severity = keep(g, row->severity),
		.alertname = keep(g, row->alertname),
		.playbook = keep(g, row->playbook),
		.attention = keep(g, row->attention),
		.major = row->major,
		.times_opened = row->times_opened,
		.opened_at = row->opened_at,
		.acknowledged_at = row->acknowledged_at,
		.acknowledged_by = keep(g, row->acknowledged_by),
		.mitigated_at = row->mitigated_at,
		.resolved_at = row->resolved_at,
		.resolved_by = keep(g, row->resolved_by),
		.closed_at = row->closed_at,
		.closed_by = keep(g, row->closed_by),
		.root_cause = keep(g, row->root_cause),
		.resolution = keep(g, row->resolution),
	};
}

/* Is there room in a list that has len of max? */
static bool has_room(struct gathering *g, size_t len, size_t max)
{
	g->report.left_out |= len == max;
	return len < max;
}

static void on_alert(const struct episode_row *row, void *arg)
{
	struct gathering *g = arg;
	struct labels labels = { 0 };
	struct err ignored;

	if (!has_room(g, g->report.alerts_len, ALERTS_MAX)) {
		return;
	}
	/* What intake wrote can be read again. */
	json_labels(row->labels, g->arena, &labels, &ignored);
	g->report.alerts[g->report.alerts_len++] = (struct report_alert){
		.name = labels_value(&labels, "alertname"),
		.service = labels_value(&labels, "service"),
		.labels = keep(g, row->labels),
		.status = keep(g, row->status),
		.starts_at = row->starts_at,
		.ends_at = row->ends_at,
		.first_seen = row->first_seen,
		.occurrences = row->occurrences,
	};
}

static void on_entry(const struct timeline_row *row, void *arg)
{
	struct gathering *g = arg;

	if (!strcmp(row->kind_name, timeline_kind_names[TIMELINE_REOPENED])) {
		g->report.reopened_at = row->at;
	}
	if (!has_room(g, g->report.timeline_len, ENTRIES_MAX)) {
		return;
	}
	g->report.timeline[g->report.timeline_len++] = (struct report_entry){
		.at = row->at,
		.kind = keep(g, row->kind_name),
		.who = keep(g, row->who),
		.text = keep(g, row->text),
	};
}

/* The newest first, as they are listed: the report has them the other way round. */
static void on_run(const struct run_row *row, void *arg)
{
	struct gathering *g = arg;
	struct report_run *run;

	if (!has_room(g, g->report.runs_len, RUNS_MAX)) {
		return;
	}
	run = &g->report.runs[RUNS_MAX - ++g->report.runs_len];
	*run = (struct report_run){
		.id = row->id,
		.playbook = keep(g, row->playbook),
		.trigger = keep(g, row->trigger),
		.requested_by = keep(g, row->requested_by),
		.request_reason = keep(g, row->request_reason),
		.status = run_status_names[row->status],
		.reason = keep(g, row->reason),
		.override_guards = row->override_guards,
		.queued_at = row->queued_at,
		.started_at = row->started_at,
		.finished_at = row->finished_at,
	};
}

/* The steps of one run. */
struct steps {
	struct gathering *g;
	struct report_run *run;
};

static void on_step(const struct step_row *row, void *arg)
{
	const struct steps *steps = arg;
	struct gathering *g = steps->g;
	const char *tail = row->tail ? row->tail : "";
	size_t begin = report_tail(tail, row->tail_len, TAIL_LINES, TAIL_MAX);
	struct report_run *run = steps->run;

	if (!has_room(g, run->steps_len, STEPS_MAX)) {
		return;
	}
	run->steps[run->steps_len++] = (struct report_step){
		.phase = keep(g, row->phase),
		.name = keep(g, row->name),
		.argv = keep(g, row->argv),
		.status = step_status_names[row->status],
		.reason = keep(g, row->reason),
		.attempt = row->attempt,
		.exit_code = row->exit_code,
		.signal = row->signal,
		.started_at = row->started_at,
		.finished_at = row->finished_at,
		.output = arena_strndup(g->arena, tail + begin, row->tail_len - begin),
		.output_len = row->tail_len - begin,
		.output_bytes = row->output_bytes,
	};
}

/* Those that were decided alike are counted. */
static void on_decision(const struct decision_row *row, void *arg)
{
	struct gathering *g = arg;
	const char *playbook = row->playbook ? row->playbook : "";

	g->report.left_out |= ++g->decisions == DECISIONS_MAX;
	for (size_t i = 0; i < g->report.decisions_len; i++) {
		struct report_decision *same = &g->report.decisions[i];

		if (!strcmp(same->decision, row->decision) && !strcmp(same->playbook, playbook)) {
			same->count++;
			same->last_at = row->at;
			return;
		}
	}
	if (!has_room(g, g->report.decisions_len, KINDS_MAX)) {
		return;
	}
	g->report.decisions[g->report.decisions_len++] = (struct report_decision){
		.decision = keep(g, row->decision),
		.playbook = keep(g, playbook),
		.reason = keep(g, row->reason),
		.count = 1,
		.first_at = row->at,
		.last_at = row->at,
	};
}

static void on_notice(const struct notice_row *row, void *arg)
{
	struct gathering *g = arg;

	if (!has_room(g, g->report.notified_len, NOTIFIED_MAX)) {
		return;
	}
	g->report.notified[g->report.notified_len++] = (struct report_notified){
		.kind = keep(g, row->kind),
		.receiver = keep(g, row->receiver),
		.endpoint = keep(g, row->endpoint),
		.status = notice_status_names[row->status],
		.reason = keep(g, row->reason),
		.created_at = row->created_at,
		.ended_at = row->ended_at,
	};
}

static void on_follow_up(const struct follow_up_row *row, void *arg)
{
	struct gathering *g = arg;

	if (!has_room(g, g->report.follow_ups_len, FOLLOW_UPS_MAX)) {
		return;
	}
	g->report.follow_ups[g->report.follow_ups_len++] = (struct report_follow_up){
		.id = row->id,
		.text = keep(g, row->text),
		.owner = keep(g, row->owner),
		.receiver = keep(g, row->receiver),
		.done_at = row->done_at,
		.done_by = keep(g, row->done_by),
	};
}

static void on_check(const struct checklist_row *row, void *arg)
{
	struct gathering *g = arg;

	g->report.checklist[row->item] = (struct report_check){
		.at = row->at,
		.who = keep(g, row->who),
		.note = keep(g, row->note),
	};
}

static void on_effect(const char *alertname, const struct report_effect *effect, void *arg)
{
	struct gathering *g = arg;

	(void)alertname;
	g->report.effect = *effect;
}

static int gather_runs(struct gathering *g, struct db *db, struct err *err)
{
	const struct run_query query = { .incident_id = g->report.id, .limit = RUNS_MAX + 1 };
	struct report *report = &g->report;

	report->runs = arena_calloc(g->arena, RUNS_MAX, sizeof(*report->runs));
	if (runs_list(db, &query, on_run, g, err) < 0) {
		return -1;
	}
	report->runs += RUNS_MAX - report->runs_len;
	for (size_t i = 0; i < report->runs_len; i++) {
		struct steps steps = { g, &report->runs[i] };

		steps.run->steps = arena_calloc(g->arena, STEPS_MAX, sizeof(*steps.run->steps));
		if (steps_of(db, steps.run->id, TAIL_LOADED, on_step, &steps, err) < 0) {
			return -1;
		}
	}
	return 0;
}

static int gather(struct gathering *g, struct db *db, struct err *err)
{
	struct report *report = &g->report;
	int64_t id = report->id;
	const struct follow_up_query follow_ups = { .incident_id = id, .limit = FOLLOW_UPS_MAX };
	const struct timeline_query timeline = { .incident_id = id, .limit = INT64_MAX };
	const struct report_query effect = { .alertname = report->alertname, .limit = 1 };

	report->alerts = arena_calloc(g->arena, ALERTS_MAX, sizeof(*report->alerts));
	report->timeline = arena_calloc(g->arena, ENTRIES_MAX, sizeof(*report->timeline));
	report->decisions = arena_calloc(g->arena, KINDS_MAX, sizeof(*report->decisions));
	report->notified = arena_calloc(g->arena, NOTIFIED_MAX, sizeof(*report->notified));
	report->follow_ups = arena_calloc(g->arena, FOLLOW_UPS_MAX, sizeof(*report->follow_ups));
	if (episodes_of(db, id, ALERTS_MAX + 1, on_alert, g, err) < 0 ||
			timeline_list(db, &timeline, on_entry, g, err) < 0 ||
			gather_runs(g, db, err) < 0 ||
			decisions_about(db, id, DECISIONS_MAX, on_decision, g, err) < 0 ||
			notices_of(db, id, NOTIFIED_MAX + 1, on_notice, g, err) < 0 ||
			follow_ups_list(db, &follow_ups, on_follow_up, g, err) < 0 ||
			checklists_of(db, id, on_check, g, err) < 0) {
		return -1;
	}
	return reports_alerts(db, &effect, on_effect, g, err);
}

int postmortem_show(struct reply *reply, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct gathering g = { .arena = arena, .now = reply->ground->turn.wall_ms };
	struct db *db = reply->ground->db;
	int rc = incidents_get(db, (int64_t)reply->query->ids[0], on_incident, &g, err);

	if (rc != 1) {
		return reply_found(reply, rc, "incident", reply->query->ids[0]);
	}
	if (gather(&g, db, err) < 0) {
		return -1;
	}
	report_markdown(&g.report, &reply->content);
	reply->content_type = "text/markdown; charset=utf-8";
	return 0;
}
