/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ending.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

void ending_words(const struct attempt_status *status, char *text, size_t size)
{
	switch ((enum attempt_result)status->result) {
	case ATTEMPT_NOT_STARTED:
		snprintf(text, size, "it was not started");
		if (status->sys_errno) {
			snprintf(text, size, "it was not started: %s: %s", status->what,
					strerror(status->sys_errno));
		}
		break;
	case ATTEMPT_EXITED:
		snprintf(text, size, "exit status %d", status->exit_code);
		break;
	case ATTEMPT_SIGNALED:
		snprintf(text, size, "ended by signal %d (SIG%s)", status->signal,
				sigabbrev_np(status->signal) ? sigabbrev_np(status->signal) : "?");
		break;
	case ATTEMPT_TIMED_OUT:
		snprintf(text, size, "ended by its deadline");
		break;
	case ATTEMPT_CANCELED:
		snprintf(text, size, "canceled");
		break;
	case ATTEMPT_EXEC_FAILED:
		snprintf(text, size, "exec failed: %s: %s", status->what,
				strerror(status->sys_errno));
		break;
	case ATTEMPT_RESULTS:
		*text = '\0';
		break;
	}
}

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

void ending_last_line(const struct attempt_output *output, char *line)
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

		if (used + width >= ENDING_LINE_MAX) {
			break;
		}
		memcpy(line + used, shown ? text + at : "?", width);
		used += width;
		at += n > 0 ? n : 1;
	}
	line[used] = '\0';
}
