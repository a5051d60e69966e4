/* SPDX-License-Identifier: Apache-2.0 */
#include "core/state/audit_chain.h"

#include <string.h>

#include "base/utf8.h"
#include "core_world.h"
#include "peers.h"
#include "store/audits.h"
#include "test.h"

static const char yaml[] =
		"playbooks: [{ name: p, matchers: [a=b], steps: [{ name: s, wait: 1h }] }]\n";

static const char *rows_text(struct core *core)
{
	return core_world_rows(core,
			"SELECT principal || ' ' || action || ' ' || object || ' ' || arguments"
			" FROM audit ORDER BY id");
}

TEST(each_command_that_was_carried_out_is_a_row_of_the_chain)
{
	struct audit_verdict verdict;
	struct core core;
	struct err err;

	core_world_start(&core, yaml);
	peers_ask(&core, &(struct peers_question){
					 ROUTE_PLAYBOOK_RUN, .args = PAIRS("playbook", "p") });
	peers_ask(&core, &(struct peers_question){ ROUTE_RUN_CANCEL, 1, .by = "adam",
					 .args = PAIRS("reason", "enough") });
	peers_ask(&core, &(struct peers_question){ ROUTE_RUN_CANCEL, 7 }); /* refused */
	peers_ask(&core, &(struct peers_question){ ROUTE_RUNS });          /* only reads */
	peers_ask(&core, &(struct peers_question){
					 ROUTE_PAUSE_BEGIN, .args = PAIRS("reason", "r") });
	ck_str(rows_text(&core),
			"eve run playbook/p {\"playbook\":\"p\"}, adam cancel run/1 {\"reason\":\"enough\"}, eve pause pause {\"reason\":\"r\"}");
	must_ok(audits_verify(core.ground.db, &verdict, &err), err);
	ck_int(verdict.broken_id, 0);
	ck_int(verdict.last_id, 3);
	ck_int(core.ground.audit.id, 3);
	core_world_end(&core);
}

TEST(a_row_that_somebody_changed_is_found)
{
	struct audit_verdict verdict;
	struct core core;
	struct err err;

	core_world_start(&core, yaml);
	for (int i = 0; i < 3; i++) {
		peers_ask(&core, &(struct peers_question){ ROUTE_PLAYBOOK_RUN,
						 .args = PAIRS("playbook", "p") });
	}
	core_world_exec(&core, "UPDATE audit SET principal = 'nobody' WHERE id = 2");
	must_ok(audits_verify(core.ground.db, &verdict, &err), err);
	ck_int(verdict.broken_id, 2);
	core_world_end(&core);
}

TEST(the_next_core_continues_the_chain)
{
	uint8_t hash[DIGEST_SIZE];
	struct core core;

	core_world_start(&core, yaml);
	peers_ask(&core, &(struct peers_question){
					 ROUTE_PLAYBOOK_RUN, .args = PAIRS("playbook", "p") });
	memcpy(hash, core.ground.audit.hash, DIGEST_SIZE);
	core_world_end(&core);
	core_world_start(&core, yaml);
	ck_int(core.ground.audit.id, 1);
	ck(!memcmp(hash, core.ground.audit.hash, DIGEST_SIZE));
	core_world_end(&core);
}

/* The front's own word to the executor is nobody's argument. */
TEST(what_nobody_has_said_is_not_written_down)
{
	struct label items[] = { { "digest", "d" }, { "seal", "s" } };
	const struct labels args = { items, 2 };
	struct core core;
	struct err err;

	core_world_start(&core, yaml);
	turn_begin(&core.ground.turn);
	must_ok(turn_write(&core.ground.turn, &err), err);
	must_ok(audit_chain_add(&core.ground,
				&(struct audit_entry){ "eve", "approve", "run/1", &args }, &err),
			err);
	core_world_tick(&core);
	ck_str(rows_text(&core), "eve approve run/1 {\"digest\":\"d\"}");
	core_world_end(&core);
}

TEST(a_long_argument_is_cut_between_characters)
{
	struct buf text = { 0 };
	const char *arguments;
	struct core core;

	core_world_start(&core, yaml);
	buf_adds(&text, "x");
	while (text.len < 2 * AUDIT_CHAIN_VALUE_MAX) {
		buf_adds(&text, "\xc3\xa4");
	}
	peers_ask(&core, &(struct peers_question){ ROUTE_PAUSE_BEGIN,
					 .args = PAIRS("reason", buf_text(&text)) });
	arguments = core_world_rows(&core, "SELECT arguments FROM audit");
	ck(strlen(arguments) < AUDIT_CHAIN_VALUE_MAX + 32);
	ck_has(arguments, "\xc3\xa4…\"}");
	ck(utf8_valid(arguments, strlen(arguments)));
	buf_clear(&text);
	core_world_end(&core);
}

TEST(a_reload_is_written_down_with_what_came_into_force)
{
	struct core core;
	struct err err;

	core_world_start(&core, yaml);
	turn_begin(&core.ground.turn);
	must_ok(audit_chain_reload(&core.ground, "eve", &err), err);
	core_world_tick(&core);
	ck_has(rows_text(&core), "eve reload configuration/");
	core_world_end(&core);
}
