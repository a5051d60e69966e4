/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/probe.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "egress/body_check.h"
#include "sys/httpc.h"

struct probe {
	struct probes *probes;
	struct probe *next;
	struct probe **prev;
	struct httpc_look *look;
	uint64_t id;
	enum check_kind kind;
	int64_t status;
	bool json;
	struct arena *arena;  /* of the following */
	const char *contains; /* or NULL */
	struct check_field *fields;
	size_t fields_len;
};

struct probes {
	struct httpc *httpc;
	probe_done_fn done;
	void *arg;
	struct probe *first;
	size_t len;
};

static void probe_free(struct probe *probe)
{
	*probe->prev = probe->next;
	if (probe->next) {
		probe->next->prev = probe->prev;
	}
	probe->probes->len--;
	arena_free(probe->arena);
	free(probe);
}

/* RFC 9110's name of a status that a check may expect, or "". */
static const char *status_name(int status)
{
	static const struct {
		int status;
		const char *name;
	} names[] = {
		{ 200, " OK" },
		{ 201, " Created" },
		{ 202, " Accepted" },
		{ 204, " No Content" },
		{ 301, " Moved Permanently" },
		{ 302, " Found" },
		{ 304, " Not Modified" },
		{ 307, " Temporary Redirect" },
		{ 308, " Permanent Redirect" },
		{ 400, " Bad Request" },
		{ 401, " Unauthorized" },
		{ 403, " Forbidden" },
		{ 404, " Not Found" },
		{ 405, " Method Not Allowed" },
		{ 500, " Internal Server Error" },
		{ 503, " Service Unavailable" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].status == status) {
			return names[i].name;
		}
	}
	return "";
}

/* Does it pass, and what is there to say about it? Caller frees *ret_detail with free(). */
static bool judge(const struct probe *probe, const struct httpc_result *result, char **ret_detail)
{
	if (!result->ok) {
		*ret_detail = xstrdup(result->error);
		return false;
	}
	if (probe->kind == CHECK_TCP) {
		*ret_detail = xstrdup("connected");
		return true;
	}
	if (result->status != probe->status) {
		*ret_detail = xasprintf("status %d, expected %lld", result->status,
				(long long)probe->status);
		return false;
	}
	if (probe->json && !body_check(result->body, result->body_len, probe->fields,
					   probe->fields_len, ret_detail)) {
		return false;
	}
	if (probe->contains && !memmem(result->body, result->body_len, probe->contains,
					       strlen(probe->contains))) {
		*ret_detail = xasprintf("the answer does not contain '%s'", probe->contains);
		return false;
	}
	*ret_detail = xasprintf("%d%s", result->status, status_name(result->status));
	return true;
}

static void on_done(void *arg, const struct httpc_result *result)
{
	struct probe *probe = arg;
	struct probes *probes = probe->probes;
	auto_free char *detail = NULL;
	struct msg_probed probed = { .id = probe->id };

	probed.verdict = judge(probe, result, &detail) ? VERDICT_HEALTHY : VERDICT_FAILING;
	probed.detail = detail;
	probe_free(probe);
	probes->done(probes->arg, &probed);
}

static struct probe *probe_new(struct probes *probes, const struct msg_probe *msg)
{
	struct probe *probe = xcalloc(1, sizeof(*probe));

	probe->probes = probes;
	probe->id = msg->id;
	probe->kind = msg->kind;
	probe->status = msg->status;
	probe->json = msg->json != 0;
	probe->arena = arena_new();
	probe->contains = arena_strdup(probe->arena, msg->contains);
	probe->fields_len = msg->fields_len;
	probe->fields = arena_calloc(probe->arena, msg->fields_len, sizeof(*probe->fields));
	for (size_t i = 0; i < msg->fields_len; i++) {
		probe->fields[i].path = arena_strdup(probe->arena, msg->fields[i].path);
		probe->fields[i].value = arena_strdup(probe->arena, msg->fields[i].value);
	}

	probe->next = probes->first;
	probe->prev = &probes->first;
	if (probe->next) {
		probe->next->prev = &probe->next;
	}
	probes->first = probe;
	probes->len++;
	return probe;
}

static int start(struct probes *probes, const struct msg_probe *msg, struct err *err)
{
	if (probes->len >= PROBES_MAX) {
		return err_set(err, ERR_LIMIT, "too many probes in flight");
	}

	struct probe *probe = probe_new(probes, msg);
	struct httpc_request request = {
		.url = msg->kind == CHECK_HTTP ? msg->url : NULL,
		.address = msg->kind == CHECK_HTTP ? NULL : msg->address,
		.timeout_ms = msg->timeout_ms,
		.done = on_done,
		.arg = probe,
	};

	probe->look = httpc_start(probes->httpc, &request, err);
	if (!probe->look) {
		probe_free(probe);
		return -1;
	}
	return 0;
}

void probes_start(struct probes *probes, const struct msg_probe *msg)
{
	struct err err;

	if (start(probes, msg, &err) < 0) {
		struct msg_probed probed = {
			.id = msg->id,
			.verdict = err.code == ERR_LIMIT ? VERDICT_UNKNOWN : VERDICT_FAILING,
			.detail = err.msg,
		};

		probes->done(probes->arg, &probed);
	}
}

void probes_cancel(struct probes *probes)
{
	while (probes->first) {
		httpc_cancel(probes->first->look);
		probe_free(probes->first);
	}
}

struct probes *probes_new(struct loop *loop, probe_done_fn done, void *arg, struct err *err)
{
	struct httpc *httpc = httpc_new(loop, err);

	if (!httpc) {
		return NULL;
	}

	struct probes *probes = xcalloc(1, sizeof(*probes));

	probes->httpc = httpc;
	probes->done = done;
	probes->arg = arg;
	return probes;
}

void probes_free(struct probes *probes)
{
	if (probes) {
		probes_cancel(probes);
		httpc_free(probes->httpc);
		free(probes);
	}
}

int64_t probes_tick(struct probes *probes)
{
	return httpc_tick(probes->httpc);
}
