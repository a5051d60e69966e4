/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/payload.h"

#include <string.h>

#include "base/jsonw.h"
#include "base/utf8.h"

static void write_playbookd(const struct msg_notify *notice, struct buf *out)
{
	struct jsonw w = jsonw_begin(out);

	jsonw_object(&w, NULL);
	jsonw_str(&w, "version", "1");
	jsonw_int(&w, "id", (int64_t)notice->id);
	jsonw_str(&w, "key", notice->key);
	jsonw_str(&w, "kind", notice->kind);
	jsonw_str(&w, "receiver", notice->receiver);
	jsonw_time(&w, "createdAt", notice->created_at);
	jsonw_str(&w, "subject", notice->subject);
	jsonw_str(&w, "text", notice->text);
	jsonw_raw(&w, "incident", notice->incident);
	jsonw_close(&w);
	jsonw_end(&w);
}

/* Whole characters while there is room; the three that mean something to Slack are escaped. */
static void add_escaped(struct buf *out, const char *text)
{
	size_t len = strlen(text);

	for (size_t at = 0; at < len && out->len < PAYLOAD_SLACK_MAX;) {
		uint32_t code;
		size_t n = utf8_next(text + at, len - at, &code);

		n = n > 0 ? n : 1;
		switch (text[at]) {
		case '&':
			buf_adds(out, "&amp;");
			break;
		case '<':
			buf_adds(out, "&lt;");
			break;
		case '>':
			buf_adds(out, "&gt;");
			break;
		default:
			buf_add(out, text + at, n);
			break;
		}
		at += n;
	}
}

/* The text of a template begins with its subject, which Slack has already as a line of its own. */
static const char *text_behind_subject(const struct msg_notify *notice)
{
	size_t len = strlen(notice->subject);

	return !strncmp(notice->text, notice->subject, len) && notice->text[len] == '\n'
			       ? notice->text + len + 1
			       : notice->text;
}

static void write_slack(const struct msg_notify *notice, struct buf *out)
{
	auto_buf struct buf text = { 0 };
	struct jsonw w = jsonw_begin(out);
	const char *rest = text_behind_subject(notice);

	buf_addch(&text, '*');
	add_escaped(&text, notice->subject);
	buf_adds(&text, *rest ? "*\n" : "*");
	add_escaped(&text, rest);
	if (text.len >= PAYLOAD_SLACK_MAX) {
		buf_adds(&text, "…");
	}
	jsonw_object(&w, NULL);
	jsonw_str(&w, "text", buf_text(&text));
	jsonw_close(&w);
	jsonw_end(&w);
}

void payload_write(enum payload payload, const struct msg_notify *notice, struct buf *out)
{
	if (payload == PAYLOAD_SLACK) {
		write_slack(notice, out);
	} else {
		write_playbookd(notice, out);
	}
}
