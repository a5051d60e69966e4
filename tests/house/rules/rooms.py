# SPDX-License-Identifier: Apache-2.0
"""The order of the house: who stands above whom. What stands lower may not use what stands above.

The rules, script/structure and docs/architecture.md all mean this order.
"""

# The floors of src/, from the ground up.
FLOORS = (
    ("base",),
    ("sys",),
    ("domain",),
    ("config", "store", "wire"),
    ("executor", "core", "front", "egress"),
    ("main",),
)
ROLE_FLOOR = 4

# The rooms of the core, from the top down; core itself is the files of no room.
CORE = (
    "core",
    "core/api",
    "core/upstream",
    "core/intake",
    "core/run",
    "core/escalate",
    "core/notify",
    "core/checks",
    "core/storage",
    "core/state",
    "core/view",
)

# In a room, the first knows nothing of the second: reading needs no commands, though a command is
# answered with what is then read.
APART = (("core/api/read", "core/api/command"),)

FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
PLACES = {**{room: (floor, 0) for room, floor in FLOOR_OF.items()},
          **{room: (FLOOR_OF["core"], -place) for place, room in enumerate(CORE)}}


def room_of(folder):
    """The room that a folder below src/ is, or is in; a folder that no table has is its own."""
    parts = folder.split("/")
    for count in range(len(parts), 0, -1):
        room = "/".join(parts[:count])
        if room in PLACES:
            return room
    return folder


def is_upward(user, used):
    return user in PLACES and used in PLACES and PLACES[user] < PLACES[used]


def from_the_top(room):
    """A key to sort rooms by: those of the tables from the top down, then all others."""
    floor, place = PLACES.get(room, (-1, 0))
    return -floor, -place, room
