/*
 * receiver - somebody who is told: a name and its endpoints, as the configuration has them. Plain
 * data, read-only once loaded; everything lives in the configuration's arena.
 *
 * An endpoint's name is its address without secrets: it stands in logs, tables and answers, and it
 * names the endpoint within its receiver, also after the configuration has changed.
 *
 *	webhook https://hooks.slack.com/…        webhook senior.url        email a@example.org
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

/* What a notice of this kind is called everywhere, for those who want to skip it. */
#define NOTICE_RESOLVED "resolved"

/* The *_file paths are resolved: absolute, or from the working directory like the main file. */
struct endpoint {
	const char *name; /* of its own within the receiver */
	uint8_t kind;     /* enum endpoint_kind */
	bool send_resolved;
	int64_t timeout_ms;
	const char *ca_file; /* instead of the system's CAs; or NULL */
	/* webhook */
	uint8_t payload;              /* enum payload */
	const char *url;              /* or NULL: url_file */
	const char *url_file;         /* or NULL */
	const char *auth_type;        /* of credentials_file: "Bearer" */
	const char *credentials_file; /* or NULL */
	/* both */
	const char *username;      /* or NULL */
	const char *password_file; /* or NULL */
	/* email */
	const char *to; /* addresses, separated by ", " */
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
