/* SPDX-License-Identifier: Apache-2.0 */
#include "core/run/describe.h"

#include "config_texts.h"
#include "test.h"

static const char yaml[] =
		"vars: { port: '80' }\n"
		"receivers:\n"
		"  - { name: crew, webhook_configs: [{ url: 'http://a/' }] }\n"
		"checks:\n"
		"  - { name: page, http: { url: 'http://web/${service}' } }\n"
		"  - { name: port, tcp: 'web:80' }\n"
		"  - { name: there, command: [ls, /tmp] }\n"
		"playbooks:\n"
		"  - name: p\n"
		"    matchers: [a=b]\n"
		"    params: { service: { from: labels.service, pattern: '[a-z]+' } }\n"
		"    steps:\n"
		"      - { name: program, run: [restart, '--port=${port}', '${service}'] }\n"
		"      - { name: text, script: 'restart $PARAM_service' }\n"
		"      - { name: url, check: page }\n"
		"      - { name: port, check: port }\n"
		"      - { name: command, check: there }\n"
		"      - { name: tell, notify: crew, text: '${service} is up' }\n"
		"      - { name: pause, wait: 1s }\n"
		"      - { name: ask, approve: { within: 1m } }\n"
		"      - { name: last, run: [last] }\n";

TEST(a_step_is_described_by_what_it_would_execute_or_ask)
{
	static const char *const wanted[] = {
		"[\"restart\",\"--port=80\",\"argus\"]",
		"",
		"[\"http://web/argus\"]",
		"[\"web:80\"]",
		"[\"ls\",\"/tmp\"]",
		"[\"crew\",\"argus is up\"]",
		"[]",
		"[]",
		"[\"last\"]",
	};
	struct label items[] = { { "service", "argus" } };
	const struct labels params = { items, 1 };
	struct config *config = must_parse(yaml);
	const struct playbook *playbook = config_playbook(config, "p");

	ck_int(playbook->steps_len, sizeof(wanted) / sizeof(wanted[0]));
	for (size_t i = 0; i < playbook->steps_len; i++) {
		auto_buf struct buf out = { 0 };
		struct jsonw w = jsonw_begin(&out);

		describe_argv(&w, NULL, config, &playbook->steps[i], &params);
		jsonw_end(&w);
		if (*wanted[i]) {
			ck_str(buf_text(&out), wanted[i]);
		} else {
			ck_has(buf_text(&out), "restart $PARAM_service");
		}
	}
	config_free(config);
}

/* It was in the configuration when the run began. */
TEST(a_check_that_is_gone_is_described_as_nothing)
{
	struct label items[] = { { "service", "argus" } };
	const struct labels params = { items, 1 };
	struct config *config = must_parse(yaml);
	struct config *other = must_parse(PLAYBOOK STEPS);
	auto_buf struct buf out = { 0 };
	struct jsonw w = jsonw_begin(&out);

	describe_argv(&w, NULL, other, &config_playbook(config, "p")->steps[2], &params);
	jsonw_end(&w);
	ck_str(buf_text(&out), "[]");
	config_free(config);
	config_free(other);
}
