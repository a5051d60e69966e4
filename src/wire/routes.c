/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/routes.h"

#include <stddef.h>

#include "domain/check.h"
#include "domain/escalation.h"
#include "domain/incident.h"
#include "domain/plan.h"
#include "domain/run.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

const char *const right_names[RIGHTS] = {
	[RIGHT_ALERT] = "alert",
	[RIGHT_READ] = "read",
	[RIGHT_OPERATE] = "operate",
};

/* The parameters of each route, sorted by name. */
static const struct arg_rule checks_args[] = {
	{ "status", ARG_WORD, check_status_names, CHECK_STATUSES },
};

static const struct arg_rule decisions_args[] = {
	{ "cursor", ARG_CURSOR, NULL, 0 },
	{ "decision", ARG_WORD, decision_names, DECISIONS },
	{ "fingerprint", ARG_TEXT, NULL, 0 },
	{ "limit", ARG_LIMIT, NULL, 0 },
};

static const struct arg_rule deliveries_args[] = {
	{ "cursor", ARG_CURSOR, NULL, 0 },
	{ "limit", ARG_LIMIT, NULL, 0 },
};

static const struct arg_rule rejected_deliveries_args[] = {
	{ "cursor", ARG_CURSOR, NULL, 0 },
	{ "limit", ARG_LIMIT, NULL, 0 },
};

static const struct arg_rule audit_args[] = {
	{ "cursor", ARG_CURSOR, NULL, 0 },
	{ "limit", ARG_LIMIT, NULL, 0 },
};

static const struct arg_rule incidents_args[] = {
	{ "cursor", ARG_CURSOR, NULL, 0 },
	{ "filter", ARG_MATCHER, NULL, 0 },
	{ "level", ARG_TEXT, NULL, 0 },
	{ "limit", ARG_LIMIT, NULL, 0 },
	{ "major", ARG_BOOL, NULL, 0 },
	{ "playbook", ARG_TEXT, NULL, 0 },
	{ "since", ARG_TIME, NULL, 0 },
	{ "status", ARG_WORD, incident_status_names, INCIDENT_STATUSES },
	{ "until", ARG_TIME, NULL, 0 },
};

static const struct arg_rule acknowledge_fields[] = {
	{ "note", ARG_PROSE, NULL, 0 },
};

static const struct arg_rule change_fields[] = {
	{ "major", ARG_BOOL, NULL, 0 },
	{ "resolution", ARG_PROSE, NULL, 0 },
	{ "rootCause", ARG_PROSE, NULL, 0 },
	{ "severity", ARG_TEXT, NULL, 0 },
	{ "title", ARG_TEXT, NULL, 0 },
};

static const struct arg_rule check_fields[] = {
	{ "done", ARG_BOOL, NULL, 0, .required = true },
	{ "note", ARG_PROSE, NULL, 0 },
};

static const struct arg_rule follow_up_fields[] = {
	{ "owner", ARG_TEXT, NULL, 0 },
	{ "receiver", ARG_TEXT, NULL, 0 },
	{ "text", ARG_PROSE, NULL, 0, .required = true },
};

static const struct arg_rule follow_up_change_fields[] = {
	{ "done", ARG_BOOL, NULL, 0 },
	{ "owner", ARG_TEXT, NULL, 0 },
	{ "text", ARG_PROSE, NULL, 0 },
};

static const struct arg_rule follow_ups_args[] = {
	{ "cursor", ARG_CURSOR, NULL, 0 },
	{ "done", ARG_BOOL, NULL, 0 },
	{ "incident", ARG_NUMBER, NULL, 0 },
	{ "limit", ARG_LIMIT, NULL, 0 },
};

static const struct arg_rule note_fields[] = {
	{ "text", ARG_PROSE, NULL, 0, .required = true },
};

/* Of resolve and close. */
static const struct arg_rule over_fields[] = {
	{ "reason", ARG_PROSE, NULL, 0 },
};

static const struct arg_rule report_args[] = {
	{ "alertname", ARG_TEXT, NULL, 0 },
	{ "since", ARG_TIME, NULL, 0 },
	{ "until", ARG_TIME, NULL, 0 },
};

static const struct arg_rule timeline_args[] = {
	{ "cursor", ARG_CURSOR, NULL, 0 },
	{ "limit", ARG_LIMIT, NULL, 0 },
};

static const struct arg_rule approve_fields[] = {
	{ "digest", ARG_DIGEST, NULL, 0, .required = true },
	{ "reason", ARG_TEXT, NULL, 0 },
};

static const struct arg_rule reject_fields[] = {
	{ "digest", ARG_DIGEST, NULL, 0 },
	{ "reason", ARG_TEXT, NULL, 0 },
};

static const struct arg_rule cancel_fields[] = {
	{ "reason", ARG_TEXT, NULL, 0 },
};

static const struct arg_rule escalate_fields[] = {
	{ "level", ARG_WORD, escalation_level_names, ESCALATION_LEVELS },
	{ "reason", ARG_TEXT, NULL, 0, .required = true },
};

static const struct arg_rule pause_fields[] = {
	{ "for", ARG_DURATION, NULL, 0 },
	{ "reason", ARG_TEXT, NULL, 0, .required = true },
};

static const struct arg_rule replay_fields[] = {
	{ "dry_run", ARG_BOOL, NULL, 0 },
	{ "force", ARG_BOOL, NULL, 0 },
	{ "reason", ARG_TEXT, NULL, 0 },
};

static const struct arg_rule start_fields[] = {
	{ "dry_run", ARG_BOOL, NULL, 0 },
	{ "force", ARG_BOOL, NULL, 0 },
	{ "params", ARG_MAP, NULL, 0 },
	{ "reason", ARG_TEXT, NULL, 0 },
};

static const struct arg_rule output_args[] = {
	{ "attempt", ARG_NUMBER, NULL, 0 },
};

static const struct arg_rule replay_args[] = {
	{ "dry_run", ARG_BOOL, NULL, 0 },
};

static const struct arg_rule replay_delivery_fields[] = {
	{ "force", ARG_BOOL, NULL, 0 },
	{ "reason", ARG_TEXT, NULL, 0 },
};

static const struct arg_rule runs_args[] = {
	{ "cursor", ARG_CURSOR, NULL, 0 },
	{ "incident", ARG_NUMBER, NULL, 0 },
	{ "limit", ARG_LIMIT, NULL, 0 },
	{ "playbook", ARG_TEXT, NULL, 0 },
	{ "status", ARG_WORD, run_status_names, RUN_STATUSES },
};

#define ROW(row_id, row_method, row_pattern, row_help, row_right, row_action, ...) \
	[row_id] = { .id = (row_id),                                               \
		.method = (row_method),                                            \
		.pattern = (row_pattern),                                          \
		.help = (row_help),                                                \
		.right = (row_right),                                              \
		.action = (row_action),                                            \
		__VA_ARGS__ }

#define NOTHING          .answer = { .form = ANSWER_NOTHING }
#define ONE(id)          .answer = { .form = ANSWER_ONE, .noun = (id) }
#define LIST(id, member) .answer = { .form = ANSWER_LIST, .noun = (id), .key = (member) }
#define PAGE(id, member) .answer = { .form = ANSWER_PAGE, .noun = (id), .key = (member) }
#define TEXT(type)       .answer = { .form = ANSWER_TEXT, .media = (type) }
#define PLAIN            "text/plain; charset=utf-8"

#define ARGS(list)        .args = { (list), LEN(list) }
#define FIELDS(list)      .fields = { (list), LEN(list) }
#define AUDIT(word, noun) .command = (word), .object = (noun)

/* clang-format off */
const struct route_row routes[ROUTES] = {
	ROW(ROUTE_INDEX, "GET", "/", "this list", RIGHT_READ, ACTION_INDEX,
		TEXT(PLAIN)),
	ROW(ROUTE_DELIVER_INDEX, "POST", "/", "the same as POST /api/v1/alerts", RIGHT_ALERT, ACTION_DELIVER,
		ONE(NOUN_RECEIPT)),
	ROW(ROUTE_HEALTHY, "GET", "/-/healthy", "200 while the front lives", RIGHT_READ, ACTION_HEALTHY,
		TEXT(PLAIN)),
	ROW(ROUTE_READY, "GET", "/-/ready", "200 when playbookd takes deliveries", RIGHT_READ, ACTION_READ,
		TEXT(PLAIN)),
	ROW(ROUTE_RELOAD, "POST", "/-/reload", "read the configuration again", RIGHT_OPERATE, ACTION_RELOAD,
		NOTHING, AUDIT("reload", "configuration")),
	ROW(ROUTE_DELIVER, "POST", "/api/v1/alerts", "Alertmanager's webhook", RIGHT_ALERT, ACTION_DELIVER,
		ONE(NOUN_RECEIPT)),
	ROW(ROUTE_AUDIT, "GET", "/api/v1/audit", "the commands that were carried out, newest first", RIGHT_READ, ACTION_READ,
		PAGE(NOUN_COMMAND, "audit"), ARGS(audit_args)),
	ROW(ROUTE_CHECKS, "GET", "/api/v1/checks", "the health table: every check and its state", RIGHT_READ, ACTION_READ,
		LIST(NOUN_CHECK, "checks"), ARGS(checks_args)),
	ROW(ROUTE_CHECK_HISTORY, "GET", "/api/v1/checks/{check}", "one check, and its changes", RIGHT_READ, ACTION_READ,
		ONE(NOUN_CHECK_IN_FULL)),
	ROW(ROUTE_DECISIONS, "GET", "/api/v1/decisions", "the decisions: what became of each alert, and why", RIGHT_READ, ACTION_READ,
		PAGE(NOUN_DECISION, "decisions"), ARGS(decisions_args)),
	ROW(ROUTE_DELIVERIES, "GET", "/api/v1/deliveries", "the deliveries, newest first", RIGHT_READ, ACTION_READ,
		PAGE(NOUN_DELIVERY, "deliveries"), ARGS(deliveries_args)),
	ROW(ROUTE_DELIVERY, "GET", "/api/v1/deliveries/{id}", "one delivery, its body and its decisions", RIGHT_READ, ACTION_READ,
		ONE(NOUN_DELIVERY_IN_FULL)),
	ROW(ROUTE_DELIVERY_REPLAY, "POST", "/api/v1/deliveries/{id}/replay", "replay a delivery", RIGHT_OPERATE, ACTION_REPLAY,
		ONE(NOUN_RECEIPT), ARGS(replay_args), FIELDS(replay_delivery_fields), AUDIT("replay_delivery", "delivery")),
	ROW(ROUTE_FOLLOW_UPS, "GET", "/api/v1/follow-ups", "the follow-ups, newest first", RIGHT_READ, ACTION_READ,
		PAGE(NOUN_FOLLOW_UP, "followUps"), ARGS(follow_ups_args)),
	ROW(ROUTE_FOLLOW_UP_CHANGE, "PATCH", "/api/v1/follow-ups/{id}", "change a follow-up", RIGHT_OPERATE, ACTION_COMMAND,
		ONE(NOUN_FOLLOW_UP), FIELDS(follow_up_change_fields), AUDIT("follow_up_change", "follow-up")),
	ROW(ROUTE_HEARTBEATS, "GET", "/api/v1/heartbeats", "the alerts that must come, and which are missing", RIGHT_READ, ACTION_READ,
		LIST(NOUN_HEARTBEAT, "heartbeats")),
	ROW(ROUTE_INCIDENTS, "GET", "/api/v1/incidents", "the incidents, newest first", RIGHT_READ, ACTION_READ,
		PAGE(NOUN_INCIDENT, "incidents"), ARGS(incidents_args)),
	ROW(ROUTE_INCIDENT, "GET", "/api/v1/incidents/{id}", "one incident, all of it", RIGHT_READ, ACTION_READ,
		ONE(NOUN_INCIDENT_IN_FULL)),
	ROW(ROUTE_CHANGE, "PATCH", "/api/v1/incidents/{id}", "change its root cause, resolution and so on", RIGHT_OPERATE, ACTION_COMMAND,
		ONE(NOUN_INCIDENT_IN_FULL), FIELDS(change_fields), AUDIT("change", "incident")),
	ROW(ROUTE_ACKNOWLEDGE, "POST", "/api/v1/incidents/{id}/acknowledge", "acknowledge it", RIGHT_OPERATE, ACTION_COMMAND,
		ONE(NOUN_INCIDENT_IN_FULL), FIELDS(acknowledge_fields), AUDIT("acknowledge", "incident")),
	ROW(ROUTE_CHECKLIST_ITEM, "PATCH", "/api/v1/incidents/{id}/checklist/{item}", "tick an item of its checklist", RIGHT_OPERATE, ACTION_COMMAND,
		ONE(NOUN_INCIDENT_IN_FULL), FIELDS(check_fields), AUDIT("check", "incident")),
	ROW(ROUTE_CLOSE, "POST", "/api/v1/incidents/{id}/close", "close it", RIGHT_OPERATE, ACTION_COMMAND,
		ONE(NOUN_INCIDENT_IN_FULL), FIELDS(over_fields), AUDIT("close", "incident")),
	ROW(ROUTE_INCIDENT_ESCALATE, "POST", "/api/v1/incidents/{id}/escalate", "page the next level, or the one named", RIGHT_OPERATE, ACTION_COMMAND,
		ONE(NOUN_ESCALATIONS), FIELDS(escalate_fields), AUDIT("escalate", "incident")),
	ROW(ROUTE_FOLLOW_UP_ADD, "POST", "/api/v1/incidents/{id}/follow-ups", "add a follow-up", RIGHT_OPERATE, ACTION_COMMAND,
		ONE(NOUN_FOLLOW_UP), FIELDS(follow_up_fields), AUDIT("follow_up", "incident")),
	ROW(ROUTE_NOTE, "POST", "/api/v1/incidents/{id}/note", "write into its timeline", RIGHT_OPERATE, ACTION_COMMAND,
		ONE(NOUN_TIMELINE_ENTRY), FIELDS(note_fields), AUDIT("note", "incident")),
	ROW(ROUTE_POSTMORTEM, "GET", "/api/v1/incidents/{id}/postmortem.md", "the post-incident log, as Markdown", RIGHT_READ, ACTION_READ,
		TEXT("text/markdown; charset=utf-8")),
	ROW(ROUTE_INCIDENT_REPLAY, "POST", "/api/v1/incidents/{id}/replay", "run its playbook again", RIGHT_OPERATE, ACTION_COMMAND,
		ONE(NOUN_REPLAY), FIELDS(replay_fields), AUDIT("replay", "incident")),
	ROW(ROUTE_RESOLVE, "POST", "/api/v1/incidents/{id}/resolve", "resolve it, whatever its alerts say", RIGHT_OPERATE, ACTION_COMMAND,
		ONE(NOUN_INCIDENT_IN_FULL), FIELDS(over_fields), AUDIT("resolve", "incident")),
	ROW(ROUTE_TIMELINE, "GET", "/api/v1/incidents/{id}/timeline", "what happened, oldest first", RIGHT_READ, ACTION_READ,
		PAGE(NOUN_TIMELINE_ENTRY, "timeline"), ARGS(timeline_args)),
	ROW(ROUTE_PAUSE_END, "DELETE", "/api/v1/pause", "turn the kill switch off", RIGHT_OPERATE, ACTION_COMMAND,
		ONE(NOUN_PAUSE_IN_FULL), AUDIT("resume", "pause")),
	ROW(ROUTE_PAUSE, "GET", "/api/v1/pause", "the kill switch, and what it keeps from running", RIGHT_READ, ACTION_READ,
		ONE(NOUN_PAUSE_IN_FULL)),
	ROW(ROUTE_PAUSE_BEGIN, "POST", "/api/v1/pause", "turn the kill switch on", RIGHT_OPERATE, ACTION_COMMAND,
		ONE(NOUN_PAUSE_IN_FULL), FIELDS(pause_fields), AUDIT("pause", "pause")),
	ROW(ROUTE_PLAYBOOKS, "GET", "/api/v1/playbooks", "the playbooks in force", RIGHT_READ, ACTION_READ,
		LIST(NOUN_PLAYBOOK, "playbooks")),
	ROW(ROUTE_PLAYBOOK_RUN, "POST", "/api/v1/playbooks/{playbook}/runs", "run a playbook by hand", RIGHT_OPERATE, ACTION_COMMAND,
		ONE(NOUN_REQUESTED_RUN), FIELDS(start_fields), AUDIT("run", "playbook")),
	ROW(ROUTE_REJECTED_DELIVERIES, "GET", "/api/v1/rejected-deliveries", "bodies of deliveries that can never succeed, newest first", RIGHT_READ, ACTION_READ,
		PAGE(NOUN_REJECTED_DELIVERY, "rejectedDeliveries"), ARGS(rejected_deliveries_args)),
	ROW(ROUTE_REJECTED_DELIVERY, "GET", "/api/v1/rejected-deliveries/{id}", "one of them, with the beginning of its body", RIGHT_READ, ACTION_READ,
		ONE(NOUN_REJECTED_DELIVERY_IN_FULL)),
	ROW(ROUTE_REPORT_ALERTS, "GET", "/api/v1/reports/alerts", "how each alert was handled", RIGHT_READ, ACTION_READ,
		LIST(NOUN_ALERT_REPORT, "alerts"), ARGS(report_args)),
	ROW(ROUTE_RUNS, "GET", "/api/v1/runs", "the runs, newest first", RIGHT_READ, ACTION_READ,
		PAGE(NOUN_RUN, "runs"), ARGS(runs_args)),
	ROW(ROUTE_RUN, "GET", "/api/v1/runs/{id}", "one run and its steps", RIGHT_READ, ACTION_READ,
		ONE(NOUN_RUN_IN_FULL)),
	ROW(ROUTE_RUN_APPROVE, "POST", "/api/v1/runs/{id}/approve", "approve a run that waits", RIGHT_OPERATE, ACTION_COMMAND,
		ONE(NOUN_RUN_WITH_PARAMS), FIELDS(approve_fields), AUDIT("approve", "run")),
	ROW(ROUTE_RUN_CANCEL, "POST", "/api/v1/runs/{id}/cancel", "cancel a run, without its rescue steps", RIGHT_OPERATE, ACTION_COMMAND,
		ONE(NOUN_RUN_WITH_PARAMS), FIELDS(cancel_fields), AUDIT("cancel", "run")),
	ROW(ROUTE_RUN_REJECT, "POST", "/api/v1/runs/{id}/reject", "reject a run that waits", RIGHT_OPERATE, ACTION_COMMAND,
		ONE(NOUN_RUN_WITH_PARAMS), FIELDS(reject_fields), AUDIT("reject", "run")),
	ROW(ROUTE_OUTPUT, "GET", "/api/v1/runs/{id}/steps/{n}/output", "the output of a step", RIGHT_READ, ACTION_READ,
		TEXT(PLAIN), ARGS(output_args)),
	ROW(ROUTE_STATUS, "GET", "/api/v1/status", "the state of the daemon", RIGHT_READ, ACTION_READ,
		ONE(NOUN_STATUS)),
	ROW(ROUTE_METRICS, "GET", "/metrics", "the metrics, for Prometheus", RIGHT_READ, ACTION_METRICS,
		TEXT("text/plain; version=0.0.4; charset=utf-8")),
	ROW(ROUTE_DELIVER_WEBHOOK, "POST", "/webhook", "the same as POST /api/v1/alerts", RIGHT_ALERT, ACTION_DELIVER,
		ONE(NOUN_RECEIPT)),
};
/* clang-format on */

bool routes_core_answers(enum route id)
{
	switch ((enum action)routes[id].action) {
	case ACTION_READ:
	case ACTION_METRICS:
	case ACTION_COMMAND:
	case ACTION_REPLAY:
		return true;
	case ACTION_INDEX:
	case ACTION_HEALTHY:
	case ACTION_DELIVER:
	case ACTION_RELOAD:
	case ACTIONS:
		break;
	}
	return false;
}

static void list_names(struct buf *out, char mark, const struct arg_rules *rules)
{
	for (size_t i = 0; i < rules->len; i++) {
		if (i == 0) {
			buf_addf(out, "       %c", mark);
		}
		buf_addf(out, " %s%s", rules->items[i].name, i + 1 < rules->len ? "" : "\n");
	}
}

void routes_index(struct buf *out)
{
	buf_adds(out, "playbookd maps alerts to remediation playbooks, runs them, checks that they\n"
		      "helped, pages the on-call when they did not, and keeps the incident log. Point\n"
		      "an Alertmanager webhook_config at /api/v1/alerts. The routes (* needs\n"
		      "the operator's token; ? query parameters; { fields of a JSON body):\n\n");
	for (size_t i = 0; i < ROUTES; i++) {
		const struct route_row *row = &routes[i];

		buf_addf(out, "%-6s %-40s %s%s\n", row->method, row->pattern, row->help,
				row->right == RIGHT_OPERATE ? " *" : "");
		list_names(out, '?', &row->args);
		list_names(out, '{', &row->fields);
	}
}
