#include "core/api/dispatch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonw.h"
#include "core/api/command.h"
#include "core/api/command/approval_commands.h"
#include "core/api/command/escalation_command.h"
#include "core/api/command/follow_up_commands.h"
#include "core/api/command/incident_commands.h"
#include "core/api/command/replay_command.h"
#include "core/api/command/run_commands.h"
#include "core/api/read/metrics.h"
#include "core/api/read/postmortem.h"
#include "core/api/read/read_checks.h"
#include "core/api/read/read_incidents.h"
#include "core/api/read/read_playbooks.h"
#include "core/api/read/read_reports.h"
#include "core/api/read/read_status.h"
#include "core/api/reply.h"
#include "core/core.h"
#include "core/state/audit_chain.h"
#include "core/view/rows.h"
#include "domain/incident.h"
#include "store/deliveries.h"
#include "store/incidents.h"
#include "store/runs.h"
#include "store/steps.h"
#include "wire/json_labels.h"

#define CONTENT_MAX     (MESSAGE_LARGE_MAX - 65536)
#define SCAN_MAX        10000 /* incidents that one page of a filtered list looks at */
#define OUTPUT_TAIL_MAX 4096  /* outputTail of a step */

CLEANUP_DEFINE(struct arena *, cleanup_arena, arena_free);

/* A list that ends with the cursor of its next page, when there may be one. */
struct page {
	struct reply *a;
	int64_t limit;
	int64_t rows;
	int64_t scanned;
	int64_t last_id;
	int64_t last_position; /* decisions only */
	bool more;
	struct arena *arena;
};

static void end_page(struct page *page, bool positions)
{
	struct jsonw *w = &page->a->w;
	char cursor[64];

	jsonw_close(w);
	if (!page->more) {
		jsonw_null(w, "nextCursor");
	} else if (positions) {
		snprintf(cursor, sizeof(cursor), "%" PRId64 ":%" PRId64, page->last_id,
				page->last_position);
		jsonw_str(w, "nextCursor", cursor);
	} else {
		snprintf(cursor, sizeof(cursor), "%" PRId64, page->last_id);
		jsonw_str(w, "nextCursor", cursor);
	}
	jsonw_close(w);
}

static void begin_page(struct reply *a, const char *key)
{
	jsonw_object(&a->w, NULL);
	jsonw_array(&a->w, key);
}

/* Lists ask for one row more than the limit, to know whether there is another page. */
static bool page_takes(struct page *page, int64_t id)
{
	if (page->rows == page->limit) {
		page->more = true;
		return false;
	}
	page->rows++;
	page->last_id = id;
	return true;
}

static bool filters_match(struct page *page, const struct incident_row *row)
{
	struct reply *a = page->a;
	struct labels labels;
	bool match = true;

	if (!a->query->filters_len) {
		return true;
	}
	if (json_labels(row->labels, page->arena, &labels, &a->problem) < 0 ||
			matchers_match(a->query->filters, a->query->filters_len, &labels, &match,
					&a->problem) < 0) {
		return false;
	}
	return match;
}

static bool each_incident(const struct incident_row *row, void *arg)
{
	struct page *page = arg;

	if (page->scanned++ == SCAN_MAX) {
		page->more = true;
		return false;
	}
	if (!filters_match(page, row)) {
		page->last_id = row->id;
		return page->a->problem.code == ERR_NONE;
	}
	if (!page_takes(page, row->id)) {
		return false;
	}
	jsonw_object(&page->a->w, NULL);
	rows_incident(&page->a->w, row);
	jsonw_close(&page->a->w);
	return true;
}

static int compile_filters(struct reply *a)
{
	for (size_t i = 0; i < a->query->filters_len; i++) {
		if (matcher_compile(&a->query->filters[i], &a->problem) < 0) {
			return -1;
		}
	}
	return 0;
}

static int get_incidents(struct reply *a, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct page page = { .a = a, .limit = reply_limit(a), .arena = arena };
	const struct incident_query query = {
		.status = reply_arg(a, "status"),
		.playbook = reply_arg(a, "playbook"),
		.level = reply_arg(a, "level"),
		.major = reply_arg(a, "major"),
		.since = reply_arg_int(a, "since", 0),
		.until = reply_arg_int(a, "until", 0),
		.before = reply_arg_int(a, "cursor", 0),
	};
	int rc = 0;

	begin_page(a, "incidents");
	if (compile_filters(a) == 0) {
		rc = incidents_each(a->core->db, &query, each_incident, &page, err);
	}
	end_page(&page, false);
	for (size_t i = 0; i < a->query->filters_len; i++) {
		matcher_clear(&a->query->filters[i]);
	}
	return rc;
}

static void each_run(const struct run_row *row, void *arg)
{
	struct page *page = arg;

	if (page_takes(page, row->id)) {
		jsonw_object(&page->a->w, NULL);
		rows_run(&page->a->w, row);
		jsonw_close(&page->a->w);
	}
}

static int get_runs(struct reply *a, struct err *err)
{
	struct page page = { .a = a, .limit = reply_limit(a) };
	const struct run_query query = {
		.status = reply_arg(a, "status"),
		.playbook = reply_arg(a, "playbook"),
		.incident_id = reply_arg_int(a, "incident", 0),
		.before = reply_arg_int(a, "cursor", 0),
		.limit = page.limit + 1,
	};

	begin_page(a, "runs");
	if (runs_list(a->core->db, &query, each_run, &page, err) < 0) {
		return -1;
	}
	end_page(&page, false);
	return 0;
}

static void one_run(const struct run_row *row, void *arg)
{
	struct reply *a = arg;

	jsonw_object(&a->w, NULL);
	rows_run(&a->w, row);
}

static void each_step(const struct step_row *row, void *arg)
{
	rows_step(arg, row);
}

static int get_run(struct reply *a, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct db *db = a->core->db;
	int64_t id = (int64_t)a->query->ids[0];
	struct labels params;
	int rc = runs_get(db, id, one_run, a, err);

	if (rc != 1) {
		return reply_found(a, rc, "run", a->query->ids[0]);
	}
	if (runs_params(db, id, arena, &params, err) < 0) {
		return -1;
	}
	jsonw_object(&a->w, "params");
	for (size_t i = 0; i < params.len; i++) {
		jsonw_str(&a->w, params.items[i].name, params.items[i].value);
	}
	jsonw_close(&a->w);
	if (approve_write(a, id, &params, err) < 0) {
		return -1;
	}
	jsonw_array(&a->w, "steps");
	if (steps_of(db, id, OUTPUT_TAIL_MAX, each_step, &a->w, err) < 0) {
		return -1;
	}
	jsonw_close(&a->w);
	jsonw_close(&a->w);
	return 0;
}

/* Head and tail as they were written; between them, when bytes are missing, one line that says so.
 */
static void one_output(const struct step_row *row, const struct step_output *output, void *arg)
{
	struct reply *a = arg;
	int64_t left_out = row->output_bytes - (int64_t)(output->head_len + output->tail_len);

	buf_add(&a->content, output->head, output->head_len);
	if (left_out > 0) {
		buf_addf(&a->content, "\n[%" PRId64 " bytes left out]\n", left_out);
	}
	buf_add(&a->content, output->tail, output->tail_len);
	a->content_type = "text/plain; charset=utf-8";
}

static int get_output(struct reply *a, struct err *err)
{
	int rc = steps_output_get(a->core->db, (int64_t)a->query->ids[0], (int64_t)a->query->ids[1],
			reply_arg_int(a, "attempt", 0), one_output, a, err);

	return reply_found(a, rc, "such step of run", a->query->ids[0]);
}

static void each_delivery(const struct delivery_row *row, void *arg)
{
	struct page *page = arg;

	if (page_takes(page, row->id)) {
		jsonw_object(&page->a->w, NULL);
		rows_delivery(&page->a->w, row);
		jsonw_close(&page->a->w);
	}
}

static int get_deliveries(struct reply *a, struct err *err)
{
	struct page page = { .a = a, .limit = reply_limit(a) };

	begin_page(a, "deliveries");
	if (deliveries_list(a->core->db, reply_arg_int(a, "cursor", 0), page.limit + 1,
			    each_delivery, &page, err) < 0) {
		return -1;
	}
	end_page(&page, false);
	return 0;
}

static void one_delivery(const struct delivery_row *row, void *arg)
{
	struct reply *a = arg;

	jsonw_object(&a->w, NULL);
	rows_delivery(&a->w, row);
	jsonw_strn(&a->w, "body", row->body, row->body_len);
}

static void each_decision_of(const struct decision_row *row, void *arg)
{
	rows_decision(arg, row);
}

static int get_delivery(struct reply *a, struct err *err)
{
	int64_t id = (int64_t)a->query->ids[0];
	int rc = deliveries_get(a->core->db, id, one_delivery, a, err);

	if (rc != 1) {
		return reply_found(a, rc, "delivery", a->query->ids[0]);
	}
	jsonw_array(&a->w, "decisions");
	if (decisions_of(a->core->db, id, each_decision_of, &a->w, err) < 0) {
		return -1;
	}
	jsonw_close(&a->w);
	jsonw_close(&a->w);
	return 0;
}

static void one_body(const struct delivery_row *row, void *arg)
{
	struct reply *a = arg;

	buf_add(&a->content, row->body, row->body_len);
	a->content_type = "application/json";
}

static int get_delivery_body(struct reply *a, struct err *err)
{
	int rc = deliveries_get(a->core->db, (int64_t)a->query->ids[0], one_body, a, err);

	return reply_found(a, rc, "delivery", a->query->ids[0]);
}

static void each_decision(const struct decision_row *row, void *arg)
{
	struct page *page = arg;

	if (page_takes(page, row->delivery_id)) {
		page->last_position = row->position;
		rows_decision(&page->a->w, row);
	}
}

static int get_decisions(struct reply *a, struct err *err)
{
	struct page page = { .a = a, .limit = reply_limit(a) };
	const char *cursor = reply_arg(a, "cursor");
	const char *colon = cursor ? strchr(cursor, ':') : NULL;
	const struct decision_query query = {
		.fingerprint = reply_arg(a, "fingerprint"),
		.decision = reply_arg(a, "decision"),
		.before_delivery = cursor ? strtoll(cursor, NULL, 10) : 0,
		.before_position = colon ? strtoll(colon + 1, NULL, 10) : 0,
		.limit = page.limit + 1,
	};

	begin_page(a, "decisions");
	if (decisions_list(a->core->db, &query, each_decision, &page, err) < 0) {
		return -1;
	}
	end_page(&page, true);
	return 0;
}

static int get_playbooks(struct reply *a, struct err *err)
{
	const struct config *config = core_config(a->core);

	(void)err;
	jsonw_object(&a->w, NULL);
	jsonw_array(&a->w, "playbooks");
	for (size_t i = 0; i < config->playbooks_len; i++) {
		api_write_playbook(&a->w, &config->playbooks[i]);
	}
	jsonw_close(&a->w);
	jsonw_close(&a->w);
	return 0;
}

static int get_status(struct reply *a, struct err *err)
{
	(void)err;
	api_write_status(&a->w, a->core);
	return 0;
}

static int get_metrics(struct reply *a, struct err *err)
{
	a->content_type = "text/plain; version=0.0.4; charset=utf-8";
	return metrics_write(a->core, &a->content, err);
}

static int get_ready(struct reply *a, struct err *err)
{
	(void)err;
	if (space_admit(&a->core->space, &a->problem) == 0) {
		a->content_type = "text/plain; charset=utf-8";
		buf_adds(&a->content, "playbookd is ready.\n");
	}
	return 0;
}

/* Of every route that the core answers; the others have none. */
static int (*const handlers[ROUTES])(struct reply *a, struct err *err) = {
	[ROUTE_READY] = get_ready,
	[ROUTE_AUDIT] = audit_show,
	[ROUTE_CHECKS] = api_checks,
	[ROUTE_CHECK_HISTORY] = api_check,
	[ROUTE_DECISIONS] = get_decisions,
	[ROUTE_DELIVERIES] = get_deliveries,
	[ROUTE_DELIVERY] = get_delivery,
	[ROUTE_DELIVERY_REPLAY] = get_delivery_body,
	[ROUTE_FOLLOW_UPS] = review_follow_ups,
	[ROUTE_FOLLOW_UP_CHANGE] = review_follow_up_change,
	[ROUTE_INCIDENTS] = get_incidents,
	[ROUTE_INCIDENT] = api_incident,
	[ROUTE_CHANGE] = people_change,
	[ROUTE_ACKNOWLEDGE] = people_acknowledge,
	[ROUTE_CHECKLIST_ITEM] = review_check,
	[ROUTE_CLOSE] = people_close,
	[ROUTE_INCIDENT_ESCALATE] = escalate,
	[ROUTE_FOLLOW_UP_ADD] = review_follow_up_add,
	[ROUTE_NOTE] = people_note,
	[ROUTE_POSTMORTEM] = postmortem_show,
	[ROUTE_INCIDENT_REPLAY] = replay_incident,
	[ROUTE_RESOLVE] = people_resolve,
	[ROUTE_TIMELINE] = hindsight_timeline,
	[ROUTE_PAUSE_END] = pause_end,
	[ROUTE_PAUSE] = pause_show,
	[ROUTE_PAUSE_BEGIN] = pause_begin,
	[ROUTE_PLAYBOOKS] = get_playbooks,
	[ROUTE_PLAYBOOK_RUN] = manual_run,
	[ROUTE_REPORT_ALERTS] = hindsight_alerts,
	[ROUTE_RUNS] = get_runs,
	[ROUTE_RUN] = get_run,
	[ROUTE_RUN_APPROVE] = approve_run,
	[ROUTE_RUN_CANCEL] = manual_cancel,
	[ROUTE_RUN_REJECT] = approve_reject,
	[ROUTE_OUTPUT] = get_output,
	[ROUTE_STATUS] = get_status,
	[ROUTE_METRICS] = get_metrics,
};

bool dispatch_answers(enum route route)
{
	return handlers[route];
}

static int handle(struct reply *a, struct err *err)
{
	const struct route_row *row = &routes[a->query->route];
	const struct order order = { handlers[row->id], row->command, row->object };

	if (!order.fn) {
		err_set(&a->problem, ERR_BUG, "the core does not answer %s", row->pattern);
		return 0;
	}
	return row->action == ACTION_COMMAND ? order_once(a, &order, err) : order.fn(a, err);
}

int api_query(struct core *core, const struct msg_query *query, struct err *err)
{
	struct reply a = { .core = core, .query = query, .content_type = "" };
	int rc;

	a.w = jsonw_begin(&a.content);
	rc = handle(&a, err);
	if (a.content.len > CONTENT_MAX) {
		err_set(&a.problem, ERR_LIMIT, "the answer would be %zu bytes long, %d at most",
				a.content.len, CONTENT_MAX);
		buf_clear(&a.content);
	}
	if (rc == 0) {
		const struct msg_answer msg = {
			.id = query->id,
			.code = (uint8_t)a.problem.code,
			.error = a.problem.msg,
			.content_type = a.content_type,
			.content = { a.content.data, (uint32_t)a.content.len },
		};

		turn_send(&core->turn, core->front, MSG_ANSWER, &msg);
	}
	buf_clear(&a.content);
	return rc;
}
