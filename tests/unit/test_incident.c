/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/incident.h"

#include <string.h>

#include "test.h"

/* The diagram of domain/incident.h, arrow by arrow. */
TEST(an_incident_moves_as_its_diagram_says)
{
	static const struct {
		enum incident_status from;
		enum incident_event event;
		int to;
	} rows[] = {
		{ INCIDENT_FIRING, INCIDENT_FIRE, INCIDENT_FIRING },
		{ INCIDENT_FIRING, INCIDENT_MITIGATE, INCIDENT_MITIGATED },
		{ INCIDENT_FIRING, INCIDENT_RESOLVE, INCIDENT_RESOLVED },
		{ INCIDENT_FIRING, INCIDENT_CLOSE, INCIDENT_CLOSED },
		{ INCIDENT_MITIGATED, INCIDENT_FIRE, INCIDENT_FIRING },
		{ INCIDENT_MITIGATED, INCIDENT_MITIGATE, INCIDENT_MITIGATED },
		{ INCIDENT_MITIGATED, INCIDENT_RESOLVE, INCIDENT_RESOLVED },
		{ INCIDENT_MITIGATED, INCIDENT_CLOSE, INCIDENT_CLOSED },
		{ INCIDENT_RESOLVED, INCIDENT_FIRE, INCIDENT_FIRING },
		{ INCIDENT_RESOLVED, INCIDENT_MITIGATE, INCIDENT_RESOLVED },
		{ INCIDENT_RESOLVED, INCIDENT_RESOLVE, INCIDENT_RESOLVED },
		{ INCIDENT_RESOLVED, INCIDENT_CLOSE, INCIDENT_CLOSED },
		{ INCIDENT_CLOSED, INCIDENT_FIRE, -1 },
		{ INCIDENT_CLOSED, INCIDENT_MITIGATE, INCIDENT_CLOSED },
		{ INCIDENT_CLOSED, INCIDENT_RESOLVE, INCIDENT_CLOSED },
		{ INCIDENT_CLOSED, INCIDENT_CLOSE, INCIDENT_CLOSED },
	};

	ck_int(sizeof(rows) / sizeof(rows[0]), INCIDENT_STATUSES * INCIDENT_EVENTS);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_int(incident_move(rows[i].from, rows[i].event), rows[i].to);
	}
}

TEST(what_people_said_is_major_is_or_else_what_is_at_l3)
{
	static const bool major[][5] = {
		/*                        none   L1     L2     L3     L4 */
		[INCIDENT_UNJUDGED] = { false, false, false, true, true },
		[INCIDENT_MINOR] = { false, false, false, false, false },
		[INCIDENT_MAJOR] = { true, true, true, true, true },
	};

	for (int said = INCIDENT_UNJUDGED; said <= INCIDENT_MAJOR; said++) {
		for (uint8_t level = 0; level <= 4; level++) {
			ck_int(incident_is_major((enum incident_judgement)said, level),
					major[said][level]);
		}
	}
}

TEST(status_names_are_read_back)
{
	for (int i = 0; i < INCIDENT_STATUSES; i++) {
		ck_int(incident_status_parse(incident_status_names[i]), i);
	}
	ck_int(incident_status_parse("open"), -1);
}

static struct label down_labels[] = {
	{ "alertname", "Down" },
	{ "instance", "a:9100" },
	{ "service", "argus" },
};
static struct label down_annotations[] = { { "summary", "${service} costs $5" } };

static const struct alert down = {
	.labels = { down_labels, 3 },
	.annotations = { down_annotations, 1 },
};

static const char *title_of(const char *template, struct buf *out)
{
	struct param params[] = {
		{ .name = "service", .source = PARAM_LABEL, .key = "service" },
		{ .name = "zone", .source = PARAM_LABEL, .key = "zone", .fallback = "eu" },
		{ .name = "region", .source = PARAM_CONSTANT, .fallback = "r1" },
	};
	const struct playbook playbook = {
		.name = "p", .title = template, .params = params, .params_len = 3
	};

	buf_reset(out);
	incident_title(template ? &playbook : NULL, default_group_by, &down, out);
	return buf_text(out);
}

TEST(a_title_names_params_labels_and_annotations)
{
	auto_buf struct buf out = { 0 };

	ck_str(title_of("Service ${service} is down", &out), "Service argus is down");
	ck_str(title_of("${zone} ${region}", &out), "eu r1");
	ck_str(title_of("${labels.instance}: ${annotations.summary}", &out),
			"a:9100: ${service} costs $5");
	ck_str(title_of("[${labels.nope}]", &out), "[]");
	ck_str(title_of("${service", &out), "Down on a:9100");
	ck_str(title_of(NULL, &out), "Down on a:9100");
}

TEST(a_long_title_is_cut_between_characters)
{
	char text[2000];
	auto_buf struct buf out = { 0 };

	for (size_t i = 0; i + 2 < sizeof(text); i += 2) {
		memcpy(text + i, "ä", 2);
	}
	text[1998] = '\0';
	ck_int(strlen(title_of(text, &out)), 512 + strlen("…"));
	ck_has(buf_text(&out) + 500, "ä…");
}

TEST(a_title_is_one_line_whatever_the_labels_say)
{
	struct label labels[] = { { "alertname", "a\nb\r\n\tc\x1b[2J" },
		{ "instance", "x\xe2\x80\xa8y\xc2\x85z\xe2\x80\xae" } };
	const struct alert alert = { .labels = { labels, 2 } };
	auto_buf struct buf out = { 0 };

	buf_adds(&out, "kept\n");
	incident_title(NULL, default_group_by, &alert, &out);
	ck_str(buf_text(&out), "kept\na b   c [2J on x y z ");
}

TEST(an_alert_without_a_name_has_a_title_of_what_it_has)
{
	struct label labels[] = { { "a", "1" }, { "b", "2" }, { "c", "3" }, { "d", "4" },
		{ "instance", "db:1" } };
	static const struct {
		size_t begin, len;
		const char *title;
	} rows[] = {
		{ 0, 5, "alert without a name a=1, b=2, c=3, d=4 on db:1" },
		{ 0, 1, "alert without a name a=1" },
		{ 0, 3, "alert without a name a=1, b=2, c=3" },
		{ 0, 4, "alert without a name a=1, b=2, c=3, d=4" },
		{ 0, 0, "alert without a name" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct alert alert = { .labels = { labels + rows[i].begin, rows[i].len } };
		auto_buf struct buf out = { 0 };

		incident_title(NULL, default_group_by, &alert, &out);
		ck_str(buf_text(&out), rows[i].title);
	}
}

static void group_of(const char *const *group_by, const char *playbook, struct label *labels,
		size_t len, uint8_t hash[DIGEST_SIZE])
{
	const struct playbook p = { .name = playbook, .group_by = group_by };

	incident_group(&p, default_group_by, &(struct labels){ labels, len }, hash);
}

/* What differs stands before the instance, which may be that of an exporter. */
TEST(a_title_of_our_own_says_what_the_alert_is_about)
{
	static const char *const by_cluster[] = { "cluster", "node", NULL };
	struct label labels[] = { { "alertname", "KubeNodeNotReady" }, { "cluster", "prod" },
		{ "instance", "10.0.1.7:8443" }, { "node", "n7" } };
	const struct alert alert = { .labels = { labels, 4 } };
	const struct playbook playbook = { .name = "p", .group_by = by_cluster };
	auto_buf struct buf out = { 0 };

	incident_title(NULL, default_group_by, &alert, &out);
	ck_str(buf_text(&out), "KubeNodeNotReady node=n7 on 10.0.1.7:8443");
	buf_reset(&out);
	incident_title(&playbook, default_group_by, &alert, &out);
	ck_str(buf_text(&out), "KubeNodeNotReady cluster=prod, node=n7 on 10.0.1.7:8443");
}

TEST(a_group_by_for_all_is_of_playbooks_that_say_nothing)
{
	static const char *const by_service[] = { "service", NULL };
	static const char *const by_instance[] = { "instance", NULL };
	const struct playbook own = { .name = "p", .group_by = by_service };
	const struct playbook none = { .name = "p" };
	const struct playbook *const playbooks[] = { &own, &none, NULL };
	static const bool same[] = { true, false, false };
	struct label other[] = { { "alertname", "Down" }, { "instance", "b:9100" },
		{ "service", "argus" } };
	uint8_t a[DIGEST_SIZE];
	uint8_t b[DIGEST_SIZE];

	for (size_t i = 0; i < 3; i++) {
		incident_group(playbooks[i], by_instance, &down.labels, a);
		incident_group(playbooks[i], by_instance, &(struct labels){ other, 3 }, b);
		ck_int(!memcmp(a, b, DIGEST_SIZE), same[i]);
		incident_group(playbooks[i], by_service, &down.labels, a);
		incident_group(playbooks[i], by_service, &(struct labels){ other, 3 }, b);
		ck(!memcmp(a, b, DIGEST_SIZE));
	}
}

TEST(what_is_grouped_by_all_of_its_labels_is_alone)
{
	struct label one[] = { { "alertname", "Down" }, { "zone", "a" } };
	struct label other[] = { { "alertname", "Down" }, { "zone", "b" } };
	uint8_t a[DIGEST_SIZE];
	uint8_t b[DIGEST_SIZE];

	incident_group(NULL, default_group_by, &(struct labels){ one, 2 }, a);
	incident_group(NULL, default_group_by, &(struct labels){ other, 2 }, b);
	ck(!memcmp(a, b, DIGEST_SIZE));
	incident_group_of_all(NULL, &(struct labels){ one, 2 }, a);
	incident_group_of_all(NULL, &(struct labels){ other, 2 }, b);
	ck(memcmp(a, b, DIGEST_SIZE) != 0);
}

TEST(alerts_that_agree_in_group_by_share_an_incident)
{
	static const char *const by_service[] = { "alertname", "service", NULL };
	struct label other[] = { { "alertname", "Down" }, { "instance", "b:9100" },
		{ "service", "argus" } };
	uint8_t a[DIGEST_SIZE];
	uint8_t b[DIGEST_SIZE];

	group_of(by_service, "p", down_labels, 3, a);
	group_of(by_service, "p", other, 3, b);
	ck(!memcmp(a, b, DIGEST_SIZE));
	group_of(NULL, "p", down_labels, 3, a);
	group_of(NULL, "p", other, 3, b);
	ck(memcmp(a, b, DIGEST_SIZE) != 0);
	group_of(by_service, "q", other, 3, b);
	group_of(by_service, "p", other, 3, a);
	ck(memcmp(a, b, DIGEST_SIZE) != 0);
}

/* "ab" + "c" must not be "a" + "bc". */
TEST(group_values_do_not_run_into_each_other)
{
	static const char *const by[] = { "x", "y", NULL };
	struct label one[] = { { "x", "ab" }, { "y", "c" } };
	struct label two[] = { { "x", "a" }, { "y", "bc" } };
	uint8_t a[DIGEST_SIZE];
	uint8_t b[DIGEST_SIZE];

	group_of(by, "p", one, 2, a);
	group_of(by, "p", two, 2, b);
	ck(memcmp(a, b, DIGEST_SIZE) != 0);
}
