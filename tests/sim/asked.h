/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asked - what is promised when Alertmanager is asked: an end that nobody tells is found out, and
 * only what has ended is; pages are held while all that fires is silenced, and only so long.
 */
#ifndef SIM_ASKED_H
#define SIM_ASKED_H

/* Before an event: what fires, and what is held. */
void asked_watch(void);
/* And after it: NULL, or what is wrong. */
const char *asked_complaint(void);
/* The same, when nothing more can happen, and all that was asked was answered. */
const char *asked_complaint_at_rest(void);

#endif
