/*
 * people - what people do to the core meanwhile: cancel, approve and reject runs, pause, resume,
 * start by hand, and say what they know of incidents.
 */
#ifndef SIM_PEOPLE_H
#define SIM_PEOPLE_H

#include "base/err.h"

#define PEOPLE_ASK_ID 2 /* of their requests, so that their answers are told from deliveries' */

/* Somebody does something. Returns -1 when the store failed. */
int people_act(struct err *err);
/* Everybody goes home: nothing stays paused. */
int people_resume(struct err *err);

#endif
