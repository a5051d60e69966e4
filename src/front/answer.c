/* SPDX-License-Identifier: Apache-2.0 */
#include "front/answer.h"

#include "base/jsonw.h"

/* Nothing of ours is a page to be framed, sniffed or kept. */
#define COMMON_FIELDS                               \
	{ "Cache-Control", "no-store" },            \
	{                                           \
		"X-Content-Type-Options", "nosniff" \
	}

static void reply(const struct answer_to *to, const struct httpd_answer *answer, struct buf *body)
{
	meter_count(to->meter, to->row, answer->status);
	httpd_reply(to->request, answer, body);
}

void answer_data(const struct answer_to *to, struct bytes data)
{
	static const struct httpd_field fields[] = { COMMON_FIELDS, { NULL, NULL } };
	static const struct httpd_answer answer = { 200, "application/json", fields, false };
	static const char head[] = "{\"status\":\"success\",\"data\":";
	struct buf body = { 0 };

	buf_reserve(&body, sizeof(head) + data.len + sizeof("null}"));
	buf_add(&body, head, sizeof(head) - 1);
	if (data.len > 0) {
		buf_add(&body, data.data, data.len);
	} else {
		buf_adds(&body, "null");
	}
	buf_addch(&body, '}');
	reply(to, &answer, &body);
}

void answer_text(const struct answer_to *to, const char *content_type, struct buf *text)
{
	static const struct httpd_field fields[] = {
		COMMON_FIELDS,
		{ "Content-Security-Policy",
				"default-src 'none'; frame-ancestors 'none'; sandbox" },
		{ "Referrer-Policy", "no-referrer" },
		{ NULL, NULL },
	};
	const struct httpd_answer answer = { 200, content_type, fields, false };

	reply(to, &answer, text);
}

/* What an error says beside its sentence. */
static struct httpd_field error_field(const struct err *err, const char *allow)
{
	switch (err->code) {
	case ERR_METHOD:
		return (struct httpd_field){ allow ? "Allow" : NULL, allow };
	case ERR_UNAUTHORIZED:
		return (struct httpd_field){ "WWW-Authenticate", "Bearer realm=\"playbookd\"" };
	case ERR_BUSY:
	case ERR_IO:
	case ERR_DB:
	case ERR_FULL:
	case ERR_CORRUPT:
		return (struct httpd_field){ "Retry-After", "5" };
	case ERR_NONE:
	case ERR_INPUT:
	case ERR_FORBIDDEN:
	case ERR_NOT_FOUND:
	case ERR_CONFLICT:
	case ERR_LIMIT:
	case ERR_MEDIA:
	case ERR_BUG:
		break;
	}
	return (struct httpd_field){ NULL, NULL };
}

void answer_error(const struct answer_to *to, const struct err *err, const char *allow)
{
	const struct httpd_field fields[] = {
		COMMON_FIELDS,
		error_field(err, allow),
		{ NULL, NULL },
	};
	struct buf body = { 0 };
	struct jsonw w = jsonw_begin(&body);

	jsonw_object(&w, NULL);
	jsonw_str(&w, "status", "error");
	jsonw_str(&w, "errorType", err_type(err->code));
	jsonw_str(&w, "error", err->msg);
	jsonw_close(&w);
	jsonw_end(&w);
	reply(to,
			&(struct httpd_answer){ err_http_status(err->code), "application/json",
					fields, false },
			&body);
}
