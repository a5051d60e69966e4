#include "front/routes.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

static const struct arg_rule incidents_args[] = {
	{ "cursor", ARG_CURSOR, NULL, 0 },
	{ "filter", ARG_MATCHER, NULL, 0 },
	{ "level", ARG_TEXT, NULL, 0 },
	{ "limit", ARG_LIMIT, NULL, 0 },
	{ "playbook", ARG_TEXT, NULL, 0 },
	{ "since", ARG_TIME, NULL, 0 },
	{ "status", ARG_WORD, incident_status_names, INCIDENT_STATUSES },
	{ "until", ARG_TIME, NULL, 0 },
};

static const struct arg_rule output_args[] = {
	{ "attempt", ARG_NUMBER, NULL, 0 },
};

static const struct arg_rule replay_args[] = {
	{ "dry_run", ARG_BOOL, NULL, 0 },
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

/* One row a line. */
/* clang-format off */
const struct route_row route_rows[] = {
	{ "/", "GET", "this page", RIGHT_READ, DEED_INDEX, ROUTES, NO_ARGS },
	{ "/", "POST", "the same as POST /api/v1/alerts", RIGHT_ALERT, DEED_DELIVER, ROUTES, NO_ARGS },
	{ "/-/healthy", "GET", "200 while the front lives", RIGHT_READ, DEED_HEALTHY, ROUTES, NO_ARGS },
	{ "/-/ready", "GET", "200 when deliveries are taken", RIGHT_READ, DEED_QUERY, ROUTE_READY, NO_ARGS },
	{ "/-/reload", "POST", "read the configuration again", RIGHT_OPERATE, DEED_RELOAD, ROUTES, NO_ARGS },
	{ "/api/v1/alerts", "POST", "Alertmanager's webhook", RIGHT_ALERT, DEED_DELIVER, ROUTES, NO_ARGS },
	{ "/api/v1/decisions", "GET", "what was done with each alert, and why", RIGHT_READ, DEED_QUERY, ROUTE_DECISIONS, ARGS(decisions_args) },
	{ "/api/v1/deliveries", "GET", "what was delivered", RIGHT_READ, DEED_QUERY, ROUTE_DELIVERIES, ARGS(deliveries_args) },
	{ "/api/v1/deliveries/{id}", "GET", "one delivery, its body and its decisions", RIGHT_READ, DEED_QUERY, ROUTE_DELIVERY, NO_ARGS },
	{ "/api/v1/deliveries/{id}/replay", "POST", "deliver it again", RIGHT_OPERATE, DEED_REPLAY, ROUTE_DELIVERY_BODY, ARGS(replay_args) },
	{ "/api/v1/incidents", "GET", "the incidents, newest first", RIGHT_READ, DEED_QUERY, ROUTE_INCIDENTS, ARGS(incidents_args) },
	{ "/api/v1/incidents/{id}", "GET", "all of one incident", RIGHT_READ, DEED_QUERY, ROUTE_INCIDENT, NO_ARGS },
	{ "/api/v1/playbooks", "GET", "the playbooks in force", RIGHT_READ, DEED_QUERY, ROUTE_PLAYBOOKS, NO_ARGS },
	{ "/api/v1/runs", "GET", "the runs, newest first", RIGHT_READ, DEED_QUERY, ROUTE_RUNS, ARGS(runs_args) },
	{ "/api/v1/runs/{id}", "GET", "one run and its steps", RIGHT_READ, DEED_QUERY, ROUTE_RUN, NO_ARGS },
	{ "/api/v1/runs/{id}/steps/{n}/output", "GET", "what a step wrote", RIGHT_READ, DEED_QUERY, ROUTE_OUTPUT, ARGS(output_args) },
	{ "/api/v1/status", "GET", "the daemon itself", RIGHT_READ, DEED_QUERY, ROUTE_STATUS, NO_ARGS },
	{ "/metrics", "GET", "for Prometheus", RIGHT_READ, DEED_METRICS, ROUTE_METRICS, NO_ARGS },
	{ "/webhook", "POST", "the same as POST /api/v1/alerts", RIGHT_ALERT, DEED_DELIVER, ROUTES, NO_ARGS },
};
/* clang-format on */
const size_t route_rows_len = LEN(route_rows);

/* A path against a pattern; ids get the text of what stands for {…}. */
static bool matches(const char *pattern, const char *path, const char *ids[2], size_t ids_len[2])
{
	size_t n = 0;

	while (*pattern) {
		if (*pattern == '{') {
			ids[n] = path;
			ids_len[n] = strcspn(path, "/");
			path += ids_len[n++];
			pattern = strchr(pattern, '}') + 1;
		} else if (*pattern++ != *path++) {
			return false;
		}
	}
	return *path == '\0';
}

static int read_ids(struct route_match *match, const char *ids[2], const size_t ids_len[2],
		struct err *err)
{
	for (size_t i = 0; i < 2 && ids[i]; i++) {
		if (ids_len[i] == 0 || ids_len[i] > ID_DIGITS_MAX ||
				strspn(ids[i], "0123456789") < ids_len[i]) {
			return err_set(err, ERR_INPUT, "'%.*s' in the path: expected a number",
					ids_len[i] < 32 ? (int)ids_len[i] : 32, ids[i]);
		}
		match->ids[i] = strtoull(ids[i], NULL, 10);
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
		const char *ids[2] = { NULL };
		size_t ids_len[2] = { 0 };

		if (!matches(row->pattern, path, ids, ids_len)) {
			continue;
		}
		ret->row = row;
		if (method_fits(row->method, method)) {
			return read_ids(ret, ids, ids_len, err);
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

void route_index(struct buf *out)
{
	buf_adds(out, "playbookd maps alerts to remediation playbooks, runs them, checks that "
		      "they\n"
		      "helped, and keeps the incident log. Point an Alertmanager webhook_config "
		      "at\n"
		      "/api/v1/alerts. What can be asked (* needs the operator's token):\n\n");
	for (size_t i = 0; i < route_rows_len; i++) {
		const struct route_row *row = &route_rows[i];

		buf_addf(out, "%-4s %-36s %s%s\n", row->method, row->pattern, row->help,
				row->right == RIGHT_OPERATE ? " *" : "");
		for (size_t j = 0; j < row->args_len; j++) {
			buf_addf(out, "%s%s%s", j ? " " : "       ? ", row->args[j].name,
					j + 1 < row->args_len ? "" : "\n");
		}
	}
}
