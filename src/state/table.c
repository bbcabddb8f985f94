/* SPDX-License-Identifier: Apache-2.0 */
#include "state/table.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"

#define TABLE_FIRST_SLOTS 16u

static void put_unchecked(struct table *t, int64_t key, void *value)
{
	uint32_t i = table_home(t, key);

	while (t->slots[i].value)
		i = (i + 1) & t->mask;
	t->slots[i] = (struct table_slot){ key, value };
	t->count++;
}

static int grow(struct table *t)
{
	struct table bigger = { 0 };
	uint32_t slots = t->slots ? (t->mask + 1) * 2 : TABLE_FIRST_SLOTS, at = 0;

	if (slots == 0)
		return -ENOMEM;
	bigger.slots = calloc(slots, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	bigger.mask = slots - 1;
	for (; t->slots && at <= t->mask; at++)
		if (t->slots[at].value)
			put_unchecked(&bigger, t->slots[at].key, t->slots[at].value);
	free(t->slots);
	*t = bigger;
	return 0;
}

int table_put(struct table *t, int64_t key, void *value)
{
	uint32_t i;
	int r;

	if (t->count)
		for (i = table_home(t, key); t->slots[i].value; i = (i + 1) & t->mask)
			if (t->slots[i].key == key) {
				t->slots[i].value = value;
				return 0;
			}
	/* at most half full: chains stay short however the keys fall */
	if (!t->slots || t->count >= (t->mask + 1) / 2) {
		r = grow(t);
		if (r < 0)
			return r;
	}
	put_unchecked(t, key, value);
	return 0;
}

void *table_remove(struct table *t, int64_t key)
{
	uint32_t hole, i, home;
	void *value;

	if (!t->count)
		return NULL;
	for (hole = table_home(t, key); t->slots[hole].value; hole = (hole + 1) & t->mask)
		if (t->slots[hole].key == key)
			break;
	value = t->slots[hole].value;
	if (!value)
		return NULL;
	/* move back what stands behind the hole only because of it */
	for (i = (hole + 1) & t->mask; t->slots[i].value; i = (i + 1) & t->mask) {
		home = table_home(t, t->slots[i].key);
		if (((i - home) & t->mask) >= ((i - hole) & t->mask)) {
			t->slots[hole] = t->slots[i];
			hole = i;
		}
	}
	t->slots[hole].value = NULL;
	t->count--;
	return value;
}

void *table_next(const struct table *t, uint32_t *at)
{
	if (!t->slots)
		return NULL;
	while (*at <= t->mask) {
		void *value = t->slots[(*at)++].value;

		if (value)
			return value;
	}
	return NULL;
}

void table_free(struct table *t)
{
	free(t->slots);
	*t = (struct table){ 0 };
}
