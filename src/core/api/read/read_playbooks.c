/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/read/read_playbooks.h"

#include "domain/playbook.h"

void read_playbooks_matcher(struct jsonw *w, const struct matcher *matcher)
{
	jsonw_object(w, NULL);
	jsonw_str(w, "name", matcher->name);
	jsonw_str(w, "op", matcher_op_names[matcher->op]);
	jsonw_str(w, "value", matcher->value);
	jsonw_close(w);
}

static void write_playbook_step(struct jsonw *w, const struct step *step, size_t index)
{
	jsonw_object(w, NULL);
	jsonw_int(w, "index", (int64_t)index);
	jsonw_str(w, "phase", phase_names[step->phase]);
	jsonw_str(w, "name", step->name);
	jsonw_str(w, "kind", step_kind_names[step->kind]);
	jsonw_array(w, "argv");
	for (const char *const *arg = step->argv; arg && *arg; arg++) {
		jsonw_str(w, NULL, *arg);
	}
	jsonw_close(w);
	jsonw_close(w);
}

static void write_playbook(struct jsonw *w, const struct playbook *playbook)
{
	jsonw_object(w, NULL);
	jsonw_str(w, "name", playbook->name);
	jsonw_array(w, "matchers");
	for (size_t i = 0; i < playbook->matchers_len; i++) {
		read_playbooks_matcher(w, &playbook->matchers[i]);
	}
	jsonw_close(w);
	jsonw_array(w, "params");
	for (size_t i = 0; i < playbook->params_len; i++) {
		jsonw_object(w, NULL);
		jsonw_str(w, "name", playbook->params[i].name);
		jsonw_str(w, "pattern", playbook->params[i].pattern);
		jsonw_close(w);
	}
	jsonw_close(w);
	jsonw_str(w, "level", playbook->level);
	jsonw_int(w, "cooldownMs", playbook->guards.cooldown_ms);
	jsonw_array(w, "steps");
	for (size_t i = 0; i < playbook->steps_len; i++) {
		write_playbook_step(w, &playbook->steps[i], i);
	}
	jsonw_close(w);
	jsonw_close(w);
}

int read_playbooks(struct reply *reply, struct err *err)
{
	const struct config *config = configs_now(&reply->ground->configs);

	(void)err;
	jsonw_object(&reply->w, NULL);
	jsonw_array(&reply->w, "playbooks");
	for (size_t i = 0; i < config->playbooks_len; i++) {
		write_playbook(&reply->w, &config->playbooks[i]);
	}
	jsonw_close(&reply->w);
	jsonw_close(&reply->w);
	return 0;
}
