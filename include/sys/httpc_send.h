/* SPDX-License-Identifier: Apache-2.0 */
/*
 * httpc_send - what a request of httpc sends, as options of libcurl: a POST, a GET that
 * logs in, or a mail. For httpc
 * alone.
 */
#ifndef SYS_HTTPC_SEND_H
#define SYS_HTTPC_SEND_H

#include <stdbool.h>

#include "sys/httpc.h"
#include "sys/smtp.h"

struct sending;

/* Copies what it needs. NULL with ERR_IO. Caller frees with httpc_send_free(). */
struct sending *httpc_send_new(const struct httpc_send *send, struct err *err);
/* NULL is a no-op. The handle that it was set on must be gone. */
void httpc_send_free(struct sending *sending);

bool httpc_send_is_mail(const struct sending *sending);
/* NULL is none. */
bool httpc_send_is_post(const struct sending *sending);
/* The scheme with which a mail is sent to that port. */
const char *httpc_send_scheme(const char *port);
/* Set the options on easy, a CURL handle that has those of a look; lives until it is gone. Returns
 * a CURLcode. */
int httpc_send_set(struct sending *sending, void *easy);

/*
 * The mail server is connected: say what is to be said on easy, and hear what there is to hear.
 * Call it again when its socket is ready, until httpc_send_smtp()->state is not SMTP_GOES_ON.
 * Returns a CURLcode; CURLE_OK when it goes on or is over.
 */
int httpc_send_talk(struct sending *sending, void *easy);
const struct smtp *httpc_send_smtp(const struct sending *sending);
/* Does it wait until it can write? */
bool httpc_send_wants_write(const struct sending *sending);

#endif
