/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core_world.h"
#include "peers.h"
#include "test.h"

/* A list of the numbers from first down to last, as a page writes it. */
static const char *page_of(const char *limit, int64_t first, int64_t last, bool positions)
{
	static struct buf content;
	struct label items[] = { { "limit", limit } };
	const struct msg_query query = { .args = { items, limit != NULL } };
	struct reply reply = { .query = &query };
	struct page page;

	reply.w = jsonw_begin(&reply.content);
	page = page_begin(&reply, "rows", 3);
	for (int64_t id = first; id >= last; id--) {
		bool taken = positions ? page_takes_at(&page, id, id + 100) : page_takes(&page, id);

		if (!taken) {
			break;
		}
		jsonw_int(&reply.w, NULL, id);
	}
	page_end(&page);
	jsonw_end(&reply.w);
	buf_reset(&content);
	buf_add(&content, reply.content.data, reply.content.len);
	buf_clear(&reply.content);
	return buf_text(&content);
}

TEST(a_page_has_so_many_rows_and_the_cursor_of_the_next)
{
	ck_str(page_of(NULL, 9, 1, false), "{\"rows\":[9,8,7],\"nextCursor\":\"7\"}");
	ck_str(page_of("5", 9, 1, false), "{\"rows\":[9,8,7,6,5],\"nextCursor\":\"5\"}");
	ck_str(page_of("2", 9, 1, true), "{\"rows\":[9,8],\"nextCursor\":\"8:108\"}");
}

TEST(the_last_page_has_no_cursor)
{
	ck_str(page_of(NULL, 3, 1, false), "{\"rows\":[3,2,1],\"nextCursor\":null}");
	ck_str(page_of(NULL, 2, 1, true), "{\"rows\":[2,1],\"nextCursor\":null}");
	ck_str(page_of(NULL, 0, 1, false), "{\"rows\":[],\"nextCursor\":null}");
}

TEST(a_limit_is_at_least_one_row_and_not_more_than_a_thousand)
{
	ck_str(page_of("0", 9, 1, false), "{\"rows\":[9],\"nextCursor\":\"9\"}");
	ck_str(page_of("-7", 9, 1, false), "{\"rows\":[9],\"nextCursor\":\"9\"}");
	ck_has(page_of("99999", 2000, 1, false), ",1001],\"nextCursor\":\"1001\"}");
}

/* Who looks through many rows for few stops, and the next page continues from there. */
TEST(a_page_that_stops_early_says_where)
{
	const struct msg_query query = { 0 };
	struct reply reply = { .query = &query };
	struct page page;

	reply.w = jsonw_begin(&reply.content);
	page = page_begin(&reply, "rows", 3);
	ck(page_takes(&page, 9));
	jsonw_int(&reply.w, NULL, 9);
	page_stop(&page, 4);
	page_end(&page);
	jsonw_end(&reply.w);
	ck_str(buf_text(&reply.content), "{\"rows\":[9],\"nextCursor\":\"4\"}");
	buf_clear(&reply.content);
}

/* --- the lists of the API, from their first page to the last --- */

static const char yaml[] = "playbooks:\n"
			   "  - name: p\n"
			   "    matchers: [alertname=Down]\n"
			   "    incident: { group_by: [service] }\n"
			   "    params: { service: { from: labels.service, pattern: '[a-z]+' } }\n"
			   "    steps: [{ name: s, wait: 1h }]\n";

/* Seven of everything. */
static void fill(struct core *core)
{
	static const char *const services[] = { "a", "b", "c", "d", "e", "f", "g" };

	core_world_start(core, yaml);
	for (uint64_t i = 0; i < 7; i++) {
		peers_fires(core, PAIRS("alertname", "Down", "service", services[i]));
		core_world_wait(core, 1000);
	}
	for (uint64_t i = 0; i < 7; i++) {
		peers_ask(core, &(struct peers_question){ ROUTE_FOLLOW_UP_ADD, i + 1,
						.args = PAIRS("text", "t") });
	}
}

/* The cursor of the next page, into cursor; false: this was the last. */
static bool next_cursor(const char *text, char *cursor, size_t size)
{
	static const char key[] = "\"nextCursor\":\"";
	const char *at = strstr(text, key);

	if (!at) {
		ck_has(text, "\"nextCursor\":null}");
		return false;
	}
	at += strlen(key);
	snprintf(cursor, size, "%.*s", (int)strcspn(at, "\""), at);
	return true;
}

/* The rows' ids, with "|" between pages of two; each row begins with the member id. */
static const char *walk(struct core *core, enum route route, const char *id)
{
	static struct buf seen;
	char cursor[64] = "";
	bool more = true;

	buf_reset(&seen);
	for (int pages = 0; more && pages < 20; pages++) {
		const char *const first[] = { "limit", "2", NULL };
		const char *const later[] = { "cursor", cursor, "limit", "2", NULL };
		const struct peers_question question = { route, 1,
			.args = *cursor ? later : first };
		struct peers_answer answer = peers_ask(core, &question);

		buf_adds(&seen, pages ? "|" : "");
		for (const char *at = answer.text; (at = strstr(at, id)); at += strlen(id)) {
			buf_addf(&seen, "%lld ", strtoll(at + strlen(id), NULL, 10));
		}
		more = next_cursor(answer.text, cursor, sizeof(cursor));
	}
	return buf_text(&seen);
}

TEST(each_list_of_the_api_ends_with_its_oldest_row)
{
	static const struct {
		enum route route;
		const char *id; /* with what a row begins */
	} lists[] = {
		{ ROUTE_INCIDENTS, "{\"id\":" },
		{ ROUTE_RUNS, "{\"id\":" },
		{ ROUTE_DELIVERIES, "{\"id\":" },
		{ ROUTE_DECISIONS, "{\"deliveryId\":" },
		{ ROUTE_FOLLOW_UPS, "{\"id\":" },
		{ ROUTE_AUDIT, "{\"id\":" },
	};
	struct core core;

	fill(&core);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		ck_str(walk(&core, lists[i].route, lists[i].id), "7 6 |5 4 |3 2 |1 ");
	}
	core_world_end(&core);
}

/* Seven decisions about one delivery: the cursor is within it. */
TEST(a_page_of_decisions_may_end_within_a_delivery)
{
	static const char *const labels[] = { "alertname", "Other", NULL };
	struct peers_alert alerts[7] = { 0 };
	struct core core;

	core_world_start(&core, yaml);
	for (size_t i = 0; i < 7; i++) {
		alerts[i].labels = labels;
	}
	peers_deliver(&core, &(struct peers_delivery){ .alerts = alerts, .len = 7 });
	ck_str(walk(&core, ROUTE_DECISIONS, "{\"deliveryId\":"), "1 1 |1 1 |1 1 |1 ");
	core_world_end(&core);
}

/* The oldest entry is the first. */
TEST(a_timeline_ends_with_its_newest_entry)
{
	struct core core;

	core_world_start(&core, yaml);
	peers_fires(&core, PAIRS("alertname", "Down", "service", "a"));
	for (int i = 0; i < 4; i++) {
		peers_ask(&core, &(struct peers_question){
						 ROUTE_NOTE, 1, .args = PAIRS("text", "t") });
	}
	ck_str(walk(&core, ROUTE_TIMELINE, "{\"id\":"), "1 2 |3 4 |5 6 ");
	core_world_end(&core);
}

TEST(a_list_may_be_narrowed)
{
	struct core core;

	fill(&core);
	peers_ask(&core, &(struct peers_question){ ROUTE_RUN_CANCEL, 3 });
	peers_ask(&core, &(struct peers_question){ ROUTE_CLOSE, 3 });
	ck_has(peers_ask(&core, &(struct peers_question){ ROUTE_RUNS,
						.args = PAIRS("status", "canceled") })
					.text,
			"{\"runs\":[{\"id\":3,");
	ck_has(peers_ask(&core, &(struct peers_question){ ROUTE_INCIDENTS,
						.args = PAIRS("status", "closed") })
					.text,
			"{\"incidents\":[{\"id\":3,");
	ck_str(peers_ask(&core, &(struct peers_question){ ROUTE_INCIDENTS,
						.args = PAIRS("playbook", "other") })
					.text,
			"{\"incidents\":[],\"nextCursor\":null}");
	core_world_end(&core);
}
