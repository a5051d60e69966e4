/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/httpc_target.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "sys/httpc_send.h"

static bool ipv4_allowed(uint32_t ip)
{
	return ip >> 24 != 0 && ip >> 16 != 0xA9FE && ip >> 28 < 0xE;
}

static bool ipv6_allowed(const struct in6_addr *ip)
{
	static const uint8_t ec2_metadata[16] = { 0xFD, 0x00, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0x02, 0x54 };

	if (IN6_IS_ADDR_V4MAPPED(ip) || (IN6_IS_ADDR_V4COMPAT(ip) && !IN6_IS_ADDR_LOOPBACK(ip))) {
		uint32_t ipv4;

		memcpy(&ipv4, ip->s6_addr + 12, sizeof(ipv4));
		return ipv4_allowed(ntohl(ipv4));
	}
	return !IN6_IS_ADDR_UNSPECIFIED(ip) && !IN6_IS_ADDR_LINKLOCAL(ip) &&
	       !IN6_IS_ADDR_MULTICAST(ip) &&
	       memcmp(ip->s6_addr, ec2_metadata, sizeof(ec2_metadata)) != 0;
}

bool httpc_target_allowed(int family, const struct sockaddr *address, char *text)
{
	if (family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, (const void *)address, sizeof(in));
		inet_ntop(AF_INET, &in.sin_addr, text, INET6_ADDRSTRLEN);
		return ipv4_allowed(ntohl(in.sin_addr.s_addr));
	}
	if (family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, (const void *)address, sizeof(in6));
		inet_ntop(AF_INET6, &in6.sin6_addr, text, INET6_ADDRSTRLEN);
		return ipv6_allowed(&in6.sin6_addr);
	}
	snprintf(text, INET6_ADDRSTRLEN, "not an IP address");
	return false;
}

static int set_url(CURLU *url, const char *text, struct err *err)
{
	char *scheme = NULL;
	CURLUcode rc = curl_url_set(url, CURLUPART_URL, text, 0);

	if (rc != CURLUE_OK) {
		return err_set(err, ERR_INPUT, "the URL is wrong: %s", curl_url_strerror(rc));
	}
	rc = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);

	bool known = rc == CURLUE_OK &&
		     (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);

	curl_free(scheme);
	return known ? 0 : err_set(err, ERR_INPUT, "the URL is neither http: nor https:");
}

/* host:port, and nothing that a URL would read as anything else. */
static int set_address(CURLU *url, const char *text, struct err *err)
{
	const char *colon = strrchr(text, ':');

	if (!colon || colon == text || strpbrk(text, "/@?#\\% ") || colon[1] == '\0' ||
			strspn(colon + 1, "0123456789") != strlen(colon + 1)) {
		return err_set(err, ERR_INPUT, "the address is not host:port");
	}

	auto_free char *host = xstrndup(text, (size_t)(colon - text));
	CURLUcode rc = curl_url_set(url, CURLUPART_SCHEME, "http", 0);

	if (rc == CURLUE_OK) {
		rc = curl_url_set(url, CURLUPART_HOST, host, 0);
	}
	if (rc == CURLUE_OK) {
		rc = curl_url_set(url, CURLUPART_PORT, colon + 1, 0);
	}
	return rc == CURLUE_OK ? 0
			       : err_set(err, ERR_INPUT, "the address is wrong: %s",
						 curl_url_strerror(rc));
}

/* smtp://host:port/hello */
static int set_mail_server(CURLU *url, const struct httpc_request *request, struct err *err)
{
	char *port = NULL;
	CURLUcode rc;

	if (set_address(url, request->address, err) < 0) {
		return -1;
	}
	curl_url_get(url, CURLUPART_PORT, &port, 0);
	rc = curl_url_set(url, CURLUPART_SCHEME, httpc_send_scheme(port ? port : ""), 0);
	curl_free(port);
	if (rc == CURLUE_OK && request->send->hello) {
		rc = curl_url_set(url, CURLUPART_PATH, request->send->hello, CURLU_URLENCODE);
	}
	return rc == CURLUE_OK ? 0 : err_set(err, ERR_IO, "libcurl: %s", curl_url_strerror(rc));
}

int httpc_target_set(void *url, const struct httpc_request *request, struct err *err)
{
	if (request->url) {
		return set_url(url, request->url, err);
	}
	return request->send ? set_mail_server(url, request, err)
			     : set_address(url, request->address, err);
}

char *httpc_target_peer(void *url)
{
	char *host = NULL;
	char *port = NULL;

	curl_url_get(url, CURLUPART_HOST, &host, 0);
	curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);

	char *text = xasprintf("%s:%s", host ? host : "", port ? port : "");

	curl_free(host);
	curl_free(port);
	return text;
}
