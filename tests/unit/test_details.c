/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/details.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

#define LABELS_MAX 16

/* The labels of "a=b c=d", sorted as they stand. */
struct set {
	char text[512];
	struct label items[LABELS_MAX];
	struct labels labels;
};

static const struct labels *read_set(struct set *set, const char *text)
{
	char *at = set->text;

	snprintf(set->text, sizeof(set->text), "%s", text);
	set->labels = (struct labels){ set->items, 0 };
	for (char *pair = strtok_r(at, " ", &at); pair; pair = strtok_r(NULL, " ", &at)) {
		char *equals = strchr(pair, '=');

		must(equals && set->labels.len < LABELS_MAX);
		*equals = '\0';
		set->items[set->labels.len++] = (struct label){ pair, equals + 1 };
	}
	return &set->labels;
}

TEST(what_tells_the_target_is_shown)
{
	static const char *const by_cluster[] = { "alertname", "cluster", "node", NULL };
	static const struct {
		const char *labels;
		const char *const *group_by;
		const char *want;
	} cases[] = {
		{ "alertname=Down instance=a:9100 job=node severity=critical", NULL, "" },
		{ "alertname=Down service=argus", NULL, "" },
		{ "alertname=Fs device=/dev/sda1 fstype=ext4 instance=a:9100 job=node mountpoint=/",
				NULL, "device=/dev/sda1, fstype=ext4, mountpoint=/" },
		{ "alertname=KubeNodeNotReady cluster=prod condition=Ready endpoint=http instance=10.0.1.7:8443 job=kube-state-metrics node=n7 prometheus=monitoring/k8s severity=warning status=true",
				NULL, "condition=Ready, node=n7, status=true" },
		{ "alertname=KubeNodeNotReady cluster=prod node=n7 uid=7", by_cluster,
				"cluster=prod, node=n7" },
		{ "alertname=Mismatch deployment=cart namespace=shop replica=a", NULL,
				"deployment=cart, namespace=shop" },
		{ "alertname=Q queue=mail empty=", NULL, "queue=mail" },
		{ "", NULL, "" },
	};
	struct set set;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_buf struct buf out = { 0 };

		details_of(read_set(&set, cases[i].labels), cases[i].group_by, &out);
		ck_str(buf_text(&out), cases[i].want);
	}
}

TEST(what_does_not_fit_is_left_out_whole)
{
	char text[400];
	auto_buf struct buf out = { 0 };
	struct set set;

	snprintf(text, sizeof(text), "a=1 b=%0150d c=3", 0);
	buf_adds(&out, "before ");
	details_of(read_set(&set, text), NULL, &out);
	ck_str(buf_text(&out), "before a=1, …");
	buf_reset(&out);
	snprintf(text, sizeof(text), "b=%0150d", 0);
	details_of(read_set(&set, text), NULL, &out);
	ck_str(buf_text(&out), "…");
}

TEST(a_value_of_many_lines_is_one)
{
	struct label labels[] = { { "a", "x\n# forged" }, { "b\n", "\xe2\x80\xaey" } };
	auto_buf struct buf out = { 0 };

	details_of(&(struct labels){ labels, 2 }, NULL, &out);
	ck_str(buf_text(&out), "a=x # forged, b = y");
}

TEST(one_that_joins_is_told_by_what_it_has_that_is_not_known)
{
	static const struct {
		const char *labels;
		const char *known;
		const char *want;
	} cases[] = {
		{ "alertname=A instance=x node=n8", "alertname=A instance=x node=n7", "node=n8" },
		{ "alertname=B instance=x", "alertname=A instance=y", "instance=x" },
		{ "alertname=A instance=x", "alertname=A instance=x node=n7", "" },
		{ "alertname=A node=n8 severity=critical", "alertname=A severity=warning",
				"node=n8, severity=critical" },
	};
	struct set labels;
	struct set known;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_buf struct buf out = { 0 };

		details_beside(read_set(&labels, cases[i].labels), read_set(&known, cases[i].known),
				&out);
		ck_str(buf_text(&out), cases[i].want);
	}
}

static const char *apart(const char *const *texts, struct buf *out)
{
	static struct set sets[32];
	struct labels items[32];
	size_t len = 0;

	for (; texts[len]; len++) {
		items[len] = *read_set(&sets[len], texts[len]);
	}
	buf_reset(out);
	details_apart(items, len, len, out);
	return buf_text(out);
}

#define APART(...) apart((const char *const[]){ __VA_ARGS__, NULL }, &out)

TEST(several_alerts_are_told_apart)
{
	auto_buf struct buf out = { 0 };

	ck_str(APART("alertname=A job=k node=n7", "alertname=A job=k node=n8"), "node=n7; node=n8");
	ck_str(APART("alertname=A node=n7"), "alertname=A, node=n7");
	ck_str(APART("alertname=A node=n7", "alertname=A node=n7"), "alertname=A, node=n7");
	ck_str(APART("a=1", "a=1", "a=2"), "a=1; a=2");
	ck_str(APART("a=1 b=1", "a=1 b=2", "a=1 c=3"), "b=1; b=2; c=3");
	/* one that only lacks a label has nothing of its own to say */
	ck_str(APART("a=1", "a=1 b=2"), "b=2");
	ck_str(apart((const char *const[]){ NULL }, &out), "");
}

TEST(of_many_alerts_some_are_named)
{
	char texts[13][16];
	const char *names[14] = { 0 };
	auto_buf struct buf out = { 0 };

	for (int i = 0; i < 13; i++) {
		snprintf(texts[i], sizeof(texts[i]), "n=%d", i);
		names[i] = texts[i];
	}
	ck_str(apart(names, &out), "n=0; n=1; n=2; n=3; n=4; n=5; n=6; n=7; n=8; n=9; and 3 more");
	names[10] = NULL;
	ck_str(apart(names, &out), "n=0; n=1; n=2; n=3; n=4; n=5; n=6; n=7; n=8; n=9");
}
