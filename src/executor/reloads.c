/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/reloads.h"

#include <assert.h>
#include <string.h>

void reloads_add(
		struct reloads *reloads, uint64_t request, const struct err *result, int64_t now_ms)
{
	assert(reloads->len < RELOADS_MAX);
	reloads->items[reloads->len++] = (struct reload){
		.number = ++reloads->number,
		.request = request,
		.result = *result,
		.deadline_ms = now_ms + RELOADS_WAIT_MS,
	};
}

int reloads_synced(struct reloads *reloads, enum role role, uint64_t number, struct err *err)
{
	if (number > reloads->number) {
		return err_set(err, ERR_INPUT, "synced: a number that was not sent");
	}
	reloads->synced[role] = number;
	return 0;
}

void reloads_forget_requests(struct reloads *reloads)
{
	for (size_t i = 0; i < reloads->len; i++) {
		reloads->items[i].request = 0;
	}
}

/* The role that has not taken over what was loaded; ROLES: both have. */
static enum role missing(const struct reloads *reloads, uint64_t number)
{
	if (reloads->synced[ROLE_CORE] < number) {
		return ROLE_CORE;
	}
	return reloads->synced[ROLE_EGRESS] < number ? ROLE_EGRESS : ROLES;
}

bool reloads_take(struct reloads *reloads, int64_t now_ms, struct reload *ret)
{
	const struct reload *oldest = &reloads->items[0];
	enum role role;

	if (reloads->len == 0) {
		return false;
	}
	role = missing(reloads, oldest->number);
	if (role != ROLES && now_ms < oldest->deadline_ms && reloads->len < RELOADS_MAX) {
		return false;
	}
	*ret = *oldest;
	if (role != ROLES && ret->result.code == ERR_NONE) {
		err_set(&ret->result, ERR_BUSY,
				"the configuration was loaded, but the %s has not taken it over yet",
				role_names[role]);
	}
	reloads->len--;
	memmove(&reloads->items[0], &reloads->items[1], reloads->len * sizeof(reloads->items[0]));
	return true;
}

int64_t reloads_wait(const struct reloads *reloads, int64_t now_ms)
{
	if (reloads->len == 0) {
		return -1;
	}

	int64_t left = reloads->items[0].deadline_ms - now_ms;

	return left > 0 ? left : 0;
}
