/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/read/read_checks.h"

#include <string.h>

#include "core/checks/prober.h"
#include "core/view/rows.h"

static void write_definition(struct jsonw *w, const struct check *check)
{
	auto_buf struct buf target = { 0 };
	auto_buf struct buf expected = { 0 };

	check_target(check, NULL, &target);
	check_expected(check, &expected);
	jsonw_str(w, "name", check->name);
	jsonw_str(w, "kind", check_kind_names[check->kind]);
	jsonw_str(w, "target", buf_text(&target));
	jsonw_str(w, "expected", buf_text(&expected));
	if (check->interval_ms) {
		jsonw_int(w, "intervalMs", check->interval_ms);
	} else {
		jsonw_null(w, "intervalMs");
	}
	jsonw_int(w, "timeoutMs", check->timeout_ms);
}

/* The members of one check; of one that is not watched only what the configuration says. */
static void write_check(struct jsonw *w, const struct check *check, const struct watch *watch)
{
	static const struct watch nothing = { .status = CHECK_UNKNOWN };
	const struct watch *known = watch ? watch : &nothing;

	write_definition(w, check);
	jsonw_str(w, "status", check_status_names[known->status]);
	jsonw_time(w, "since", known->since);
	jsonw_time(w, "lastAt", known->last_at);
	if (known->last_at) {
		jsonw_int(w, "durationMs", known->duration_ms);
	} else {
		jsonw_null(w, "durationMs");
	}
	jsonw_str(w, "lastError", known->last_error);
	jsonw_time(w, "lastErrorAt", known->last_error_at);
}

int read_checks(struct reply *reply, struct err *err)
{
	const struct config *config = configs_now(&reply->ground->configs);
	const struct checks_room *checks = reply->api->checks;
	const char *status = reply_arg(reply, "status");
	struct jsonw *w = &reply->w;
	size_t at = 0; /* watches stand in the order of the checks */

	(void)err;
	jsonw_object(w, NULL);
	jsonw_array(w, "checks");
	for (size_t i = 0; i < config->checks_len; i++) {
		const struct check *check = &config->checks[i];
		const struct watch *watch = NULL;

		if (at < checks->len && checks->watches[at].check == check) {
			watch = &checks->watches[at++];
		}

		uint8_t known = watch ? watch->status : CHECK_UNKNOWN;

		if (status && strcmp(status, check_status_names[known]) != 0) {
			continue;
		}
		jsonw_object(w, NULL);
		write_check(w, check, watch);
		jsonw_close(w);
	}
	jsonw_close(w);
	jsonw_close(w);
	return 0;
}

static void on_change(const struct check_change *change, void *arg)
{
	rows_check_change(arg, change);
}

int read_check(struct reply *reply, struct err *err)
{
	const char *name = reply_arg(reply, "check");
	const struct check *check = config_check(configs_now(&reply->ground->configs), name);
	const struct watch *watch = prober_find(reply->api->checks, name);

	if (!check) {
		err_set(&reply->problem, ERR_NOT_FOUND, "there is no check '%s'", name);
		return 0;
	}
	jsonw_object(&reply->w, NULL);
	write_check(&reply->w, check, watch);
	jsonw_array(&reply->w, "history");
	if (watch && watch->changed) { /* the store learns of it in a moment */
		const struct check_change change = prober_change(watch);

		on_change(&change, &reply->w);
	}
	if (checks_changes(reply->ground->db, name, on_change, &reply->w, err) < 0) {
		return -1;
	}
	jsonw_close(&reply->w);
	jsonw_close(&reply->w);
	return 0;
}
