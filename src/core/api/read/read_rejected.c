/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/read/read_rejected.h"

#include <string.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "core/api/page.h"
#include "core/view/rows.h"
#include "store/rejected_bodies.h"

static void on_rejected(const struct rejected_body_row *row, void *arg)
{
	struct page *page = arg;

	if (page_takes(page, row->id)) {
		jsonw_object(&page->reply->w, NULL);
		rows_rejected_delivery(&page->reply->w, row);
		jsonw_close(&page->reply->w);
	}
}

int read_rejected(struct reply *reply, struct err *err)
{
	struct page page = page_begin(reply, "rejectedDeliveries", PAGE_ROWS);

	if (rejected_bodies_list(reply->ground->db, reply_arg_int(reply, "cursor", 0),
			    page.limit + 1, on_rejected, &page, err) < 0) {
		return -1;
	}
	page_end(&page);
	return 0;
}

/* Is it text, but for a character at its end that was cut? ret_len gets the length without it. */
static bool is_text(const struct rejected_body_row *row, size_t *ret_len)
{
	bool is_cut = row->size > (int64_t)row->body_len;

	if (memchr(row->body, '\0', row->body_len)) {
		return false;
	}
	for (size_t cut = 0; cut <= (is_cut ? 3 : 0) && cut <= row->body_len; cut++) {
		if (utf8_valid(row->body, row->body_len - cut)) {
			*ret_len = row->body_len - cut;
			return true;
		}
	}
	return false;
}

/* As text, or else in base64. */
static void write_body(struct jsonw *w, const struct rejected_body_row *row)
{
	auto_buf struct buf encoded = { 0 };
	size_t len = 0;

	if (is_text(row, &len)) {
		jsonw_strn(w, "body", row->body, len);
		jsonw_null(w, "bodyEncoded");
		return;
	}
	base64_add(&encoded, row->body, row->body_len);
	jsonw_null(w, "body");
	jsonw_strn(w, "bodyEncoded", buf_text(&encoded), encoded.len);
}

static void on_one(const struct rejected_body_row *row, void *arg)
{
	struct reply *reply = arg;

	jsonw_object(&reply->w, NULL);
	rows_rejected_delivery(&reply->w, row);
	write_body(&reply->w, row);
	jsonw_close(&reply->w);
}

int read_rejected_one(struct reply *reply, struct err *err)
{
	uint64_t id = reply->query->ids[0];

	return reply_found(reply,
			rejected_bodies_get(reply->ground->db, (int64_t)id, on_one, reply, err),
			"rejected delivery", id);
}
