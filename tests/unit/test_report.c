/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/report.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

#define MINUTE (INT64_C(60) * 1000)

static struct report_alert alerts[2];
static struct report_entry timeline[2];
static struct report_step steps[1];
static struct report_run runs[1];
static struct report_decision decisions[1];
static struct report_notified told[1];
static struct report_follow_up follow_ups[1];

static void check_all_off(struct report *report, const char *value)
{
	for (int i = 0; i < CHECKLIST_ITEMS; i++) {
		report->checklist[i] = (struct report_check){ 50 * MINUTE, value, value };
	}
}

/* A report with value wherever somebody else's text may stand. */
static struct report full(const char *value)
{
	struct report report = { .id = 7,
		.now = 90 * MINUTE,
		.title = value,
		.status = "closed",
		.level = value,
		.severity = value,
		.alertname = value,
		.playbook = value,
		.attention = value,
		.times_opened = 1,
		.opened_at = 10 * MINUTE,
		.acknowledged_at = 12 * MINUTE,
		.acknowledged_by = value,
		.mitigated_at = 15 * MINUTE,
		.resolved_at = 20 * MINUTE,
		.resolved_by = value,
		.closed_at = 30 * MINUTE,
		.closed_by = value,
		.root_cause = value,
		.resolution = value,
		.alerts = alerts,
		.alerts_len = 1,
		.timeline = timeline,
		.timeline_len = 1,
		.runs = runs,
		.runs_len = 1,
		.decisions = decisions,
		.decisions_len = 1,
		.notified = told,
		.notified_len = 1,
		.follow_ups = follow_ups,
		.follow_ups_len = 1 };

	alerts[0] = (struct report_alert){ value, value, value, value, 9 * MINUTE, 20 * MINUTE,
		10 * MINUTE, 3 };
	timeline[0] = (struct report_entry){ 10 * MINUTE, "note", value, value };
	steps[0] = (struct report_step){ .phase = "steps",
		.name = value,
		.argv = value,
		.status = "failed",
		.reason = value,
		.attempt = 1,
		.exit_code = 3,
		.started_at = 10 * MINUTE,
		.finished_at = 11 * MINUTE,
		.output = value,
		.output_len = strlen(value),
		.output_bytes = 5000 };
	runs[0] = (struct report_run){ .id = 9,
		.playbook = value,
		.trigger = "alert",
		.requested_by = value,
		.request_reason = value,
		.status = "failed",
		.reason = value,
		.queued_at = 10 * MINUTE,
		.started_at = 10 * MINUTE,
		.finished_at = 11 * MINUTE,
		.steps = steps,
		.steps_len = 1 };
	decisions[0] = (struct report_decision){ "queued", value, value, 2, 10 * MINUTE,
		11 * MINUTE };
	told[0] = (struct report_notified){ "initial", value, value, "failed", value, 10 * MINUTE,
		11 * MINUTE };
	follow_ups[0] = (struct report_follow_up){ 1, value, value, value, 40 * MINUTE, value };
	check_all_off(&report, value);
	return report;
}

static const char *markdown(const struct report *report)
{
	static struct buf out;

	buf_reset(&out);
	report_markdown(report, &out);
	return buf_text(&out);
}

/* How many lines begin like that, outside of blocks of code. */
static int begins(const char *text, const char *with)
{
	size_t fence = 0; /* of the block that the line is in */
	int count = 0;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		size_t run = strspn(text, "`");
		bool bare = text[run] == '\n';

		count += fence == 0 && !strncmp(text, with, strlen(with));
		if (fence == 0 && run >= 3 && bare) {
			fence = run;
		} else if (fence && run >= fence && bare) {
			fence = 0;
		}
	}
	return count;
}

TEST(a_report_has_all_that_is_known)
{
	static const char *const parts[] = {
		"# Incident 7: calm\n",
		"| Acknowledged | 1970-01-01T00:12:00.000Z by calm |",
		"- Services: `calm`\n- Duration: 10m\n- Alerts: 1\n",
		"received 3 times",
		"| To detect (the alert's own start to opened) | 1m |",
		"| To acknowledge | 2m |",
		"| To mitigate | 5m |",
		"| To resolve (from when it was first opened) | 10m |",
		"- 1970-01-01T00:10:00.000Z **note** by calm: calm\n",
		"### Run 9 of calm: failed\n",
		"Phase steps: **calm**, attempt 1: failed, exit code 3, 1m (calm)\n\nRan `calm`\n",
		"The end of its 5000 bytes of output:\n\n```\ncalm\n```\n",
		"| queued | calm | 2 | 1970-01-01T00:10:00.000Z | 1970-01-01T00:11:00.000Z |",
		"**calm** (initial) `calm`: failed at 1970-01-01T00:11:00.000Z, calm\n",
		"## Root cause\n\n> calm\n",
		"## Resolution\n\n> calm\n",
		"- [x] 1, calm: calm, sent to calm, done at 1970-01-01T00:40:00.000Z by calm\n",
		"- [x] Review alert effectiveness: 1970-01-01T00:50:00.000Z by calm, calm\n",
		"| Alert calm | |",
	};
	struct report report = full("calm");

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		ck_has(markdown(&report), parts[i]);
	}
}

TEST(what_only_people_can_say_has_a_place)
{
	struct report report = full("calm");

	report.root_cause = NULL;
	report.resolution = "";
	report.follow_ups_len = 0;
	ck_has(markdown(&report),
			"> **To be written:** why did it happen? (`PATCH /api/v1/incidents/7 {\"rootCause\": \"…\"}`)");
	ck_has(markdown(&report), "> **To be written:** what ended it?");
	ck_has(markdown(&report), "`POST /api/v1/incidents/7/follow-ups {\"text\": \"…\"}`");
}

TEST(an_incident_of_which_little_is_known_has_a_report)
{
	const struct report report = { .id = 1, .now = 90 * MINUTE, .opened_at = MINUTE };

	ck_has(markdown(&report), "# Incident 1: –\n");
	ck_has(markdown(&report), "- Duration: 1h29m so far\n");
	ck_has(markdown(&report), "| To acknowledge | – |");
	ck_has(markdown(&report), "## Runs\n\nNothing.\n");
	ck_has(markdown(&report), "playbookd notified nobody.\n");
	ck_has(markdown(&report),
			"- [ ] Schedule post-mortem for major incidents: not needed, it is no major incident\n");
	ck_has(markdown(&report), "| Mean time to resolve | – |");
}

TEST(an_incident_that_was_opened_again_counts_from_then)
{
	struct report report = full("calm");

	report.times_opened = 3;
	report.reopened_at = 11 * MINUTE;
	ck_has(markdown(&report),
			"| Opened again | 2 times, the last at 1970-01-01T00:11:00.000Z |");
	ck_has(markdown(&report), "| To acknowledge | 1m |");
	ck_has(markdown(&report), "| To resolve (from when it was first opened) | 10m |");
}

TEST(no_value_forges_anything)
{
	static const char *const values[] = { "# forged", "\n# forged\n", "a\n\n## forged\n",
		"- forged", "- [x] forged", "1. forged", "> forged", "```\n# forged",
		"~~~\n# forged", "a\n===", "a\n---", "---", "| a | b |\n|---|---|", "|", "*a", "`a",
		"``", "<b>", "</details>", "<!--", "[a](http://b)", "![a](b)", "[a]: http://b",
		"http://b", "www.b.c", "@all", "a@b.c", "\\", "\\`", "&lt;", "\r\n# forged",
		"\xe2\x80\xae", "    code", "\tcode" };
	static const char *const starts[] = { "#", "##", "###", "- ", "- [x]", "|", ">", "1.", "<",
		"    ", "\t", "---", "===" };
	struct report calm = full("calm");
	char calm_text[20000];

	snprintf(calm_text, sizeof(calm_text), "%s", markdown(&calm));
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct report report = full(values[i]);

		for (size_t j = 0; j < sizeof(starts) / sizeof(starts[0]); j++) {
			/* Lines of a quotation are as many as were written. */
			if (*starts[j] == '>') {
				continue;
			}
			if (begins(markdown(&report), starts[j]) != begins(calm_text, starts[j])) {
				test_fail(__FILE__, __LINE__, "'%s' begins a line with '%s':\n%s",
						values[i], starts[j], markdown(&report));
			}
		}
	}
}

TEST(the_last_lines_are_whole_lines)
{
	static const char text[] = "one\ntwo\nthree\n";
	const size_t len = sizeof(text) - 1;

	ck_str(text + report_tail(text, len, 1, 100), "three\n");
	ck_str(text + report_tail(text, len, 2, 100), "two\nthree\n");
	ck_str(text + report_tail(text, len, 9, 100), text);
	ck_str(text + report_tail(text, len, 9, 4), "ree\n");
	ck_int(report_tail("", 0, 3, 100), 0);
	ck_int(report_tail("\n", 1, 1, 100), 0);
	ck_int(report_tail("a\xc3\xa4", 3, 1, 1), 3);
}
