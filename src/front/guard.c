/* SPDX-License-Identifier: Apache-2.0 */
#include "front/guard.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HOST_MAX 256

/* The host of "host", "host:port" or "[v6]:port", without brackets. False when it is none. */
static bool split_host(const char *text, char host[HOST_MAX])
{
	bool bracket = text[0] == '[';
	size_t len = bracket ? strcspn(text + 1, "]") : strcspn(text, ":");
	const char *rest = text + len + (bracket ? 2 : 0);

	if (len == 0 || len >= HOST_MAX || (bracket && text[len + 1] != ']')) {
		return false;
	}
	if (*rest == ':') {
		rest++;
		rest += strspn(rest, "0123456789");
	}
	memcpy(host, text + bracket, len);
	host[len] = '\0';
	return *rest == '\0';
}

static bool is_loopback(const char *host)
{
	struct in6_addr v6;
	struct in_addr v4;
	const char *dot = strrchr(host, '.');

	if (!strcasecmp(host, "localhost") || (dot && !strcasecmp(dot, ".localhost"))) {
		return true;
	}
	if (inet_pton(AF_INET, host, &v4) == 1) {
		return ntohl(v4.s_addr) >> 24 == 127;
	}
	return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* "host:port" of an URL, up to the path. False when it has no scheme or is too long. */
static bool url_authority(const char *url, char authority[HOST_MAX])
{
	const char *begin = strstr(url, "://");
	size_t len = begin ? strcspn(begin + 3, "/?#") : 0;

	if (len == 0 || len >= HOST_MAX) {
		return false;
	}
	memcpy(authority, begin + 3, len);
	authority[len] = '\0';
	return true;
}

static bool is_external(const struct guard_view *view, const char *host)
{
	char authority[HOST_MAX];
	char external[HOST_MAX];

	return url_authority(view->external_url, authority) && split_host(authority, external) &&
	       !strcasecmp(external, host);
}

static int check_host(const struct guard_view *view, struct err *err)
{
	char host[HOST_MAX];

	if (view->is_unix || !view->host) {
		return 0;
	}
	if (split_host(view->host, host) && (is_loopback(host) || is_external(view, host))) {
		return 0;
	}
	return err_set(err, ERR_FORBIDDEN,
			"this Host is not served here: expected localhost, a loopback address or the host of --web.external-url");
}

/* http://HOST or https://HOST, or the external URL's own. "null" is nobody's. */
static bool own_origin(const struct guard_view *view)
{
	char origin[HOST_MAX];
	char external[HOST_MAX];

	if (!url_authority(view->origin, origin)) {
		return false;
	}
	if (view->host && !strcasecmp(origin, view->host)) {
		return true;
	}
	return url_authority(view->external_url, external) && !strcasecmp(origin, external);
}

static int check_site(const struct guard_view *view, struct err *err)
{
	const char *site = view->fetch_site;

	if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0) {
		return err_set(err, ERR_FORBIDDEN, "cross-site requests are refused");
	}
	if (view->origin && !own_origin(view)) {
		return err_set(err, ERR_FORBIDDEN, "requests from another origin are refused");
	}
	return 0;
}

int guard_check(const struct guard_view *view, struct err *err)
{
	if (check_host(view, err) < 0) {
		return -1;
	}
	return view->changes ? check_site(view, err) : 0;
}
