/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/deliver.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "domain/mail.h"
#include "domain/receiver.h"
#include "egress/known.h"
#include "egress/payload.h"
#include "sys/httpc.h"

/* A notice on its way to one endpoint. */
struct transfer {
	struct deliver *deliver;
	struct transfer *next;
	struct transfer **prev;
	struct httpc_look *look;
	uint64_t id;
	enum endpoint_kind kind;
};

struct deliver {
	struct httpc *httpc;
	deliver_done_fn done;
	void *arg;
	struct known known;
	struct transfer *first;
	size_t len;
};

static void transfer_free(struct transfer *transfer)
{
	*transfer->prev = transfer->next;
	if (transfer->next) {
		transfer->next->prev = transfer->prev;
	}
	transfer->deliver->len--;
	free(transfer);
}

static enum notified judge_status(int status)
{
	if (status >= 200 && status < 300) {
		return NOTIFIED_SENT;
	}
	return status == 408 || status == 429 || status >= 500 ? NOTIFIED_LATER : NOTIFIED_NEVER;
}

/* What is said of a login (53x) may be another thing after the next reload. */
static enum notified judge_refusal(int code)
{
	return code >= 500 && code / 10 != 53 ? NOTIFIED_NEVER : NOTIFIED_LATER;
}

/* How it went; caller frees *ret_reason with free(). */
static enum notified judge(
		enum endpoint_kind kind, const struct httpc_result *result, char **ret_reason)
{
	if (!result->ok) {
		*ret_reason = xstrdup(result->error);
		return kind == ENDPOINT_EMAIL ? judge_refusal(result->status) : NOTIFIED_LATER;
	}
	if (kind == ENDPOINT_EMAIL) {
		*ret_reason = xstrdup("");
		return NOTIFIED_SENT;
	}

	enum notified how = judge_status(result->status);

	*ret_reason = how == NOTIFIED_SENT ? xstrdup("") : xasprintf("status %d", result->status);
	return how;
}

static void on_done(void *arg, const struct httpc_result *result)
{
	struct transfer *transfer = arg;
	struct deliver *deliver = transfer->deliver;
	auto_free char *reason = NULL;
	struct msg_notified notified = { .id = transfer->id };

	notified.how = (uint8_t)judge(transfer->kind, result, &reason);
	notified.reason = reason;
	transfer_free(transfer);
	deliver->done(deliver->arg, &notified);
}

static struct transfer *transfer_new(
		struct deliver *deliver, uint64_t id, const struct endpoint *endpoint)
{
	struct transfer *transfer = xcalloc(1, sizeof(*transfer));

	transfer->deliver = deliver;
	transfer->id = id;
	transfer->kind = endpoint->kind;
	transfer->next = deliver->first;
	transfer->prev = &deliver->first;
	if (transfer->next) {
		transfer->next->prev = &transfer->next;
	}
	deliver->first = transfer;
	deliver->len++;
	return transfer;
}

static const struct endpoint *find_endpoint(
		const struct deliver *deliver, const char *receiver, const char *endpoint)
{
	for (size_t i = 0; i < deliver->known.all.receivers_len; i++) {
		const struct receiver *its = &deliver->known.all.receivers[i];

		if (strcmp(its->name, receiver) == 0) {
			return receiver_endpoint(its, endpoint);
		}
	}
	return NULL;
}

static int post(struct transfer *transfer, const struct msg_notify *notice,
		const struct endpoint *endpoint, struct err *err)
{
	auto_buf struct buf body = { 0 };
	auto_free char *authorization = endpoint->credentials
							? xasprintf("%s %s", endpoint->auth_type,
									  endpoint->credentials)
							: NULL;

	payload_write(endpoint->payload, notice, &body);

	const struct httpc_send send = {
		.body = buf_text(&body),
		.body_len = body.len,
		.content_type = "application/json",
		.authorization = authorization,
		.username = endpoint->username,
		.password = endpoint->password,
		.ca = endpoint->ca,
	};
	const struct httpc_request request = {
		.url = endpoint->url,
		.send = &send,
		.timeout_ms = endpoint->timeout_ms,
		.done = on_done,
		.arg = transfer,
	};

	transfer->look = httpc_start(transfer->deliver->httpc, &request, err);
	if (authorization) {
		explicit_bzero(authorization, strlen(authorization));
	}
	return transfer->look ? 0 : -1;
}

static int mail(struct transfer *transfer, const struct msg_notify *notice,
		const struct endpoint *endpoint, struct err *err)
{
	auto_buf struct buf body = { 0 };
	const struct mail message = {
		.from = endpoint->from,
		.to = endpoint->to,
		.subject = notice->subject,
		.text = notice->text,
		.id = (int64_t)notice->id,
		.time_ms = notice->created_at,
		.incident = notice->incident_id,
	};

	mail_write(&message, &body);

	const struct httpc_send send = {
		.body = buf_text(&body),
		.body_len = body.len,
		.username = endpoint->username,
		.password = endpoint->password,
		.ca = endpoint->ca,
		.from = endpoint->from,
		.to = endpoint->to,
		.hello = endpoint->hello,
		.require_tls = endpoint->require_tls,
	};
	const struct httpc_request request = {
		.address = endpoint->smarthost,
		.send = &send,
		.timeout_ms = endpoint->timeout_ms,
		.done = on_done,
		.arg = transfer,
	};

	transfer->look = httpc_start(transfer->deliver->httpc, &request, err);
	return transfer->look ? 0 : -1;
}

static int start(struct deliver *deliver, const struct msg_notify *notice, struct err *err)
{
	const struct endpoint *endpoint =
			find_endpoint(deliver, notice->receiver, notice->endpoint);

	if (!endpoint) {
		return err_set(err, ERR_NOT_FOUND, "egress does not know this endpoint yet");
	}
	if (deliver->len >= DELIVER_MAX) {
		return err_set(err, ERR_LIMIT, "too many notifications in flight");
	}

	struct transfer *transfer = transfer_new(deliver, notice->id, endpoint);
	int rc = endpoint->kind == ENDPOINT_EMAIL ? mail(transfer, notice, endpoint, err)
						  : post(transfer, notice, endpoint, err);

	if (rc < 0) {
		transfer_free(transfer);
	}
	return rc;
}

/* What cannot be started now, can be when the configuration or the load is another one. */
void deliver_start(struct deliver *deliver, const struct msg_notify *notice)
{
	struct err err;

	if (start(deliver, notice, &err) < 0) {
		struct msg_notified notified = {
			.id = notice->id, .how = NOTIFIED_LATER, .reason = err.msg
		};

		deliver->done(deliver->arg, &notified);
	}
}

void deliver_cancel(struct deliver *deliver)
{
	while (deliver->first) {
		httpc_cancel(deliver->first->look);
		transfer_free(deliver->first);
	}
}

void deliver_receivers(struct deliver *deliver, const struct msg_receivers *receivers)
{
	known_set(&deliver->known, receivers);
}

struct deliver *deliver_new(struct loop *loop, deliver_done_fn done, void *arg, struct err *err)
{
	struct httpc *httpc = httpc_new(loop, err);

	if (!httpc) {
		return NULL;
	}

	struct deliver *deliver = xcalloc(1, sizeof(*deliver));

	deliver->httpc = httpc;
	deliver->done = done;
	deliver->arg = arg;
	return deliver;
}

void deliver_free(struct deliver *deliver)
{
	if (deliver) {
		deliver_cancel(deliver);
		httpc_free(deliver->httpc);
		known_clear(&deliver->known);
		free(deliver);
	}
}

int64_t deliver_tick(struct deliver *deliver)
{
	return httpc_tick(deliver->httpc);
}
