#include "front/routes.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "domain/check.h"
#include "domain/escalation.h"
#include "domain/incident.h"
#include "domain/plan.h"
#include "domain/run.h"

#define LEN(array)    (sizeof(array) / sizeof((array)[0]))
#define ID_DIGITS_MAX 18
#define PATH_CHARS    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~/-"

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

#define ARGS(list) (list), LEN(list)
#define NO_ARGS    NULL, 0
#define FIELDS(list)              \
	{                         \
		(list), LEN(list) \
	}

/* One row a line. */
/* clang-format off */
const struct route_row route_rows[] = {
	{ "/", "GET", "this page", RIGHT_READ, DEED_INDEX, ROUTES, NO_ARGS },
	{ "/", "POST", "the same as POST /api/v1/alerts", RIGHT_ALERT, DEED_DELIVER, ROUTES, NO_ARGS },
	{ "/-/healthy", "GET", "200 while the front lives", RIGHT_READ, DEED_HEALTHY, ROUTES, NO_ARGS },
	{ "/-/ready", "GET", "200 when deliveries are taken", RIGHT_READ, DEED_QUERY, ROUTE_READY, NO_ARGS },
	{ "/-/reload", "POST", "read the configuration again", RIGHT_OPERATE, DEED_RELOAD, ROUTES, NO_ARGS },
	{ "/api/v1/alerts", "POST", "Alertmanager's webhook", RIGHT_ALERT, DEED_DELIVER, ROUTES, NO_ARGS },
	{ "/api/v1/audit", "GET", "what people ordered, newest first", RIGHT_READ, DEED_QUERY, ROUTE_AUDIT, ARGS(audit_args) },
	{ "/api/v1/checks", "GET", "the health table: every check and how it is", RIGHT_READ, DEED_QUERY, ROUTE_HEALTH, ARGS(checks_args) },
	{ "/api/v1/checks/{check}", "GET", "one check, and when it changed", RIGHT_READ, DEED_QUERY, ROUTE_HEALTH_CHECK, NO_ARGS },
	{ "/api/v1/decisions", "GET", "what was done with each alert, and why", RIGHT_READ, DEED_QUERY, ROUTE_DECISIONS, ARGS(decisions_args) },
	{ "/api/v1/deliveries", "GET", "what was delivered", RIGHT_READ, DEED_QUERY, ROUTE_DELIVERIES, ARGS(deliveries_args) },
	{ "/api/v1/deliveries/{id}", "GET", "one delivery, its body and its decisions", RIGHT_READ, DEED_QUERY, ROUTE_DELIVERY, NO_ARGS },
	{ "/api/v1/deliveries/{id}/replay", "POST", "deliver it again", RIGHT_OPERATE, DEED_REPLAY, ROUTE_DELIVERY_BODY, ARGS(replay_args), FIELDS(replay_delivery_fields) },
	{ "/api/v1/follow-ups", "GET", "what is to be done later, newest first", RIGHT_READ, DEED_QUERY, ROUTE_FOLLOW_UPS, ARGS(follow_ups_args) },
	{ "/api/v1/follow-ups/{id}", "PATCH", "it is done, or another", RIGHT_OPERATE, DEED_QUERY, ROUTE_FOLLOW_UP_CHANGE, NO_ARGS, FIELDS(follow_up_change_fields) },
	{ "/api/v1/incidents", "GET", "the incidents, newest first", RIGHT_READ, DEED_QUERY, ROUTE_INCIDENTS, ARGS(incidents_args) },
	{ "/api/v1/incidents/{id}", "GET", "all of one incident", RIGHT_READ, DEED_QUERY, ROUTE_INCIDENT, NO_ARGS },
	{ "/api/v1/incidents/{id}", "PATCH", "root cause, resolution and so on", RIGHT_OPERATE, DEED_QUERY, ROUTE_CHANGE, NO_ARGS, FIELDS(change_fields) },
	{ "/api/v1/incidents/{id}/acknowledge", "POST", "I have it in hand", RIGHT_OPERATE, DEED_QUERY, ROUTE_ACKNOWLEDGE, NO_ARGS, FIELDS(acknowledge_fields) },
	{ "/api/v1/incidents/{id}/checklist/{item}", "PATCH", "an item of the checklist is done", RIGHT_OPERATE, DEED_QUERY, ROUTE_CHECK, NO_ARGS, FIELDS(check_fields) },
	{ "/api/v1/incidents/{id}/close", "POST", "we are done with it", RIGHT_OPERATE, DEED_QUERY, ROUTE_CLOSE, NO_ARGS, FIELDS(over_fields) },
	{ "/api/v1/incidents/{id}/escalate", "POST", "call the next level, or the one named", RIGHT_OPERATE, DEED_QUERY, ROUTE_INCIDENT_ESCALATE, NO_ARGS, FIELDS(escalate_fields) },
	{ "/api/v1/incidents/{id}/follow-ups", "POST", "to be done later", RIGHT_OPERATE, DEED_QUERY, ROUTE_FOLLOW_UP_ADD, NO_ARGS, FIELDS(follow_up_fields) },
	{ "/api/v1/incidents/{id}/note", "POST", "write into its timeline", RIGHT_OPERATE, DEED_QUERY, ROUTE_NOTE, NO_ARGS, FIELDS(note_fields) },
	{ "/api/v1/incidents/{id}/postmortem.md", "GET", "the post-incident log, as Markdown", RIGHT_READ, DEED_QUERY, ROUTE_POSTMORTEM, NO_ARGS },
	{ "/api/v1/incidents/{id}/replay", "POST", "run its playbook again", RIGHT_OPERATE, DEED_QUERY, ROUTE_INCIDENT_REPLAY, NO_ARGS, FIELDS(replay_fields) },
	{ "/api/v1/incidents/{id}/resolve", "POST", "it is over, whatever its alerts say", RIGHT_OPERATE, DEED_QUERY, ROUTE_RESOLVE, NO_ARGS, FIELDS(over_fields) },
	{ "/api/v1/incidents/{id}/timeline", "GET", "what happened, oldest first", RIGHT_READ, DEED_QUERY, ROUTE_TIMELINE, ARGS(timeline_args) },
	{ "/api/v1/pause", "DELETE", "let runs start again", RIGHT_OPERATE, DEED_QUERY, ROUTE_PAUSE_END, NO_ARGS },
	{ "/api/v1/pause", "GET", "is the kill switch on, and what did it keep from running", RIGHT_READ, DEED_QUERY, ROUTE_PAUSE, NO_ARGS },
	{ "/api/v1/pause", "POST", "the kill switch: start nothing", RIGHT_OPERATE, DEED_QUERY, ROUTE_PAUSE_BEGIN, NO_ARGS, FIELDS(pause_fields) },
	{ "/api/v1/playbooks", "GET", "the playbooks in force", RIGHT_READ, DEED_QUERY, ROUTE_PLAYBOOKS, NO_ARGS },
	{ "/api/v1/playbooks/{playbook}/runs", "POST", "run a playbook by hand", RIGHT_OPERATE, DEED_QUERY, ROUTE_PLAYBOOK_RUN, NO_ARGS, FIELDS(start_fields) },
	{ "/api/v1/reports/alerts", "GET", "how well each alert is dealt with", RIGHT_READ, DEED_QUERY, ROUTE_REPORT_ALERTS, ARGS(report_args) },
	{ "/api/v1/runs", "GET", "the runs, newest first", RIGHT_READ, DEED_QUERY, ROUTE_RUNS, ARGS(runs_args) },
	{ "/api/v1/runs/{id}", "GET", "one run and its steps", RIGHT_READ, DEED_QUERY, ROUTE_RUN, NO_ARGS },
	{ "/api/v1/runs/{id}/approve", "POST", "let a run that waits go on", RIGHT_OPERATE, DEED_QUERY, ROUTE_RUN_APPROVE, NO_ARGS, FIELDS(approve_fields) },
	{ "/api/v1/runs/{id}/cancel", "POST", "end a run, without its rescue steps", RIGHT_OPERATE, DEED_QUERY, ROUTE_RUN_CANCEL, NO_ARGS, FIELDS(cancel_fields) },
	{ "/api/v1/runs/{id}/reject", "POST", "end a run that waits", RIGHT_OPERATE, DEED_QUERY, ROUTE_RUN_REJECT, NO_ARGS, FIELDS(reject_fields) },
	{ "/api/v1/runs/{id}/steps/{n}/output", "GET", "what a step wrote", RIGHT_READ, DEED_QUERY, ROUTE_OUTPUT, ARGS(output_args) },
	{ "/api/v1/status", "GET", "the daemon itself", RIGHT_READ, DEED_QUERY, ROUTE_STATUS, NO_ARGS },
	{ "/metrics", "GET", "for Prometheus", RIGHT_READ, DEED_METRICS, ROUTE_METRICS, NO_ARGS },
	{ "/webhook", "POST", "the same as POST /api/v1/alerts", RIGHT_ALERT, DEED_DELIVER, ROUTES, NO_ARGS },
};
/* clang-format on */
const size_t route_rows_len = LEN(route_rows);

#define BLANKS_MAX 2 /* {…} in one pattern */

/* What stands for a {…}. */
struct blank {
	const char *text;
	size_t len;
	const char *pattern; /* from its '{' on */
};

/* {id} and {n} stand for numbers, any other for a name. */
static bool is_number(const struct blank *blank)
{
	return !strncmp(blank->pattern, "{id}", 4) || !strncmp(blank->pattern, "{n}", 3);
}

/* A path against a pattern; blanks get what stands for each {…}. */
static bool matches(const char *pattern, const char *path, struct blank *blanks)
{
	while (*pattern) {
		if (*pattern == '{') {
			*blanks = (struct blank){ path, strcspn(path, "/"), pattern };
			path += blanks->len;
			blanks++;
			pattern = strchr(pattern, '}') + 1;
		} else if (*pattern++ != *path++) {
			return false;
		}
	}
	return *path == '\0';
}

static int read_name(struct route_match *match, const struct blank *blank, struct err *err)
{
	if (blank->len == 0 || blank->len >= sizeof(match->name)) {
		return err_set(err, ERR_INPUT, "a name in the path: expected 1 to %d characters",
				ROUTE_NAME_MAX - 1);
	}
	memcpy(match->name, blank->text, blank->len);
	match->name[blank->len] = '\0';
	snprintf(match->name_key, sizeof(match->name_key), "%.*s",
			(int)strcspn(blank->pattern + 1, "}"), blank->pattern + 1);
	return 0;
}

static int read_blanks(struct route_match *match, const struct blank *blanks, struct err *err)
{
	for (size_t i = 0; i < BLANKS_MAX && blanks[i].text; i++) {
		const struct blank *blank = &blanks[i];

		if (!is_number(blank)) {
			if (read_name(match, blank, err) < 0) {
				return -1;
			}
			continue;
		}
		if (blank->len == 0 || blank->len > ID_DIGITS_MAX ||
				strspn(blank->text, "0123456789") < blank->len) {
			return err_set(err, ERR_INPUT, "'%.*s' in the path: expected a number",
					blank->len < 32 ? (int)blank->len : 32, blank->text);
		}
		match->ids[i] = strtoull(blank->text, NULL, 10);
	}
	return 0;
}

static bool method_fits(const char *row, const char *method)
{
	return !strcmp(row, method) || (!strcmp(row, "GET") && !strcmp(method, "HEAD"));
}

static void allow_add(struct route_match *match, const char *method)
{
	size_t used = strlen(match->allow);

	snprintf(match->allow + used, sizeof(match->allow) - used, "%s%s%s", used ? ", " : "",
			method, !strcmp(method, "GET") ? ", HEAD" : "");
}

int route_find(const char *method, const char *path, struct route_match *ret, struct err *err)
{
	*ret = (struct route_match){ 0 };
	if (path[0] != '/' || path[strspn(path, PATH_CHARS)] != '\0') {
		return err_set(err, ERR_INPUT,
				"the path may have letters, digits and . _ ~ - / only");
	}
	for (size_t i = 0; i < route_rows_len; i++) {
		const struct route_row *row = &route_rows[i];
		struct blank blanks[BLANKS_MAX] = { { 0 } };

		if (!matches(row->pattern, path, blanks)) {
			continue;
		}
		ret->row = row;
		if (method_fits(row->method, method)) {
			return read_blanks(ret, blanks, err);
		}
		allow_add(ret, row->method);
	}
	if (!ret->row) {
		return err_set(err, ERR_NOT_FOUND, "no such path; GET / lists what there is");
	}
	return err_set(err, ERR_METHOD, "%s takes %s", ret->row->pattern, ret->allow);
}

bool route_method_changes(const char *method)
{
	return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
}

int route_media(const char *content_type, bool has_body, struct err *err)
{
	static const char json[] = "application/json";
	const size_t len = sizeof(json) - 1;

	if (!content_type && !has_body) {
		return 0;
	}
	if (content_type && !strncasecmp(content_type, json, len) &&
			strchr("; \t", content_type[len])) {
		return 0;
	}
	return err_set(err, ERR_MEDIA, "expected Content-Type: application/json");
}

static void list_names(struct buf *out, char mark, const struct arg_rule *rules, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (i == 0) {
			buf_addf(out, "       %c", mark);
		}
		buf_addf(out, " %s%s", rules[i].name, i + 1 < len ? "" : "\n");
	}
}

void route_index(struct buf *out)
{
	buf_adds(out, "playbookd maps alerts to remediation playbooks, runs them, checks that "
		      "they\n"
		      "helped, calls people when they did not, and keeps the incident log. Point\n"
		      "an Alertmanager webhook_config at /api/v1/alerts. What can be asked (* "
		      "needs\n"
		      "the operator's token; ? query parameters; { fields of a JSON body):\n\n");
	for (size_t i = 0; i < route_rows_len; i++) {
		const struct route_row *row = &route_rows[i];

		buf_addf(out, "%-6s %-40s %s%s\n", row->method, row->pattern, row->help,
				row->right == RIGHT_OPERATE ? " *" : "");
		list_names(out, '?', row->args, row->args_len);
		list_names(out, '{', row->fields.items, row->fields.len);
	}
}
