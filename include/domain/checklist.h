/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checklist - what the runbook wants done after each incident, under "Post-Incident".
 */
#ifndef DOMAIN_CHECKLIST_H
#define DOMAIN_CHECKLIST_H

enum checklist_item {
	CHECKLIST_DOCUMENT,
	CHECKLIST_REVIEW,
	CHECKLIST_UPDATE,
	CHECKLIST_SCHEDULE,
	CHECKLIST_CREATE,
	CHECKLIST_ITEMS
};

/* "document", "review", … and what they ask for. */
extern const char *const checklist_names[CHECKLIST_ITEMS];
extern const char *const checklist_texts[CHECKLIST_ITEMS];

/* The item of that name, or -1. */
int checklist_parse(const char *name);

#endif
