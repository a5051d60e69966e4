/* SPDX-License-Identifier: Apache-2.0 */
#include "core/state/audit_chain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/log.h"
#include "base/utf8.h"
#include "core/state/ground.h"
#include "store/audits.h"

#define CUT "…"

/* How much of text fits, in whole characters. */
static size_t cut(const char *text, size_t len)
{
	size_t used = 0;
	uint32_t code;

	if (len <= AUDIT_CHAIN_VALUE_MAX) {
		return len;
	}
	for (;;) {
		size_t next = used + utf8_next(text + used, len - used, &code);

		if (next == used || next > AUDIT_CHAIN_VALUE_MAX) {
			return used;
		}
		used = next;
	}
}

/* The front's own word to the executor is nobody's argument. */
static bool is_given(const char *name)
{
	return strcmp(name, "seal") != 0;
}

static void write_arguments(struct buf *out, const struct labels *args)
{
	struct jsonw w = jsonw_begin(out);

	jsonw_object(&w, NULL);
	for (size_t i = 0; args && i < args->len; i++) {
		const char *value = args->items[i].value;
		size_t len = strlen(value);
		size_t kept = cut(value, len);
		auto_buf struct buf text = { 0 };

		if (!is_given(args->items[i].name)) {
			continue;
		}
		buf_add(&text, value, kept);
		buf_adds(&text, kept < len ? CUT : "");
		jsonw_str(&w, args->items[i].name, buf_text(&text));
	}
	jsonw_close(&w);
	jsonw_end(&w);
}

static void on_newest(const struct audit_row *row, void *arg)
{
	struct audit_newest *newest = arg;

	newest->id = row->id;
	memcpy(newest->hash, row->hash, DIGEST_SIZE);
}

int audit_chain_load(struct ground *ground, struct err *err)
{
	return audits_list(ground->db, 0, 1, on_newest, &ground->audit, err);
}

int audit_chain_add(struct ground *ground, const struct audit_entry *entry, struct err *err)
{
	auto_buf struct buf arguments = { 0 };
	char hash[DIGEST_TEXT_MAX];
	struct audit_row row = {
		.at = ground->turn.wall_ms,
		.principal = entry->principal,
		.action = entry->action,
		.object = entry->object,
	};

	write_arguments(&arguments, entry->args);
	row.arguments = buf_text(&arguments);
	if (audits_add(ground->db, &row, err) < 0) {
		return -1;
	}
	on_newest(&row, &ground->audit);
	log_info("command", LOG_INT("audit", row.id), LOG_STR("by", row.principal),
			LOG_STR("action", row.action), LOG_STR("object", row.object),
			LOG_STR("hash", digest_text(row.hash, hash)));
	return 0;
}

int audit_chain_reload(struct ground *ground, const char *by, struct err *err)
{
	static const char about[] = "configuration/";
	char object[sizeof(about) + DIGEST_TEXT_MAX];
	char hash[DIGEST_TEXT_MAX];

	snprintf(object, sizeof(object), "%s%s", about,
			digest_text(configs_now(&ground->configs)->hash, hash));
	if (turn_write(&ground->turn, err) < 0) {
		return -1;
	}
	return audit_chain_add(ground, &(struct audit_entry){ by, "reload", object, NULL }, err);
}
