/* SPDX-License-Identifier: Apache-2.0 */
/*
 * httpc_target - where a request of httpc goes, as a URL of libcurl, and whether it may. For httpc
 * alone.
 */
#ifndef SYS_HTTPC_TARGET_H
#define SYS_HTTPC_TARGET_H

#include <stdbool.h>
#include <sys/socket.h>

#include "sys/httpc.h"

/* Make url, a CURLU handle, say where request goes. ERR_INPUT. */
int httpc_target_set(void *url, const struct httpc_request *request, struct err *err);
/* "host:port". Caller frees with free(). */
char *httpc_target_peer(void *url);

/* May this address be connected to? text, which has INET6_ADDRSTRLEN, is it in words. */
bool httpc_target_allowed(int family, const struct sockaddr *address, char *text);

#endif
