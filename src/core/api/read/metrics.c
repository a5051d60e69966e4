/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/read/metrics.h"

#include <inttypes.h>
#include <string.h>

#include "store/approvals.h"
#include "store/incidents.h"
#include "store/upstreams.h"

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(struct buf *out, const char *name, const char *type, const char *help,
		int64_t value)
{
	head(out, name, type, help);
	buf_addf(out, "%s %" PRId64 "\n", name, value);
}

static void seconds(struct buf *out, const char *name, const char *help, int64_t ms)
{
	head(out, name, "gauge", help);
	buf_addf(out, "%s %" PRId64 ".%03d\n", name, ms / 1000, (int)(ms % 1000));
}

/* A URL is any line of text. */
static void label_value(struct buf *out, const char *text)
{
	for (; *text; text++) {
		buf_adds(out, *text == '\\' || *text == '"' ? "\\" : "");
		buf_addch(out, *text);
	}
}

static void write_intake(const struct counters *counters, struct buf *out)
{
	one(out, "playbookd_deliveries_total", "counter", "Webhook deliveries that were committed.",
			(int64_t)counters->deliveries);
	one(out, "playbookd_replays_total", "counter", "Deliveries that were replayed by hand.",
			(int64_t)counters->replays);
	one(out, "playbookd_truncated_alerts_total", "counter",
			"Alerts that Alertmanager cut from deliveries.",
			(int64_t)counters->truncated_alerts);
	one(out, "playbookd_rejected_deliveries_total", "counter",
			"Deliveries that could never succeed, and whose alerts are lost.",
			(int64_t)counters->rejected_deliveries);
	head(out, "playbookd_alerts_total", "counter", "Alerts received, by status.");
	for (int i = 0; i < ALERT_STATUSES; i++) {
		buf_addf(out, "playbookd_alerts_total{status=\"%s\"} %" PRIu64 "\n",
				alert_status_names[i], counters->alerts[i]);
	}
	head(out, "playbookd_escalation_calls_total", "counter", "Levels that were paged.");
	for (int i = 0; i < ESCALATION_LEVELS; i++) {
		buf_addf(out, "playbookd_escalation_calls_total{level=\"%s\"} %" PRIu64 "\n",
				escalation_level_names[i], counters->pages[i]);
	}
	head(out, "playbookd_decisions_total", "counter", "Decisions about alerts.");
	for (int i = 0; i < DECISIONS; i++) {
		buf_addf(out, "playbookd_decisions_total{decision=\"%s\"} %" PRIu64 "\n",
				decision_names[i], counters->decisions[i]);
	}
}

static void write_run_counter(const struct run_counter *counter, struct buf *out)
{
	for (int status = 0; status < RUN_STATUSES; status++) {
		if (run_status_final(status)) {
			buf_addf(out,
					"playbookd_runs_total{playbook=\"%s\",status=\"%s\"} %" PRIu64
					"\n",
					counter->playbook, run_status_names[status],
					counter->ended[status]);
		}
	}
}

/* Of every receiver in force, so that the first failure is an increase. */
static void write_notices(const struct ground *ground, int64_t pending, struct buf *out)
{
	const struct config *config = configs_now(&ground->configs);
	const struct counters *counters = &ground->counters;

	head(out, "playbookd_notifications_total", "counter",
			"Notifications that were sent or have failed, by receiver.");
	for (size_t i = 0; i < config->receivers_len; i++) {
		const char *name = config->receivers[i].name;
		const struct notice_counter none = { 0 };
		const struct notice_counter *counter = &none;

		for (size_t j = 0; j < counters->notices_len; j++) {
			if (!strcmp(counters->notices[j].receiver, name)) {
				counter = &counters->notices[j];
			}
		}
		for (int status = NOTICE_SENT; status < NOTICE_STATUSES; status++) {
			buf_addf(out,
					"playbookd_notifications_total{receiver=\"%s\",status=\"%s\"} %" PRIu64
					"\n",
					name, notice_status_names[status], counter->ended[status]);
		}
	}
	one(out, "playbookd_notifications_pending", "gauge",
			"Notifications that are written and not sent yet.", pending);
}

static void write_roles(const struct daemon_state *daemon, struct buf *out)
{
	head(out, "playbookd_role_up", "gauge", "Whether the role's process runs.");
	for (size_t i = 0; i < daemon->roles_len; i++) {
		buf_addf(out, "playbookd_role_up{role=\"%s\"} %d\n",
				role_names[daemon->roles[i].role], daemon->roles[i].pid != 0);
	}
	head(out, "playbookd_role_restarts_total", "counter", "How often the role was restarted.");
	for (size_t i = 0; i < daemon->roles_len; i++) {
		buf_addf(out, "playbookd_role_restarts_total{role=\"%s\"} %" PRIu64 "\n",
				role_names[daemon->roles[i].role], daemon->roles[i].restarts);
	}
}

/* Only of those that are known; one that nobody could look at has no sample. */
static void write_checks(const struct checks_room *checks, struct buf *out)
{
	if (!checks->len) {
		return;
	}
	head(out, "playbookd_check_up", "gauge", "Whether the check passed at its last probe.");
	for (size_t i = 0; i < checks->len; i++) {
		const struct watch *watch = &checks->watches[i];

		if (watch->status != CHECK_UNKNOWN) {
			buf_addf(out, "playbookd_check_up{check=\"%s\"} %d\n", watch->check->name,
					watch->status == CHECK_HEALTHY);
		}
	}
	head(out, "playbookd_check_duration_seconds", "gauge",
			"Duration of the check's last probe.");
	for (size_t i = 0; i < checks->len; i++) {
		const struct watch *watch = &checks->watches[i];

		if (watch->last_at) {
			buf_addf(out,
					"playbookd_check_duration_seconds{check=\"%s\"} %" PRId64
					".%03d\n",
					watch->check->name, watch->duration_ms / 1000,
					(int)(watch->duration_ms % 1000));
		}
	}
}

/* Only of those that were asked. */
static void write_alertmanagers(const struct upstream_room *upstream, struct buf *out)
{
	if (!upstream->peers_len) {
		return;
	}
	head(out, "playbookd_alertmanager_up", "gauge",
			"Whether the Alertmanager answered when it was last asked.");
	for (size_t k = 0; k < upstream->peers_len; k++) {
		const struct upstream_peer *peer = &upstream->peers[k];

		if (peer->asked) {
			buf_addf(out, "playbookd_alertmanager_up{url=\"");
			label_value(out, peer->name);
			buf_addf(out, "\"} %d\n", peer->up);
		}
	}
	head(out, "playbookd_alertmanager_last_answer_timestamp_seconds", "gauge",
			"When the Alertmanager answered last.");
	for (size_t k = 0; k < upstream->peers_len; k++) {
		const struct upstream_peer *peer = &upstream->peers[k];

		if (peer->last_answer_at) {
			buf_addf(out, "playbookd_alertmanager_last_answer_timestamp_seconds{url=\"");
			label_value(out, peer->name);
			buf_addf(out, "\"} %" PRId64 ".%03d\n", peer->last_answer_at / 1000,
					(int)(peer->last_answer_at % 1000));
		}
	}
}

static void write_heartbeats(const struct intake_room *intake, struct buf *out)
{
	if (!intake->pulses_len) {
		return;
	}
	head(out, "playbookd_heartbeat_last_seconds", "gauge",
			"When the heartbeat last came, since 1970; 0: never.");
	for (size_t i = 0; i < intake->pulses_len; i++) {
		const struct pulse *pulse = &intake->pulses[i];

		buf_addf(out, "playbookd_heartbeat_last_seconds{name=\"%s\"} %" PRId64 ".%03d\n",
				pulse->heartbeat->name, pulse->last_at / 1000,
				(int)(pulse->last_at % 1000));
	}
	head(out, "playbookd_heartbeat_missing", "gauge", "Whether the heartbeat is missing.");
	for (size_t i = 0; i < intake->pulses_len; i++) {
		const struct pulse *pulse = &intake->pulses[i];

		buf_addf(out, "playbookd_heartbeat_missing{name=\"%s\"} %d\n",
				pulse->heartbeat->name, pulse->missing_at != 0);
	}
}

static void write_storage(
		const struct ground *ground, const struct disk_space *space, struct buf *out)
{
	one(out, "playbookd_commits_total", "counter", "Transactions committed.",
			(int64_t)ground->counters.commits);
	one(out, "playbookd_storage_free_bytes", "gauge",
			"Free space on the disk of the storage directory.", space->free);
	one(out, "playbookd_storage_degraded", "gauge",
			"Whether deliveries are refused for want of disk space.", space->degraded);
}

int metrics_show(struct reply *reply, struct err *err)
{
	const struct api_room *api = reply->api;
	const struct ground *ground = reply->ground;
	struct buf *out = &reply->content;
	const struct counters *counters = &ground->counters;
	const struct daemon_state *daemon = &ground->daemon;
	int64_t open = 0;
	int64_t waiting = 0;
	int64_t pending = 0;
	int64_t held = 0;

	reply->content_type = "text/plain; version=0.0.4; charset=utf-8";
	if (incidents_open_count(ground->db, &open, err) < 0 ||
			approvals_pending_count(ground->db, &waiting, err) < 0 ||
			notices_pending_count(ground->db, &pending, err) < 0 ||
			upstreams_held_count(ground->db, &held, err) < 0) {
		return -1;
	}
	head(out, "playbookd_build_info", "gauge", "The version that runs.");
	buf_addf(out, "playbookd_build_info{version=\"%s\"} 1\n", PLAYBOOKD_VERSION);
	write_intake(counters, out);
	head(out, "playbookd_runs_total", "counter", "Runs that ended, by playbook and status.");
	for (size_t i = 0; i < counters->runs_len; i++) {
		write_run_counter(&counters->runs[i], out);
	}
	one(out, "playbookd_runs_active", "gauge", "Runs that are running or verifying.",
			(int64_t)api->run->len);
	one(out, "playbookd_orphan_runs", "gauge", "Unknown runs found at the start.",
			api->run->unknown.count);
	one(out, "playbookd_runs_awaiting_approval", "gauge", "Runs that wait for an approval.",
			waiting);
	one(out, "playbookd_paused", "gauge", "Whether the kill switch is on.",
			pause_is_on(ground));
	one(out, "playbookd_incidents_open", "gauge", "Incidents that are firing or mitigated.",
			open);
	one(out, "playbookd_incidents_held", "gauge", "Incidents whose pages are held.", held);
	write_alertmanagers(api->upstream, out);
	write_notices(ground, pending, out);
	write_storage(ground, &api->storage->space, out);
	one(out, "playbookd_config_last_reload_successful", "gauge",
			"Whether the last load of the configuration succeeded.", daemon->config_ok);
	seconds(out, "playbookd_config_last_reload_success_timestamp_seconds",
			"When the configuration in force was loaded.", daemon->config_loaded_at);
	write_checks(api->checks, out);
	write_heartbeats(api->intake, out);
	write_roles(daemon, out);
	return 0;
}
