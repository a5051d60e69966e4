/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notification_text - the text of a notification about an incident: a template, and the facts that
 * are put into it.
 *
 *	[INCIDENT] ${title}
 *	Time: ${time}
 *	Affected Services: ${affected_services}
 *
 * The first line is the subject (the title, when it is empty); all of it is the text. Each value is
 * put in once, as one line: control characters in it become spaces, and it is cut after
 * NOTIFICATION_VALUE_MAX bytes. Where a fact is not known yet, the text says so in plain words.
 *
 * ${details} alone is several lines: what the alert and its incident have to say beside the rest,
 * each line left out when there is nothing to say.
 *
 * template_variables has the names; ${labels.NAME} and ${annotations.NAME} are those of the alert
 * that opened the incident, empty when it has none.
 */
#ifndef DOMAIN_NOTIFICATION_TEXT_H
#define DOMAIN_NOTIFICATION_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "domain/incident.h"
#include "domain/label.h"

#define TEMPLATE_TEXT_MAX      (16 * 1024) /* of a template */
#define NOTIFICATION_VALUE_MAX 1024

enum template_kind {
	TEMPLATE_INITIAL,    /* the first notification about the incident */
	TEMPLATE_ESCALATION, /* another level is paged */
	TEMPLATE_UPDATE,     /* how it stands, at the promised time */
	TEMPLATE_RESOLVED,   /* it is over */
	TEMPLATE_KINDS
};

/* "initial", "escalation", "update", "resolved": the names of their templates. NULL-terminated. */
extern const char *const template_kind_names[];
/* The templates that are used when the configuration has none. */
extern const char *const template_presets[TEMPLATE_KINDS];
/* The names that may stand in a template, sorted, NULL-terminated. */
extern const char *const template_variables[];

struct notification_facts {
	int64_t id;
	const char *title;
	const char *level;     /* NULL: none */
	const char *severity;  /* of the alert; "": not said */
	const char *services;  /* affected, "argus, hermes"; "": not known */
	const char *incidents; /* those that this is about, "7 Disk is full; 8 …" */
	const char *playbook;  /* NULL: none */
	const char *reason;    /* why this is written */
	const char *url;       /* ""; there is none */
	const char *alerts;    /* that fire, told apart: "node=n7; node=n8"; NULL: none does */
	const char *tried;     /* "run 3 (restart) failed: …; run 2 …"; NULL: nothing yet */
	bool is_news;          /* reason is said in any case, by a line of its own if need be */
	uint8_t status;        /* enum incident_status */
	bool acknowledged;
	const char *held; /* why nobody is paged for it; NULL: it is not held */
	int64_t time;     /* of what this tells */
	int64_t opened_at;
	int64_t next_update;    /* 0: none is promised */
	const char *root_cause; /* NULL: not known, as are the following */
	const char *resolution;
	const char *follow_up;
	const struct labels *labels;
	const struct labels *annotations;
};

/* Is it a name that may stand in a template? */
bool notification_text_knows(const char *name, size_t len);

/* Put facts into template: the first line into subject, all into text. ERR_INPUT: see
 * template_expand(). */
int notification_text_write(const char *template, const struct notification_facts *facts,
		struct buf *subject, struct buf *text, struct err *err);

/* Facts to try a template with. */
extern const struct notification_facts notification_sample;

#endif
