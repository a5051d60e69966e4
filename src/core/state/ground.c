/* SPDX-License-Identifier: Apache-2.0 */
#include "core/state/ground.h"

#include <stdlib.h>
#include <unistd.h>

void ground_clear(struct ground *ground)
{
	channel_free(ground->links.front);
	channel_free(ground->links.egress);
	channel_free(ground->links.control);
	pause_clear(&ground->pause);
	clocks_clear(&ground->clocks);
	turn_clear(&ground->turn);
	db_close(ground->db);
	configs_clear(&ground->configs);
	counters_clear(&ground->counters);
	free(ground->daemon.config_path);
	free(ground->storage_path);
	free(ground->external_url);
	if (ground->storage_fd >= 0) {
		close(ground->storage_fd);
	}
}
