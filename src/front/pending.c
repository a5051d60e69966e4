/* SPDX-License-Identifier: Apache-2.0 */
#include "front/pending.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/mem.h"

struct slot {
	struct pending pending; /* id 0: free */
	TAILQ_ENTRY(slot) link;
};

TAILQ_HEAD(slot_list, slot);

struct pendings {
	struct slot slots[PENDING_MAX];
	struct slot_list used; /* the oldest first */
	struct slot_list free;
	size_t counts[STAGES];
	size_t len;
	uint64_t sequence;
};

struct pendings *pendings_new(void)
{
	struct pendings *p = xcalloc(1, sizeof(*p));

	TAILQ_INIT(&p->used);
	TAILQ_INIT(&p->free);
	for (size_t i = 0; i < PENDING_MAX; i++) {
		TAILQ_INSERT_TAIL(&p->free, &p->slots[i], link);
	}
	return p;
}

void pending_clear(struct pending *pending)
{
	free(pending->again.reason);
	free(pending->again.key);
	pending->again = (struct again){ 0 };
}

void pendings_free(struct pendings *pendings)
{
	struct slot *slot;

	if (!pendings) {
		return;
	}
	TAILQ_FOREACH(slot, &pendings->used, link)
	{
		pending_clear(&slot->pending);
	}
	free(pendings);
}

uint64_t pendings_add(struct pendings *p, const struct pending *pending)
{
	struct slot *slot = TAILQ_FIRST(&p->free);

	if (!slot) {
		return 0;
	}
	TAILQ_REMOVE(&p->free, slot, link);
	TAILQ_INSERT_TAIL(&p->used, slot, link);
	slot->pending = *pending;
	slot->pending.id = ++p->sequence * PENDING_MAX + (uint64_t)(slot - p->slots);
	slot->pending.deadline_ms = clock_mono_ms() + PENDING_MAX_MS;
	p->counts[pending->stage]++;
	p->len++;
	return slot->pending.id;
}

bool pendings_take(struct pendings *p, uint64_t id, struct pending *ret)
{
	struct slot *slot = &p->slots[id % PENDING_MAX];

	if (id == 0 || slot->pending.id != id) {
		return false;
	}
	*ret = slot->pending;
	slot->pending.id = 0;
	TAILQ_REMOVE(&p->used, slot, link);
	TAILQ_INSERT_HEAD(&p->free, slot, link);
	p->counts[ret->stage]--;
	p->len--;
	return true;
}

const struct pending *pendings_first(const struct pendings *p)
{
	return pendings_first_of(p, ~0U);
}

const struct pending *pendings_first_of(const struct pendings *p, unsigned stages)
{
	const struct slot *slot;

	TAILQ_FOREACH(slot, &p->used, link)
	{
		if (stages & (1U << slot->pending.stage)) {
			return &slot->pending;
		}
	}
	return NULL;
}

size_t pendings_count(const struct pendings *p, enum stage stage)
{
	return p->counts[stage];
}

size_t pendings_len(const struct pendings *p)
{
	return p->len;
}
