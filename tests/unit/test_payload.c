/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/payload.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sys/json.h"
#include "test.h"

#define AMP "\\u0026"

static const struct msg_notify notice = { .id = 12,
	.key = "incident/7/1/initial",
	.receiver = "on-call",
	.endpoint = "webhook http://h/…",
	.kind = "initial",
	.subject = "a <b> & \"c\"",
	.text = "one\n<two>",
	.incident = "{\"id\":7}",
	.created_at = INT64_C(1795387242158) };

static void ck_payload(enum payload payload, const struct msg_notify *msg, const char *want)
{
	auto_buf struct buf out = { 0 };

	payload_write(payload, msg, &out);
	ck_str(buf_text(&out), want);
	ck(json_valid(buf_text(&out), out.len));
}

TEST(a_webhook_gets_all_of_it)
{
	struct msg_notify none = notice;

	ck_payload(PAYLOAD_PLAYBOOKD, &notice,
			"{\"version\":\"1\",\"id\":12,\"key\":\"incident/7/1/initial\","
			"\"kind\":\"initial\",\"receiver\":\"on-call\","
			"\"createdAt\":\"2026-11-22T22:40:42.158Z\","
			"\"subject\":\"a \\u003cb\\u003e \\u0026 \\\"c\\\"\","
			"\"text\":\"one\\n\\u003ctwo\\u003e\","
			"\"incident\":{\"id\":7}}");
	none.incident = NULL;
	none.subject = none.text = none.key = none.kind = none.receiver = "";
	ck_payload(PAYLOAD_PLAYBOOKD, &none,
			"{\"version\":\"1\",\"id\":12,\"key\":\"\",\"kind\":\"\",\"receiver\":\"\","
			"\"createdAt\":\"2026-11-22T22:40:42.158Z\",\"subject\":\"\",\"text\":\"\","
			"\"incident\":null}");
}

TEST(slack_gets_its_text_escaped)
{
	struct msg_notify brief = notice;

	ck_payload(PAYLOAD_SLACK, &notice,
			"{\"text\":\"*a " AMP "lt;b" AMP "gt; " AMP "amp; \\\"c\\\"*\\none\\n" AMP
			"lt;two" AMP "gt;\"}");
	brief.text = "";
	ck_payload(PAYLOAD_SLACK, &brief,
			"{\"text\":\"*a " AMP "lt;b" AMP "gt; " AMP "amp; \\\"c\\\"*\"}");
}

TEST(slack_gets_the_subject_once)
{
	struct msg_notify letter = notice;

	letter.subject = "first";
	letter.text = "first\nsecond";
	ck_payload(PAYLOAD_SLACK, &letter, "{\"text\":\"*first*\\nsecond\"}");
	letter.text = "firstly\nsecond";
	ck_payload(PAYLOAD_SLACK, &letter, "{\"text\":\"*first*\\nfirstly\\nsecond\"}");
}

TEST(slack_gets_no_more_than_it_takes)
{
	auto_free char *text = xcalloc(1, PAYLOAD_SLACK_MAX + 100);
	auto_buf struct buf out = { 0 };
	struct msg_notify many = notice;

	memset(text, '&', PAYLOAD_SLACK_MAX + 99);
	many.text = text;
	payload_write(PAYLOAD_SLACK, &many, &out);
	/* Each & is "\\u0026amp;" in the JSON, and five characters for Slack. */
	ck_int(out.len / strlen(AMP "amp;") * strlen("&amp;") < 40000, 1);
	ck_has(buf_text(&out), "…\"}");
}
