/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/notification_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "domain/template.h"

#define NOT_KNOWN "not known yet"

const char *const template_kind_names[] = {
	[TEMPLATE_INITIAL] = "initial",
	[TEMPLATE_ESCALATION] = "escalation",
	[TEMPLATE_UPDATE] = "update",
	[TEMPLATE_RESOLVED] = "resolved",
	[TEMPLATE_KINDS] = NULL,
};

const char *const template_presets[TEMPLATE_KINDS] = {
	[TEMPLATE_INITIAL] = "[INCIDENT] ${title}\n"
			     "Time: ${time}\n"
			     "Severity: ${severity}\n"
			     "Affected Services: ${affected_services}\n"
			     "Status: ${status}\n"
			     "Next Update: ${next_update}\n"
			     "Incident ${id} pages ${level}: ${reason}\n"
			     "${details}\n",
	[TEMPLATE_ESCALATION] = "[ESCALATION ${level}] ${title}\n"
				"Time: ${time}\n"
				"Reason: ${reason}\n"
				"Severity: ${severity}\n"
				"Affected Services: ${affected_services}\n"
				"Status: ${status}, for ${duration}\n"
				"Next Update: ${next_update}\n"
				"Incidents: ${incidents}\n"
				"${details}\n",
	[TEMPLATE_UPDATE] = "[UPDATE] ${title}\n"
			    "Time: ${time}\n"
			    "Duration: ${duration}\n"
			    "Affected Services: ${affected_services}\n"
			    "Status: ${status}\n"
			    "Reason: ${reason}\n"
			    "Next Update: ${next_update}\n"
			    "Incident ${id}, ${level}\n"
			    "${details}\n",
	[TEMPLATE_RESOLVED] = "[RESOLVED] ${title}\n"
			      "Time: ${time}\n"
			      "Duration: ${duration}\n"
			      "Root Cause: ${root_cause}\n"
			      "Resolution: ${resolution}\n"
			      "Follow-up: ${follow_up}\n"
			      "Incident ${id}\n",
};

/* A text in the making: values that are put together live in scratch. */
struct writing {
	const struct notification_facts *facts;
	struct buf value; /* the value in hand, as one line */
	struct buf lines; /* of ${details} */
	bool said_reason;
	char scratch[64];
};

static const char *or_else(const char *text, const char *otherwise)
{
	return text && *text ? text : otherwise;
}

static const char *say_time(struct writing *w, int64_t ms)
{
	return clock_say(ms, w->scratch);
}

static const char *status_of(struct writing *w)
{
	static const char *const words[INCIDENT_STATUSES] = {
		[INCIDENT_FIRING] = "Investigating",
		[INCIDENT_MITIGATED] = "Mitigated, the alert has not ended yet",
		[INCIDENT_RESOLVED] = "Resolved",
		[INCIDENT_CLOSED] = "Closed",
	};

	if (w->facts->status == INCIDENT_FIRING && w->facts->held) {
		return w->facts->held;
	}
	return w->facts->status == INCIDENT_FIRING && w->facts->acknowledged
			       ? "Acknowledged, somebody works on it"
			       : words[w->facts->status];
}

static const char *severity_of(struct writing *w)
{
	const char *severity = or_else(w->facts->severity, "not said");
	char first = *severity;

	snprintf(w->scratch, sizeof(w->scratch), "%s", severity);
	if (first >= 'a' && first <= 'z' && severity == w->facts->severity) {
		w->scratch[0] = (char)(first - 'a' + 'A');
	}
	return w->scratch;
}

static const char *id_of(struct writing *w)
{
	snprintf(w->scratch, sizeof(w->scratch), "%" PRId64, w->facts->id);
	return w->scratch;
}

static const char *duration_of(struct writing *w)
{
	return duration_say(w->facts->time - w->facts->opened_at, w->scratch);
}

static const char *next_update_of(struct writing *w)
{
	return w->facts->next_update ? say_time(w, w->facts->next_update)
				     : "when there is something new";
}

static const char *time_of(struct writing *w)
{
	return say_time(w, w->facts->time);
}

static const char *opened_of(struct writing *w)
{
	return say_time(w, w->facts->opened_at);
}

/* What is in the facts as text already. */
#define TEXT(name, otherwise)                              \
	static const char *name##_of(struct writing *w)    \
	{                                                  \
		return or_else(w->facts->name, otherwise); \
	}

TEXT(alerts, "none fires")
TEXT(services, NOT_KNOWN)
TEXT(held, "no")
TEXT(incidents, "none")
TEXT(level, "no level")
TEXT(playbook, "none")
TEXT(resolution, NOT_KNOWN)
TEXT(root_cause, NOT_KNOWN)
TEXT(follow_up, "none yet")
TEXT(title, "")
TEXT(tried, "nothing yet")
TEXT(url, "none")

static const char *reason_of(struct writing *w)
{
	w->said_reason = true;
	return or_else(w->facts->reason, "it needs an operator");
}

/* write_name() has its lines. */
static const char *details_of(struct writing *w)
{
	(void)w;
	return "";
}

/* Keep sorted, both. */
#define NAMES(X)                          \
	X(affected_services, services_of) \
	X(alerts, alerts_of)              \
	X(details, details_of)            \
	X(duration, duration_of)          \
	X(follow_up, follow_up_of)        \
	X(held, held_of)                  \
	X(id, id_of)                      \
	X(incidents, incidents_of)        \
	X(level, level_of)                \
	X(next_update, next_update_of)    \
	X(opened, opened_of)              \
	X(playbook, playbook_of)          \
	X(reason, reason_of)              \
	X(resolution, resolution_of)      \
	X(root_cause, root_cause_of)      \
	X(severity, severity_of)          \
	X(status, status_of)              \
	X(time, time_of)                  \
	X(title, title_of)                \
	X(tried, tried_of)                \
	X(url, url_of)

#define X(name, fn) #name,
const char *const template_variables[] = { NAMES(X) NULL };
#undef X

#define X(name, fn) fn,
static const char *(*const values[])(struct writing *w) = { NAMES(X) };
#undef X

static const char labels_prefix[] = "labels.";
static const char annotations_prefix[] = "annotations.";

static int find(const char *name, size_t len)
{
	for (int i = 0; template_variables[i]; i++) {
		if (strlen(template_variables[i]) == len &&
				!memcmp(template_variables[i], name, len)) {
			return i;
		}
	}
	return -1;
}

static bool begins(const char *name, size_t len, const char *prefix)
{
	return len > strlen(prefix) && !memcmp(name, prefix, strlen(prefix));
}

bool notification_text_knows(const char *name, size_t len)
{
	return find(name, len) >= 0 || begins(name, len, labels_prefix) ||
	       begins(name, len, annotations_prefix);
}

static const char *label_of(const struct labels *labels, const char *name, size_t len)
{
	for (size_t i = 0; i < labels->len; i++) {
		if (strlen(labels->items[i].name) == len &&
				!memcmp(labels->items[i].name, name, len)) {
			return labels->items[i].value;
		}
	}
	return "";
}

static const char *look_up(struct writing *w, const char *name, size_t len)
{
	int at = find(name, len);

	if (at >= 0) {
		return values[at](w);
	}
	if (begins(name, len, labels_prefix)) {
		return label_of(w->facts->labels, name + strlen(labels_prefix),
				len - strlen(labels_prefix));
	}
	if (begins(name, len, annotations_prefix)) {
		return label_of(w->facts->annotations, name + strlen(annotations_prefix),
				len - strlen(annotations_prefix));
	}
	return NULL;
}

/* So that no value can look like lines of the template, or turn what stands behind it around. */
static const char *one_line(struct writing *w, const char *value)
{
	size_t len = strnlen(value, NOTIFICATION_VALUE_MAX);
	size_t at;
	size_t n;

	buf_reset(&w->value);
	for (at = 0; at < len; at += n) {
		uint32_t code = 0;

		n = utf8_next(value + at, len - at, &code);
		if (n == 0) {
			break; /* its last character was cut, or it is broken */
		}
		if (utf8_is_control(code)) {
			buf_addch(&w->value, ' ');
		} else {
			buf_add(&w->value, value + at, n);
		}
	}
	if (value[at]) {
		buf_adds(&w->value, "…");
	}
	return buf_text(&w->value);
}

static void add_line(struct writing *w, const char *what, const char *value)
{
	if (value && *value) {
		buf_addf(&w->lines, "%s%s: %s", w->lines.len ? "\n" : "", what, one_line(w, value));
	}
}

/* What the default templates say below their own lines. */
static const char *details(struct writing *w)
{
	const struct notification_facts *facts = w->facts;

	buf_reset(&w->lines);
	add_line(w, "Summary", labels_get(facts->annotations, "summary"));
	add_line(w, "Description", labels_get(facts->annotations, "description"));
	add_line(w, "Runbook", labels_get(facts->annotations, "runbook_url"));
	add_line(w, "Alerts", facts->alerts);
	add_line(w, "Tried", facts->tried);
	add_line(w, "Link", facts->url);
	return buf_text(&w->lines);
}

static const char *write_name(const char *name, size_t len, void *arg)
{
	struct writing *w = arg;
	const char *value = look_up(w, name, len);

	if (value && len == strlen("details") && !memcmp(name, "details", len)) {
		return details(w);
	}
	return value ? one_line(w, value) : NULL;
}

int notification_text_write(const char *template, const struct notification_facts *facts,
		struct buf *subject, struct buf *text, struct err *err)
{
	struct writing w = { .facts = facts };
	size_t begin = text->len;
	int rc = template_expand(template, write_name, &w, text, err);

	if (rc == 0) {
		const char *first = buf_text(text) + begin;
		size_t len = strcspn(first, "\n");

		buf_add(subject, first, len);
		buf_adds(subject, len > strspn(first, " ") ? "" : one_line(&w, facts->title));
		if (facts->is_news && !w.said_reason) {
			buf_addf(text, "%sReason: %s\n",
					text->data[text->len - 1] == '\n' ? "" : "\n",
					one_line(&w, reason_of(&w)));
		}
	}
	buf_clear(&w.value);
	buf_clear(&w.lines);
	return rc;
}

#define SAMPLE_OPENED INT64_C(1795572840000) /* 2026-11-25 02:14 UTC */
#define SAMPLE_MINUTE INT64_C(60000)

static struct label sample_labels[] = {
	{ "alertname", "ServiceCompletelyDown" },
	{ "service", "argus" },
	{ "severity", "critical" },
};
static const struct labels sample_label_set = { sample_labels, 3 };
static struct label sample_annotations[] = {
	{ "summary", "No instance of argus answers" },
};
static const struct labels sample_annotation_set = { sample_annotations, 1 };

const struct notification_facts notification_sample = {
	.id = 7,
	.title = "Service argus is completely down",
	.level = "L2",
	.severity = "critical",
	.services = "argus, hermes",
	.incidents = "7 Service argus is completely down; 8 Service hermes is completely down",
	.playbook = "restart-all-instances",
	.reason = "nobody acknowledged within 5m of L1",
	.url = "https://playbookd.example.org",
	.alerts = "service=argus; service=hermes",
	.tried = "run 3 (restart-all-instances) failed: argus does not answer",
	.status = INCIDENT_FIRING,
	.time = SAMPLE_OPENED + 12 * SAMPLE_MINUTE,
	.opened_at = SAMPLE_OPENED,
	.next_update = SAMPLE_OPENED + 42 * SAMPLE_MINUTE,
	.root_cause = "the disk of its database was full",
	.resolution = "old logs were removed",
	.follow_up = "a bigger disk",
	.labels = &sample_label_set,
	.annotations = &sample_annotation_set,
};
