/* SPDX-License-Identifier: Apache-2.0 */
/*
 * people - what people do to the core meanwhile: cancel, approve and reject runs, pause, resume,
 * start by hand, and say what they know of incidents.
 */
#ifndef SIM_PEOPLE_H
#define SIM_PEOPLE_H

#define PEOPLE_ASK_ID 2 /* of their requests, so that their answers are told from deliveries' */

/* Somebody does something. */
void people_act(void);
/* Everybody goes home: nothing stays paused. */
void people_resume(void);

#endif
