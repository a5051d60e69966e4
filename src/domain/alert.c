/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/alert.h"

const char *const alert_status_names[ALERT_STATUSES] = {
	[ALERT_FIRING] = "firing",
	[ALERT_RESOLVED] = "resolved",
};
