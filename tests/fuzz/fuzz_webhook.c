/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_webhook - any bytes into a delivery. What comes out keeps its promises.
 *
 *	clang -std=gnu17 -D_GNU_SOURCE -Iinclude -fsanitize=fuzzer,address,undefined \
 *		tests/fuzz/fuzz_webhook.c src/front/webhook.c src/sys/json.c src/sys/digest.c \
 *		src/domain/alert.c src/domain/label.c src/base/{buf,clock,err,jsonw,mem,utf8}.c \
 *		-ljansson -lgnutls -o fuzz_webhook
 *	./fuzz_webhook -max_len=65536 CORPUS tests/payloads
 */
#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "front/webhook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_note(const char *note)
{
	assert(!note || (*note && strlen(note) < ALERT_NOTE_MAX && utf8_valid(note, strlen(note))));
}

static void check_pairs(const struct labels *pairs, size_t value_max)
{
	assert(pairs->len <= ALERT_LABELS_MAX);
	for (size_t i = 0; i < pairs->len; i++) {
		assert(*pairs->items[i].name);
		assert(strlen(pairs->items[i].value) <= value_max);
		assert(i == 0 || strcmp(pairs->items[i - 1].name, pairs->items[i].name) < 0);
	}
}

static void check_alert(const struct alert *alert)
{
	check_pairs(&alert->labels, WEBHOOK_LABEL_MAX);
	check_pairs(&alert->annotations, WEBHOOK_ANNOTATION_MAX);
	check_note(alert->note);
	assert(alert->status < ALERT_STATUSES);
	assert(alert->starts_at >= 0 && alert->ends_at >= 0);
	assert(*alert->fingerprint && strlen(alert->fingerprint) <= WEBHOOK_FINGERPRINT_MAX);
	assert(alert->broken || alert->labels.len);
	assert(!alert->broken || *alert->broken);
	assert(strlen(alert->generator_url) <= WEBHOOK_LABEL_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct json_reader *reader;
	struct arena *arena = arena_new();
	struct delivery delivery;
	struct err err = { 0 };

	if (!reader) {
		reader = json_reader_new();
	}
	if (webhook_decode(reader, (const char *)data, size, 1795387200000, arena, &delivery,
			    &err) < 0) {
		assert(err.code == ERR_INPUT && *err.msg);
	} else {
		assert(delivery.alerts_len <= DELIVERY_ALERTS_MAX);
		check_note(delivery.note);
		for (size_t i = 0; i < delivery.alerts_len; i++) {
			check_alert(&delivery.alerts[i]);
		}
	}
	arena_free(arena);
	return 0;
}
