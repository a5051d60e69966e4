/* SPDX-License-Identifier: Apache-2.0 */
#include "core/notify/compose.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "core/notify/outbox.h"
#include "domain/details.h"
#include "store/episodes.h"
#include "store/follow_ups.h"
#include "store/incidents.h"
#include "store/runs.h"
#include "wire/json_labels.h"

#define SERVICES_MAX   64  /* that are named */
#define AFFECTED_MAX   100 /* incidents that are asked for their services */
#define FOLLOW_UPS_MAX 20
#define EPISODES_MAX   1000 /* of an incident, that are looked at */
#define ALERTS_MAX     100  /* of an incident, that are told apart */
#define TRIED_MAX      5    /* runs that are named */

CLEANUP_DEFINE(struct arena *, cleanup_arena, arena_free);

/* The facts of a notification in the making. All text lives in arena. */
struct gathering {
	struct notify_room *notify;
	struct arena *arena;
	struct notification_facts facts;
	struct labels labels;
	struct labels annotations;
	int64_t mitigated_at;
	int64_t resolved_at;
	const char *attention;
	struct buf incidents;
	struct labels alerts[ALERTS_MAX]; /* that fire */
	size_t alerts_len;
	int64_t firing; /* how many do */
	const char *services[SERVICES_MAX];
	size_t services_len;
	bool more; /* services than are named */
};

/* The store has what we wrote; should it not be readable, the notification goes without it. */
static void read_labels(struct gathering *g, const char *json, struct labels *ret)
{
	struct err err;

	if (json_labels(json, g->arena, ret, &err) < 0) {
		*ret = (struct labels){ 0 };
	}
}

static void on_incident(const struct incident_row *row, void *arg)
{
	struct gathering *g = arg;
	struct arena *arena = g->arena;
	struct notification_facts *facts = &g->facts;

	facts->id = row->id;
	facts->title = arena_strdup(arena, row->title);
	facts->level = arena_strdup(arena, row->level);
	facts->severity = arena_strdup(arena, row->severity);
	facts->playbook = arena_strdup(arena, row->playbook);
	facts->status = row->status;
	facts->acknowledged = row->acknowledged_at != 0;
	facts->held = arena_strdup(arena, row->held);
	facts->opened_at = row->opened_at;
	g->firing = row->firing;
	facts->root_cause = arena_strdup(arena, row->root_cause);
	facts->resolution = arena_strdup(arena, row->resolution);
	g->attention = arena_strdup(arena, row->attention);
	g->mitigated_at = row->mitigated_at;
	g->resolved_at = row->resolved_at;
	read_labels(g, row->labels, &g->labels);
	read_labels(g, row->annotations, &g->annotations);
	facts->labels = &g->labels;
	facts->annotations = &g->annotations;
}

static void on_title(const struct incident_row *row, void *arg)
{
	struct gathering *g = arg;

	buf_addf(&g->incidents, "%s%" PRId64 " %s", g->incidents.len ? "; " : "", row->id,
			row->title);
}

static void add_service(struct gathering *g, const char *service)
{
	for (size_t i = 0; i < g->services_len; i++) {
		if (!strcmp(g->services[i], service)) {
			return;
		}
	}
	if (g->services_len == SERVICES_MAX) {
		g->more = true;
		return;
	}
	g->services[g->services_len++] = arena_strdup(g->arena, service);
}

/* An alert that names no service names its instance. */
static void on_episode(const struct episode_row *row, void *arg)
{
	struct gathering *g = arg;
	struct labels labels;
	const char *service;

	read_labels(g, row->labels, &labels);
	service = labels_value(&labels, "service");
	if (!*service) {
		service = labels_value(&labels, "instance");
	}
	if (*service) {
		add_service(g, service);
	}
}

static int add_services(struct gathering *g, const int64_t *ids, size_t len, struct err *err)
{
	g->more |= len > AFFECTED_MAX;
	for (size_t i = 0; i < len && i < AFFECTED_MAX && g->services_len < SERVICES_MAX; i++) {
		if (episodes_of(g->notify->ground->db, ids[i], EPISODES_MAX, on_episode, g, err) <
				0) {
			return -1;
		}
	}
	return 0;
}

static const char *join_services(struct gathering *g)
{
	auto_buf struct buf out = { 0 };

	for (size_t i = 0; i < g->services_len; i++) {
		buf_addf(&out, "%s%s", i ? ", " : "", g->services[i]);
	}
	buf_adds(&out, g->more ? " and more" : "");
	return arena_strdup(g->arena, buf_text(&out));
}

static const char *url_of(struct gathering *g)
{
	const char *base = g->notify->ground->external_url ? g->notify->ground->external_url : "";
	size_t len = strlen(base);

	while (len && base[len - 1] == '/') {
		len--;
	}
	return len ? arena_printf(g->arena, "%.*s/api/v1/incidents/%" PRId64, (int)len, base,
				     g->facts.id)
		   : "";
}

static void on_helper(const struct run_row *row, void *arg)
{
	struct gathering *g = arg;

	bool ended = row->status == RUN_SUCCEEDED;

	g->facts.resolution = arena_printf(g->arena, "playbook %s (run %" PRId64 "%s)",
			row->playbook, row->id, ended ? "" : ", not verified yet");
}

static int find_helper(struct gathering *g, enum run_status status, struct err *err)
{
	const struct run_query query = {
		.status = run_status_names[status], .incident_id = g->facts.id, .limit = 1
	};

	return g->facts.resolution ? 0
				   : runs_list(g->notify->ground->db, &query, on_helper, g, err);
}

/* Nobody wrote down what helped, but a run was seen to, or is at work on it. */
static int name_helper(struct gathering *g, struct err *err)
{
	if (g->mitigated_at) {
		return find_helper(g, RUN_SUCCEEDED, err);
	}
	return find_helper(g, RUN_VERIFYING, err) < 0 || find_helper(g, RUN_RUNNING, err) < 0 ? -1
											      : 0;
}

static void on_follow_up(const struct follow_up_row *row, void *arg)
{
	buf_addf(arg, "%s%s", ((struct buf *)arg)->len ? "; " : "", row->text);
}

static int name_follow_ups(struct gathering *g, struct err *err)
{
	const struct follow_up_query query = { .incident_id = g->facts.id,
		.limit = FOLLOW_UPS_MAX };
	auto_buf struct buf text = { 0 };
	int rc = follow_ups_list(g->notify->ground->db, &query, on_follow_up, &text, err);

	g->facts.follow_up = arena_strdup(g->arena, buf_text(&text));
	return rc < 0 ? -1 : 0;
}

static void on_firing(const struct episode_row *row, void *arg)
{
	struct gathering *g = arg;

	read_labels(g, row->labels, &g->alerts[g->alerts_len++]);
}

static int tell_alerts_apart(struct gathering *g, struct err *err)
{
	auto_buf struct buf text = { 0 };
	size_t total;

	if (episodes_firing(g->notify->ground->db, g->facts.id, ALERTS_MAX, on_firing, g, err) <
			0) {
		return -1;
	}
	total = g->firing > (int64_t)g->alerts_len ? (size_t)g->firing : g->alerts_len;
	details_apart(g->alerts, g->alerts_len, total, &text);
	g->facts.alerts = arena_strdup(g->arena, buf_text(&text));
	return 0;
}

static void on_tried(const struct run_row *row, void *arg)
{
	struct buf *text = arg;

	buf_addf(text, "%srun %" PRId64 " (%s) %s%s%s", text->len ? "; " : "", row->id,
			row->playbook, run_status_names[row->status], *row->reason ? ": " : "",
			row->reason);
}

static int name_tried(struct gathering *g, struct err *err)
{
	const struct run_query query = { .incident_id = g->facts.id, .limit = TRIED_MAX };
	auto_buf struct buf text = { 0 };
	int rc = runs_list(g->notify->ground->db, &query, on_tried, &text, err);

	g->facts.tried = arena_strdup(g->arena, buf_text(&text));
	return rc < 0 ? -1 : 0;
}

/* The time that the notification is about. */
static int64_t time_of(const struct gathering *g, const struct composition *what)
{
	if (what->template_kind == TEMPLATE_INITIAL) {
		return g->facts.opened_at;
	}
	return what->template_kind == TEMPLATE_RESOLVED && g->resolved_at ? g->resolved_at
									  : what->now;
}

static int gather(struct gathering *g, const struct composition *what, struct err *err)
{
	struct db *db = g->notify->ground->db;

	if (incidents_get(db, what->incidents[0], on_incident, g, err) < 0 ||
			add_services(g, what->incidents, what->incidents_len, err) < 0 ||
			add_services(g, what->affected, what->affected_len, err) < 0 ||
			name_helper(g, err) < 0 || name_follow_ups(g, err) < 0 ||
			tell_alerts_apart(g, err) < 0 || name_tried(g, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < what->incidents_len && g->incidents.len < NOTIFICATION_VALUE_MAX;
			i++) {
		if (incidents_get(db, what->incidents[i], on_title, g, err) < 0) {
			return -1;
		}
	}
	g->facts.incidents = arena_strdup(g->arena, buf_text(&g->incidents));
	g->facts.services = join_services(g);
	g->facts.url = url_of(g);
	g->facts.reason = what->reason ? what->reason : g->attention;
	g->facts.is_news = what->is_news;
	g->facts.time = time_of(g, what);
	g->facts.next_update = what->next_update;
	return 0;
}

/* Templates are tried when they are loaded; whatever happens, a notification is sent. */
static void write_notification(
		struct gathering *g, enum template_kind kind, struct buf *subject, struct buf *text)
{
	struct err err;

	if (notification_text_write(configs_now(&g->notify->ground->configs)->templates[kind],
			    &g->facts, subject, text, &err) < 0) {
		log_error("a template cannot be filled in",
				LOG_STR("template", template_kind_names[kind]),
				LOG_STR("error", err.msg));
		buf_reset(subject);
		buf_reset(text);
		notification_text_write(template_presets[kind], &g->facts, subject, text, &err);
	}
}

int compose_notify(struct notify_room *notify, const struct composition *what,
		const char *const *receivers, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct gathering g = { .notify = notify, .arena = arena };
	auto_buf struct buf subject = { 0 };
	auto_buf struct buf text = { 0 };
	int rc = gather(&g, what, err);

	buf_clear(&g.incidents);
	if (rc < 0) {
		return -1;
	}
	write_notification(&g, what->template_kind, &subject, &text);
	for (; *receivers; receivers++) {
		const struct notice notice = {
			.incident_id = what->incidents[0],
			.key = what->key,
			.receiver = *receivers,
			.kind = template_kind_names[what->template_kind],
			.subject = buf_text(&subject),
			.text = buf_text(&text),
		};

		if (outbox_add(notify, &notice, err) < 0) {
			return -1;
		}
	}
	return 0;
}
