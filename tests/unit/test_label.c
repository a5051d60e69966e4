/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/label.h"

#include <string.h>

#include "test.h"

#define LEN(a) (sizeof(a) / sizeof(*(a)))

#define LABELS(...)                                                                     \
	(struct labels)                                                                 \
	{                                                                               \
		(struct label[]){ __VA_ARGS__ }, LEN(((struct label[]){ __VA_ARGS__ })) \
	}

TEST(sorting_is_by_the_bytes_of_the_names)
{
	struct labels labels = LABELS(
			{ "b", "1" }, { "ä", "2" }, { "a", "3" }, { "B", "4" }, { "ab", "5" });
	struct labels none = { 0 };

	labels_sort(&labels);
	labels_sort(&none);
	ck_str(labels.items[0].name, "B");
	ck_str(labels.items[1].name, "a");
	ck_str(labels.items[2].name, "ab");
	ck_str(labels.items[3].name, "b");
	ck_str(labels.items[4].name, "ä");
	ck_str(labels.items[4].value, "2");
}

TEST(an_absent_label_has_no_value_or_the_empty_one)
{
	struct labels labels = LABELS({ "a", "1" }, { "ab", "" });

	ck_str(labels_get(&labels, "a"), "1");
	ck_str(labels_get(&labels, "ab"), "");
	ck_str(labels_get(&labels, "abc"), NULL);
	ck_str(labels_value(&labels, "abc"), "");
	ck_str(labels_value(&labels, "a"), "1");
}

/* The first rows were computed by a real Alertmanager: tests/payloads/. */
TEST(the_fingerprint_is_alertmanagers)
{
	struct {
		struct labels labels;
		const char *fingerprint;
	} rows[] = {
		{ LABELS({ "alertname", "ServiceCompletelyDown" }, { "cluster", "prod-eu-west-1" },
				  { "instance", "db-000.prod.eu-west-1.example.net:9100" },
				  { "job", "argus" }, { "service", "argus" },
				  { "severity", "critical" }, { "team", "platform" }),
				"c79313503fb1f42d" },
		{ LABELS({ "alertname", "InstanceDown" }, { "cluster", "prod-eu-west-1" },
				  { "instance", "db-000.prod.eu-west-1.example.net:9100" },
				  { "job", "node" }, { "severity", "critical" }),
				"2e1fcf8686b7e916" },
		{ LABELS({ "alertname", "CriticalDiskSpace" }, { "cluster", "prod-eu-west-1" },
				  { "device", "/dev/nvme1n1" }, { "fstype", "ext4" },
				  { "instance", "db-003.prod.eu-west-1.example.net:9100" },
				  { "job", "node" }, { "mountpoint", "/var/lib/postgresql" },
				  { "severity", "critical" }),
				"30fd9d82c7c2b751" },
		{ LABELS({ "alertname", "LowDiskSpace" }, { "cluster", "prod-eu-west-1" },
				  { "device", "/dev/vda1" }, { "fstype", "ext4" },
				  { "instance", "db-099.prod.eu-west-1.example.net:9100" },
				  { "job", "node" }, { "mountpoint", "/" },
				  { "severity", "warning" }),
				"39de1f3e0a53e438" },
		{ LABELS({ "alertname", "x" }, { "größe", "ä \\\" 💾" }, { "empty", "" }),
				"08fdb86e0bc73700" },
		{ { 0 }, "cbf29ce484222325" },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		char text[LABEL_FINGERPRINT_MAX];

		labels_sort(&rows[i].labels);
		ck_str(labels_fingerprint(&rows[i].labels, text), rows[i].fingerprint);
	}
}

TEST(two_alerts_are_the_same_only_when_all_labels_are)
{
	struct labels sets[] = {
		LABELS({ "a", "b" }),
		LABELS({ "a", "c" }),
		LABELS({ "ab", "" }),
		LABELS({ "a", "b" }, { "c", "" }),
		LABELS({ "a", "bc" }),
		LABELS({ "a", "" }, { "b", "" }),
		LABELS({ "a", "\xff"
			      "b"
			      "\xff" }),
		{ 0 },
	};

	for (size_t i = 0; i < LEN(sets); i++) {
		for (size_t j = 0; j < LEN(sets); j++) {
			uint8_t one[DIGEST_SIZE];
			uint8_t other[DIGEST_SIZE];

			labels_identity(&sets[i], one);
			labels_identity(&sets[j], other);
			ck_int(digest_equal(one, other), i == j);
		}
	}
}

/* It is stored: a change here would make every open incident's alerts strangers. */
TEST(the_identity_stays_what_it_is)
{
	struct labels labels =
			LABELS({ "alertname", "ServiceCompletelyDown" }, { "service", "argus" });
	uint8_t identity[DIGEST_SIZE];
	char text[DIGEST_TEXT_MAX];

	labels_identity(&labels, identity);
	ck_str(digest_text(identity, text),
			"e6d87ff5aa5470459905fe9f0ca3aad363168999e009748b645fcd7ef4ee32ae");
}
