/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/read/read_runs.h"

#include <inttypes.h>

#include "base/mem.h"
#include "core/api/page.h"
#include "core/api/read/read_approvals.h"
#include "core/view/rows.h"
#include "store/runs.h"
#include "store/steps.h"

#define OUTPUT_TAIL_MAX 4096 /* outputTail of a step */

CLEANUP_DEFINE(struct arena *, cleanup_arena, arena_free);

static void on_run(const struct run_row *row, void *arg)
{
	struct page *page = arg;

	if (page_takes(page, row->id)) {
		jsonw_object(&page->reply->w, NULL);
		rows_run(&page->reply->w, row);
		jsonw_close(&page->reply->w);
	}
}

int read_runs(struct reply *reply, struct err *err)
{
	struct page page = page_begin(reply, "runs", PAGE_ROWS);
	const struct run_query query = {
		.status = reply_arg(reply, "status"),
		.playbook = reply_arg(reply, "playbook"),
		.incident_id = reply_arg_int(reply, "incident", 0),
		.before = reply_arg_int(reply, "cursor", 0),
		.limit = page.limit + 1,
	};

	if (runs_list(reply->ground->db, &query, on_run, &page, err) < 0) {
		return -1;
	}
	page_end(&page);
	return 0;
}

static void on_one_run(const struct run_row *row, void *arg)
{
	struct reply *reply = arg;

	jsonw_object(&reply->w, NULL);
	rows_run(&reply->w, row);
}

static void on_step(const struct step_row *row, void *arg)
{
	rows_step(arg, row);
}

int read_run(struct reply *reply, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct db *db = reply->ground->db;
	int64_t id = (int64_t)reply->query->ids[0];
	struct labels params;
	int rc = runs_get(db, id, on_one_run, reply, err);

	if (rc != 1) {
		return reply_found(reply, rc, "run", reply->query->ids[0]);
	}
	if (runs_params(db, id, arena, &params, err) < 0) {
		return -1;
	}
	jsonw_object(&reply->w, "params");
	for (size_t i = 0; i < params.len; i++) {
		jsonw_str(&reply->w, params.items[i].name, params.items[i].value);
	}
	jsonw_close(&reply->w);
	if (read_approvals(reply, id, &params, err) < 0) {
		return -1;
	}
	jsonw_array(&reply->w, "steps");
	if (steps_of(db, id, OUTPUT_TAIL_MAX, on_step, &reply->w, err) < 0) {
		return -1;
	}
	jsonw_close(&reply->w);
	jsonw_close(&reply->w);
	return 0;
}

/* Head and tail as they were written; between them, when bytes are missing, one line that says so.
 */
static void on_output(const struct step_row *row, const struct step_output *output, void *arg)
{
	struct reply *reply = arg;
	int64_t left_out = row->output_bytes - (int64_t)(output->head_len + output->tail_len);

	buf_add(&reply->content, output->head, output->head_len);
	if (left_out > 0) {
		buf_addf(&reply->content, "\n[%" PRId64 " bytes left out]\n", left_out);
	}
	buf_add(&reply->content, output->tail, output->tail_len);
	reply->content_type = "text/plain; charset=utf-8";
}

int read_run_output(struct reply *reply, struct err *err)
{
	int rc = steps_output_get(reply->ground->db, (int64_t)reply->query->ids[0],
			(int64_t)reply->query->ids[1], reply_arg_int(reply, "attempt", 0),
			on_output, reply, err);

	return reply_found(reply, rc, "such step of run", reply->query->ids[0]);
}

static void write_run(const struct run_row *row, void *arg)
{
	rows_run(arg, row);
}

int read_run_object(struct reply *reply, const char *key, int64_t run_id, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct db *db = reply->ground->db;
	struct jsonw *w = &reply->w;
	struct labels params;

	jsonw_object(w, key);
	if (runs_get(db, run_id, write_run, w, err) < 0 ||
			runs_params(db, run_id, arena, &params, err) < 0) {
		return -1;
	}
	jsonw_object(w, "params");
	for (size_t i = 0; i < params.len; i++) {
		jsonw_str(w, params.items[i].name, params.items[i].value);
	}
	jsonw_close(w);
	jsonw_close(w);
	return 0;
}
