/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/details.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"

#define APART_MAX 400 /* bytes, of one alert in a letter */

/* In a title anyway. Sorted, as are the following. */
static const char *const shown[] = { "alertname", "instance", "service", NULL };
/* Of every alert, and of who sent it: they do not say what it is about. */
static const char *const common[] = { "cluster", "endpoint", "job", "prometheus",
	"prometheus_replica", "replica", "severity", "uid", NULL };

static bool is_in(const char *const *names, const char *name)
{
	for (; names && *names; names++) {
		if (!strcmp(*names, name)) {
			return true;
		}
	}
	return false;
}

/* One list of pairs in the making, from out->data + begin. */
struct pairs {
	struct buf *out;
	size_t begin;
	size_t max; /* bytes */
	bool cut;
};

/* As one line: what stands in labels is from outside. */
static void add_text(struct buf *out, const char *text)
{
	size_t len = strlen(text);
	size_t n;

	for (size_t at = 0; at < len; at += n) {
		uint32_t code = 0;

		n = utf8_next(text + at, len - at, &code);
		if (n == 0) {
			return; /* it is broken */
		}
		if (utf8_is_control(code)) {
			buf_addch(out, ' ');
		} else {
			buf_add(out, text + at, n);
		}
	}
}

static void add(struct pairs *pairs, const struct label *label)
{
	struct buf *out = pairs->out;
	const char *comma = out->len > pairs->begin ? ", " : "";
	size_t more = strlen(comma) + strlen(label->name) + strlen("=") + strlen(label->value);

	if (!*label->value || pairs->cut) {
		return;
	}
	if (out->len - pairs->begin + more > pairs->max) {
		pairs->cut = true;
		buf_addf(out, "%s…", comma);
		return;
	}
	buf_adds(out, comma);
	add_text(out, label->name);
	buf_addch(out, '=');
	add_text(out, label->value);
}

void details_of(const struct labels *labels, const char *const *group_by, struct buf *out)
{
	struct pairs pairs = { out, out->len, DETAILS_MAX, false };

	for (size_t i = 0; i < labels->len; i++) {
		const char *name = labels->items[i].name;

		if (!is_in(shown, name) && (is_in(group_by, name) || !is_in(common, name))) {
			add(&pairs, &labels->items[i]);
		}
	}
}

void details_beside(const struct labels *labels, const struct labels *known, struct buf *out)
{
	struct pairs pairs = { out, out->len, APART_MAX, false };

	for (size_t i = 0; i < labels->len; i++) {
		const struct label *label = &labels->items[i];

		if (strcmp(label->name, "alertname") != 0 &&
				strcmp(labels_value(known, label->name), label->value) != 0) {
			add(&pairs, label);
		}
	}
}

/* Has another one another value? */
static bool differs(const struct labels *items, size_t len, size_t i, const struct label *label)
{
	for (size_t j = 0; j < len; j++) {
		if (j != i && strcmp(labels_value(&items[j], label->name), label->value) != 0) {
			return true;
		}
	}
	return false;
}

/* Of one alert: the pairs in which it differs from any other, or all of them. */
static void add_one(const struct labels *items, size_t len, size_t i, bool all, struct buf *out)
{
	struct pairs pairs = { out, out->len, APART_MAX, false };

	for (size_t k = 0; k < items[i].len; k++) {
		const struct label *label = &items[i].items[k];

		if (all || differs(items, len, i, label)) {
			add(&pairs, label);
		}
	}
}

static bool is_new(const struct buf *parts, const size_t *ends, size_t count, const char *part)
{
	size_t begin = 0;

	for (size_t i = 0; i < count; begin = ends[i++]) {
		if (ends[i] - begin == strlen(part) &&
				!memcmp(parts->data + begin, part, strlen(part))) {
			return false;
		}
	}
	return true;
}

void details_apart(const struct labels *items, size_t len, size_t total, struct buf *out)
{
	auto_buf struct buf parts = { 0 };
	auto_buf struct buf part = { 0 };
	size_t ends[DETAILS_ALERTS_MAX];
	size_t count = 0;
	size_t looked = 0;

	for (; looked < len && count < DETAILS_ALERTS_MAX; looked++) {
		buf_reset(&part);
		add_one(items, len, looked, false, &part);
		if (!part.len || !is_new(&parts, ends, count, buf_text(&part))) {
			continue;
		}
		buf_addf(out, "%s%s", count ? "; " : "", buf_text(&part));
		buf_adds(&parts, buf_text(&part));
		ends[count++] = parts.len;
	}
	if (!count && len) {
		add_one(items, len, 0, true, out);
	} else if (looked < total) {
		buf_addf(out, "; and %zu more", total - looked);
	}
}
