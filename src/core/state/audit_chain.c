#include "core/state/audit_chain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "base/utf8.h"
#include "core/core.h"
#include "store/audits.h"

#define CUT "…"

/* How much of text fits, in whole characters. */
static size_t cut(const char *text, size_t len)
{
	size_t used = 0;
	uint32_t code;

	if (len <= AUDIT_VALUE_MAX) {
		return len;
	}
	for (;;) {
		size_t next = used + utf8_next(text + used, len - used, &code);

		if (next == used || next > AUDIT_VALUE_MAX) {
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

static void take_newest(const struct audit_row *row, void *arg)
{
	struct audit_newest *newest = arg;

	newest->id = row->id;
	memcpy(newest->hash, row->hash, DIGEST_SIZE);
}

int audit_load(struct core *core, struct err *err)
{
	return audits_list(core->db, 0, 1, take_newest, &core->newest_order, err);
}

int audit_add(struct core *core, const struct audit_order *order, struct err *err)
{
	auto_buf struct buf arguments = { 0 };
	char hash[DIGEST_TEXT_MAX];
	struct audit_row row = {
		.at = clock_wall_ms(),
		.principal = order->principal,
		.action = order->action,
		.object = order->object,
	};

	write_arguments(&arguments, order->args);
	row.arguments = buf_text(&arguments);
	if (audits_add(core->db, &row, err) < 0) {
		return -1;
	}
	take_newest(&row, &core->newest_order);
	log_info("order carried out", LOG_INT("audit", row.id), LOG_STR("by", row.principal),
			LOG_STR("action", row.action), LOG_STR("object", row.object),
			LOG_STR("hash", digest_text(row.hash, hash)));
	return 0;
}

int audit_reload(struct core *core, const char *by, struct err *err)
{
	static const char about[] = "configuration/";
	char object[sizeof(about) + DIGEST_TEXT_MAX];
	char hash[DIGEST_TEXT_MAX];

	snprintf(object, sizeof(object), "%s%s", about, digest_text(core_config(core)->hash, hash));
	if (turn_write(&core->turn, err) < 0) {
		return -1;
	}
	return audit_add(core, &(struct audit_order){ by, "reload", object, NULL }, err);
}

struct listing {
	struct reply *reply;
	int64_t limit;
	int64_t rows;
	int64_t last_id;
	bool more;
};

static void write_row(const struct audit_row *row, void *arg)
{
	struct listing *listing = arg;
	struct jsonw *w = &listing->reply->w;
	char text[DIGEST_TEXT_MAX];

	if (listing->rows == listing->limit) {
		listing->more = true;
		return;
	}
	listing->rows++;
	listing->last_id = row->id;
	jsonw_object(w, NULL);
	jsonw_int(w, "id", row->id);
	jsonw_time(w, "at", row->at);
	jsonw_str(w, "principal", row->principal);
	jsonw_str(w, "action", row->action);
	jsonw_str(w, "object", row->object);
	jsonw_raw(w, "arguments", row->arguments);
	jsonw_str(w, "prev", digest_text(row->prev, text));
	jsonw_str(w, "hash", digest_text(row->hash, text));
	jsonw_close(w);
}

int audit_show(struct reply *reply, struct err *err)
{
	struct listing listing = { .reply = reply, .limit = reply_limit(reply) };
	struct jsonw *w = &reply->w;
	char cursor[24];

	jsonw_object(w, NULL);
	jsonw_array(w, "audit");
	if (audits_list(reply->core->db, reply_arg_int(reply, "cursor", 0), listing.limit + 1,
			    write_row, &listing, err) < 0) {
		return -1;
	}
	jsonw_close(w);
	snprintf(cursor, sizeof(cursor), "%" PRId64, listing.last_id);
	jsonw_str(w, "nextCursor", listing.more ? cursor : NULL);
	jsonw_close(w);
	return 0;
}

void audit_write(struct jsonw *w, const struct core *core)
{
	const struct audit_newest *newest = &core->newest_order;
	char text[DIGEST_TEXT_MAX];

	if (!newest->id) {
		jsonw_null(w, "audit");
		return;
	}
	jsonw_object(w, "audit");
	jsonw_int(w, "newest", newest->id);
	jsonw_str(w, "hash", digest_text(newest->hash, text));
	jsonw_close(w);
}
