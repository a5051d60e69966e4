/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/read/read_deliveries.h"

#include "core/api/page.h"
#include "core/view/rows.h"
#include "store/deliveries.h"

static void on_delivery(const struct delivery_row *row, void *arg)
{
	struct page *page = arg;

	if (page_takes(page, row->id)) {
		jsonw_object(&page->reply->w, NULL);
		rows_delivery(&page->reply->w, row);
		jsonw_close(&page->reply->w);
	}
}

int read_deliveries(struct reply *reply, struct err *err)
{
	struct page page = page_begin(reply, "deliveries", PAGE_ROWS);

	if (deliveries_list(reply->ground->db, reply_arg_int(reply, "cursor", 0), page.limit + 1,
			    on_delivery, &page, err) < 0) {
		return -1;
	}
	page_end(&page);
	return 0;
}

static void on_one_delivery(const struct delivery_row *row, void *arg)
{
	struct reply *reply = arg;

	jsonw_object(&reply->w, NULL);
	rows_delivery(&reply->w, row);
	jsonw_strn(&reply->w, "body", row->body, row->body_len);
}

static void on_decision_of(const struct decision_row *row, void *arg)
{
	rows_decision(arg, row);
}

int read_delivery(struct reply *reply, struct err *err)
{
	int64_t id = (int64_t)reply->query->ids[0];
	int rc = deliveries_get(reply->ground->db, id, on_one_delivery, reply, err);

	if (rc != 1) {
		return reply_found(reply, rc, "delivery", reply->query->ids[0]);
	}
	jsonw_array(&reply->w, "decisions");
	if (decisions_of(reply->ground->db, id, on_decision_of, &reply->w, err) < 0) {
		return -1;
	}
	jsonw_close(&reply->w);
	jsonw_close(&reply->w);
	return 0;
}

static void on_body(const struct delivery_row *row, void *arg)
{
	struct reply *reply = arg;

	buf_add(&reply->content, row->body, row->body_len);
	reply->content_type = "application/json";
}

int read_delivery_body(struct reply *reply, struct err *err)
{
	int rc = deliveries_get(
			reply->ground->db, (int64_t)reply->query->ids[0], on_body, reply, err);

	return reply_found(reply, rc, "delivery", reply->query->ids[0]);
}
