/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_room - the room that answers: how is an HTTP call answered? It may use all rooms below it. In
 * read/ stands what only reads, in command/ what changes something.
 */
#ifndef CORE_API_ROOM_H
#define CORE_API_ROOM_H

#include "core/checks/checks_room.h"
#include "core/escalate/escalate_room.h"
#include "core/intake/intake_room.h"
#include "core/notify/notify_room.h"
#include "core/run/run_room.h"
#include "core/state/ground.h"
#include "core/storage/storage_room.h"
#include "core/upstream/upstream_room.h"

struct api_room {
	struct ground *ground;
	struct storage_room *storage;
	struct checks_room *checks;
	struct notify_room *notify;
	struct escalate_room *escalate;
	struct run_room *run;
	struct intake_room *intake;
	struct upstream_room *upstream;
};

#endif
