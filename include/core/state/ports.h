/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ports - the functions by which the core reaches two clocks, the other roles, and the folders of
 * attempts. The role gives it the real ones; a test gives it a world of its own. (The core reads
 * and removes other files of the storage directory itself.)
 */
#ifndef CORE_PORTS_H
#define CORE_PORTS_H

#include <stdint.h>

#include "sys/channel.h"
#include "wire/attempt.h"

struct ports {
	int64_t (*wall_ms)(void); /* as clock_wall_ms() */
	int64_t (*mono_ms)(void); /* as clock_mono_ms() */
	void (*send)(struct channel *to, uint16_t type, const void *payload, size_t len, int fd);
	void (*flush)(struct channel *to);
	int (*attempt_look)(int storage_fd, const struct attempt_id *id,
			enum attempt_state *ret_state, struct attempt_status *ret_status,
			struct err *err);
	int (*attempt_output_read)(int storage_fd, const struct attempt_id *id, uint64_t total,
			struct attempt_output *ret, struct err *err);
	void (*attempt_forget_output)(int storage_fd, const struct attempt_id *id);
};

/* The clocks, channels and folders of this machine. */
extern const struct ports ports_real;

#endif
