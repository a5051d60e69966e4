/* SPDX-License-Identifier: Apache-2.0 */
#include "core/run/describe.h"

#include "base/strv.h"

/* The check that a step names, or NULL. */
static const struct check *check_of(
		const struct config *config, const struct step *step, const struct labels *params)
{
	auto_buf struct buf name = { 0 };
	struct err err;

	if (step->kind != STEP_CHECK || params_expand(step->check, params, &name, &err) < 0) {
		return NULL;
	}
	return config_check(config, buf_text(&name));
}

void describe_argv(struct jsonw *w, const char *key, const struct config *config,
		const struct step *step, const struct labels *params)
{
	const struct check *check = check_of(config, step, params);
	auto_strv struct strv argv = { 0 };
	struct err err;

	if (step->kind == STEP_RUN || step->kind == STEP_SCRIPT) {
		step_argv(step, params, &argv, &err);
	} else if (step->kind == STEP_NOTIFY) {
		auto_buf struct buf text = { 0 };

		params_expand(step->text, params, &text, &err);
		strv_add(&argv, step->notify);
		strv_add(&argv, buf_text(&text));
	} else if (check && check->kind == CHECK_COMMAND) {
		for (const char *const *arg = check->argv; *arg; arg++) {
			strv_add(&argv, *arg);
		}
	} else if (check) {
		auto_buf struct buf target = { 0 };

		check_target(check, params, &target);
		strv_add_take(&argv, buf_detach(&target));
	}
	jsonw_array(w, key);
	for (size_t i = 0; i < argv.len; i++) {
		jsonw_str(w, NULL, argv.items[i]);
	}
	jsonw_close(w);
}
