/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the main file, and after the first U+0001 as a playbook file, or after the first
 * U+0002 as a template: a configuration or mistakes, and nothing left in memory. Build with clang
 * -fsanitize=fuzzer,address,undefined.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "config/config.h"
#include "config/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *template = size > 0 ? memchr(data, 2, size) : NULL;
	const uint8_t *cut = template || size == 0 ? template : memchr(data, 1, size);
	size_t main_len = cut ? (size_t)(cut - data) : size;
	struct config_file items[2] = {
		{ "main.yml", (const char *)data, (uint32_t)main_len },
	};
	struct config_files files = { .items = items, .len = 1 };
	auto_buf struct buf report = { 0 };
	struct err err = { 0 };

	if (size > CONFIG_FILE_MAX) {
		return 0;
	}
	if (cut) {
		items[files.len++] = (struct config_file){ template ? "initial.txt" : "more.yml",
			(const char *)cut + 1, (uint32_t)(size - main_len - 1),
			template ? CONFIG_TEMPLATE : CONFIG_YAML };
	}

	struct config *config = load_config(&files, &report, &err);

	if ((config == NULL) != (report.len > 0) || (config == NULL) != (err.code == ERR_INPUT)) {
		abort();
	}
	config_free(config);
	return 0;
}
