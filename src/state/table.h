/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_STATE_TABLE_H
#define MONITOR_STATE_TABLE_H

#include <stddef.h>
#include <stdint.h>

/*
 * A hash table from integers (thread ids, descriptors, user ids) to pointers: open addressing, linear probing, removal
 * by shifting back, so that a look-up is a multiplication and usually one cache line. The table does not own what it
 * points to. Zero-initialise; NULL cannot be stored.
 */
struct table_slot {
	int64_t key;
	void *value; /* NULL = free */
};

struct table {
	struct table_slot *slots;
	uint32_t mask; /* slots - 1, when there are slots */
	uint32_t count;
};

/* Keys are often consecutive; the multiplication spreads an attacker's regular choices as well as random ones. */
static inline uint32_t table_home(const struct table *t, int64_t key)
{
	return (uint32_t)(((uint64_t)key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & t->mask;
}

static inline void *table_get(const struct table *t, int64_t key)
{
	uint32_t i;

	if (!t->count)
		return NULL;
	for (i = table_home(t, key); t->slots[i].value; i = (i + 1) & t->mask)
		if (t->slots[i].key == key)
			return t->slots[i].value;
	return NULL;
}

/* Adds or replaces. 0 or -ENOMEM. */
int table_put(struct table *t, int64_t key, void *value);
/* Takes the entry out and returns its value; NULL when there was none. */
void *table_remove(struct table *t, int64_t key);
/*
 * Walks: start with *at = 0, ends with NULL. Nothing may be added meanwhile. The entry just returned may be removed
 * when *at is lowered by one afterwards; an entry can then be visited twice.
 */
void *table_next(const struct table *t, uint32_t *at);
void table_free(struct table *t); /* the table's own memory; leaves it empty */

#endif
