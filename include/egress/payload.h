/* SPDX-License-Identifier: Apache-2.0 */
/*
 * payload - what a webhook is posted, as JSON.
 *
 * PAYLOAD_PLAYBOOKD, version "1":
 *
 *	{"version":"1","id":12,"key":"incident/7/1/initial","kind":"initial","receiver":"on-call",
 *	 "createdAt":"…","subject":"…","text":"…",
 *	 "incident":{"id":7,"title":"…","status":"firing",…,"url":null}}
 *
 * id is the same for every attempt to send it. incident is as GET /api/v1/incidents/{id} has it,
 * without its lists, as it was when the notice was written; null when it is about none.
 *
 * PAYLOAD_SLACK: {"text":"*SUBJECT*\nTEXT"}, without the subject at the beginning of TEXT, with &,
 * < and > escaped as Slack wants, and cut where Slack would cut it.
 */
#ifndef EGRESS_PAYLOAD_H
#define EGRESS_PAYLOAD_H

#include "base/buf.h"
#include "domain/receiver.h"
#include "wire/message.h"

#define PAYLOAD_SLACK_MAX 38000 /* bytes; Slack takes 40,000 characters */

/* Append the body for notice to out. */
void payload_write(enum payload payload, const struct msg_notify *notice, struct buf *out);

#endif
