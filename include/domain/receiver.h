/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receiver - who is notified: a name and its endpoints, as the configuration has them. Plain
 * data, read-only once loaded; everything lives in the configuration's arena.
 *
 * An endpoint's name is its address without secrets: it stands in logs, tables and answers, and it
 * names the endpoint within its receiver, also after the configuration has changed.
 *
 *	webhook https://hooks.slack.com/…      webhook senior.url      email on-call@example.org
 */
#ifndef DOMAIN_RECEIVER_H
#define DOMAIN_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum endpoint_kind { ENDPOINT_WEBHOOK, ENDPOINT_EMAIL, ENDPOINT_KINDS };
/* "webhook", "email". */
extern const char *const endpoint_kind_names[ENDPOINT_KINDS];

enum payload { PAYLOAD_PLAYBOOKD, PAYLOAD_SLACK, PAYLOADS };

/* The kind of the notification that says that an incident is over, for endpoints that skip it. */
#define NOTICE_RESOLVED "resolved"

/*
 * What the *_file keys name is resolved, and read by secrets_read() only: url, credentials,
 * password and ca are NULL until then, if they stand in files.
 */
struct endpoint {
	const char *name; /* of its own within the receiver */
	uint8_t kind;     /* enum endpoint_kind */
	bool send_resolved;
	int64_t timeout_ms; /* of one attempt */
	const char *ca_file;
	const char *ca;       /* PEM of the CAs that count, instead of the system's; or NULL */
	const char *username; /* or NULL */
	const char *password_file;
	const char *password; /* or NULL */

	uint8_t payload; /* webhook: enum payload */
	const char *url_file;
	const char *url;
	const char *auth_type; /* before the credentials: "Bearer" */
	const char *credentials_file;
	const char *credentials; /* or NULL */

	const char *to; /* email: addresses, separated by commas */
	const char *from;
	const char *smarthost; /* host:port */
	const char *hello;
	bool require_tls;
};

struct receiver {
	const char *name;
	struct endpoint *endpoints;
	size_t endpoints_len;
};

/* The endpoint of that name, or NULL. */
const struct endpoint *receiver_endpoint(const struct receiver *receiver, const char *name);

#endif
