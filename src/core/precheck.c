#include "core/precheck.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* Where the last line of text begins that has more than white space in it; *ret_len is 0 if none.
 */
static const char *find_line(const char *text, size_t len, size_t *ret_len)
{
	size_t begin;

	while (len > 0 && strchr(" \t\r\n", text[len - 1])) {
		len--;
	}
	for (begin = len; begin > 0 && text[begin - 1] != '\n'; begin--) {
	}
	*ret_len = len - begin;
	return text + begin;
}

void precheck_last_line(const struct attempt_output *output, char *line)
{
	const struct buf *kept = output->tail.len > 0 ? &output->tail : &output->head;
	size_t len = 0;
	size_t used = 0;
	const char *text =
			kept->len > 0 ? find_line((const char *)kept->data, kept->len, &len) : "";

	for (size_t at = 0; at < len;) {
		uint32_t code;
		size_t n = utf8_next(text + at, len - at, &code);
		bool shown = n > 0 && !utf8_is_control(code);
		size_t width = shown ? n : 1;

		if (used + width >= PRECHECK_LINE_MAX) {
			break;
		}
		memcpy(line + used, shown ? text + at : "?", width);
		used += width;
		at += n > 0 ? n : 1;
	}
	line[used] = '\0';
}

enum run_event precheck_event(int storage_fd, const struct active *active,
		const struct attempt_status *status, enum run_event event, char *detail,
		size_t detail_size)
{
	const struct attempt_id id = active_attempt(active);
	struct attempt_output kept = { 0 };
	char line[PRECHECK_LINE_MAX] = "";
	struct err err;

	if (!active->playbook || active_step(active)->phase != PHASE_PRECHECK ||
			status->result != ATTEMPT_EXITED || status->exit_code == 0) {
		return event;
	}
	if (attempt_output_read(storage_fd, &id, status->output_bytes, &kept, &err) == 0) {
		precheck_last_line(&kept, line);
	}
	buf_clear(&kept.head);
	buf_clear(&kept.tail);
	if (status->exit_code == PRECHECK_DECLINED) {
		snprintf(detail, detail_size, "%s", line);
		return RUN_EV_DECLINED;
	}
	snprintf(detail, detail_size, "exit status %d%s%s", status->exit_code, *line ? ": " : "",
			line);
	return event;
}
