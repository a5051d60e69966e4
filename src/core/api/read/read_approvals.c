/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/read/read_approvals.h"

#include <stdlib.h>

#include "core/run/describe.h"
#include "core/view/rows.h"
#include "domain/playbook.h"
#include "store/approvals.h"
#include "store/runs.h"

struct showing {
	struct reply *reply;
	const char *playbook;
	const struct labels *params;
};

static void write_env(struct jsonw *w, const struct step *step, const struct labels *params)
{
	jsonw_object(w, "env");
	for (size_t i = 0; i < step->env.len; i++) {
		auto_buf struct buf value = { 0 };
		struct err err;

		params_expand(step->env.items[i].value, params, &value, &err);
		jsonw_str(w, step->env.items[i].name, buf_text(&value));
	}
	jsonw_close(w);
}

static void write_step(const struct showing *showing, const struct config *config,
		const struct step *step, size_t index)
{
	struct jsonw *w = &showing->reply->w;

	jsonw_object(w, NULL);
	jsonw_int(w, "index", (int64_t)index);
	jsonw_str(w, "phase", phase_names[step->phase]);
	jsonw_str(w, "name", step->name);
	jsonw_str(w, "kind", step_kind_names[step->kind]);
	describe_argv(w, "argv", config, step, showing->params);
	write_env(w, step, showing->params);
	jsonw_str(w, "user", step->user);
	jsonw_str(w, "cwd", step->cwd);
	jsonw_close(w);
}

/* What is let through: up to the next approve step, or all that is left but for rescue. */
static void write_steps(const struct showing *showing, uint32_t from)
{
	const struct config *config = configs_now(&showing->reply->ground->configs);
	const struct playbook *playbook = config_playbook(config, showing->playbook);

	for (size_t i = from + 1; playbook && i < playbook->steps_len; i++) {
		const struct step *step = &playbook->steps[i];

		if (step->kind == STEP_APPROVE || step->phase == PHASE_RESCUE) {
			return;
		}
		write_step(showing, config, step, i);
	}
}

static void write_one(const struct approval_row *row, void *arg)
{
	const struct showing *showing = arg;

	rows_approval(&showing->reply->w, row);
}

static void write_open(const struct approval_row *row, void *arg)
{
	const struct showing *showing = arg;
	struct jsonw *w = &showing->reply->w;

	if (row->decision != APPROVAL_PENDING) {
		jsonw_null(w, "approval");
		return;
	}
	jsonw_object(w, "approval");
	rows_question(w, row);
	jsonw_array(w, "steps");
	write_steps(showing, row->binding.step);
	jsonw_close(w);
	jsonw_close(w);
}

static int write_both(struct showing *showing, int64_t run_id, struct err *err)
{
	struct db *db = showing->reply->ground->db;
	struct jsonw *w = &showing->reply->w;
	int rc = approvals_last(db, run_id, write_open, showing, err);

	if (rc == 0) {
		jsonw_null(w, "approval");
	}
	if (rc < 0) {
		return -1;
	}
	jsonw_array(w, "approvals");
	rc = approvals_of(db, run_id, write_one, showing, err);
	jsonw_close(w);
	return rc;
}

static void on_playbook(const struct run_row *row, void *arg)
{
	char **playbook = arg;

	*playbook = xstrdup(row->playbook);
}

int read_approvals(
		struct reply *reply, int64_t run_id, const struct labels *params, struct err *err)
{
	auto_free char *playbook = NULL;
	struct showing showing = { .reply = reply, .params = params };

	if (runs_get(reply->ground->db, run_id, on_playbook, &playbook, err) < 0) {
		return -1;
	}
	showing.playbook = playbook;
	return write_both(&showing, run_id, err);
}
