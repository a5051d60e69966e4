/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/checklist.h"

#include <string.h>

const char *const checklist_names[CHECKLIST_ITEMS] = {
	[CHECKLIST_DOCUMENT] = "document",
	[CHECKLIST_REVIEW] = "review",
	[CHECKLIST_UPDATE] = "update",
	[CHECKLIST_SCHEDULE] = "schedule",
	[CHECKLIST_CREATE] = "create",
};

const char *const checklist_texts[CHECKLIST_ITEMS] = {
	[CHECKLIST_DOCUMENT] = "Document what happened in the incident log",
	[CHECKLIST_REVIEW] = "Review alert effectiveness",
	[CHECKLIST_UPDATE] = "Update runbooks if needed",
	[CHECKLIST_SCHEDULE] = "Schedule post-mortem for major incidents",
	[CHECKLIST_CREATE] = "Create follow-up tickets for improvements",
};

int checklist_parse(const char *name)
{
	for (int i = 0; i < CHECKLIST_ITEMS; i++) {
		if (!strcmp(name, checklist_names[i])) {
			return i;
		}
	}
	return -1;
}
