/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/report.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "domain/markdown.h"

#define LABELS_SHOWN 512  /* bytes of an alert's labels */
#define ARGV_SHOWN   2048 /* bytes of a step's argv */
#define NAME_SHOWN   256

static bool known(const char *text)
{
	return text && *text;
}

static void add_time(struct buf *out, int64_t ms)
{
	char text[CLOCK_TEXT_MAX];

	buf_adds(out, ms ? clock_format(ms, text) : "–");
}

static void add_span(struct buf *out, int64_t from, int64_t to)
{
	char text[CLOCK_TEXT_MAX];

	if (from && to) {
		buf_adds(out, duration_format(to - from, text));
	} else {
		buf_adds(out, "–");
	}
}

static void add_who(struct buf *out, const char *who)
{
	if (known(who)) {
		buf_adds(out, " by ");
		markdown_text(out, who);
	}
}

/* A row of a table of two columns, whose second is text of others. */
static void add_fact(struct buf *out, const char *name, const char *value)
{
	buf_addf(out, "| %s | ", name);
	markdown_text(out, value);
	buf_adds(out, " |\n");
}

static void add_moment(struct buf *out, const char *name, int64_t at, const char *who)
{
	buf_addf(out, "| %s | ", name);
	add_time(out, at);
	add_who(out, who);
	buf_adds(out, " |\n");
}

static void add_period(struct buf *out, const char *name, int64_t from, int64_t to)
{
	buf_addf(out, "| %s | ", name);
	add_span(out, from, to);
	buf_adds(out, " |\n");
}

/* Since when it is what it is: an incident that was opened again began anew. */
static int64_t began_at(const struct report *report)
{
	return report->reopened_at ? report->reopened_at : report->opened_at;
}

static int64_t over_at(const struct report *report)
{
	return report->resolved_at ? report->resolved_at : report->closed_at;
}

static void write_head(const struct report *report, struct buf *out)
{
	buf_addf(out, "# Incident %" PRId64 ": ", report->id);
	markdown_text(out, report->title);
	buf_adds(out, "\n\nPost-incident log, written by playbookd from its records at ");
	add_time(out, report->now);
	buf_adds(out, ". Passages marked **To be written** need an operator's judgement.\n");
	if (report->left_out) {
		buf_adds(out, "\nThere is more than is listed here: see the incident itself.\n");
	}
}

static void write_summary(const struct report *report, struct buf *out)
{
	buf_adds(out, "\n## Summary\n\n| | |\n|---|---|\n");
	add_fact(out, "Status", report->status);
	add_fact(out, "Level", report->level);
	add_fact(out, "Major incident", report->major ? "yes" : "no");
	add_fact(out, "Severity", report->severity);
	add_fact(out, "Alert", report->alertname);
	add_fact(out, "Playbook", report->playbook);
	add_moment(out, "Opened", report->opened_at, NULL);
	if (report->reopened_at) {
		buf_addf(out, "| Opened again | %" PRId64 " time%s, the last at ",
				report->times_opened - 1, report->times_opened == 2 ? "" : "s");
		add_time(out, report->reopened_at);
		buf_adds(out, " |\n");
	}
	add_moment(out, "Acknowledged", report->acknowledged_at, report->acknowledged_by);
	add_moment(out, "Mitigated", report->mitigated_at, NULL);
	add_moment(out, "Resolved", report->resolved_at, report->resolved_by);
	add_moment(out, "Closed", report->closed_at, report->closed_by);
	if (known(report->attention)) {
		add_fact(out, "Needs an operator", report->attention);
	}
}

static bool named_before(const struct report *report, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (!strcmp(report->alerts[i].service, report->alerts[index].service)) {
			return true;
		}
	}
	return false;
}

static void write_services(const struct report *report, struct buf *out)
{
	size_t count = 0;

	buf_adds(out, "- Services: ");
	for (size_t i = 0; i < report->alerts_len; i++) {
		if (known(report->alerts[i].service) && !named_before(report, i)) {
			buf_adds(out, count++ ? ", " : "");
			markdown_code(out, report->alerts[i].service, NAME_SHOWN);
		}
	}
	buf_adds(out, count ? "\n" : "no alert of it has a label `service`\n");
}

static void write_impact(const struct report *report, struct buf *out)
{
	int64_t over = over_at(report);

	buf_adds(out, "\n## Impact\n\n");
	write_services(report, out);
	buf_adds(out, "- Duration: ");
	add_span(out, report->opened_at, over ? over : report->now);
	buf_adds(out, over ? "\n" : " so far\n");
	buf_addf(out, "- Alerts: %zu\n", report->alerts_len);
	for (size_t i = 0; i < report->alerts_len; i++) {
		const struct report_alert *alert = &report->alerts[i];

		buf_adds(out, "  - ");
		markdown_code(out, alert->labels, LABELS_SHOWN);
		buf_adds(out, ": ");
		add_time(out, alert->starts_at);
		buf_adds(out, " to ");
		add_time(out, alert->ends_at);
		buf_addf(out, ", received %" PRId64 " time%s, ", alert->occurrences,
				alert->occurrences == 1 ? "" : "s");
		markdown_text(out, alert->status);
		buf_addch(out, '\n');
	}
	buf_adds(out, "\n> **To be written:** what did users notice?\n");
}

static int64_t first_start(const struct report *report)
{
	int64_t first = 0;

	for (size_t i = 0; i < report->alerts_len; i++) {
		int64_t at = report->alerts[i].starts_at;

		first = at && (!first || at < first) ? at : first;
	}
	return first;
}

static void write_times(const struct report *report, struct buf *out)
{
	buf_adds(out, "\n## Times\n\n| | |\n|---|---|\n");
	add_period(out, "To detect (the alert's own start to opened)", first_start(report),
			report->opened_at);
	add_period(out, "To acknowledge", began_at(report), report->acknowledged_at);
	add_period(out, "To mitigate", began_at(report), report->mitigated_at);
	add_period(out, "To resolve (from when it was first opened)", report->opened_at,
			report->resolved_at);
}

static bool has_lines(const char *text)
{
	return strchr(text, '\n') != NULL;
}

static void write_entry(const struct report_entry *entry, struct buf *out)
{
	buf_adds(out, "- ");
	add_time(out, entry->at);
	buf_adds(out, " **");
	markdown_text(out, entry->kind);
	buf_adds(out, "**");
	add_who(out, entry->who);
	if (known(entry->text) && !has_lines(entry->text)) {
		buf_adds(out, ": ");
		markdown_text(out, entry->text);
	}
	buf_addch(out, '\n');
	if (known(entry->text) && has_lines(entry->text)) {
		markdown_quote(out, "  ", entry->text);
	}
}

static void write_timeline(const struct report *report, struct buf *out)
{
	buf_adds(out, "\n## Timeline\n\n");
	for (size_t i = 0; i < report->timeline_len; i++) {
		write_entry(&report->timeline[i], out);
	}
}

static void write_step(const struct report_step *step, struct buf *out)
{
	buf_adds(out, "\nPhase ");
	markdown_text(out, step->phase);
	buf_adds(out, ": **");
	markdown_text(out, step->name);
	buf_addf(out, "**, attempt %" PRId64 ": ", step->attempt);
	markdown_text(out, step->status);
	if (step->exit_code >= 0) {
		buf_addf(out, ", exit code %" PRId64, step->exit_code);
	}
	if (step->signal) {
		buf_addf(out, ", signal %" PRId64, step->signal);
	}
	buf_adds(out, ", ");
	add_span(out, step->started_at, step->finished_at);
	if (known(step->reason)) {
		buf_adds(out, " (");
		markdown_text(out, step->reason);
		buf_adds(out, ")");
	}
	buf_adds(out, "\n\n");
	if (known(step->argv) && strcmp(step->argv, "[]") != 0) {
		buf_adds(out, "Ran ");
		markdown_code(out, step->argv, ARGV_SHOWN);
		buf_addch(out, '\n');
	}
	if (step->output_len) {
		buf_addf(out, "\nThe end of its %" PRId64 " bytes of output:\n\n",
				step->output_bytes);
		markdown_block(out, step->output, step->output_len);
	}
}

static void write_run(const struct report_run *run, struct buf *out)
{
	buf_addf(out, "\n### Run %" PRId64 " of ", run->id);
	markdown_text(out, run->playbook);
	buf_adds(out, ": ");
	markdown_text(out, run->status);
	buf_adds(out, "\n\nTrigger ");
	markdown_text(out, run->trigger);
	buf_adds(out, ", requested");
	add_who(out, run->requested_by);
	buf_adds(out, run->override_guards ? ", with its guards overridden" : "");
	if (known(run->request_reason)) {
		buf_adds(out, ": ");
		markdown_text(out, run->request_reason);
	}
	buf_adds(out, ". Queued ");
	add_time(out, run->queued_at);
	buf_adds(out, ", started ");
	add_time(out, run->started_at);
	buf_adds(out, ", ended ");
	add_time(out, run->finished_at);
	buf_adds(out, ". Result: ");
	markdown_text(out, run->reason);
	buf_addch(out, '\n');
	for (size_t i = 0; i < run->steps_len; i++) {
		write_step(&run->steps[i], out);
	}
}

static void write_runs(const struct report *report, struct buf *out)
{
	buf_adds(out, "\n## Runs\n");
	for (size_t i = 0; i < report->runs_len; i++) {
		write_run(&report->runs[i], out);
	}
	if (!report->runs_len) {
		buf_adds(out, "\nNothing.\n");
	}
}

static void write_decisions(const struct report *report, struct buf *out)
{
	buf_adds(out, "\n## Decisions\n\n"
		      "| decision | playbook | times | first | last | reason of the first |\n"
		      "|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < report->decisions_len; i++) {
		const struct report_decision *decision = &report->decisions[i];

		buf_adds(out, "| ");
		markdown_text(out, decision->decision);
		buf_adds(out, " | ");
		markdown_text(out, decision->playbook);
		buf_addf(out, " | %" PRId64 " | ", decision->count);
		add_time(out, decision->first_at);
		buf_adds(out, " | ");
		add_time(out, decision->last_at);
		buf_adds(out, " | ");
		markdown_text(out, decision->reason);
		buf_adds(out, " |\n");
	}
}

static void write_notified(const struct report *report, struct buf *out)
{
	buf_adds(out, "\n## Notifications\n\n");
	for (size_t i = 0; i < report->notified_len; i++) {
		const struct report_notified *row = &report->notified[i];

		buf_adds(out, "- ");
		add_time(out, row->created_at);
		buf_adds(out, " **");
		markdown_text(out, row->receiver);
		buf_adds(out, "** (");
		markdown_text(out, row->kind);
		buf_adds(out, ") ");
		markdown_code(out, row->endpoint, NAME_SHOWN);
		buf_adds(out, ": ");
		markdown_text(out, row->status);
		if (row->ended_at) {
			buf_adds(out, " at ");
			add_time(out, row->ended_at);
		}
		if (known(row->reason)) {
			buf_adds(out, ", ");
			markdown_text(out, row->reason);
		}
		buf_addch(out, '\n');
	}
	buf_adds(out, report->notified_len ? "" : "playbookd notified nobody.\n");
}

/* What an operator wrote, or the passage that asks for it. */
static void write_prose(const struct report *report, struct buf *out, const char *field,
		const char *text, const char *question)
{
	if (known(text)) {
		markdown_quote(out, "", text);
		return;
	}
	buf_addf(out,
			"> **To be written:** %s (`PATCH /api/v1/incidents/%" PRId64
			" {\"%s\": \"…\"}`)\n",
			question, report->id, field);
}

static void write_judgement(const struct report *report, struct buf *out)
{
	buf_adds(out, "\n## Root cause\n\n");
	write_prose(report, out, "rootCause", report->root_cause, "why did it happen?");
	buf_adds(out, "\n## Resolution\n\n");
	write_prose(report, out, "resolution", report->resolution, "what ended it?");
}

static void write_follow_ups(const struct report *report, struct buf *out)
{
	buf_adds(out, "\n## Follow-ups\n\n");
	for (size_t i = 0; i < report->follow_ups_len; i++) {
		const struct report_follow_up *follow_up = &report->follow_ups[i];

		buf_addf(out, "- [%c] %" PRId64 ", ", follow_up->done_at ? 'x' : ' ',
				follow_up->id);
		markdown_text(out, known(follow_up->owner) ? follow_up->owner : "nobody yet");
		buf_adds(out, ": ");
		markdown_text(out, follow_up->text);
		if (known(follow_up->receiver)) {
			buf_adds(out, ", sent to ");
			markdown_text(out, follow_up->receiver);
		}
		if (follow_up->done_at) {
			buf_adds(out, ", done at ");
			add_time(out, follow_up->done_at);
			add_who(out, follow_up->done_by);
		}
		buf_addch(out, '\n');
	}
	if (!report->follow_ups_len) {
		buf_addf(out,
				"> **To be written:** what is to be done so that it does not happen again? (`POST /api/v1/incidents/%" PRId64
				"/follow-ups {\"text\": \"…\"}`)\n",
				report->id);
	}
}

static void write_checklist(const struct report *report, struct buf *out)
{
	buf_adds(out, "\n## Checklist\n\n");
	for (int i = 0; i < CHECKLIST_ITEMS; i++) {
		const struct report_check *check = &report->checklist[i];

		buf_addf(out, "- [%c] %s", check->at ? 'x' : ' ', checklist_texts[i]);
		if (check->at) {
			buf_adds(out, ": ");
			add_time(out, check->at);
			add_who(out, check->who);
		} else if (i == CHECKLIST_SCHEDULE && !report->major) {
			buf_adds(out, ": not needed, it is no major incident");
		}
		if (known(check->note)) {
			buf_adds(out, ", ");
			markdown_text(out, check->note);
		}
		buf_addch(out, '\n');
	}
}

static void write_effect(const struct report *report, struct buf *out)
{
	const struct report_effect *effect = &report->effect;
	const struct {
		const char *name;
		int64_t value;
	} rows[] = {
		{ "Incidents that it opened, this one too", effect->incidents },
		{ "not over", effect->open },
		{ "remediated: a run was verified", effect->remediated },
		{ "handled by operators", effect->by_people },
		{ "went away by itself: was the alert needed?", effect->by_itself },
		{ "Runs", effect->runs },
		{ "of them verified", effect->runs_helped },
	};

	buf_adds(out, "\n## Alert effectiveness\n\n| Alert ");
	markdown_text(out, report->alertname);
	buf_adds(out, " | |\n|---|---|\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_addf(out, "| %s | %" PRId64 " |\n", rows[i].name, rows[i].value);
	}
	add_period(out, "Mean time to acknowledge", effect->acknowledged ? 1 : 0,
			1 + effect->mtta_ms);
	add_period(out, "Mean time to resolve", effect->resolved ? 1 : 0, 1 + effect->mttr_ms);
}

void report_markdown(const struct report *report, struct buf *out)
{
	static void (*const sections[])(const struct report *, struct buf *) = { write_head,
		write_summary, write_impact, write_times, write_timeline, write_runs,
		write_decisions, write_notified, write_judgement, write_follow_ups, write_checklist,
		write_effect };

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		sections[i](report, out);
	}
}

size_t report_tail(const char *text, size_t len, size_t lines, size_t max)
{
	size_t begin = len > max ? len - max : 0;
	size_t at = len;

	if (at > begin && text[at - 1] == '\n') {
		at--;
	}
	while (at > begin) {
		if (text[at - 1] == '\n' && --lines == 0) {
			break;
		}
		at--;
	}
	while (at < len && (text[at] & 0xC0) == 0x80) {
		at++;
	}
	return at;
}
