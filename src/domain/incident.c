/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/incident.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "domain/details.h"
#include "domain/template.h"
#include "sys/digest.h"

#define TITLE_MAX 512

const char *const incident_status_names[INCIDENT_STATUSES] = {
	[INCIDENT_FIRING] = "firing",
	[INCIDENT_MITIGATED] = "mitigated",
	[INCIDENT_RESOLVED] = "resolved",
	[INCIDENT_CLOSED] = "closed",
};

#define NO (-1)

static const int8_t moves[INCIDENT_STATUSES][INCIDENT_EVENTS] = {
	/*                        FIRE             MITIGATE             RESOLVE            CLOSE */
	[INCIDENT_FIRING] = { INCIDENT_FIRING, INCIDENT_MITIGATED, INCIDENT_RESOLVED,
			INCIDENT_CLOSED },
	[INCIDENT_MITIGATED] = { INCIDENT_FIRING, INCIDENT_MITIGATED, INCIDENT_RESOLVED,
			INCIDENT_CLOSED },
	[INCIDENT_RESOLVED] = { INCIDENT_FIRING, INCIDENT_RESOLVED, INCIDENT_RESOLVED,
			INCIDENT_CLOSED },
	[INCIDENT_CLOSED] = { NO, INCIDENT_CLOSED, INCIDENT_CLOSED, INCIDENT_CLOSED },
};

int incident_status_parse(const char *name)
{
	for (int i = 0; i < INCIDENT_STATUSES; i++) {
		if (!strcmp(name, incident_status_names[i])) {
			return i;
		}
	}
	return -1;
}

int incident_move(enum incident_status status, enum incident_event event)
{
	return moves[status][event];
}

bool incident_is_major(enum incident_judgement said, uint8_t level)
{
	return said == INCIDENT_UNJUDGED ? level >= INCIDENT_MAJOR_LEVEL : said == INCIDENT_MAJOR;
}

/* -1: it is in no order that we know. */
static int severity_rank(const char *severity)
{
	static const struct {
		const char *word;
		int rank;
	} ranks[] = {
		{ "", 0 },
		{ "none", 0 },
		{ "info", 1 },
		{ "information", 1 },
		{ "warning", 2 },
		{ "warn", 2 },
		{ "error", 3 },
		{ "critical", 4 },
	};

	for (size_t i = 0; i < sizeof(ranks) / sizeof(ranks[0]); i++) {
		if (!strcasecmp(ranks[i].word, severity)) {
			return ranks[i].rank;
		}
	}
	return -1;
}

bool incident_severity_worse(const char *now, const char *before)
{
	int was = severity_rank(before);

	return was >= 0 && severity_rank(now) > was;
}

static void add_part(struct buf *out, const char *text)
{
	uint64_t len = strlen(text);

	buf_add(out, &len, sizeof(len));
	buf_add(out, text, len);
}

/* The playbook's own, or else the one for all. */
static const char *const *group_of(const struct playbook *playbook, const char *const *group_by)
{
	return playbook && playbook->group_by ? playbook->group_by : group_by;
}

void incident_group(const struct playbook *playbook, const char *const *group_by,
		const struct labels *labels, uint8_t ret_hash[DIGEST_SIZE])
{
	const char *const *names = group_of(playbook, group_by);
	auto_buf struct buf key = { 0 };

	add_part(&key, playbook ? playbook->name : "");
	for (; *names; names++) {
		add_part(&key, *names);
		add_part(&key, labels_value(labels, *names));
	}
	digest_sha256(key.data, key.len, ret_hash);
}

void incident_group_of_all(const struct playbook *playbook, const struct labels *labels,
		uint8_t ret_hash[DIGEST_SIZE])
{
	auto_buf struct buf key = { 0 };

	add_part(&key, playbook ? playbook->name : "");
	for (size_t i = 0; i < labels->len; i++) {
		add_part(&key, labels->items[i].name);
		add_part(&key, labels->items[i].value);
	}
	digest_sha256(key.data, key.len, ret_hash);
}

struct title_names {
	const struct playbook *playbook;
	const struct alert *alert;
};

static const char *value_of(const struct labels *labels, const char *name, size_t len)
{
	for (size_t i = 0; i < labels->len; i++) {
		if (strlen(labels->items[i].name) == len &&
				!memcmp(labels->items[i].name, name, len)) {
			return labels->items[i].value;
		}
	}
	return "";
}

/* A title is text for operators: it shows the alert's value, even one that the param refuses.
 */
static const char *param_value(const struct title_names *names, const char *name, size_t len)
{
	for (size_t i = 0; i < names->playbook->params_len; i++) {
		const struct param *param = &names->playbook->params[i];
		const struct labels *from = param->source == PARAM_ANNOTATION
							    ? &names->alert->annotations
							    : &names->alert->labels;
		const char *value = "";

		if (strlen(param->name) != len || memcmp(param->name, name, len) != 0) {
			continue;
		}
		if (param->source != PARAM_CONSTANT) {
			value = labels_value(from, param->key);
		}
		return *value || !param->fallback ? value : param->fallback;
	}
	return "";
}

static const char *title_name(const char *name, size_t len, void *arg)
{
	static const char label[] = "labels.";
	static const char annotation[] = "annotations.";
	const struct title_names *names = arg;

	if (len > strlen(label) && !memcmp(name, label, strlen(label))) {
		return value_of(&names->alert->labels, name + strlen(label), len - strlen(label));
	}
	if (len > strlen(annotation) && !memcmp(name, annotation, strlen(annotation))) {
		return value_of(&names->alert->annotations, name + strlen(annotation),
				len - strlen(annotation));
	}
	return param_value(names, name, len);
}

static void default_title(const struct alert *alert, const char *const *group_by, struct buf *out)
{
	auto_buf struct buf details = { 0 };
	const char *name = labels_value(&alert->labels, "alertname");
	const char *place = labels_value(&alert->labels, "instance");

	if (!*place) {
		place = labels_value(&alert->labels, "service");
	}
	buf_adds(out, *name ? name : "alert without a name");
	details_of(&alert->labels, group_by, &details);
	if (details.len) {
		buf_addf(out, " %s", buf_text(&details));
	}
	if (*place) {
		buf_addf(out, " on %s", place);
	}
}

/* A title is one line. */
static void flatten(struct buf *out, size_t begin)
{
	size_t to = begin;
	size_t n;

	for (size_t at = begin; at < out->len; at += n) {
		uint32_t code = 0;

		n = utf8_next((const char *)out->data + at, out->len - at, &code);
		if (n > 0 && utf8_is_control(code)) {
			out->data[to++] = ' ';
			continue;
		}
		n = n > 0 ? n : 1;
		memmove(out->data + to, out->data + at, n);
		to += n;
	}
	buf_cut(out, to);
}

void incident_title(const struct playbook *playbook, const char *const *group_by,
		const struct alert *alert, struct buf *out)
{
	struct title_names names = { playbook, alert };
	size_t begin = out->len;
	struct err err;

	if (!playbook || !playbook->title ||
			template_expand(playbook->title, title_name, &names, out, &err) < 0) {
		buf_cut(out, begin);
		default_title(alert, group_of(playbook, group_by), out);
	}
	flatten(out, begin);
	if (out->len - begin > TITLE_MAX) {
		size_t cut = begin + TITLE_MAX;

		while (cut > begin && (out->data[cut] & 0xC0) == 0x80) {
			cut--;
		}
		buf_cut(out, cut);
		buf_adds(out, "…");
	}
}
