/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/notification_text.h"

#include <string.h>

#include "test.h"

/* Text of template with facts; a mistake gives its message. */
static const char *fill(const char *template, const struct notification_facts *facts, char *text)
{
	struct buf subject = { 0 };
	struct buf out = { 0 };
	struct err err;

	if (notification_text_write(template, facts, &subject, &out, &err) < 0) {
		strcpy(text, err.msg);
	} else {
		strcpy(text, buf_text(&out));
	}
	buf_clear(&subject);
	buf_clear(&out);
	return text;
}

TEST(the_templates_of_the_runbook_are_filled_in)
{
	char text[4096];
	struct notification_facts facts = notification_sample;

	ck_str(fill("[INCIDENT] Opareta Service Degradation\n"
		    "Time: ${time}\n"
		    "Severity: ${severity}\n"
		    "Affected Services: ${affected_services}\n"
		    "Status: Investigating\n"
		    "Next Update: ${next_update}\n",
			       &facts, text),
			"[INCIDENT] Opareta Service Degradation\n"
			"Time: 2026-11-25 02:26 UTC\n"
			"Severity: Critical\n"
			"Affected Services: argus, hermes\n"
			"Status: Investigating\n"
			"Next Update: 2026-11-25 02:56 UTC\n");
	facts.root_cause = "the disk was full";
	facts.resolution = "old logs were removed";
	facts.follow_up = "a bigger disk";
	ck_str(fill("[RESOLVED] Opareta Service Degradation\n"
		    "Time: ${time}\n"
		    "Duration: ${duration}\n"
		    "Root Cause: ${root_cause}\n"
		    "Resolution: ${resolution}\n"
		    "Follow-up: ${follow_up}\n",
			       &facts, text),
			"[RESOLVED] Opareta Service Degradation\n"
			"Time: 2026-11-25 02:26 UTC\n"
			"Duration: 12 minutes\n"
			"Root Cause: the disk was full\n"
			"Resolution: old logs were removed\n"
			"Follow-up: a bigger disk\n");
}

TEST(what_nobody_knows_is_said_in_words)
{
	const struct labels nothing = { 0 };
	const struct notification_facts facts = { .title = "t",
		.time = 1000,
		.opened_at = 1000,
		.labels = &nothing,
		.annotations = &nothing };
	char text[4096];

	ck_str(fill("${root_cause}|${resolution}|${follow_up}|${affected_services}|${severity}|"
		    "${next_update}|${level}|${duration}|${labels.x}|${annotations.y}|${url}",
			       &facts, text),
			"not known yet|not known yet|none yet|not known yet|not said|"
			"when there is something new|no level|0 seconds|||none");
}

TEST(the_status_is_what_people_would_say)
{
	static const struct {
		enum incident_status status;
		bool acknowledged;
		const char *want;
	} cases[] = {
		{ INCIDENT_FIRING, false, "Investigating" },
		{ INCIDENT_FIRING, true, "Acknowledged, somebody works on it" },
		{ INCIDENT_MITIGATED, true, "Mitigated, the alert has not ended yet" },
		{ INCIDENT_RESOLVED, true, "Resolved" },
		{ INCIDENT_CLOSED, false, "Closed" },
	};
	char text[4096];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct notification_facts facts = notification_sample;

		facts.status = (uint8_t)cases[i].status;
		facts.acknowledged = cases[i].acknowledged;
		ck_str(fill("${status}", &facts, text), cases[i].want);
	}
}

/* What an alert carries can neither add lines nor be a template itself. */
TEST(a_value_stays_one_line_and_is_never_read_again)
{
	struct notification_facts facts = notification_sample;
	char text[4096];
	char longer[NOTIFICATION_VALUE_MAX + 10];

	facts.title = "x\r\nStatus: Resolved\t${root_cause} $${id} \xe2\x80\xae!";
	ck_str(fill("${title}\n", &facts, text), "x  Status: Resolved ${root_cause} $${id}  !\n");
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	memcpy(longer + NOTIFICATION_VALUE_MAX - 1, "\xc3\xa4", 2);
	facts.title = longer;
	ck_int(strlen(fill("${title}", &facts, text)), NOTIFICATION_VALUE_MAX - 1 + strlen("…"));
	facts.title = "\xff broken";
	ck_str(fill("[${title}]", &facts, text), "[…]");
}

TEST(the_first_line_is_the_subject)
{
	struct buf subject = { 0 };
	struct buf text = { 0 };
	struct err err;

	must_ok(notification_text_write("${title}, ${level}\nmore", &notification_sample, &subject,
				&text, &err),
			err);
	ck_str(buf_text(&subject), "Service argus is completely down, L2");
	ck_str(buf_text(&text), "Service argus is completely down, L2\nmore");
	buf_reset(&subject);
	must_ok(notification_text_write("${labels.none}\nmore", &notification_sample, &subject,
				&text, &err),
			err);
	ck_str(buf_text(&subject), notification_sample.title);
	buf_clear(&subject);
	buf_clear(&text);
}

/* Its lines are ours: no value can add one, and what is not known takes none. */
TEST(the_details_are_lines_of_what_is_known)
{
	struct label annotations[] = { { "description", "n7 is\nTried: nothing" },
		{ "runbook_url", "https://r.example.org" }, { "summary", "Node is not ready." } };
	const struct labels all = { annotations, 3 };
	const struct labels none = { 0 };
	struct notification_facts facts = notification_sample;
	char text[8192];

	facts.annotations = &all;
	ck_str(fill("${details}", &facts, text),
			"Summary: Node is not ready.\n"
			"Description: n7 is Tried: nothing\n"
			"Runbook: https://r.example.org\n"
			"Alerts: service=argus; service=hermes\n"
			"Tried: run 3 (restart-all-instances) failed: argus does not answer\n"
			"Link: https://playbookd.example.org");
	facts.annotations = &none;
	facts.alerts = "";
	facts.tried = NULL;
	facts.url = "";
	ck_str(fill("${details}|${alerts}|${tried}", &facts, text), "|none fires|nothing yet");
}

TEST(news_are_told_whatever_the_template_has)
{
	struct notification_facts facts = notification_sample;
	char text[8192];

	facts.reason = "another\nalert";
	ck_str(fill("${title}", &facts, text), "Service argus is completely down");
	facts.is_news = true;
	ck_str(fill("${id}", &facts, text), "7\nReason: another alert\n");
	ck_str(fill("${id}\n", &facts, text), "7\nReason: another alert\n");
	ck_str(fill("${reason}", &facts, text), "another alert");
}

TEST(every_name_has_a_value_and_every_preset_can_be_written)
{
	char text[8192];

	for (size_t i = 0; template_variables[i]; i++) {
		char template[128];

		if (i > 0) {
			ck(strcmp(template_variables[i - 1], template_variables[i]) <
					0); /* keep sorted */
		}
		ck(notification_text_knows(template_variables[i], strlen(template_variables[i])));
		strcpy(template, "${");
		strcat(template, template_variables[i]);
		strcat(template, "}");
		ck(!strstr(fill(template, &notification_sample, text), "unknown"));
	}
	for (int i = 0; i < TEMPLATE_KINDS; i++) {
		fill(template_presets[i], &notification_sample, text);
		ck(!strstr(text, "${") && strlen(text) > 100);
	}
	ck(!notification_text_knows("labels.", 7));
	ck(notification_text_knows("labels.x", 8));
	ck_str(fill("${tiem}", &notification_sample, text), "unknown name '${tiem}'");
}
